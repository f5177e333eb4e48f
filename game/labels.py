"""Where names stand so that none lies over another: the more important first, then a step higher, else not
at all. Pure geometry in logical pixels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LEVELS = 3
"""So many heights are tried for a name, the lowest first."""
GAP = 4.0


@dataclass(frozen=True)
class Label:
    """A name to be placed: whose, the middle and the top of where it wants to be, its width, and how much it
    matters: higher goes first.
    """

    key: str
    x: float
    y: float
    width: float
    rank: tuple[float, ...]


def placed(labels: Iterable[Label], height: float) -> dict[str, float]:
    """The top of each label that can be shown, by key; those that found no room are not in it."""
    found: list[tuple[float, float, float]] = []
    tops: dict[str, float] = {}
    for label in sorted(labels, key=lambda one: (*(-part for part in one.rank), one.key)):
        left, right = label.x - label.width / 2 - GAP, label.x + label.width / 2 + GAP
        for level in range(LEVELS):
            top = label.y - level * (height + GAP)
            if all(
                right <= other_left or other_right <= left or abs(top - other_top) >= height
                for other_left, other_right, other_top in found
            ):
                found.append((left, right, top))
                tops[label.key] = top
                break
    return tops
