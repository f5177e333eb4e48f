"""A kitchen with something to hear, and the names of what is heard."""

from __future__ import annotations

from game.simulation.model import Model
from game.sound.cues import Cue
from tests.telling import S, kitchen_with, order, worker


def kitchen() -> Model:
    """Two cooks; `a` bakes with the first one, `b` waits at the counter."""
    crew = [worker(1), worker(2)]
    return kitchen_with(crew, [order("a", S.BAKING, 1, worker="w1.1"), order("b")], settle=6.0)


def names(cues: tuple[Cue, ...]) -> list[str]:
    return [cue.name for cue in cues]
