"""How things move: springs, easings and arcs. Pure arithmetic in logical pixels and seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


def clamp(value: float, low: float, high: float) -> float:
    """`value` held between `low` and `high`."""
    return low if value < low else high if value > high else value


def lerp(a: float, b: float, t: float) -> float:
    """The point `t` (0 to 1) of the way from `a` to `b`."""
    return a + (b - a) * t


def ease_out(t: float) -> float:
    """Fast at first, slow at the end (cubic); 0 to 1 in, 0 to 1 out."""
    t = clamp(t, 0.0, 1.0)
    return 1.0 - (1.0 - t) ** 3


def overshoot(t: float) -> float:
    """Reaches 1, passes it by a tenth and settles; for things that pop up."""
    t = clamp(t, 0.0, 1.0) - 1.0
    return 1.0 + 2.70158 * t**3 + 1.70158 * t**2


@dataclass(slots=True)
class Spring:
    """A damped spring towards 0: push it and read `value`. Stable for any step up to 0.1 s."""

    stiffness: float = 220.0
    damping: float = 14.0
    value: float = 0.0
    speed: float = 0.0

    @property
    def moving(self) -> bool:
        """Whether it is away from rest."""
        return self.value != 0.0 or self.speed != 0.0

    def push(self, speed: float) -> None:
        """Add `speed` (units a second)."""
        self.speed += speed

    def halt(self) -> None:
        """Come to rest at once: nobody sees it."""
        self.value = self.speed = 0.0

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass; steps are cut to 1/120 s, so that the frame rate does not show."""
        if abs(self.value) < 1e-4 and abs(self.speed) < 1e-3:
            self.value = self.speed = 0.0
            return
        left = min(dt, 0.1)
        while left > 1e-9:
            step = min(left, 1 / 120)
            self.speed += (-self.stiffness * self.value - self.damping * self.speed) * step
            self.value += self.speed * step
            left -= step


@dataclass(slots=True)
class SmoothPoint:
    """A point that goes to a target, starting and stopping softly, at `top_speed` at most.

    The critically damped spring of "Game Programming Gems 4", 1.10. It is stable for any step; steps are
    cut to 1/60 s, because the limit of speed would make long ones fall behind.
    """

    x: float
    y: float
    vx: float = 0.0
    vy: float = 0.0

    def update(self, tx: float, ty: float, dt: float, smooth: float = 0.22, top_speed: float = 900.0) -> None:
        """Go towards (tx, ty) for `dt` seconds; `smooth` is about the seconds that arriving takes."""
        if dt <= 0.0:
            return
        if dt <= 0.0168:
            self._step(tx, ty, dt, smooth, top_speed)
            return
        parts = math.ceil(dt * 60.0 - 0.01)
        for _ in range(parts):
            self._step(tx, ty, dt / parts, smooth, top_speed)

    def _step(self, tx: float, ty: float, dt: float, smooth: float, top_speed: float) -> None:
        dx, dy = self.x - tx, self.y - ty
        far = math.hypot(dx, dy)
        reach = top_speed * smooth
        if far > reach:
            dx, dy = dx * reach / far, dy * reach / far
        omega = 2.0 / smooth
        k = omega * dt
        decay = 1.0 / (1.0 + k + 0.48 * k * k + 0.235 * k * k * k)
        goal_x, goal_y = self.x - dx, self.y - dy
        ax, ay = (self.vx + omega * dx) * dt, (self.vy + omega * dy) * dt
        self.vx, self.vy = (self.vx - omega * ax) * decay, (self.vy - omega * ay) * decay
        self.x, self.y = goal_x + (dx + ax) * decay, goal_y + (dy + ay) * decay

    @property
    def pace(self) -> float:
        """Its speed, logical pixels a second."""
        return math.hypot(self.vx, self.vy)


@dataclass(slots=True)
class Arc:
    """A hop from one point to another: crouch, flight, landing."""

    x0: float
    y0: float
    x1: float
    y1: float
    duration: float
    height: float
    t: float = 0.0
    lift0: float = 0.0
    """Height over the ground where it begins: who is in the air already goes on from there."""

    CROUCH = 0.14
    """Seconds of anticipation before the feet leave the ground."""

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        self.t += dt

    @property
    def flight(self) -> float:
        """How much of the flight is over, 0 to 1; 0 while crouching."""
        return clamp((self.t - self.CROUCH) / self.duration, 0.0, 1.0)

    @property
    def done(self) -> bool:
        """Landed."""
        return self.t >= self.CROUCH + self.duration

    def at(self, flight: float) -> tuple[float, float, float]:
        """Ground x, ground y and height over the ground at that part of the flight."""
        return self.path((flight,))[0]

    def path(self, flights: Sequence[float]) -> list[tuple[float, float, float]]:
        """As `at`, for many parts of the flight, each 0 to 1."""
        x0, y0, dx, dy = self.x0, self.y0, self.x1 - self.x0, self.y1 - self.y0
        height, lift0, found = 4.0 * self.height, self.lift0, []
        for t in flights:
            rest = 1.0 - t
            # Slow, fast, slow (smoothstep), mixed with an even pace.
            along = t * t * (3.0 - 2.0 * t) * 0.4 + t * 0.6
            found.append((x0 + dx * along, y0 + dy * along, height * t * rest + lift0 * rest * rest))
        return found

    @property
    def stretch(self) -> float:
        """Vertical stretch: under 1 crouching, over 1 rising, 1 at the top."""
        if self.t < self.CROUCH:
            return 1.0 - 0.24 * math.sin(math.pi * 0.5 * self.t / self.CROUCH)
        return 1.0 + 0.16 * abs(1.0 - 2.0 * self.flight)
