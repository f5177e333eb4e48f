"""Order forms, order cards and the other panels, as tests open and use them."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from api_stub.schema import Cheese, Crust, Menu, Order, OrderStatus, Stage, StageView
from game.actions import PlaceOrder
from game.drawing.art import Art
from game.inputs import KeyPress, KeyRelease, PointerMove, PointerPress, TextTyped
from game.panels.help import HelpPanel
from game.panels.order_card.card import OrderCard
from game.panels.order_form.form import OrderForm
from game.panels.panel import Close, Outcome, Panel
from game.panels.quit_question import QuitPanel
from tests.panelling import middle, pass_time

MENU = Menu.printed()
T = datetime(2026, 1, 1, 12, 3, 5, tzinfo=UTC)
S = timedelta(seconds=1)
LONG_FAILURE = "RuntimeError: the dough stuck to the ceiling and fell on the head of somebody else " * 20


def form(menu: Menu = MENU, order_id: str = "manual-t-1", art: Art | None = None) -> OrderForm:
    """A form that has been open for a second."""
    made = OrderForm(menu, lambda: order_id, art=art, dice=random.Random(1))
    pass_time(made)
    return made


def typed(panel: Panel, text: str) -> None:
    """Type as a keyboard does: the key, then its character."""
    for character in text:
        panel.handle(KeyPress(character.lower()))
        panel.handle(TextTyped(character))
        panel.handle(KeyRelease(character.lower()))


def click(panel: OrderForm | OrderCard | QuitPanel | HelpPanel, group: str, index: int = 0) -> Outcome:
    """Press in the middle of a box, by its group and number; what that led to."""
    hit = next(hit for hit in panel.hits if hit.spot == (group, index))
    panel.handle(PointerMove(*middle(hit)))
    return panel.handle(PointerPress(*middle(hit)))


def placed(outcome: Outcome) -> PlaceOrder:
    """The one command of a form that closed with an order."""
    assert isinstance(outcome, Close)
    (command,) = outcome.commands
    assert isinstance(command, PlaceOrder)
    return command


def order(status: OrderStatus, **more: object) -> Order:
    """An order that came as far as this status in the usual way."""
    done = {
        OrderStatus.BAKING: 1,
        OrderStatus.PENDING_PICKUP: 2,
        OrderStatus.OUT_FOR_DELIVERY: 2,
        OrderStatus.DELIVERED: 3,
    }.get(status, 0)
    working = status in (OrderStatus.PREPARING, OrderStatus.BAKING, OrderStatus.OUT_FOR_DELIVERY)
    stages = [
        StageView(stage=stage, worker=f"w{n + 1}.1", attempts=1, started_at=T, finished_at=T + 2.5 * S)
        for n, stage in enumerate(Stage)
        if n < done
    ]
    if working:
        stages.append(StageView(stage=list(Stage)[done], worker="w9.4", attempts=3, started_at=T + 9 * S))
    values: dict[str, object] = {
        "id": "manual-t-1",
        "run_id": "0199c1f0-6d3e-7a1c-8a39-0c2b8f6f9d11",
        "status": status,
        "toppings": ["basil", "ham", "basil"],
        "customer": "Ada",
        "worker": "w9.4" if working else None,
        "attempt": 3 if working else 0,
        "started_at": T,
        "finished_at": T + 9.5 * S if status is OrderStatus.DELIVERED else None,
        "stages": stages,
    }
    return Order.model_validate(values | more)


def a_card(
    one: Order | None, side: str = "right", ui: str | None = "http://ui", art: Art | None = None
) -> OrderCard:
    """A card that has been open for a second."""
    made = OrderCard(one.id if one else "manual-t-1", lambda _: one, ui, art=art, side=side)
    pass_time(made)
    return made


ALL_PANELS: dict[str, Callable[[], OrderForm | OrderCard | QuitPanel | HelpPanel]] = {
    "form": form,
    "card": lambda: a_card(order(OrderStatus.BAKING)),
    "card of nothing": lambda: a_card(None),
    "help": lambda: HelpPanel(kiosk=False),
    "quit": lambda: QuitPanel(3),
}


def crowded_form() -> OrderForm:
    """A form with as much in it as there can be."""
    made = form(order_id="W" * 64)
    made.choice.toppings = ["anchovies"] * 3 + ["pineapple", "pepperoni", "mushroom", "peppers", "onion"]
    made.choice.crust = list(MENU.crusts).index(Crust.GLUTEN_FREE)
    made.choice.cheese = list(MENU.cheeses).index(Cheese.ALL)
    typed(made, "W" * 25)
    return made


def crowded_card(side: str = "right", ui: str | None = None) -> OrderCard:
    """A card of an order of which everything is as long as it can be."""
    return a_card(
        order(
            OrderStatus.BAKING,
            id="W" * 64,
            customer="W" * 24,
            worker=None,
            attempt=1234,
            fresh=False,
            crust=Crust.GLUTEN_FREE,
            cheese=Cheese.MOZZARELLA,
            toppings=[
                "pepperoni",
                "mushroom",
                "anchovies",
                "pineapple",
                "peppers",
                "onion",
                "olives",
                "basil",
            ],
            last_failure=LONG_FAILURE,
            stages=[
                StageView(
                    stage=stage,
                    worker="a-laptop.with-a-very-long-name.local@123456",
                    attempts=1234,
                    started_at=T,
                    finished_at=T + 59999 * S if stage is Stage.PREPARE else None,
                )
                for stage in (Stage.PREPARE, Stage.BAKE)
            ],
        ),
        side,
        ui,
    )


LAYOUTS: dict[str, Callable[[], OrderForm | OrderCard | QuitPanel | HelpPanel]] = {
    **ALL_PANELS,
    "crowded form": crowded_form,
    "crowded card": crowded_card,
    "crowded card, left": lambda: crowded_card("left", "http://ui"),
    "delivered card": lambda: a_card(order(OrderStatus.DELIVERED)),
    "help of a kiosk": lambda: HelpPanel(kiosk=True),
    "quit with many": lambda: QuitPanel(123456),
}


def frame_of(panel: OrderForm | OrderCard | QuitPanel | HelpPanel) -> tuple[float, float, float, float]:
    """The box on the canvas that a panel fills."""
    if isinstance(panel, OrderCard):
        return panel.frame
    module = __import__(type(panel).__module__, fromlist=["FRAME"])
    if isinstance(panel, OrderForm):
        module = __import__("game.panels.order_form.layout", fromlist=["FRAME"])
    frame: tuple[float, float, float, float] = module.FRAME
    return frame
