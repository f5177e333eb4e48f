"""Points and boxes, in logical pixels of the 1920 by 1080 canvas."""

from __future__ import annotations

Point = tuple[float, float]
"""x, y."""
Box = tuple[float, float, float, float]
"""x, y, width, height."""


def inside(box: Box, x: float, y: float) -> bool:
    """Whether (x, y) lies in the box."""
    return box[0] <= x < box[0] + box[2] and box[1] <= y < box[1] + box[3]
