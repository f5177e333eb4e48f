"""Text at the display's own size: `Pen` writes and measures in logical pixels."""

from game.drawing.text.pen import Pen

__all__ = ["Pen"]
