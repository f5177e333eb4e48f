"""Really leave? Says what becomes of the open orders, and which key answers what."""

from __future__ import annotations

from game.commands import Quit
from game.inputs import Input, PointerPress
from game.layout import Box
from game.panels.base import Close, Outcome, Stay
from game.panels.widgets import SLIDE_WAY, Easel, Hit, Sheet, hit_at, pressed_key
from game.theme import INK_SOFT, SIZE_HEAD, SIZE_TITLE
from game.view import View

FRAME: Box = (560, 340, 800, 400)
LEAVE, STAY = 0, 1
BUTTONS = (
    Hit((620, 622, 320, 66), "answer", LEAVE),
    Hit((980, 622, 320, 66), "answer", STAY),
)


def question(open_orders: int) -> tuple[str, str]:
    """What leaving means, in two lines."""
    if open_orders == 0:
        return "No order is open.", "Nothing is lost either way."
    if open_orders == 1:
        return "1 order is open. It lives on in Temporal", "and goes on when you come back."
    return f"{open_orders:,} orders are open. They live on in Temporal", "and go on when you come back."


class QuitPanel:
    """Modal. Enter or Y leaves, Esc or N stays; arrows and Tab move the focus."""

    modal = True

    def __init__(self, open_orders: int) -> None:
        self._lines = question(open_orders)
        self._focus = LEAVE
        self._sheet = Sheet()

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The boxes that can be pressed."""
        return BUTTONS

    def handle(self, item: Input) -> Outcome:
        """Take one input."""
        self._sheet.follow(item)
        if isinstance(item, PointerPress):
            hit = hit_at(BUTTONS, item.x, item.y)
            return self._answer(hit.index) if hit else Stay()
        key = pressed_key(item)
        if key == "y":
            return self._answer(LEAVE)
        if key in ("n", "escape"):
            return self._answer(STAY)
        if key in ("return", "space"):
            return self._answer(self._focus)
        if key in ("tab", "left", "right", "up", "down"):
            self._focus = STAY if self._focus == LEAVE else LEAVE
        return Stay()

    def _answer(self, index: int) -> Outcome:
        return Close((Quit(),)) if index == LEAVE else Close()

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        self._sheet.update(dt)

    def draw(self, view: View) -> None:
        """Draw in logical pixels; reads only."""
        easel = Easel(view, dy=SLIDE_WAY * (1 - self._sheet.arrived))
        easel.dim(self._sheet.arrived)
        easel.sheet(FRAME)
        easel.text("Leave the pizzeria?", 960, 424, SIZE_TITLE, face="display", anchor="center")
        for n, line in enumerate(self._lines):
            easel.text(line, 960, 498 + 46 * n, SIZE_HEAD - 2, INK_SOFT, anchor="center", max_width=720)
        hot = hit_at(BUTTONS, *self._sheet.pointer)
        for hit, text, key in zip(BUTTONS, ("Leave", "Stay"), ("Y", "Esc"), strict=True):
            easel.button(
                hit.box, text, key, strong=hit.index == LEAVE, hot=hit is hot, focus=hit.index == self._focus
            )
