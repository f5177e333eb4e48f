"""One unfit record fails neither the audit, nor the receipts, nor the statistics: on a made-up Temporal."""

from __future__ import annotations

import asyncio
import inspect
import logging
import math
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from temporalio.api.workflow.v1 import WorkflowExecutionInfo

from api_stub.errors import RecordUnreadable, TemporalUnreachable
from api_stub.records import death_searches, looks
from api_stub.records import takeovers as follow
from api_stub.records import temporal_source as records
from api_stub.records.attempt_holders import AttemptHolders
from api_stub.records.audit import tally
from api_stub.records.death_receipt import Death
from api_stub.records.ledger_lines import Totals
from api_stub.records.open_orders import Orders
from api_stub.records.receipts import Receipts
from api_stub.records.recount import Recount
from api_stub.records.retries import Retries
from api_stub.records.source import ListedRun, Pending, StageHistory, WorkflowState, run_all
from api_stub.records.takeovers import TakeoverTracker
from api_stub.records.temporal_answers import read_row
from api_stub.records.temporal_source import TemporalSource
from api_stub.records.timeouts import Timeouts
from api_stub.schema import Order, OrderStatus, Stage, StageView
from tests.made_up_server import MadeUpServer, execution, gateway_on
from tests.recorded import T0, MadeUpTemporal, ledger_of
from tests.running import until

NOW = T0.timestamp()
ERRORS = [ValueError("odd"), RecordUnreadable("corrupt"), KeyError("WashDishes")]


def fresh(word: str) -> str:
    """A workflow id of which nothing was told yet in this process."""
    return f"{word}-{uuid.uuid4()}"


def told_of(name: str, caplog: pytest.LogCaptureFixture) -> int:
    """How many lines of the log name this workflow."""
    return len([line for line in caplog.messages if f"{name!r} cannot be read" in line])


class PartlyBroken(MadeUpTemporal):
    """Temporal, with orders (by workflow id) about which a question raises."""

    def __init__(self) -> None:
        super().__init__()
        self.broken: dict[str, BaseException] = {}

    def _check(self, workflow_id: str) -> None:
        if workflow_id in self.broken:
            raise self.broken[workflow_id]

    async def row(self, workflow_id: str) -> ListedRun | None:
        """See Source."""
        self._check(workflow_id)
        return await super().row(workflow_id)

    async def grip(self, workflow_id: str, run_id: str | None = None) -> WorkflowState | None:
        """See Source."""
        await asyncio.sleep(0)
        self._check(workflow_id)
        return await super().grip(workflow_id, run_id)

    async def story(self, workflow_id: str, run_id: str) -> StageHistory | None:
        """See Source."""
        self._check(workflow_id)
        return await super().story(workflow_id, run_id)

    async def meant_to_fail(self, row: ListedRun) -> bool:
        """See Source."""
        self._check(row.workflow_id)
        return await super().meant_to_fail(row)


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_the_audit_counts_on_past_an_order_that_nobody_can_read(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    temporal = PartlyBroken()
    unlisted, failed = fresh("unlisted"), fresh("failed")
    ledger = ledger_of(*(temporal.start(name) for name in (unlisted, failed, "refused", "done")))
    temporal.close(failed, "failed")
    temporal.close("refused", "failed", meant=True)
    temporal.close("done")
    temporal.catch_up()
    temporal.listed = {key: row for key, row in temporal.listed.items() if row.workflow_id != unlisted}
    temporal.broken = {unlisted: error, failed: error}
    recount = Recount(temporal, lambda: ledger, wall=lambda: temporal.now)

    async def run() -> None:
        for _ in range(3):
            await recount.recount(0.0)
            found = tally(recount.verdicts, Totals())
            assert (found.delivered, found.failed, found.in_flight, found.lost) == (1, 1, 2, 0)
            assert found.all_found
        temporal.broken = {}
        await recount.recount(0.0)
        assert recount.verdicts[failed] == "lost", "as soon as it can be read"

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    for name in (unlisted, failed):
        assert told_of(name, caplog) == 1


def test_the_audit_waits_for_a_temporal_that_is_away() -> None:
    temporal = PartlyBroken()
    ledger = ledger_of(temporal.start("a"))
    temporal.broken = {"a": TemporalUnreachable("away")}
    with pytest.raises(TemporalUnreachable):
        asyncio.run(Recount(temporal, lambda: ledger, wall=lambda: temporal.now).recount(0.0))


def test_a_row_that_cannot_be_read_is_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def odd(info: WorkflowExecutionInfo) -> ListedRun:
        if info.execution.workflow_id == "bad":
            raise OverflowError("odd")
        return read_row(info)

    monkeypatch.setattr(records, "read_row", odd)
    source = TemporalSource(gateway_on(MadeUpServer(execution("bad"), execution("good", 8))))

    async def run() -> None:
        for _ in range(2):
            (row,) = await source.rows(0.0)
            assert (row.workflow_id, row.state) == ("good", "paused")

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    assert len([line for line in caplog.messages if "'bad'" in line]) == 1


def held_by(worker: str) -> Pending:
    return Pending("2", Stage.BAKE, 1, True, worker, NOW)


def order(name: str) -> Order:
    return Order(id=name, workflow_id=name, status=OrderStatus.BAKING, worker="w1.1")


async def followed_until(check: Callable[[], object], follower: TakeoverTracker) -> None:
    """Let the follower run until the check is truthy."""
    going = asyncio.create_task(follower.run())
    try:
        await until(check)
        assert not going.done()
    finally:
        going.cancel()


def follower_of(
    temporal: MadeUpTemporal, receipts: Receipts, *names: str, clock: Callable[[], float] = time.monotonic
) -> TakeoverTracker:
    """A follower to whom w1.1 has hinted that it bakes nothing; these orders are open."""
    orders = Orders(lambda: [order(name) for name in names], lambda name: None, lambda name: name)
    return TakeoverTracker(temporal, receipts, AttemptHolders(), Timeouts(), orders, clock)


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_a_receipt_has_every_order_that_can_be_read(
    error: BaseException, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    temporal = PartlyBroken()
    bad = fresh("bad")
    names = ("good", bad, "well")
    temporal.grips = {name: WorkflowState(name, f"run-{name}", True, held_by("w1.1")) for name in names}
    temporal.stories = {name: StageHistory("Ada") for name in names}
    temporal.broken = {bad: error}
    receipts = Receipts(tmp_path / "receipts.jsonl")
    follower = follower_of(temporal, receipts, *names)

    async def run() -> None:
        follower.died(Death(0, "w1.1", 1, "player", "SIGKILL", NOW, NOW))
        await followed_until(lambda: receipts.after(0)[0].orders, follower)
        assert [one.id for one in receipts.after(0)[0].orders] == ["good", "well"]
        # One that was read and now cannot be: the others are followed to their end.
        temporal.broken = {"good": error}
        after = Pending("2", Stage.BAKE, 2, True, "w2.1", NOW + 1)
        temporal.grips["well"] = WorkflowState("well", "run-well", True, after)
        await followed_until(lambda: receipts.after(0)[0].orders[1].to, follower)
        assert receipts.after(0)[0].orders[0].to is None

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    assert told_of(bad, caplog) == 1


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_a_takeover_is_told_though_the_history_cannot_be_read(error: BaseException, tmp_path: Path) -> None:
    temporal = PartlyBroken()
    name = fresh("unread")
    temporal.grips = {name: WorkflowState(name, "run", True, held_by("w1.1"))}
    receipts = Receipts(tmp_path / "receipts.jsonl")
    follower = follower_of(temporal, receipts, name)

    async def story(workflow_id: str, run_id: str) -> StageHistory | None:
        raise error

    temporal.story = story  # type: ignore[method-assign]

    async def run() -> None:
        follower.died(Death(0, "w1.1", 1, "player", "SIGKILL", NOW, NOW))
        await followed_until(lambda: receipts.after(0)[0].orders, follower)
        after = Pending("2", Stage.BAKE, 2, True, "w2.1", NOW + 1)
        temporal.grips[name] = WorkflowState(name, "run", True, after)
        await followed_until(lambda: receipts.after(0)[0].orders[0].to == "w2.1", follower)
        assert receipts.after(0)[0].orders[0].kept_stages == [Stage.PREPARE]

    asyncio.run(run())


def test_an_order_that_is_busy_is_looked_at_again_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWAY_S", "FAST_S"):
        monkeypatch.setattr(follow, name, 0.01)
    monkeypatch.setattr(death_searches, "SEARCH_S", 0.01)
    temporal = PartlyBroken()
    temporal.grips = {name: WorkflowState(name, f"run-{name}", True, held_by("w1.1")) for name in ("a", "b")}
    temporal.stories = {name: StageHistory("Ada") for name in ("a", "b")}
    temporal.broken = {"b": TemporalUnreachable("Workflow is busy.")}
    receipts = Receipts(tmp_path / "receipts.jsonl")
    now = [0.0]
    follower = follower_of(temporal, receipts, "a", "b", clock=lambda: now[0])

    def held() -> list[str]:
        return [one.id for one in receipts.after(0)[-1].orders]

    async def run() -> None:
        follower.died(Death(0, "w1.1", 1, "player", "SIGKILL", NOW, NOW))
        await followed_until(lambda: held() == ["a"], follower)
        temporal.broken = {}
        await followed_until(lambda: held() == ["a", "b"], follower)
        temporal.broken = {"b": TemporalUnreachable("Workflow is busy.")}
        third = Pending("2", Stage.BAKE, 3, True, "w3.1", NOW)
        temporal.grips["a"] = WorkflowState("a", "run-a", True, third)
        follower.died(Death(0, "w3.1", 3, "player", "SIGKILL", NOW, NOW))
        await followed_until(lambda: held() == ["a"], follower)
        asked = temporal.asked["grip"]
        assert follower._searches
        now[0] += 2 * death_searches.LONGEST_S
        await followed_until(lambda: not follower._searches, follower)
        assert temporal.asked["grip"] >= asked and held() == ["a"]

    asyncio.run(run())


def test_a_server_that_hangs_holds_a_look_up_for_a_limited_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "LOOK_S", 0.02)

    async def run() -> None:
        looked = looks.Looked()

        async def hangs() -> None:
            await asyncio.Event().wait()

        async def tells() -> None:
            """An order that Temporal tells of."""

        await looked.at((str(n), hangs() if n else tells()) for n in range(5))
        assert looked.told and isinstance(looked.away, TemporalUnreachable)

    asyncio.run(run())


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_attempts_are_learnt_past_a_history_that_nobody_can_read(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    temporal = PartlyBroken()
    bad = fresh("bad")
    temporal.stories = {"good": StageHistory(None, (StageView(stage=Stage.BAKE, attempts=3),))}
    temporal.broken = {bad: error}
    rows = [ListedRun(name, f"run-{name}", "completed", NOW, NOW + 1) for name in (bad, "good")]
    retries = Retries(temporal, lambda key: None)

    async def run() -> None:
        for _ in range(2):
            assert not await retries.learn(rows, NOW + 99)
        assert retries.total(rows) == 2
        assert await retries.of(rows[0]) == 0
        temporal.broken = {bad: TemporalUnreachable("away")}
        with pytest.raises(TemporalUnreachable):
            await Retries(temporal, lambda key: None).of(rows[0])

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    assert told_of(bad, caplog) == 1


def test_of_many_calls_one_that_fails_is_alone(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    async def call(n: int) -> None:
        if n == 1:
            raise ZeroDivisionError("of one")
        await asyncio.sleep(0)
        done.append(n)

    with caplog.at_level(logging.WARNING):
        asyncio.run(run_all(call(n) for n in range(4)))
    assert sorted(done) == [0, 2, 3] and "ZeroDivisionError" in caplog.text


def test_calls_that_were_never_begun_are_closed_when_all_are_cancelled() -> None:
    async def call() -> None:
        await asyncio.Event().wait()

    calls = [call() for _ in range(3)]

    async def run() -> None:
        together = asyncio.ensure_future(run_all(calls))
        await asyncio.sleep(0)  # it has made its tasks, and none of them has had a turn
        together.cancel()
        with pytest.raises(asyncio.CancelledError):
            await together

    asyncio.run(run())
    assert {inspect.getcoroutinestate(one) for one in calls} == {inspect.CORO_CLOSED}


def test_a_receipt_that_cannot_be_told_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    receipts = Receipts(tmp_path / "receipts.jsonl")
    receipts.load()
    for at in (NOW, math.inf, 1e18, NOW + 1):
        receipts.add(Death(0, "w1.1", 1, "player", "SIGKILL", NOW, at))
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert [told.n for told in receipts.after(0)] == [1, 4]
    assert len(caplog.messages) == 2
