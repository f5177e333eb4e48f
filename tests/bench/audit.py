"""What an audit costs at 5,000 open and 20,000 finished orders, on a made-up Temporal that is free."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

from api_stub.records.audit import Verdict, tally, verdict
from api_stub.records.ledger_lines import Contents, Totals
from api_stub.records.recount import Recount
from api_stub.records.source import ListedRun, State
from tests.bench.report import Line, median
from tests.recorded import MadeUpTemporal, ledger_of

OPEN, FINISHED = 5_000, 20_000
ROUNDS = 40


class Prepared(MadeUpTemporal):
    """Its answers lie ready, so that they cost nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.states: Counter[State] = Counter()
        self.changes: list[ListedRun] = []

    def prepare(self) -> None:
        """Everything is listed as it is now."""
        self.catch_up()
        self.states = Counter(row.state for row in self.listed.values())

    def deliver(self, name: str) -> None:
        """One order ends, and is all that changed."""
        self.close(name)
        row = self.truth[name]
        self.listed[row.run_id] = row
        self.states.update({"running": -1, "completed": 1})
        self.changes = [row]

    async def rows(self, floor: float, changed_after: float | None = None) -> list[ListedRun]:
        """See Source."""
        return list(self.listed.values()) if changed_after is None else self.changes

    async def counts(self, floor: float) -> dict[State, int]:
        """See Source."""
        return dict(self.states)


def audit() -> Iterator[Line]:
    """Milliseconds of a recount after one more delivery; the floor judges every order once. Then the first
    count of all, with the longest time that it held the event loop."""
    temporal = Prepared()
    contents = ledger_of(*(temporal.start(f"bench-{n}") for n in range(OPEN + FINISHED)))
    for n in range(FINISHED):
        temporal.close(f"bench-{n}")
    temporal.prepare()
    first, held, each, floor = asyncio.run(_measure(temporal, contents))
    yield Line("audit", median(each), "ms", median(floor), {"orders": OPEN + FINISHED, "open": OPEN})
    yield Line("audit_first", first, "ms", median(floor), {"held_ms": round(held, 2)})


async def _measure(temporal: Prepared, contents: Contents) -> tuple[float, float, list[float], list[float]]:
    recount = Recount(temporal, lambda: contents, wall=lambda: temporal.now)
    held = 0.0

    async def watch() -> None:
        nonlocal held
        before = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            held, before = max(held, time.perf_counter() - before), time.perf_counter()

    async def timed(work: Callable[[], Awaitable[object]]) -> float:
        began = time.perf_counter()
        await work()
        return (time.perf_counter() - began) * 1000

    async def count() -> None:
        await recount.recount(-1.0)
        tally(recount.verdicts, Totals())

    async def judge_all() -> None:
        found: dict[str, Verdict] = {key: verdict(temporal.truth[key]) for key in contents.entries}
        tally(found, Totals())

    watching = asyncio.create_task(watch())
    first = await timed(count)
    watching.cancel()
    each, floor = [], []
    for n in range(ROUNDS):
        temporal.deliver(f"bench-{FINISHED + n}")
        each.append(await timed(count))
        floor.append(await timed(judge_all))
    assert recount.comparison.fits and tally(recount.verdicts, Totals()).delivered == FINISHED + ROUNDS
    return first, held * 1000, each, floor
