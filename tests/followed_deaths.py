"""Deaths and time-outs on a made-up Temporal, followed as the records' service follows them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api_stub.records import death_searches, given_up, takeovers
from api_stub.records.attempt_holders import AttemptHolders, Custody, StageAttempt, StageKey
from api_stub.records.death_receipt import Death
from api_stub.records.given_up import GivenUpWatch
from api_stub.records.open_orders import Orders
from api_stub.records.receipts import Receipts
from api_stub.records.source import Pending, StageHistory, WorkflowState
from api_stub.records.takeovers import TakeoverTracker
from api_stub.records.timeouts import Timeouts
from api_stub.schema import Order, OrderStatus, Stage, StageView
from tests.recorded import T0, MadeUpTemporal
from worker.show.hints import Hint, HintKind

START = T0.timestamp()


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(START + seconds, UTC)


def death(worker: str = "w1.1") -> Death:
    return Death(0, worker, 1, "player", "SIGKILL", START - 0.1, START)


def key_of(order_id: str) -> StageKey:
    return StageKey(order_id, "run", Stage.BAKE)


class Kitchen:
    """Records on a made-up Temporal: its fleet's hints, and the open orders that the API last read."""

    def __init__(self, directory: Path) -> None:
        self.temporal = MadeUpTemporal()
        self.receipts = Receipts(directory / "receipts.jsonl")
        self.receipts.load()
        self.read: dict[str, Order] = {}
        self.alive = {"w1.1", "w2.1", "w3.1"}
        self.elapsed = 0.0
        self.hands, self.timeouts = AttemptHolders(since=lambda: self.elapsed), Timeouts()
        self.ledger: list[str] = []
        orders = Orders(
            lambda: list(self.read.values()),
            self.read.get,
            lambda workflow_id: workflow_id,
            lambda since: self.ledger,
        )
        self.follower = TakeoverTracker(
            self.temporal, self.receipts, self.hands, self.timeouts, orders, since=lambda: self.elapsed
        )
        self.watch = GivenUpWatch(
            self.temporal, self.hands, self.timeouts, self.follower, orders, self.alive.__contains__
        )

    def hint(self, worker: str, kind: HintKind, order_id: str, attempt: int = 1) -> None:
        """As the service takes a hint."""
        self.watch.suspect(self.hands.told(worker, Hint(kind, order_id, "run", Stage.BAKE, attempt)))
        if kind == "started":
            self.timeouts.began(worker, StageAttempt(key_of(order_id), attempt))
            self.follower.began(StageAttempt(key_of(order_id), attempt))

    def baking(self, order_id: str, worker: str | None, attempt: int = 1, **more: Any) -> None:
        """Temporal says that this worker bakes the order, or had it last."""
        more.setdefault("running", True)
        pending = Pending("2", Stage.BAKE, attempt, worker=worker, began=START + attempt, **more)
        self.temporal.grips[order_id] = WorkflowState(order_id, "run", True, pending)
        prepared = StageView(stage=Stage.PREPARE, worker="w2.1", attempts=1, finished_at=at(-5))
        story = StageHistory("Ada", (prepared, StageView(stage=Stage.BAKE)))
        self.temporal.stories.setdefault(order_id, story)

    def done(self, order_id: str, *workers: str, timed_out: bool = False) -> None:
        """Temporal says that it is baked; attempts by these workers, one after the other."""
        n = len(workers)
        baked = StageView(
            stage=Stage.BAKE, worker=workers[-1], attempts=n, started_at=at(n), finished_at=at(n + 1)
        )
        prepared = StageView(stage=Stage.PREPARE, worker="w2.1", attempts=1, finished_at=at(-5))
        chain = tuple(Custody(worker, i, START + i) for i, worker in enumerate(workers, 1))
        lost = frozenset({(Stage.BAKE, n - 1)}) if timed_out else frozenset()
        self.temporal.stories[order_id] = StageHistory("Ada", (prepared, baked), {Stage.BAKE: chain}, lost)
        self.temporal.grips[order_id] = WorkflowState(order_id, "run", open=True)

    def last_read(self, order_id: str, worker: str | None, attempt: int = 1, **more: Any) -> None:
        """The gateway last read the order so."""
        view = StageView(stage=Stage.BAKE, worker=more.pop("last_worker", worker), attempts=attempt)
        self.read[order_id] = Order(
            id=order_id, workflow_id=order_id, run_id="run", status=OrderStatus.BAKING, worker=worker,
            attempt=attempt, stages=[view], **more,
        )  # fmt: skip

    def dies(self, worker: str) -> None:
        self.alive.discard(worker)
        self.follower.died(death(worker))

    def live(self, script: Callable[[], Any]) -> None:
        """Run the follower and the watch while the script goes on."""

        async def main() -> None:
            tasks = [asyncio.create_task(work()) for work in (self.follower.run, self.watch.run)]
            try:
                await script()
            finally:
                for task in tasks:
                    task.cancel()

        asyncio.run(main())

    def told(self, n: int = 1) -> list[tuple[str, str | None, int]]:
        """The orders of a receipt: id, successor, lost attempt."""
        (one,) = [receipt for receipt in self.receipts.after(0) if receipt.n == n]
        return [(order.id, order.to, order.attempt) for order in one.orders]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks follow each other at once."""
    for name in ("FAST_S", "SLOW_S", "AWAY_S", "PER_ORDER_S"):
        monkeypatch.setattr(takeovers, name, 0.001)
    monkeypatch.setattr(death_searches, "SEARCH_S", 0.001)
    for name in ("SWEEP_S", "JUDGE_S", "AWAY_S"):
        monkeypatch.setattr(given_up, name, 0.001)


@pytest.fixture
def kitchen(tmp_path: Path) -> Kitchen:
    return Kitchen(tmp_path)
