"""Real processes: the forkserver host under the real supervisor, on the session's Temporal."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import psutil
import pytest

from api_stub.fleet.host import ProcessHost
from api_stub.fleet.rules import Slot
from tests.running import RunningStack, eventually
from tests.serving import Api, api

pytestmark = pytest.mark.stack


@pytest.fixture
def fleet(session_stack: RunningStack) -> Iterator[Api]:
    """Two slots, none started; at the end no child of the forkserver is left."""
    with api(session_stack.temporal, ProcessHost(), slots=2, start=0) as made:
        yield made
    assert all(slot.phase in ("empty", "dead") for slot in made.kitchen.fleet.state.slots)
    eventually(lambda: children(made) == [])


def children(fleet: Api) -> list[psutil.Process]:
    """The fork server's living children: the workers."""
    pid = fleet.host.pid
    if pid is None or not psutil.pid_exists(pid):
        return []
    return [child for child in psutil.Process(pid).children() if child.status() != psutil.STATUS_ZOMBIE]


def slot(fleet: Api, number: int) -> Slot:
    return fleet.kitchen.fleet.state.slot(number)


def until(fleet: Api, number: int, phase: str) -> Slot:
    fleet.until(lambda: slot(fleet, number).phase == phase)
    return slot(fleet, number)


def start(fleet: Api, number: int) -> int:
    """Start a worker and wait until it polls; its pid."""
    assert fleet.post("/fleet/workers", {"slot": number}).status_code == 201
    pid = until(fleet, number, "ready").pid
    assert pid is not None
    return pid


def last_exit(fleet: Api, number: int) -> tuple[str | None, int | None, str]:
    last = fleet("GET", "/fleet").json()["workers"][number - 1]["last_exit"]
    return last["signal"], last["code"], last["cause"]


def test_a_worker_is_born_polls_is_killed_and_is_seen_to_be_dead(fleet: Api) -> None:
    pid = start(fleet, 1)
    assert [child.pid for child in children(fleet)] == [pid]
    assert fleet.post("/fleet/workers", {"slot": 1}).status_code == 409
    assert fleet("DELETE", "/fleet/workers/w1.1").status_code == 202
    until(fleet, 1, "dead")
    assert last_exit(fleet, 1) == ("SIGKILL", None, "player")
    assert not psutil.pid_exists(pid)
    assert fleet("DELETE", "/fleet/workers/w1.1").status_code == 409


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV, signal.SIGRTMIN + 3])
def test_a_signal_from_outside_is_told_as_what_it_was(fleet: Api, number: int) -> None:
    os.kill(start(fleet, 1), number)
    until(fleet, 1, "dead")
    told, code, cause = last_exit(fleet, 1)
    assert told == ("SIGRTMIN+3" if number == signal.SIGRTMIN + 3 else signal.Signals(number).name)
    assert code is None and cause == ("panic" if number == signal.SIGABRT else "crash")


def test_sigterm_from_outside_drains_and_exits_by_itself(fleet: Api) -> None:
    os.kill(start(fleet, 1), signal.SIGTERM)
    until(fleet, 1, "dead")
    assert last_exit(fleet, 1) == (None, 0, "crash")  # nobody told the fleet


def test_a_kill_while_it_starts(fleet: Api) -> None:
    """Told before its process exists: 202 now, and the kill is sent as soon as there is a pid."""
    assert fleet.post("/fleet/workers", {"slot": 2}).json()["state"] == "starting"
    killed = fleet("DELETE", "/fleet/workers/2")
    assert killed.status_code == 202 and killed.json()["state"] == "stopping"
    until(fleet, 2, "dead")
    assert last_exit(fleet, 2) == ("SIGKILL", None, "player")


def test_twenty_starts_and_kills_in_a_row_tell_the_truth_and_leave_nobody(fleet: Api) -> None:
    pids = set()
    for generation in range(1, 21):
        number = 1 + generation % 2
        worker = fleet.post("/fleet/workers", {"slot": number}).json()
        if generation % 4:  # some are killed as soon as they have a pid, some when they poll, some at once
            until(fleet, number, "ready" if generation % 4 == 1 else "starting")
        if generation % 4 >= 2:
            pids.add(fleet.pid(number))
        assert fleet("DELETE", f"/fleet/workers/{worker['id']}").status_code == 202
        until(fleet, number, "dead")
        assert last_exit(fleet, number) == ("SIGKILL", None, "player")
    told = fleet("GET", "/fleet").json()
    assert (told["births"], told["deaths"]) == (20, 20)
    assert [worker["generation"] for worker in told["workers"]] == [10, 10]
    assert children(fleet) == []
    assert len(pids) == 10


def test_closing_drains_workers_also_one_that_just_starts(session_stack: RunningStack) -> None:
    with api(session_stack.temporal, ProcessHost(), slots=2, start=0) as made:
        start(made, 1)
        made.post("/fleet/workers", {"slot": 2})
    first, second = made.kitchen.fleet.state.slots
    assert first.last_exit and second.last_exit
    assert (first.last_exit.signal, first.last_exit.code, first.last_exit.cause) == (None, 0, "shutdown")
    assert second.last_exit.cause == "shutdown"
    assert made.host.pid is None


