"""A kiosk with a monkey at it and something broken again and again: the short form of `bench kiosk`.

The three minutes of the bar would be too long beside the other tests; this takes about one. What each fault
costs is printed by `./run_all.sh bench kiosk`.
"""

from __future__ import annotations

import random

import pytest

from tests.bench.kiosk import ALL, not_to_be_had, order_of_faults, run
from tests.bench.monkey import Monkey
from tests.bench.usage import slope
from tests.bench.watchdog_faults import NOTICED_S, WATCHDOG_FAULTS
from tests.desk import need_programs

FAULTS = (
    "hang_the_game",
    "a_stranger_on_the_apis_port",
    "make_the_state_directory_read_only",
    "two_at_once",
    "kill_the_stack",
)


def test_every_fault_comes_once_before_one_comes_again() -> None:
    faults = order_of_faults(random.Random(1), not_to_be_had(True, True, True))
    drawn = [next(faults) for _ in range(2 * len(ALL))]
    assert set(drawn[: len(ALL)]) == set(ALL) == set(drawn[len(ALL) :])
    assert set(NOTICED_S) <= set(WATCHDOG_FAULTS) <= set(ALL)
    missing = not_to_be_had(False, False, False)
    poor = order_of_faults(random.Random(1), missing)
    assert len(missing) == 3 and set(ALL) - {next(poor) for _ in range(len(ALL) - 3)} == missing


def test_a_monkey_tries_keys_clicks_and_drags_within_the_window_and_never_holds_a_key() -> None:
    monkey = Monkey(":none", (800, 600), checkpoints=False)
    events = [monkey._event() for _ in range(3000)]
    assert {event[0] for event in events} == {"key", "mousemove"}
    assert any("mousedown" in event for event in events) and any("click" in event for event in events)
    for event in events:
        assert "keydown" not in event and not {"F1", "F6"} & set(event)
        assert event.count("mousedown") == event.count("mouseup")
        for at, word in enumerate(event):
            if word == "mousemove":
                assert 0 <= int(event[at + 1]) < 800 and 0 <= int(event[at + 2]) < 600


def test_memory_that_grows_has_a_slope_and_a_start_has_none() -> None:
    assert slope([(second, 100.0 + second / 30) for second in range(0, 300, 2)]) == pytest.approx(2.0)
    assert slope([(second, 100.0) for second in range(0, 60, 2)]) is None


@pytest.mark.stack
@pytest.mark.window
@pytest.mark.timeout(900)
def test_a_kiosk_is_back_after_each_fault_and_loses_nothing() -> None:
    need_programs()
    verdict = run(minutes=5, every_s=1, names=FAULTS, checkpoints=False)
    assert verdict.problems == []
    assert set(verdict.back) == {*FAULTS, "damage_the_database"}
    assert verdict.taken > 10 and verdict.events > 100
    assert verdict.touches > 10
