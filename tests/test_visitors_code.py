"""Code that a visitor might write into the file of checkpoint 1a: what it does, it does to its own worker."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from api_stub.fleet.process_host import ProcessHost
from tests.processes import runs
from tests.running import PATIENCE, RunningStack, eventually
from tests.serving import Api, api

pytestmark = pytest.mark.stack
RIGHT = """
from worker.shared import Placement
def spread(toppings):
    return [Placement(topping, n * 360 / len(toppings)) for n, topping in enumerate(toppings)]
"""
HARMLESS = {
    "a long line": 'print("x" * 300_000)',
    "closed stdout": "sys.stdout.close()",
    "closed numbers": "os.close(1); os.close(2)",
    "other numbers": "os.dup2(os.open('/dev/null', os.O_RDWR), 1)",
    "exit": "sys.exit()",
    "SystemExit": "raise SystemExit(3)",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "recursion": "def deeper(): deeper()\ndeeper()",
    "grandchild": 'subprocess.Popen(["sleep", "77"])',
    "daemon": 'subprocess.Popen(["sleep", "77"], start_new_session=True, close_fds=False)',
    "fork": "os.fork() or time.sleep(77)",
    "thread": "threading.Thread(target=for_ever).start()",
    "babble": "threading.Thread(target=babble).start()",
    "silent babble": "threading.Thread(target=silent).start()",
    "ignored SIGTERM": "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])",
    "no logging": "logging.disable(); logging.shutdown()",
    "elsewhere": "os.chdir('/')",
    "no path": "sys.path.clear()",
    "no environment": "os.environ.clear()",
    "error that fails": "class E(Exception):\n    def __str__(self): raise SystemExit\nraise E",
    "error without end": "raise type('x' * 100_000, (Exception,), {})('\\ud800' * 100_000)",
    "no modules": "[sys.modules.pop(name) for name in list(sys.modules) if name.startswith('worker')]",
}
FATAL = {
    "os._exit": ("os._exit(3)", (None, 3)),
    "SIGKILL": ("os.kill(os.getpid(), 9)", ("SIGKILL", None)),
    "abort": ("os.abort()", ("SIGABRT", None)),
    "its group": ("os.killpg(0, 9)", ("SIGKILL", None)),
    "SIGHUP": ("os.kill(os.getpid(), 1); time.sleep(0.2)", (None, 0)),
}
BEGIN = """
import logging, os, signal, subprocess, sys, threading, time
def for_ever():
    while True: time.sleep(1)
def babble():
    while True: print("x" * 1000)
def silent():
    while True: print(end="")
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the file lies that workers load, `edited.py`, and their `logs`."""
    return tmp_path_factory.mktemp("visitors")


@pytest.fixture(scope="module")
def shared(session_stack: RunningStack, place: Path) -> Iterator[Api]:
    """Two slots, for all of these tests: what one visitor did must not matter to the next."""
    setup = {"logs": place / "logs", "code_of": lambda bug: place / "edited.py"}
    with api(session_stack.temporal, ProcessHost(), setup, slots=2, start=0) as made:
        supervisor = made.kitchen.fleet
        supervisor.reshape(replace(supervisor.policy, bug="spread_toppings", start_timeout_s=20.0 * PATIENCE))
        yield made
        server = psutil.Process(made.host.pid)
    eventually(lambda: not runs(server))


@pytest.fixture
def fleet(shared: Api, place: Path) -> Api:
    """Worker 1 runs the right code, and nobody is in slot 2."""
    edit(place, RIGHT)
    if told(shared, 2)["pid"]:
        shared("DELETE", "/fleet/workers/2")
    shared.until(lambda: told(shared, 2)["state"] in ("dead", "empty"))
    if not told(shared, 1)["pid"]:
        shared.post("/fleet/workers", {"slot": 1})
    shared.until(lambda: told(shared, 1)["state"] == "ready", 20)
    return shared


def edit(place: Path, code: str) -> None:
    """Save this as a visitor would."""
    (place / "edited.py").write_text(code, encoding="utf-8")


def told(fleet: Api, number: int) -> dict[str, Any]:
    """The slot as the API tells it."""
    supervisor = fleet.kitchen.fleet
    return supervisor.view(supervisor.state.slot(number)).model_dump(mode="json")


def check_that_nothing_is_left(fleet: Api, first: int, server: int) -> None:
    """Worker 1 is alone, as it was before, and the fork server the same."""
    assert told(fleet, 1)["pid"] == first and told(fleet, 1)["state"] == "ready"
    assert fleet.host.pid == server
    eventually(lambda: [one.pid for one in psutil.Process(server).children(recursive=True)] == [first])


@pytest.mark.parametrize("deed", HARMLESS)
def test_its_worker_polls_and_can_be_killed_or_replaced(fleet: Api, place: Path, deed: str) -> None:
    """Whether it could be loaded is told; it is nobody's end."""
    first, server = fleet.pid(1), fleet.host.pid
    edit(place, f"{BEGIN}\n{HARMLESS[deed]}\n{RIGHT}")
    fleet.post("/fleet/workers", {"slot": 2})
    fleet.until(lambda: told(fleet, 2)["state"] == "ready", 20)
    assert fleet("DELETE", "/fleet/workers/2").status_code == 202
    fleet.until(lambda: told(fleet, 2)["state"] == "dead")
    assert told(fleet, 2)["last_exit"]["signal"] == "SIGKILL"
    check_that_nothing_is_left(fleet, first, server)
    assert sum(file.stat().st_size for file in (place / "logs").iterdir()) < 4_000_000


@pytest.mark.parametrize("deed", ["ignored SIGTERM", "thread", "babble", "grandchild"])
def test_a_drain_has_a_limit(fleet: Api, place: Path, deed: str) -> None:
    edit(place, f"{BEGIN}\n{HARMLESS[deed]}\n{RIGHT}")
    fleet.post("/fleet/workers", {"slot": 2})
    fleet.until(lambda: told(fleet, 2)["state"] == "ready", 20)
    edit(place, RIGHT)
    pid = fleet.pid(2)
    assert fleet.post("/fleet/redeploy").status_code in (200, 202)
    fleet.until(lambda: told(fleet, 2)["state"] == "ready" and told(fleet, 2)["pid"] != pid, 20)
    assert told(fleet, 2)["last_exit"]["cause"] == "redeploy"


@pytest.mark.parametrize("deed", FATAL)
def test_its_worker_ends_and_nobody_else(fleet: Api, place: Path, deed: str) -> None:
    first, server = fleet.pid(1), fleet.host.pid
    code, (name, status) = FATAL[deed]
    edit(place, f"{BEGIN}\n{code}\n{RIGHT}")
    fleet.post("/fleet/workers", {"slot": 2})
    fleet.until(lambda: told(fleet, 2)["state"] == "dead", 20)
    last = told(fleet, 2)["last_exit"]
    assert (last["signal"], last["code"], last["cause"]) == (name, status, "crash")
    check_that_nothing_is_left(fleet, first, server)


def test_even_who_kills_the_fork_server_kills_no_other_worker(fleet: Api, place: Path) -> None:
    first, server = fleet.pid(1), fleet.host.pid
    edit(place, f"{BEGIN}\nos.kill(os.getppid(), 9)\n{RIGHT}")
    fleet.post("/fleet/workers", {"slot": 2})
    fleet.until(lambda: told(fleet, 2)["state"] == "ready", 20)
    fleet.until(lambda: fleet.host.pid not in (None, server))
    assert told(fleet, 1)["pid"] == first and told(fleet, 1)["state"] == "ready"
    os.kill(first, 0)
    assert fleet("DELETE", "/fleet/workers/2").status_code == 202
    fleet.until(lambda: told(fleet, 2)["state"] == "dead")
    edit(place, RIGHT)
    fleet.post("/fleet/workers", {"slot": 2})
    fleet.until(lambda: told(fleet, 2)["state"] == "ready", 20)
    # Worker 1 is the child of nobody who lives: whichever test comes next begins with the new server's own.
    fleet("DELETE", "/fleet/workers/1")
    fleet.until(lambda: told(fleet, 1)["state"] == "dead")


def test_deeds_of_a_call_spoil_no_later_one(fleet: Api, place: Path, session_stack: RunningStack) -> None:
    """Each order's pizza is spread by code that does one of these things first; all are baked."""
    deeds = [
        "a long line",
        "closed stdout",
        "closed numbers",
        "no path",
        "elsewhere",
        "no environment",
        "fork",
    ]
    table = ",".join(repr(HARMLESS[deed]) for deed in (*deeds, "thread", "silent babble", "no modules"))
    code = RIGHT.replace("    return", "    exec(deeds.pop()) if deeds else None\n    return")
    code = f"{BEGIN}\ndeeds = [{table}]\n{code}"
    edit(place, code)
    for worker in session_stack.workers():
        if worker["state"] == "ready":
            session_stack.client.delete(f"/fleet/workers/{worker['id']}")
    fleet("DELETE", "/fleet/workers/1")
    fleet.until(lambda: told(fleet, 1)["state"] == "dead")
    fleet.post("/fleet/workers", {"slot": 2})
    fleet.until(lambda: told(fleet, 2)["state"] == "ready", 20)
    pid = fleet.pid(2)
    orders = [f"deed-{number}" for number in range(12)]
    for order in orders:
        session_stack.order(order, toppings=["ham", "basil"])

    def baked() -> bool:
        fleet.run(_nothing())
        found = [session_stack.status(order) for order in orders]
        assert all(order["status"] != "ORDER_FAILED" for order in found)
        return all(any(stage["stage"] == "bake" for stage in order["stages"]) for order in found)

    eventually(baked, 40, 0.2)
    assert told(fleet, 2)["pid"] == pid and told(fleet, 2)["state"] == "ready"


async def _nothing() -> None:
    """Let the API's loop run once."""
