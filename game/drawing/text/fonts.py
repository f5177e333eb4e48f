"""The typefaces, opened when first needed, and which of them has a picture for a character."""

from __future__ import annotations

import logging
import unicodedata
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import font_fredoka_one
import font_lato
import pygame

from game.drawing.text.font_coverage import NOTHING, FontCoverage, coverage_of
from game.drawing.text.script_fonts import ANYTHING, SCRIPTS, file_of, script_of
from game.told_once import ToldOnce

Face = Literal["display", "text", "bold", "code"]
"""`display`: headlines and big numbers; `text` and `bold`: everything that is read; `code`: every character
of one width.
"""

Name = str
"""A font: a face's own, or a script's of `SCRIPTS`, with `BOLD` behind it where it is drawn bold."""

BOLD = "+bold"
_ORDER: dict[Face, tuple[Name, ...]] = {
    "display": ("display", "bold"),
    "text": ("text",),
    "bold": ("bold",),
    "code": ("code",),
}
_OPEN_FONTS = 96
_JOINERS = "\u200c\u200d"
_MARKS_OF_ORDER = "\u061c\u200e\u200f\u2066\u2067\u2068\u2069"
_TAGS = range(0xE0020, 0xE0080)
_EMOJI_STYLE = "\ufe0f"
_SIGNS = range(0x1F000, 0x20000)
"""Emoji and other pictures, which text faces do not have."""

_told = ToldOnce(logging.getLogger(__name__))

_fonts: OrderedDict[tuple[Name, int], pygame.font.Font] = OrderedDict()


@dataclass
class _Shaped:
    """A script's font as it is set now: opening one more takes longer than setting it to another size."""

    font: pygame.font.Font
    px: int
    bold: bool = False


_scripts: dict[str, list[_Shaped]] = {}
"""By script; as many of each as `Script.sizes` says."""


@lru_cache(maxsize=64)
def _file(name: Name) -> Path:
    if name == "display":
        return Path(font_fredoka_one.FredokaOne)
    if name in ("text", "bold"):
        return Path(font_lato.Lato if name == "text" else font_lato.LatoBold)
    if name == "code":
        import fontpkg_jetbrains_mono

        return Path(fontpkg_jetbrains_mono.__file__).parent / "files" / "JetBrainsMono[wght].ttf"
    return file_of(name.removesuffix(BOLD))


@lru_cache(maxsize=64)
def _coverage(name: Name) -> FontCoverage:
    """What a font has pictures for; nothing where its package or its file is missing or damaged: then the
    others are used, and to open it could be the end of the process.
    """
    try:
        return coverage_of(_file(name))
    except (ImportError, OSError, ValueError) as error:
        _told.left_out(f"the font {name} cannot be used", f"{type(error).__name__}: {error}")
        return NOTHING


def _alive(opened: pygame.font.Font) -> bool:
    """Whether nobody has stopped and started pygame.font since: then every font of before is dead."""
    try:
        opened.get_height()
    except pygame.error:
        return False
    return True


def font(name: Name, px: int, rtl: bool = False) -> pygame.font.Font:
    """A font at a size in display pixels, ready to draw in a direction until another is asked for.

    pygame.font is started, or started again, where need be.
    """
    if not pygame.font.get_init():
        pygame.font.init()
        _forget()
    script = name.removesuffix(BOLD)
    made = _face(name, px) if script not in SCRIPTS else _script(script, px, name != script)
    if rtl:
        made.set_direction(pygame.DIRECTION_RTL)
    return made


def _forget() -> None:
    _fonts.clear()
    _scripts.clear()


def _face(name: Name, px: int) -> pygame.font.Font:
    key = name, px
    found = _fonts.get(key)
    if found is not None and not _alive(found):
        _forget()
        found = None
    if found is None:
        # The text's own must be there: without it nothing can be said.
        usable = name if name == "text" or _coverage(name) is not NOTHING else "text"
        found = _fonts[key] = pygame.font.Font(_file(usable), px)
    _fonts.move_to_end(key)
    while len(_fonts) > _OPEN_FONTS:
        _fonts.popitem(last=False)
    found.set_direction(pygame.DIRECTION_LTR)
    return found


def _script(script: str, px: int, bold: bool) -> pygame.font.Font:
    shape, opened = SCRIPTS[script], _scripts.setdefault(script, [])
    if opened and not _alive(opened[0].font):
        _forget()
        opened = _scripts.setdefault(script, [])
    thick = bold or shape.bold
    found = next((one for one in opened if one.px == px and one.bold == thick), None)
    if found is None:
        if len(opened) < shape.sizes:
            found = _Shaped(pygame.font.Font(_file(script), px), px)
            if shape.tag:
                found.font.set_script(shape.tag)
        else:
            found = opened.pop(0)
        if found.px != px:
            found.font.set_point_size(px)
            found.px = px
        if found.bold != thick:
            found.font.set_bold(thick)
            found.bold = thick
        opened.append(found)
    found.font.set_direction(pygame.DIRECTION_LTR)
    return found.font


def has(name: Name, character: str) -> bool:
    """Whether a font has a picture for a character."""
    return character in _coverage(name)


def drawn(character: str) -> bool:
    """Whether a character has a picture of its own: joiners, tags, selectors, marks of order have none."""
    if character.isascii():
        return True
    if character in _JOINERS or character in _MARKS_OF_ORDER or ord(character) in _TAGS:
        return False
    return not ("\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef")


@lru_cache(maxsize=4096)
def face_for(character: str, face: Face) -> Name:
    """The font for what people see as one character: the first that has all of it, else what its beginning
    is drawn with, else the face itself, which has a box for what is missing.
    """
    # Fredoka draws nothing at all for what it lacks; Lato a box with a question mark.
    last: Name = "bold" if face == "display" else face
    seen = [one for one in character if drawn(one)]
    if not seen:
        return last
    own = script_of(seen[0])
    order = [*_ORDER[face], *([own] if own else []), *ANYTHING]
    if _EMOJI_STYLE in character or ord(seen[0]) in _SIGNS:
        order = ["emoji", *order]
    found = next((name for name in order if all(has(name, one) for one in seen)), None)
    if found is None:
        found = next((name for name in order if has(name, seen[0])), last)
    thick = face in ("bold", "display") and found in SCRIPTS and SCRIPTS[found].thickens
    return found + BOLD if thick else found


def goes_on(name: Name, character: str) -> bool:
    """Whether a space or a punctuation mark behind letters of a script's font is drawn with that font too."""
    script = SCRIPTS.get(name.removesuffix(BOLD))
    return (
        script is not None
        and bool(script.blocks or script.bold)
        and unicodedata.category(character[0])[0] in "ZP"
        and all(has(name, one) for one in character if drawn(one))
    )


@lru_cache(maxsize=2048)
def readable(text: str) -> str:
    """The text on one line, without what no font can draw: controls and lone surrogates become boxes.

    What joins letters, and what says in which order they are read, stays: it shapes what others look like.
    """
    if text.isascii() and text.isprintable():
        return text
    found = []
    for character in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(character)
        if character in "\t\r\n\v\f\u2028\u2029":
            found.append(" ")
        elif kind in ("Cc", "Cs"):
            found.append("\ufffd")
        elif kind != "Cf" or character in _JOINERS or character in _MARKS_OF_ORDER or ord(character) in _TAGS:
            found.append(character)
        elif unicodedata.bidirectional(character) == "AN":
            # Signs around a number, which are drawn.
            found.append(character)
    return "".join(found)
