"""The kitchens, panels and moments that the golden pictures show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from api_stub.schema import (
    TOPPINGS,
    Checkpoint,
    Custodian,
    HeartbeatTimeout,
    Menu,
    Order,
    ReceiptOrder,
    Stage,
    StageView,
    StreamSettings,
)
from game.accessibility import Access
from game.api_state.news import OrdersSeen, RecordsSeen
from game.drawing.art import Art
from game.inputs import Device
from game.panels.help import HelpPanel
from game.panels.order_card.card import OrderCard, OrderContext
from game.panels.order_form.form import OrderForm
from game.panels.panel import Panel
from game.panels.stats.figures import KnownFigures
from game.panels.stats.panel import StatsPanel
from game.scene.kitchen import kitchen_of_scene
from game.simulation.model import Model
from game.simulation.model_parts import FrameTime, KitchenFloor, Setup
from tests.panelling import keys, pass_time
from tests.telling import T0, S, at, order, play, staffed, stages, tell, worker
from tests.test_receipt_strip import held, receipt
from tests.test_stats_view import audit, stats

SIZE = (960, 540)

Panels = Sequence[Panel]


@dataclass(frozen=True)
class Props:
    """What a scene is played with."""

    art: Art
    access: Access


SceneMaker = Callable[[Props], tuple[Model, Panels]]


@dataclass(frozen=True)
class Scene:
    """One golden picture: what happens before it, the display's size, and how people want it shown."""

    story: SceneMaker
    size: tuple[int, int] = SIZE
    access: Access = field(default_factory=Access)
    stale: bool = False
    """Whether the audit is as old as the story is long."""
    device: Device = Device.MOUSE
    """What was used last."""


HOUSE = Checkpoint(
    name="3",
    title="The stream",
    slots=9,
    file="checkpoint-3.yaml",
    stream=StreamSettings(enabled=True, every_s=(0.2, 0.5), burst=1, max_open=300),
)


def kitchen(props: Props, cooks: int = 3) -> Model:
    """An open kitchen with so many cooks, and nobody else yet."""
    model = Model(
        time=FrameTime(wall=T0.timestamp() + 60.0),
        floor=KitchenFloor(kitchen=kitchen_of_scene(props.art.scene())),
        setup=Setup(access=props.access),
    )
    tell(model, staffed(*(worker(n) for n in range(1, cooks + 1))), RecordsSeen(audit=audit()))
    return model


def empty(props: Props) -> tuple[Model, Panels]:
    """Cooks, and no order."""
    model = kitchen(props)
    play(model, 3.0)
    return model, ()


WAY = (S.RECEIVED, S.PREPARING, S.BAKING, S.OUT_FOR_DELIVERY, S.BAKING, S.PREPARING, S.OUT_FOR_DELIVERY)
HANDS = 36
"""So many orders are in a cook's hands; the others wait for one."""


def orders(count: int, cooks: int = 9) -> SceneMaker:
    """So many orders on their ways: at every stage some, each with what it carries there."""

    def one(n: int) -> Order:
        status = WAY[n % len(WAY)]
        held = status is not S.RECEIVED and n * 31 % count < HANDS
        return order(
            f"auto-c0ffee-{n}",
            status,
            int(status is not S.RECEIVED),
            worker=f"w{1 + n % cooks}.1" if held else None,
            toppings=[TOPPINGS[n % len(TOPPINGS)], TOPPINGS[n * 3 % len(TOPPINGS)]],
        )

    def story(props: Props) -> tuple[Model, Panels]:
        model = kitchen(props, cooks)
        tell(model, OrdersSeen(tuple(map(one, range(count)))))
        play(model, 6.0)
        return model, ()

    return story


def killed(after: float, taken_over: bool = False) -> SceneMaker:
    """A cook that held two orders has been killed so many seconds ago."""

    def story(props: Props) -> tuple[Model, Panels]:
        model = kitchen(props)
        mine = [
            order(f"manual-ab12-{n}", S.BAKING, 1, worker="w2.1", customer=name, stages=stages(2))
            for n, name in enumerate(("Ada", "Renée"))
        ]
        tell(model, OrdersSeen((*mine, order("manual-ab12-9", S.PREPARING, 1, worker="w1.1"))))
        play(model, 3.0)
        dead = staffed(worker(1), worker(2, "dead", since=model.time.wall - T0.timestamp()), worker(3))
        if not taken_over:
            play(model, after, news=[dead])
            return model, ()
        play(model, 2.0, news=[dead])
        took = [
            one.model_copy(update={"worker": f"w{1 + 2 * n}.1", "attempt": 2}) for n, one in enumerate(mine)
        ]
        notes = [held(one.id, to=one.worker, **{"from": "w2.1"}, delay=2.0) for one in took]
        slip = receipt(1, *notes, seconds=model.time.wall - T0.timestamp() - 2.0, worker="w2.1", slot=2)
        play(model, after, news=[OrdersSeen(tuple(took)), RecordsSeen(receipts=(slip,))])
        return model, ()

    return story


def open_card(props: Props, mine: Order, context: Callable[[], OrderContext]) -> OrderCard:
    """The card of this order, open at the right, with its page's QR code."""
    ui = "http://127.0.0.1:8233"
    panel = OrderCard(mine.id, {mine.id: mine}.get, ui, art=props.art, side="right", context=context)
    pass_time(panel)
    return panel


def card(props: Props) -> tuple[Model, Panels]:
    """The card of an order that was taken over in the oven, with its page's QR code, beside the kitchen."""
    model, _ = killed(1.0, taken_over=True)(props)
    known, now = model.known, model.time.wall - T0.timestamp()
    views = [
        StageView(
            stage=Stage.PREPARE, worker="w3.1", attempts=1, started_at=at(now - 12), finished_at=at(now - 9)
        ),
        StageView(stage=Stage.BAKE, worker="w1.1", attempts=2, started_at=at(now - 1)),
    ]
    mine = known.orders["manual-ab12-0"].model_copy(
        update={
            "workflow_id": "manual-ab12-0--0001",
            "toppings": ["basil", "olives"],
            "started_at": at(now - 13),
            "stages": views,
        }
    )
    return model, (open_card(props, mine, lambda: OrderContext((), known.receipts, model.time.wall)),)


def figures(props: Props) -> tuple[Model, Panels]:
    """The stats view."""
    model, _ = orders(10)(props)
    tell(model, RecordsSeen(stats=stats(counted_at=at(model.time.wall - T0.timestamp()))))
    panel = StatsPanel(lambda: KnownFigures(model.known, model.audit_age, model.stats_age))
    pass_time(panel)
    return model, (panel,)


def form(props: Props) -> tuple[Model, Panels]:
    """The order form with something chosen."""
    model, _ = empty(props)
    panel = OrderForm(Menu.printed(), lambda: "manual-1", art=props.art)
    keys(panel, "down", "right", "down", "right")
    pass_time(panel)
    return model, (panel,)


def helping(props: Props) -> tuple[Model, Panels]:
    """The help."""
    model, _ = empty(props)
    panel = HelpPanel(kiosk=False)
    pass_time(panel)
    return model, (panel,)


LONG_FAILURE = "the workflow's code fails: TypeError: unsupported operand type(s) for +: 'int' and 'str'"


def conditions(props: Props) -> tuple[Model, Panels]:
    """Orders that do not simply go on: paused, being cancelled, stuck in code, and each unhappy end."""
    model = kitchen(props)
    odd: tuple[tuple[str, Order], ...] = (
        ("Ada", order("o-1", S.PREPARING, 1, worker="w1.1")),
        ("Grace", order("o-2", S.BAKING, 2, activity_state="paused")),
        ("Linus", order("o-3", S.PREPARING, 1, worker="w3.1", activity_state="cancelling")),
        ("Ken", order("o-4", S.PENDING_PICKUP, 0, last_failure=LONG_FAILURE)),
        ("Rob", order("o-5", S.OUT_FOR_DELIVERY, 1, worker="w1.1")),
        ("Radia", order("o-6", S.OUT_FOR_DELIVERY, 1, worker="w3.1")),
        ("Zoë", order("o-7", S.BAKING, 1, worker="w2.1")),
    )
    known = [one.model_copy(update={"customer": name, "toppings": ["ham"]}) for name, one in odd]
    tell(model, OrdersSeen(tuple(known)))
    play(model, 4.0)
    ends = {"o-5": "terminated", "o-6": "timed_out", "o-7": "canceled"}
    over = [
        one.model_copy(update={"status": S.FAILED, "workflow_state": ends[one.id], "worker": None})
        for one in known
        if one.id in ends
    ]
    play(model, 1.6, news=[OrdersSeen(tuple(over))])
    # The audit of before stands, and is older by now.
    play(model, 6.0)
    model.notices.messages.clear()
    model.say("w3.1 was not heard of in time; it lives. Bake for Ada goes on with w2.1.", icon="heartbeat")
    play(model, 0.5)
    return model, ()


def crowd_conditions(props: Props) -> tuple[Model, Panels]:
    """The same among a hundred."""
    model, _ = orders(100)(props)
    some = list(model.known.orders.values())
    told = [one.model_copy(update={"activity_state": "paused", "worker": None}) for one in some[10:40:6]]
    told += [one.model_copy(update={"last_failure": LONG_FAILURE}) for one in some[11:40:9]]
    told += [
        one.model_copy(update={"status": S.FAILED, "workflow_state": state})
        for one, state in zip(
            some[50:60], ("canceled", "terminated", "timed_out", "failed") * 3, strict=False
        )
    ]
    play(model, 2.5, news=[OrdersSeen(tuple(told))])
    model.notices.messages.clear()
    play(model, 0.1)
    return model, ()


def custody_card(props: Props) -> tuple[Model, Panels]:
    """The card of an order with a chain of custody, that waits for its next attempt."""
    model, _ = empty(props)
    now = model.time.wall - T0.timestamp()
    held = [("w3.1", 1, 20.0), ("w2.1", 2, 14.0), ("w1.1", 3, 9.0)]
    chain = [Custodian(worker=w, attempt=n, started_at=at(now - ago)) for w, n, ago in held]
    views = [
        StageView(
            stage=Stage.PREPARE, worker="w3.1", attempts=1, started_at=at(now - 26), finished_at=at(now - 21)
        ),
        StageView(stage=Stage.BAKE, worker="w1.1", attempts=4, started_at=at(now - 9), custody=chain),
    ]
    mine = order(
        "manual-ab12-0", S.BAKING, 4, workflow_id="manual-ab12-0--0001", toppings=["basil", "olives"],
        started_at=at(now - 27), stages=views, customer="Ada", last_failure="Undercooked pizza",
        activity_state="backing_off", next_attempt_at=at(now + 3.4),
    )  # fmt: skip
    slips = (receipt(1, held_by("w2.1"), seconds=now - 11.0, worker="w2.1", slot=2),)
    given_up = HeartbeatTimeout(
        n=1, order=mine.id, customer="Ada", stage=Stage.BAKE, worker="w3.1", attempt=1, to="w2.1",
        seen_at=at(now - 14),
    )  # fmt: skip
    return model, (open_card(props, mine, lambda: OrderContext((), slips, model.time.wall, (given_up,))),)


def held_by(worker: str) -> ReceiptOrder:
    """What a receipt says of the order of that card."""
    return held("manual-ab12-0", to="w1.1", attempt=2, delay=2.0, stage="bake", **{"from": worker})


def paused_card(props: Props) -> tuple[Model, Panels]:
    """The card of an order that was paused."""
    model, _ = empty(props)
    now = model.time.wall - T0.timestamp()
    views = [StageView(stage=Stage.PREPARE, attempts=2, worker="w2.1", started_at=at(now - 8))]
    mine = order(
        "manual-ab12-0", S.PREPARING, 2, workflow_id="manual-ab12-0--0001", started_at=at(now - 12),
        stages=views, customer="Ada", activity_state="paused",
    )  # fmt: skip
    panel = OrderCard(
        mine.id, {mine.id: mine}.get, "http://127.0.0.1:8233", art=props.art, side="right",
        context=lambda: OrderContext((), (), model.time.wall),
    )  # fmt: skip
    pass_time(panel)
    return model, (panel,)


def differences(props: Props) -> tuple[Model, Panels]:
    """The stats view where both sides of the balance differ."""
    model, panels = figures(props)
    odd = audit(
        counted_at=at(model.time.wall - T0.timestamp()),
        temporal={"Running": 24, "Completed": 1179, "Canceled": 2},
        balanced=False,
        differences=[
            "the ledger says 1,180 delivered, Temporal counts 1,179 completed",
            "the ledger says 24 on their way, Temporal counts 23 running",
        ],
    )  # fmt: skip
    more = stats(
        orders={
            "started": 1204, "open": 24, "delivered": 1180, "failed": 3, "retries": 90,
            "heartbeat_timeouts": 12, "oldest_open_s": 83.0,
        },
        counted_at=at(model.time.wall - T0.timestamp()),
    )  # fmt: skip
    tell(model, RecordsSeen(audit=odd, stats=more))
    return model, panels


def uncounted(props: Props) -> tuple[Model, Panels]:
    """Before the first audit."""
    model = Model(
        time=FrameTime(wall=T0.timestamp()),
        floor=KitchenFloor(kitchen=kitchen_of_scene(props.art.scene())),
        setup=Setup(access=props.access),
    )
    tell(model, staffed(worker(1)))
    play(model, 1.0)
    return model, ()


def busy(props: Props) -> tuple[Model, Panels]:
    """Everything at once: the stream's sign, a receipt, a ghost, names, a message."""
    model, _ = killed(1.2, taken_over=True)(props)
    tell(model, RecordsSeen(checkpoint=HOUSE))
    model.gophers["manual-ab12-0"].own = True
    model.say("Fewer than five orders are open.", good=True)
    play(model, 0.5)
    return model, ()


def over_orders(panel: Callable[[], Panel]) -> SceneMaker:
    """A panel over ten orders."""

    def story(props: Props) -> tuple[Model, Panels]:
        model, _ = orders(10, 4)(props)
        return model, (panel(),)

    return story
