"""The order card's picture: shapes that need no colour, and words that lie on it and apart."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import pygame
import pytest

from api_stub.schema import (
    Custodian,
    HeartbeatTimeout,
    Order,
)
from game.drawing.view import View
from game.panels.order_card.bar_pictures import bar_points
from game.panels.order_card.card import OrderCard, OrderContext, run_lines
from game.panels.order_card.life_drawing import BAR_HIGH
from game.panels.order_card.text import clock
from game.panels.widgets import PAPER_LIT
from game.theme import INK, INK_SOFT, SIZE_LEAST, TOMATO
from tests.order_lives import (
    BAKE,
    DEATHS,
    HISTORY,
    KILLED_TWICE,
    LONG_FAILURE,
    PREPARE,
    RUN,
    an_order,
    card,
    death,
    due,
    grey,
    stage,
    telling,
)
from tests.panelling import Written, overlap, pass_time, texts_of
from tests.telling import T0, S, at
from tests.test_theme import contrast


def test_every_fate_has_a_shape_of_its_own() -> None:
    shapes = {fate: tuple(bar_points(fate, 90, BAR_HIGH)) for fate in ("done", "working", "killed")}
    assert len(set(shapes.values())) == 3
    for points in shapes.values():
        assert all(0 <= x <= 90 and 0 <= y <= BAR_HIGH for x, y in points)


def test_a_kill_can_be_seen_without_any_colour() -> None:
    x, y, w, h = (round(part) for part in card(None).frame)
    part = (x, y + 200, w, 360)
    with_kills = grey(card(KILLED_TWICE, telling(HISTORY, DEATHS)), part)
    without = grey(card(KILLED_TWICE, telling(HISTORY)), part)
    assert with_kills != without


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
