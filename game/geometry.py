"""Points and boxes, in logical pixels of the 1920 by 1080 canvas."""

from __future__ import annotations

Point = tuple[float, float]
"""x, y."""
Box = tuple[float, float, float, float]
"""x, y, width, height."""


def inside(box: Box, x: float, y: float) -> bool:
    """Whether (x, y) lies in the box."""
    return box[0] <= x < box[0] + box[2] and box[1] <= y < box[1] + box[3]


def grown(box: Box, least: float) -> Box:
    """The box with at least so much width and height, around the same middle."""
    x, y, w, h = box
    across, down = max(0.0, least - w), max(0.0, least - h)
    return x - across / 2, y - down / 2, w + across, h + down


def how_far(box: Box, x: float, y: float) -> float:
    """How far (x, y) is from the box, along the farther of both axes; 0: it is in it."""
    return max(0.0, box[0] - x, x - box[0] - box[2], box[1] - y, y - box[1] - box[3])
