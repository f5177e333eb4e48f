"""Who has which attempt in hand, by hints: what leaves a worker's hands, and what dies with it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from api_stub.records.attempt_holders import (
    MAX_ENDED,
    AttemptHolders,
    Custody,
    StageAttempt,
    StageKey,
    Suspect,
)
from worker.shared import MAX_CUSTODIANS, Stage
from worker.show.hints import Hint, HintKind

BAKE = StageKey("a", "run", Stage.BAKE)


def hint(kind: HintKind, attempt: int = 1, key: StageKey = BAKE) -> Hint:
    return Hint(kind, key.workflow_id, key.run_id, key.stage, attempt)


def hands(limit: int = 100) -> AttemptHolders:
    return AttemptHolders(lambda: 50.0, limit)


def test_what_a_worker_has_when_it_dies_dies_with_it() -> None:
    mine = hands()
    other = StageKey("b", "run", Stage.PREPARE)
    mine.told("w1.1", hint("started"))
    mine.told("w1.1", hint("started", key=other))
    mine.told("w2.1", hint("started", key=StageKey("c", "run", Stage.BAKE)))
    mine.told("w1.1", hint("completed", key=other))
    assert mine.holder(BAKE) == "w1.1" and mine.holder(other) is None
    held, ended = mine.died("w1.1")
    assert held == [StageAttempt(BAKE, 1)]
    assert ended == [StageAttempt(other, 1)], "the server may not have heard that it is done"
    assert mine.holder(BAKE) is None and mine.is_dead("w1.1")
    assert mine.died("w1.1") == ([], [])


def test_what_went_on_elsewhere_was_surely_done() -> None:
    mine = hands()
    mine.told("w1.1", hint("started"))
    mine.told("w1.1", hint("failed"))
    mine.told("w2.1", hint("started", 2))
    assert mine.died("w1.1") == ([], [])
    assert mine.died("w2.1") == ([StageAttempt(BAKE, 2)], [])


def test_an_attempt_that_is_overtaken_leaves_and_is_suspicious() -> None:
    mine = hands()
    assert mine.told("w1.1", hint("started")) == []
    assert mine.told("w2.1", hint("started", 2)) == [Suspect(StageAttempt(BAKE, 1), "w1.1", overtaken=True)]
    assert mine.died("w1.1") == ([], []), "its death does nothing to what it had lost before"
    assert mine.custodians(BAKE) == {
        1: Custody("w1.1", 1, 50.0, exact=False),
        2: Custody("w2.1", 2, 50.0, exact=False),
    }
    # Also where the same worker has the next attempt.
    assert mine.told("w2.1", hint("started", 3)) == [Suspect(StageAttempt(BAKE, 2), "w2.1", overtaken=True)]
    assert mine.told("w2.1", hint("cancelled", 2)) == [Suspect(StageAttempt(BAKE, 2), "w2.1")]
    assert mine.died("w2.1")[0] == [StageAttempt(BAKE, 3)]


def test_a_cancelled_attempt_is_suspicious_and_a_finished_or_failed_one_is_not() -> None:
    mine = hands()
    for attempt, kind in enumerate(("failed", "cancelled", "completed"), 1):
        mine.told("w1.1", hint("started", attempt))
        suspects = mine.told("w1.1", hint(kind, attempt))  # type: ignore[arg-type]
        assert suspects == ([Suspect(StageAttempt(BAKE, attempt), "w1.1")] if kind == "cancelled" else [])
        assert mine.how_ended(StageAttempt(BAKE, attempt)) == kind


def test_hints_of_two_workers_that_come_the_wrong_way_round_take_nothing_from_the_later_one() -> None:
    mine = hands()
    mine.told("w2.1", hint("started", 2))
    assert mine.told("w1.1", hint("started", 1)) == [Suspect(StageAttempt(BAKE, 1), "w1.1", overtaken=True)]
    assert mine.told("w1.1", hint("failed", 1)) == []
    assert mine.how_ended(StageAttempt(BAKE, 1)) == "failed"
    assert mine.died("w1.1") == ([], [])
    assert mine.died("w2.1")[0] == [StageAttempt(BAKE, 2)]


def test_an_operator_resets_an_activity() -> None:
    mine = hands()
    mine.told("w1.1", hint("started", 1))
    mine.told("w1.1", hint("failed", 1))
    mine.told("w1.1", hint("started", 2))
    assert mine.told("w2.1", hint("started", 1)) == [], "nobody timed out"
    assert mine.custodians(BAKE) == {1: Custody("w2.1", 1, 50.0, exact=False)}
    mine.told("w1.1", hint("cancelled", 2))
    assert mine.died("w1.1")[0] == [] and mine.died("w2.1")[0] == [StageAttempt(BAKE, 1)]


def test_temporals_word_fills_in_what_no_hint_told_and_never_moves_back() -> None:
    mine = hands()
    assert mine.seen("w9.0", StageAttempt(BAKE, 1), 40.0) == []
    assert mine.custodians(BAKE) == {1: Custody("w9.0", 1, 40.0)}
    mine.told("w1.1", hint("started", 2))
    assert mine.seen("w9.0", StageAttempt(BAKE, 1), 40.0) == [], "an older answer"
    assert mine.holder(BAKE) == "w1.1"
    mine.told("w1.1", hint("completed", 2))
    assert mine.seen("w1.1", StageAttempt(BAKE, 2), 45.0) == []
    assert mine.holder(BAKE) is None, "it had told that it is done: the answer is older"
    mine.died("w3.1")
    mine.seen("w3.1", StageAttempt(BAKE, 3), 60.0)
    assert mine.holder(BAKE) is None, "the dead hold nothing"
    assert mine.custodians(BAKE)[3].worker == "w3.1"


def test_a_lost_hint_that_a_stage_is_done_is_made_up_for_by_the_next_stage() -> None:
    mine = hands()
    mine.told("w1.1", hint("started"))
    mine.told("w2.1", hint("started", key=StageKey("a", "run", Stage.DELIVER)))
    assert mine.holder(BAKE) is None
    assert mine.died("w1.1")[0] == []


def test_everything_is_bounded() -> None:
    mine = hands(limit=10)
    for n in range(50):
        mine.told("w1.1", hint("started", key=StageKey(f"o{n}", "run", Stage.BAKE)))
    assert len(mine.died("w1.1")[0]) == 10
    for n in range(1, 500):
        mine.told("w2.1", hint("started", n))
        mine.told("w2.1", hint("failed", n))
    assert len(mine.custodians(BAKE)) == MAX_CUSTODIANS
    assert (
        mine.how_ended(StageAttempt(BAKE, 1)) is None and mine.how_ended(StageAttempt(BAKE, 499)) == "failed"
    )
    for n in range(500):
        mine.told("w2.1", hint("completed", key=StageKey(f"o{n}", "run", Stage.BAKE)))
    assert len(mine.died("w2.1")[1]) <= MAX_ENDED


TOLD = st.tuples(
    st.sampled_from(["w1.1", "w2.1", "w3.1"]),
    st.sampled_from(["started", "completed", "failed", "cancelled", "dies"]),
    st.integers(1, 4),
    st.sampled_from(["a", "b"]),
)


@given(st.lists(TOLD, max_size=40))
def test_nobody_holds_a_stage_twice_and_the_dead_hold_nothing(steps: list[tuple[str, str, int, str]]) -> None:
    mine = hands(limit=3)
    dead: set[str] = set()
    for worker, what, attempt, name in steps:
        key = StageKey(name, "run", Stage.BAKE)
        if what == "dies":
            dead.add(worker)
            mine.died(worker)
        elif worker not in dead:
            mine.told(worker, hint(what, attempt, key))  # type: ignore[arg-type]
        for one in ("a", "b"):
            assert mine.holder(StageKey(one, "run", Stage.BAKE)) not in dead
    left = [attempt.key for worker in ("w1.1", "w2.1", "w3.1") for attempt in mine.died(worker)[0]]
    assert len(left) == len(set(left))
