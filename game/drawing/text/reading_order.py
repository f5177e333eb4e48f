"""The order in which letters stand on a line, from left to right: Unicode's bidirectional algorithm.

The rules are python-bidi's; isolated parts, which it does not know, are ordered for themselves here, and
stand as one neutral sign in what is around them, as Unicode has it. Who draws a line of several scripts:
`line_setting.py`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

FIRST_STRONG, LEFT, RIGHT, END = "\u2068", "\u2066", "\u2067", "\u2069"
_BEGINS = {LEFT: 0, RIGHT: 1, FIRST_STRONG: None}
"""What begins an isolated part, and its direction: 1 from right to left; None: what its first letter has."""
_FROM_RIGHT = frozenset({"R", "AL", "AN"})
_DEEPEST = 6
"""So deep may isolated parts lie in one another; what is deeper is not told apart."""


@dataclass(frozen=True)
class Run:
    """Neighbours on the line that are read in one direction: `first` up to before `end`."""

    first: int
    end: int
    rtl: bool


def from_right(text: str) -> bool:
    """Whether something in a text is read from right to left."""
    return not text.isascii() and any(unicodedata.bidirectional(one) in _FROM_RIGHT for one in text)


def reading_order(heads: Sequence[str]) -> list[Run]:
    """Characters, each by its first code point, as runs from left to right, without marks of order."""
    if not any(unicodedata.bidirectional(head) in _FROM_RIGHT or head == RIGHT for head in heads):
        return _runs([(n, False) for n, head in enumerate(heads) if head not in _BEGINS and head != END])
    return _runs(_visual(heads, range(len(heads)), None, 0))


def _runs(placed: list[tuple[int, bool]]) -> list[Run]:
    found: list[Run] = []
    for at, rtl in placed:
        last = found[-1] if found else None
        if last is not None and not rtl and not last.rtl and last.end == at:
            found[-1] = Run(last.first, at + 1, False)
        elif last is not None and rtl and last.rtl and last.first == at + 1:
            found[-1] = Run(at, last.end, True)
        else:
            found.append(Run(at, at + 1, rtl))
    return found


def _base(types: Sequence[str]) -> int:
    return next((int(one != "L") for one in types if one in ("L", "R", "AL")), 0)


def _visual(heads: Sequence[str], where: range, base: int | None, deep: int) -> list[tuple[int, bool]]:
    """Places of characters from left to right, and whether each is read from right to left."""
    # Not needed for most names, and no start has to wait for it.
    from bidi import algorithm

    parts: dict[int, tuple[range, int | None]] = {}
    chars: list[dict[str, object]] = []
    at = where.start
    while at < where.stop:
        head, kind = heads[at], unicodedata.bidirectional(heads[at]) or "L"
        if head in _BEGINS and deep < _DEEPEST:
            inner = range(at + 1, _end_of(heads, at, where.stop))
            parts[at] = inner, _BEGINS[head]
            kind = "ON"
        elif head in _BEGINS or head == END:
            at += 1
            continue
        chars.append({"ch": head, "at": at, "type": kind, "orig": kind})
        at = parts[at][0].stop + 1 if at in parts else at + 1
    level = _base([str(one["type"]) for one in chars]) if base is None else base
    for one in chars:
        one["level"] = level
    storage = algorithm.get_empty_storage()
    storage.update(base_level=level, base_dir="LR"[level], chars=chars)
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    algorithm.resolve_neutral_types(storage, False)
    algorithm.resolve_implicit_levels(storage, False)
    algorithm.reorder_resolved_levels(storage, False)
    found: list[tuple[int, bool]] = []
    for one in storage["chars"]:
        part = parts.get(one["at"])
        if part is None:
            found.append((one["at"], one["level"] % 2 == 1))
        else:
            found += _visual(heads, *part, deep + 1)
    return found


def _end_of(heads: Sequence[str], begin: int, stop: int) -> int:
    """Where the isolated part that begins here ends: at its mark, or with the line."""
    open_parts = 0
    for at in range(begin, stop):
        if heads[at] in _BEGINS:
            open_parts += 1
        elif heads[at] == END:
            open_parts -= 1
            if not open_parts:
                return at
    return stop
