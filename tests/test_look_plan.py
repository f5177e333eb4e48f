"""When orders are looked at because something was told of them; pure, with a clock that the test moves."""

from __future__ import annotations

import pytest

from api_stub.gateway.freshness import FRESH_S, STRANGERS_S, Freshness
from api_stub.gateway.look_plan import PAUSES_S, SOON_S, AnyAnswer, AsHinted, Decided, LookPlan
from api_stub.schema import Order, StageView
from worker.shared import OrderStatus, Stage
from worker.show.hints import Hint, HintKind


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def hint(kind: HintKind, stage: Stage = Stage.BAKE, attempt: int = 2) -> Hint:
    return Hint(kind, "a--1", "r1", stage, attempt)


def pending(stage: Stage, attempt: int, worker: str | None = None) -> Order:
    return Order(
        id="a",
        run_id="r1",
        status=OrderStatus.BAKING,
        attempt=attempt,
        worker=worker,
        activity_state="running" if worker else "waiting",
        stages=[StageView(stage=stage, attempts=attempt)],
    )


BETWEEN = Order(id="a", run_id="r1", status=OrderStatus.BAKING, stages=[StageView(stage=Stage.BAKE)])
CLOSED = Order(id="a", run_id="r1", status=OrderStatus.DELIVERED, stages=[StageView(stage=Stage.DELIVER)])


@pytest.mark.parametrize(
    ("kind", "order", "shown"),
    [
        ("started", pending(Stage.BAKE, 2, "w1.1"), True),
        ("started", pending(Stage.BAKE, 2), False),
        ("started", pending(Stage.BAKE, 1, "w1.1"), False),
        ("started", pending(Stage.BAKE, 3), True),
        ("started", pending(Stage.PREPARE, 1, "w1.1"), False),
        ("started", pending(Stage.DELIVER, 1), True),
        ("completed", pending(Stage.BAKE, 2, "w1.1"), False),
        ("completed", BETWEEN, False),
        ("completed", pending(Stage.DELIVER, 1), True),
        ("completed", CLOSED, True),
        ("failed", pending(Stage.BAKE, 2, "w1.1"), False),
        ("failed", pending(Stage.BAKE, 3), True),
        ("cancelled", CLOSED, True),
        ("completed", pending(Stage.BAKE, 2, "w1.1").model_copy(update={"run_id": "r2"}), True),
    ],
)
def test_what_shows_a_hint(kind: HintKind, order: Order, shown: bool) -> None:
    assert AsHinted(hint(kind)).shown_by(order) is shown


def test_a_new_order_is_decided_when_its_first_stage_waits() -> None:
    received = Order(id="a", run_id="r1", status=OrderStatus.RECEIVED)
    assert not Decided().shown_by(received)
    assert Decided().shown_by(pending(Stage.PREPARE, 1)) and Decided().shown_by(CLOSED)


def test_hints_of_one_moment_are_one_look() -> None:
    clock = Clock()
    plan = LookPlan(clock)
    for told in (hint("completed", Stage.PREPARE, 1), hint("started", Stage.BAKE, 1), hint("failed")):
        plan.want("a--1", AsHinted(told))
        clock.now += SOON_S / 4
    assert plan.due(9, 9) == [] and "a--1" in plan
    clock.now = 2 * SOON_S  # of the second one: after the first, another is sure to follow
    assert plan.due(9, 9) == ["a--1"] and plan.due(9, 9) == []
    expected = plan.expected("a--1")
    assert isinstance(expected, AsHinted) and expected.hint.kind == "failed", "the last one says the most"


def test_what_temporal_does_not_show_yet_is_looked_at_again_with_growing_pauses() -> None:
    clock = Clock()
    plan = LookPlan(clock)
    plan.want("a", AsHinted(hint("started", Stage.PREPARE, 1)))
    looks = []
    while "a" in plan:
        due = plan.next_at(again=True)
        assert due is not None
        clock.now = due
        if plan.due(9, 9) == ["a"]:
            looks.append(clock.now)
            plan.seen("a", BETWEEN if len(looks) % 2 else None, plan.expected("a"))
    assert len(looks) == len(PAUSES_S)
    gaps = [b - a for a, b in zip(looks, looks[1:], strict=False)]
    assert gaps == sorted(gaps) and gaps[-1] > 5 * gaps[0]


def test_it_ends_when_it_is_shown_and_not_by_a_look_that_began_before() -> None:
    clock = Clock()
    plan = LookPlan(clock)
    plan.want("a", AsHinted(hint("started", Stage.PREPARE, 1)))
    began_with = plan.expected("a")
    plan.want("a", AsHinted(hint("completed", Stage.PREPARE, 1)))  # told while the look is under way
    plan.seen("a", pending(Stage.PREPARE, 1, "w1.1"), began_with)
    assert "a" in plan
    plan.seen("a", pending(Stage.BAKE, 1), plan.expected("a"))
    assert "a" not in plan
    clock.now = 99.0
    assert plan.due(9, 9) == []


def test_first_looks_go_before_those_that_are_tried_again() -> None:
    clock = Clock()
    plan = LookPlan(clock)
    for key in ("again-1", "again-2"):
        plan.want(key, Decided())
    clock.now = 1.0
    for key in plan.due(9, 9):
        plan.seen(key, BETWEEN, plan.expected(key))
    clock.now = 2.0
    for key in ("new-1", "new-2", "new-3"):
        plan.want(key, AnyAnswer())
    clock.now = 2.3
    assert plan.due(2, 9) == ["new-1", "new-2"]
    assert plan.due(9, 1) == ["new-3", "again-1"]
    assert plan.due(9, 0) == [] and plan.next_at(again=False) is None
    assert plan.due(9, 9) == ["again-2"]


def test_an_order_is_fresh_by_its_age_or_by_what_is_told_of_it() -> None:
    clock = Clock()
    known = Freshness(clock)
    known.hinted("w1.1")
    assert known.is_fresh(0.0, "w1.1", True), "read within the bound, whatever was told"
    clock.now = FRESH_S + 0.1
    assert not known.is_fresh(0.0, "w1.1", False), "nobody tells what starts and closes"
    known.changes_told(clock.now)
    assert known.is_fresh(0.0, "w1.1", False) and known.is_fresh(0.0, None, False)
    assert not known.is_fresh(0.0, "w1.1", True), "something was told, and not seen yet"
    assert not known.is_fresh(0.0, "by-hand", False), "that one tells nothing"
    known.died("w1.1")
    assert not known.is_fresh(0.0, "w1.1", False)
    assert known.is_fresh(0.0, None, False)
    clock.now += FRESH_S + 0.1
    assert not known.is_fresh(0.0, None, False), "Temporal is away"


def test_an_order_that_waits_may_be_taken_by_a_worker_that_tells_nothing() -> None:
    clock = Clock()
    known = Freshness(clock)
    known.held_by("w1.1")
    assert known.strangers
    known.hinted("w1.1")  # its first word comes a moment after Temporal has shown it
    known.held_by("w1.1")
    assert not known.strangers
    clock.now = 60.0
    known.changes_told(60.0)
    assert known.is_fresh(0.0, None, False) and not known.strangers
    known.held_by("by-hand")
    assert known.strangers and not known.is_fresh(0.0, None, False)
    clock.now += STRANGERS_S + 1
    known.changes_told(clock.now)
    assert known.is_fresh(0.0, None, False)
    known.died("w1.1")
    known.held_by("w1.1")
    assert not known.strangers, "a dead worker of the fleet is no stranger"
