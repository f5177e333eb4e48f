"""Orders whose id is used again, and which of one's own are remembered: nobody stands there for ever."""

from __future__ import annotations

import pytest

from game.api_state.news import OrderPlaced
from game.api_state.snapshot import KEPT_FINISHED
from game.simulation import update as rules
from tests.telling import S, at, kitchen_with, order, play, seen, tell, worker

PAIR = (worker(1), worker(2))


@pytest.mark.parametrize("first", [S.BAKING, S.FAILED])
@pytest.mark.parametrize("second", [S.DELIVERED, S.FAILED])
def test_a_second_run_that_finished_unseen_leaves_nobody_standing(first: S, second: S) -> None:
    model = kitchen_with(PAIR, [order("a", S.BAKING, 1, worker="w1.1")], settle=4.0)
    tell(model, seen(order("a", first, 1, worker="w1.1", seen_at=at(6))))
    play(model, 2.0, 0.05)
    tell(model, seen(order("a", second, run_id="two", started_at=at(60), seen_at=at(99))))
    play(model, 20.0, 0.05)
    assert model.gophers == {} and model.outcomes.delivered == (second is S.DELIVERED)


def test_a_run_that_takes_an_open_ones_place_gives_its_stand_back() -> None:
    model = kitchen_with(PAIR, [order("a", S.BAKING, 1), order("b", S.BAKING, 1)], settle=4.0)
    tell(model, seen(order("a", S.BAKING, 1, run_id="two", started_at=at(60))))
    assert sorted(gopher.index for gopher in model.gophers.values()) == [0, 1]
    tell(model, seen(order("c", S.BAKING, 1)))
    assert sorted(gopher.index for gopher in model.gophers.values()) == [0, 1, 2]


def test_ones_own_orders_are_remembered_while_they_are_shown_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    most = 2 * KEPT_FINISHED + 20
    monkeypatch.setattr(rules, "MOST_OWN", most)
    model, last = kitchen_with(PAIR), most + 100
    tell(model, *(OrderPlaced(order(f"m{n}", S.DELIVERED if n else S.BAKING)) for n in range(last + 1)))
    assert {"m0", f"m{last}"} <= model.own.orders and len(model.own.orders) <= most
