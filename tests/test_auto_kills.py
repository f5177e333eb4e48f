"""What a kiosk's autopilot kills is told as its own, through a real stack and a restart of its API."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.running import RunningStack, as_yaml, eventually, running_stack


@pytest.mark.stack
def test_an_auto_kill_is_the_houses_in_its_receipt_in_the_totals_and_after_a_restart_of_the_api(
    tmp_path: Path,
) -> None:
    def receipts() -> list[dict[str, Any]]:
        return [one for one in stack.client.get("/receipts").json() if one["orders"]]

    def counted() -> dict[str, Any] | None:
        today: dict[str, Any] = stack.client.get("/kiosk/totals").json()["today"]
        return today if today["auto"]["kills_survived"] and today["kills_survived"] else None

    with running_stack(tmp_path / "state", config_of(tmp_path), "--no-game", "--kiosk") as stack:
        for number, by in enumerate(("house", "player"), 1):
            stack.order(f"o{number}")
            victim = stack.until_worked_on(f"o{number}", "bake")
            assert stack.client.delete(f"/fleet/workers/{victim}", params={"by": by}).status_code == 202
            eventually(lambda count=number: len(receipts()) == count)  # type: ignore[misc]
            stack.until(f"o{number}", "ORDER_DELIVERED")
        assert [(one["cause"], one["by_house"]) for one in receipts()] == [
            ("player", True),
            ("player", False),
        ]
        today = eventually(counted, 20, 0.2)
        assert today is not None
        assert (today["kills"], today["at_risk"]) == (1, 1)
        assert (today["auto"]["kills"], today["auto"]["at_risk"]) == (1, 1)
        old = stack.pids()["api"]
        os.kill(old, signal.SIGKILL)
        eventually(another_api(stack, old), 40)
        assert [one["by_house"] for one in eventually(receipts, 20, 0.1)] == [True, False]
        again = eventually(counted, 20, 0.2)
        assert again is not None and (again["kills"], again["auto"]["kills"]) == (1, 1)


def config_of(directory: Path) -> Path:
    """One cook, who bakes for so long that it is still at it when it is killed: on a busy machine nobody else
    can have taken the order over."""
    short, file = {"duration_s": [0.5, 0.6]}, directory / "test.yaml"
    config = {
        "checkpoint": "test",
        "fleet": {"slots": 1, "start": 1, "respawn_after_s": [0.1, 0.2]},
        "activities": {"prepare": short, "bake": {"duration_s": [6, 6]}, "deliver": short},
    }
    file.write_text(as_yaml(config), encoding="utf-8")
    return file


def another_api(stack: RunningStack, old: int) -> Callable[[], bool]:
    """Whether an API with another process answers."""

    def check() -> bool:
        try:
            return stack.pids()["api"] != old and stack.client.get("/healthz").status_code == 200
        except (httpx.HTTPError, OSError, ValueError):
            return False

    return check
