"""The checkpoints to choose from: the key of each, its name and title, and which is in force."""

from __future__ import annotations

from collections.abc import Sequence

from api_stub.schema import Checkpoint
from game.accessibility import Access
from game.actions import SwitchCheckpoint
from game.drawing.view import View
from game.geometry import Box, inside
from game.inputs import Input, PointerPress
from game.panels.panel import Close, Outcome, Panel, Stay
from game.panels.widgets import PAPER_LIT, RULE, SLIDE_WAY, Hit, PanelPainter, Sheet, hit_at, pressed_key
from game.theme import CANVAS, GLOW, INK, INK_SOFT, SIZE_BODY, SIZE_LEAST, SIZE_TITLE, TOMATO

LEFT, TOP, WIDE = 460.0, 150.0, 1000.0
ROW = 84.0
BELOW = 24.0
"""What a long list leaves below it."""
MOST = 10
F_KEYS = 6


class ChooserPanel(Panel):
    """Modal. F1–F6 or a press chooses; arrows and Enter too. Esc, C and a press beside it close it."""

    modal = True

    def __init__(self, checkpoints: Sequence[Checkpoint], current: str) -> None:
        self._checkpoints = tuple(checkpoints)[:MOST]
        self._current = current
        names = [checkpoint.name for checkpoint in self._checkpoints]
        self._focus = names.index(current) if current in names else 0
        self._sheet = Sheet()
        rows = max(1, len(self._checkpoints))
        high = 190 + ROW * rows
        self.frame: Box = (LEFT, min(TOP, CANVAS[1] - BELOW - high), WIDE, high)
        self._hits = tuple(
            Hit((LEFT + 34, self.frame[1] + 112 + ROW * n, WIDE - 68, ROW - 10), "checkpoint", n)
            for n in range(len(self._checkpoints))
        )

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The boxes that can be pressed: a row for each checkpoint."""
        return self._hits

    def sheet_for(self, access: Access) -> Box:
        """Where its paper lies on the canvas, logical pixels."""
        return self.frame

    def handle(self, item: Input) -> Outcome:
        """Take one input."""
        self._sheet.follow(item)
        if isinstance(item, PointerPress):
            hit = self.target(item)
            if hit is not None:
                return self._choose(hit.index)
            return Stay() if inside(self.frame, item.x, item.y) else Close()
        key = pressed_key(item)
        if key in ("escape", "c"):
            return Close()
        if key in ("return", "space"):
            return self._choose(self._focus)
        if key in ("up", "down", "tab") and self._checkpoints:
            self._focus = (self._focus + (-1 if key == "up" else 1)) % len(self._checkpoints)
        elif key[:1] == "f" and key[1:].isdecimal() and 1 <= int(key[1:]) <= F_KEYS:
            return self._choose(int(key[1:]) - 1)
        return Stay()

    def _choose(self, index: int) -> Outcome:
        if index >= len(self._checkpoints):
            return Stay()
        return Close((SwitchCheckpoint(self._checkpoints[index].name),))

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        self._sheet.update(dt)

    def draw(self, view: View) -> None:
        """Draw in logical pixels; reads only."""
        painter = PanelPainter(view, dy=-SLIDE_WAY * (1 - self._sheet.arrived))
        painter.dim(self._sheet.arrived)
        painter.sheet(self.frame)
        top = self.frame[1]
        painter.text("Checkpoints", 960, top + 66, SIZE_TITLE, face="display", anchor="center")
        if not self._checkpoints:
            painter.text("The API has not listed any.", 960, top + 144, SIZE_BODY, anchor="center")
        hot = hit_at(self.hits, *self._sheet.pointer)
        for hit, checkpoint in zip(self.hits, self._checkpoints, strict=True):
            self._row(painter, hit, checkpoint, hot=hit is hot)
        foot = self.frame[1] + self.frame[3] - 46
        painter.text(
            "Open orders live on, with the settings they were placed with  ·  Esc closes",
            960, foot, SIZE_LEAST, INK_SOFT, anchor="center", max_width=WIDE - 80,
        )  # fmt: skip

    def _row(self, painter: PanelPainter, hit: Hit, checkpoint: Checkpoint, hot: bool) -> None:
        x, y, w, h = hit.box
        here = checkpoint.name == self._current
        if hit.index == self._focus:
            painter.ring(hit.box, 18)
        painter.box(hit.box, GLOW if here else PAPER_LIT, 18, INK if here or hot else RULE)
        middle = y + h / 2
        if hit.index < F_KEYS:
            painter.keycap(f"F{hit.index + 1}", x + 16, middle)
        painter.text(
            checkpoint.name, x + 92, middle - 1, SIZE_BODY, face="bold", anchor="midleft", max_width=120
        )
        left, right = x + 224, x + w - (130 if here else 18)
        if checkpoint.problem:
            painter.text(
                checkpoint.problem, left, middle - 1, SIZE_LEAST, TOMATO, anchor="midleft",
                max_width=right - left,
            )  # fmt: skip
        else:
            painter.text(
                checkpoint.title, left, middle - 1, SIZE_BODY, anchor="midleft", max_width=right - left
            )
        if here:
            painter.text("in force", x + w - 18, middle - 1, SIZE_LEAST, face="bold", anchor="midright")
