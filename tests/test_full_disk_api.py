"""An API whose disk is full or damaged: it says so, refuses what it could not write, and goes on."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api_stub.background import Troubles
from api_stub.errors import LedgerUnwritable
from api_stub.records import service as keeper_module
from api_stub.records.service import Records
from api_stub.records.temporal_source import TemporalSource
from tests.made_up_disk import Disk, disk, slow_disk
from tests.serving import Api, api

__all__ = ["disk", "slow_disk"]  # fixtures

pytestmark = pytest.mark.usefixtures("slow_disk")


@contextlib.contextmanager
def keeping(state: Path) -> Iterator[Api]:
    """An API that keeps its records there, where Temporal does not answer."""
    with api() as made:
        kitchen = made.kitchen
        kitchen.records = Records(
            state,
            kitchen.gateway,
            TemporalSource(kitchen.gateway),
            kitchen.fleet,
            lambda: 3600.0,
            kitchen.troubles,
        )
        kitchen.records.load()
        made.run(kitchen.records.open())
        try:
            yield made
        finally:
            made.run(kitchen.records.close())


def test_an_order_is_not_placed_where_it_could_not_be_written(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "DISK_EVERY_S", 0.01)
    asked: list[str] = []

    async def place(*_: Any, **__: Any) -> Any:
        asked.append("Temporal")
        raise LedgerUnwritable("that far")

    with keeping(tmp_path) as made:
        monkeypatch.setattr(made.kitchen.gateway, "place", place)
        disk.free = 0
        made.until(lambda: made.kitchen.troubles.sentences)
        answer = made.post("/orders", {"id": "full"})
        assert answer.status_code == 503 and answer.json()["type"] == "/problems/ledger-unwritable"
        assert "not placed" in answer.json()["detail"] and not asked
        assert made.post("/orderPizza", {"Toppings": ["ham"]}).status_code == 503 and not asked
        health = made("GET", "/healthz").json()
        assert health["status"] == "degraded"
        assert [one for one in health["problems"] if one.startswith("ledger: ") and "MB are free" in one]
        disk.free = 2**40
        made.until(lambda: not made.kitchen.troubles.sentences)
        made.post("/orders", {"id": "room"})
        assert asked == ["Temporal"]
        assert made("GET", "/healthz").json()["problems"] == []


def test_damaged_receipts_are_told_in_the_health_and_then_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = b"\x89PNG" + os.urandom(2000)
    (tmp_path / "receipts.jsonl").write_bytes(damaged)
    monkeypatch.setattr(keeper_module, "TOLD_S", 3600.0)
    with keeping(tmp_path) as made:
        (told,) = made("GET", "/healthz").json()["problems"]
        assert "receipts.jsonl.damaged" in told
    (tmp_path / "receipts.jsonl").write_bytes(damaged)
    monkeypatch.setattr(keeper_module, "TOLD_S", 0.5)
    with keeping(tmp_path) as made:
        assert made.kitchen.records is not None and made.kitchen.records._receipts.set_aside is not None
        made.until(lambda: not made.kitchen.troubles.sentences)


def test_what_runs_in_the_background_never_ends_unseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them fails once in a way that nobody thought of; all go on, and it stands in the health."""
    runs: dict[str, int] = {}

    def failing_once(name: str, real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def work(*arguments: Any) -> Any:
            runs[name] = runs.get(name, 0) + 1
            if runs[name] == 1:
                raise KeyError("odd")
            return await real(*arguments)

        return work

    for name in ("_learn", "_retire", "_count_ready", "_watch_disk"):
        monkeypatch.setattr(Records, name, failing_once(name, getattr(Records, name)))
    follow = keeper_module.TakeoverTracker._follow
    monkeypatch.setattr(keeper_module.TakeoverTracker, "_follow", failing_once("_follow", follow))
    with keeping(tmp_path) as made:
        made.until(lambda: len(runs) == 5 and min(runs.values()) >= 2)
        told = made("GET", "/healthz").json()["problems"]
        assert len([one for one in told if "odd" in one]) == 5, told


def test_troubles_are_optional(tmp_path: Path) -> None:
    with api() as made:
        gateway = made.kitchen.gateway
        Records(tmp_path, gateway, TemporalSource(gateway), made.kitchen.fleet, lambda: 1.0)
        assert isinstance(made.kitchen.troubles, Troubles)


def test_a_disk_that_fills_up_while_temporal_takes_an_order_is_told_at_once(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Temporal cannot write either, and its client asks it again for seconds."""
    ended: list[str] = []

    async def place(*_: Any, **__: Any) -> Any:
        disk.free = 0
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append("placing")

    with keeping(tmp_path) as made:
        monkeypatch.setattr(made.kitchen.gateway, "place", place)
        answer = made.post("/orders", {"id": "filling"})
        assert answer.status_code == 503 and answer.json()["type"] == "/problems/ledger-unwritable"
        assert "MB are free" in answer.json()["detail"]
        made.until(lambda: ended)
