"""Who lives and serves no more is told to hang; who is slow, new, or was not asked is not."""

from __future__ import annotations

from api_stub.stack.health import StartHealth
from api_stub.stack.watchdog import LEAST_LOOKS, SILENT_S, Watchdog

WELL = StartHealth(reachable=True, ready=1)
AWAY = StartHealth(reachable=False, ready=1)
PIDS: dict[str, int | None] = {"api": 1, "temporal": 2}
STEP_S = SILENT_S / (LEAST_LOOKS + 1)


def hear(watchdog: Watchdog, health: StartHealth | None, looks: int, began: float = 0.0) -> list[str]:
    """What is told to hang at the last of so many looks, which come at equal distances from `began` on."""
    found: list[str] = []
    for n in range(looks):
        found = watchdog.hung(PIDS, health, began + n * STEP_S)
    return found


def test_a_part_that_served_and_fell_silent_hangs() -> None:
    watchdog = Watchdog()
    assert hear(watchdog, WELL, 3) == []
    assert hear(watchdog, None, LEAST_LOOKS, 3 * STEP_S) == []
    assert hear(watchdog, None, LEAST_LOOKS + 3, 3 * STEP_S) == ["api"]


def test_a_server_that_the_api_cannot_reach_hangs() -> None:
    watchdog = Watchdog()
    hear(watchdog, WELL, 1)
    assert hear(watchdog, AWAY, LEAST_LOOKS + 3, STEP_S) == ["temporal"]


def test_one_answer_in_between_is_enough() -> None:
    watchdog = Watchdog()
    for turn in range(5):
        began = turn * (LEAST_LOOKS + 1) * STEP_S
        assert hear(watchdog, WELL, 1, began) == []
        assert hear(watchdog, None, LEAST_LOOKS, began + STEP_S) == []


def test_who_never_served_is_still_on_its_way_up() -> None:
    watchdog = Watchdog()
    assert hear(watchdog, None, 50) == []
    assert hear(watchdog, AWAY, 50, 50 * STEP_S) == []


def test_another_process_begins_anew() -> None:
    watchdog = Watchdog()
    hear(watchdog, WELL, 1)
    hear(watchdog, None, LEAST_LOOKS - 1, STEP_S)
    assert watchdog.hung({"api": 7, "temporal": 2}, None, 1000.0) == []


def test_a_laptop_that_slept_accuses_nobody() -> None:
    watchdog = Watchdog()
    hear(watchdog, WELL, 1)
    assert watchdog.hung(PIDS, None, 8 * 3600.0) == []


def test_while_the_api_is_silent_nothing_is_known_of_the_server() -> None:
    watchdog = Watchdog()
    hear(watchdog, WELL, 1)
    hear(watchdog, AWAY, LEAST_LOOKS - 1, STEP_S)
    hear(watchdog, None, 1, LEAST_LOOKS * STEP_S)
    assert hear(watchdog, AWAY, 1, (LEAST_LOOKS + 3) * STEP_S) == []


def test_a_server_of_somebody_else_is_left_alone() -> None:
    watchdog = Watchdog()
    for n in range(50):
        assert watchdog.hung({"api": 1}, WELL if n == 0 else AWAY, n * STEP_S) == []
