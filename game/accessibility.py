"""How the picture is shown to those who see or bear less: calm, large, strong, each a switch of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from game.theme import STRONG, Colour

LARGE = 1.4
"""How much larger text is that shall be read from afar."""


@dataclass(frozen=True)
class Access:
    """`calm`: reduced motion; `large`: text that is legible from afar; `strong`: high contrast."""

    calm: bool = False
    large: bool = False
    strong: bool = False
    growth: float = LARGE
    """How much larger `large` text is: less on a sheet that is full already, and that is read from near."""
    upright: float = 0.0
    """On a portrait display: how high a sheet may be for each of its width; 0: the display is no such one."""

    @property
    def text(self) -> float:
        """What the size of all text is multiplied with."""
        return self.growth if self.large else 1.0

    @property
    def rim(self) -> float:
        """What the width of outlines is multiplied with."""
        return 1.7 if self.strong else 1.0

    def shown(self, colour: Colour) -> Colour:
        """The colour that is drawn for one of the theme's."""
        return STRONG.get(colour, colour) if self.strong else colour


PLAIN = Access()

SWITCHES = {"calm": "Reduced motion", "large": "Large text", "strong": "High contrast"}
"""Each field of `Access` that a key switches, and what it is called."""


def switched(access: Access, field: str, key: str) -> tuple[Access, str]:
    """The access after `key` has switched one of `SWITCHES`, and the sentence that says so. Raises
    KeyError.
    """
    name, on = SWITCHES[field], not getattr(access, field)
    return replace(access, **{field: on}), f"{name} is {'on' if on else 'off'} ({key.upper()})"
