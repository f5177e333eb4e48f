"""Who looks like what: an order's gopher from a hash of its id, a cook from its slot and generation.

Pure data, no drawing. The same order id gives the same gopher on every machine and in every run, so the
audience can follow "their" gopher; a new process in a slot gives a cook that is visibly somebody else.
Names of parts are file names under `assets/gopher/` and `assets/cook/`.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, fields
from functools import lru_cache

from game.theme import COOKS, Colour, rgb

COLOURS: dict[str, Colour] = {
    "gopher": rgb("#74dcea"),
    "pink": rgb("#f7a3c0"),
    "lilac": rgb("#c3a8f0"),
    "mint": rgb("#97e0ae"),
    "sun": rgb("#fbd95f"),
    "orange": rgb("#fbb068"),
    "sand": rgb("#e6c199"),
    "coral": rgb("#fa8d7a"),
    "silver": rgb("#cfd5de"),
    "sky": rgb("#9cb8fb"),
    "teal": rgb("#5cc9bb"),
    "lime": rgb("#c4de68"),
    "cream": rgb("#fbeccb"),
    "cocoa": rgb("#bd8a66"),
}
"""Fur, by name: the lit side's colour; shades are multiplied into it."""

BODIES = ("plain", "belly", "spots", "stripes", "chubby", "slim", "mask", "dipped")
BUILDS = ("regular", "small", "stout", "lanky")
EARS = ("round", "tiny", "big", "long")
EYES = ("round", "wide", "goggle", "small", "uneven", "sleepy", "dreamy")
TEETH = ("two", "gap", "one", "long", "crooked")
HATS = (
    "none",
    "cap",
    "beanie",
    "party",
    "tophat",
    "crown",
    "cowboy",
    "propeller",
    "wizard",
    "boater",
    "sprout",
    "helmet",
    "tuft",
    "beret",
)
GLASSES = ("none", "round", "square", "shades", "star", "monocle", "goggles")
EXTRAS = (
    "none",
    "scarf",
    "bowtie",
    "backpack",
    "headphones",
    "flower",
    "moustache",
    "balloon",
    "cape",
    "freckles",
    "medal",
)

CHOICES: dict[str, tuple[str, ...]] = {
    "colour": tuple(COLOURS),
    "body": BODIES,
    "build": BUILDS,
    "ears": EARS,
    "eyes": EYES,
    "teeth": TEETH,
    "hat": HATS,
    "glasses": GLASSES,
    "extra": EXTRAS,
}
"""Every field of a Look, and what it may be."""

_OFTEN_NONE = {"glasses": 5, "extra": 3}
# Extra tickets for "none": faces stay readable when only some of the crowd wear glasses.


@dataclass(frozen=True)
class GopherLook:
    """One order's gopher: a name from `CHOICES` for each field."""

    colour: str
    body: str
    build: str
    ears: str
    eyes: str
    teeth: str
    hat: str
    glasses: str
    extra: str


def look_for(order_id: str) -> GopherLook:
    """The gopher of an order, from sha256 of its id."""
    digest = hashlib.sha256(f"gopher {order_id}".encode()).digest()
    picked: dict[str, str] = {}
    for n, (name, values) in enumerate(CHOICES.items()):
        tickets = ("none",) * _OFTEN_NONE.get(name, 0) + values
        # Three bytes a field: the bias of the remainder is under one in a million.
        picked[name] = tickets[int.from_bytes(digest[3 * n : 3 * n + 3]) % len(tickets)]
    return GopherLook(**picked)


def combinations() -> int:
    """How many different gophers there are."""
    return math.prod(len(values) for values in CHOICES.values())


COOK_HATS = ("toque", "puff", "tall")
MOUSTACHES = ("none", "curly", "brush", "none")
KERCHIEFS = ("red", "green", "navy", "gold")
FACES = ("plain", "freckles", "glasses", "brows")

COOK_CHOICES: dict[str, tuple[str, ...]] = {
    "hat": COOK_HATS,
    "moustache": ("none", "curly", "brush"),
    "kerchief": KERCHIEFS,
    "face": FACES,
}
"""Every field of a CookLook that depends on the generation, and what it may be."""


@dataclass(frozen=True)
class CookLook:
    """One worker process: the slot's colour, and what tells this generation from the one before."""

    colour: Colour
    hat: str
    moustache: str
    kerchief: str
    face: str


@lru_cache(maxsize=64)
def cook_look(slot: int, generation: int) -> CookLook:
    """The cook in a slot (from 1) at a generation (from 1). Neighbouring generations always differ.

    The neckerchief steps through its colours, so two generations in a row never share it; the rest
    comes from a hash.
    """
    digest = hashlib.sha256(f"cook {slot}.{generation}".encode()).digest()
    return CookLook(
        colour=COOKS[(slot - 1) % len(COOKS)],
        hat=COOK_HATS[digest[0] % len(COOK_HATS)],
        moustache=MOUSTACHES[digest[1] % len(MOUSTACHES)],
        kerchief=KERCHIEFS[(slot + generation) % len(KERCHIEFS)],
        face=FACES[digest[2] % len(FACES)],
    )


assert tuple(CHOICES) == tuple(field.name for field in fields(GopherLook))
