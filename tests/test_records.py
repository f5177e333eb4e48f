"""Audit, receipts, statistics and retention on a real stack: what is killed, deleted and counted there."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError

from api_stub.errors import TemporalUnreachable
from api_stub.fleet.rules import Policy
from api_stub.fleet.supervisor import FleetSetup, Supervisor
from api_stub.gateway.client import Gateway
from api_stub.records import service as keeper
from api_stub.records.ledger_lines import Contents, load
from api_stub.records.service import Records
from api_stub.records.source import ListedRun
from api_stub.records.temporal_source import TemporalSource
from api_stub.schema import Order
from tests.running import RunningStack, as_yaml, eventually, running_stack
from tests.serving import ScriptedHost, api
from worker.connection import Target
from worker.shared import KitchenSettings, OrderInfo, StageSettings

pytestmark = pytest.mark.stack
STAGE = {"duration_s": [0.9, 1.0]}


def config(directory: Path, **keys: Any) -> Path:
    file = directory / "records.yaml"
    text: dict[str, Any] = {
        "checkpoint": "records",
        "fleet": {"slots": 2, "start": 2},
        "activities": {"prepare": STAGE, "bake": STAGE, "deliver": STAGE},
        **keys,
    }
    file.write_text(as_yaml(text))
    return file


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    directory = tmp_path_factory.mktemp("records")
    with running_stack(directory / "state", config(directory), "--no-game") as stack:
        yield stack


@pytest.fixture(scope="module")
def left(shared: RunningStack) -> Iterator[list[str]]:
    """Workflow ids that Temporal was told to delete. A server takes half a minute to do that to a closed
    one, so that is looked at when the other tests are over."""
    ids: list[str] = []
    yield ids

    async def gone(client: Client) -> None:
        async with asyncio.timeout(150):
            for workflow_id in ids:
                with pytest.raises(RPCError, match="not found"):
                    while await client.get_workflow_handle(workflow_id).describe():
                        await asyncio.sleep(0.2)

    with_temporal(shared, gone)


@pytest.fixture
def pair(shared: RunningStack) -> RunningStack:
    """A stack of two workers, both ready."""

    def both() -> bool:
        for worker in shared.workers():
            if worker["state"] in ("dead", "empty"):
                shared.client.post("/fleet/workers", json={"slot": worker["slot"]})
        return all(worker["state"] == "ready" for worker in shared.workers())

    eventually(both)
    return shared


def fresh_id() -> str:
    return f"rec-{uuid.uuid4().hex[:12]}"


def get(stack: RunningStack, path: str) -> Any:
    """A GET's body; None where the API is away, or answers that Temporal is."""
    try:
        answer = stack.client.get(path)
    except httpx.HTTPError:
        return None
    return answer.json() if answer.status_code == 200 else None


def counted(stack: RunningStack) -> dict[str, Any]:
    """An audit that was counted after this call, not a moment before."""
    now = datetime.now(UTC)

    def check() -> dict[str, Any] | None:
        body: dict[str, Any] | None = get(stack, "/audit")
        return body if body is not None and datetime.fromisoformat(body["counted_at"]) >= now else None

    return eventually(check) or {}


def ledger(stack: RunningStack) -> Contents:
    loaded = load((stack.state / "ledger.txt").read_bytes())
    assert not loaded.problems
    return loaded.contents


def with_temporal(stack: RunningStack, work: Callable[[Client], Coroutine[Any, Any, None]]) -> None:
    """Go to Temporal behind the API's back."""

    async def go() -> None:
        await work(await Client.connect(stack.temporal))

    asyncio.run(go())


def delete(stack: RunningStack, workflow_id: str) -> None:
    async def work(client: Client) -> None:
        request = DeleteWorkflowExecutionRequest(
            namespace=client.namespace, workflow_execution=WorkflowExecution(workflow_id=workflow_id)
        )
        await client.workflow_service.delete_workflow_execution(request)

    with_temporal(stack, work)


def receipt_of(stack: RunningStack, worker: str, ready: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The receipt of this worker's death, as soon as it is so."""

    def check() -> dict[str, Any] | None:
        found = [one for one in get(stack, "/receipts") or [] if one["worker"] == worker]
        assert len(found) <= 1
        return found[0] if found and ready(found[0]) else None

    return eventually(check) or {}


def taken_over(receipt: dict[str, Any]) -> bool:
    return bool(receipt["orders"]) and all(order["to"] for order in receipt["orders"])


def seconds(later: str, earlier: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


QUICK = StageSettings((0.0, 0.1))


def test_finished_orders_leave_and_are_carried_on(
    pair: RunningStack, left: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records of their own on the stack's Temporal, which keep finished orders for a second only."""
    monkeypatch.setattr(keeper, "RETIRE_EVERY_S", 0.2)
    target = Target(pair.temporal)

    @contextlib.asynccontextmanager
    async def records() -> AsyncIterator[tuple[Gateway, Records]]:
        gateway, host = Gateway(target), ScriptedHost()
        await gateway.open()
        fleet = Supervisor(host, Policy(), FleetSetup(target))
        kept = Records(tmp_path, gateway, TemporalSource(gateway), fleet, lambda: 1.0)
        kept.load()
        await kept.open()
        try:
            yield gateway, kept
        finally:
            await kept.close()

    async def place(gateway: Gateway, kept: Records, settings: KitchenSettings) -> Order:
        order, _ = await gateway.place(OrderInfo(fresh_id()), settings)
        await kept.take(order)
        return order

    async def until(check: Callable[[], Coroutine[Any, Any, bool]]) -> None:
        async with asyncio.timeout(20):
            while not await check():
                await asyncio.sleep(0.05)

    async def live() -> None:
        async with records() as (gateway, kept):
            done = await place(gateway, kept, KitchenSettings(QUICK, QUICK, QUICK))
            slow = KitchenSettings(StageSettings((300.0, 300.0)), QUICK, QUICK, start_to_close_s=600.0)
            waiting = await place(gateway, kept, slow)
            # An order that nobody can read fails as it is meant to.
            bad, _ = await gateway.place(OrderInfo(fresh_id()), KitchenSettings(heartbeat_s=-1.0))
            await kept.take(bad)

            async def carried() -> bool:
                return (await kept.audit()).carried == 2

            await until(carried)
            await kept.take(done)  # its client asks once more, while the server has not deleted it yet
            left.extend([done.workflow_id or "", bad.workflow_id or ""])
            now = await kept.audit()
            assert (now.started, now.delivered, now.failed, now.in_flight) == (3, 1, 1, 1)
            assert now.balanced and not now.lost
            entries = load((tmp_path / "ledger.txt").read_bytes()).contents.entries
            assert list(entries) == [waiting.workflow_id], "an open order stays, however old"
        async with records() as (_, kept):
            now = await kept.audit()
            assert (now.started, now.delivered, now.failed, now.in_flight) == (3, 1, 1, 1)
            assert now.carried == 2 and now.balanced
            orders = (await kept.stats()).orders
            assert (orders.started, orders.delivered, orders.failed, orders.open) == (3, 1, 1, 1)
        await gateway.client.get_workflow_handle(waiting.workflow_id or "").terminate("the test is over")

    asyncio.run(live())


def retries_by_the_records(stack: RunningStack) -> int:
    """Attempts beyond the first ones of every order of the ledger, one order after the other."""
    known = ledger(stack).entries
    orders = [one for one in stack.listed() if one["workflow_id"] in known]
    return sum(max(0, view["attempts"] - 1) for order in orders for view in order["stages"])


def test_a_namespace_that_is_not_there_yet_says_nothing_of_an_order(pair: RunningStack) -> None:
    async def ask(namespace: str) -> ListedRun | None:
        gateway = Gateway(Target(pair.temporal, namespace))
        await gateway.open()
        return await TemporalSource(gateway).row("namespace-1")

    assert asyncio.run(ask("default")) is None
    with pytest.raises(TemporalUnreachable, match="no namespace 'nowhere'"):
        asyncio.run(ask("nowhere"))


def test_every_order_is_accounted_for(pair: RunningStack) -> None:
    before = counted(pair)
    order_id = fresh_id()
    placed = pair.order(order_id)
    entry = ledger(pair).entries[placed["workflow_id"]]
    assert entry.run_id == placed["run_id"], "it is on disk by the time that it is answered"
    again = pair.client.post("/orders", json={"id": order_id})
    assert again.status_code == 200
    wire = pair.client.post("/orderPizza", json={"id": order_id}).json()
    assert wire["runId"] in [entry.run_id for entry in ledger(pair).entries.values()]

    now = counted(pair)
    assert now["started"] == before["started"] + 2
    assert now["started"] == now["delivered"] + now["in_flight"] + now["failed"] + now["lost"]


def test_an_order_deleted_behind_our_back_is_lost(pair: RunningStack) -> None:
    order_id = fresh_id()
    placed = pair.order(order_id)
    before = counted(pair)
    assert before["in_flight"] > 0
    assert order_id not in before["lost_ids"]

    delete(pair, placed["workflow_id"])

    def red() -> dict[str, Any] | None:
        now: dict[str, Any] = pair.client.get("/audit").json()
        return now if now["lost"] > before["lost"] else None

    now = eventually(red) or {}
    assert now["lost"] == before["lost"] + 1
    assert order_id in now["lost_ids"]
    assert not now["balanced"]
    assert now["started"] == before["started"], "it was taken, whatever became of it"


def test_terminated_and_cancelled_orders_are_told_as_that(pair: RunningStack) -> None:
    before = counted(pair)
    placed = [pair.order(fresh_id()) for _ in range(2)]

    async def end(client: Client) -> None:
        first, second = (client.get_workflow_handle(order["workflow_id"]) for order in placed)
        await first.terminate("by a test")
        await second.cancel()

    with_temporal(pair, end)

    def told() -> dict[str, Any] | None:
        now = counted(pair)
        return now if now["cancelled"] == before["cancelled"] + 2 else None

    now = eventually(told) or {}
    assert (now["failed"], now["lost"]) == (before["failed"] + 2, before["lost"])
    assert now["temporal"]["terminated"] >= 1 and now["temporal"]["canceled"] >= 1
    assert not [one for one in now["differences"] if "Temporal counts" in one]


def test_a_delivered_order_that_temporal_has_forgotten_stays_delivered(
    pair: RunningStack, left: list[str]
) -> None:
    order_id = fresh_id()
    placed = pair.order(order_id)
    pair.until(order_id, "ORDER_DELIVERED")
    eventually(lambda: placed["workflow_id"] in ledger(pair).ends)
    before = counted(pair)
    delete(pair, placed["workflow_id"])
    left.append(placed["workflow_id"])
    old = kill_api(pair)
    eventually(lambda: back(pair, old))
    now = counted(pair)
    assert (now["delivered"], now["lost"]) == (before["delivered"], before["lost"])


def test_an_order_that_was_placed_by_hand_is_told_and_is_no_difference(pair: RunningStack) -> None:
    async def by_hand(client: Client) -> None:
        await client.start_workflow("PizzaWorkflow", id=fresh_id(), task_queue="nobody-polls")

    def strangers() -> int:
        told = [one for one in counted(pair)["differences"] if "in no ledger" in one]
        return int(told[0].split()[0]) if told else 0

    before = strangers()
    with_temporal(pair, by_hand)
    assert eventually(lambda: strangers() == before + 1)
    assert not [one for one in counted(pair)["differences"] if "Temporal counts" in one]


def test_statistics_and_receipts_say_what_was_done(pair: RunningStack) -> None:
    def settled() -> Any:
        now = pair.client.get("/stats").json()
        return now if not now["orders"]["open"] else None

    before = eventually(settled)
    ids = [fresh_id() for _ in range(3)]
    for order_id in ids:
        pair.order(order_id, customer="Ada")
    victim = pair.until_worked_on(ids[0], "bake")
    pair.client.delete(f"/fleet/workers/{victim}")

    told = receipt_of(pair, victim, taken_over)
    survivor = next(worker["id"] for worker in pair.workers() if worker["state"] == "ready")
    assert (told["cause"], told["signal"], told["slot"]) == ("player", "SIGKILL", int(victim[1]))
    assert 0 <= seconds(told["exit_observed_at"], told["killed_at"]) < 5
    mine = {order["id"]: order for order in told["orders"]}[ids[0]]
    assert (mine["stage"], mine["from"], mine["to"]) == ("bake", victim, survivor)
    assert (mine["attempt"], mine["customer"], mine["kept_stages"]) == (1, "Ada", ["prepare"])
    assert 0 < mine["delay_s"] < 10
    assert abs(seconds(mine["taken_over_at"], told["exit_observed_at"]) - mine["delay_s"]) < 0.01
    assert pair.client.get("/receipts", params={"after": told["n"]}).json() == []

    orders = [pair.until(order_id, "ORDER_DELIVERED") for order_id in ids]
    retries = sum(view["attempts"] - 1 for order in orders for view in order["stages"])
    assert retries_by_the_records(pair) >= retries >= len(told["orders"])

    def right() -> Any:
        now = pair.client.get("/stats").json()
        return now if now["orders"]["delivered"] == before["orders"]["delivered"] + 3 else None

    after = eventually(right)
    assert after["orders"]["started"] == before["orders"]["started"] + 3
    assert after["orders"]["open"] == 0
    assert after["orders"]["failed"] == before["orders"]["failed"]
    eventually(lambda: pair.client.get("/stats").json()["orders"]["retries"] == retries_by_the_records(pair))
    assert after["workers"]["deaths"] == before["workers"]["deaths"] + 1
    assert after["workers"]["kills"] == before["workers"]["kills"] + 1
    assert after["takeover_s"]["n"] == before["takeover_s"]["n"] + len(told["orders"])
    assert sum(after["latency_s"]["counts"]) == after["orders"]["delivered"]
    assert sum(after["curves"]["started"]) == sum(before["curves"]["started"]) + 3
    assert after["latency_s"]["p50"] <= after["latency_s"]["p95"]


def kill_api(stack: RunningStack) -> int:
    old = stack.pids()["api"]
    os.kill(old, signal.SIGKILL)
    return old


def back(stack: RunningStack, old: int) -> bool:
    return stack.pids().get("api") not in (None, old) and get(stack, "/audit") is not None


def test_an_api_that_is_killed_while_it_takes_orders_forgets_none(pair: RunningStack) -> None:
    before = counted(pair)
    ids = [fresh_id() for _ in range(50)]
    answered: list[str] = []

    async def place_all() -> int:
        enough = asyncio.Event()

        async def place(client: httpx.AsyncClient, order_id: str) -> None:
            try:
                answer = await client.post("/orders", json={"id": order_id})
            except httpx.HTTPError:
                return
            if answer.status_code == 201:
                answered.append(order_id)
                if len(answered) >= 10:
                    enough.set()

        limits = httpx.Limits(max_connections=20)
        async with httpx.AsyncClient(base_url=pair.api_url, limits=limits, timeout=10) as client:
            placing = asyncio.gather(*(place(client, order_id) for order_id in ids))
            await enough.wait()
            old = kill_api(pair)
            await placing
            return old

    old = asyncio.run(place_all())
    eventually(lambda: back(pair, old))
    known = {key.rpartition("--")[0] for key in ledger(pair).entries}
    assert len(answered) >= 10
    assert set(answered) <= known
    for order_id in ids:  # whoever was not answered asks again, as its client would
        assert pair.order(order_id)["id"] == order_id
    known = {key.rpartition("--")[0] for key in ledger(pair).entries}
    assert set(ids) <= known

    now = counted(pair)
    assert (now["started"], now["lost"]) == (before["started"] + 50, before["lost"])

    async def clear(client: Client) -> None:
        # Fifty orders would keep two cooks busy for long; the tests after this one want them free.
        for entry in list(ledger(pair).entries.values()):
            if entry.workflow_id.rpartition("--")[0] in ids:
                with contextlib.suppress(RPCError):  # it is delivered already
                    await client.get_workflow_handle(entry.workflow_id).terminate("the test is over")

    with_temporal(pair, clear)


def test_receipts_survive_the_api_and_go_on(pair: RunningStack) -> None:
    order_id = fresh_id()
    pair.order(order_id)
    first = pair.until_worked_on(order_id, "prepare")
    pair.client.delete("/fleet/workers/1")
    pair.client.delete("/fleet/workers/2")
    told = receipt_of(pair, first, lambda receipt: bool(receipt["orders"]))
    (mine,) = [order for order in told["orders"] if order["id"] == order_id]
    assert mine["to"] is None, "nobody is there to take it over"
    for slot in (1, 2):
        pair.until_worker(slot, "dead")
    newest = max(receipt["n"] for receipt in get(pair, "/receipts"))

    old = kill_api(pair)
    eventually(lambda: back(pair, old))

    def mine_is_taken_over(receipt: dict[str, Any]) -> bool:
        """It may have held one that an earlier test has terminated, too: nobody takes that."""
        return any(order["id"] == order_id and order["to"] for order in receipt["orders"])

    again = receipt_of(pair, first, mine_is_taken_over)
    assert (again["n"], again["exit_observed_at"]) == (told["n"], told["exit_observed_at"])
    (mine,) = [order for order in again["orders"] if order["id"] == order_id]
    assert mine["to"] in [worker["id"] for worker in pair.workers()]
    pair.until_worker(1, "ready")
    pair.client.delete("/fleet/workers/1")
    (third,) = eventually(lambda: pair.client.get("/receipts", params={"after": newest}).json()) or [{}]
    assert third["n"] == newest + 1 and third["slot"] == 1


def test_without_temporal_there_is_no_count_at_all(pair: RunningStack) -> None:
    old = pair.pids()["temporal"]
    eventually(lambda: get(pair, "/stats"))
    os.kill(old, signal.SIGSTOP)
    try:

        def refused() -> bool:
            answer = pair.client.get("/audit")
            assert answer.status_code in (200, 503)
            return answer.status_code == 503 and answer.json()["type"] == "/problems/temporal-unreachable"

        eventually(refused)
        assert pair.client.get("/stats").status_code == 200, "the last count, which says of when it is"
    finally:
        os.kill(old, signal.SIGCONT)
    eventually(lambda: get(pair, "/audit"))


def test_an_order_that_the_ledger_did_not_take_is_not_confirmed(
    pair: RunningStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int, data: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with api(pair.temporal) as made:
        assert made("GET", "/audit").json()["type"] == "/problems/ledger-unwritable", "it keeps none"
        gateway, fleet = made.kitchen.gateway, made.kitchen.fleet
        kept = Records(tmp_path, gateway, TemporalSource(gateway), fleet, lambda: 3600.0)
        kept.load()
        made.kitchen.records = kept
        body = {"id": fresh_id()}
        with monkeypatch.context() as disk:
            disk.setattr(os, "write", full)
            refused = made.post("/orders", body)
            wire = made.post("/orderPizza", body)
        for answer in (refused, wire):
            assert answer.status_code == 503
            assert answer.json()["type"] == "/problems/ledger-unwritable"
            assert "No space left" in answer.json()["detail"]
        assert "is placed, but" in refused.json()["detail"], "nobody knew that the disk is full"
        assert "was not placed" in wire.json()["detail"], "now it is known"
        tries: list[httpx.Response] = []

        def taken() -> bool:
            tries.append(made.post("/orders", body))
            return tries[-1].status_code != 503

        eventually(taken)
        again = tries[-1]
        assert again.status_code == 200, "Temporal has it, as was said"
        entries = load((tmp_path / "ledger.txt").read_bytes()).contents.entries
        assert list(entries) == [again.json()["workflow_id"]]
        now = made("GET", "/audit").json()
        assert (now["started"], now["lost"], now["balanced"]) == (1, 0, True)
        assert made("GET", "/receipts").json() == []
        assert made("GET", "/receipts?after=-1").status_code == 422
        made.run(kept.close())
