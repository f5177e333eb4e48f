"""SDL's own switches, which are environment variables: how pictures get to the display, what a finger is."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pygame

ACCELERATION = "SDL_FRAMEBUFFER_ACCELERATION"
"""How a software picture gets to the display: "0" is straight to it, without OpenGL."""
VSYNC = "SDL_RENDER_VSYNC"
"""Whether SDL waits until the display takes the next picture. It does so where it draws by the graphics card
(Wayland, macOS); elsewhere, as by X's shared memory, nothing waits, and the loop keeps its own time."""
USUAL = {
    "SDL_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR": "0",
    "SDL_TOUCH_MOUSE_EVENTS": "0",
    "SDL_MOUSE_TOUCH_EVENTS": "0",
}
"""What is set unless a person has set it: a finger is told of as a finger alone, and a mouse as a mouse."""


def acceleration_for(driver: str, environment: Mapping[str, str]) -> str | None:
    """What `ACCELERATION` is to be for an SDL video driver; None: it is left as it is.

    Straight to X by shared memory, where SDL would go through OpenGL: half a millisecond a frame instead of
    nine where that is software. Other drivers may have no such way (Wayland and macOS have none): with "0" a
    window could not open there at all.
    """
    return "0" if driver == "x11" and ACCELERATION not in environment else None


def vsync_for(environment: Mapping[str, str]) -> str | None:
    """What `VSYNC` is to be: asked for, unless a person has said otherwise (None)."""
    return "1" if VSYNC not in environment else None


def set_usual(name: str) -> None:
    """Set what is the same for every window; `name` is the class that desktops and tools know it by."""
    for switch, value in USUAL.items():
        os.environ.setdefault(switch, value)
    os.environ.setdefault("SDL_VIDEO_X11_WMCLASS", name)
    os.environ.setdefault("SDL_VIDEO_WAYLAND_WMCLASS", name)


@contextmanager
def switched(values: Mapping[str, str | None]) -> Iterator[None]:
    """Switches that are set meanwhile; None: one that is as it is."""
    chosen = {name: value for name, value in values.items() if value is not None}
    os.environ.update(chosen)
    try:
        yield
    finally:
        for name in chosen:
            # What the game opens (an editor, a browser) shall not inherit it.
            os.environ.pop(name, None)


INVISIBLE = frozenset(("dummy", "offscreen"))
"""SDL's video drivers that show nothing; right only for who asks for them."""


def begin_display() -> None:
    """Begin with SDL's display. Raises pygame.error where there is none.

    Where it finds none, SDL may draw to nowhere without a word: a window that nobody sees would live on.
    """
    pygame.display.init()
    driver = pygame.display.get_driver()
    asked = (os.environ.get("SDL_VIDEODRIVER") or os.environ.get("SDL_VIDEO_DRIVER") or "").split(",")
    if driver in INVISIBLE and driver not in asked:
        pygame.display.quit()
        raise pygame.error("SDL finds no display that can be seen")
