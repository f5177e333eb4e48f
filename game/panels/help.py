"""The help: what the keys do, what a gopher and a cook are, and whose the gopher is. In a kiosk, who points
has buttons instead of the keys, for all that has no button of its own in the kitchen.
"""

from __future__ import annotations

from dataclasses import replace

from game.accessibility import Access
from game.bindings import DEFAULT, OR, PLAY, TO, Bindings, HelpRow, in_kiosk
from game.drawing.shapes import inset
from game.drawing.view import View
from game.geometry import Box
from game.inputs import Device, Input, PointerPress
from game.panels.panel import Close, Outcome, Panel, Stay
from game.panels.widgets import PAPER_LIT, SLIDE_WAY, Hit, PanelPainter, Sheet, hit_at, pressed_key
from game.scene.hud.free_room import LOWEST, FreeRoom
from game.theme import INK_SOFT, SIZE_BODY, SIZE_LEAST, SIZE_TITLE, TOMATO

FRAME: Box = (110, 44, 1700, 968)
LEFT, RIGHT = 170.0, 1750.0
COLUMN = 770.0
"""How wide each of the two columns is; the second begins where the first one ends, and a gap."""
SECOND_COLUMN = RIGHT - COLUMN
SECOND = 284.0
"""Where what a key does stands, from its column's left edge."""

MEANING = (
    ("A gopher", "is an order, and a Temporal workflow."),
    ("A cook", "is a real worker process. Kill it: its orders go on elsewhere."),
    ("A place", "is a stage (prepare, bake, deliver): one activity each."),
    ("A key", "is what it types; where that does nothing, what else is printed on it."),
)

ROW = 45.0
WORDS = frozenset(row.caps[0] for row in PLAY if len(row.caps[0]) > 6)
"""What is done with the pointer stands in words, not as a key."""

BUTTONS = {
    "large": "Large text",
    "strong": "High contrast",
    "calm": "Less motion",
    "mute": "Sound on, or off",
    "figures": "The figures",
    "replay": "The last kill again",
    "stream": "Stream of orders",
    "chooser": "The checkpoints",
    "failures": "Failures",
}
"""What a kiosk's visitors can do by these buttons alone, or by a key."""
BUTTONS_TOP, BUTTONS_END, BUTTONS_GAP = 350.0, 926.0, 24.0
PAD_WORDS = "stick points · A clicks · Start orders · R1: a round · B closes"

CREDIT = "The Go gopher was designed by Renée French, CC BY 4.0"


def leaving(kiosk: bool) -> str:
    """What Esc does."""
    return "close what is open; held 3 s: leave" if kiosk else "close what is open, or leave"


def _buttons(failures_open: bool) -> tuple[Hit, ...]:
    """The buttons, in two rows."""
    names = [name for name in BUTTONS if failures_open or name != "failures"]
    across = (len(names) + 1) // 2
    wide = (RIGHT - LEFT + BUTTONS_GAP) / across
    high = (BUTTONS_END - BUTTONS_TOP + BUTTONS_GAP) / 2
    return tuple(
        Hit(
            (
                LEFT + n % across * wide,
                BUTTONS_TOP + n // across * high,
                wide - BUTTONS_GAP,
                high - BUTTONS_GAP,
            ),
            name,
        )
        for n, name in enumerate(names)
    )


def _draw_foot(painter: PanelPainter, words: str) -> None:
    bottom = inset(FRAME, 14)
    foot = bottom[1] + bottom[3] - 36
    painter.text(CREDIT, LEFT, foot, SIZE_LEAST, INK_SOFT, anchor="midleft")
    painter.text(words, RIGHT, foot, SIZE_LEAST, INK_SOFT, anchor="midright")


class HelpPanel(Panel):
    """Modal. Esc, H, Enter, Space or a press anywhere closes it."""

    modal = True

    def __init__(
        self,
        *,
        kiosk: bool,
        bindings: Bindings = DEFAULT,
        failures_open: bool = False,
        device: Device = Device.KEYBOARD,
    ) -> None:
        """`failures_open`: the failure menu can be used in this kiosk, too. `device` was used last."""
        self._device = device
        pointing = kiosk and device is not Device.KEYBOARD
        self._buttons = _buttons(failures_open) if pointing else ()
        bindings = in_kiosk(bindings, failures_open) if kiosk else bindings
        self._columns = (bindings.play, (*bindings.look, HelpRow(("Esc",), leaving(kiosk))))
        self._sheet = Sheet()

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The boxes that can be pressed: the buttons; a press elsewhere closes it."""
        return self._buttons or (Hit((0, 0, 1920, 1080), "close"),)

    def room_for_messages(self, free: FreeRoom) -> FreeRoom:
        """At the lower edge only: it covers all else."""
        return replace(free, top=max(free.top, LOWEST))

    def sheet_for(self, access: Access) -> Box:
        """Where its paper lies on the canvas, logical pixels."""
        return FRAME

    @property
    def wide(self) -> bool:
        """Whether its sheet is about as wide as the canvas: its text is large where that is small."""
        return True

    def handle(self, item: Input) -> Outcome:
        """Take one input."""
        self._sheet.follow(item)
        if isinstance(item, PointerPress):
            hit = self.target(item)
            return Close(action=hit.group if hit is not None and hit in self._buttons else "")
        if pressed_key(item) in ("escape", "h", "return", "space"):
            return Close()
        return Stay()

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        self._sheet.update(dt)

    def draw(self, view: View) -> None:
        """Draw in logical pixels; reads only."""
        painter = PanelPainter(view, dy=SLIDE_WAY * (1 - self._sheet.arrived))
        painter.dim(self._sheet.arrived)
        painter.sheet(FRAME)
        painter.text("Try to lose a pizza", 960, 106, SIZE_TITLE + 8, TOMATO, face="display", anchor="center")
        y = 152.0
        for who, what in MEANING:
            painter.text(who, LEFT + 476, y, SIZE_BODY, face="bold", anchor="topright")
            painter.text(what, LEFT + 490, y, SIZE_BODY, max_width=RIGHT - LEFT - 490)
            y += 42
        if self._buttons:
            self._draw_buttons(painter)
            return
        for left, rows in zip((LEFT, SECOND_COLUMN), self._columns, strict=True):
            self._column(painter, rows, left, y + 42)
        _draw_foot(painter, "any click or Esc closes")

    def _draw_buttons(self, painter: PanelPainter) -> None:
        hot = hit_at(self._buttons, *self._sheet.pointer)
        for hit in self._buttons:
            painter.button(hit.box, BUTTONS[hit.group], hot=hit is hot)
        pad = self._device is Device.GAMEPAD
        _draw_foot(painter, PAD_WORDS if pad else "a press anywhere else closes this")

    def _column(self, painter: PanelPainter, rows: tuple[HelpRow, ...], left: float, y: float) -> None:
        for n, row in enumerate(rows):
            if n % 2 == 0:
                painter.box((left - 16, y - ROW / 2, COLUMN + 16, ROW), PAPER_LIT, 14)
            self._row(painter, row.caps, row.words, left, y)
            y += ROW

    def _row(self, painter: PanelPainter, caps: tuple[str, ...], what: str, left: float, y: float) -> None:
        """One line of the table: key caps, or words for what is done with the pointer, and what it does."""
        x = left
        for cap in caps:
            if cap in (TO, OR):
                painter.text(cap, x + 6, y - 2, SIZE_BODY, face="bold", anchor="center")
                x += 18
            elif cap in WORDS:
                painter.text(cap, x, y - 1, SIZE_BODY, face="bold", anchor="midleft", max_width=SECOND - 12)
            else:
                x += painter.keycap(cap, x, y) + 6
        wide = COLUMN - SECOND - 12
        painter.text(what, left + SECOND, y - 1, SIZE_BODY, anchor="midleft", max_width=wide)
