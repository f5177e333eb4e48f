"""The soak of checkpoint 3: `python -m tests.soak --minutes N` runs it and prints the verdict of the audit.

Orders stream in through the API while every worker dies after 10 to 40 s and one attempt in ten fails; at
the end the kitchen is given time to finish, and the system's own audit says whether anything was lost.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.bench.report import percentile
from tests.running import RunningStack, as_yaml, eventually, running_stack

CONFIG: dict[str, Any] = {
    "checkpoint": "soak",
    "title": "The soak",
    "fleet": {
        "slots": 8,
        "start": 8,
        "respawn_after_s": [0.5, 2],
        "lifespan_s": [10, 40],
        "concurrency": 8,
    },
    "activities": {
        "prepare": {"duration_s": [0.5, 2], "failure_rate": 0.1},
        "bake": {"duration_s": [1, 3], "failure_rate": 0.1},
        "deliver": {"duration_s": [0.5, 2], "failure_rate": 0.1},
    },
    "timeouts": {"heartbeat_s": 3, "start_to_close_s": 15},
    "retry": {"initial_s": 0.2, "backoff": 2, "maximum_s": 1},
    "seed": 3,
    "retention_s": 7200,
}
FINISH_S = 60.0
LOOK_AGAIN_S = 0.5
LAST_ORDER_S = 40.0
TOPPINGS = ("pepperoni", "mushroom", "onion", "olives", "basil", "peppers", "pineapple", "ham")


@dataclass
class Verdict:
    """What the soak found. Times in seconds, `api_p95_ms` over every request of it."""

    minutes: float
    orders: int = 0
    delivered: int = 0
    failed: int = 0
    lost: int = 0
    balanced: bool = False
    deaths: int = 0
    retries: int = 0
    takeovers: int = 0
    takeover_p50_s: float | None = None
    takeover_p95_s: float | None = None
    latency_p95_s: float | None = None
    api_p50_ms: float = 0.0
    api_p95_ms: float = 0.0
    api_p95_ms_by_path: dict[str, float] = field(default_factory=dict)
    refused: int = 0
    killed: list[str] = field(default_factory=list)


class Customers:
    """Streams orders at a rate, each retried under its own id until the API has taken it.

    `most_open`: so many orders may be open; while there are more nobody orders, as nobody joins a long queue.
    A kitchen that somebody has switched to few and slow cooks would never be done with what came meanwhile.
    """

    def __init__(self, stack: RunningStack, rate: float, seed: int = 3, most_open: float = math.inf) -> None:
        self._stack = stack
        self._rate = rate
        self._most_open = most_open
        self._dice = random.Random(seed)
        self._stop = threading.Event()
        self.taken: list[str] = []
        self.times: list[tuple[str, float]] = []
        self.refused = 0
        self._threads = [
            threading.Thread(target=self._stream, daemon=True),
            threading.Thread(target=self._look, daemon=True),
        ]

    def __enter__(self) -> Customers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _timed(self, client: httpx.Client, method: str, path: str, body: Any = None) -> httpx.Response | None:
        began = time.monotonic()
        try:
            answer = client.request(method, path, json=body)
        except httpx.HTTPError:
            return None
        self.times.append((path, time.monotonic() - began))
        return answer

    def _too_many(self, client: httpx.Client) -> bool:
        """Whether nobody would join the queue; also while nobody can tell how long it is."""
        answer = self._timed(client, "GET", "/audit")
        return answer is None or answer.status_code != 200 or answer.json()["in_flight"] >= self._most_open

    def _stream(self) -> None:
        with httpx.Client(base_url=self._stack.api_url, timeout=10) as client:
            due = time.monotonic()
            n = 0
            while not self._stop.is_set():
                if math.isfinite(self._most_open) and self._too_many(client):
                    self._stop.wait(LOOK_AGAIN_S)
                    due = time.monotonic()
                    continue
                n += 1
                order = {"id": f"soak-{n}", "toppings": self._dice.choices(TOPPINGS, k=4)}
                # Also when all is to end: one of which no answer came may be placed, and is then counted.
                until = math.inf
                while time.monotonic() < until:
                    if self._stop.is_set():
                        until = min(until, time.monotonic() + LAST_ORDER_S)
                    answer = self._timed(client, "POST", "/orders", order)
                    if answer is not None and answer.status_code in (200, 201):
                        self.taken.append(str(order["id"]))
                        break
                    self.refused += 1
                    time.sleep(0.1)
                due += self._dice.uniform(0.5, 1.5) / self._rate
                self._stop.wait(max(0.0, due - time.monotonic()))

    def _look(self) -> None:
        """What a window asks for: all orders of the last minute twice a second, the fleet, the figures."""
        with httpx.Client(base_url=self._stack.api_url, timeout=10) as client:
            while not self._stop.wait(0.5):
                newest = [{"id": order_id} for order_id in self.taken[-200:]]
                self._timed(client, "POST", "/orders/status", {"orders": newest})
                for path in ("/fleet", "/stats", "/audit"):
                    self._timed(client, "GET", path)


@contextmanager
def soaking(minutes: float, rate: float) -> Iterator[tuple[RunningStack, Customers, Verdict]]:
    """A stack under load for so long; on leaving, the verdict is filled in."""
    verdict = Verdict(minutes)
    with tempfile.TemporaryDirectory() as name:
        config = Path(name) / "soak.yaml"
        config.write_text(as_yaml(CONFIG))
        with running_stack(Path(name) / "state", config, "--no-game") as stack:
            with Customers(stack, rate) as customers:
                yield stack, customers, verdict
            settle(stack, customers, verdict)


def told(stack: RunningStack, path: str) -> dict[str, Any]:
    """What is told there; nothing while Temporal, or the API itself, is away."""
    try:
        answer = stack.client.get(path)
    except httpx.HTTPError:
        return {}
    return dict(answer.json()) if answer.status_code == 200 else {}


def settle(stack: RunningStack, customers: Customers, verdict: Verdict) -> None:
    """Let the kitchen finish, then read the verdict off the system's own audit and figures."""

    def finished() -> dict[str, Any] | None:
        audit = told(stack, "/audit")
        return audit if audit and audit["in_flight"] == 0 else None

    audit = eventually(finished, FINISH_S, 0.25) or {}
    stats = eventually(lambda: told(stack, "/stats"), FINISH_S, 0.25) or {}
    for key in ("delivered", "failed", "lost", "balanced"):
        setattr(verdict, key, audit[key])
    verdict.orders = audit["started"]
    verdict.deaths = stats["workers"]["deaths"]
    verdict.retries = stats["orders"]["retries"]
    verdict.takeovers = stats["takeover_s"]["n"]
    verdict.takeover_p50_s, verdict.takeover_p95_s = (stats["takeover_s"][key] for key in ("p50", "p95"))
    verdict.latency_p95_s = stats["latency_s"]["p95"]
    every = [took for _, took in customers.times]
    verdict.api_p50_ms = round(1000 * percentile(every, 0.5), 1)
    verdict.api_p95_ms = round(1000 * percentile(every, 0.95), 1)
    for path in {path for path, _ in customers.times}:
        own = [took for other, took in customers.times if other == path]
        verdict.api_p95_ms_by_path[path] = round(1000 * percentile(own, 0.95), 1)
    verdict.refused = customers.refused


def main() -> int:
    """Run the soak; exit status 1 where anything was lost, failed, or does not add up."""
    options = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    options.add_argument("--minutes", type=float, default=10.0, help="how long orders come (default 10)")
    options.add_argument("--rate", type=float, default=3.0, help="orders a second (default 3)")
    options.add_argument(
        "--kill", action="store_true", help="also SIGKILL the API and Temporal in the middle of it"
    )
    found = options.parse_args()
    with soaking(found.minutes, found.rate) as (stack, _, verdict):
        end = time.monotonic() + 60 * found.minutes
        victims = ["api", "temporal"] if found.kill else []
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 20 * found.minutes))
            if victims and time.monotonic() < end:
                verdict.killed.append(victim := victims.pop(0))
                sigkill(stack, victim)
    sys.stdout.write(json.dumps(asdict(verdict)) + "\n")
    return 0 if verdict.balanced and not verdict.lost and not verdict.failed else 1


def sigkill(stack: RunningStack, name: str) -> None:
    """SIGKILL to the API or to Temporal, and wait until the stack has started it again."""

    old = stack.pids()[name]
    os.kill(old, signal.SIGKILL)
    eventually(lambda: stack.pids().get(name) not in (None, old), 15)


if __name__ == "__main__":
    sys.exit(main())
