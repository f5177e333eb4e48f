"""Where a gopher goes: to its stand at the place of its order's stage, or out; and whether it is there."""

from __future__ import annotations

from game.simulation.actors import Goal, Gopher, Mood
from game.simulation.crowd.floor_plan import FloorPlan
from game.simulation.motion import SmoothPoint

BEYOND = 120.0
"""So far outside is what those who leave go to: they are gone before they slow down."""
_LEAVE = Mood.LEAVE
# Python 3.11 looks an enum's member up by a call, which a crowd does a thousand times a frame.


def goal_of(gopher: Gopher, floor: FloorPlan) -> Goal:
    """Where the gopher goes; worked out anew where its place, the floor or its mood is another."""
    goal, out = gopher.goal, gopher.mood is _LEAVE
    if (
        goal is not None
        and goal.floor is floor
        and goal.place is gopher.place
        and goal.index == gopher.index
        and goal.out is out
    ):
        return goal
    if out:
        x, y = floor.kitchen.exit
        x += BEYOND
    else:
        x, y = floor.stand(gopher.place, gopher.index)
    made = gopher.goal = Goal(floor, gopher.place, gopher.index, x, y, out)
    return made


def on_stand(body: SmoothPoint, goal: Goal) -> bool:
    """Whether it stands still where it should: near enough not to be seen to jump there."""
    return abs(body.vx) + abs(body.vy) <= 4.0 and abs(body.x - goal.x) + abs(body.y - goal.y) <= 0.6
