"""The oven service, and what a worker's call to it does when it is up, refused, and failing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from api_stub.failures import oven as service
from api_stub.failures.oven import OvenService
from tests.running import PATIENCE, free_ports
from worker.activities import PizzaActivities
from worker.shared import OrderInfo, Stage, StageSettings, StageTask
from worker.show import oven as oven_module
from worker.show.oven import OVEN_DOWN, POISON, BeforeBaking, ask_for_heat

TASK = StageTask(OrderInfo("o/1 ä"), Stage.BAKE, StageSettings((0.0, 0.0)))


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine who is late is not down: neither the oven nor its caller."""
    monkeypatch.setattr(oven_module, "LIMIT_S", 60.0 * PATIENCE)
    monkeypatch.setattr(service, "PATIENCE_S", 60.0 * PATIENCE)


def with_oven(work: Callable[[OvenService], Awaitable[None]]) -> None:
    """Run this with an oven service that is open."""

    async def run() -> None:
        oven = OvenService()
        try:
            await work(oven)
        finally:
            await oven.close()

    asyncio.run(run())


async def call(oven: OvenService) -> str:
    """How a worker's call ends: "" where it has heat."""
    assert oven.url is not None
    try:
        await asyncio.to_thread(ask_for_heat, oven.url, TASK.order.id)
    except ApplicationError as error:
        assert error.type == OVEN_DOWN and not error.non_retryable
        return str(error)
    return ""


def test_it_serves_refuses_fails_and_is_back_on_the_same_port() -> None:
    async def work(oven: OvenService) -> None:
        oven.reserve()
        url = oven.url
        assert "refused" in await call(oven), "reserved, and nobody listens"
        await oven.set_mode("serving")
        assert await call(oven) == ""
        await oven.set_mode("refusing")
        assert "refused" in await call(oven)
        await oven.set_mode("failing")
        assert "answered 503" in await call(oven)
        await oven.set_mode("serving")
        assert await call(oven) == "" and oven.url == url
        assert oven.answered == {200: 2, 503: 1}

    with_oven(work)


def test_a_caller_that_says_nothing_or_too_much_is_let_go() -> None:
    async def work(oven: OvenService) -> None:
        await oven.set_mode("serving")
        assert oven.url is not None
        port = int(oven.url.rpartition(":")[2])
        for sent in (b"x" * 100_000, b"\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            writer.write_eof()
            try:
                assert await asyncio.wait_for(reader.read(), 20 * PATIENCE) == b""
            except ConnectionError:
                pass
            writer.close()
        assert await call(oven) == ""

    with_oven(work)


def test_an_oven_that_is_down_fails_the_attempt_before_anything_is_baked() -> None:
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    kitchen = PizzaActivities("w1.1", before_baking=BeforeBaking(url, None))
    with pytest.raises(ApplicationError, match="refused") as failed:
        asyncio.run(ActivityEnvironment().run(kitchen.bake, TASK))
    assert failed.value.type == OVEN_DOWN


def test_a_poison_order_fails_and_every_other_one_is_baked() -> None:
    beats: list[object] = []
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: beats.extend(details)
    kitchen = PizzaActivities("w1.1", before_baking=BeforeBaking(None, TASK.order.id))
    with pytest.raises(ApplicationError) as failed:
        asyncio.run(environment.run(kitchen.bake, TASK))
    assert failed.value.type == POISON and not failed.value.non_retryable
    assert beats, "the attempt put itself on the chain of custody before it failed"
    other = StageTask(OrderInfo("other"), Stage.BAKE, StageSettings((0.0, 0.0)))
    assert asyncio.run(ActivityEnvironment().run(kitchen.bake, other)).worker == "w1.1"


def test_without_an_oven_and_poison_there_is_nothing_to_wait_for() -> None:
    assert BeforeBaking(None, None)(TASK) is None and BeforeBaking(None, "other")(TASK) is None
