"""The order card's picture: a life as lanes of attempts, true to what is known; and its QR code."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pygame
import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from api_stub.schema import (
    Custodian,
    HeartbeatTimeout,
    HistoryEvent,
    Order,
    Receipt,
    ReceiptOrder,
    Stage,
    StageView,
)
from game.api_state.histories import KEPT_HISTORIES
from game.api_state.news import HistorySeen
from game.api_state.snapshot import Snapshot, advance
from game.drawing.view import View
from game.network.records_polling import RecordsPoller, RecordsThread
from game.panels.order_card import qr
from game.panels.order_card.bar_pictures import bar_points
from game.panels.order_card.card import OrderCard, OrderContext, run_lines
from game.panels.order_card.life import MARKS, Life, LifeAttempt, life_of
from game.panels.order_card.life_drawing import BAR_HIGH, GAP, LEAST_BAR, LEAST_MARK, places
from game.panels.order_card.text import card_text, clock, kill_text
from game.panels.widgets import PAPER_LIT
from game.theme import CREAM, INK, INK_SOFT, SIZE_LEAST, TOMATO
from tests.panelling import Written, overlap, pass_time, texts_of
from tests.running import eventually
from tests.telling import T0, S, at, order
from tests.test_theme import contrast

UI = "http://127.0.0.1:8233"
LONG_FAILURE = "The dough stuck to the ceiling and fell on the head of somebody who was not hungry. " * 20
RUN = "01a20c77-d6f1-76ce-8e7e-1bfc4e7bcefc"
PREPARE, BAKE, DELIVER = Stage


def stage(
    name: Stage, worker: str | None, attempts: int, begin: float | None, end: float | None
) -> StageView:
    return StageView(
        stage=name,
        worker=worker,
        attempts=attempts,
        started_at=None if begin is None else at(begin),
        finished_at=None if end is None else at(end),
    )


def an_order(status: S, attempt: int = 0, **more: Any) -> Order:
    fields: dict[str, Any] = {"workflow_id": "o-7--c8efb5e8-a322-46ec-ae8b-1acdbb441399", "run_id": RUN}
    return order("o-7", status, attempt, **{**fields, **more})


def due(name: Stage, seconds: float, n: int = 5) -> HistoryEvent:
    return HistoryEvent(n=n, at=at(seconds), type="ActivityTaskScheduled", stage=name)


def death(
    n: int,
    worker: str,
    when: float,
    name: Stage,
    attempt: int,
    to: str | None,
    again: float | None,
    who: str = "o-7",
) -> Receipt:
    entry = ReceiptOrder(
        id=who,
        stage=name,
        from_=worker,
        to=to,
        attempt=attempt,
        taken_over_at=None if again is None else at(again),
        delay_s=None if again is None else again - when,
    )
    return Receipt(
        n=n,
        worker=worker,
        slot=1,
        cause="player",
        signal="SIGKILL",
        exit_observed_at=at(when),
        orders=[entry],
    )


def told(life: Life | None) -> list[list[tuple[int, str | None, float, float, str]]]:
    """Every lane's attempts, in seconds since the order's start."""
    assert life is not None
    base = T0.timestamp()
    return [
        [
            (a.number, a.worker, round(a.start - base, 3), round(a.end - base, 3), a.fate)
            for a in lane.attempts
        ]
        for lane in life.lanes
    ]


KILLED_TWICE = an_order(
    S.DELIVERED,
    finished_at=at(20),
    customer="Ada",
    stages=[
        stage(PREPARE, "w2.1", 2, 3, 7.8),
        stage(BAKE, "w2.1", 2, 10, 16.4),
        stage(DELIVER, "w1.3", 1, 16.5, 19.9),
    ],
)
DEATHS = (
    death(1, "w1.1", 1.2, PREPARE, 1, "w2.1", 3.0),
    death(2, "w1.2", 8.9, BAKE, 1, "w2.1", 10.0),
    death(3, "w1.1", 2.0, BAKE, 1, "w2.1", 4.0, who="another"),
)
HISTORY = (due(PREPARE, 0.1), due(BAKE, 7.9, 11), due(DELIVER, 16.5, 17))


def test_a_life_with_two_kills() -> None:
    life = life_of(KILLED_TWICE, HISTORY, DEATHS, 0.0)
    assert told(life) == [
        [(1, "w1.1", 0.1, 1.2, "killed"), (2, "w2.1", 3.0, 7.8, "done")],
        [(1, "w1.2", 7.9, 8.9, "killed"), (2, "w2.1", 10.0, 16.4, "done")],
        [(1, "w1.3", 16.5, 19.9, "done")],
    ]
    assert life is not None and life.over and life.end == at(20).timestamp()
    base = T0.timestamp()
    waits = [[(round(a - base, 3), round(b - base, 3)) for a, b in lane.waits] for lane in life.lanes]
    assert waits == [[(1.2, 3.0)], [(8.9, 10.0)], []]
    assert [kill_text(kill) for kill in life.kills] == [
        f"w1.1 was killed at {clock(at(1.2))}; w2.1 went on 1.8 s later.",
        f"w1.2 was killed at {clock(at(8.9))}; w2.1 went on 1.1 s later.",
    ]


def test_without_its_history_a_stage_is_due_when_the_one_before_was_done() -> None:
    life = life_of(KILLED_TWICE, (), DEATHS, 0.0)
    assert told(life)[0][0] == (1, "w1.1", 0.0, 1.2, "killed")
    assert told(life)[1][0] == (1, "w1.2", 7.8, 8.9, "killed")


def test_without_receipts_a_lost_attempt_is_a_mark_without_a_length() -> None:
    life = life_of(KILLED_TWICE, HISTORY, (), 0.0)
    assert life is not None and not life.kills
    lost = life.lanes[0].attempts[0]
    assert (lost.number, lost.worker, lost.fate, lost.timed) == (1, None, "failed", False)
    assert at(0.1).timestamp() <= lost.start <= lost.end <= at(3).timestamp()


def test_receipts_of_another_run_are_not_its_own() -> None:
    """The original's UI counts from auto-1 at every start: the same id, another order."""
    early = death(1, "w1.1", -50.0, PREPARE, 1, "w2.1", -48.0)
    assert life_of(KILLED_TWICE, HISTORY, (early,), 0.0) == life_of(KILLED_TWICE, HISTORY, (), 0.0)


def test_attempts_that_failed_by_themselves_share_the_time_in_which_they_were() -> None:
    one = an_order(
        S.BAKING,
        8,
        worker="w2.4",
        stages=[stage(PREPARE, "w5.1", 1, 0.2, 3), stage(BAKE, "w2.4", 8, 17, None)],
    )
    life = life_of(one, (due(BAKE, 3),), (), at(20).timestamp())
    assert life is not None and not life.over
    bake = life.lanes[1]
    assert [a.number for a in bake.attempts] == list(range(1, 9))
    assert [a.fate for a in bake.attempts] == ["failed"] * 7 + ["working"]
    assert [a.timed for a in bake.attempts] == [False] * 7 + [True]
    assert told(life)[1][0][2:4] == (3.0, 5.0) and told(life)[1][-1][2:4] == (17.0, 20.0)
    assert life.lanes[2].due is None and not life.lanes[2].attempts


def test_an_order_that_waits_has_not_begun_the_attempt_that_temporal_names() -> None:
    one = an_order(S.BAKING, 2, stages=[stage(PREPARE, "w1.1", 1, 0.2, 3), stage(BAKE, "w1.1", 2, 3.5, None)])
    life = life_of(one, (), (death(4, "w1.1", 6, BAKE, 1, None, None),), at(13).timestamp())
    assert told(life)[1] == [(1, "w1.1", 3.5, 6.0, "killed")]
    assert life is not None
    assert life.lanes[1].waits[-1] == (at(6).timestamp(), at(13).timestamp())
    assert kill_text(life.kills[0]).endswith("nobody has gone on yet.")


def test_a_worker_that_has_just_taken_over_is_the_one_that_works() -> None:
    one = an_order(S.PREPARING, 2, worker="w2.1", stages=[stage(PREPARE, "w2.1", 2, 4, None)])
    life = life_of(
        one, (due(PREPARE, 0.1),), (death(1, "w1.1", 2, PREPARE, 1, "w2.1", 4),), at(5).timestamp()
    )
    assert told(life)[0] == [(1, "w1.1", 0.1, 2.0, "killed"), (2, "w2.1", 4.0, 5.0, "working")]


def test_a_death_that_temporal_has_not_noticed_is_shown_and_said() -> None:
    """For about a second the operating system knows more than Temporal does."""
    one = an_order(S.PREPARING, 1, worker="w1.1", stages=[stage(PREPARE, "w1.1", 1, 0.2, None)])
    dead = (death(1, "w1.1", 2, PREPARE, 1, None, None),)
    life = life_of(one, (), dead, at(3).timestamp())
    assert told(life)[0] == [(1, "w1.1", 0.2, 2.0, "killed")]
    assert life is not None and life.unnoticed == "w1.1"
    assert card_text(one, life).now == "w1.1 is dead. Temporal waits for its heartbeat."
    known = one.model_copy(
        update={"worker": "w2.1", "attempt": 2, "stages": [stage(PREPARE, "w2.1", 2, 4, None)]}
    )
    later = life_of(known, (), dead, at(5).timestamp())
    assert later is not None and later.unnoticed is None
    assert card_text(known, later).now == "w2.1 is preparing it."


def test_an_order_that_failed_shows_where() -> None:
    event = HistoryEvent(n=7, at=at(2), type="ActivityTaskFailed", stage=PREPARE, failure="no such pizza")
    one = an_order(S.FAILED, finished_at=at(2.5), stages=[stage(PREPARE, "w1.1", 1, 0.5, None)])
    assert told(life_of(one, (due(PREPARE, 0.1), event), (), 0.0)) == [
        [(1, "w1.1", 0.5, 2.0, "failed")],
        [],
        [],
    ]
    refused = life_of(an_order(S.FAILED, finished_at=at(0.4)), (), (), 9e9)
    assert refused is not None and refused.end == at(0.4).timestamp()
    assert all(lane.due is None and lane.waits == () for lane in refused.lanes)


def test_of_an_order_without_a_begin_there_is_no_picture() -> None:
    assert life_of(an_order(S.UNKNOWN, started_at=None), (), (), 5.0) is None


@pytest.mark.parametrize("wall", [0.0, T0.timestamp() - 900, T0.timestamp() + 1e7])
def test_a_clock_that_differs_draws_nothing_outside(wall: float) -> None:
    one = an_order(
        S.BAKING,
        1,
        worker="w1.1",
        stages=[stage(PREPARE, "w1.1", 1, 0.2, 3), stage(BAKE, "w1.1", 1, 4, None)],
    )
    life = life_of(one, (), DEATHS, wall)
    assert life is not None and life.start < life.end
    for lane in life.lanes:
        for attempt in lane.attempts:
            assert life.start <= attempt.start <= attempt.end <= life.end


TIMES = st.one_of(st.none(), st.floats(-5, 60))
VIEWS = st.lists(
    st.tuples(st.sampled_from([None, "w1.1", "laptop@7"]), st.integers(0, 40), TIMES, TIMES), max_size=3
)
DYING = st.lists(
    st.tuples(st.sampled_from(list(Stage)), st.integers(0, 40), st.floats(-5, 60), TIMES), max_size=6
)


@settings(max_examples=200)
@given(
    VIEWS,
    DYING,
    st.sampled_from(list(S)),
    st.sampled_from([None, "w3.1"]),
    st.integers(0, 40),
    st.lists(st.tuples(st.sampled_from(list(Stage)), st.floats(-5, 60)), max_size=4),
    st.floats(-100, 200),
)
def test_whatever_is_told_the_picture_holds_together(
    views: list[tuple[str | None, int, float | None, float | None]],
    dying: list[tuple[Stage, int, float, float | None]],
    status: S,
    worker: str | None,
    attempt: int,
    scheduled: list[tuple[Stage, float]],
    now: float,
) -> None:
    """Answers may be late, of different moments, or wrong: bars stay in order, on their track, apart."""
    stages = [stage(name, *view) for name, view in zip(Stage, views, strict=False)]
    one = an_order(
        status,
        attempt,
        worker=worker,
        stages=stages,
        finished_at=at(30) if status in (S.DELIVERED, S.FAILED) else None,
    )
    receipts = [
        death(n, "w1.1", when, name, k, None, again) for n, (name, k, when, again) in enumerate(dying)
    ]
    life = life_of(one, [due(name, when) for name, when in scheduled], receipts, at(now).timestamp())
    assert life is not None and life.start < life.end
    for lane in life.lanes:
        assert len(lane.attempts) <= MARKS
        ends = [life.start]
        for item in lane.attempts:
            assert ends[-1] <= item.start + 1e-6 and item.start <= item.end <= life.end + 1e-6
            ends.append(item.end)
        assert [item.number for item in lane.attempts] == sorted({item.number for item in lane.attempts})
        for begin, end in lane.waits:
            assert life.start <= begin < end <= life.end
        marks = places(lane.attempts, life, 100.0, 700.0)
        for _, left, right in marks:
            assert 100.0 - 1e-6 <= left < right <= 700.0 + 1e-6
        for one_mark, next_mark in itertools.pairwise(marks):
            assert one_mark[2] + GAP <= next_mark[1] + 1e-6


def test_bars_are_true_to_time_and_none_is_too_thin() -> None:
    base = T0.timestamp()
    life = Life(base, base + 60, True, (), ())
    attempts = (
        LifeAttempt(1, None, base, base + 6, "failed", timed=False),
        LifeAttempt(2, "w1.1", base + 12, base + 12.001, "killed"),
        LifeAttempt(3, "w2.1", base + 30, base + 60, "done"),
    )
    mark, tiny, long = places(attempts, life, 0.0, 600.0)
    assert mark[1:] == pytest.approx((60 - LEAST_MARK, 60))
    assert tiny[1:] == pytest.approx((120, 120 + LEAST_BAR))
    assert long[1:] == pytest.approx((300, 600))


# Shapes.


def test_every_fate_has_a_shape_of_its_own() -> None:
    shapes = {fate: tuple(bar_points(fate, 90, BAR_HIGH)) for fate in ("done", "working", "killed")}
    assert len(set(shapes.values())) == 3
    for points in shapes.values():
        assert all(0 <= x <= 90 and 0 <= y <= BAR_HIGH for x, y in points)


def telling(
    history: tuple[HistoryEvent, ...] = (), receipts: tuple[Receipt, ...] = (), now: float = 25.0
) -> OrderContext:
    return OrderContext(history, receipts, at(now).timestamp())


def card(
    one: Order | None, known: OrderContext | None = None, ui: str | None = UI, side: str = "right"
) -> OrderCard:
    made = OrderCard("o-7", lambda _: one, ui, art=None, side=side, context=lambda: known or telling())
    pass_time(made)
    return made


def grey(panel: OrderCard, box: tuple[int, int, int, int]) -> bytes:
    surface = pygame.Surface((1920, 1080))
    panel.draw(View(surface))
    return pygame.image.tobytes(pygame.transform.grayscale(surface.subsurface(pygame.Rect(box))), "RGB")


def test_a_kill_can_be_seen_without_any_colour() -> None:
    x, y, w, h = (round(part) for part in card(None).frame)
    part = (x, y + 200, w, 360)
    with_kills = grey(card(KILLED_TWICE, telling(HISTORY, DEATHS)), part)
    without = grey(card(KILLED_TWICE, telling(HISTORY)), part)
    assert with_kills != without


# The QR code.


def test_the_page_is_the_orders_own() -> None:
    one = an_order(S.BAKING)
    assert (
        qr.page_of(UI + "/", "a space", one) == f"{UI}/namespaces/a%20space/workflows/{one.workflow_id}/{RUN}"
    )
    assert qr.page_of(None, "default", one) is None
    assert qr.page_of(UI, "default", an_order(S.BAKING, run_id=None)) is None
    assert qr.page_of(UI, "default", an_order(S.BAKING, workflow_id=None)) is None


def code_on(panel: OrderCard, width: int, text: str) -> tuple[list[list[bool]], int, pygame.Surface]:
    """The modules that a card shows, read back from its pixels; the module's side; the whole picture."""
    surface = pygame.Surface((width, width * 9 // 16))
    put: list[tuple[pygame.Surface, tuple[int, int]]] = []
    real = qr.picture

    def recording(*what: Any) -> pygame.Surface | None:
        found = real(*what)
        if found is not None:
            put.append((found, found.get_size()))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(qr, "picture", recording)
        panel.draw(View(surface))
    ((picture, (side, _)),) = put
    count = len(list(segno.make_qr(text, error="l", boost_error=True).matrix)) + 2 * qr.QUIET
    assert side % count == 0
    module = side // count
    # Found again in the frame: all of it, quiet zone included, with nothing drawn over it.
    wanted = pygame.image.tobytes(picture, "RGB")
    x, y, w, h = (round(part * width / 1920) for part in panel.frame)
    for left, top in itertools.product(range(x, x + w - side), range(y + h // 2, y + h - side + 1)):
        if surface.get_at((left + 4 * module, top + 4 * module))[:3] == INK:
            window = surface.subsurface(pygame.Rect(left, top, side, side))
            if pygame.image.tobytes(window, "RGB") == wanted:
                break
    else:
        raise AssertionError("the code is not on the card")
    half = module // 2
    cells = [
        [window.get_at((column * module + half, row * module + half))[:3] == INK for column in range(count)]
        for row in range(count)
    ]
    return cells, module, window


@pytest.mark.parametrize("width", [1280, 1920, 3840])
def test_the_code_on_the_card_is_the_pages(width: int) -> None:
    panel = card(KILLED_TWICE, telling(HISTORY, DEATHS))
    page = qr.page_of(UI, "default", KILLED_TWICE)
    assert page is not None
    cells, module, window = code_on(panel, width, page)
    assert module >= 4 * width / 1920
    edge = qr.QUIET
    inner = [row[edge:-edge] for row in cells[edge:-edge]]
    made = segno.make_qr(page, error="l", boost_error=True).matrix
    assert inner == [[bool(cell) for cell in row] for row in made]
    assert not any(any(row) for row in cells[:edge] + cells[-edge:]), "the quiet zone is quiet"
    assert not any(any(row[:edge]) or any(row[-edge:]) for row in cells)
    colours = {
        window.get_at((x, y))[:3] for x in range(window.get_width()) for y in range(window.get_height())
    }
    assert colours == {INK, CREAM}, "dark on light, nothing between"


def test_a_code_that_would_be_too_small_is_left_out() -> None:
    assert qr.side_of("x" * 150, 262, 1.0) >= 4 * (45 + 8)
    assert qr.side_of("x" * 1500, 262, 1.0) == 0
    assert qr.side_of("x" * 5000, 262, 1.0) == 0 and qr.modules("x" * 5000) is None
    assert qr.picture("x" * 150, 20, INK, CREAM) is None


def test_without_a_web_ui_there_is_no_code() -> None:
    surface = pygame.Surface((1920, 1080))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(qr, "picture", lambda *_: pytest.fail("a code of no page"))
        for panel in (card(KILLED_TWICE, ui=None), card(an_order(S.BAKING, run_id=None))):
            panel.draw(View(surface))


# Words and boxes.


def crowded() -> Order:
    views = [
        stage(name, "a-laptop.with-a-very-long-name.local@123456", 1234, 9, 60000 if n == 0 else None)
        for n, name in enumerate((PREPARE, BAKE))
    ]
    return an_order(
        S.BAKING,
        1234,
        customer="W" * 24,
        workflow_id="W" * 64 + "--c8efb5e8-a322-46ec-ae8b-1acdbb441399",
        fresh=False,
        toppings=["pepperoni", "mushroom", "anchovies", "pineapple", "peppers", "onion", "olives", "basil"],
        last_failure="burnt " * 333,
        stages=views,
    ).model_copy(update={"id": "W" * 64})


def many_hands() -> Order:
    """An order that nine had in the oven; it waits for the tenth attempt."""
    chain = [Custodian(worker=f"w{n}.{n}", attempt=n, started_at=at(4 + 2 * n)) for n in range(1, 10)]
    oven = stage(BAKE, "w9.9", 10, 22, None).model_copy(update={"custody": chain})
    return an_order(
        S.BAKING, 10, activity_state="backing_off", next_attempt_at=at(64), last_failure="burnt",
        stages=[stage(PREPARE, "w3.1", 1, 0.2, 3), oven],
    )  # fmt: skip


def unheard() -> OrderContext:
    """That the eighth of them was given up, although it lives."""
    given_up = HeartbeatTimeout(
        n=1, order="o-7", stage=BAKE, worker="w8.8", attempt=8, to="w9.9", seen_at=at(22)
    )
    return replace(telling((), (death(2, "w7.7", 19, BAKE, 7, "w8.8", 20),), now=61), timeouts=(given_up,))


CODE_FAILS = "the workflow's code fails: KeyError: 'oven'"
WAITING = [stage(PREPARE, "w1.1", 1, 0.2, 3), stage(BAKE, "w1.1", 2, 3.5, None)]
STUBBORN = [stage(PREPARE, "w5.1", 1, 0.2, 3.3), stage(BAKE, "w2.4", 8, 21, None)]
CARDS: dict[str, Callable[[], OrderCard]] = {
    "fresh": lambda: card(
        an_order(S.PREPARING, 1, worker="w3.1", stages=[stage(PREPARE, "w3.1", 1, 0.1, None)]), telling(now=2)
    ),
    "just received": lambda: card(an_order(S.RECEIVED), telling(now=0)),
    "killed twice": lambda: card(KILLED_TWICE, telling(HISTORY, DEATHS)),
    "killed twice, left": lambda: card(KILLED_TWICE, telling(HISTORY, DEATHS), side="left"),
    "waiting": lambda: card(
        an_order(S.BAKING, 2, last_failure="activity Heartbeat timeout", stages=WAITING),
        telling((), (death(4, "w1.1", 6, BAKE, 1, None, None),)),
    ),
    "dead, unnoticed": lambda: card(
        an_order(S.BAKING, 1, worker="w4.1", stages=[STUBBORN[0], stage(BAKE, "w4.1", 1, 3.5, None)]),
        telling((), (death(4, "w4.1", 6, BAKE, 1, None, None),), now=7),
    ),
    "failed 7 times": lambda: card(
        an_order(S.BAKING, 8, worker="w2.4", last_failure=LONG_FAILURE, stages=STUBBORN),
        telling((due(BAKE, 3.4),)),
    ),
    "failed": lambda: card(an_order(S.FAILED, finished_at=at(0.4), last_failure="no such crust"), ui=None),
    "many hands": lambda: card(many_hands(), unheard()),
    "paused": lambda: card(an_order(S.BAKING, 2, activity_state="paused", stages=WAITING), telling(now=9)),
    "paused, in hand": lambda: card(
        an_order(S.BAKING, 2, worker="w1.1", activity_state="paused", stages=WAITING), telling(now=9)
    ),
    "cancelling": lambda: card(
        an_order(S.BAKING, 2, worker="w1.1", activity_state="cancelling", stages=WAITING), telling(now=9)
    ),
    "stuck in code": lambda: card(an_order(S.PENDING_PICKUP, last_failure=CODE_FAILS), telling(now=9)),
    **{
        state: lambda state=state: card(
            an_order(S.FAILED, workflow_state=state, finished_at=at(9), stages=WAITING), telling(now=9)
        )
        for state in ("canceled", "terminated", "timed_out")
    },
    "crowded": lambda: card(crowded(), telling(now=61000)),
    "crowded, far away": lambda: card(
        crowded(), telling(now=61000), ui="https://a-very-long-name.example.com"
    ),
}


@pytest.mark.parametrize("width", [640, 1280, 1920, 3840])
@pytest.mark.parametrize("name", CARDS)
def test_words_lie_on_the_card_and_apart(name: str, width: int) -> None:
    panel = CARDS[name]()
    x, y, w, h = panel.frame
    written: list[Written] = [entry for entry in texts_of(panel, width) if entry[1][2] > 0]
    assert len(written) > 10
    for text, box, _ in written:
        assert box[0] >= x + 14 and box[0] + box[2] <= x + w - 14, text
        assert box[1] >= y + 14 and box[1] + box[3] <= y + h - 14, text
    for one, other in itertools.combinations(written, 2):
        # Line boxes have room over and under the letters, which may touch.
        assert overlap(one[1], other[1]) <= 7, (one[0], other[0])


@pytest.mark.parametrize("name", [name for name in CARDS if not name.startswith(("crowded", "failed 7"))])
def test_nothing_usual_is_cut(name: str) -> None:
    for width in (1280, 1920):
        for text, box, wanted in texts_of(CARDS[name](), width):
            assert box[2] == pytest.approx(wanted[0]) and (text == "…" or "…" not in text), text


def test_a_failure_of_2000_characters_shows_its_beginning() -> None:
    lines = [text for text, _, _ in texts_of(CARDS["crowded"]()) if "burnt" in text]
    assert lines[0].startswith("Last failure: burnt") and 1 <= len(lines) <= 3 and lines[-1].endswith("…")


def test_clock_times_stand_at_both_ends_of_the_axis() -> None:
    written = [text for text, _, _ in texts_of(CARDS["killed twice"]())]
    assert (
        f"{clock(T0)} ordered" in written and f"{clock(at(20))} delivered" in written and "20.0 s" in written
    )
    assert f"{clock(at(2))} now" in [text for text, _, _ in texts_of(CARDS["fresh"]())]


def test_a_run_id_is_parted_at_a_dash_or_not_at_all() -> None:
    assert run_lines(RUN, lambda text: True) == [f"run {RUN}"]
    assert run_lines(RUN, lambda text: len(text) < 40) == ["run 01a20c77-d6f1-76ce-8e7e-", "1bfc4e7bcefc"]
    assert run_lines("", lambda text: False) == [] and run_lines("abc", lambda text: False) == ["run abc"]


@pytest.mark.parametrize("colour", [INK, INK_SOFT, TOMATO])
def test_what_stands_on_a_track_can_be_read(colour: tuple[int, int, int]) -> None:
    assert contrast(colour, PAPER_LIT) >= 4.5
    assert SIZE_LEAST >= 22


def test_the_picture_grows_with_time_and_not_by_itself() -> None:
    one = an_order(S.PREPARING, 1, worker="w3.1", stages=[stage(PREPARE, "w3.1", 1, 2, None)])
    now = [4.0]
    panel = OrderCard("o-7", lambda _: one, None, art=None, side="left", context=lambda: telling(now=now[0]))
    pass_time(panel)

    def picture() -> bytes:
        surface = pygame.Surface((1280, 720))
        panel.draw(View(surface))
        return pygame.image.tobytes(surface, "RGB")

    first = picture()
    assert picture() == first
    now[0] = 9.0
    assert picture() != first


# What is asked for.


def events_json(count: int) -> str:
    rows = [
        HistoryEvent(n=n + 1, at=T0 + timedelta(seconds=n), type="X").model_dump_json() for n in range(count)
    ]
    return f"[{','.join(rows)}]"


def watcher(
    answer: Callable[[httpx.Request], httpx.Response],
) -> tuple[RecordsPoller, list[object], list[float]]:
    news: list[object] = []
    now = [100.0]
    client = httpx.Client(base_url="http://api", transport=httpx.MockTransport(answer))
    made = RecordsPoller(client, news.append, lambda: now[0])
    made.due = {"history": 0.0}
    return made, news, now


def test_a_history_is_asked_for_once_and_again_when_the_order_is_another() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return httpx.Response(200, text=events_json(len(asked)))

    made, news, now = watcher(answer)
    made.ask_due()
    assert not asked, "no card is open"
    made.history_wanted = ("o 7", 1)
    for _ in range(5):
        made.ask_due()
        now[0] += 1.0
    assert asked == ["/orders/o%207/history"]
    made.history_wanted = ("o 7", 2)
    made.ask_due()
    assert len(asked) == 2
    for change in range(3, 30):
        made.history_wanted = ("o 7", change)
        made.ask_due()
    assert len(asked) == 2, "never more often than every half second, however busy the order"
    now[0] += 0.5
    made.ask_due()
    assert len(asked) == 3
    assert [len(seen.events) for seen in news if isinstance(seen, HistorySeen)] == [1, 2, 3]


@pytest.mark.parametrize("status", [404, 500, 503])
def test_an_answer_that_is_no_history_is_no_news(status: int) -> None:
    count = [0]

    def answer(request: httpx.Request) -> httpx.Response:
        count[0] += 1
        return httpx.Response(status)

    made, news, now = watcher(answer)
    made.history_wanted = ("o-7", 1)
    for _ in range(4):
        made.ask_due()
        now[0] += 1.0
    assert not news
    assert count[0] == (1 if status == 404 else 4), "an order that is not there is left alone"


def test_an_open_card_wakes_the_thread() -> None:
    news: list[object] = []
    answers = {"/orders/o-7/history": events_json(3)}

    def answer(request: httpx.Request) -> httpx.Response:
        found = answers.get(request.url.path)
        return httpx.Response(200, text=found) if found else httpx.Response(404)

    watch = RecordsThread("http://api", news.append, httpx.MockTransport(answer))
    watch.start()
    try:
        watch.want_history(("o-7", 1))
        eventually(lambda: any(isinstance(item, HistorySeen) and len(item.events) == 3 for item in news))
    finally:
        watch.stop()


def history(count: int, run: float = 0.0) -> tuple[HistoryEvent, ...]:
    return tuple(HistoryEvent(n=n + 1, at=at(run + n), type="X") for n in range(count))


def test_what_is_known_of_histories_grows_and_is_bounded() -> None:
    known = advance(Snapshot(), HistorySeen("a", history(3)))
    assert known.histories["a"] == history(3) and not known.online
    assert advance(known, HistorySeen("a", history(2))) is known, "late"
    assert advance(known, HistorySeen("a", history(3))) is known, "twice"
    assert len(advance(known, HistorySeen("a", history(5))).histories["a"]) == 5
    assert advance(known, HistorySeen("a", history(1, run=90))).histories["a"] == history(1, run=90), (
        "another run"
    )
    for n in range(30):
        known = advance(known, HistorySeen(f"o{n}", history(1)))
    assert list(known.histories) == [f"o{n}" for n in range(30 - KEPT_HISTORIES, 30)]
