"""Speech bubbles: who says why its last attempt failed, and how much of it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from game.simulation.detail_levels import FEW, MOST_BUBBLES
from game.simulation.failure_bubbles import LATEST, saying, speakers
from tests.telling import S, at, kitchen_with, order, play, seen, tell, worker


def stuck_order(n: int, attempt: int = 3, failure: str = "division by zero", **more: Any) -> Any:
    return order(f"o{n}", S.PREPARING, attempt, last_failure=failure, started_at=at(n), **more)


def test_one_or_two_of_a_crowd_speak_far_enough_apart() -> None:
    model = kitchen_with([worker(1)], [stuck_order(n) for n in range(30)], settle=9.0)
    chosen = speakers(model)
    assert 1 <= len(chosen) <= MOST_BUBBLES and chosen[0].id == "o0"
    assert all(abs(a.body.x - b.body.x) > 400 for a, b in itertools.combinations(chosen, 2))
    play(model, 1.0)
    assert [g.id for g in speakers(model)] == [g.id for g in chosen], "steady"


def test_in_a_crowd_only_those_speak_that_failed_twice() -> None:
    crowd = [stuck_order(n, attempt=2) for n in range(FEW + 4)]
    model = kitchen_with([worker(1)], crowd, settle=1.0)
    assert speakers(model) == []
    tell(model, seen(stuck_order(7, attempt=3)))
    assert [g.id for g in speakers(model)] == ["o7"]


@pytest.mark.parametrize("failure", [None, "activity Heartbeat timeout", "Worker is shutting down and so on"])
def test_a_worker_that_went_away_is_no_failure_of_the_stage(failure: str | None) -> None:
    one = order("a", S.BAKING, 2, worker="w1.1", last_failure=failure)
    assert speakers(kitchen_with([worker(1)], [one], settle=3.0)) == []


def test_a_bubble_is_short() -> None:
    model = kitchen_with([worker(1)], [stuck_order(1, attempt=12, failure="long\n words " * 99)], settle=3.0)
    head, text = saying(model.gophers["o1"])
    assert head == "attempt 12" and len(text) <= LATEST and "\n" not in text and text.endswith("…")
