"""The wall clock of a running kiosk is set by an hour, either way: nothing stops, and nothing is lost."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.bench.wrong_clock import WrongClock, can_be_made
from tests.running import RunningStack, eventually, processes_naming, quick_config, with_lasting

pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(not can_be_made(), reason="needs Linux and a C compiler"),
]
HOUR_S = 3600


def delays_of(stack: RunningStack) -> list[float]:
    """How long each takeover took, by the receipts."""
    receipts = stack.client.get("/receipts").json()
    found = [order["delay_s"] for receipt in receipts for order in receipt["orders"]]
    return [delay for delay in found if delay is not None]


def test_a_clock_that_is_set_by_an_hour_stops_nothing(tmp_path: Path) -> None:
    clock = WrongClock(tmp_path)
    config = quick_config(tmp_path, start=2)
    config.write_text(with_lasting(config.read_text(encoding="utf-8"), "prepare"), encoding="utf-8")
    stack = RunningStack(
        tmp_path / "state", config, "--headless", "--kiosk",
        environment={**os.environ, **clock.environment},
    )  # fmt: skip
    try:
        stack.until_ready()
        before = stack.pids()
        for n, seconds in enumerate((HOUR_S, 0, -HOUR_S, 0)):
            order = f"at-{n}"
            stack.order(order)
            worker = stack.until_worked_on(order, "prepare")
            clock.set_by(seconds)
            slot = int(worker.partition(".")[0].removeprefix("w"))
            stack.client.delete(f"/fleet/workers/{slot}")
            stack.until(order, "ORDER_DELIVERED")
            stack.client.post("/fleet/workers", json={"slot": slot})
            stack.until_worker(slot, "ready")

            def balanced(orders: int = n + 1) -> bool:
                answer = stack.client.get("/audit")
                told = answer.json() if answer.status_code == 200 else {}
                # The kiosk orders by itself, too, while nobody plays.
                return told.get("delivered", 0) >= orders and told["lost"] == 0 and bool(told["balanced"])

            eventually(balanced)
            eventually(lambda: delays_of(stack))
            assert all(0 <= delay < 120 for delay in delays_of(stack)), delays_of(stack)
        assert stack.pids() == before, "somebody was started again"
        # What starts while the clock is wrong serves as well.
        clock.set_by(-HOUR_S)
        os.kill(before["api"], signal.SIGKILL)
        eventually(lambda: stack.pids().get("api") not in (None, before["api"]))
        stack.until_worker(1, "ready", 30)
        stack.order("last")
        stack.until("last", "ORDER_DELIVERED")
    finally:
        status = stack.stop()
    assert status == 0, stack.errors
    eventually(lambda: not processes_naming(str(tmp_path)), 5)
