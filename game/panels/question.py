"""A question with two answers, each with its key."""

from __future__ import annotations

from dataclasses import dataclass

from game.accessibility import Access
from game.actions import Command
from game.drawing.view import View
from game.geometry import Box
from game.inputs import Input, PointerPress
from game.panels.panel import Close, Outcome, Panel, Stay
from game.panels.widgets import SLIDE_WAY, Hit, PanelPainter, Sheet, hit_at, pressed_key
from game.theme import INK_SOFT, SIZE_BODY, SIZE_TITLE

FRAME: Box = (500, 340, 920, 400)
YES, NO = 0, 1
BUTTONS = (
    Hit((560, 622, 380, 66), "answer", YES),
    Hit((980, 622, 380, 66), "answer", NO),
)


@dataclass(frozen=True)
class Question:
    """What is asked, in a title and two lines, what the answers are called, and what "yes" does."""

    title: str
    lines: tuple[str, str]
    yes: str
    command: Command
    no: str = "Leave it"
    likely: int = NO
    """The answer that Enter gives at first; "no" for what cannot be taken back."""


class AskPanel(Panel):
    """Modal. Y or the first button does it; Esc and N leave all as it is; arrows and Tab move the focus,
    and Enter takes the answer that has it.
    """

    modal = True

    def __init__(self, question: Question) -> None:
        self._question = question
        self._focus = question.likely
        self._sheet = Sheet()

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The boxes that can be pressed."""
        return BUTTONS

    def sheet_for(self, access: Access) -> Box:
        """Where its paper lies on the canvas, logical pixels."""
        return FRAME

    def handle(self, item: Input) -> Outcome:
        """Take one input."""
        self._sheet.follow(item)
        if isinstance(item, PointerPress):
            hit = self.target(item)
            return self._answer(hit.index) if hit else Stay()
        key = pressed_key(item)
        if key == "y":
            return self._answer(YES)
        if key in ("n", "escape"):
            return self._answer(NO)
        if key in ("return", "space"):
            return self._answer(self._focus)
        if key in ("tab", "left", "right", "up", "down"):
            self._focus = NO if self._focus == YES else YES
        return Stay()

    def _answer(self, index: int) -> Outcome:
        return Close((self._question.command,)) if index == YES else Close()

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        self._sheet.update(dt)

    @property
    def lines(self) -> tuple[str, str]:
        """What is said below the title, now."""
        return self._question.lines

    def draw(self, view: View) -> None:
        """Draw in logical pixels; reads only."""
        painter, asked = PanelPainter(view, dy=SLIDE_WAY * (1 - self._sheet.arrived)), self._question
        painter.dim(self._sheet.arrived)
        painter.sheet(FRAME)
        painter.text(asked.title, 960, 424, SIZE_TITLE, face="display", anchor="center", max_width=840)
        for n, line in enumerate(self.lines):
            painter.text(line, 960, 498 + 46 * n, SIZE_BODY + 2, INK_SOFT, anchor="center", max_width=840)
        hot = hit_at(BUTTONS, *self._sheet.pointer)
        for hit, text, key in zip(BUTTONS, (asked.yes, asked.no), ("Y", "Esc"), strict=True):
            likely = hit.index == asked.likely == YES
            painter.button(hit.box, text, key, strong=likely, hot=hit is hot, focus=hit.index == self._focus)
