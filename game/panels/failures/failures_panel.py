"""The failure menu's sheet over the room; the cooks, to whom most of it happens, show below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from api_stub.schema import Failure
from game.actions import DoFailure
from game.api_state.failures_and_rounds import FailuresAndRounds
from game.drawing.view import View
from game.geometry import Box, inside
from game.inputs import Input, PointerMove, PointerPress
from game.panels.failures.menu_drawing import draw_detail, draw_log, draw_row, draw_time_line
from game.panels.failures.menu_text import KEYS, log_lines
from game.panels.panel import Close, Do, Outcome, Panel, Stay
from game.panels.widgets import SLIDE_WAY, Hit, PanelPainter, Sheet, hit_at, pressed_key
from game.scene.hud.free_room import FreeRoom
from game.theme import INK_SOFT, SIZE_BODY, SIZE_HEAD, SIZE_LEAST

FRAME: Box = (8, 132, 1904, 660)
LEFT, TOP = 50.0, 216.0
ROW_WIDE, ROW_HIGH, GAP = 540.0, 80.0, 4.0
ROWS = 5
RIGHT, RIGHT_WIDE = 1180.0, 692.0
DETAIL: Box = (LEFT, TOP + ROWS * (ROW_HIGH + GAP) - GAP + 12, 2 * ROW_WIDE + GAP, 124)
TIME_LINE: Box = (RIGHT, 216, RIGHT_WIDE, 184)
LOG: Box = (RIGHT, 466, RIGHT_WIDE, 298)
MOST_LINES = 12
CLOSED = "The failure menu is off in this kiosk: failures.allowed_in_kiosk in the config turns it on."
LACKING = "This API has no failure menu: it is an older one."
GROWTH = 1.12
"""How much larger large text is here: the sheet is full."""


class FailuresPanel(Panel):
    """Modal. A number or a press does a failure; arrows and Enter too. Esc, F and a press beside it close it.

    `known` tells what the API has told, `wall` the Unix time by its clock.
    """

    modal = True

    def __init__(self, known: Callable[[], FailuresAndRounds], wall: Callable[[], float]) -> None:
        self._known = known
        self._wall = wall
        self._focus = 0
        self._sheet = Sheet()

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Those that may be done, as far as the keys go; none where the menu is closed."""
        menu = self._known().menu
        return tuple(menu.failures[: len(KEYS)]) if menu is not None and menu.open else ()

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The boxes that can be pressed."""
        return tuple(
            Hit(
                (
                    LEFT + n // ROWS * (ROW_WIDE + GAP),
                    TOP + n % ROWS * (ROW_HIGH + GAP),
                    ROW_WIDE,
                    ROW_HIGH,
                ),
                "failure",
                n,
            )
            for n in range(len(self.failures))
        )

    @property
    def note(self) -> str:
        """Why there is no list; empty: there is one."""
        known = self._known()
        if known.failures_lacking:
            return LACKING
        if known.menu is None:
            return "The API has not told of its failures yet."
        return "" if known.menu.open else CLOSED

    def room_for_messages(self, free: FreeRoom) -> FreeRoom:
        """Below the sheet."""
        return replace(free, top=max(free.top, FRAME[1] + FRAME[3] + 22.0))

    def handle(self, item: Input) -> Outcome:
        """Take one input."""
        self._sheet.follow(item)
        if isinstance(item, PointerMove) and (over := hit_at(self.hits, item.x, item.y)) is not None:
            self._focus = over.index
        if isinstance(item, PointerPress):
            hit = self.target(item)
            if hit is not None:
                return self._choose(hit.index)
            return Stay() if inside(FRAME, item.x, item.y) else Close()
        key = pressed_key(item)
        if key in ("escape", "f"):
            return Close()
        if key and key in KEYS:
            return self._choose(KEYS.index(key))
        if key in ("return", "space"):
            return self._choose(self._focus)
        count = len(self.failures)
        steps = {"up": -1, "down": 1, "tab": 1, "left": -ROWS, "right": ROWS}
        if key in steps and count:
            self._focus = (self._focus + steps[key]) % count
        return Stay()

    def _choose(self, index: int) -> Outcome:
        found = self.failures
        if index >= len(found):
            return Stay()
        self._focus = index
        # What is grey tells its reason, and does nothing.
        return Do((DoFailure(found[index].id),)) if found[index].unavailable is None else Stay()

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        self._sheet.update(dt)

    def draw(self, view: View) -> None:
        """Draw in logical pixels; reads only."""
        painter = PanelPainter(view, dy=-SLIDE_WAY * (1 - self._sheet.arrived), growth=GROWTH)
        painter.sheet(FRAME)
        painter.text("What can go wrong", LEFT, TOP - 34, SIZE_HEAD, face="display", anchor="midleft")
        painter.text(
            "a number does it, really  ·  Esc closes", LEFT + 2 * ROW_WIDE, TOP - 32, SIZE_LEAST, INK_SOFT,
            anchor="midright", max_width=560,
        )  # fmt: skip
        known, failures = self._known(), self.failures
        if self.note:
            painter.text(self.note, LEFT, TOP + 60, SIZE_BODY, max_width=2 * ROW_WIDE)
        hot = hit_at(self.hits, *self._sheet.pointer)
        for hit, failure in zip(self.hits, failures, strict=True):
            draw_row(painter, hit, failure, hit.index == self._focus, hit is hot)
        if failures:
            draw_detail(painter, failures[min(self._focus, len(failures) - 1)], DETAIL)
        if known.menu is not None:
            painter.text("Timeouts in force", RIGHT, TOP - 34, SIZE_HEAD, face="display", anchor="midleft")
            draw_time_line(painter, known.menu.timeouts, TIME_LINE)
        if known.menu is not None and known.menu.open:
            painter.text("What noticed", RIGHT, LOG[1] - 30, SIZE_HEAD, face="display", anchor="midleft")
            titles = {failure.id: failure.title for failure in failures}
            draw_log(painter, log_lines(known.records, titles, self._wall(), MOST_LINES), LOG)
