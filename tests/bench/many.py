"""Many orders at once: what a batch costs, what a worker gets done, what the watching costs."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import psutil
from temporalio.client import Client

from api_stub.gateway.devserver import is_temporal
from api_stub.gateway.server_command import find_program
from tests.bench.bare import BARE_QUEUE, bare_workers
from tests.bench.report import Line, median, progress
from tests.running import RunningStack, eventually, free_ports, quick_config, running_stack
from worker.ids import workflow_id_for
from worker.shared import STATUS_QUERY

BATCH = 500
TURNS = 10
THROUGH = 100
THROUGH_TURNS = 3
THROUGHPUT_S = 110.0
WORKERS = 4
GROWTH = (50, 500, 2000)
IDLE_S = 5.0


def slow_config(directory: Path, seconds: float, **fleet: object) -> Path:
    """A checkpoint whose stages take so many seconds."""
    config = quick_config(directory, **fleet)
    text = config.read_text(encoding="utf-8").replace("1.4", str(seconds)).replace("1.6", str(seconds))
    config.write_text(text + "timeouts: {start_to_close_s: 600}\n", encoding="utf-8")
    return config


@contextmanager
def a_stack(seconds: float, **fleet: object) -> Iterator[RunningStack]:
    """A stack whose stages take so many seconds."""
    with tempfile.TemporaryDirectory() as name:
        config = slow_config(Path(name), seconds, **fleet)
        with running_stack(Path(name) / "state", config, "--no-game") as stack:
            yield stack


async def place(stack: RunningStack, ids: list[str], at_once: int = 16) -> None:
    """Place orders through the API, some at once."""
    gate = asyncio.Semaphore(at_once)
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=30) as client:

        async def one(order_id: str) -> None:
            async with gate:
                for _ in range(100):
                    answer = await client.post("/orders", json={"id": order_id})
                    if answer.status_code != 503:  # a busy Temporal; the same again is the same order
                        break
                    await asyncio.sleep(0.1)
                assert answer.status_code in (200, 201), answer.text

        await asyncio.gather(*(one(order_id) for order_id in ids))


async def query_each(address: str, ids: list[str]) -> float:
    """Seconds for the original's way: the workflow's query, one an order, 20 at a time."""
    client = await Client.connect(address)
    gate = asyncio.Semaphore(20)

    async def one(order_id: str) -> None:
        async with gate:
            handle = client.get_workflow_handle(workflow_id_for(order_id))
            await handle.query(STATUS_QUERY, rpc_timeout=timedelta(seconds=30))

    began = time.monotonic()
    await asyncio.gather(*(one(order_id) for order_id in ids))
    return time.monotonic() - began


def ask_batch(stack: RunningStack, ids: list[str]) -> float:
    """Seconds for one batch of all of them; each answer must be fresh."""
    items = {"orders": [{"id": order_id} for order_id in ids]}
    began = time.monotonic()
    answer = stack.client.post("/orders/status", json=items)
    took = time.monotonic() - began
    assert all(order["fresh"] for order in answer.json()["orders"])
    return took


def until_fresh(stack: RunningStack, ids: list[str]) -> None:
    """Wait until every one of them is told as it is now: hundreds of queries keep the server so busy that it
    lists nothing for seconds."""
    items = {"orders": [{"id": order_id} for order_id in ids]}

    def fresh() -> bool:
        return all(
            order["fresh"] for order in stack.client.post("/orders/status", json=items).json()["orders"]
        )

    eventually(fresh, 60, 0.1)


def batch() -> Iterator[Line]:
    """ms for the status of 500 open orders in one batch, with workers alive and with every one dead.

    The floor of the first is the original's way; the floor of the second is the first.
    """
    ids = [f"batch-{n}" for n in range(BATCH)]
    with a_stack(300, slots=2, start=2, concurrency=4) as stack:
        asyncio.run(place(stack, ids))
        until_fresh(stack, ids)
        alive, original = [], []
        for _ in range(TURNS):
            original.append(1000 * asyncio.run(query_each(stack.temporal, ids)))
            until_fresh(stack, ids)
            alive.append(1000 * ask_batch(stack, ids))
        for slot in (1, 2):
            stack.client.delete(f"/fleet/workers/{slot}")
            stack.until_worker(slot, "dead")
        until_fresh(stack, ids)
        dead = [1000 * ask_batch(stack, ids) for _ in range(TURNS)]
    way, ours, without = median(original), median(alive), median(dead)
    yield Line("batch", ours, "ms median", way, {"orders": BATCH, "times_faster": round(way / ours, 1)})
    yield Line("batch.workers_dead", without, "ms median", ours, {"orders": BATCH})


def throughput() -> Iterator[Line]:
    """Orders a second to completion, through the API on the tuned server. The floor: bare workflows of three
    empty activities on a stock server, in the same run; `of_bare`: the same ones on the tuned server.

    Ends within THROUGHPUT_S: turns are only begun while there is time for one more.
    """
    began = time.monotonic()
    ours, bare, stock = [], [], []
    with (
        a_stack(0, slots=WORKERS, start=WORKERS, concurrency=16) as stack,
        stock_server() as stock_address,
        bare_workers(stack.temporal, WORKERS),
        bare_workers(stock_address, WORKERS),
    ):
        turn, longest = 0, 0.0
        while turn < THROUGH_TURNS and time.monotonic() - began + 1.3 * longest < THROUGHPUT_S:
            turn_began = time.monotonic()
            stock.append(asyncio.run(bare_rate(stock_address, turn)))
            bare.append(asyncio.run(bare_rate(stack.temporal, turn)))
            ids = [f"through-{turn}-{n}" for n in range(THROUGH)]
            ours_began = time.monotonic()
            asyncio.run(place(stack, ids, 24))
            asyncio.run(_until_none(stack.temporal, "PizzaWorkflow"))
            ours.append(THROUGH / (time.monotonic() - ours_began))
            turn += 1
            longest = max(longest, time.monotonic() - turn_began)
            rates = f"ours {ours[-1]:.1f}, bare {bare[-1]:.1f}, stock {stock[-1]:.1f} a second"
            progress(f"throughput: turn {turn} of {THROUGH_TURNS}, {rates}")
    detail = {
        "orders": THROUGH,
        "workers": WORKERS,
        "turns": turn,
        "bare": round(median(bare), 2),
        "of_bare": round(median(ours) / median(bare), 2),
        "seconds": round(time.monotonic() - began, 1),
    }
    yield Line("throughput", median(ours), "orders/s", median(stock), detail)


@contextmanager
def stock_server() -> Iterator[str]:
    """The address of a Temporal server as its own page says it: `start-dev --db-filename`, no more."""
    port, ui = free_ports(2)
    address = f"127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as name:
        command = [find_program() or "temporal", "server", "start-dev", "--log-level", "error"]
        command += ["--db-filename", "stock.db", "--port", str(port), "--ui-port", str(ui)]
        server = subprocess.Popen(command, cwd=name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            eventually(lambda: asyncio.run(is_temporal(address, 1.0)), 20)
            yield address
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


async def _until_none(address: str, workflow_type: str) -> None:
    """Wait until no workflow of this type runs."""
    client = await Client.connect(address)
    query = f"WorkflowType = '{workflow_type}' AND ExecutionStatus = 'Running'"
    async with asyncio.timeout(THROUGHPUT_S):
        while (await client.count_workflows(query)).count:
            await asyncio.sleep(0.05)


async def bare_rate(address: str, turn: int, count: int = THROUGH) -> float:
    """Bare workflows a second, of those that bare_workers take."""
    client = await Client.connect(address)
    gate = asyncio.Semaphore(24)

    async def one(n: int) -> None:
        async with gate:
            await client.start_workflow("BareWorkflow", id=f"bare-{turn}-{n}", task_queue=BARE_QUEUE)

    began = time.monotonic()
    await asyncio.gather(*(one(n) for n in range(count)))
    await _until_none(address, "BareWorkflow")
    return count / (time.monotonic() - began)


def fleet() -> Iterator[Line]:
    """20 workers: MB of all of them (PSS), cores of each while it is idle, and ms until a killed one is ready
    again."""
    with a_stack(5, slots=20, start=20) as stack:
        pids = [worker["pid"] for worker in stack.workers()]
        used = [psutil.Process(pid).memory_full_info() for pid in pids]
        shared = [getattr(one, "pss", one.rss) / 1e6 for one in used]
        whole = [one.rss / 1e6 for one in used]
        before, began = cpu_s(pids), time.monotonic()
        time.sleep(IDLE_S)
        idle = (cpu_s(pids) - before) / (time.monotonic() - began) / len(pids)
        took = []
        for slot in range(1, 21):
            stack.client.delete(f"/fleet/workers/{slot}")
            while stack.workers()[slot - 1]["state"] != "dead":
                pass
            began = time.monotonic()
            stack.client.post("/fleet/workers", json={"slot": slot})
            while stack.workers()[slot - 1]["state"] != "ready":
                pass
            took.append(1000 * (time.monotonic() - began))
    yield Line(
        "fleet.memory", sum(shared), "MB PSS", sum(whole), {"workers": 20, "floor_is": "RSS, unshared"}
    )
    yield Line("fleet.idle", idle, "cores each", None, {"workers": 20, "over_s": IDLE_S})
    yield Line("fleet.ready_again", median(took), "ms median", None, {"workers": 20, "max": max(took)})


def cpu_s(pids: list[int]) -> float:
    """Seconds of processor time that these processes have used."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return sum(one.user + one.system for one in times)


def polling() -> Iterator[Line]:
    """What watching costs as open orders grow: µs of processor time (API + server) an order and second,
    while a window asks for all of them twice a second. The floor is the cost at the smallest number."""
    costs = []
    with a_stack(300, slots=1, start=1, concurrency=1) as stack:
        stack.client.delete("/fleet/workers/1")
        pids = [stack.pids()["api"], stack.pids()["temporal"]]
        ids: list[str] = []
        for count in GROWTH:
            asyncio.run(place(stack, more := [f"poll-{n}" for n in range(len(ids), count)]))
            ids += more
            time.sleep(3)
            progress(f"polling: {count} open")
            before, began = [cpu_s([pid]) for pid in pids], time.monotonic()
            while time.monotonic() - began < 10:
                started = time.monotonic()
                ask_batch(stack, ids)
                time.sleep(max(0.0, 0.5 - (time.monotonic() - started)))
            spent = time.monotonic() - began
            after = [cpu_s([pid]) for pid in pids]
            api, server = ((b - a) / spent for a, b in zip(before, after, strict=True))
            costs.append((api + server) / count * 1e6)
            yield Line(
                "polling",
                costs[-1],
                "µs/s an order",
                costs[0],
                {"open": count, "api_cores": round(api, 3), "server_cores": round(server, 3)},
            )
    assert statistics.mean(costs) > 0, sys.platform
