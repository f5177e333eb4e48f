"""Where names stand so that none lies over another: the more important first, then a step higher, else not
at all. Pure geometry in logical pixels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LEVELS = 4
"""So many heights are tried for a name, the lowest first."""
GAP = 4.0


@dataclass(frozen=True)
class Label:
    """A name to be placed: whose, the middle and the top of where it wants to be, its width, how much it
    matters (higher goes first), and the room that it needs over it, for an arrow.
    """

    key: str
    x: float
    y: float
    width: float
    rank: tuple[float, ...]
    crest: float = 0.0


def placed(labels: Iterable[Label], height: float) -> dict[str, float]:
    """The top of each label that can be shown, by key; those that found no room are not in it."""
    found: list[tuple[float, float, float, float]] = []
    tops: dict[str, float] = {}
    for label in sorted(labels, key=lambda one: (*(-part for part in one.rank), one.key)):
        left, right = label.x - label.width / 2 - GAP, label.x + label.width / 2 + GAP
        for level in range(LEVELS):
            top = label.y - level * (height + GAP)
            box = left, right, top - label.crest, top + height
            if not any(_overlap(box, other) for other in found):
                found.append(box)
                tops[label.key] = top
                break
    return tops


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]
