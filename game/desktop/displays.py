"""The displays that there are, as sizes: which one to open on, and when the picture no longer fits. Pure, but
for `desktops`."""

from __future__ import annotations

from collections.abc import Sequence

import pygame

from game.theme import CANVAS

LEAST = (640, 360)
"""The smallest window that can be asked for, in display pixels."""
SMALLEST = (480, 270)
"""The smallest that a person can make it, upright ones included: less than that nobody can read."""

Size = tuple[int, int]


def desktops() -> list[Size]:
    """The size of each display now, in pixels. Raises pygame.error and IndexError."""
    if pygame.display.get_driver() == "dummy":
        return [CANVAS]
    found = pygame.display.get_desktop_sizes()
    if not found:
        raise IndexError("there is no display")
    return list(found)


def display_of(found: Sequence[Size], wanted: int | None) -> int:
    """The number of the display to be on: the wanted one where it is there, else the first."""
    return wanted if wanted is not None and 0 <= wanted < len(found) else 0


def fitting(width: int, height: int) -> Size:
    """The largest 16:9 size within width × height, in whole pixels."""
    scale = min(width / CANVAS[0], height / CANVAS[1])
    return max(1, round(CANVAS[0] * scale)), max(1, round(CANVAS[1] * scale))


def is_out_of_date(
    before: Sequence[Size], found: Sequence[Size], display: int, drawn: Size, fullscreen: bool
) -> bool:
    """Whether a window must be opened anew, that draws `drawn` on `display`: its display has gone, or has
    another size than it had, and no window manager has let the window follow.
    """
    if list(before) == list(found):
        return False
    if display >= len(found):
        return True
    if fullscreen:
        return before[display] != found[display] and drawn != found[display]
    return drawn[0] > found[display][0] or drawn[1] > found[display][1]


def pixels_a_point(window: Size, surface: Size) -> float:
    """How many pixels of the surface are one of the points in which SDL tells the pointer's place: more than
    1 where a display is denser than the system's own measure.
    """
    across, down = surface[0] / max(1, window[0]), surface[1] / max(1, window[1])
    # Not the same in both directions: one of the two is still as it was before a change of size.
    return across if abs(across - down) <= 0.02 * across else 1.0
