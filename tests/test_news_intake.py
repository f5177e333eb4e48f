"""News of many orders are spread over frames: nothing is lost, nothing waits long, nothing else waits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_stub.schema import Fleet
from game.api_state.news import ApiAway, FleetSeen, News, OrdersSeen, Said
from game.network.news_intake import LEAST, MOST, WITHIN, NewsIntake
from tests.telling import order


def told(start: int, count: int) -> OrdersSeen:
    return OrdersSeen(tuple(order(f"o{n}") for n in range(start, start + count)))


def names(news: list[News]) -> list[str]:
    return [one.id for item in news if isinstance(item, OrdersSeen) for one in item.orders]


@given(st.lists(st.integers(0, 400), max_size=12), st.integers(0, 40))
def test_everybody_is_let_in_once_in_order_and_soon(sizes: list[int], pause: int) -> None:
    portions, let_in, frames, start = NewsIntake(), [], 0, 0
    for size in sizes:
        let_in += names(portions.let_in([told(start, size)]))
        start += size
        for _ in range(pause):
            let_in += names(portions.let_in([]))
    while portions.waiting:
        let_in += names(portions.let_in([]))
        frames += 1
    assert let_in == [f"o{n}" for n in range(start)]
    assert frames <= WITHIN


@pytest.mark.parametrize(
    ("count", "frames"), [(16, 1), (40, 2), (125, 2), (2 * MOST, 2), (500, 6), (40_000, WITHIN)]
)
def test_how_long_it_takes(count: int, frames: int) -> None:
    portions = NewsIntake()
    portions.let_in([told(0, count)])
    taken = 1
    while portions.waiting:
        portions.let_in([])
        taken += 1
    assert taken == frames


def test_a_few_are_let_in_at_once_and_many_are_spread() -> None:
    portions = NewsIntake()
    assert len(names(portions.let_in([told(0, LEAST)]))) == LEAST
    spread = [len(names(portions.let_in([told(0, 600)])))]
    while portions.waiting:
        spread.append(len(names(portions.let_in([]))))
    assert sum(spread) == 600 and max(spread) == MOST
    assert len(names(portions.let_in([told(0, 2 * LEAST)]))) == LEAST, "the next few are spread as few"


def test_a_death_does_not_wait_behind_orders() -> None:
    portions, fleet = NewsIntake(), FleetSeen(Fleet(slots=1, births=1, deaths=1, workers=[]))
    first = portions.let_in([told(0, 400), fleet, Said("x")])
    assert fleet in first and Said("x") in first and portions.waiting > 200


def test_no_answer_is_heard_after_the_word_that_nobody_answers() -> None:
    portions, away = NewsIntake(), ApiAway("gone")
    portions.let_in([told(0, 100)])
    let_in = portions.let_in([told(100, 50), away])
    assert let_in[-1] is away and names(let_in)[-1] == "o149" and portions.waiting == 0


def test_an_empty_answer_still_passes() -> None:
    portions = NewsIntake()
    assert portions.let_in([OrdersSeen(())]) == [OrdersSeen(())]
