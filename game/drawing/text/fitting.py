"""What of a text fits into a width, and where it breaks into lines: always between what people see as
characters. Widths are in display pixels; answers are remembered, within bounds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from game.drawing.text.fonts import Face
from game.drawing.text.line_setting import LONGEST, clusters_of, set_line

ELLIPSIS = "…"
_BREAKS = re.compile("[ \t\r\n\v\f\x1c-\x1f\x85\u2028\u2029]+")
"""Where a line may end: not at a no-break space, nor at the wide space within a name."""


@lru_cache(maxsize=2048)
def fit(text: str, face: Face, px: int, width: int, tabular: bool = False) -> str:
    """The text, or as much of its beginning as fits `width` with an ellipsis; empty if not even that."""
    if len(text) <= LONGEST and set_line(text, face, px, tabular).width <= width:
        return text
    parts = clusters_of(text[: LONGEST - 1])

    def fits(count: int) -> bool:
        return set_line(_cut(parts, count), face, px, tabular).width <= width

    whole = set_line(text, face, px, tabular).width
    kept = _most(fits, len(parts), int(len(parts) * width / max(1, whole)))
    # Kerning can make a longer beginning narrower, so the search's answer is checked.
    return _cut(parts, kept) if fits(kept) else ""


@lru_cache(maxsize=256)
def left_out(text: str, face: Face, px: int, width: int) -> int:
    """How many code points of a text's beginning are left out so that its end fits into `width`."""
    whole = set_line(text, face, px).width
    if whole <= width:
        return 0
    parts = clusters_of(text)

    def fits(count: int) -> bool:
        return set_line("".join(parts[len(parts) - count :]), face, px).width <= width

    kept = _most(fits, len(parts), len(parts) * width // max(1, whole))
    return len(text) - sum(map(len, parts[len(parts) - kept :]))


def _cut(parts: list[str], count: int) -> str:
    return "".join(parts[:count]).rstrip() + ELLIPSIS


def _most(fits: Callable[[int], bool], most: int, guess: int) -> int:
    """The largest count up to `most` that fits, 0 where none does: tried from a guess on, in growing steps,
    since each try sets a line.
    """
    if most < 1:
        return 0
    low, high, step = 0, most, 1
    guess = max(1, min(most, guess))
    if fits(guess):
        low = guess
        while low + step <= most:
            if not fits(low + step):
                high = low + step - 1
                break
            low, step = low + step, 2 * step
    else:
        high = guess - 1
        while high - step > 0:
            if fits(high - step):
                low = high - step
                break
            high, step = high - step - 1, 2 * step
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _broken(word: str, face: Face, px: int, width: int) -> list[str]:
    """A word cut into parts that fit; at least one character a part."""
    parts: list[str] = []
    rest = clusters_of(word)
    while rest:
        low, high = 1, min(len(rest), LONGEST)
        while low < high:
            middle = (low + high + 1) // 2
            if set_line("".join(rest[:middle]), face, px).width <= width:
                low = middle
            else:
                high = middle - 1
        parts.append("".join(rest[:low]))
        rest = rest[low:]
    return parts


@lru_cache(maxsize=512)
def wrap(text: str, face: Face, px: int, width: int, lines: int) -> tuple[str, ...]:
    """Words on at most `lines` lines of `width`; the last one ends in an ellipsis if something is left."""
    found: list[str] = []
    line = ""
    # What follows cannot be on these lines any more; a whole traceback costs no more than its beginning.
    for word in filter(None, _BREAKS.split(text[: LONGEST * lines])):
        longer = f"{line} {word}" if line else word
        if set_line(longer, face, px).width <= width:
            line = longer
            continue
        if line:
            found.append(line)
        *full, line = _broken(word, face, px, width)
        found += full
        if len(found) > lines:
            break
    if line:
        found.append(line)
    if len(found) <= lines and len(text) <= LONGEST * lines:
        return tuple(fit(one, face, px, width) for one in found)
    found = found[:lines]
    last = clusters_of(found[-1].rstrip()) if found else []
    while last and set_line("".join(last).rstrip() + ELLIPSIS, face, px).width > width:
        last.pop()
    cut = "".join(last).rstrip() + ELLIPSIS
    return (*(fit(one, face, px, width) for one in found[:-1]), fit(cut, face, px, width))
