"""Text at the display's own size: `Pen` writes and measures in logical pixels."""

from game.text.pen import Pen

__all__ = ["Pen"]
