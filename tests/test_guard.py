"""Whoever kills or freezes a kiosk's stack itself has it back; a wrong option still is one sentence."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from api_stub.background import Pauses
from api_stub.stack import guard
from api_stub.stack.options import StackOptions, StartError
from api_stub.stack.start_checks import check_api_port, wants_own_server
from tests.running import (
    PATIENCE,
    ROOT,
    eventually,
    free_ports,
    held_port,
    processes_naming,
    quick_config,
    running_stack,
)
from tests.test_full_disk import mounted
from tests.test_kiosk_stack import audited
from tests.test_stack_faults import another, healthy

SCRIPTED = """
import os, sys, time
from pathlib import Path
from api_stub.stack.guard import Guard

log = Path(sys.argv[1])

def run(first):
    life = len(log.read_text().split()) if log.exists() else 0
    with log.open("a") as file:
        file.write(("first" if first else "again") + "\\n")
    return (LIVES)[life]()

def killed():
    os.kill(os.getpid(), 9)

sys.exit(Guard(run, lambda: True, lambda text: None).keep())
"""


def lives_of(tmp_path: Path, lives: str) -> tuple[int, list[str]]:
    """The exit status of a guard whose stack has these lives, and what each was told."""
    log = tmp_path / "lives"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPTED.replace("LIVES", lives), str(log)], cwd=ROOT, timeout=60 * PATIENCE
    )
    return done.returncode, log.read_text(encoding="utf-8").split()


@pytest.mark.parametrize(
    ("lives", "status", "told"),
    [
        ("[lambda: 0]", 0, ["first"]),
        ("[lambda: 1]", 1, ["first"]),
        ("[lambda: 1 / 0, lambda: 0]", 0, ["first", "again"]),
        ("[killed, lambda: 0]", 0, ["first", "again"]),
        ("[killed, lambda: 1, lambda: 1, killed, lambda: 0]", 0, ["first", *["again"] * 4]),
    ],
    ids=["clean", "wrong-option", "mistake", "killed", "fails-and-fails-again"],
)
def test_it_is_started_again_until_it_ends_by_itself(
    tmp_path: Path, lives: str, status: int, told: list[str]
) -> None:
    assert lives_of(tmp_path, lives) == (status, told)


def test_it_is_waited_for_what_the_last_one_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "children_of", lambda pid: [])
    monkeypatch.setattr(guard, "GONE_S", 3600.0)
    answers = iter([False, False, True])
    guard.Guard(lambda first: 0, lambda: next(answers), lambda text: None)._clean_up()
    assert next(answers, None) is None
    monkeypatch.setattr(guard, "GONE_S", 0.2)
    began = time.monotonic()
    guard.Guard(lambda first: 0, lambda: False, lambda text: None)._clean_up()
    assert time.monotonic() - began >= 0.2, "a stranger has the port: it is tried all the same, and told"


def test_a_stop_in_the_pause_before_the_next_start_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sleep goes on after a signal, and a stack that is started after it would never hear of it."""
    monkeypatch.setattr(guard, "adopt_orphans", lambda: None)  # the tests' own process is no guard
    started: list[bool] = []
    one = guard.Guard(lambda first: 0, lambda: True, lambda text: None)
    one._pauses.after = lambda lived_s: 3600.0  # type: ignore[method-assign]
    one._until_it_ends = lambda: -9  # type: ignore[method-assign]
    one._clean_up = lambda: None  # type: ignore[method-assign]
    begin = one._start

    def start(first: bool) -> bool:
        started.append(first)
        one._say = lambda text: os.kill(os.getpid(), signal.SIGTERM)
        return True if not one._stopping else begin(first)

    one._start = start  # type: ignore[method-assign]
    before = {number: signal.getsignal(number) for number in guard.STOPS}
    try:
        assert one.keep() == 0
        assert started == [True, False] and one._stack == 0, "and no stack was begun after it"
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize("seconds", [1.0, 3600.0])
def test_a_stack_that_stood_still_with_its_guard_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    """Everything was stopped for so long, and the guard goes on a moment before the stack does."""
    killed: list[int] = []
    told = iter([(7, 0x137F), (0, 0), (0, 0), (7, 0xFFFF), (0, 0), (7, 0)])
    clock = itertools.count(0.0, seconds)
    monkeypatch.setattr(guard.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(guard.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(guard.os, "kill", lambda pid, number: killed.append(pid))
    one = guard.Guard(lambda first: 0, lambda: True, lambda text: None)
    one._stack = 7
    one._heard = lambda: next(told)  # type: ignore[method-assign]
    assert one._until_it_ends() == 0 and killed == []


@pytest.mark.stack
def test_a_kiosks_stack_that_is_killed_or_frozen_is_back_with_every_order(tmp_path: Path) -> None:
    with running_stack(tmp_path / "state", quick_config(tmp_path), "--no-game", "--kiosk") as stack:
        for number, order in ((signal.SIGKILL, "killed"), (signal.SIGSTOP, "frozen")):
            before = stack.pids()
            assert before["stack"] != stack.process.pid
            stack.order(order)
            os.kill(before["stack"], number)
            for name in ("stack", "api", "temporal"):
                eventually(another(stack, name, before[name]), 40)
            is_back: Callable[[], bool] = lambda: healthy(stack)  # noqa: E731
            eventually(is_back, 40)
            stack.until(order, "ORDER_DELIVERED")
        assert audited(stack)["lost"] == 0


@pytest.mark.stack
def test_a_stack_whose_guard_is_killed_goes_on_and_heeds_signals(tmp_path: Path) -> None:
    with running_stack(tmp_path / "other", quick_config(tmp_path), "--no-game", "--kiosk") as stack:
        pid = stack.pids()["stack"]
        stack.process.kill()
        stack.process.wait(20 * PATIENCE)
        stack.order("after")
        stack.until("after", "ORDER_DELIVERED")
        os.kill(pid, signal.SIGTERM)
        eventually(lambda: not processes_naming(str(tmp_path)), 20)
        stack.process.returncode = 0


def test_a_port_that_cannot_be_tried_counts_as_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "children_of", lambda pid: [])
    answers = [OSError(errno.ENFILE, "Too many open files in system"), None]

    def is_free() -> bool:
        if (error := answers.pop(0)) is not None:
            raise error
        return True

    guard.Guard(lambda first: 0, is_free, lambda text: None)._clean_up()
    assert answers == []


def test_a_stranger_on_a_port_ends_a_start_but_not_one_of_a_kiosk_once_more() -> None:
    said: list[str] = []
    with held_port() as taken:
        for api, temporal, ui in itertools.permutations((taken, *free_ports(2))):
            first = StackOptions(kiosk=True, api_port=api, temporal_port=temporal, ui_port=ui)
            with pytest.raises(StartError, match=f"{taken} is taken"):
                check_api_port(first)
                asyncio.run(wants_own_server(first, said.append))
            again = replace(first, again=True)
            check_api_port(again)
            assert asyncio.run(wants_own_server(again, said.append))
    assert said == []


@contextlib.contextmanager
def a_disk_of(where: Path, size: str) -> Iterator[None]:
    """A small disk there; skips where this user may not mount one."""
    where.mkdir()
    if not mounted(where, size):
        pytest.skip("this user may not mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(where)], check=True, timeout=10 * PATIENCE)


def fill_up(file: Path) -> None:
    """Take every byte that the disk has left."""
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as fill:
        while fill.write(bytes(65536)):
            pass


@pytest.mark.stack
def test_a_kiosk_whose_stack_is_killed_on_a_full_disk_has_its_window_and_waits_for_room(
    tmp_path: Path,
) -> None:
    state = tmp_path / "disk"
    with a_disk_of(state, "64m"):
        with running_stack(state, quick_config(tmp_path), "--headless", "--kiosk") as stack:
            stack.order("before")
            before = stack.pids()
            fill_up(state / "fill")
            os.kill(before["stack"], signal.SIGKILL)

            def window() -> list[int]:
                return [pid for pid in processes_naming(stack.api_url) if pid not in before.values()]

            assert eventually(window, 40), "somebody draws the sign that it comes back"
            (state / "fill").unlink()
            eventually(another(stack, "stack", before["stack"]), 40)
            is_back: Callable[[], bool] = lambda: healthy(stack)  # noqa: E731
            eventually(is_back, 40)
            stack.until("before", "ORDER_DELIVERED")
            assert audited(stack)["lost"] == 0
            assert stack.process.poll() is None


def test_a_fork_that_fails_is_tried_again_unless_it_was_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "adopt_orphans", lambda: None)
    monkeypatch.setattr(guard, "children_of", lambda pid: [])
    forks: list[int] = []
    fails: tuple[int, ...] = ()
    fork = os.fork

    def failing() -> int:
        forks.append(1)
        if len(forks) in fails:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return fork()

    monkeypatch.setattr(guard.os, "fork", failing)
    before = {number: signal.getsignal(number) for number in guard.STOPS}
    try:
        for refused, status, tries, words in (((1,), 1, 1, 1), ((2, 3), 0, 4, 3)):
            fails = refused
            forks.clear()
            said: list[str] = []
            one = guard.Guard(lambda first: os.EX_SOFTWARE if first else 0, lambda: True, said.append)
            one._pauses = Pauses(first_s=0.0)
            assert one.keep() == status and len(forks) == tries and len(said) == words
            assert any("the stack cannot be started" in line and "Resource" in line for line in said), said
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
