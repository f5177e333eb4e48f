"""The palette and the type scale, in logical pixels of the 1920×1080 canvas. Data only.

Some things have colours of their own beside what they are: gophers' furs (`simulation/appearance.py`), code
(`panels/code_colours.py`), and the pictures in `assets/`.

Contrast and sizes are held by a test. Cook colours start from the Okabe-Ito palette, which survives
red-green blindness; a cook is always told apart by its number too.
"""

from __future__ import annotations

Colour = tuple[int, int, int]

CANVAS = (1920, 1080)
"""The logical canvas of the kitchen; what a display of another shape has more is `game/composition.py`'s."""


def rgb(code: str) -> Colour:
    """`#rrggbb` as a triple."""
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """A colour between two: `share` (0 to 1) of the other."""
    mixed = [round(a + (b - a) * share) for a, b in zip(one, other, strict=True)]
    return mixed[0], mixed[1], mixed[2]


NIGHT = rgb("#141b34")
DUSK = rgb("#2b3a67")
DUSK_LIGHT = rgb("#6f83bd")
PLASTER = rgb("#f2d7ae")
BRICK = rgb("#a65a3c")
WOOD = rgb("#8a5530")
WOOD_DARK = rgb("#4e2e1e")
CREAM = rgb("#fff4df")
INK = rgb("#221a1e")
INK_SOFT = rgb("#5a4a48")
GLOW = rgb("#ffb347")
FIRE = rgb("#ff7a2f")
TOMATO = rgb("#b8321f")
ALARM = rgb("#ff5a4a")
BASIL = rgb("#2f6f3e")
GOPHER = rgb("#6ad7e5")
WHITE = rgb("#ffffff")
GHOST = rgb("#e2eaff")
"""What a cook's own colour nearly becomes when it is a ghost."""

COOKS: tuple[Colour, ...] = tuple(
    rgb(code)
    for code in (
        "#e69f00",
        "#56b4e9",
        "#009e73",
        "#f0e442",
        "#2e88ee",
        "#e75b28",
        "#cc79a7",
        "#e2c6eb",
        "#babcbe",
    )
)
"""A colour for each slot, 1 to 9; a tenth slot starts again."""

STRONG: dict[Colour, Colour] = {
    NIGHT: rgb("#050812"),
    INK: rgb("#080506"),
    INK_SOFT: rgb("#1f1716"),
    DUSK: rgb("#16224a"),
    WOOD_DARK: rgb("#26150c"),
    CREAM: rgb("#ffffff"),
    GLOW: rgb("#ffd27a"),
    TOMATO: rgb("#8f1c0e"),
    ALARM: rgb("#ff8a7c"),
    BASIL: rgb("#134a22"),
}
"""High contrast: what is drawn for a colour, in text and under it alike; the others stay."""

ROW_SHADES: tuple[Colour, ...] = (WHITE, rgb("#e8dee0"), rgb("#d0c0c8"), rgb("#b8a4b2"))
"""What of each colour is left from row to row of a deep crowd: the oven's light comes from behind it, and the
front rows stand out."""
STREET_SHADE = rgb("#6e6e82")
"""What is left of the street's colours at the far edge of a wide display: the kitchen stays the brightest."""
STRONG_ROOM = rgb("#767680")
"""What is left of the room's colours in high contrast."""
BEHIND_SHEET, STRONG_BEHIND_SHEET = rgb("#686480"), rgb("#2c2a36")
"""What is left of the kitchen's colours behind a modal sheet, and there in high contrast."""

SIZE_HERO = 84
SIZE_TITLE = 46
SIZE_HEAD = 34
SIZE_BODY = 28
SIZE_SMALL = 24
SIZE_LEAST = 22
"""Body text is 28 or more; nothing is under 22."""
