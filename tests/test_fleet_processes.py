"""Real processes: the fork server's host under the real supervisor, on the session's Temporal."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from functools import partialmethod
from pathlib import Path
from typing import Any

import psutil
import pytest

from api_stub.fleet import frozen, launch, process_host
from api_stub.fleet.launch import Launched, Launcher
from api_stub.fleet.process_host import ProcessHost
from api_stub.fleet.processes import PR_SET_CHILD_SUBREAPER, adopt_orphans
from api_stub.fleet.rules import Slot
from api_stub.fleet.supervisor import Supervisor
from tests.processes import living_children
from tests.running import PATIENCE, RunningStack, eventually
from tests.serving import Api, api, kitchen_for
from worker.connection import connect
from worker.shared import WORKFLOW_TYPE
from worker.show.spec import WorkerSpec

pytestmark = pytest.mark.stack


@pytest.fixture(autouse=True)
def time_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the last worker's end may be heard of later than the API waits for it."""
    monkeypatch.setattr(Supervisor, "close", partialmethod(Supervisor.close, 20 * PATIENCE))


@pytest.fixture
def fleet(session_stack: RunningStack) -> Iterator[Api]:
    """Two slots, none started; at the end no child of the fork server is left."""
    with api(session_stack.temporal, ProcessHost(), slots=2, start=0) as made:
        yield made
    assert all(slot.phase in ("empty", "dead") for slot in made.kitchen.fleet.state.slots)
    assert made.host.pid is None


def children(fleet: Api) -> list[psutil.Process]:
    """The fork server's living children: the workers."""
    pid = fleet.host.pid
    return [] if pid is None else living_children(pid)


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


def start_with(fleet: Api, number: int, directory: Path, code: str) -> int:
    """Start a worker that has loaded this code, edited as a visitor would; its pid, once it polls."""
    file = directory / "edited.py"
    file.write_text(code, encoding="utf-8")
    supervisor = fleet.kitchen.fleet
    supervisor._setup = replace(supervisor._setup, code_of=lambda bug: file)
    supervisor._policy = replace(supervisor.policy, bug="spread_toppings")
    return start(fleet, number)


LEAVES_SLEEPERS = """
import os, subprocess, time
subprocess.Popen(["sleep", "77"])
subprocess.Popen(["sleep", "77"], start_new_session=True, close_fds=False)
os.fork() or time.sleep(77)
def spread(toppings): return []
"""


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


def test_a_cook_that_stays_stopped_is_killed(fleet: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds its orders and does nothing, and no notice of the kernel's tells of that."""
    watch = frozen.FrozenWatch(stopped_s=3600.0)
    monkeypatch.setattr(frozen, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(frozen, "FrozenWatch", lambda *limits: watch)
    pids = [start(fleet, number) for number in (1, 2)]
    os.kill(pids[0], signal.SIGSTOP)
    said = fleet.until(lambda: [each for each in fleet.host.troubles.sentences if frozen.PART in each])
    assert "w1.1" in said[0] and "w2.1" not in said[0]
    seen = [(worker["stopped"], worker["last_exit"]) for worker in fleet("GET", "/fleet").json()["workers"]]
    assert seen == [(True, None), (False, None)], "it is told while it still lives"
    watch.stopped_s = 0.5
    until(fleet, 1, "dead")
    assert last_exit(fleet, 1) == ("SIGKILL", None, "crash")
    dead = fleet("GET", "/fleet").json()["workers"][0]
    assert (dead["stopped"], dead["last_exit"]["why"]) == (False, "frozen: killed by the kitchen")
    assert slot(fleet, 2).phase == "ready"
    fleet.until(lambda: not fleet.host.troubles.sentences)


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
        if generation % 4 == 1:  # some are killed when they poll, some with their first pid, some at once
            until(fleet, number, "ready")
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
        supervisor = made.kitchen.fleet
        supervisor._policy = replace(supervisor.policy, drain_s=20 * PATIENCE)
        start(made, 1)
        made.post("/fleet/workers", {"slot": 2})
    first, second = made.kitchen.fleet.state.slots
    assert first.last_exit and second.last_exit
    assert (first.last_exit.signal, first.last_exit.code, first.last_exit.cause) == (None, 0, "shutdown")
    assert second.last_exit.cause == "shutdown"
    assert made.host.pid is None


@pytest.fixture
def adopting() -> Iterator[None]:
    """This process inherits orphans, as the API does; not where the system has no such thing."""
    if not adopt_orphans():
        pytest.skip("only Linux gives orphans to a process that asks for them")
    yield
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def killed_fork_server(fleet: Api) -> None:
    """SIGKILL to the fork server, and wait until there is another one."""
    old = fleet.host.pid
    os.kill(old, signal.SIGKILL)
    fleet.until(lambda: fleet.host.pid not in (old, None))


@pytest.mark.parametrize(
    ("number", "told"),
    [(signal.SIGKILL, ("SIGKILL", None, "crash")), (signal.SIGTERM, (None, 0, "crash"))],
)
def test_workers_outlive_their_fork_server_and_their_end_is_told_as_it_was(
    fleet: Api, adopting: None, number: int, told: tuple[str | None, int | None, str]
) -> None:
    pid = start(fleet, 1)
    killed_fork_server(fleet)
    assert (slot(fleet, 1).phase, slot(fleet, 1).pid) == ("ready", pid)
    other = start(fleet, 2)
    killed_fork_server(fleet)
    assert {slot(fleet, 1).pid, slot(fleet, 2).pid} == {pid, other}
    os.kill(pid, number)
    until(fleet, 1, "dead")
    assert last_exit(fleet, 1) == told
    eventually(lambda: not psutil.pid_exists(pid))
    assert fleet("DELETE", "/fleet/workers/2").status_code == 202
    until(fleet, 2, "dead")
    assert last_exit(fleet, 2) == ("SIGKILL", None, "player")
    start(fleet, 1)


def test_where_nobody_can_know_how_an_orphan_ended_its_end_is_told_all_the_same(fleet: Api) -> None:
    pid = start(fleet, 1)
    killed_fork_server(fleet)
    os.kill(pid, signal.SIGKILL)
    until(fleet, 1, "dead")
    assert last_exit(fleet, 1) == (None, None, "crash")


def test_an_orphan_leaves_no_grandchild_behind(
    fleet: Api, adopting: None, tmp_path: Path, session_stack: RunningStack
) -> None:
    pid = start_with(fleet, 1, tmp_path, LEAVES_SLEEPERS)
    killed_fork_server(fleet)
    family = psutil.Process(pid).children(recursive=True)
    assert len(family) == 3
    os.kill(pid, signal.SIGKILL)
    until(fleet, 1, "dead")
    assert last_exit(fleet, 1) == ("SIGKILL", None, "crash")
    # Gone, and no zombie of ours either.
    eventually(lambda: not any(psutil.pid_exists(one.pid) for one in family))


FORKS_A_BABBLER = """
import os, sys, threading, time
from worker.shared import Placement
def is_pipe(fd):
    try: return os.readlink(f"/proc/self/fd/{fd}").startswith("pipe:")
    except OSError: return False
pipes = [fd for fd in map(int, os.listdir("/proc/self/fd")) if fd > 2 and is_pipe(fd)]
if not os.fork():
    os.setsid()
    while True:
        for fd in pipes:
            try: os.write(fd, b"babble\\n" * 100)
            except OSError: pass
        time.sleep(0.01)
def spread(toppings):
    return [Placement(topping, n * 360 / len(toppings)) for n, topping in enumerate(toppings)]
"""


def hints_and_deaths(fleet: Api) -> list[tuple[str, str, int]]:
    """(worker, kind of hint or "died", attempt), growing as they are told."""
    told: list[tuple[str, str, int]] = []
    supervisor = fleet.kitchen.fleet
    supervisor.hint_listeners.append(lambda who, hint: told.append((who, hint.kind, hint.attempt)))
    supervisor.listeners.append(lambda slot, end: told.append((slot.id or "", "died", 0)))
    return told


@pytest.mark.parametrize("orphan", [False, True], ids=["a child", "an orphan"])
def test_hints_of_a_real_worker_come_and_all_before_its_death(
    fleet: Api, adopting: None, orphan: bool
) -> None:
    told = hints_and_deaths(fleet)
    queue, spawn = f"hints-{orphan}", fleet.host.spawn  # the session's own workers have no part in it

    async def elsewhere(spec: WorkerSpec, *callbacks: Any) -> int:
        return await spawn(replace(spec, task_queue=queue), *callbacks)

    fleet.host.spawn = elsewhere
    pid = start(fleet, 1)
    if orphan:
        killed_fork_server(fleet)

    async def place() -> None:
        client = await connect(fleet.kitchen.fleet._setup.target, "test")
        await client.start_workflow(WORKFLOW_TYPE, {"id": queue}, id=queue, task_queue=queue)

    fleet.run(place())
    fleet.until(lambda: ("w1.1", "started", 1) in told)
    os.kill(pid, signal.SIGSTOP)  # nothing more is told of it until it is dead
    os.kill(pid, signal.SIGKILL)
    until(fleet, 1, "dead")
    assert told[-1] == ("w1.1", "died", 0)
    assert [kind for _, kind, _ in told].count("died") == 1
    start(fleet, 2)
    fleet.until(lambda: ("w2.1", "started", 2) in told)


def test_a_grandchild_that_babbles_into_the_pipe_holds_nothing_up(
    fleet: Api, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told = hints_and_deaths(fleet)
    pid = start_with(fleet, 1, tmp_path, FORKS_A_BABBLER)
    os.kill(pid, signal.SIGKILL)
    until(fleet, 1, "dead")
    assert last_exit(fleet, 1) == ("SIGKILL", None, "crash")
    assert told[-1] == ("w1.1", "died", 0)
    eventually(lambda: children(fleet) == [])


def test_a_redeploy_loads_what_has_changed_in_the_workers_code(
    fleet: Api, adopting: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workers that live are not touched by that; where nothing has changed nobody is."""
    (tmp_path / "kitchen.py").write_text("OVENS = 1\n", encoding="utf-8")
    start(fleet, 2)
    before = fleet.host.pid
    monkeypatch.setattr(launch, "CODE", tmp_path)
    fleet.host.renew()
    first = start(fleet, 1)
    old = fleet.host.pid
    assert old not in (before, None), "it is other code than that one had loaded"
    fleet.host.renew()
    assert fleet.host.pid == old, "nothing has changed"
    (tmp_path / "kitchen.py").write_text("OVENS = 2  # one more\n", encoding="utf-8")
    assert fleet("DELETE", "/fleet/workers/2").status_code == 202
    until(fleet, 2, "dead")
    fleet.host.renew()
    second = start(fleet, 2)
    assert fleet.host.pid not in (old, None) and psutil.pid_exists(first) and first != second
    assert slot(fleet, 1).phase == "ready" and not fleet.kitchen.troubles.sentences
    os.kill(first, signal.SIGKILL)
    until(fleet, 1, "dead")


def test_the_loss_of_a_fork_server_is_told_once(
    fleet: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_host, "HEALTHY_AFTER_S", 3600.0)
    start(fleet, 1)
    for _ in range(3):
        killed_fork_server(fleet)
    assert sum("fork server failed" in record.getMessage() for record in caplog.records) == 1
    assert any("signal 9" in sentence for sentence in fleet.host.troubles.sentences)


def test_a_fork_server_that_cannot_load_is_told_with_its_reason_at_once() -> None:
    host = ProcessHost(Launcher(["there_is_no_such_module"]))
    reasons: list[str] = []
    host.on_broken = reasons.append
    kitchen = kitchen_for(None, host, slots=2, start=1)
    kitchen.fleet._policy = replace(kitchen.fleet.policy, backoff_initial_s=3600.0, backoff_maximum_s=3600.0)
    with api(host=host, kitchen=kitchen) as made:
        made.until(lambda: reasons and kitchen.fleet.state.slot(1).trouble)
        worker = made("GET", "/fleet").json()["workers"][0]
        assert (
            worker["state"] == "backoff" and "No module named 'there_is_no_such_module'" in worker["trouble"]
        )
    assert reasons == [
        "the fork server cannot start: ModuleNotFoundError: No module named 'there_is_no_such_module'"
    ]


def test_no_fork_server_for_a_moment_is_no_death(fleet: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit of processes is reached; then it is not."""
    launch = Launcher.launch
    pid = start(fleet, 1)

    def refused(launcher: Launcher) -> Launched:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(Launcher, "launch", refused)
    os.kill(fleet.host.pid, signal.SIGKILL)
    fleet.until(lambda: fleet.host.pid is None)
    fleet.post("/fleet/workers", {"slot": 2})
    fleet.until(lambda: slot(fleet, 2).trouble and slot(fleet, 2).phase == "backoff")
    assert slot(fleet, 1).pid == pid
    monkeypatch.setattr(Launcher, "launch", launch)
    until(fleet, 2, "ready")
    told = fleet("GET", "/fleet").json()
    assert (told["births"], told["deaths"], told["workers"][1]["trouble"]) == (2, 0, None)


@pytest.mark.parametrize("where", ["unwritable", "gone", "long"])
def test_the_temporary_directory_is_needed_for_nothing(
    session_stack: RunningStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    directory = tmp_path / ("x" * 120 if where == "long" else where)
    if where != "gone":
        directory.mkdir(mode=0o500 if where == "unwritable" else 0o700)
    monkeypatch.setenv("TMPDIR", str(directory))
    with api(session_stack.temporal, ProcessHost(), slots=1, start=0) as made:
        start(made, 1)
        assert where == "gone" or list(directory.iterdir()) == []
