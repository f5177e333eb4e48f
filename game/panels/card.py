"""An order's card: a slip at the side, what Temporal knows of one pizza. The kitchen stays usable."""

from __future__ import annotations

from collections.abc import Callable

from api_stub.schema import Order, OrderStatus
from game.art import Art, GopherPose, PizzaState
from game.commands import OpenWebUI
from game.inputs import Input, PointerPress
from game.layout import Box, inside
from game.looks import look_for
from game.model import colour_of
from game.panels.base import Close, Do, Outcome, Stay
from game.panels.paper import mix
from game.panels.slip import Slip, StageLine, Step, slip_of
from game.panels.widgets import PAPER_LIT, RULE, SLIDE_WAY, Easel, Hit, Sheet, hit_at, pressed_key
from game.theme import (
    BASIL,
    CREAM,
    DUSK,
    GLOW,
    INK,
    INK_SOFT,
    PLASTER,
    SIZE_BODY,
    SIZE_HEAD,
    SIZE_LEAST,
    SIZE_SMALL,
    TOMATO,
    Colour,
)
from game.view import View

WIDTH, HEIGHT, TOP = 620.0, 868.0, 140.0
MARGIN = 34.0
OPEN, CLOSE = "open", "close"
STAGE_HIGH = 80.0
FAILURE_LINES = 3
ID_LINES = 4
ID_LEFT = 72.0
LINE = 28.0
NOTCHES = 10

POSES: dict[OrderStatus, GopherPose] = {
    OrderStatus.DELIVERED: GopherPose.HAPPY,
    OrderStatus.FAILED: GopherPose.WORRIED,
}
PIZZAS: dict[OrderStatus, PizzaState] = {
    OrderStatus.PREPARING: PizzaState.TOPPED,
    OrderStatus.RECEIVED: PizzaState.TOPPED,
    OrderStatus.UNKNOWN: PizzaState.TOPPED,
}


_NEWEST: dict[Step, Colour] = {
    "done": BASIL,
    "working": BASIL,
    "waiting": INK_SOFT,
    "later": INK_SOFT,
    "stopped": TOMATO,
}


def pale(worker: str) -> Colour:
    """A worker's colour as a ground that ink can be read on."""
    return mix(colour_of(worker), CREAM, 0.3)


class OrderCard:
    """Not modal: a press beside it goes to the kitchen. Esc and × close it, U shows the order in Temporal."""

    modal = False

    def __init__(
        self,
        order_id: str,
        look_up: Callable[[str], Order | None],
        ui: str | None,
        *,
        art: Art | None,
        side: str,
    ) -> None:
        """`look_up` is asked in every frame; `ui`: the Web UI, None while unknown; `side`: left or right."""
        self.order_id = order_id
        self._look_up = look_up
        self._ui = ui
        self._art = art
        self._way = 1 if side == "right" else -1
        x = 1920 - 24 - WIDTH if side == "right" else 24.0
        self.frame: Box = (x, TOP, WIDTH, HEIGHT)
        self._sheet = Sheet()
        self.hits = (
            Hit((x + WIDTH - 88, TOP + 28, 60, 60), CLOSE),
            Hit((x + MARGIN, TOP + HEIGHT - 102, WIDTH - 2 * MARGIN, 66), OPEN),
        )

    def handle(self, item: Input) -> Outcome:
        """Take one input."""
        self._sheet.follow(item)
        if isinstance(item, PointerPress):
            hit = hit_at(self.hits, item.x, item.y)
            if hit is not None:
                return Close() if hit.group == CLOSE else self._open()
            return Stay(used=inside(self.frame, item.x, item.y))
        key = pressed_key(item)
        if key == "escape":
            return Close()
        if key == "u":
            return self._open()
        return Stay(used=False)

    def _open(self) -> Outcome:
        return Do((OpenWebUI(self.order_id),))

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        self._sheet.update(dt)

    def draw(self, view: View) -> None:
        """Draw in logical pixels; reads only."""
        easel = Easel(view, self._art, dx=self._way * 2 * SLIDE_WAY * (1 - self._sheet.arrived))
        easel.sheet(self.frame)
        order = self._look_up(self.order_id)
        x, y = self.frame[0] + MARGIN, self.frame[1] + 30
        if order is None:
            easel.text(self.order_id, x, y, SIZE_HEAD, face="display", max_width=WIDTH - 150)
            easel.text("Nothing is known of this order.", x, y + 60, SIZE_BODY, INK_SOFT)
        else:
            self._draw_order(easel, order, x, y)
        self._draw_buttons(easel)

    def _draw_order(self, easel: Easel, order: Order, x: float, y: float) -> None:
        slip, wide = slip_of(order), WIDTH - 2 * MARGIN
        self._draw_head(easel, order, slip, x, y)
        y += 136
        for label, value in (("order", slip.order_id), ("run", slip.run_id or "not known")):
            easel.text(label, x, y, SIZE_LEAST, face="bold")
            for text in easel.pen.wrap(value, SIZE_LEAST, wide - ID_LEFT, lines=ID_LINES):
                easel.text(text, x + ID_LEFT, y, SIZE_LEAST, INK_SOFT, max_width=wide - ID_LEFT)
                y += LINE
        y += 10
        y = self._draw_pizza(easel, order, slip, x, y)
        for n, line in enumerate(slip.stages):
            self._draw_stage(easel, line, x, y, last=n == len(slip.stages) - 1)
            y += STAGE_HIGH
        self._draw_now(easel, slip, x, y + 2)
        y += 50
        if slip.failure:
            # A very long id leaves less room.
            room = int((self.hits[1].box[1] - 4 - y) / LINE)
            lines = max(1, min(FAILURE_LINES, room))
            text = f"Last failure: {slip.failure}"
            for n, part in enumerate(easel.pen.wrap(text, SIZE_LEAST, wide, lines=lines)):
                easel.text(part, x, y + LINE * n, SIZE_LEAST, TOMATO, max_width=wide)

    def _draw_head(self, easel: Easel, order: Order, slip: Slip, x: float, y: float) -> None:
        easel.box((x, y, 124, 124), DUSK, 24, INK)
        if easel.art is not None:
            pose = POSES.get(order.status, GopherPose.IDLE)
            easel.sprite(easel.art.gopher(look_for(order.id), pose, 108), x + 62, y + 116)
        left = x + 144
        room = WIDTH - 2 * MARGIN - 214
        easel.text(slip.title, left, y + 18, SIZE_HEAD, face="display", anchor="midleft", max_width=room)
        easel.icon(slip.icon, left + 20, y + 66, 40)
        text_left = left + (48 if easel.art is not None else 0)
        done = order.status is OrderStatus.DELIVERED
        bad = order.status is OrderStatus.FAILED
        easel.text(
            slip.status,
            text_left,
            y + 66,
            SIZE_BODY,
            BASIL if done else TOMATO if bad else INK,
            face="bold",
            anchor="midleft",
            max_width=x + WIDTH - 2 * MARGIN - text_left,
        )
        if slip.stale:
            easel.box((left, y + 90, 330, 36), INK, 18)
            easel.text(
                "last known, not just asked",
                left + 165,
                y + 108,
                SIZE_LEAST,
                GLOW,
                anchor="center",
                max_width=306,
            )

    def _draw_pizza(self, easel: Easel, order: Order, slip: Slip, x: float, y: float) -> float:
        wide = WIDTH - 2 * MARGIN
        easel.box((x, y, wide, 104), PAPER_LIT, 18, RULE)
        left = x + 18
        if easel.art is not None:
            state = PIZZAS.get(order.status, PizzaState.BAKED)
            easel.sprite(easel.art.pizza(state, order.toppings, 96), x + 56, y + 52)
            left = x + 112
        room = x + wide - 14 - left
        easel.text(slip.crust, left, y + 8, SIZE_SMALL, face="bold", max_width=room)
        for n, text in enumerate(easel.pen.wrap(slip.toppings, SIZE_LEAST, room, lines=2)):
            easel.text(text, left, y + 40 + 27 * n, SIZE_LEAST, max_width=room)
        return y + 120

    def _draw_stage(self, easel: Easel, line: StageLine, x: float, y: float, last: bool) -> None:
        middle = x + 26
        if not last:
            easel.box((middle - 3, y + 30, 6, STAGE_HIGH), INK if line.step == "done" else RULE, 0)
        fill = pale(line.worker) if line.worker else PLASTER if line.step == "waiting" else CREAM
        easel.disc(middle, y + 26, 25, fill, INK)
        mark = "×" if line.step == "stopped" else line.number or ("…" if line.step == "waiting" else "")
        easel.text(mark, middle, y + 26, SIZE_BODY, face="display", anchor="center")
        left, right = x + 68, x + WIDTH - 2 * MARGIN
        box = easel.text(line.title, left, y - 4, SIZE_BODY, face="bold")
        if line.worker:
            at = left + box[2] + 16
            wide = min(easel.pen.measure(line.worker, SIZE_SMALL, face="bold")[0], right - 170 - at)
            easel.box((at, y - 3, wide + 26, 36), pale(line.worker), 18, INK, 2)
            easel.text(
                line.worker, at + 13, y + 15, SIZE_SMALL, face="bold", anchor="midleft", max_width=wide + 2
            )
        if line.attempts > 0:
            easel.text(
                f"attempt {line.attempts}",
                right,
                y + 15,
                SIZE_SMALL,
                TOMATO if line.attempts > 1 else INK_SOFT,
                face="bold" if line.attempts > 1 else "text",
                anchor="midright",
                tabular=True,
            )
            for n in range(min(line.attempts, NOTCHES)):
                # The newest attempt is the last notch; those before it failed.
                colour = TOMATO if n else _NEWEST[line.step]
                easel.box((right - 8 - 13 * n, y + 38, 8, 20), colour, 4)
        easel.text(line.times, left, y + 32, SIZE_LEAST, INK_SOFT, tabular=True, max_width=right - left - 140)

    def _draw_now(self, easel: Easel, slip: Slip, x: float, y: float) -> None:
        wide = WIDTH - 2 * MARGIN
        easel.box((x, y - 4, wide, 42), PAPER_LIT, 14)
        easel.text(slip.now, x + 16, y + 17, SIZE_SMALL, face="bold", anchor="midleft", max_width=wide - 30)

    def _draw_buttons(self, easel: Easel) -> None:
        hot = hit_at(self.hits, *self._sheet.pointer)
        for hit in self.hits:
            if hit.group == OPEN:
                known = self._ui is not None
                text = "Open in Temporal" if known else "Web UI: address not known"
                easel.button(hit.box, text, "U", strong=known, hot=hit is hot)
            else:
                x, y, w, h = hit.box
                easel.box(hit.box, GLOW if hit is hot else PLASTER, 18, INK)
                easel.text("×", x + w / 2, y + h / 2 - 2, SIZE_HEAD + 6, face="bold", anchor="center")
