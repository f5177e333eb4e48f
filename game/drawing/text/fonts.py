"""The typefaces, opened when first needed, and which of them has a picture for a character."""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from functools import lru_cache
from typing import Literal

import font_fredoka_one
import font_lato
import pygame

Face = Literal["display", "text", "bold"]
"""`display`: headlines and big numbers; `text` and `bold`: everything that is read."""

Name = Literal["display", "text", "bold", "spare"]

_FILES: dict[Name, str | None] = {
    "display": font_fredoka_one.FredokaOne,
    "text": font_lato.Lato,
    "bold": font_lato.LatoBold,
    # pygame's own: plain, but it knows more alphabets.
    "spare": None,
}
_SPARE_FACTOR = 1.45
"""pygame draws its own font smaller than the size that is asked for."""

_ORDER: dict[Face, tuple[Name, ...]] = {
    "display": ("display", "bold", "spare"),
    "text": ("text", "spare"),
    "bold": ("bold", "spare"),
}
_OPEN_FONTS = 96
_NOBODY_HAS = "\U0010fffe"
"""A character that no font has: what is drawn for it is the font's box for missing ones."""

_fonts: OrderedDict[tuple[Name, int], pygame.font.Font] = OrderedDict()


def font(name: Name, px: int) -> pygame.font.Font:
    """A font at a size in display pixels. pygame.font is started, or started again, where need be."""
    if not pygame.font.get_init():
        _fonts.clear()
        pygame.font.init()
    key = name, px
    found = _fonts.get(key)
    if found is not None:
        try:
            found.get_height()
        except pygame.error:
            # Somebody stopped and started pygame.font in between: every font of before is dead.
            _fonts.clear()
        else:
            _fonts.move_to_end(key)
            return found
    size = round(px * _SPARE_FACTOR) if name == "spare" else px
    made = _fonts[key] = pygame.font.Font(_FILES[name], size)
    while len(_fonts) > _OPEN_FONTS:
        _fonts.popitem(last=False)
    return made


@lru_cache(maxsize=8)
def _missing(name: Name) -> bytes:
    return pygame.image.tobytes(font(name, 24).render(_NOBODY_HAS, True, (0, 0, 0)), "RGBA")


@lru_cache(maxsize=4096)
def face_for(character: str, face: Face) -> Name:
    """The font to draw a character with: the face's own, else a spare one, else a box of Lato's."""
    order = _ORDER[face]
    # Fredoka draws nothing at all for what it lacks; Lato a box with a question mark.
    last: Name = "bold" if face == "display" else face
    for name in order:
        try:
            drawn = font(name, 24).render(character, True, (0, 0, 0))
        except pygame.error:
            return last
        if pygame.image.tobytes(drawn, "RGBA") != _missing(name):
            return name
    return last


@lru_cache(maxsize=2048)
def readable(text: str) -> str:
    """The text on one line, without what no font can draw: controls and lone surrogates become boxes."""
    if text.isascii() and text.isprintable():
        return text
    found = []
    for character in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(character)
        if character in "\t\r\n\v\f\u2028\u2029":
            found.append(" ")
        elif kind in ("Cc", "Cs", "Cn"):
            found.append("\ufffd")
        elif kind != "Cf":
            # Format characters (joiners, marks of direction) have no width of their own.
            found.append(character)
    return "".join(found)
