"""The PIN that ends a kiosk: digits by key or by the sheet's buttons; the API alone knows which is right."""

from __future__ import annotations

from game.accessibility import Access
from game.actions import TryPin
from game.drawing.view import View
from game.geometry import Box
from game.inputs import Input, PointerPress
from game.panels.panel import Close, Do, Outcome, Panel, Stay
from game.panels.widgets import SLIDE_WAY, Hit, PanelPainter, Sheet, hit_at, pressed_key
from game.theme import INK, INK_SOFT, SIZE_BODY, SIZE_HERO, SIZE_TITLE

FRAME: Box = (660, 170, 600, 740)
LONGEST = 8
DIGITS = "123456789"
KEYS = (*DIGITS, "clear", "0", "enter")
HITS = tuple(Hit((720 + 164 * (n % 3), 420 + 112 * (n // 3), 152, 96), key) for n, key in enumerate(KEYS))
WORDS = {"clear": "Back", "enter": "OK"}


class PinPanel(Panel):
    """Modal. Enter or OK tries what was typed, Esc goes back to the kitchen."""

    modal = True

    def __init__(self) -> None:
        self._typed = ""
        self._said = "The PIN ends the exhibit. Esc goes back."
        self._sheet = Sheet()

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The boxes that can be pressed."""
        return HITS

    def sheet_for(self, access: Access) -> Box:
        """Where its paper lies on the canvas, logical pixels."""
        return FRAME

    def judged(self, right: bool | None) -> None:
        """The API has said that it is wrong, or (None) nobody could say."""
        self._said = "That is not the PIN." if right is False else "Nobody answers: try again in a moment."

    def handle(self, item: Input) -> Outcome:
        """Take one input."""
        self._sheet.follow(item)
        if isinstance(item, PointerPress):
            hit = self.target(item)
            return self._press(hit.group) if hit else Stay()
        key = pressed_key(item).removeprefix("keypad ").strip("[]")
        if key == "escape":
            return Close()
        names = {"return": "enter", "backspace": "clear", "delete": "clear"}
        return self._press(names.get(key, key))

    def _press(self, key: str) -> Outcome:
        if key == "enter" and self._typed:
            tried, self._typed = self._typed, ""
            self._said = "…"
            return Do((TryPin(tried),))
        if key == "clear":
            self._typed = self._typed[:-1]
        elif len(key) == 1 and key in DIGITS + "0" and len(self._typed) < LONGEST:
            self._typed += key
        return Stay()

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        self._sheet.update(dt)

    def draw(self, view: View) -> None:
        """Draw in logical pixels; reads only."""
        painter = PanelPainter(view, dy=SLIDE_WAY * (1 - self._sheet.arrived), growth=1.0)
        painter.dim(self._sheet.arrived)
        painter.sheet(FRAME)
        painter.text("PIN", 960, 240, SIZE_TITLE, face="display", anchor="center")
        painter.text("•" * len(self._typed), 960, 310, SIZE_HERO, INK, face="bold", anchor="center")
        painter.text(self._said, 960, 376, SIZE_BODY, INK_SOFT, anchor="center", max_width=540)
        hot = hit_at(HITS, *self._sheet.pointer)
        for hit in HITS:
            painter.button(
                hit.box, WORDS.get(hit.group, hit.group), hot=hit is hot, strong=hit.group == "enter"
            )
