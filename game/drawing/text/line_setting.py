"""Setting a line that may mix scripts, right-to-left ones too: which piece is drawn with which font where.

Its parts: characters as people see them (`clusters_of`), stretches of one font from left to right (in what
order: `reading_order.py`; which font: `fonts.py`), a line that is measured (`set_line`), and where the cursor
is on it (`caret`). Widths are in display pixels. Everything is remembered, within bounds: a frame asks for
the same lines again and again.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from api_stub.schema.text import characters
from game.drawing.text.fonts import Face, Name, drawn, face_for, font, goes_on, has, readable
from game.drawing.text.reading_order import Run, reading_order

_DIGITS = "0123456789"
LONGEST = 400
"""Characters of one line at most; nobody can read more, and no display shows more."""


_PLAIN = re.compile("[\x00-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u2bff]*")
"""What is one character each, and read from left to right: Latin letters, punctuation, arrows, signs."""


@dataclass(frozen=True)
class Piece:
    """Characters in one font; `x` is where they begin on their line, `start` where in what is readable of its
    text. The first of those that are read from right to left (`rtl`) is the rightmost.
    """

    font: Name
    text: str
    x: int
    width: int
    start: int = 0
    rtl: bool = False


@dataclass(frozen=True)
class Line:
    """A line that is ready to be drawn; `height` is the face's whole line, accents and tails included.

    `over` and `under`: how far fonts of other scripts reach beyond that, up and down.
    """

    pieces: tuple[Piece, ...]
    width: int
    height: int
    ascent: int
    over: int = 0
    under: int = 0


@dataclass
class _Stretch:
    """Neighbours in one font, before they are measured; `cell`: each has the width of the widest one."""

    font: Name
    text: str
    start: int
    rtl: bool
    cell: bool


def clusters_of(text: str) -> list[str]:
    """What people see as characters; of most lines without the module that knows them all."""
    return list(text) if _PLAIN.fullmatch(text) else characters(text)


def _stretches(text: str, face: Face, tabular: bool) -> list[_Stretch]:
    """The stretches of a readable text, from left to right."""
    clusters = clusters_of(text)
    if len(clusters) == len(text) and _PLAIN.fullmatch(text):
        return _of_run(clusters, [*range(len(text))], Run(0, len(text), False), face, tabular)
    starts, at = [], 0
    for cluster in clusters:
        starts.append(at)
        at += len(cluster)
    found: list[_Stretch] = []
    for run in reading_order([cluster[0] for cluster in clusters]):
        found += _of_run(clusters, starts, run, face, tabular)
    return found


def _of_run(clusters: list[str], starts: list[int], run: Run, face: Face, tabular: bool) -> list[_Stretch]:
    found: list[_Stretch] = []
    for at in range(run.first, run.end):
        cluster = clusters[at]
        last = found[-1] if found else None
        if last is not None and goes_on(last.font, cluster):
            name = last.font
        else:
            name = face_for(cluster, face)
        # One by one, letters of code stand in columns, and none becomes one with its neighbour.
        cell = name == "code" or (tabular and cluster in _DIGITS)
        if last is not None and not cell and not last.cell and last.font == name:
            last.text += _drawable(name, cluster)
        else:
            found.append(_Stretch(name, _drawable(name, cluster), starts[at], run.rtl, cell))
    return found[::-1] if run.rtl else found


MOST_OF_ONE = 24
"""Code points of one character; families and flags have up to 15, syllables fewer."""


def _drawable(name: Name, cluster: str) -> str:
    """A character without those of its marks that its font lacks: they would be boxes beside it. Of a tower
    of marks only the lowest are drawn."""
    if len(cluster) == 1:
        return cluster if drawn(cluster) else ""
    rest = "".join(
        one
        for one in cluster[1:MOST_OF_ONE]
        if unicodedata.category(one)[0] != "M" or not drawn(one) or has(name, one)
    )
    return cluster[0] + rest


@lru_cache(maxsize=512)
def _digits(name: Name, px: int) -> dict[str, int]:
    """How wide each digit is."""
    return {digit: font(name, px).size(digit)[0] for digit in _DIGITS}


@lru_cache(maxsize=64)
def _letter(name: Name, px: int) -> int:
    """How wide each letter of code is."""
    return font(name, px).size("0")[0]


@lru_cache(maxsize=1024)
def set_line(text: str, face: Face, px: int, tabular: bool = False) -> Line:
    """Set one line. With `tabular` every digit takes the width of the widest one."""
    pieces: list[Piece] = []
    x = over = under = 0
    plain = font(face, px)
    height, ascent = plain.get_height(), plain.get_ascent()
    for one in _stretches(readable(text[:LONGEST]), face, tabular):
        if not one.text:
            continue
        used = font(one.font, px, one.rtl)
        over = max(over, used.get_ascent() - ascent)
        under = max(under, used.get_height() - used.get_ascent() - height + ascent)
        if one.cell and one.text in _DIGITS:
            widths = _digits(one.font, px)
            width, room = widths[one.text], max(widths.values())
            pieces.append(Piece(one.font, one.text, x + (room - width) // 2, width, one.start))
            x += room
        else:
            alone = one.cell and len(one.text) == 1
            width = _letter(one.font, px) if alone else used.size(one.text)[0]
            pieces.append(Piece(one.font, one.text, x, width, one.start, one.rtl))
            x += width
    return Line(tuple(pieces), x, height, ascent, over, under)


def caret(text: str, index: int, face: Face, px: int) -> int:
    """Where the cursor is on a line, before the `index`-th code point of its text: behind the character that
    was typed last, on the side to which it is read.
    """
    line, at = set_line(text, face, px), len(readable(text[:index]))
    found = None
    for piece in line.pieces:
        if piece.start < at and (found is None or piece.start > found.start):
            found = piece
    if found is None:
        first = min(line.pieces, key=lambda piece: piece.start, default=None)
        return first.x + first.width if first is not None and first.rtl else 0
    before = found.text[: at - found.start]
    width = found.width
    if len(before) < len(found.text):
        # Joined letters can be narrower than their beginnings.
        width = min(width, font(found.font, px, found.rtl).size(before)[0])
    return found.x + found.width - width if found.rtl else found.x + width
