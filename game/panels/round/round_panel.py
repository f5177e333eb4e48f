"""The panel of a round: the clock beside the kitchen, then the name of who played, then the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from game.accessibility import Access
from game.actions import FinishRound, StartRound
from game.api_state.failures_and_rounds import FailuresAndRounds
from game.drawing.view import View
from game.geometry import Box, inside
from game.inputs import Input, KeyPress, PointerPress
from game.panels.panel import Close, Do, Outcome, Panel, Stay
from game.panels.round.clock_plate import PLATE, draw_plate
from game.panels.round.keyboard import ERASE, LETTERS, draw_keyboard, draw_slots, keyboard
from game.panels.round.table import draw_columns
from game.panels.widgets import SLIDE_WAY, Hit, PanelPainter, Sheet, hit_at, pressed_key
from game.scene.hud.free_room import LOWEST, FreeRoom
from game.simulation import round as rules
from game.simulation.round import RoundPhase, RoundPlay
from game.theme import (
    BASIL,
    CANVAS,
    INK_SOFT,
    SIZE_BODY,
    SIZE_HEAD,
    SIZE_HERO,
    SIZE_LEAST,
    SIZE_SMALL,
    SIZE_TITLE,
    TOMATO,
)

FRAME: Box = (340, 40, 1240, 976)
MIDDLE = 960.0
KEYBOARD = keyboard(MIDDLE, 516.0)
SEND, SKIP, AGAIN, LEAVE = range(4)
NAMING = (Hit((420, 850, 520, 92), "do", SEND), Hit((980, 850, 520, 92), "do", SKIP))
TABLE = (Hit((420, 868, 520, 92), "do", AGAIN), Hit((980, 868, 520, 92), "do", LEAVE))
REFUSED_FRAME: Box = (460, 380, 1000, 260)
PLATE_GROWTH = 1.15
"""How much larger large text is beside the kitchen."""
STARTS_WITHIN = 6.0
"""Seconds after which a start without an answer is given up."""


class RoundPanel(Panel):
    """While the round is on it leaves the kitchen all inputs but Esc, which ends it; then it is modal.

    `known` tells what the API has told.
    """

    def __init__(self, known: Callable[[], FailuresAndRounds], starts: int) -> None:
        """`starts`: how many starts were answered before this one."""
        self._known = known
        self.modal = False
        self.play = RoundPlay(starts)
        self._sheet = Sheet()

    def _become(self, play: RoundPlay) -> None:
        self.play = play
        # Whoever plays needs the kitchen's keys, and so does nobody else.
        self.modal = play.phase in (RoundPhase.NAMING, RoundPhase.TABLE, RoundPhase.REFUSED)

    def room_for_messages(self, free: FreeRoom) -> FreeRoom:
        """Beside the clock; at the lower edge only where the sheet covers all else."""
        if self.play.phase in (RoundPhase.NAMING, RoundPhase.TABLE):
            return replace(free, top=max(free.top, LOWEST))
        return free

    def sheet_for(self, access: Access) -> Box:
        """Where its paper lies on the canvas, logical pixels: the sheet's, or the clock's."""
        if self.is_rule:
            return PLATE
        return FRAME if self.play.phase in (RoundPhase.NAMING, RoundPhase.TABLE) else (0, 0, *CANVAS)

    @property
    def is_rule(self) -> bool:
        """While it is played: how long there is to lose a pizza."""
        return self.play.phase in (RoundPhase.STARTING, RoundPhase.PLAYING)

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The boxes that can be pressed now."""
        if self.play.phase is RoundPhase.NAMING:
            return (*KEYBOARD, *NAMING)
        return TABLE if self.play.phase is RoundPhase.TABLE else ()

    def handle(self, item: Input) -> Outcome:
        """Take one input."""
        self._sheet.follow(item)
        phase, key = self.play.phase, pressed_key(item)
        if self.is_rule:
            return self._playing(key)
        if phase is RoundPhase.REFUSED:
            return Close() if key or isinstance(item, PointerPress) else Stay()
        if isinstance(item, PointerPress):
            hit = self.target(item)
            if hit is not None:
                return self._press(hit)
            leaves = phase is RoundPhase.TABLE and not inside(FRAME, item.x, item.y)
            return Close() if leaves else Stay()
        return self._naming(item, key) if phase is RoundPhase.NAMING else self._table(key)

    def _playing(self, key: str) -> Outcome:
        told = self.play.told
        if key != "escape":
            return Stay(used=False)
        return Do((FinishRound(told.n),)) if told is not None else Close()

    def _naming(self, item: Input, key: str) -> Outcome:
        if key == "escape":
            return self._do(SKIP)
        if key == "return":
            return self._do(SEND)
        # Who holds it down rubs out all of it.
        if isinstance(item, KeyPress) and item.plain and item.key == "backspace":
            self._become(rules.erased(self.play))
        elif len(key) == 1:
            self._become(rules.typed(self.play, key))
        return Stay()

    def _table(self, key: str) -> Outcome:
        if key in ("return", "g"):
            return self._do(AGAIN)
        return Close() if key in ("escape", "space") else Stay()

    def _press(self, hit: Hit) -> Outcome:
        if hit.group == "letter":
            self._become(rules.typed(self.play, LETTERS[hit.index]))
        elif hit.group == ERASE:
            self._become(rules.erased(self.play))
        else:
            return self._do(hit.index)
        return Stay()

    def _do(self, what: int) -> Outcome:
        told = self.play.told
        if what == LEAVE:
            return Close()
        if what == AGAIN:
            self._become(RoundPlay(self._known().starts))
            return Do((StartRound(),))
        if what == SKIP:
            self._become(rules.nameless(self.play))
        elif self.play.can_send and told is not None:
            self._become(rules.sent(self.play))
            return Do((FinishRound(told.n, self.play.name),))
        return Stay()

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass, and hear what the API has told."""
        before = self.play.phase
        self._become(rules.heard(rules.later(self.play, dt), self._known()))
        if self.play.phase is RoundPhase.STARTING and self.play.waited > STARTS_WITHIN:
            self._become(rules.refused(self.play, "The API has not answered."))
        if self.play.overdue > rules.TOLD_WITHIN_S:
            self._become(rules.refused(self.play, "The API has not told how it ended."))
        if before in (RoundPhase.STARTING, RoundPhase.PLAYING) and self.modal:
            # Another sheet: it slides in.
            self._sheet.age = 0.0
        self._sheet.update(dt)

    def draw(self, view: View) -> None:
        """Draw in logical pixels; reads only."""
        phase, away = self.play.phase, SLIDE_WAY * (1 - self._sheet.arrived)
        if self.is_rule:
            draw_plate(PanelPainter(view, dx=-away, growth=PLATE_GROWTH), self.play)
            return
        painter = PanelPainter(view, dy=away)
        painter.dim(self._sheet.arrived)
        if phase is RoundPhase.REFUSED:
            self._draw_refused(painter)
            return
        painter.sheet(FRAME)
        self._draw_figures(painter)
        if phase is RoundPhase.NAMING:
            self._draw_naming(painter)
        else:
            self._draw_table(painter)

    def _draw_refused(self, painter: PanelPainter) -> None:
        painter.sheet(REFUSED_FRAME)
        painter.text("No round now", MIDDLE, 456, SIZE_TITLE, face="display", anchor="center")
        why = self.play.why_not or "The API has not said why."
        painter.text(why, MIDDLE, 524, SIZE_BODY, anchor="center", max_width=900)
        painter.text("any key or click closes", MIDDLE, 584, SIZE_LEAST, INK_SOFT, anchor="center")

    def _draw_figures(self, painter: PanelPainter) -> None:
        """The result, by the API's record: what is lost is the largest."""
        told = self.play.told
        if told is None:
            return
        lost = f"{_counted(told.lost, 'pizza')} lost"
        painter.text(
            lost, MIDDLE, 118, SIZE_HERO, TOMATO if told.lost else BASIL, face="display", anchor="center",
            max_width=600,
        )  # fmt: skip
        counted = (
            f"{_counted(told.kills, 'kill')}  ·  {_counted(told.at_risk, 'pizza')} at risk  ·  "
            f"{told.takeovers} taken over"
        )
        painter.text(counted, MIDDLE, 196, SIZE_HEAD, face="bold", anchor="center", max_width=1120)
        waiting = told.at_risk - told.takeovers
        if told.state != "done" and waiting:
            words = f"{_counted(waiting, 'pizza')} still waiting: Temporal has another cook go on"
        else:
            words = "by the record of Temporal and the audit"
        painter.text(words, MIDDLE, 244, SIZE_SMALL, INK_SOFT, anchor="center", max_width=1120)

    def _draw_naming(self, painter: PanelPainter) -> None:
        play = self.play
        painter.text("Who played?", MIDDLE, 314, SIZE_TITLE, face="display", anchor="center")
        draw_slots(painter, play.name, rules.MOST, MIDDLE, 356)
        hint = play.refusal or ("…" if play.sending else f"{rules.LEAST} to {rules.MOST} letters")
        colour = TOMATO if play.refusal else INK_SOFT
        painter.text(hint, MIDDLE, 476, SIZE_BODY, colour, anchor="center", max_width=1120)
        hot = hit_at(self.hits, *self._sheet.pointer)
        draw_keyboard(painter, KEYBOARD, hot)
        send, skip = NAMING
        painter.button(
            send.box, "That's me", "Enter", strong=play.can_send, hot=hot is send and play.can_send
        )
        painter.button(skip.box, "No name", "Esc", hot=hot is skip)

    def _draw_table(self, painter: PanelPainter) -> None:
        own = self.play.told.n if self.play.told is not None else 0
        table = self._known().table
        draw_columns(painter, table, own, (400, 300, 540, 440), (980, 300, 540, 440))
        note = "most pizzas at risk first, then most kills"
        if table is not None and self.play.told is not None and all(one.n != own for one in table.today):
            # 20 of a day are told: a round that is done and not there was not among them.
            done = self.play.told.state == "done"
            note = "this round is not among today's best" if done else "this round is still being counted"
        painter.text(note, MIDDLE, 820, SIZE_LEAST, INK_SOFT, anchor="center", max_width=1120)
        hot = hit_at(self.hits, *self._sheet.pointer)
        again, leave = TABLE
        painter.button(again.box, "Once more", "Enter", strong=True, hot=hot is again)
        painter.button(leave.box, "To the kitchen", "Esc", hot=hot is leave)


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
