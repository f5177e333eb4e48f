"""Receipts in words, which of them are shown and for how long, and the clocks of a dead cook."""

from __future__ import annotations

from typing import Any

import pygame
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api_stub.schema import Receipt
from game.accessibility import PLAIN
from game.api_state.news import RecordsSeen
from game.api_state.order_names import short_name
from game.api_state.receipt_words import ReceiptText, words_of
from game.api_state.receipts import last_takeover, receipt_for, worth_showing
from game.drawing.art import Art
from game.drawing.brush import Brush
from game.drawing.text import Pen
from game.drawing.text.fonts import Face
from game.drawing.view import View
from game.scene.death_clocks import dead_words, takeover_words
from game.scene.hud import receipt_slips as slips
from game.scene.hud.receipt_slips import TEXT, lines_of, longest_that_fits
from game.simulation.model import Model
from game.simulation.model_parts import FrameTime, ReceiptSlip
from game.simulation.places.cook_spots import CookSpot, cook_spot
from game.simulation.receipt_layout import GAP, LEFT, TOP, WIDE, height_of, placed_slips
from game.simulation.receipt_slips import LIFE, SHOWN
from game.theme import SIZE_LEAST, SIZE_SMALL
from tests.telling import T0, S, at, kitchen_with, order, play, seen, staffed, tell, worker

NOW = T0.timestamp()


def held(
    order_id: str = "manual-ab12-1", to: str | None = "w2.1", delay: float | None = 1.7, **more: Any
) -> Any:
    fields = {"id": order_id, "stage": "deliver", "from": "w3.1", "to": to, "attempt": 1,
              "delay_s": delay if to else None, "kept_stages": ["prepare", "bake"]}  # fmt: skip
    return {**fields, **more}


def receipt(n: int = 1, *orders: Any, seconds: float = 0.0, **more: Any) -> Receipt:
    fields = {"n": n, "worker": "w3.1", "slot": 3, "cause": "player", "signal": "SIGKILL",
              "exit_observed_at": at(seconds), "orders": list(orders)}  # fmt: skip
    return Receipt.model_validate({**fields, **more})


def test_a_receipt_says_who_what_by_whom_after_how_long_and_what_was_kept() -> None:
    words = words_of(receipt(1, held()), 9.0)
    assert (words.slot, words.head, words.signal) == (3, "killed by a player", "SIGKILL")
    assert words.held == ("held manual 1",)
    assert words.outcome == "cook 2 took over after 1.7 s"
    assert words.kept == "kept: prepare, bake" and not words.waiting
    assert words_of(receipt(1, held(), by_house=True), 9.0).head == "AUTO: killed by the house"


def test_while_one_waits_the_clock_runs() -> None:
    waiting = receipt(1, held("a"), held("b", to=None))
    assert words_of(waiting, 2.34).outcome == "1 of 2 taken over · +2.3 s"
    assert words_of(receipt(1, held(to=None)), 0.5).outcome == "no one took over yet · +0.5 s"
    assert words_of(waiting, 2.0).waiting


def test_a_slip_is_painted_when_it_says_something_new_not_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    painted: list[str] = []
    plain = slips.draw_slip

    def slip(brush: Brush, words: ReceiptText, *rest: Any) -> None:
        painted.append(words.head)
        plain(brush, words, *rest)

    monkeypatch.setattr(slips, "draw_slip", slip)
    model = kitchen_with([worker(1)], [], settle=1.0)
    # Those in between were not worth showing.
    tell(model, RecordsSeen(receipts=tuple(receipt(n, held(f"o{n}")) for n in (1, 5, 9))))
    view = View(pygame.Surface((960, 540)))
    brush = Brush(view, Art(view.scale), Pen(view))
    for _ in range(30):
        play(model, 1 / 60)
        slips.draw_slips(brush, slips.slip_figures(model))
    assert len(painted) == 3
    tell(model, RecordsSeen(receipts=(receipt(13, held("o13")),)))
    for _ in range(30):
        play(model, 1 / 60)
        slips.draw_slips(brush, slips.slip_figures(model))
    assert len(painted) == 4


def test_while_the_api_is_away_no_one_yet_stands_at_when_that_was_last_known() -> None:
    model = kitchen_with([worker(1)], [], settle=1.0)
    tell(model, RecordsSeen(receipts=(receipt(1, held(to=None)),)))
    play(model, 0.5)
    model.api_contact.offline_since = model.time.real

    def outcomes() -> list[str]:
        return [
            slip.words.outcome
            for slip in placed_slips(model.notices.slips, model.setup.access, model.heard_at)
        ]

    before = outcomes()
    play(model, 3.0)
    assert before == outcomes()
    model.api_contact.offline_since = None
    assert before != outcomes()


def test_a_slip_never_says_what_another_or_itself_has_said_before() -> None:
    for n in range(1, 60):
        # Each lies where the one before it lay, as a rule.
        note = ReceiptSlip(receipt(n, held(f"auto-ab12-{n}")))
        assert [slip.words.held[0] for slip in placed_slips([note], PLAIN, 9.0)] == [f"held auto {n}"]
        note.tell(receipt(n, held(f"auto-ab12-{n + 1000}")))
        assert [slip.words.held[0] for slip in placed_slips([note], PLAIN, 9.0)] == [f"held auto {n + 1000}"]
        del note


def test_several_orders_are_called_by_name_and_counted() -> None:
    many = [held(f"auto-ab12-{n}", to=f"w{n}.1", delay=n / 2) for n in range(1, 6)]
    words = words_of(receipt(1, *many), 0.0)
    assert words.held == ("held auto 1, auto 2 and 3 more", "held auto 1 and 4 more", "held 5 orders")
    assert words.outcome == "5 cooks took over: 0.5–2.5 s"
    assert words.kept == "kept: prepare ×5, bake ×5"
    two = words_of(receipt(1, held(to="w12.3", customer="Ada"), held(to="w2.1", delay=2.0)), 0.0)
    assert two.held[0] == "held Ada, manual 1" and two.outcome == "cooks 2, 12 took over: 1.7–2.0 s"


@pytest.mark.parametrize(
    "cause, signal, head",
    [
        ("panic", "SIGABRT", "panicked by itself"),
        ("crash", None, "crashed"),
        ("redeploy", "SIGKILL", "redeployed"),
        ("shutdown", None, "stopped"),
    ],
)
def test_each_cause_has_its_words(cause: str, signal: str | None, head: str) -> None:
    words = words_of(receipt(1, cause=cause, signal=signal), 0.0)
    assert words.head == head and words.held == ("held no order",) and words.kept == words.outcome == ""
    assert worth_showing(receipt(1, cause=cause)) == (cause in ("panic", "crash"))
    assert worth_showing(receipt(1, held(), cause=cause))


def test_nothing_finished_is_said() -> None:
    assert words_of(receipt(1, held(kept_stages=[])), 0.0).kept == "no finished stage to keep"


NAMES = st.text("WMmil ", min_size=1, max_size=24)


@given(
    orders=st.lists(
        st.builds(
            lambda name, to, delay: held(customer=name, to=to, delay=delay),
            NAMES,
            st.sampled_from([None, "w1.1", "w12.345", "w20.9", "by-hand@somewhere"]),
            st.floats(0, 120),
        ),
        max_size=6,
    ),
    seconds=st.floats(0, 200),
)
@example(orders=[held(to="w12.1", delay=100.0), held(to="w20.9", delay=101.0)], seconds=0.0)
def test_lines_that_matter_fit_the_slip(orders: list[Any], seconds: float) -> None:
    words = words_of(receipt(1, *orders), seconds)
    pen = Pen(View(pygame.Surface((1920, 1080))))
    room = WIDE - TEXT - 14
    head = pen.measure(words.head, SIZE_SMALL, face="bold")[0] + 10
    assert head + pen.measure(words.signal, SIZE_LEAST, face="bold")[0] <= room
    for texts, _, bold in lines_of(words):
        face: Face = "bold" if bold else "text"
        text = longest_that_fits(pen, texts, room, face)
        # One name alone is cut where it is too long; of several orders their number is left.
        if (texts != words.held or len(orders) > 1) and "by-hand" not in text:
            assert pen.measure(text, SIZE_LEAST, face=face)[0] <= room, text


def test_three_slips_end_over_the_exits_floor() -> None:
    tallest = words_of(receipt(1, held(), held()), 0.0)
    assert TOP + SHOWN * (height_of(tallest) + GAP) <= 580
    assert LEFT + WIDE <= 1920


# Which are shown


def told(model: Model, *receipts: Receipt) -> None:
    tell(model, RecordsSeen(receipts=receipts))


def shown(model: Model) -> list[int]:
    return [note.receipt.n for note in model.notices.slips]


def test_the_newest_three_come_once_and_leave_after_twenty_seconds() -> None:
    model = Model(time=FrameTime(wall=NOW))
    told(model, *(receipt(n, held(), seconds=0.1 * n) for n in range(1, 6)))
    assert shown(model) == [3, 4, 5]
    play(model, 2.0)
    told(model, *(receipt(n, held(), seconds=0.1 * n) for n in range(1, 6)))
    assert shown(model) == [3, 4, 5] and model.notices.slips[0].shown == pytest.approx(2.0)
    play(model, LIFE - 2.5)
    assert shown(model) == [3, 4, 5]
    play(model, 1.0)
    assert shown(model) == []
    told(model, receipt(5, held(), seconds=0.5))
    assert shown(model) == [], "it does not come again"


def test_a_change_keeps_it_and_a_late_telling_of_something_new_is_shown() -> None:
    model = Model(time=FrameTime(wall=NOW))
    told(model, receipt(1, held(to=None)))
    play(model, 15.0)
    told(model, receipt(1, held(delay=14.5)))
    assert shown(model) == [1] and model.notices.slips[0].receipt.orders[0].to == "w2.1"
    play(model, 15.0)
    assert shown(model) == [1]
    told(model, receipt(2, held(), seconds=29.0))
    assert shown(model) == [1, 2]


def test_deaths_of_long_ago_and_meant_ones_without_orders_are_not_news() -> None:
    model = Model(time=FrameTime(wall=NOW + 60))
    told(model, receipt(1, held()), receipt(2, cause="redeploy", seconds=59))
    assert shown(model) == []


# The dead cook's clocks


def test_the_second_clock_runs_while_orders_wait_and_stands_at_what_it_took() -> None:
    model = kitchen_with([worker(1), worker(2)], [order("a", S.BAKING, 1, worker="w1.1")], settle=5.0)
    tell(model, staffed(worker(1, "dead", since=5.0), worker(2)))
    play(model, 1.5)
    cook = model.cooks[1]
    assert cook.waiting == 1 and cook.taken_over is None
    assert dead_words(1.54) == (("process dead +1.5 s",), ("dead +1.5 s",), ("+1.5 s",))
    words = takeover_words(cook, 1.54)
    assert words == (("Temporal takes over …", "+1.5 s"), ("takeover … +1.5 s",), ("waiting …",))
    tell(model, seen(order("a", S.BAKING, 2, worker="w2.1")))
    play(model, 0.5)
    assert cook.waiting == 0 and takeover_words(cook, 2.0) == ()
    told(model, receipt(1, held("a", delay=1.75), seconds=5.0, worker="w1.1", slot=1))
    play(model, 3.0)
    words = takeover_words(cook, 5.0)
    assert words == (("taken over after 1.8 s",), ("takeover 1.8 s",), ("took 1.8 s",))


def test_a_takeover_that_the_window_did_not_see_stops_the_clock() -> None:
    # Between two looks another cook had it and lost it again: the last hand that was seen is the dead one's.
    model = kitchen_with([worker(1), worker(2)], [order("a", S.BAKING, 1, worker="w1.1")], settle=5.0)
    tell(model, staffed(worker(1, "dead", since=5.0), worker(2)), seen(order("a", S.BAKING, 3)))
    play(model, 2.0)
    assert model.cooks[1].waiting == 1
    told(model, receipt(1, held("a", delay=1.75), seconds=5.0, worker="w1.1", slot=1))
    play(model, 50.0)
    assert model.cooks[1].waiting == 0
    assert takeover_words(model.cooks[1], 52.0)[0] == ("taken over after 1.8 s",)


def test_an_order_that_nobody_has_waits_for_its_dead_cook() -> None:
    model = kitchen_with([worker(1)], [order("a", S.BAKING, 1, worker="w1.1")], settle=5.0)
    tell(model, staffed(worker(1, "dead", since=5.0)), seen(order("a", S.BAKING, 2)))
    play(model, 90.0)
    cook = model.cooks[1]
    assert cook.waiting == 1
    assert takeover_words(cook, 90.0)[0] == ("its orders wait for a cook", "+90 s"), "nobody could take over"
    tell(model, staffed(worker(1, "dead", since=5.0), worker(2)))
    play(model, 0.1)
    assert takeover_words(cook, 90.0)[0] == ("Temporal takes over …", "+90 s")


def test_a_receipt_is_found_by_name_and_number_and_by_no_clock() -> None:
    first, second = receipt(4, held(delay=1.0)), receipt(9, held(delay=2.0), seconds=-3000)
    assert receipt_for((first, second), "w3.1") is first
    # Those that were there while the process lived are about others of its name.
    found = receipt_for((first, second), "w3.1", before=4)
    assert found is second and last_takeover(second) == 2.0
    assert receipt_for((first, second), "w3.1", before=9) is None
    assert receipt_for((first, second), "w4.1") is None
    assert last_takeover(receipt(1)) is None and last_takeover(receipt(1, held(to=None))) is None


# Cooks find their places


def places(model: Model) -> dict[int, CookSpot]:
    return {slot: cook.spot for slot, cook in model.cooks.items() if cook.spot is not None}


def test_after_a_switch_cooks_go_softly_to_their_new_places() -> None:
    model = kitchen_with([worker(1), worker(2)], settle=2.0)
    before = places(model)
    tell(model, staffed(*(worker(n) for n in range(1, 13))))
    play(model, 1 / 60)
    one = places(model)[1]
    goal = cook_spot(model.floor.kitchen, 1, 12)
    assert min(before[1].x, goal.x) < one.x < max(before[1].x, goal.x)
    assert goal.height < one.height < before[1].height
    play(model, 2.0)
    assert places(model) == {slot: cook_spot(model.floor.kitchen, slot, 12) for slot in range(1, 13)}
    tell(model, staffed(worker(1)))
    play(model, 2.0)
    assert places(model) == {1: cook_spot(model.floor.kitchen, 1, 1)}


# The tag


def test_another_workers_number_pops_up_on_the_tag() -> None:
    model = kitchen_with([worker(1), worker(2)], [order("a", S.PREPARING, 1, worker="w1.1")], settle=3.0)
    gopher = model.gophers["a"]
    assert model.time.now - gopher.tag_since > 2.0
    tell(model, seen(order("a", S.BAKING, 1, worker="w2.1")))
    assert gopher.tag_since == model.time.now
    play(model, 1.0)
    tell(model, seen(order("a", S.BAKING, 2, worker="w1.1")))
    assert gopher.tag_since == model.time.now


@pytest.mark.parametrize(
    "order_id, customer, name",
    [
        ("auto-3fa9c1-12", None, "auto 12"),
        ("manual-3fa9-7", None, "manual 7"),
        ("manual-3fa9-7", "Ada", "Ada"),
        ("auto-1", None, "auto-1"),
        ("my-own-order-9", None, "my-own-order-9"),
    ],
)
def test_names_are_short_where_the_id_is_this_games_own(
    order_id: str, customer: str | None, name: str
) -> None:
    assert short_name(order_id, customer) == name
