"""The order card says what is known of its order, and leaves the kitchen alone."""

from __future__ import annotations

import pytest

from api_stub.schema import OrderStatus
from game.actions import OpenWebUI
from game.inputs import PointerMove, PointerPress, TextTyped
from game.panels.order_card.card import OrderCard
from game.panels.order_card.text import card_text, clock, now_text, seconds, stage_lines, toppings_text
from game.panels.panel import Do, Stay
from tests.forms_and_cards import S, T, a_card, click, order
from tests.panelling import keys, pass_time, texts_of

EXPECTED = {
    OrderStatus.RECEIVED: ("Received", ("waiting", "later", "later"), "Waiting for a worker."),
    OrderStatus.PREPARING: ("Being prepared", ("working", "later", "later"), "w9.4 is preparing it."),
    OrderStatus.BAKING: ("In the oven", ("done", "working", "later"), "w9.4 is baking it."),
    OrderStatus.PENDING_PICKUP: (
        "Baked, to be picked up",
        ("done", "done", "waiting"),
        "Waiting for a worker to drive it.",
    ),
    OrderStatus.OUT_FOR_DELIVERY: ("Out for delivery", ("done", "done", "working"), "w9.4 is delivering it."),
    OrderStatus.DELIVERED: ("Delivered", ("done", "done", "done"), "Delivered 9.5 s after it was ordered."),
    OrderStatus.FAILED: ("Failed", ("stopped", "later", "later"), "It failed and is not tried again."),
    OrderStatus.UNKNOWN: (
        "Nothing known yet",
        ("waiting", "later", "later"),
        "Nobody has told yet what it is doing.",
    ),
}


@pytest.mark.parametrize("status", OrderStatus)
def test_the_card_says_what_is_known(status: OrderStatus) -> None:
    slip = card_text(order(status))
    words, steps, now = EXPECTED[status]
    assert slip.status == words
    assert tuple(line.step for line in slip.stages) == steps
    assert slip.now == now
    assert (slip.title, slip.order_id, slip.toppings) == ("Ada", "manual-t-1", "basil ×2, ham")
    assert slip.crust == "Normal crust, mozzarella"
    for n, line in enumerate(slip.stages):
        if line.step == "done":
            assert (line.worker, line.number, line.attempts) == (f"w{n + 1}.1", str(n + 1), 1)
            assert line.times == f"{clock(T)} – {clock(T + 2.5 * S)}  ·  2.5 s"
        elif line.step == "working":
            assert (line.worker, line.number, line.attempts) == ("w9.4", "9", 3)
            assert line.times == f"in work since {clock(T + 9 * S)}"


def test_an_order_whose_worker_died_waits() -> None:
    one = order(OrderStatus.BAKING, worker=None, attempt=4, last_failure="activity\n heartbeat  timeout")
    line = stage_lines(one)[1]
    assert (line.step, line.worker, line.attempts) == ("waiting", "w9.4", 4)
    assert line.times == f"waiting; last began {clock(T + 9 * S)}"
    assert now_text(one) == "Waiting for a worker."
    assert card_text(one).failure == "activity heartbeat timeout"


def test_a_takeover_shows_who_has_it_now() -> None:
    line = stage_lines(order(OrderStatus.BAKING, worker="w2.7"))[1]
    assert (line.worker, line.number, line.step) == ("w2.7", "2", "working")
    assert stage_lines(order(OrderStatus.BAKING, worker="laptop@42"))[1].number == "?"


def test_an_order_without_records_of_its_stages_still_has_them_behind_it() -> None:
    steps = [line.step for line in stage_lines(order(OrderStatus.OUT_FOR_DELIVERY, stages=[]))]
    assert steps == ["done", "done", "working"]


def test_what_is_not_fresh_is_said_to_be_last_known() -> None:
    assert card_text(order(OrderStatus.BAKING, fresh=False)).stale
    assert not card_text(order(OrderStatus.BAKING)).stale
    written = texts_of(a_card(order(OrderStatus.BAKING, fresh=False)))
    assert any("last known" in text for text, _, _ in written)
    assert not any("last known" in text for text, _, _ in texts_of(a_card(order(OrderStatus.BAKING))))


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0, "0.0 s"),
        (4.25, "4.2 s"),
        (99.9, "99.9 s"),
        (605, "10 min 05 s"),
        (7260, "2 h 01 min"),
        (-3, "0.0 s"),
    ],
)
def test_durations(length: float, text: str) -> None:
    assert seconds(T, T + length * S) == text
    assert seconds(T, None) == seconds(None, T) == ""


def test_toppings_with_their_repeats() -> None:
    assert toppings_text([]) == "no toppings"
    assert toppings_text(["ham", "basil", "ham", "ham"]) == "ham ×3, basil"


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_card_leaves_the_kitchen_alone(side: str) -> None:
    panel = a_card(order(OrderStatus.BAKING), side)
    x, y, w, h = panel.frame
    assert not panel.modal
    for px, py in ((960, 600), (960, 1040), (x - 1, 500) if x > 300 else (x + w + 1, 500)):
        assert panel.handle(PointerPress(px, py)) == Stay(used=False)
        assert panel.handle(PointerMove(px, py)) == Stay(used=False)
    assert panel.handle(PointerPress(x + 20, y + h / 2)) == Stay(used=True)
    for key in ("1", "n", "h", "f11", "return"):
        assert keys(panel, key) == Stay(used=False)
    assert panel.handle(TextTyped("x")) == Stay(used=False)
    assert (x > 960) == (side == "right")


def test_the_card_opens_its_order_in_temporal() -> None:
    panel = a_card(order(OrderStatus.BAKING))
    wanted = Do((OpenWebUI("manual-t-1"),))
    assert keys(panel, "u") == wanted
    assert click(panel, "open") == wanted


def test_the_card_follows_its_order() -> None:
    now = [order(OrderStatus.PREPARING)]
    panel = OrderCard("manual-t-1", lambda _: now[0], None, art=None, side="left")
    pass_time(panel)
    assert any(text == "Being prepared" for text, _, _ in texts_of(panel))
    now[0] = order(OrderStatus.DELIVERED)
    assert any(text == "Delivered" for text, _, _ in texts_of(panel))
