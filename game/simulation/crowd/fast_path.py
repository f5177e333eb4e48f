"""Walking in a crowd, cheaply: `SmoothPoint`'s own motion, with its constants worked out once a frame."""

from __future__ import annotations

from math import ceil, sqrt

from game.simulation.actors import Goal, Gopher, Mood
from game.simulation.crowd.gopher_goals import on_stand

SMOOTH = 0.26
"""About the seconds that arriving takes."""
SMOOTH_END = 0.16
"""The same for the last few pixels in a crowd, which nobody sees and which would take as long as the way."""
TOP_SPEED = 560.0
HURRIED = 1050.0
"""Logical pixels a second."""
STEPS = 12.0
"""Steps a second at most, however small the legs: more would only flicker."""
NEAR = 14.0
"""Within so many logical pixels of its stand a gopher has arrived."""
_WALK, _LEAVE = Mood.WALK, Mood.LEAVE
# Python 3.11 looks an enum's member up by a call, which a crowd does a thousand times a frame.
MOST_PARTS = 2
"""A long frame is cut into so many strides at most: late as it is, it must not take still longer."""


def steps_of(moved: float, height: float, dt: float) -> float:
    """How many steps a walk of so many logical pixels takes."""
    return min(moved / max(height * 0.32, 1.0), STEPS * dt)


Pull = tuple[float, float, float]
"""About the seconds that arriving takes, and what follows from them for a part of a stride."""


def _pull(smooth: float, dt: float) -> Pull:
    omega = 2.0 / smooth
    k = omega * dt
    return smooth, omega, 1.0 / (1.0 + k + 0.48 * k * k + 0.235 * k * k * k)


class WalkStep:
    """One frame's walking: `walk` moves a gopher and tells whether it is still on its way."""

    def __init__(self, dt: float) -> None:
        """`dt`: seconds, more than 0."""
        self._parts = min(MOST_PARTS, max(1, ceil(dt * 60.0 - 0.01)))
        self._dt = dt = dt / self._parts
        self._way, self._end = _pull(SMOOTH, dt), _pull(SMOOTH_END, dt)
        self._most = STEPS * dt

    def walk(self, gopher: Gopher, goal: Goal) -> bool:
        """Go on towards the goal."""
        return self._go(gopher, goal, self._way)

    def _go(self, gopher: Gopher, goal: Goal, pull: Pull) -> bool:
        body, dt, gx, gy = gopher.body, self._dt, goal.x, goal.y
        smooth, omega, decay = pull
        reach = (HURRIED if goal.out else TOP_SPEED) * smooth
        x, y, vx, vy = body.x, body.y, body.vx, body.vy
        far = taken = 0.0
        for _ in range(self._parts):
            dx, dy = x - gx, y - gy
            far = sqrt(dx * dx + dy * dy)
            if far > reach:
                part = reach / far
                dx, dy = dx * part, dy * part
            ax, ay = (vx + omega * dx) * dt, (vy + omega * dy) * dt
            vx, vy = (vx - omega * ax) * decay, (vy - omega * ay) * decay
            step_x, step_y = (dx + ax) * decay - dx, (dy + ay) * decay - dy
            x, y = x + step_x, y + step_y
            step = sqrt(step_x * step_x + step_y * step_y) / (gopher.height * 0.32)
            taken += step if step < self._most else self._most
        body.x, body.y, body.vx, body.vy = x, y, vx, vy
        gopher.steps += taken
        gopher.left = vx < -20.0 and vx * vx + vy * vy > 900.0
        return far > NEAR

    def settle(self, gopher: Gopher, goal: Goal) -> bool:
        """Go the last few pixels of a walk; whether there are any left. At its end it stands still."""
        self._go(gopher, goal, self._end)
        if on_stand(gopher.body, goal):
            body = gopher.body
            body.x, body.y, body.vx, body.vy = goal.x, goal.y, 0.0, 0.0
            return False
        return True


def strolls(gopher: Gopher, height: float) -> bool:
    """Whether it only walks: nothing else is to be seen or decided until it arrives."""
    return (
        (gopher.mood is _WALK or gopher.mood is _LEAVE)
        and gopher.hop is None
        and not gopher.here
        and gopher.height == height
        and gopher.lift <= 0.0
        and gopher.lift_speed <= 0.0
        and gopher.arrow <= 0.0
    )
