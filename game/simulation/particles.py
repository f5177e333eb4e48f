"""Stars, flour, hearts and falling hats: bounded, short-lived, pure. Drawing them is `scene.particles`."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

LIMIT = 400
GRAVITY = 1500.0


@dataclass(slots=True)
class Particle:
    """One thing that flies: position and speed in logical pixels (a second), angle in degrees."""

    kind: str
    x: float
    y: float
    vx: float
    vy: float
    life: float
    size: float
    angle: float = 0.0
    spin: float = 0.0
    weight: float = 1.0
    drag: float = 0.0
    floor: float | None = None
    delay: float = 0.0
    tint: tuple[int, int, int] | None = None
    age: float = 0.0

    @property
    def left(self) -> float:
        """Which part of its life is left, 1 to 0."""
        return max(0.0, 1.0 - self.age / self.life)


@dataclass
class Particles:
    """All that fly now. At `LIMIT` the oldest make room."""

    dice: random.Random
    few: bool = False
    """Reduced motion: a third of everything, and nothing that flies far."""
    flying: list[Particle] = field(default_factory=list)

    def add(self, particle: Particle) -> None:
        """Let one more fly."""
        self.flying.append(particle)
        if len(self.flying) > LIMIT:
            del self.flying[: len(self.flying) - LIMIT]

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        for p in self.flying:
            if p.delay > 0:
                p.delay -= dt
                continue
            p.age += dt
            p.vy += GRAVITY * p.weight * dt
            slow = math.exp(-p.drag * dt)
            p.vx, p.vy = p.vx * slow, p.vy * slow
            p.x, p.y, p.angle = p.x + p.vx * dt, p.y + p.vy * dt, p.angle + p.spin * dt
            if p.floor is not None and p.y > p.floor and p.vy > 0:
                p.y, p.vy = p.floor, (-0.32 * p.vy if p.vy > 160 else 0.0)
                p.vx, p.spin = p.vx * 0.4, 0.0
            if p.floor is not None and p.y >= p.floor:
                # It comes to rest upright: on its side it would lie over the plate below.
                p.angle *= math.exp(-9.0 * dt)
        self.flying = [p for p in self.flying if p.age < p.life]

    def blow(self, x: float, y: float, floor: float, tint: tuple[int, int, int], size: float) -> None:
        """A cook is hit: stars at its head, flour all around, and its hat, which falls last."""
        roll = self.dice.uniform
        stars = 3 if self.few else 9
        for n in range(stars):
            angle = math.tau * (n + roll(0, 0.6)) / stars
            speed = roll(260, 520) * (0.4 if self.few else 1.0)
            self.add(
                Particle(
                    "star",
                    x,
                    y - size * 0.75,
                    speed * math.cos(angle),
                    speed * math.sin(angle) - 160,
                    roll(0.6, 1.0),
                    roll(26, 46),
                    roll(0, 360),
                    roll(-260, 260),
                    weight=0.5,
                    drag=2.0,
                )
            )
        for _ in range(6 if self.few else 26):
            angle = roll(0, math.tau)
            speed = roll(60, 430)
            self.add(
                Particle(
                    "flour",
                    x + roll(-30, 30),
                    y - size * roll(0.15, 0.7),
                    speed * math.cos(angle),
                    0.6 * speed * math.sin(angle),
                    roll(0.5, 1.3),
                    roll(40, 110),
                    roll(0, 360),
                    roll(-40, 40),
                    weight=-0.05,
                    drag=3.2,
                    delay=roll(0, 0.08),
                )
            )
        self.add(
            Particle(
                "hat",
                x,
                y - size * 0.95,
                # To the side: what the plate at its feet says about the death must be read.
                math.copysign(roll(120, 160), roll(-1, 1)),
                -640,
                2.4,
                size * 0.3,
                0,
                roll(-60, 60),
                weight=0.55,
                drag=0.8,
                floor=floor - 12,
                delay=0.12,
                tint=tint,
            )
        )

    def puff(self, x: float, y: float, count: int, size: float) -> None:
        """A little cloud at somebody's feet: landing, arriving, starting to run."""
        roll = self.dice.uniform
        for _ in range(0 if self.few else count):
            self.add(
                Particle(
                    "flour",
                    x + roll(-10, 10),
                    y - roll(0, 8),
                    roll(-160, 160),
                    roll(-70, 0),
                    roll(0.25, 0.5),
                    size * roll(0.5, 1.0),
                    roll(0, 360),
                    0,
                    weight=-0.02,
                    drag=4.0,
                )
            )

    def cheer(self, x: float, y: float, hearts: int = 6) -> None:
        """Joy at a delivery."""
        roll = self.dice.uniform
        for _ in range(1 if self.few else hearts):
            self.add(
                Particle(
                    "heart",
                    x + roll(-20, 20),
                    y,
                    roll(-90, 90),
                    roll(-300, -180),
                    roll(0.7, 1.2),
                    roll(18, 30),
                    roll(-20, 20),
                    roll(-60, 60),
                    weight=0.12,
                    drag=1.2,
                )
            )
