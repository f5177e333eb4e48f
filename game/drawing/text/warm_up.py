"""What the first name in a foreign script would cost a frame, done before there is one."""

from __future__ import annotations

from collections.abc import Iterator

from game.drawing.text.fonts import face_for, font, has

PX = 24
SLOWEST = "अ"
"""FreeType looks through all rules of a font before its first letter: of this one's that takes 7 ms, once."""
LETTERS = "Жשعสअ山김😀♈অনஅఅಅഅඅઅਅଅກကაԱአក"
"""One of each script that has a font here."""


def load_modules() -> None:
    """Import what only names need that are not plain. May be done in a thread of its own."""
    import bidi.algorithm  # noqa: F401
    import regex

    regex.findall(r"\X", "e\u0308")


def open_slowest() -> None:
    """Have the font whose first letter takes longest ready; 7 ms, so it is for a frame that nobody counts."""
    _shape(SLOWEST)


def open_fonts() -> Iterator[None]:
    """Have the other fonts ready, one a step: about a millisecond, once in the life of a process."""
    for letter in LETTERS:
        _shape(letter)
        yield


def _shape(letter: str) -> None:
    name = face_for(letter, "text")
    if has(name, letter):
        font(name, PX).size(letter)
