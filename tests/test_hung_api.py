"""An API that lives and whose event loop hangs is found soon; one that is only slow is left alone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api_stub import loop_pulse
from api_stub.fleet.processes import used_s
from api_stub.loop_pulse import EVERY_S, FAIR_S, LATE_S, MOVES, STANDS, UNKNOWN, LoopPulse, LoopThread
from api_stub.stack.watchdog import (
    DEAF_S,
    HELD_S,
    LOOK_EVERY_S,
    NEVER_SERVED_S,
    SILENT_S,
    STANDS_S,
    LoopWatch,
    Watchdog,
)
from tests.running import PATIENCE, RunningStack, eventually, quick_config

HANG = """
import os, signal, time

def hang(number, frame):
    how = os.environ["TEST_HANG"]
    while True:
        if how == "a call that waits":
            time.sleep(1000)
        elif how == "a call that holds the lock":
            import re
            re.match("(a+)+$", "a" * 60 + "b")

signal.signal(signal.SIGUSR1, hang)
"""
"""Loaded by every Python of the stack under test: the main thread of whoever is told to hangs."""


def test_a_loop_that_moves_is_told_to_move_whatever_else_is_so() -> None:
    pulse = LoopPulse(0.0, 0.0)
    assert pulse.look(True, False, 0.0, EVERY_S + 10) == MOVES


def test_a_loop_that_waits_elsewhere_or_runs_in_a_circle_stands() -> None:
    pulse = LoopPulse(0.0, 0.0)
    assert pulse.look(False, True, 0.0, EVERY_S) == STANDS
    assert pulse.look(False, False, FAIR_S, 2 * EVERY_S) == STANDS


def test_a_loop_that_gets_no_processor_may_only_be_slow() -> None:
    pulse = LoopPulse(0.0, 0.0)
    assert pulse.look(False, False, FAIR_S / 2, EVERY_S) == UNKNOWN


def test_a_look_that_is_late_tells_of_the_machine() -> None:
    pulse = LoopPulse(0.0, 0.0)
    assert pulse.look(False, True, 0.0, EVERY_S + 2 * LATE_S) == UNKNOWN
    assert pulse.look(False, True, 0.0, 8 * 3600.0) == UNKNOWN
    assert pulse.look(False, True, 0.0, 8 * 3600.0 + EVERY_S) == STANDS


def test_a_loop_that_stands_for_long_hangs() -> None:
    watch = LoopWatch()
    assert not watch.hangs(7, MOVES, 1.0, 0.0)
    looks = round(STANDS_S / EVERY_S)
    assert [watch.hangs(7, STANDS, 1.0, float(n)) for n in range(looks)] == [False] * (looks - 1) + [True]


def test_one_turn_of_the_loop_is_enough_and_unknown_looks_accuse_nobody() -> None:
    watch = LoopWatch()
    many = round(STANDS_S / EVERY_S) - 1
    for turn in range(20):
        assert not watch.hangs(7, STANDS * many + MOVES, 0.0, float(turn))
    assert not watch.hangs(7, UNKNOWN * 1000, 0.0, 100.0)


def test_its_successor_begins_anew() -> None:
    watch = LoopWatch()
    watch.hangs(7, STANDS * 100, 100.0, 0.0)
    assert not watch.hangs(8, STANDS, 0.1, 1.0)
    assert not watch.hangs(None, b"", 0.0, 2.0)


def test_who_uses_a_processor_and_gives_no_sign_holds_the_interpreters_lock() -> None:
    watch = LoopWatch()
    watch.hangs(7, MOVES, 5.0, 0.0)
    assert not watch.hangs(7, b"", 5.0 + HELD_S / 2, 1000.0)  # it got no more of it in all that time
    assert watch.hangs(7, b"", 5.0 + HELD_S, 1001.0)


def test_one_that_is_still_being_loaded_has_given_no_sign_yet() -> None:
    watch = LoopWatch()
    assert not any(watch.hangs(7, b"", 3.0 * n, float(n)) for n in range(100))


def silent_for_s(watchdog: Watchdog, moves: bool) -> float:
    """After how many seconds without an answer that is told."""
    now = 0.0
    while watchdog.hung({"api": 7}, None, now, moves) != ["api"]:
        now += LOOK_EVERY_S
        assert now < 10_000
    return now


def test_an_api_whose_loop_moves_may_be_silent_for_longer_and_not_for_ever() -> None:
    for moves, limit_s in ((False, SILENT_S), (True, DEAF_S)):
        watchdog = Watchdog()
        watchdog.silences["api"].pid, watchdog.silences["api"].served = 7, True
        assert silent_for_s(watchdog, moves) == pytest.approx(limit_s, abs=LOOK_EVERY_S)


def test_an_api_that_never_served_is_not_waited_for_for_ever() -> None:
    assert silent_for_s(Watchdog(), False) == pytest.approx(NEVER_SERVED_S, abs=LOOK_EVERY_S)


@contextlib.contextmanager
def loop_told_of() -> Iterator[tuple[asyncio.AbstractEventLoop, int]]:
    """A loop that runs in a thread of its own and is told of; and where that is read."""
    near, far = os.pipe()
    loop = asyncio.new_event_loop()

    def run() -> None:
        loop.call_soon(loop_pulse.tell_of, loop, {loop_pulse.VARIABLE: str(far)})
        loop.run_forever()
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield loop, near
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        eventually(lambda: not any(each.name == "loop pulse" for each in threading.enumerate()), 10)
        os.close(near)
        os.close(far)


def test_a_real_loop_moves_stands_and_moves_again() -> None:
    with loop_told_of() as (loop, near):
        assert os.read(near, 1) == MOVES
        stands, go_on = threading.Event(), threading.Event()
        loop.call_soon_threadsafe(lambda: (stands.set(), go_on.wait(60 * PATIENCE)))
        assert stands.wait(20 * PATIENCE)
        while select.select([near], [], [], 0)[0]:
            os.read(near, 1)  # told while it still moved, and nobody read it
        told = b""
        while STANDS not in told and told.count(MOVES) <= 1:
            told = (told + os.read(near, 1))[-60:]
        go_on.set()
        assert STANDS in told, told
        while (word := os.read(near, 1)) != MOVES:
            assert word in (STANDS, UNKNOWN)


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="only /proc tells")
def test_a_thread_that_waits_and_one_that_works_are_told_apart() -> None:
    go_on, looked = threading.Event(), list[LoopThread]()

    def begin() -> None:
        looked.append(LoopThread())
        go_on.wait(60)
        until = time.thread_time() + 0.05
        while time.thread_time() < until:
            pass

    thread = threading.Thread(target=begin)
    thread.start()
    eventually(lambda: looked and looked[0].look()[0])
    before = looked[0].look()[1]
    mine = used_s(os.getpid())
    go_on.set()
    thread.join()
    assert before < 1.0
    assert used_s(os.getpid()) >= mine + 0.03
    # It is gone; the kernel takes a moment longer over that than Python.
    eventually(lambda: looked[0].look() == (False, 0.0))


@pytest.mark.parametrize("text", ["", "x", "-1", "999999", "9" * 40])
def test_a_pipe_that_is_none_is_no_fault(text: str) -> None:
    environment = {loop_pulse.VARIABLE: text}
    loop = asyncio.new_event_loop()
    loop_pulse.tell_of(loop, environment)
    loop_pulse.tell_of(loop, {})
    loop.close()
    assert not environment


@pytest.mark.stack
@pytest.mark.parametrize("how", ["a call that waits", "an endless circle", "a call that holds the lock"])
def test_an_api_whose_loop_hangs_is_started_again(tmp_path: Path, how: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(HANG, encoding="utf-8")
    stack = RunningStack(
        tmp_path / "state", quick_config(tmp_path), "--no-game",
        environment={**os.environ, "PYTHONPATH": str(tmp_path), "TEST_HANG": how},
    )  # fmt: skip
    try:
        stack.until_ready()
        pid = stack.pids()["api"]
        os.kill(pid, signal.SIGUSR1)
        eventually(lambda: stack.pids().get("api") not in (None, pid), 60, 0.1)
        told = (stack.state / "logs" / "stack.log").read_text(encoding="utf-8")
        # Where others have the processors, one that runs in a circle is only found by its silence.
        assert "its loop stands still" in told or (how != "a call that waits" and "has not served" in told)

        def serves() -> bool:
            with contextlib.suppress(httpx.HTTPError):
                return bool(stack.client.get("/healthz", timeout=5 * PATIENCE).json()["fleet"]["ready"])
            return False

        eventually(serves, 40, 0.1)
    finally:
        assert stack.stop() == 0
