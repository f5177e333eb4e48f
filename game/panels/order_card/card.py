"""An order's card: one order's life as a picture, and where Temporal shows it. The kitchen stays usable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from api_stub.schema import HeartbeatTimeout, HistoryEvent, Order, OrderStatus, Receipt
from game.accessibility import Access
from game.actions import OpenWebUI
from game.api_state.conditions import Condition, condition_of
from game.api_state.order_merge import FINAL
from game.drawing.art import Art, GopherPose, PizzaState
from game.drawing.view import View
from game.geometry import Box, inside
from game.inputs import Input, PointerPress
from game.panels.magnifier import Magnifier
from game.panels.order_card import qr
from game.panels.order_card.life import Life, life_of
from game.panels.order_card.life_drawing import draw_life
from game.panels.order_card.text import CardText, card_text, kill_text, unheard_sentence
from game.panels.panel import Close, Do, Outcome, Panel, Stay
from game.panels.widgets import PAPER_LIT, RULE, SLIDE_WAY, Hit, PanelPainter, Sheet, hit_at, pressed_key
from game.scene.hud.free_room import FreeRoom
from game.simulation.appearance import look_for
from game.theme import (
    BASIL,
    CANVAS,
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
)

WIDTH, HEIGHT, TOP, MARGIN = 680.0, 868.0, 140.0, 34.0
INNER = WIDTH - 2 * MARGIN
OPEN, CLOSE = "open", "close"
ID_LINES = 4
LINE = 28.0
BUTTON_HIGH = 60.0
GROWTH = 1.1
"""How much larger large text is here: the sheet is full, and a lens shows all of it larger."""
QR_ROOM = 262.0
"""Most that the QR code may take, from side to side."""

POSES: dict[OrderStatus, GopherPose] = {
    OrderStatus.DELIVERED: GopherPose.HAPPY,
    OrderStatus.FAILED: GopherPose.WORRIED,
}
PIZZAS: dict[OrderStatus, PizzaState] = {
    OrderStatus.PREPARING: PizzaState.TOPPED,
    OrderStatus.RECEIVED: PizzaState.TOPPED,
    OrderStatus.UNKNOWN: PizzaState.TOPPED,
}
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class OrderContext:
    """What is known beside the order itself: its history, the receipts, false time-outs, and the time by the
    API's clock (Unix seconds).
    """

    history: tuple[HistoryEvent, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    wall: float = 0.0
    timeouts: tuple[HeartbeatTimeout, ...] = ()
    namespace: str = "default"


def run_lines(run_id: str, fits: Callable[[str], bool]) -> list[str]:
    """A run id on one line where it fits, else on two, parted at its last dash; nothing for none."""
    if not run_id or fits(f"run {run_id}"):
        return [f"run {run_id}"] if run_id else []
    head, dash, tail = run_id.rpartition("-")
    return [f"run {head}{dash}", tail] if head else [f"run {run_id}"]


class OrderCard(Panel):
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
        context: Callable[[], OrderContext] = OrderContext,
        closed: bool = False,
        public_url: str | None = None,
    ) -> None:
        """`look_up` and `context` are asked in every frame; `ui`: the Web UI, None while unknown; `side`:
        left or right. `closed`: in a kiosk nothing opens beside the game, and the QR code is `public_url`.
        """
        self.order_id = order_id
        self._look_up = look_up
        self._ui = public_url if closed else ui
        self._closed = closed
        self.art = art
        self._context = context
        self._way = 1 if side == "right" else -1
        x = 1920 - 24 - WIDTH if side == "right" else 24.0
        self.frame: Box = (x, TOP, WIDTH, HEIGHT)
        self._sheet = Sheet()
        self._magnifier = Magnifier(self.frame, GROWTH)
        # Beside the QR code, or as wide as the card where there is none.
        left = x + MARGIN + (QR_ROOM + 20 if self._ui else 0.0)
        bottom = TOP + HEIGHT - 34
        self._foot: Box = (left, bottom - BUTTON_HIGH - 5, x + WIDTH - MARGIN - left, BUTTON_HIGH)
        close, ways_out = Hit((x + WIDTH - 88, TOP + 28, 60, 60), CLOSE), (Hit(self._foot, OPEN),)
        self._hits: tuple[Hit, ...] = (close, *(() if closed else ways_out))

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The boxes that can be pressed."""
        return self._hits

    @property
    def box(self) -> Box:
        """Where it was drawn last."""
        return self._magnifier.box

    def room_for_messages(self, free: FreeRoom) -> FreeRoom:
        """Beside it, where it lies at the right."""
        left = self.box[0]
        return replace(free, right=min(free.right, left)) if left > CANVAS[0] / 2 else free

    def sheet_for(self, access: Access) -> Box:
        """Where its paper lies on the canvas, logical pixels."""
        return self.frame

    def handle(self, item: Input) -> Outcome:
        """Take one input."""
        item = self._magnifier.inner(item)
        self._sheet.follow(item)
        if isinstance(item, PointerPress):
            hit = self.target(item)
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
        return Stay() if self._closed else Do((OpenWebUI(self.order_id),))

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        self._sheet.update(dt)

    def draw(self, view: View) -> None:
        """Draw in logical pixels; reads only."""
        view = self._magnifier.view(view)
        dx = self._way * 2 * SLIDE_WAY * (1 - self._sheet.arrived)
        painter = PanelPainter(view, self.art, dx=dx, growth=GROWTH)
        painter.sheet(self.frame)
        order = self._look_up(self.order_id)
        x, y = self.frame[0] + MARGIN, self.frame[1] + 30
        if order is None:
            painter.text(self.order_id, x, y, SIZE_HEAD, face="display", max_width=WIDTH - 150)
            painter.text("Nothing is known of this order.", x, y + 60, SIZE_BODY, INK_SOFT)
        else:
            self._draw_order(painter, order, x, y)
        self._draw_buttons(painter)

    def _draw_order(self, painter: PanelPainter, order: Order, x: float, y: float) -> None:
        context = self._context()
        life = life_of(order, context.history, context.receipts, context.wall, context.timeouts)
        shown = card_text(order, life, context.wall)
        self._draw_head(painter, order, shown, x, y)
        y += 120
        painter.text("order", x, y, SIZE_LEAST, face="bold")
        left = painter.pen.measure("order", SIZE_LEAST, face="bold")[0] + 12
        for text in painter.pen.wrap(shown.order_id, SIZE_LEAST, INNER - left, lines=ID_LINES):
            painter.text(text, x + left, y, SIZE_LEAST, INK_SOFT, max_width=INNER - left)
            y += LINE
        y = self._draw_pizza(painter, order, shown, x, y + 5)
        y = draw_life(painter, shown, life, x, y, INNER)
        self._draw_foot(painter, order, shown, life, y + 6)

    def _draw_head(self, painter: PanelPainter, order: Order, shown: CardText, x: float, y: float) -> None:
        painter.box((x, y, 108, 108), DUSK, 24, INK)
        if painter.art is not None:
            pose = POSES.get(order.status, GopherPose.IDLE)
            painter.sprite(painter.art.gopher(look_for(order.id), pose, 96), x + 54, y + 103)
        left = x + 126
        room = INNER - 126 - 70
        painter.text(shown.title, left, y + 14, SIZE_HEAD, face="display", anchor="midleft", max_width=room)
        painter.icon(shown.icon, left + 20, y + 56, 38)
        text_left = left + (48 if painter.art is not None else 0)
        done = order.status is OrderStatus.DELIVERED
        bad = condition_of(order) not in (None, Condition.CANCELLED)
        colour, room = BASIL if done else TOMATO if bad else INK, x + INNER - 70 - text_left
        painter.text(
            shown.status, text_left, y + 56, SIZE_BODY, colour, face="bold", anchor="midleft", max_width=room
        )
        room = x + INNER - left
        if shown.stale:
            # What is not fresh says so, in front of what was last known.
            words = "last known"
            wide = painter.pen.measure(words, SIZE_LEAST, face="bold")[0]
            painter.box((left, y + 79, wide + 24, 32), INK, 16)
            painter.text(words, left + 12, y + 95, SIZE_LEAST, GLOW, face="bold", anchor="midleft")
            left, room = left + wide + 34, room - wide - 34
        painter.text(shown.now, left, y + 95, SIZE_SMALL, anchor="midleft", max_width=room)

    def _draw_pizza(self, painter: PanelPainter, order: Order, shown: CardText, x: float, y: float) -> float:
        left = x + (104 if painter.art is not None else 18)
        room = x + INNER - 14 - left
        toppings = painter.pen.wrap(shown.toppings, SIZE_LEAST, room, lines=2)
        high = 66.0 + 26 * (len(toppings) - 1)
        painter.box((x, y, INNER, high), PAPER_LIT, 18, RULE)
        if painter.art is not None:
            state = PIZZAS.get(order.status, PizzaState.BAKED)
            painter.sprite(painter.art.pizza(state, order.toppings, high - 6), x + 52, y + high / 2)
        painter.text(shown.crust, left, y + 4, SIZE_SMALL, face="bold", max_width=room)
        for n, text in enumerate(toppings):
            painter.text(text, left, y + 33 + 26 * n, SIZE_LEAST, max_width=room)
        return y + high + 12

    def _draw_foot(
        self, painter: PanelPainter, order: Order, shown: CardText, life: Life | None, y: float
    ) -> None:
        """The way into Temporal, and in words what went wrong on the way: deaths, and the last failure."""
        left, top, wide, _ = self._foot
        if not self._draw_code(painter, order, y):
            left, wide = self.frame[0] + MARGIN, INNER
        kills = [unheard_sentence(one) for one in life.unheard[-1:]] if life else []
        paused, over = condition_of(order) is Condition.PAUSED, order.status in FINAL
        kills += [kill_text(kill, paused, over) for kill in life.kills[-2:]] if life else []
        failure = f"Last failure: {shown.failure}" if shown.failure else ""
        free = int((top - 8 - y) / LINE)
        for text in (failure, *kills):
            room = min(free, 3 if text is failure else 2)
            if not text or room < 1:
                continue
            for part in painter.pen.wrap(text, SIZE_LEAST, wide, lines=room):
                painter.text(part, left, y, SIZE_LEAST, TOMATO if text is failure else INK, max_width=wide)
                y, free = y + LINE, free - 1
        run = run_lines(shown.run_id, lambda text: painter.pen.measure(text, SIZE_LEAST)[0] <= wide)
        if y + 6 + LINE * len(run) <= top - 4:
            for n, part in enumerate(run):
                painter.text(part, left, y + 6 + LINE * n, SIZE_LEAST, INK_SOFT, max_width=wide)

    def _draw_code(self, painter: PanelPainter, order: Order, y: float) -> bool:
        """The QR code of the order's page, with its quiet zone; whether there is such a page, and room."""
        page = self._ui if self._closed else qr.page_of(self._ui, self._context().namespace, order)
        if page is None:
            return False
        x, bottom = self.frame[0] + MARGIN, TOP + HEIGHT - 30
        view = painter.view
        # With room for the words over it; where it is scarce, the code alone; in a small window, whose
        # pixels are coarse, a little smaller than it should be.
        room = min(QR_ROOM, bottom - y)
        px = qr.side_of(page, min(QR_ROOM, room - LINE), view.scale) or qr.side_of(page, room, view.scale)
        if not px and view.scale < 1:
            px = qr.side_of(page, room, view.scale, least=qr.LEAST_MODULE * 0.7)
        found = qr.picture(page, px, INK, CREAM) if px else None
        if found is None:
            return False
        side = px / view.scale
        top = bottom - side
        corner = painter.moved((x + (QR_ROOM - side) / 2, top, side, side))
        view.surface.blit(found, view.pos(corner[0], corner[1]))
        words = "opens on this computer" if urlsplit(page).hostname in LOOPBACK else "its page in Temporal"
        words = "more about all this" if self._closed else words
        if top - y >= LINE - 2:
            painter.text(
                words, x + QR_ROOM / 2, top - 2, SIZE_LEAST, INK_SOFT, anchor="midbottom", max_width=QR_ROOM
            )
        return True

    def _draw_buttons(self, painter: PanelPainter) -> None:
        hot = hit_at(self.hits, *self._sheet.pointer)
        for hit in self.hits:
            if hit.group == OPEN:
                known = self._ui is not None
                text = "Open in Temporal" if known else "Web UI: address not known"
                painter.button(hit.box, text, "U", strong=known, hot=hit is hot)
            else:
                x, y, w, h = hit.box
                painter.box(hit.box, GLOW if hit is hot else PLASTER, 18, INK)
                painter.text("×", x + w / 2, y + h / 2 - 2, SIZE_HEAD + 6, face="bold", anchor="center")
