"""Who is stopped for too long is told; who goes on in time, or is held by a debugger, is not."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from api_stub.fleet import frozen
from api_stub.fleet.frozen import Announced, FrozenWatch
from api_stub.fleet.process_host import ProcessHost
from api_stub.fleet.processes import is_stopped
from api_stub.fleet.rules import (
    BecameReady,
    Died,
    Exited,
    FleetState,
    Frozen,
    KillWanted,
    Open,
    Policy,
    Spawned,
    Stop,
    Stopped,
    Tick,
    decide,
)
from tests.running import eventually

PTRACE_ATTACH, PTRACE_DETACH = 16, 17


def test_only_who_was_stopped_all_the_time_is_overdue() -> None:
    watch = FrozenWatch(stopped_s=10, least_looks=4)
    seen = [
        (0.0, [1, 2]),
        (3.0, [1, 2]),
        (6.0, [1]),  # 2 goes on
        (9.0, [1, 2]),
        (9.9, [1, 2]),
    ]
    assert [watch.overdue(stopped, now) for now, stopped in seen] == [[]] * 5
    assert watch.overdue([1, 2], 10.0) == [1]
    assert watch.overdue([2], 13.0) == []
    assert watch.overdue([2], 19.0) == [2]


def test_whoever_looks_may_have_been_stopped_too() -> None:
    watch = FrozenWatch(stopped_s=10, least_looks=4)
    looks = [watch.overdue([1], now) for now in (0.0, 500.0, 502.0, 504.0)]
    assert looks == [[], [], [], [1]]


def test_a_pid_that_is_somebody_elses_now_starts_anew() -> None:
    watch = FrozenWatch(stopped_s=10, least_looks=1)
    assert watch.overdue([1], 0.0) == watch.overdue([], 5.0) == watch.overdue([1], 11.0) == []


def test_who_is_stopped_on_purpose_is_left_alone_until_its_time_is_over() -> None:
    now = [0.0]
    announced = Announced(lambda: now[0])
    announced.stop(7, 20.0)
    assert announced.holds(7) and not announced.holds(8)
    now[0] = 20.0
    assert not announced.holds(7), "whoever forgot to let it go on does not keep it frozen"
    announced.stop(7, 20.0)
    announced.over(7)
    assert not announced.holds(7)


def test_a_host_spares_whom_it_was_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[dict[int, str], list[int]]] = []

    async def look(known: Callable[[], dict[int, str]], *others: Any) -> None:
        asked.append((known(), [pid for pid in (1, 2) if others[-1](pid)]))

    monkeypatch.setattr(frozen, "end_frozen", look)
    host = ProcessHost()
    host._children = {pid: SimpleNamespace(name=f"w{pid}.1") for pid in (1, 2)}  # type: ignore[misc]
    host.announced.stop(2, 60.0)
    asyncio.run(host._end_frozen())
    host._children = {}
    asyncio.run(host.close())
    assert asked == [({1: "w1.1", 2: "w2.1"}, [2])], "it is seen to be stopped, and not killed"


@pytest.fixture
def sleeper() -> Iterator[int]:
    """A process of ours."""
    with subprocess.Popen(["sleep", "77"]) as process:
        yield process.pid
        process.kill()


def test_a_stopped_process_is_seen(sleeper: int) -> None:
    assert not is_stopped(sleeper)
    os.kill(sleeper, signal.SIGSTOP)  # not SIGTSTP: a group without a terminal is not stopped by that
    eventually(lambda: is_stopped(sleeper))
    os.kill(sleeper, signal.SIGCONT)
    eventually(lambda: not is_stopped(sleeper))


def test_nobody_is_not_stopped() -> None:
    assert not is_stopped(2**22 + 1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a debugger's stop apart")
def test_a_debuggers_stop_is_left_alone(sleeper: int) -> None:
    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    if ptrace(PTRACE_ATTACH, sleeper, None, None) != 0:
        pytest.skip(f"no ptrace here: {os.strerror(ctypes.get_errno())}")
    assert os.waitpid(sleeper, 0)[0] == sleeper  # it is held
    assert not is_stopped(sleeper)
    ptrace(PTRACE_DETACH, sleeper, None, None)


def frozen_fleet() -> FleetState:
    """One worker that polls, with handle 7, and is stopped."""
    state = FleetState()
    for event in (Open(), Spawned(1, 1, "7"), BecameReady(1, 1), Stopped(frozenset({"7", "8"}))):
        state, _ = decide(state, event, 100.0, Policy(slots=1, start=1), max)
    return state


def test_whoever_is_stopped_is_told_as_that_until_it_goes_on() -> None:
    state = frozen_fleet()
    assert state.slot(1).stopped and state.slot(1).phase == "ready", "its process is there"
    state, actions = decide(state, Stopped(), 101.0, Policy(slots=1, start=1), max)
    assert not state.slot(1).stopped and not actions


def test_whoever_is_frozen_is_killed_and_told_as_frozen_and_its_successor_is_not() -> None:
    policy = Policy(slots=1, start=1, respawn_after_s=(0.0, 0.0))
    state, actions = decide(frozen_fleet(), Frozen("7"), 110.0, policy, max)
    assert actions == (Stop(1, 1, "7", at_once=True),) and state.kills == 0
    state, (died,) = decide(state, Exited(1, 1, signal.SIGKILL), 110.1, policy, max)
    assert isinstance(died, Died)
    assert (died.exit.cause, died.exit.why) == ("crash", "frozen: killed by the kitchen")
    for event in (Tick(), Spawned(1, 2, "9"), BecameReady(1, 2), Exited(1, 2, signal.SIGKILL)):
        state, _ = decide(state, event, 120.0, policy, max)
    last = state.slot(1).last_exit
    assert not state.slot(1).stopped and last is not None and last.why is None
    assert decide(state, Frozen("7"), 121.0, policy, max) == (state, ()), "it is somebody else's, if any"


def test_a_player_may_kill_a_frozen_one_first() -> None:
    policy = Policy(slots=1, start=1)
    state, _ = decide(frozen_fleet(), KillWanted("w1.1"), 102.0, policy, max)
    state, _ = decide(state, Frozen("7"), 110.0, policy, max)
    state, _ = decide(state, Exited(1, 1, signal.SIGKILL), 110.1, policy, max)
    last = state.slot(1).last_exit
    assert last is not None and (last.cause, last.why) == ("player", None)
