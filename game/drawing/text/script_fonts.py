"""The writing systems besides Latin: which font has each, and how the shaper is told of it. Data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Script:
    """A writing system, or a set of signs, that has a font of its own."""

    file: str
    tag: str
    """Of ISO 15924: by it the letters are joined, stacked and put in order; empty: as they come."""
    blocks: tuple[tuple[int, int], ...] = ()
    """Its code points, first and last; none: whatever the font has."""
    bold: bool = False
    """Whether it is always drawn bold: the font as it comes is a very thin one."""
    sizes: int = 1
    """So many sizes of its font are open, those asked for last. Setting another size forgets all letters,
    which matters where a name has many. Opening one takes longer; Devanagari's first letter takes 7 ms.
    """
    thickens: bool = False
    """Whether it is drawn bold where text is: finer letters would lose their loops at small sizes."""


SCRIPTS: dict[str, Script] = {
    "noto": Script("NotoSans[wght].ttf", "", thickens=True),
    "hebrew": Script("NotoSansHebrew[wght].ttf", "Hebr", ((0x590, 0x5FF), (0xFB1D, 0xFB4F)), thickens=True),
    "arabic": Script(
        "NotoSansArabic[wght].ttf",
        "Arab",
        ((0x600, 0x6FF), (0x750, 0x77F), (0x870, 0x8FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFE)),
    ),
    "armenian": Script(
        "NotoSansArmenian[wght].ttf", "Armn", ((0x530, 0x58F), (0xFB13, 0xFB17)), thickens=True
    ),
    "devanagari": Script(
        "NotoSansDevanagari[wght].ttf",
        "Deva",
        ((0x900, 0x97F), (0x1CD0, 0x1CFF), (0xA8E0, 0xA8FF)),
    ),
    "bengali": Script("NotoSansBengali[wght].ttf", "Beng", ((0x980, 0x9FF),)),
    "gurmukhi": Script("NotoSansGurmukhi[wght].ttf", "Guru", ((0xA00, 0xA7F),)),
    "gujarati": Script("NotoSansGujarati[wght].ttf", "Gujr", ((0xA80, 0xAFF),)),
    "oriya": Script("NotoSansOriya[wght].ttf", "Orya", ((0xB00, 0xB7F),)),
    "tamil": Script("NotoSansTamil[wght].ttf", "Taml", ((0xB80, 0xBFF), (0x11FC0, 0x11FFF))),
    "telugu": Script("NotoSansTelugu[wght].ttf", "Telu", ((0xC00, 0xC7F),)),
    "kannada": Script("NotoSansKannada[wght].ttf", "Knda", ((0xC80, 0xCFF),)),
    "malayalam": Script("NotoSansMalayalam[wght].ttf", "Mlym", ((0xD00, 0xD7F),)),
    "sinhala": Script("NotoSansSinhala[wght].ttf", "Sinh", ((0xD80, 0xDFF), (0x111E0, 0x111FF))),
    "thai": Script("NotoSansThai[wght].ttf", "Thai", ((0xE00, 0xE7F),)),
    "lao": Script("NotoSansLao[wght].ttf", "Laoo", ((0xE80, 0xEFF),)),
    "myanmar": Script(
        "NotoSansMyanmar[wght].ttf", "Mymr", ((0x1000, 0x109F), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F))
    ),
    "georgian": Script(
        "NotoSansGeorgian[wght].ttf",
        "Geor",
        ((0x10A0, 0x10FF), (0x1C90, 0x1CBF), (0x2D00, 0x2D2F)),
        thickens=True,
    ),
    "ethiopic": Script(
        "NotoSansEthiopic[wght].ttf",
        "Ethi",
        ((0x1200, 0x139F), (0x2D80, 0x2DDF), (0xAB00, 0xAB2F), (0x1E7E0, 0x1E7FF)),
    ),
    "khmer": Script("NotoSansKhmer[wght].ttf", "Khmr", ((0x1780, 0x17FF), (0x19E0, 0x19FF))),
    "hangul": Script(
        "NotoSansCJK-VF.otf.ttc",
        "Hang",
        ((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF)),
        bold=True,
        sizes=3,
    ),
    "symbols": Script("NotoSansSymbols[wght].ttf", ""),
    "emoji": Script("NotoEmoji[wght].ttf", "", sizes=3),
    "cjk": Script("NotoSansCJK-VF.otf.ttc", "", bold=True, sizes=3),
}
"""In the order in which they are tried for what no block names."""

ANYTHING = ("noto", "symbols", "emoji", "cjk")
"""Fonts that are tried for what is in no script's blocks."""


def script_of(character: str) -> str | None:
    """The script in whose blocks a character is."""
    code = ord(character)
    for name, script in SCRIPTS.items():
        if any(first <= code <= last for first, last in script.blocks):
            return name
    return None


def file_of(name: str) -> Path:
    """Where a script's font lies. Raises KeyError for an unknown script."""
    file = SCRIPTS[name].file
    if file.endswith(".ttc"):
        import manimgx_fonts_cjk as package
    else:
        import manimgx_fonts as package
    return Path(package.__file__).parent / file
