"""The bands at the picture's edges and the buttons on them, in logical pixels, on a 16:9 display."""

from __future__ import annotations

from game.geometry import Box

TOP_BAND: Box = (0, 0, 1920, 132)
TITLE: Box = (16, 8, 600, 118)
"""The checkpoint's name and title; a press there shows them all."""
BOTTOM_STRIP: Box = (0, 1016, 1920, 64)
ORDER_BUTTON: Box = (20, 1019, 330, 58)
HELP_BUTTON: Box = (1748, 1019, 152, 58)
UI_BUTTON: Box = (1524, 1019, 210, 58)
MUTED_SIGN: Box = (1342, 1019, 168, 58)
"""There while the sound is off; a press there, as `M`, turns it on."""
