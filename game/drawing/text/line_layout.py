"""Setting a line: which piece is drawn with which font where, how wide it is, what fits, where it breaks.

Widths are in display pixels. Everything is remembered, within bounds: a frame asks for the same lines
again and again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from game.drawing.text.fonts import Face, Name, face_for, font, readable

ELLIPSIS = "…"
_DIGITS = "0123456789"
LONGEST = 400
"""Characters of one line at most; nobody can read more, and no display shows more."""


@dataclass(frozen=True)
class Piece:
    """Characters in one font; `x` is where they begin on their line."""

    font: Name
    text: str
    x: int
    width: int


@dataclass(frozen=True)
class Line:
    """A line that is ready to be drawn; `height` is the face's whole line, accents and tails included."""

    pieces: tuple[Piece, ...]
    width: int
    height: int
    ascent: int


def _runs(text: str, face: Face, tabular: bool) -> list[tuple[Name, str, bool]]:
    """Neighbouring characters of one font, as (font, characters, each a cell of its own)."""
    found: list[tuple[Name, str, bool]] = []
    for character in text:
        cell = tabular and character in _DIGITS
        name = face_for(character, face)
        if found and not cell and not found[-1][2] and found[-1][0] == name:
            found[-1] = name, found[-1][1] + character, False
        else:
            found.append((name, character, cell))
    return found


@lru_cache(maxsize=512)
def _digits(name: Name, px: int) -> dict[str, int]:
    """How wide each digit is."""
    return {digit: font(name, px).size(digit)[0] for digit in _DIGITS}


@lru_cache(maxsize=1024)
def set_line(text: str, face: Face, px: int, tabular: bool = False) -> Line:
    """Set one line. With `tabular` every digit takes the width of the widest one."""
    pieces: list[Piece] = []
    x = 0
    for name, run, cell in _runs(readable(text[:LONGEST]), face, tabular):
        if cell:
            widths = _digits(name, px)
            width, room = widths[run], max(widths.values())
            pieces.append(Piece(name, run, x + (room - width) // 2, width))
            x += room
        else:
            width = font(name, px).size(run)[0]
            pieces.append(Piece(name, run, x, width))
            x += width
    plain = font(face, px)
    return Line(tuple(pieces), x, plain.get_height(), plain.get_ascent())


@lru_cache(maxsize=2048)
def fit(text: str, face: Face, px: int, width: int, tabular: bool = False) -> str:
    """The text, or as much of its beginning as fits `width` with an ellipsis; empty if not even that."""
    if len(text) <= LONGEST and set_line(text, face, px, tabular).width <= width:
        return text
    low, high = 0, min(len(text), LONGEST - 1)
    while low < high:
        middle = (low + high + 1) // 2
        if set_line(text[:middle].rstrip() + ELLIPSIS, face, px, tabular).width <= width:
            low = middle
        else:
            high = middle - 1
    short = text[:low].rstrip() + ELLIPSIS
    # Kerning can make a longer beginning narrower, so the search's answer is checked.
    return short if set_line(short, face, px, tabular).width <= width else ""


def _broken(word: str, face: Face, px: int, width: int) -> list[str]:
    """A word cut into parts that fit; at least one character a part."""
    parts: list[str] = []
    while word:
        low, high = 1, min(len(word), LONGEST)
        while low < high:
            middle = (low + high + 1) // 2
            if set_line(word[:middle], face, px).width <= width:
                low = middle
            else:
                high = middle - 1
        parts.append(word[:low])
        word = word[low:]
    return parts


@lru_cache(maxsize=512)
def wrap(text: str, face: Face, px: int, width: int, lines: int) -> tuple[str, ...]:
    """Words on at most `lines` lines of `width`; the last one ends in an ellipsis if something is left."""
    found: list[str] = []
    line = ""
    # What follows cannot be on these lines any more; a whole traceback costs no more than its beginning.
    for word in text[: LONGEST * lines].split():
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
    last = found[-1].rstrip() if found else ""
    while last and set_line(last + ELLIPSIS, face, px).width > width:
        last = last[:-1].rstrip()
    return (*(fit(one, face, px, width) for one in found[:-1]), fit(last + ELLIPSIS, face, px, width))
