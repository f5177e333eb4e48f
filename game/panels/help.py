"""The help: what the keys do, what a gopher and a cook are, and whose the gopher is."""

from __future__ import annotations

from game.inputs import Input, PointerPress
from game.layout import Box
from game.panels.base import Close, Outcome, Stay
from game.panels.paper import inset
from game.panels.widgets import RULE, SLIDE_WAY, Easel, Hit, Sheet, pressed_key
from game.theme import INK, INK_SOFT, SIZE_BODY, SIZE_HEAD, SIZE_LEAST, SIZE_TITLE, TOMATO
from game.view import View

FRAME: Box = (300, 60, 1320, 944)
LEFT, RIGHT = 360.0, 1560.0

MEANING = (
    ("An order", "is a gopher is a Temporal workflow."),
    ("A cook", "is a real worker process: kill it, its orders go on elsewhere."),
    ("A place", "is a stage: prepare, bake, deliver. Each is one activity."),
)

KEYS = (
    (("N",), "order a pizza"),
    (("1", "–", "9"), "kill that cook: SIGKILL to its process"),
    (("Shift", "1", "–", "9"), "start a worker at that place"),
    (("U",), "Temporal's own Web UI, in the browser"),
    (("H",), "this help"),
    (("F11",), "full screen, and back"),
)

POINTER = (
    ("Click a cook", "kill its process"),
    ("Click an empty place", "start a worker there"),
    ("Click a gopher", "see its order"),
)

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
        easel.text("Try to lose a pizza", LEFT, 100, SIZE_TITLE + 8, TOMATO, face="display")
        y = 186.0
        for who, what in MEANING:
            box = easel.text(who, LEFT, y, SIZE_BODY, face="bold")
            easel.text(what, LEFT + 130, y, SIZE_BODY, max_width=RIGHT - LEFT - 130)
            y += box[3] + 8
        y += 14
        easel.box((LEFT, y, RIGHT - LEFT, 3), RULE, 1)
        y += 40
        for caps, what in self._keys:
            self._keys_row(easel, caps, what, y)
            y += 52
        y -= 6
        easel.box((LEFT, y - 14, RIGHT - LEFT, 3), RULE, 1)
        y += 10
        for what, does in POINTER:
            easel.text(what, LEFT, y, SIZE_BODY, face="bold")
            easel.text(does, LEFT + 350, y, SIZE_BODY)
            y += 42
        bottom = inset(FRAME, 14)
        foot = bottom[1] + bottom[3] - 30
        easel.text(CREDIT, LEFT, foot, SIZE_LEAST, INK_SOFT, anchor="midleft")
        easel.text("any click or Esc closes", RIGHT, foot, SIZE_LEAST, INK_SOFT, anchor="midright")

    def _keys_row(self, easel: Easel, caps: tuple[str, ...], what: str, y: float) -> None:
        x = LEFT
        for cap in caps:
            if cap == "–":
                easel.text(cap, x + 6, y - 2, SIZE_BODY, anchor="midleft")
                x += 28
            else:
                x += easel.keycap(cap, x, y) + 8
        easel.text(
            what, LEFT + 350, y - 2, SIZE_HEAD - 6, INK, anchor="midleft", max_width=RIGHT - LEFT - 350
        )
