"""The slip with the code to be fixed: which file, which line, what it says, and what the keys do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from api_stub.schema import Challenge
from game.accessibility import Access
from game.actions import AskReset, Command, EditFile, Redeploy
from game.drawing.art import Art
from game.drawing.kept_pictures import KeptSheet
from game.drawing.shapes import inset
from game.drawing.view import View
from game.geometry import Box, inside
from game.inputs import Input, PointerPress
from game.panels.code_colours import COLOURS
from game.panels.code_excerpt import CodeLine, excerpt, in_sight, problem_of, rows_of, state_of
from game.panels.magnifier import Magnifier
from game.panels.panel import Close, Do, Outcome, Panel, Stay
from game.panels.widgets import SLIDE_WAY, Hit, PanelPainter, Sheet, hit_at, pressed_key
from game.scene.hud.bug_sign import stuck_text
from game.scene.hud.free_room import FreeRoom
from game.simulation.stream_slider import BUG_HIGH, SIGN
from game.theme import (
    BASIL,
    CREAM,
    GLOW,
    INK,
    INK_SOFT,
    NIGHT,
    PLASTER,
    SIZE_BODY,
    SIZE_HEAD,
    SIZE_LEAST,
    SIZE_SMALL,
    TOMATO,
    WOOD,
    WOOD_DARK,
    mix,
)

GROWTH = 1.15
"""How much larger large text is here: the sheet is full, and a lens shows all of it larger."""
FRAME: Box = (1116, 140, 780, 868)
CODE_LEFT, CODE_WIDE = 1140.0, 732.0
CODE_PAD = 24.0
SIGNS_END = SIGN[1] + SIGN[3] + BUG_HIGH + 24.0
"""Where the stream's sign and the one below it end."""
CODE_INDENT = 82.0
"""From the left edge of the code's ground to its first column."""
LINE = 32.0
LINES = 13
"""Of code at most; a long path leaves room for fewer."""
MOST_INDENT = 16
"""Columns of indentation that are shown of a line at most."""
HANGING = 2
"""Columns by which the second row of a long line is indented further."""
EDIT, DEPLOY, RESET, CLOSE = "edit", "deploy", "reset", "close"
HITS = (
    Hit((1808, 168, 60, 60), CLOSE),
    Hit((1148, 918, 228, 60), EDIT),
    Hit((1392, 918, 228, 60), DEPLOY),
    Hit((1636, 918, 228, 60), RESET),
)
LABELS = {EDIT: ("E", "Edit"), DEPLOY: ("R", "Restart"), RESET: ("X", "Bug back")}
MARK = mix(CREAM, TOMATO, 0.24)
PATH_LINES = 9
MESSAGE_LINES = 3


class BugSlip(Panel):
    """Not modal: the kitchen stays usable. Esc, B and × close it; E, R and X do what the buttons do."""

    modal = False
    side = "right"

    def __init__(
        self,
        look_up: Callable[[], Challenge | None],
        *,
        art: Art | None,
        asked: bool,
        fixable: Callable[[], bool] = lambda: True,
        closed: bool = False,
    ) -> None:
        """`look_up` is asked in every frame; `asked`: it leaves only when a person closes it, or when
        there is no bug to fix any more (`fixable`). `closed`: in a kiosk no editor opens beside the game.
        """
        self._closed = closed
        self._look_up = look_up
        self.art = art
        self._asked = asked
        self._fixable = fixable
        self._sheet = Sheet()
        self._calm = 0.0
        self._kept = KeptSheet()
        self._magnifier = Magnifier(FRAME, GROWTH)

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The boxes that can be pressed."""
        return tuple(hit for hit in HITS if hit.group != EDIT) if self._closed else HITS

    @property
    def box(self) -> Box:
        """Where it was drawn last."""
        return self._magnifier.box

    @property
    def over(self) -> bool:
        """Whether there is nothing to fix, or it came by itself and its pizzas have gone on by now."""
        return not self._fixable() or (not self._asked and self._calm > 3.0)

    def room_for_messages(self, free: FreeRoom) -> FreeRoom:
        """Beside it, and under the two signs that may hang there."""
        return replace(free, right=min(free.right, self.box[0]), top=max(free.top, SIGNS_END))

    def sheet_for(self, access: Access) -> Box:
        """Where its paper lies on the canvas, logical pixels."""
        return FRAME

    def handle(self, item: Input) -> Outcome:
        """Take one input."""
        item = self._magnifier.inner(item)
        self._sheet.follow(item)
        if isinstance(item, PointerPress):
            hit = self.target(item)
            if hit is not None:
                return Close() if hit.group == CLOSE else self._do(hit.group)
            return Stay(used=inside(FRAME, item.x, item.y))
        key = pressed_key(item)
        if key in ("escape", "b"):
            return Close()
        wanted = {"e": EDIT, "r": DEPLOY, "x": RESET}.get(key)
        return self._do(wanted) if wanted else Stay(used=False)

    def _do(self, what: str) -> Outcome:
        challenge = self._look_up()
        command: Command
        if what == DEPLOY:
            command = Redeploy()
        elif what == RESET:
            command = AskReset()
        elif challenge is None or challenge.file is None or self._closed:
            return Stay()
        else:
            command = EditFile(challenge.file)
        return Do((command,))

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        self._sheet.update(dt)
        challenge = self._look_up()
        self._calm = 0.0 if challenge is not None and challenge.stuck else self._calm + dt

    def draw(self, view: View) -> None:
        """Draw in logical pixels; reads only."""
        view = self._magnifier.view(view)
        challenge = self._look_up()
        hot = hit_at(self.hits, *self._sheet.pointer)
        key = (challenge, hot, view.scale, self._seconds) if self._sheet.arrived >= 1.0 else None
        self._kept.draw(view, FRAME, key, lambda: self._paint(view, challenge))

    @property
    def _seconds(self) -> int:
        return int(self._sheet.age)

    def _paint(self, view: View, challenge: Challenge | None) -> None:
        painter = PanelPainter(view, self.art, dx=2 * SLIDE_WAY * (1 - self._sheet.arrived), growth=GROWTH)
        painter.box(FRAME, WOOD, 34, WOOD_DARK, 4)
        painter.box(inset(FRAME, 14), CREAM, 22, WOOD_DARK)
        x, y, wide = FRAME[0] + 34, FRAME[1] + 30, FRAME[2] - 68
        title = "Can you fix it?"
        painter.text(title, x, y, SIZE_HEAD + 4, face="display")
        self._close(painter)
        if challenge is None or challenge.file is None:
            painter.text("The API has not told of a bug.", x, y + 70, SIZE_BODY, INK_SOFT)
            return
        stuck = stuck_text(challenge.stuck)
        box_wide = painter.pen.measure(stuck, SIZE_BODY, face="bold")[0] + 40
        left = x + max(300.0, painter.pen.measure(title, SIZE_HEAD + 4, face="display")[0] + 20)
        painter.box((left, y, box_wide, 46), TOMATO if challenge.stuck else BASIL, 23)
        painter.text(stuck, left + box_wide / 2, y + 23, SIZE_BODY, CREAM, face="bold", anchor="center")
        y += 66
        y = self._path(painter, challenge.file, x, y, wide)
        foot = HITS[1].box[1] - 44
        rows = min(LINES + 1, int((foot - 20 - 31 * MESSAGE_LINES - CODE_PAD - y) / LINE))
        y = self._code(painter, excerpt(challenge, rows - 1), y + 14, rows) + 14
        problem = problem_of(challenge)
        if problem is not None:
            for part in painter.pen.wrap(problem.message, SIZE_SMALL, wide, face="bold", lines=MESSAGE_LINES):
                painter.text(part, x, y, SIZE_SMALL, TOMATO, face="bold", max_width=wide)
                y += 31
        text, good = state_of(challenge)
        painter.text(text, x, foot + 14, SIZE_BODY, BASIL if good else INK, anchor="midleft", max_width=wide)
        self._buttons(painter, strong=EDIT if challenge.deployed else DEPLOY)

    def _path(self, painter: PanelPainter, file: str, x: float, y: float, wide: float) -> float:
        painter.text("The cooks' code is this file:", x, y, SIZE_SMALL, INK_SOFT)
        y += 32
        for part in path_lines(painter, file, wide):
            painter.text(part, x, y, SIZE_SMALL, face="bold", max_width=wide)
            y += 31
        return y

    def _code(self, painter: PanelPainter, lines: tuple[CodeLine, ...], y: float, rows: int) -> float:
        """The lines on a dark ground of `rows` from `y` down; where it ends."""
        x, w = CODE_LEFT, CODE_WIDE
        high = CODE_PAD + LINE * rows
        painter.box((x, y, w, high), NIGHT, 18, INK)
        bottom = y + high
        y += CODE_PAD / 2
        cell = painter.pen.measure("0" * 100, SIZE_LEAST, face="code")[0] / 100
        broken = [rows_of(line.text, _columns(line, cell)) for line in lines]
        marked = next((n for n, line in enumerate(lines) if line.marked), 0)
        for n in in_sight([len(parts) for parts in broken], marked, rows):
            self._line(painter, lines[n], broken[n], y, cell)
            y += LINE * len(broken[n])
        return bottom

    def _line(
        self, painter: PanelPainter, line: CodeLine, rows: tuple[tuple[int, int], ...], y: float, cell: float
    ) -> None:
        x, w = CODE_LEFT, CODE_WIDE
        if line.marked:
            painter.box((x + 6, y - 1, w - 12, LINE * len(rows)), GLOW, 8)
            for n in range(11):
                # A pointer of ever shorter columns: no typeface here has one.
                tall = 22.0 - 2 * n
                painter.box((x + 12 + 1.5 * n, y + LINE / 2 - 2 - tall / 2, 2.5, tall), TOMATO)
        painter.text(
            str(line.number), x + 70, y + LINE / 2 - 1, SIZE_LEAST,
            INK if line.marked else PLASTER, face="code", anchor="midright",
        )  # fmt: skip
        for n, (begin, end) in enumerate(rows):
            left = x + CODE_INDENT + cell * (min(line.indent, MOST_INDENT) + (HANGING if n else 0))
            middle, room = y + LINE / 2 - 1 + n * LINE, x + w - 16
            if line.marked:
                painter.text(
                    line.text[begin:end], left, middle, SIZE_LEAST, INK,
                    face="code", anchor="midleft", max_width=room - left,
                )  # fmt: skip
                continue
            for part in line.parts:
                text = part.text[max(0, begin - part.column) : max(0, end - part.column)]
                at = left + cell * (max(part.column, begin) - begin)
                if text.strip() and at < room:
                    painter.text(
                        text, at, middle, SIZE_LEAST, COLOURS[part.kind],
                        face="code", anchor="midleft", max_width=room - at,
                    )  # fmt: skip

    def _close(self, painter: PanelPainter) -> None:
        hot = hit_at(self.hits, *self._sheet.pointer)
        x, y, w, h = HITS[0].box
        painter.box(HITS[0].box, GLOW if hot is HITS[0] else PLASTER, 18, INK)
        painter.text("×", x + w / 2, y + h / 2 - 2, SIZE_HEAD + 6, face="bold", anchor="center")

    def _buttons(self, painter: PanelPainter, strong: str) -> None:
        hot = hit_at(self.hits, *self._sheet.pointer)
        for hit in self.hits[1:]:
            key, text = LABELS[hit.group]
            painter.button(hit.box, text, key, strong=hit.group == strong, hot=hit is hot)


def _columns(line: CodeLine, cell: float) -> int:
    """How many characters of a line fit beside its number."""
    room = CODE_WIDE - 16 - CODE_INDENT
    return int(room / cell) - min(line.indent, MOST_INDENT)


def path_lines(painter: PanelPainter, file: str, wide: float) -> list[str]:
    """A path on as many lines as it needs, broken behind its slashes; all of it, unless it is absurd."""
    found: list[str] = []
    line = ""
    for n, part in enumerate(file.split("/")):
        piece = part if n == 0 else "/" + part
        if line and painter.pen.measure(line + piece, SIZE_SMALL, face="bold")[0] > wide:
            found.append(line)
            line = piece
        else:
            line += piece
    found.append(line)
    return found if len(found) <= PATH_LINES else ["…" + found[-PATH_LINES], *found[1 - PATH_LINES :]]
