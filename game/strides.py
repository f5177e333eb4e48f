"""Walking in a crowd, at the least price: `Follower`'s own motion, with its constants worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

from game.actors import Gopher, Mood
from game.layout import FloorPlan, Place
from game.motion import Follower

SMOOTH = 0.26
"""About the seconds that arriving takes."""
TOP_SPEED = 560.0
HURRIED = 1050.0
"""Logical pixels a second."""
STEPS = 12.0
"""Steps a second at most, however small the legs: more would only flicker."""
NEAR = 14.0
"""Within so many logical pixels of its stand a gopher has arrived."""
MOST_PARTS = 2
"""A long frame is cut into so many strides at most: late as it is, it must not take still longer."""


@dataclass(frozen=True)
class Goal:
    """Where a gopher's stand is, by one floor plan."""

    floor: FloorPlan
    place: Place
    index: int
    x: float
    y: float


def goal_of(gopher: Gopher, floor: FloorPlan) -> Goal:
    """The gopher's stand; worked out anew where its place or the floor is another."""
    goal = gopher.goal
    if (
        isinstance(goal, Goal)
        and goal.floor is floor
        and goal.place is gopher.place
        and goal.index == gopher.index
    ):
        return goal
    x, y = floor.stand(gopher.place, gopher.index)
    made = gopher.goal = Goal(floor, gopher.place, gopher.index, x, y)
    return made


def on_stand(body: Follower, goal: Goal) -> bool:
    """Whether it stands still where it should: near enough not to be seen to jump there."""
    return abs(body.vx) + abs(body.vy) <= 4.0 and abs(body.x - goal.x) + abs(body.y - goal.y) <= 0.6


def steps_of(moved: float, height: float, dt: float) -> float:
    """How many steps a walk of so many logical pixels takes."""
    return min(moved / max(height * 0.32, 1.0), STEPS * dt)


class Stride:
    """One frame's walking: `walk` moves a gopher and tells whether it is still on its way."""

    def __init__(self, dt: float) -> None:
        """`dt`: seconds, more than 0."""
        self._parts = min(MOST_PARTS, max(1, ceil(dt * 60.0 - 0.01)))
        self._dt = dt = dt / self._parts
        self._omega = 2.0 / SMOOTH
        k = self._omega * dt
        self._decay = 1.0 / (1.0 + k + 0.48 * k * k + 0.235 * k * k * k)
        self._reach = TOP_SPEED * SMOOTH
        self._most = STEPS * dt

    def walk(self, gopher: Gopher, goal: Goal) -> bool:
        """Go on towards the goal."""
        far = 0.0
        for _ in range(self._parts):
            far = self._step(gopher, goal)
        return far > NEAR

    def _step(self, gopher: Gopher, goal: Goal) -> float:
        """One stride; returns how far it was before."""
        body, dt, omega, decay = gopher.body, self._dt, self._omega, self._decay
        x, y, vx, vy = body.x, body.y, body.vx, body.vy
        dx, dy = x - goal.x, y - goal.y
        far = sqrt(dx * dx + dy * dy)
        if far > self._reach:
            part = self._reach / far
            dx, dy = dx * part, dy * part
        ax, ay = (vx + omega * dx) * dt, (vy + omega * dy) * dt
        body.vx = vx = (vx - omega * ax) * decay
        body.vy = vy = (vy - omega * ay) * decay
        step_x, step_y = (dx + ax) * decay - dx, (dy + ay) * decay - dy
        body.x, body.y = x + step_x, y + step_y
        taken = sqrt(step_x * step_x + step_y * step_y) / (gopher.height * 0.32)
        gopher.steps += taken if taken < self._most else self._most
        gopher.left = vx < -20.0 and vx * vx + vy * vy > 900.0
        return far

    def settle(self, gopher: Gopher, goal: Goal) -> bool:
        """Go the last few pixels of a walk; whether there are any left. At its end it stands still."""
        self.walk(gopher, goal)
        if on_stand(gopher.body, goal):
            body = gopher.body
            body.x, body.y, body.vx, body.vy = goal.x, goal.y, 0.0, 0.0
            return False
        return True


def strolls(gopher: Gopher, height: float) -> bool:
    """Whether it only walks: nothing else is to be seen or decided until it arrives."""
    return (
        gopher.mood is Mood.WALK
        and gopher.hop is None
        and not gopher.delivered
        and not gopher.here
        and gopher.height == height
        and gopher.lift <= 0.0
        and gopher.lift_speed <= 0.0
        and gopher.arrow <= 0.0
    )
