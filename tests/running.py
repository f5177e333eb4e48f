"""A real stack for tests: started as a user starts it, on free ports, with a state directory of its own."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
import yaml

T = TypeVar("T")
PATIENCE = 4.0 if os.environ.get("CI") else 1.0
"""A machine that builds has other work too: there every deadline is so many times as far away."""
ROOT = Path(__file__).resolve().parent.parent
FIRST_PORT, LAST_PORT = 12_000, 32_000
_drawn = itertools.count(random.randrange(20_000))


@contextlib.contextmanager
def held_port() -> Iterator[int]:
    """A port that somebody else has: this test."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on now, all different.

    From below the range that the system draws from for outgoing connections: one of those could take a
    port between this answer and its use. Each process of a parallel run draws from a part of its own.
    """
    parts = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    part = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    width = (LAST_PORT - FIRST_PORT) // parts
    ports: list[int] = []
    while len(ports) < count:
        port = FIRST_PORT + part * width + next(_drawn) % width
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            ports.append(port)
    return ports


def eventually(check: Callable[[], T], limit_s: float = 20.0, every_s: float = 0.02) -> T:
    """The first truthy answer of `check`, polled until the limit. Else AssertionError."""
    limit_s *= PATIENCE
    deadline = time.monotonic() + limit_s
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit_s} s; last answer: {answer!r}")
        time.sleep(every_s)


async def until(check: Callable[[], object], limit_s: float = 20.0, every_s: float = 0.005) -> Any:
    """As `eventually`, while the loop runs on; `check` may be a coroutine function. Else TimeoutError."""
    async with asyncio.timeout(PATIENCE * limit_s):
        while True:
            answer = check()
            if inspect.isawaitable(answer):
                answer = await answer
            if answer:
                return answer
            await asyncio.sleep(every_s)


class PlainDumper(yaml.SafeDumper):
    """Writes what occurs twice twice: configs accept no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        """Always."""
        return True


def as_yaml(data: Any) -> str:
    """Plain data as a config file has it."""
    return yaml.dump(data, Dumper=PlainDumper, allow_unicode=True)


def quick_config(directory: Path, name: str = "test", **fleet: Any) -> Path:
    """A checkpoint for tests: stages of about 1.5 s, long enough to be killed in, and no longer."""
    stage = {"duration_s": [1.4, 1.6]}
    file = directory / f"{name}.yaml"
    file.write_text(
        as_yaml(
            {
                "checkpoint": name,
                "title": "For the tests",
                "fleet": {"slots": 2, "start": 1, **fleet},
                "activities": {"prepare": stage, "bake": stage, "deliver": stage},
            }
        ),
        encoding="utf-8",
    )
    return file


def with_lasting(config: str, *stages: str, seconds: float = 3.0 * PATIENCE) -> str:
    """The text of a config whose stages last so long that nobody who means to kill a worker in one of them
    comes too late; the other stages are quick.

    A worker is given up later, too: a busy machine may keep it from its heartbeats for a moment.
    """
    long, quick = [seconds, 1.03 * seconds], [0.2, 0.3]
    names = ("prepare", "bake", "deliver")
    changed = {
        "title": lasting_title(stages),
        "activities": {name: {"duration_s": long if name in stages else quick} for name in names},
        "timeouts": {"heartbeat_s": PATIENCE},
    }
    return as_yaml({**yaml.safe_load(config), **changed})


@contextlib.contextmanager
def lasting(stack: RunningStack, file: Path, *stages: str, seconds: float = 3.0 * PATIENCE) -> Iterator[None]:
    """Orders that are placed now have stages that last (`with_lasting`). `file` is the config that the stack
    runs by; it is edited, and afterwards as it was."""
    before, after = file.read_text(encoding="utf-8"), title_of(stack)

    def in_force(text: str, title: str) -> None:
        scratch = file.with_suffix(".new")
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(file)
        eventually(lambda: title_of(stack) == title)

    in_force(with_lasting(before, *stages, seconds=seconds), lasting_title(stages))
    try:
        yield
    finally:
        in_force(before, after)


def lasting_title(stages: Sequence[str]) -> str:
    """The title of a checkpoint with these long stages."""
    return f"{' and '.join(stages)} last"


def title_of(stack: RunningStack) -> str:
    """The title of the checkpoint in force."""
    return str(stack.client.get("/checkpoint").json()["title"])


def removable_temporal(program: Path) -> list[str]:
    """The command of a stack whose Temporal runs by this script, which is made; whoever removes the script
    makes Temporal's next start fail."""
    program.write_text('#!/bin/sh\nexec "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    code = (
        "import sys; from dataclasses import replace; from api_stub.stack import __main__, programs;"
        f"real = programs.temporal; mine = {str(program)!r};"
        "programs.temporal = lambda *a: (lambda it: replace(it, command=[mine, *it.command]))(real(*a));"
        "sys.exit(__main__.main())"
    )
    return [sys.executable, "-c", code]


class RunningStack:
    """`./run_all.sh` running. Its API is `client`; `stop` ends it and returns the exit status."""

    def __init__(
        self,
        state: Path,
        config: Path | str,
        *options: str,
        ports: list[int] | None = None,
        command: list[str] | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.state = state
        api, temporal, ui = ports or free_ports(3)
        self.ports = [api, temporal, ui]
        self.process = subprocess.Popen(
            [
                *(command or [sys.executable, "-m", "api_stub.stack"]),
                *("--checkpoint", str(config)),
                *("--api-port", str(api), "--temporal-port", str(temporal), "--ui-port", str(ui)),
                *("--state-dir", str(state), *options),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        self.api_url = f"http://127.0.0.1:{api}"
        self.temporal = f"127.0.0.1:{temporal}"
        self.client = httpx.Client(base_url=self.api_url, timeout=5 * PATIENCE)
        self.errors = ""

    def until_ready(self) -> str:
        """The ready line. Raises AssertionError with what it said instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            self.process.kill()
            _, self.errors = self.process.communicate()
            raise AssertionError(f"no ready line: {line!r} {self.errors!r}")
        return line.strip()

    def pids(self) -> dict[str, int]:
        """The pids of stack, temporal, api and game, as the stack wrote them."""
        found: dict[str, int] = json.loads((self.state / "stack.json").read_text())
        return found

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        if self.process.stderr is not None and self.process.stderr.closed:
            self.process.wait(timeout=15 * PATIENCE)
            if self.process.stdout is not None:
                self.process.stdout.close()
        else:
            _, self.errors = self.process.communicate(timeout=15 * PATIENCE)
        self.client.close()
        return self.process.returncode

    def order(self, order_id: str, **body: Any) -> dict[str, Any]:
        """Place an order; sent again while Temporal does not take it in time, as any client would."""

        def placed() -> httpx.Response | None:
            answer = self.client.post("/orders", json={"id": order_id, **body})
            assert answer.status_code in (200, 201, 503), answer.text
            return answer if answer.status_code != 503 else None

        answer = eventually(placed, 20, 0.2)
        return dict(answer.json()) if answer else {}

    def read(self, path: str) -> Any:
        """What a GET tells; asked again while Temporal is too busy to answer, as any client would."""

        def asked() -> httpx.Response | None:
            answer = self.client.get(path)
            assert answer.status_code in (200, 503), answer.text
            return answer if answer.status_code == 200 else None

        answer = eventually(asked, 20, 0.2)
        return answer.json() if answer else None

    def given_up(self, order_id: str, stage: str) -> int:
        """How many attempts of this stage were given up although their workers lived: a busy machine keeps
        some from their heartbeats."""
        found = self.client.get("/timeouts").json()
        return sum(one["order"] == order_id and one["stage"] == stage for one in found)

    def check_attempts(self, order_id: str, kills: dict[str, int]) -> None:
        """Each stage was begun once, and once more for each kill, and for each attempt that was given up
        although its worker lived: what a busy machine costs is told, and no other attempt is made."""

        def as_told() -> bool:
            stages = self.read(f"/orders/{order_id}")["stages"]
            begun = {view["stage"]: view["attempts"] for view in stages}
            return len(begun) == 3 and all(
                number == 1 + kills.get(name, 0) + self.given_up(order_id, name)
                for name, number in begun.items()
            )

        eventually(as_told)

    def listed(self, **params: str) -> list[dict[str, Any]]:
        """GET /orders; asked again while Temporal is too busy to list them all, as any client would."""

        def asked() -> httpx.Response | None:
            answer = self.client.get("/orders", params=params)
            assert answer.status_code in (200, 503), answer.text
            return answer if answer.status_code == 200 and answer.json()["complete"] else None

        answer = eventually(asked, 20, 0.2)
        return list(answer.json()["orders"]) if answer else []

    def status(self, order_id: str) -> dict[str, Any]:
        """One order, by the batch route (quick, whatever happens to workers)."""
        answer = self.client.post("/orders/status", json={"orders": [{"id": order_id}]})
        return dict(answer.json()["orders"][0])

    def until(self, order_id: str, status: str, limit_s: float = 30) -> dict[str, Any]:
        """Wait until the order has this status."""

        def check() -> dict[str, Any] | None:
            order = self.status(order_id)
            assert order["status"] != "ORDER_FAILED" or status == "ORDER_FAILED", order
            return order if order["status"] == status else None

        return eventually(check, limit_s) or {}

    def until_worked_on(self, order_id: str, stage: str) -> str:
        """Wait until a worker has begun this stage of the order; the worker's id."""

        def check() -> str | None:
            order = self.status(order_id)
            begun = [view for view in order["stages"] if view["stage"] == stage and view["attempts"]]
            return order["worker"] if begun and order["worker"] else None

        return eventually(check) or ""

    def workers(self) -> list[dict[str, Any]]:
        """GET /fleet's workers."""
        return list(self.client.get("/fleet").json()["workers"])

    def until_worker(self, slot: int, state: str, limit_s: float = 15) -> dict[str, Any]:
        """Wait until the slot is in this state."""

        def check() -> dict[str, Any] | None:
            try:
                worker = self.workers()[slot - 1]
            except httpx.TransportError:
                return None  # the API itself was killed, and is about to be there again
            return worker if worker["state"] == state else None

        return eventually(check, limit_s) or {}


@contextlib.contextmanager
def running_stack(
    state: Path, config: Path | str, *options: str, environment: dict[str, str] | None = None
) -> Iterator[RunningStack]:
    """A stack that is ready, stopped at the end whatever happens, leaving no process."""
    stack = RunningStack(state, config, *options, environment=environment)
    try:
        stack.until_ready()
        yield stack
    finally:
        stack.stop()
    assert stack.process.returncode == 0, stack.errors
    eventually(lambda: not processes_naming(str(state)), 5)


def tracebacks(log: str) -> int:
    """How many exceptions a log shows, but for those of attempts that Temporal took away from their worker:
    on a busy machine some are late with their heartbeats, and the SDK says so."""
    return log.count("Traceback") - log.count("CancelledError: Activity cancelled")


def processes_naming(text: str) -> list[psutil.Process]:
    """Every process whose command line names this text: what a stack would leave behind."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        if process.pid == os.getpid() or process.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        if any(text in part for part in process.info["cmdline"] or ()):
            found.append(process)
    return found
