"""Orders whose end the ledger has noted are never lost: weekends, deletions, full disks, cancellations."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api_stub.errors import LedgerUnwritable, TemporalUnreachable
from api_stub.fleet.rules import Policy
from api_stub.fleet.supervisor import FleetSetup, Supervisor
from api_stub.gateway.client import Gateway
from api_stub.records import ledger as ledger_module
from api_stub.records import order_ends, recount, service
from api_stub.records.ledger import Ledger
from api_stub.records.ledger_lines import Contents, load
from api_stub.records.service import Records
from api_stub.records.source import StageHistory
from api_stub.schema import Audit, Order, OrderStatus, Stage, StageView
from tests.recorded import MadeUpTemporal
from tests.running import until
from tests.serving import ScriptedHost
from worker.connection import Target

TARGET = Target("127.0.0.1:1")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "ANSWER_AGE_S", -1.0)
    monkeypatch.setattr(service, "RETIRE_EVERY_S", 0.01)
    monkeypatch.setattr(service, "RETIRE_AGAIN_S", 0.01)
    monkeypatch.setattr(service, "LEARN_EVERY_S", -1.0)
    monkeypatch.setattr(recount, "FULL_SHARE", 1.0)
    monkeypatch.setattr(recount, "AGAIN_S", 0.0)
    # Neither a busy machine nor its disk is late.
    monkeypatch.setattr(recount, "ASK_S", 60.0)
    monkeypatch.setattr(order_ends, "NOTE_S", 60.0)
    monkeypatch.setattr(service, "LAST_LOOK_S", 60.0)
    for name in ("CHECK_S", "WRITE_S", "CLOSE_S"):
        monkeypatch.setattr(ledger_module, name, 60.0)


class OfMadeUp(MadeUpTemporal):
    """One that records of their own can live on."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, Order] = {}

    def forget(self) -> None:
        """The namespace's retention has passed: whatever is closed is gone."""
        for name in [name for name, row in self.truth.items() if row.closed is not None]:
            self.vanish(name)


@contextlib.asynccontextmanager
async def running(state: Path, temporal: OfMadeUp, background: bool = False) -> AsyncIterator[Records]:
    """An API's records, from its start to its death; with `background`, what they do by themselves."""
    gateway = Gateway(TARGET)
    gateway.last_read = temporal.known.get  # type: ignore[method-assign]
    fleet = Supervisor(ScriptedHost(), Policy(), FleetSetup(TARGET))
    records = Records(state, gateway, temporal, fleet, lambda: 365 * 86_400.0)
    records.load()
    if background:
        await records.open()
    try:
        yield records
    finally:
        await records.close()
        (state / "ledger.lock").unlink()


async def place(records: Records, temporal: OfMadeUp, names: list[str]) -> None:
    """Start these orders, and have them in the ledger."""
    for name in names:
        taken = temporal.start(name)
        await records.take(
            Order(
                id=name,
                workflow_id=name,
                run_id=taken.run_id,
                status=OrderStatus.RECEIVED,
                started_at=taken.at,
            )
        )
    temporal.catch_up()


def finish(temporal: OfMadeUp, names: list[str]) -> None:
    for name in names:
        temporal.close(name)
    temporal.catch_up()


def on_disk(state: Path) -> Contents:
    loaded = load((state / "ledger.txt").read_bytes())
    assert not loaded.problems
    return loaded.contents


def figures(audit: Audit) -> tuple[int, int, int, int, int, bool]:
    return (audit.started, audit.delivered, audit.in_flight, audit.failed, audit.lost, audit.balanced)


FORTY = [f"pizza-{n}" for n in range(40)]


@pytest.mark.parametrize("background", [False, True])
def test_forty_pizzas_are_delivered_on_friday_and_still_are_on_monday(
    tmp_path: Path, background: bool
) -> None:
    """The server forgets closed workflows while everything is off; the ledger has noted how they ended."""
    temporal = OfMadeUp()

    async def weekend() -> None:
        async with running(tmp_path, temporal, background) as friday:
            await place(friday, temporal, [*FORTY, "open"])
            finish(temporal, FORTY)
            assert figures(await friday.audit()) == (41, 40, 1, 0, 0, True)
            assert len(on_disk(tmp_path).ends) == 40, "on disk by the time that it is told"
        temporal.now += 3 * 86_400
        temporal.forget()
        async with running(tmp_path, temporal, background) as monday:
            for _ in range(3):
                assert figures(await monday.audit()) == (41, 40, 1, 0, 0, True)
            if background:

                async def carried() -> bool:
                    return (await monday.audit()).carried == 40

                await until(carried)
                assert figures(await monday.audit()) == (41, 40, 1, 0, 0, True)
                assert list(on_disk(tmp_path).entries) == ["open"], "they are kept no longer one by one"
                assert not (await monday.audit()).differences

    asyncio.run(weekend())


def test_what_ended_in_the_last_moment_is_noted_when_the_api_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporal = OfMadeUp()

    async def friday() -> None:
        async with running(tmp_path, temporal, background=True) as records:
            await place(records, temporal, ["a"])
            monkeypatch.setattr(service, "LEARN_EVERY_S", 3600.0)
            await records.audit()
            finish(temporal, ["a"])
        temporal.forget()
        async with running(tmp_path, temporal) as records:
            assert figures(await records.audit()) == (1, 1, 0, 0, 0, True)

    asyncio.run(friday())


def test_what_was_never_seen_to_end_is_lost(tmp_path: Path) -> None:
    """It was delivered while no API looked, and Temporal forgot it before one did: nobody can know."""
    temporal = OfMadeUp()

    async def live() -> None:
        async with running(tmp_path, temporal) as records:
            await place(records, temporal, ["a", "b"])
            assert figures(await records.audit()) == (2, 0, 2, 0, 0, True)
        finish(temporal, ["a"])
        temporal.forget()
        async with running(tmp_path, temporal) as records:
            audit = await records.audit()
            assert figures(audit) == (2, 0, 1, 0, 1, False) and audit.lost_ids == ["a"]
            assert any("never seen to end" in one for one in audit.differences)

    asyncio.run(live())


def test_an_order_that_is_deleted_on_its_way_is_lost_and_a_delivered_one_is_not(tmp_path: Path) -> None:
    temporal = OfMadeUp()

    async def live() -> None:
        async with running(tmp_path, temporal) as records:
            await place(records, temporal, ["open", "done"])
            finish(temporal, ["done"])
            assert figures(await records.audit()) == (2, 1, 1, 0, 0, True)
            temporal.vanish("open")
            temporal.vanish("done")
            assert figures(await records.audit()) == (2, 1, 0, 0, 1, False)

    asyncio.run(live())


def test_cancelled_and_terminated_orders_are_told_as_that(tmp_path: Path) -> None:
    temporal = OfMadeUp()

    async def live() -> None:
        async with running(tmp_path, temporal) as records:
            await place(records, temporal, ["cancelled", "terminated", "unreadable", "too-large", "late"])
            temporal.close("cancelled", "canceled")
            temporal.close("terminated", "terminated", meant=True)
            temporal.close("unreadable", "failed", meant=True)
            temporal.catch_up()
            audit = await records.audit()
            assert figures(audit) == (5, 0, 2, 3, 0, True) and audit.cancelled == 2
            assert audit.temporal == {"canceled": 1, "terminated": 1, "failed": 1, "running": 2}
            temporal.close("too-large", "terminated")
            temporal.close("late", "timed_out")
            temporal.catch_up()
            audit = await records.audit()
            assert figures(audit) == (5, 0, 0, 3, 2, False) and audit.cancelled == 2
            stats = (await records.stats()).orders
            assert (stats.failed, stats.lost, stats.oldest_open_s) == (3, 2, None)
        temporal.forget()
        async with running(tmp_path, temporal, background=True) as records:

            async def carried() -> bool:
                return (await records.audit()).carried == 3

            await until(carried)
            audit = await records.audit()
            assert (audit.failed, audit.cancelled, audit.lost) == (3, 2, 2), (
                "how they ended is carried on, too"
            )

    asyncio.run(live())


def test_a_disk_that_is_full_when_orders_end_only_puts_it_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporal = OfMadeUp()

    async def refuse(self: Ledger, noted: object) -> None:
        raise LedgerUnwritable("the disk is full")

    async def live() -> None:
        async with running(tmp_path, temporal) as records:
            await place(records, temporal, ["a"])
            finish(temporal, ["a"])
            with monkeypatch.context() as disk:
                disk.setattr(Ledger, "note_ends", refuse)
                assert figures(await records.audit()) == (1, 1, 0, 0, 0, True)
            assert not on_disk(tmp_path).ends
            await records.audit()
            assert list(on_disk(tmp_path).ends) == ["a"]

    asyncio.run(live())


def test_an_answer_does_not_wait_for_a_disk_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_ends, "NOTE_S", 0.01)
    temporal, asked = OfMadeUp(), 0

    async def live() -> None:
        goes_on = asyncio.Event()

        async def hang(self: Ledger, noted: object) -> None:
            nonlocal asked
            asked += 1
            await goes_on.wait()

        async with running(tmp_path, temporal) as records:
            await place(records, temporal, ["a"])
            finish(temporal, ["a"])
            monkeypatch.setattr(Ledger, "note_ends", hang)
            for _ in range(3):
                assert figures(await records.audit()) == (1, 1, 0, 0, 0, True)
            assert asked == 1
            goes_on.set()

    asyncio.run(live())


def test_the_attempts_that_an_order_took_are_noted_and_survive_temporals_forgetting(tmp_path: Path) -> None:
    temporal = OfMadeUp()
    views = [StageView(stage=stage, attempts=2) for stage in (Stage.PREPARE, Stage.BAKE)]
    temporal.stories["read"] = StageHistory(stages=tuple(views))

    async def live() -> None:
        async with running(tmp_path, temporal, background=True) as records:
            await place(records, temporal, ["followed", "read"])
            finish(temporal, ["followed", "read"])
            when = temporal.truth["followed"]
            done = [
                view.model_copy(update={"finished_at": on_disk(tmp_path).entries["read"].at})
                for view in views
            ]
            temporal.known["followed"] = Order(
                id="followed",
                workflow_id="followed",
                run_id=when.run_id,
                status=OrderStatus.DELIVERED,
                stages=done,
            )

            async def noted() -> bool:
                await records.audit()
                return {end.retries for end in on_disk(tmp_path).ends.values()} == {2} and len(
                    on_disk(tmp_path).ends
                ) == 2

            await until(noted)
        temporal.known.clear()
        temporal.stories.clear()
        temporal.forget()
        async with running(tmp_path, temporal) as records:
            await records.audit()
            assert (await records.stats()).orders.retries == 4

    asyncio.run(live())


def test_an_order_that_is_reset_after_its_delivery_is_on_its_way_again(tmp_path: Path) -> None:
    temporal = OfMadeUp()

    async def live() -> None:
        async with running(tmp_path, temporal) as records:
            await place(records, temporal, ["a"])
            finish(temporal, ["a"])
            assert figures(await records.audit()) == (1, 1, 0, 0, 0, True)
            first = temporal.truth["a"]
            temporal.start("a")
            temporal.catch_up()
            temporal.listed[first.run_id] = first
            assert figures(await records.audit()) == (1, 0, 1, 0, 0, True)
            second = temporal.truth["a"].run_id
            temporal.close("a", "canceled")
            temporal.listed[second] = temporal.truth["a"]
            assert (await records.audit()).cancelled == 1
            assert on_disk(tmp_path).ends["a"].run_id == second

    asyncio.run(live())


def test_six_thousand_orders_that_the_listing_does_not_show_are_counted_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is asked for by its id, as long as the limit allows; the next count goes on from there."""
    temporal = OfMadeUp()
    monkeypatch.setattr(recount, "ASK_S", 0.03)

    async def live() -> None:
        async with running(tmp_path, temporal) as records:
            taken = [temporal.start(f"order-{n}") for n in range(6000)]
            ledger = "".join(f"taken {one.at.isoformat()} {one.workflow_id} {one.run_id}\n" for one in taken)
            (tmp_path / "ledger.txt").write_text(ledger)
        async with running(tmp_path, temporal) as records:
            tries = 0

            async def counted() -> Audit | None:
                nonlocal tries
                tries += 1
                try:
                    return await records.audit()
                except TemporalUnreachable:
                    return None

            await until(counted)
            monkeypatch.setattr(recount, "ASK_S", 60.0)
            for _ in range(3):
                assert figures(await records.audit()) == (6000, 0, 6000, 0, 0, True)

    asyncio.run(live())
