"""The stream: never too many, never too fast, never twice; it waits for whoever stalls."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_stub.schema import Audit, Checkpoint, OrderRequest, StreamSettings
from game.actions import StreamOrders
from game.api_state.news import ApiAway, News, RecordsSeen, Said, StreamSettled
from game.inputs import Input, KeyPress, PointerMove, PointerPress, PointerRelease
from game.simulation.model import Model
from game.simulation.model_parts import FrameTime
from game.simulation.order_stream import (
    FASTEST,
    LARGEST_BURST,
    SLOWEST,
    OrderStream,
    configured,
    due,
    interval,
    paced,
    rate_of,
    settled,
    toggled,
)
from game.simulation.stream_slider import SWITCH, TRACK, knob_x, on_track, rate_at, rate_text, state_text
from game.simulation.update import Result, update
from tests.telling import T0, order, seen

SETTINGS = StreamSettings(enabled=True, every_s=(0.2, 0.5), burst=1, max_open=300)


def running(**more: object) -> OrderStream:
    return configured(OrderStream(session="s"), SETTINGS.model_copy(update=more), "3")


class Kitchen:
    """An API of this test's own: it takes orders, sometimes late, and delivers some now and then."""

    def __init__(self, stream: OrderStream, seed: int) -> None:
        self.stream = replace(stream, dice=random.Random(seed))
        self.now = 0.0
        self.open: set[str] = set()
        self.flying: list[str] = []
        self.sent: list[tuple[float, OrderRequest]] = []

    def step(self, dt: float, *, online: bool = True) -> tuple[OrderRequest, ...]:
        self.now += dt
        self.stream, orders = due(self.stream, self.now, len(self.open), online)
        self.sent += [(self.now, one) for one in orders]
        self.flying += [one.id or "" for one in orders]
        return orders

    def answer(self, count: int) -> None:
        for order_id in self.flying[:count]:
            self.open.add(order_id)
            self.stream = settled(self.stream, order_id)
        del self.flying[:count]

    def deliver(self, count: int) -> None:
        for order_id in sorted(self.open)[:count]:
            self.open.remove(order_id)


STEPS = st.lists(
    st.tuples(
        st.floats(0.0, 3.0),
        st.integers(0, 4),
        st.integers(0, 3),
        st.sampled_from(["", "", "", "", "pause", "faster", "slower", "away"]),
    ),
    max_size=120,
)


@settings(max_examples=150)
@given(
    steps=STEPS,
    burst=st.integers(1, 6),
    max_open=st.integers(1, 12),
    total=st.one_of(st.none(), st.integers(1, 30)),
    seed=st.integers(0, 999),
)
def test_whatever_happens_the_stream_keeps_its_bounds(
    steps: Sequence[tuple[float, int, int, str]], burst: int, max_open: int, total: int | None, seed: int
) -> None:
    kitchen = Kitchen(running(burst=burst, max_open=max_open, total=total), seed)
    restarts = 0
    for dt, answers, deliveries, what in steps:
        if what == "pause":
            restarts += kitchen.stream.finished
            kitchen.stream = toggled(kitchen.stream)
        elif what in ("faster", "slower"):
            kitchen.stream = paced(
                kitchen.stream, kitchen.stream.per_minute * (2 if what == "faster" else 0.5)
            )
        unanswered = len(kitchen.flying)
        paused = not kitchen.stream.running
        sent = kitchen.step(dt, online=what != "away")
        if unanswered or paused or what == "away":
            assert sent == (), "nothing while a burst is unanswered, paused or the API away"
        assert len(sent) <= burst and len(kitchen.open) + len(kitchen.flying) <= max_open
        kitchen.answer(answers)
        kitchen.deliver(deliveries)
    ids = [one.id for _, one in kitchen.sent]
    assert len(set(ids)) == len(ids) and ids == [f"auto-s-{n}" for n in range(1, len(ids) + 1)]
    if total is not None:
        assert len(ids) <= total * (1 + restarts)


@settings(max_examples=60)
@given(
    low=st.floats(0.05, 5.0),
    more=st.floats(0.0, 5.0),
    rate=st.floats(SLOWEST, FASTEST),
    seed=st.integers(0, 999),
)
def test_the_time_between_two_orders_is_within_the_range_scaled_to_the_rate(
    low: float, more: float, rate: float, seed: int
) -> None:
    settings_ = StreamSettings(enabled=True, every_s=(low, low + more))
    stream = paced(configured(OrderStream(dice=random.Random(seed)), settings_, "3"), rate)
    scale = rate_of(settings_) / stream.per_minute
    for _ in range(20):
        assert low * scale - 1e-9 <= interval(stream) <= (low + more) * scale + 1e-9


def test_as_many_come_as_the_checkpoint_asks_for() -> None:
    kitchen = Kitchen(running(), 1)
    for _ in range(60 * 60):
        kitchen.step(1 / 60)
        kitchen.answer(9)
        kitchen.deliver(9)
    # A minute at 0.2 to 0.5 s: 171 on average, and a frame late each time.
    assert 150 <= len(kitchen.sent) <= 185
    gaps = [b - a for (a, _), (b, _) in zip(kitchen.sent, kitchen.sent[1:], strict=False)]
    assert min(gaps) >= 0.2 - 1e-6 and max(gaps) <= 0.5 + 1 / 60 + 1e-6


@pytest.mark.parametrize("burst, sent", [(0, 1), (-5, 1), (7, 7), (10**7, LARGEST_BURST)])
def test_an_api_that_asks_for_no_burst_or_for_a_million_ends_no_frame(burst: int, sent: int) -> None:
    stream, _ = due(running(burst=burst, max_open=10**9), 0.0, 0, True)
    assert rate_of(stream.settings) > 0 and stream.next_at is not None
    _, orders = due(stream, stream.next_at, 0, True)
    assert len(orders) == sent


def test_a_stall_is_waited_for_and_not_made_up_for() -> None:
    kitchen = Kitchen(running(burst=3), 1)
    while not kitchen.step(0.1):
        pass
    for _ in range(600):
        assert kitchen.step(0.1) == ()
    kitchen.answer(2)
    assert kitchen.step(0.1) == (), "one of the burst is still unanswered"
    kitchen.answer(1)
    assert len(kitchen.step(0.1)) == 3, "one burst, not the two hundred of the minute that is gone"
    kitchen.answer(3)
    assert kitchen.step(0.0) == ()


def test_a_full_kitchen_is_waited_for() -> None:
    kitchen = Kitchen(running(max_open=5), 1)
    for _ in range(200):
        kitchen.step(0.5)
        kitchen.answer(1)
    assert len(kitchen.open) == 5
    kitchen.deliver(1)
    kitchen.step(0.5)
    kitchen.answer(1)
    assert len(kitchen.open) == 5


def test_after_its_total_it_stops_and_space_begins_anew() -> None:
    kitchen = Kitchen(running(total=7, burst=3), 1)
    for _ in range(100):
        kitchen.step(0.5)
        kitchen.answer(9)
    assert len(kitchen.sent) == 7 and not kitchen.stream.running
    assert state_text(kitchen.stream, 0) == "all 7 sent"
    kitchen.stream = toggled(kitchen.stream)
    for _ in range(100):
        kitchen.step(0.5)
        kitchen.answer(9)
    assert len(kitchen.sent) == 14 and len({one.id for _, one in kitchen.sent}) == 14


def test_settings_are_taken_once_and_again_when_they_change() -> None:
    stream = paced(running(), 30.0)
    assert configured(stream, SETTINGS, "3") is stream
    edited = configured(stream, SETTINGS.model_copy(update={"every_s": (1.0, 1.0)}), "3")
    assert edited.per_minute == 60 and edited.sent == stream.sent
    off = configured(stream, StreamSettings(), "1")
    assert not off.running and not off.shown


def test_four_toppings_a_name_now_and_then_and_with_a_bug_pizzas_that_show_it() -> None:
    def pizzas(bug: bool) -> list[OrderRequest]:
        stream, found = replace(running(burst=100, max_open=2000), dice=random.Random(3)), []
        for n in range(6):
            stream, orders = due(stream, n * 99.0, 0, True, bug)
            found += orders
            for one in orders:
                stream = settled(stream, one.id or "")
        return found

    plain, buggy = pizzas(False), pizzas(True)
    assert len(plain) == len(buggy) == 500
    assert all(len(one.toppings) == len(set(one.toppings)) == 4 for one in plain)
    assert 0 < sum(1 for one in plain if one.customer) < 250
    without = sum(1 for one in buggy if not one.toppings)
    twice = sum(1 for one in buggy if len(set(one.toppings)) < len(one.toppings))
    assert without > 20 and twice > 20 and without + twice < 250


# In the game.


def checkpoint(name: str = "3", stream: StreamSettings = SETTINGS, bug: str | None = None) -> Checkpoint:
    return Checkpoint(name=name, title="The stream", slots=1, file="x.yaml", stream=stream, bug=bug)


def streaming(stream: StreamSettings = SETTINGS) -> Model:
    model = Model(time=FrameTime(wall=T0.timestamp()), stream=OrderStream(session="s", dice=random.Random(1)))
    frame(model, news=[seen(), RecordsSeen(checkpoint=checkpoint(stream=stream))])
    return model


def frame(model: Model, *inputs: Input, dt: float = 0.05, news: Sequence[News] = ()) -> Result:
    return update(model, inputs, news, dt)


def burst(model: Model, *news: News, limit: int = 400) -> StreamOrders:
    """The next burst that the game sends, the news in the first frame."""
    for n in range(limit):
        for command in frame(model, news=() if n else news).commands:
            if isinstance(command, StreamOrders):
                return command
    raise AssertionError("the stream sent nothing")


def test_the_game_sends_waits_for_the_answer_and_follows_without_an_arrow() -> None:
    model = streaming()
    (wanted,) = burst(model).orders
    assert wanted.id == "auto-s-1"
    assert not any(frame(model).commands for _ in range(200))
    assert burst(model, StreamSettled("auto-s-1", order("auto-s-1"))).orders[0].id == "auto-s-2"
    gopher = model.gophers["auto-s-1"]
    assert not gopher.own and gopher.arrow == 0 and not model.own.orders


def test_it_waits_while_the_api_is_away() -> None:
    model = streaming()
    frame(model, news=[ApiAway("nobody answers there")])
    assert not any(frame(model).commands for _ in range(200))
    assert burst(model, seen(order("a"))).orders


def test_orders_that_others_placed_count_towards_the_cap() -> None:
    model = streaming(SETTINGS.model_copy(update={"max_open": 10}))
    full = {"started": 20, "delivered": 10, "in_flight": 10, "failed": 0, "lost": 0, "balanced": True}
    frame(model, news=[RecordsSeen(audit=Audit.model_validate({**full, "counted_at": T0}))])
    assert not any(frame(model).commands for _ in range(200))
    later = {**full, "in_flight": 9, "delivered": 11, "counted_at": T0 + timedelta(seconds=2)}
    assert burst(model, RecordsSeen(audit=Audit.model_validate(later))).orders


def test_a_refusal_stops_it_and_is_said() -> None:
    model = streaming()
    (wanted,) = burst(model).orders
    frame(model, news=[StreamSettled(wanted.id or "", None, "that topping is out")])
    assert not model.stream.running and not model.stream.in_flight
    assert "that topping is out" in model.notices.messages[-1].text


def test_space_pauses_and_goes_on_also_where_no_stream_is_configured() -> None:
    model = streaming()
    frame(model, KeyPress("space"))
    assert not model.stream.running and model.stream.shown
    assert not any(frame(model).commands for _ in range(200))
    frame(model, KeyPress("space"))
    assert burst(model).orders
    quiet = streaming(StreamSettings())
    assert not quiet.stream.shown
    frame(quiet, KeyPress("space"))
    assert quiet.stream.shown and burst(quiet).orders


@pytest.mark.parametrize("key, up", [("+", True), ("=", True), ("[+]", True), ("-", False), ("[-]", False)])
def test_keys_change_the_rate_and_a_held_key_goes_on(key: str, up: bool) -> None:
    model = streaming()
    before = model.stream.per_minute
    frame(model, KeyPress(key), KeyPress(key, repeat=True))
    assert model.stream.per_minute == pytest.approx(before * (1.25**2 if up else 1.25**-2))
    frame(model, *[KeyPress(key, repeat=True)] * 60)
    assert model.stream.per_minute == (FASTEST if up else SLOWEST)


def test_the_slider_is_dragged_and_let_go() -> None:
    model = streaming()
    x, y, w, h = TRACK
    frame(model, PointerPress(x, y + h / 2))
    assert model.stream.per_minute == SLOWEST
    frame(model, PointerMove(x + w / 2, y + 300))
    assert model.stream.per_minute == pytest.approx((SLOWEST * FASTEST) ** 0.5)
    frame(model, PointerMove(5000, 0), PointerRelease(5000, 0), PointerMove(x, y))
    assert model.stream.per_minute == pytest.approx(FASTEST)
    frame(model, PointerPress(SWITCH[0] + 5, SWITCH[1] + 5))
    assert not model.stream.running


def test_the_slider_is_not_there_where_it_is_not_shown() -> None:
    model = streaming(StreamSettings())
    before = model.stream
    frame(model, PointerPress(TRACK[0] + 90, TRACK[1] + 5), KeyPress("+"))
    assert model.stream == before and not model.pointing.dragging


@given(st.floats(SLOWEST, FASTEST))
def test_knob_and_rate_are_each_others_inverse(rate: float) -> None:
    assert rate_at(knob_x(rate)) == pytest.approx(rate)
    assert on_track(knob_x(rate), TRACK[1] + TRACK[3] / 2)


def test_the_sign_says_what_the_stream_does() -> None:
    stream = running()
    assert state_text(stream, 0) == rate_text(rate_of(SETTINGS)) == "171 a minute"
    assert state_text(stream, 300) == "300 open: waits"
    assert state_text(toggled(stream), 0) == "paused"
    stalled = Kitchen(stream, 1)
    while not stalled.step(0.1):
        pass
    assert state_text(stalled.stream, 0, stalled.now) == "171 a minute"
    assert state_text(stalled.stream, 0, stalled.now + 3) == "waits for an answer"
    assert rate_text(2.5) == "2.5 a minute"


def test_other_news_leave_the_stream_alone() -> None:
    model = streaming()
    before = model.stream.settings, model.stream.per_minute
    frame(model, news=[Said("x"), RecordsSeen(checkpoint=checkpoint())])
    assert (model.stream.settings, model.stream.per_minute) == before
