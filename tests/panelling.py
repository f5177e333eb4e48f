"""Playing panels in tests, and reading what they have written where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pygame
import pytest

from game.accessibility import PLAIN, Access
from game.drawing.art import Art
from game.drawing.text import Pen
from game.drawing.view import View
from game.geometry import Box
from game.inputs import KeyPress, KeyRelease, TextTyped
from game.panels.panel import Outcome, Panel, Stay
from game.panels.widgets import Hit


@contextmanager
def unseen_art(scale: float) -> Iterator[Art]:
    """Pictures at this scale, on a display that nobody sees."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SDL_VIDEODRIVER", "dummy")
        ours = not pygame.display.get_surface()
        if ours:
            pygame.display.init()
            pygame.display.set_mode((round(1920 * scale), round(1080 * scale)))
        yield Art(scale)
        if ours:
            pygame.display.quit()


Written = tuple[str, Box, tuple[float, float]]


def pass_time(panel: Panel, total: float = 1.0) -> None:
    """Let the panel live for so many seconds."""
    for _ in range(round(total * 50)):
        panel.update(0.02)


def keys(panel: Panel, *names: str) -> Outcome:
    """Press keys one after the other; what the last one led to. `shift+tab` and `ctrl+r` as in scripts."""
    outcome: Outcome = Stay()
    for name in names:
        *marks, key = name.split("+")
        outcome = panel.handle(KeyPress(key, "shift" in marks, "ctrl" in marks))
        if key == "space":
            panel.handle(TextTyped(" "))
        panel.handle(KeyRelease(key))
    return outcome


def middle(hit: Hit) -> tuple[float, float]:
    """The middle of a box that can be pressed."""
    x, y, w, h = hit.box
    return x + w / 2, y + h / 2


def texts_of(panel: Panel, width: int = 1920, access: Access = PLAIN) -> list[Written]:
    """Everything a panel writes: the text asked for, its box, and the size it wanted (w, h)."""
    view = View(pygame.Surface((width, width * 9 // 16)), access)
    return writing(lambda: panel.draw(view))


def writing(draw: Callable[[], object]) -> list[Written]:
    """Everything that is written while something is drawn."""
    found: list[Written] = []
    real = Pen.write

    def recording(self: Pen, text: str, *rest: object, **more: object) -> object:
        box = real(self, text, *rest, **more)  # type: ignore[arg-type]
        face, tabular = more.get("face", "text"), bool(more.get("tabular"))
        wanted = self.measure(text, rest[2], face=face, tabular=tabular)  # type: ignore[arg-type]
        found.append((text, box, wanted))
        return box

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pen, "write", recording)
        draw()
    return found


def overlap(one: Box, other: Box) -> float:
    """The shorter side of what two boxes share; 0: nothing."""
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(0.0, min(wide, high))
