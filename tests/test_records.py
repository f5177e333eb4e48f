"""Audit, receipts, statistics and retention on a real stack: what is killed, deleted and counted there."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from api_stub.errors import TemporalUnreachable
from api_stub.fleet.rules import Policy
from api_stub.fleet.supervisor import FleetSetup, Supervisor
from api_stub.gateway.client import Gateway
from api_stub.records import service as keeper
from api_stub.records.ledger_lines import load
from api_stub.records.service import Records
from api_stub.records.source import ListedRun
from api_stub.records.temporal_source import TemporalSource
from api_stub.schema import Order
from tests.records_stack import (
    back,
    counted,
    delete,
    fresh_id,
    kill_api,
    ledger,
    left,
    pair,
    receipt_of,
    seconds,
    shared,
    with_temporal,
    without_workers,
)
from tests.running import PATIENCE, RunningStack, eventually, until
from tests.serving import ScriptedHost
from worker.connection import Target
from worker.shared import KitchenSettings, OrderInfo, StageSettings

pytestmark = pytest.mark.stack
__all__ = ["left", "pair", "shared"]  # fixtures
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

            await until(carried, every_s=0.05)
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
    without_workers(pair)  # else it may be delivered before it is deleted
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
    without_workers(pair)  # else they may be delivered before they are ended
    placed = [pair.order(fresh_id()) for _ in range(2)]

    async def end(client: Client) -> None:
        first, second = (client.get_workflow_handle(order["workflow_id"]) for order in placed)
        await first.terminate("by a test")
        await second.cancel()

    with_temporal(pair, end)
    for slot in (1, 2):
        pair.client.post("/fleet/workers", json={"slot": slot})  # a worker cancels the one

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


def killed_while_baking(stack: RunningStack, ids: list[str]) -> dict[str, Any] | None:
    """Three more orders, and a kill of whoever bakes the first of them; the receipt of that, when they are
    delivered. None: before the kill came it was baked, as this test was held up; then that worker is back."""
    mine = [fresh_id() for _ in range(3)]
    ids += mine
    for order_id in mine:
        stack.order(order_id, customer="Ada")
    victim = stack.until_worked_on(mine[0], "bake")
    stack.client.delete(f"/fleet/workers/{victim}")
    for order_id in mine:
        stack.until(order_id, "ORDER_DELIVERED")
    told = receipt_of(stack, victim, lambda receipt: all(order["to"] for order in receipt["orders"]))
    found = {order["id"]: (order["stage"], order["attempt"]) for order in told["orders"]}
    if found.get(mine[0]) == ("bake", 1):
        return told
    stack.client.post("/fleet/workers", json={"slot": told["slot"]})
    stack.until_worker(told["slot"], "ready")
    return None


def test_statistics_and_receipts_say_what_was_done(pair: RunningStack) -> None:
    def settled() -> Any:
        now = pair.client.get("/stats").json()
        return now if not now["orders"]["open"] else None

    before = eventually(settled)
    ids: list[str] = []
    kills = 0
    told = None
    while told is None and kills < 5:
        told = killed_while_baking(pair, ids)
        kills += 1
    assert told is not None
    victim = told["worker"]
    survivor = next(worker["id"] for worker in pair.workers() if worker["state"] == "ready")
    assert (told["cause"], told["signal"], told["slot"]) == ("player", "SIGKILL", int(victim[1]))
    assert 0 <= seconds(told["exit_observed_at"], told["killed_at"]) < 5 * PATIENCE
    mine = {order["id"]: order for order in told["orders"]}[ids[-3]]
    assert (mine["stage"], mine["from"], mine["to"]) == ("bake", victim, survivor)
    assert (mine["attempt"], mine["customer"], mine["kept_stages"]) == (1, "Ada", ["prepare"])
    assert 0 < mine["delay_s"] < 10 * PATIENCE
    assert abs(seconds(mine["taken_over_at"], told["exit_observed_at"]) - mine["delay_s"]) < 0.01
    assert pair.client.get("/receipts", params={"after": told["n"]}).json() == []

    orders = [pair.status(order_id) for order_id in ids]
    retries = sum(view["attempts"] - 1 for order in orders for view in order["stages"])
    assert retries_by_the_records(pair) >= retries >= len(told["orders"])

    def right() -> Any:
        now = pair.client.get("/stats").json()
        since = pair.client.get("/receipts", params={"after": told["n"] - kills}).json()
        held = sum(len(receipt["orders"]) for receipt in since)
        counted_all = now["takeover_s"]["n"] == before["takeover_s"]["n"] + held
        delivered = now["orders"]["delivered"] == before["orders"]["delivered"] + len(ids)
        return now if delivered and counted_all else None

    after = eventually(right)
    assert after["orders"]["started"] == before["orders"]["started"] + len(ids)
    assert after["orders"]["open"] == 0
    assert after["orders"]["failed"] == before["orders"]["failed"]
    eventually(lambda: pair.client.get("/stats").json()["orders"]["retries"] == retries_by_the_records(pair))
    assert after["workers"]["deaths"] == before["workers"]["deaths"] + kills
    assert after["workers"]["kills"] == before["workers"]["kills"] + kills
    assert sum(after["latency_s"]["counts"]) == after["orders"]["delivered"]
    # What was before leaves the curves meanwhile: of the steps since then, the first one is cut.
    started = after["curves"]["started"]
    steps = seconds(after["counted_at"], before["counted_at"]) / after["curves"]["step_s"]
    assert sum(started[len(started) - math.floor(steps) :]) <= len(ids) <= sum(started[-math.ceil(steps) :])
    assert after["latency_s"]["p50"] <= after["latency_s"]["p95"]
