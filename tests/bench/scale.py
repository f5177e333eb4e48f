"""How it grows: orders a second, takeovers and processor time against workers and open orders.

One stack for each number of open orders, its workers come in steps. Each cell is short, and what is done can
be kept in a file: the next run goes on there. Temporal hands work out in the order it came, so with more
orders than hands all are prepared before the first is baked: finished stages are counted, three to an order.
A loaded machine spoils orders a second and takeovers, hardly the processor time of an order.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import psutil
from temporalio.client import Client

from api_stub.schema import MAX_BATCH
from tests.bench.bare import bare_workers
from tests.bench.many import a_stack, bare_rate, place
from tests.bench.orders import bare_takeovers
from tests.bench.report import Line, median, percentile, progress
from tests.running import RunningStack, eventually
from worker.shared import WORKFLOW_TYPE

WORKERS = (1, 2, 4, 8, 16)
OPEN = (50, 500, 2000)
QUICK_WORKERS = (1, 4, 16)
QUICK_OPEN = (50, 500)
HANDS = 8
STAGES = 3
STAGE_S = 0.3
"""Each stage takes: long enough that a kill finds full hands."""
WINDOW_S = 10.0
KILLS = 3
BARE = 40
"""Bare workflows of a floor."""
TAKEN_OVER_S = 20.0
"""A takeover that takes longer is counted as late."""


@dataclass(frozen=True)
class Limits:
    """How much is measured. Times in seconds."""

    workers: Sequence[int] = WORKERS
    open: Sequence[int] = OPEN
    window_s: float = WINDOW_S
    kills: int = KILLS
    minutes: float = 20.0


QUICK = Limits(QUICK_WORKERS, QUICK_OPEN, 4.0, 1, 8.0)
FIRST_CELL_S = 60.0
"""So long is expected of a cell before one was measured."""
LONGER = 1.5
"""The next one, with more workers or orders, may take so many times what the longest took."""


@dataclass
class Kept:
    """Lines that are measured already, in a file; None: nothing is kept."""

    file: Path | None
    lines: dict[str, Line] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read what is there; a last line that was cut off is measured again."""
        if self.file is not None and self.file.exists():
            for text in self.file.read_text(encoding="utf-8").splitlines():
                with suppress(ValueError, KeyError):
                    told = json.loads(text)
                    known = {key: told.pop(key) for key in ("bench", "value", "unit", "floor")}
                    told.pop("ratio", None)
                    self.lines[known["bench"]] = Line(**known, detail=told)

    def add(self, line: Line) -> Line:
        """Keep one more."""
        self.lines[line.bench] = line
        if self.file is not None:
            with self.file.open("a", encoding="utf-8") as out:
                out.write(line.text() + "\n")
        return line


def scale(
    limits: Limits, keep: Path | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[Line]:
    """A line for each cell (`scale.WORKERS.OPEN`), for watching each number of open orders, and the slopes.

    The floor of a cell is the bare workflow of three empty activities on the same server with as many workers
    of the same size, in the same run. No cell is begun that would not be over in time, going by the longest
    before it; each is in the file as soon as it is measured.
    """
    kept, ends = Kept(keep), clock() + 60 * limits.minutes
    expected_s = min(FIRST_CELL_S, 15 * limits.minutes)
    measured_s: list[float] = []
    for count in limits.open:
        todo = [workers for workers in limits.workers if f"scale.{workers}.{count}" not in kept.lines]
        watched = f"scale.watching.{count}"
        if not todo and watched in kept.lines:
            continue
        if clock() + expected_s > ends:
            progress(f"scale: time is up; {count} open orders are left to the next run")
            return
        most = max(limits.workers)
        with a_stack(STAGE_S, slots=most, start=0, concurrency=HANDS) as stack:
            pile = Pile(stack, count)
            pile.fill()
            if watched not in kept.lines:
                yield kept.add(watching(stack, count, limits.window_s))
            for workers in todo:
                if (began := clock()) + expected_s > ends:
                    progress(f"scale: time is up; {workers} workers, {count} open are left to the next run")
                    return
                progress(f"scale: {workers} workers, {count} open")
                yield kept.add(cell(stack, pile, workers, limits))
                measured_s.append(clock() - began)
                expected_s = LONGER * max(measured_s)
    yield from slopes(kept.lines)


@dataclass
class Pile:
    """Orders of a stack, refilled to so many open ones."""

    stack: RunningStack
    count: int
    ids: list[str] = field(default_factory=list)

    def fill(self) -> None:
        """Place orders until so many are open."""
        missing = self.count - asyncio.run(counted_open(self.stack.temporal))
        more = [f"scale-{len(self.ids) + n}" for n in range(missing)]
        asyncio.run(place(self.stack, more))
        self.ids += more

    def finished_stages(self) -> int:
        """How many stages of all of them are finished."""
        found = 0
        for at in range(0, len(self.ids), MAX_BATCH):
            items = [{"id": each} for each in self.ids[at : at + MAX_BATCH]]
            orders = self.stack.client.post("/orders/status", json={"orders": items}).json()["orders"]
            found += sum(stage["finished_at"] is not None for order in orders for stage in order["stages"])
        return found


async def counted_open(address: str) -> int:
    """How many orders are open, as Temporal counts them."""
    client = await Client.connect(address)
    return (await client.count_workflows(f"WorkflowType = '{WORKFLOW_TYPE}' AND CloseTime IS NULL")).count


def spent_s(pids: Sequence[int]) -> float:
    """Seconds of processor time that these processes have used; one that is gone counts nothing."""
    found = 0.0
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            times = psutil.Process(pid).cpu_times()
            found += times.user + times.system
    return found


def watching(stack: RunningStack, count: int, window_s: float) -> Line:
    """What open orders cost while nobody works: cores of API and server."""
    pids = stack.pids()
    before, began = [spent_s([pids[name]]) for name in ("api", "temporal")], time.monotonic()
    time.sleep(window_s)
    took = time.monotonic() - began
    after = [spent_s([pids[name]]) for name in ("api", "temporal")]
    api, server = ((late - early) / took for early, late in zip(before, after, strict=True))
    memory = psutil.Process(pids["api"]).memory_info().rss / 1e6
    detail = {
        "open": count,
        "api_cores": round(api, 4),
        "server_cores": round(server, 4),
        "api_mb": round(memory),
    }
    return Line(f"scale.watching.{count}", api + server, "cores", None, detail)


def cell(stack: RunningStack, pile: Pile, workers: int, limits: Limits) -> Line:
    """Orders a second that so many workers get done out of the pile, and what it costs; then some kills."""
    pile.fill()
    for slot in range(1, workers + 1):
        if stack.workers()[slot - 1]["state"] != "ready":
            stack.client.post("/fleet/workers", json={"slot": slot})
    for slot in range(1, workers + 1):
        stack.until_worker(slot, "ready", 60)
    pids = {name: [stack.pids()[name]] for name in ("api", "temporal")}
    pids["workers"] = [worker["pid"] for worker in stack.workers() if worker["pid"]]
    begun = pile.finished_stages()
    eventually(lambda: pile.finished_stages() > begun + min(workers, 4), 30, 0.1)  # they are warm
    done_before = pile.finished_stages()
    before = {name: spent_s(those) for name, those in pids.items()}
    began = time.monotonic()
    while time.monotonic() - began < limits.window_s and asyncio.run(counted_open(stack.temporal)):
        time.sleep(0.2)
    took = time.monotonic() - began
    cost = {name: spent_s(those) - before[name] for name, those in pids.items()}
    done = (pile.finished_stages() - done_before) / STAGES
    delays, late = kills(stack, pile, workers, limits.kills)
    stop_workers(stack, workers)
    with bare_workers(stack.temporal, workers):
        bare = asyncio.run(bare_rate(stack.temporal, workers, BARE))
    detail: dict[str, object] = {"workers": workers, "open": pile.count, "orders": round(done, 1)}
    if done:
        detail |= {f"{name}_cpu_ms_an_order": round(1000 * spent / done, 1) for name, spent in cost.items()}
    detail["cores"] = round(sum(cost.values()) / took, 2)
    if delays:
        detail |= {
            "takeover_s_p95": round(percentile(delays, 0.95), 2),
            "takeover_s": round(median(delays), 2),
        }
    detail |= {"takeovers": len(delays), "takeovers_late": late}
    detail["takeover_floor_s"] = round(median(asyncio.run(bare_takeovers(stack.temporal, 1))), 2)
    return Line(f"scale.{workers}.{pile.count}", done / took, "orders/s", bare, detail)


def kills(stack: RunningStack, pile: Pile, workers: int, count: int) -> tuple[list[float], int]:
    """Kill so many, each a moment after the last was back: seconds until its orders were taken over, and how
    many were not in time."""
    pile.fill()
    last = newest_receipt(stack)
    for turn in range(count):
        slot = turn % workers + 1
        stack.client.delete(f"/fleet/workers/{slot}")
        stack.until_worker(slot, "dead")
        stack.client.post("/fleet/workers", json={"slot": slot})
        stack.until_worker(slot, "ready", 60)

    def interrupted() -> list[dict[str, object]]:
        found = stack.client.get("/receipts", params={"after": last}).json()
        return [order for receipt in found for order in receipt["orders"]]

    with suppress(AssertionError):
        eventually(lambda: all(order["taken_over_at"] for order in interrupted()), TAKEN_OVER_S, 0.2)
    orders = interrupted()
    delays = [float(str(order["delay_s"])) for order in orders if order["delay_s"] is not None]
    return delays, len(orders) - len(delays)


def newest_receipt(stack: RunningStack) -> int:
    """The number of the last receipt; 0: there is none."""
    return max((receipt["n"] for receipt in stack.client.get("/receipts").json()), default=0)


def stop_workers(stack: RunningStack, workers: int) -> None:
    """Kill them all, so that nothing works beside what is measured next."""
    for slot in range(1, workers + 1):
        with suppress(httpx.HTTPError):
            stack.client.delete(f"/fleet/workers/{slot}")
    for slot in range(1, workers + 1):
        stack.until_worker(slot, "dead")


def slopes(lines: dict[str, Line]) -> Iterator[Line]:
    """What one more open order, and one more worker, costs: between the least and the most measured."""
    watched = sorted(
        (line for name, line in lines.items() if name.startswith("scale.watching.")),
        key=lambda line: number(line, "open"),
    )
    if len(watched) > 1:
        between = partial(slope, watched[0], watched[-1], "open")
        detail: dict[str, object] = {
            "api_us_s": round(between("api_cores") * 1e6, 1),
            "server_us_s": round(between("server_cores") * 1e6, 1),
            "api_kb": round(between("api_mb") * 1e3, 1),
        }
        yield Line(
            "scale.slope.open_order",
            (between("api_cores") + between("server_cores")) * 1e6,
            "µs/s",
            None,
            detail,
        )
    cells = [
        line
        for line in lines.values()
        if "workers" in line.detail and "temporal_cpu_ms_an_order" in line.detail
    ]
    for count in sorted({number(line, "open") for line in cells}):
        row = sorted(
            (line for line in cells if number(line, "open") == count),
            key=lambda line: number(line, "workers"),
        )
        if len(row) > 1:
            between = partial(slope, row[0], row[-1], "workers")
            costs = {name: f"{name}_cpu_ms_an_order" for name in ("temporal", "api", "workers")}
            detail = {"open": count} | {name: round(between(key), 2) for name, key in costs.items()}
            yield Line(
                f"scale.slope.worker.{count:g}",
                sum(map(between, costs.values())),
                "ms an order",
                None,
                detail,
            )


def number(line: Line, key: str) -> float:
    """A figure of a line's detail."""
    return float(str(line.detail[key]))


def slope(low: Line, high: Line, along: str, key: str) -> float:
    """How much `key` grows with one more of `along`."""
    return (number(high, key) - number(low, key)) / (number(high, along) - number(low, along))
