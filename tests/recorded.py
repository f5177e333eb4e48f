"""A Temporal made up for the records' tests: orders that start, close, vanish, and a listing that lags."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api_stub.errors import TemporalUnreachable
from api_stub.records.ledger import Ledger
from api_stub.records.ledger_lines import Contents, Taken
from api_stub.records.source import ListedRun, StageHistory, State, WorkflowState

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)


class MadeUpTemporal:
    """Implements api_stub.records.source.Source. `now` is its clock, seconds since 1970."""

    def __init__(self) -> None:
        self.now = T0.timestamp()
        self.truth: dict[str, ListedRun] = {}
        """What the server knows, by workflow id."""
        self.listed: dict[str, ListedRun] = {}
        """What its listing shows, by run id: it lags until `catch_up`."""
        self.grips: dict[str, WorkflowState | None] = {}
        self.stories: dict[str, StageHistory] = {}
        self.meant: set[str] = set()
        self.away = False
        self.asked: Counter[str] = Counter()

    def start(self, name: str) -> Taken:
        """An order starts; as the ledger has it."""
        self.now += 1
        self.truth[name] = ListedRun(name, f"run-{name}-{self.now:.0f}", "running", self.now)
        return Taken(datetime.fromtimestamp(self.now, UTC), name, self.truth[name].run_id)

    def close(self, name: str, state: State = "completed", meant: bool = False) -> None:
        """An open order ends."""
        self.now += 1
        self.truth[name] = replace(self.truth[name], state=state, closed=self.now)
        if meant:
            self.meant.add(self.truth[name].run_id)

    def vanish(self, name: str) -> None:
        """Somebody deletes an order; it is seen at once in server and listing."""
        self.listed.pop(self.truth.pop(name).run_id, None)

    def catch_up(self) -> None:
        """The listing shows the truth."""
        self.listed = {row.run_id: row for row in self.truth.values()}

    def ask(self, what: str) -> None:
        """Count a question. Raises TemporalUnreachable while away."""
        self.asked[what] += 1
        if self.away:
            raise TemporalUnreachable("away")

    async def rows(self, floor: float, changed_after: float | None = None) -> list[ListedRun]:
        """See Source."""
        await asyncio.sleep(0)  # as a real answer would, it lets others go on
        self.ask("all rows" if changed_after is None else "changes")
        after = floor if changed_after is None else changed_after
        return [
            row
            for row in self.listed.values()
            if row.started >= floor and (row.closed or row.started) >= after
        ]

    @property
    def unreadable(self) -> int:
        """See Source."""
        return 0

    async def counts(self, floor: float) -> dict[State, int]:
        """See Source."""
        self.ask("count")
        return dict(Counter(row.state for row in self.listed.values() if row.started >= floor))

    async def row(self, workflow_id: str) -> ListedRun | None:
        """See Source."""
        self.ask("row")
        return self.truth.get(workflow_id)

    async def grip(self, workflow_id: str, run_id: str | None = None) -> WorkflowState | None:
        """See Source."""
        self.ask("grip")
        return self.grips.get(workflow_id)

    async def story(self, workflow_id: str, run_id: str) -> StageHistory | None:
        """See Source."""
        self.ask("story")
        return self.stories.get(workflow_id)

    async def meant_to_fail(self, row: ListedRun) -> bool:
        """See Source."""
        self.ask("meant")
        return row.run_id in self.meant

    async def delete(self, workflow_id: str, run_id: str) -> None:
        """See Source."""
        self.ask("delete")
        if workflow_id in self.truth:
            self.vanish(workflow_id)


def ledger_of(*taken: Taken) -> Contents:
    """A ledger with these orders."""
    contents = Contents()
    for record in taken:
        contents.apply(record)
    return contents


def with_ledger(file: Path, work: Callable[[Ledger], Awaitable[Any]]) -> Any:
    """Open the ledger, do the work, close it."""

    async def run() -> Any:
        ledger = Ledger(file)
        ledger.open()
        try:
            return await work(ledger)
        finally:
            await ledger.close()

    return asyncio.run(run())
