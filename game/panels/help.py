"""The help: what the keys do, what a gopher and a cook are, and whose the gopher is."""

from __future__ import annotations

from game.inputs import Input, PointerPress
from game.layout import Box
from game.panels.base import Close, Outcome, Stay
from game.panels.paper import inset
from game.panels.widgets import PAPER_LIT, SLIDE_WAY, Easel, Hit, Sheet, pressed_key
from game.theme import INK_SOFT, SIZE_BODY, SIZE_LEAST, SIZE_TITLE, TOMATO
from game.view import View

FRAME: Box = (390, 52, 1140, 964)
LEFT, RIGHT = 450.0, 1470.0
SECOND = 320.0
"""Where the second column begins, from the left."""

MEANING = (
    ("A gopher", "is an order, and a Temporal workflow."),
    ("A cook", "is a real worker process. Kill it: its orders go on elsewhere."),
    ("A place", "is a stage (prepare, bake, deliver): one activity each."),
)

TO = "–"
ROW = 56.0

KEYS = (
    (("N",), "order a pizza"),
    (("1", TO, "9"), "kill that cook: SIGKILL to its process"),
    (("Shift", "1", TO, "9"), "start a worker at that place"),
    (("U",), "Temporal's own Web UI, in the browser"),
    (("H",), "this help"),
    (("F11",), "full screen, and back"),
)

POINTER = (
    (("Click a cook",), "kill its process"),
    (("Click an empty place",), "start a worker there"),
    (("Click a gopher",), "see its order"),
)
POINTED = tuple(caps[0] for caps, _ in POINTER)

CREDIT = "The Go gopher was designed by Renée French, CC BY 4.0"


def leaving(kiosk: bool) -> str:
    """What Esc does."""
    return "close what is open; held for 3 s: leave" if kiosk else "close what is open, or leave"


class HelpPanel:
    """Modal. Esc, H, Enter, Space or a press anywhere closes it."""

    modal = True

    def __init__(self, *, kiosk: bool) -> None:
        self._keys = (*KEYS, (("Esc",), leaving(kiosk)))
        self._sheet = Sheet()

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The boxes that can be pressed: all of it."""
        return (Hit((0, 0, 1920, 1080), "close"),)

    def handle(self, item: Input) -> Outcome:
        """Take one input."""
        if isinstance(item, PointerPress) or pressed_key(item) in ("escape", "h", "return", "space"):
            return Close()
        return Stay()

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        self._sheet.update(dt)

    def draw(self, view: View) -> None:
        """Draw in logical pixels; reads only."""
        easel = Easel(view, dy=SLIDE_WAY * (1 - self._sheet.arrived))
        easel.dim(self._sheet.arrived)
        easel.sheet(FRAME)
        easel.text("Try to lose a pizza", 960, 126, SIZE_TITLE + 8, TOMATO, face="display", anchor="center")
        y = 184.0
        for who, what in MEANING:
            easel.text(who, LEFT, y, SIZE_BODY, face="bold")
            easel.text(what, LEFT + 150, y, SIZE_BODY, max_width=RIGHT - LEFT - 150)
            y += 42
        y += 40
        for n, (caps, what) in enumerate((*self._keys, *POINTER)):
            if n % 2 == 0:
                easel.box((LEFT - 20, y - 28, RIGHT - LEFT + 40, ROW), PAPER_LIT, 14)
            self._row(easel, caps, what, y)
            y += ROW
        bottom = inset(FRAME, 14)
        foot = bottom[1] + bottom[3] - 36
        easel.text(CREDIT, LEFT, foot, SIZE_LEAST, INK_SOFT, anchor="midleft")
        easel.text("any click or Esc closes", RIGHT, foot, SIZE_LEAST, INK_SOFT, anchor="midright")

    def _row(self, easel: Easel, caps: tuple[str, ...], what: str, y: float) -> None:
        """One line of the table: key caps, or words for what is done with the pointer, and what it does."""
        x = LEFT
        for cap in caps:
            if cap == TO:
                easel.text(cap, x + 8, y - 2, SIZE_BODY, face="bold", anchor="center")
                x += 24
            elif cap in POINTED:
                easel.text(cap, x, y - 1, SIZE_BODY, face="bold", anchor="midleft", max_width=SECOND - 20)
            else:
                x += easel.keycap(cap, x, y) + 8
        easel.text(what, LEFT + SECOND, y - 1, SIZE_BODY, anchor="midleft", max_width=RIGHT - LEFT - SECOND)
