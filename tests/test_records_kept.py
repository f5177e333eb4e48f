"""What the records keep when the API is killed, Temporal is away, or the ledger cannot be written."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from api_stub import kitchen
from api_stub.records.ledger_lines import load
from api_stub.records.service import Records
from api_stub.records.temporal_source import TemporalSource
from tests.records_stack import (
    back,
    counted,
    fresh_id,
    get,
    kill_api,
    ledger,
    left,
    pair,
    receipt_of,
    shared,
    with_temporal,
)
from tests.running import PATIENCE, RunningStack, eventually, lasting
from tests.serving import api

pytestmark = pytest.mark.stack
__all__ = ["left", "pair", "shared"]  # fixtures


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
        # Nobody whose API lives gives up by the clock.
        patience = 60 * PATIENCE
        async with httpx.AsyncClient(base_url=pair.api_url, limits=limits, timeout=patience) as client:
            placing = asyncio.gather(*(place(client, order_id) for order_id in ids))
            async with asyncio.timeout(patience):
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
    pair.client.delete("/fleet/workers/2")  # before: between two kills the other one might take it over
    pair.until_worker(2, "dead")
    with lasting(pair, pair.state.parent / "records.yaml", "prepare"):
        pair.order(order_id)
        first = pair.until_worked_on(order_id, "prepare")
        pair.client.delete("/fleet/workers/1")
        told = receipt_of(pair, first, lambda one: order_id in [order["id"] for order in one["orders"]])
    (mine,) = [order for order in told["orders"] if order["id"] == order_id]
    assert mine["to"] is None, "nobody is there to take it over"
    pair.until_worker(1, "dead")
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
        with contextlib.suppress(ProcessLookupError):  # the stack has killed what stays stopped
            os.kill(old, signal.SIGCONT)
    eventually(lambda: get(pair, "/audit"))


def answered(answer: httpx.Response) -> httpx.Response | None:
    """The answer, unless it is that Temporal has none now: that says nothing about the ledger."""
    away = answer.status_code == 503 and answer.json()["type"] == "/problems/temporal-unreachable"
    return None if away else answer


def test_an_order_that_the_ledger_did_not_take_is_not_confirmed(
    pair: RunningStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int, data: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(kitchen, "PROMPT_S", 60.0)  # a slow Temporal is another test's
    with api(pair.temporal) as made:
        assert made("GET", "/audit").json()["type"] == "/problems/ledger-unwritable", "it keeps none"
        gateway, fleet = made.kitchen.gateway, made.kitchen.fleet
        kept = Records(tmp_path, gateway, TemporalSource(gateway), fleet, lambda: 3600.0)
        kept.load()
        made.kitchen.records = kept
        body = {"id": fresh_id()}
        with monkeypatch.context() as disk:
            disk.setattr(os, "write", full)
            refused = eventually(lambda: answered(made.post("/orders", body)))
            assert refused is not None
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
        counted_now = eventually(lambda: answered(made("GET", "/audit")))
        assert counted_now is not None
        now = counted_now.json()
        assert (now["started"], now["lost"], now["balanced"]) == (1, 0, True)
        assert made("GET", "/receipts").json() == []
        assert made("GET", "/receipts?after=-1").status_code == 422
        made.run(kept.close())
