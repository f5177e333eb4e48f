"""A window that lives and draws nothing is found by the frames that do not come, and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from api_stub.stack import programs
from api_stub.stack.child import Child, Program
from api_stub.stack.pulse import Pulse
from api_stub.stack.watchdog import LEAST_LOOKS, NO_FIRST_FRAME_S, NO_FRAME_S, SIGNS_EVERY_S, FrameWatch
from game.desktop import frame_pulse
from game.desktop.frame_pulse import EVERY_S, FramePulse
from tests.running import PATIENCE, RunningStack, eventually, processes_naming, quick_config

HANG = """
import signal

def hang(number, frame):
    while True:
        pass

signal.signal(signal.SIGUSR1, hang)
"""
"""Loaded by every Python of the stack under test: the main thread of whoever is told to runs in a circle."""


def seconds_until_it_hangs(watch: FrameWatch, began: float, pid: int = 7) -> float:
    """How long no frame comes until that is told."""
    now = began
    while not watch.hangs(pid, False, now):
        now += SIGNS_EVERY_S
        assert now < began + 1000
    return now - began


def test_both_sides_name_the_same_pipe() -> None:
    assert programs.FRAMES == frame_pulse.VARIABLE


def test_a_window_that_drew_and_stopped_hangs() -> None:
    watch = FrameWatch()
    assert not watch.hangs(7, True, 0.0)
    assert (
        NO_FRAME_S
        <= seconds_until_it_hangs(watch, SIGNS_EVERY_S) + SIGNS_EVERY_S
        < NO_FRAME_S + SIGNS_EVERY_S * 2
    )


def test_a_window_that_never_drew_has_more_time_and_not_for_ever() -> None:
    assert seconds_until_it_hangs(FrameWatch(), 0.0) == pytest.approx(NO_FIRST_FRAME_S, abs=SIGNS_EVERY_S)


def test_its_successor_has_all_the_time_again() -> None:
    watch = FrameWatch()
    watch.hangs(7, True, 0.0)
    seconds_until_it_hangs(watch, 0.0)
    assert not watch.hangs(8, False, 1000.0)
    assert seconds_until_it_hangs(watch, 1000.0, 8) >= NO_FIRST_FRAME_S - SIGNS_EVERY_S


def test_one_frame_now_and_then_is_enough_and_no_game_is_no_fault() -> None:
    watch = FrameWatch()
    for turn in range(50):
        assert not watch.hangs(7, turn % LEAST_LOOKS == 0, turn * SIGNS_EVERY_S)
    assert not any(watch.hangs(None, False, 200.0 + n * SIGNS_EVERY_S) for n in range(60))


def test_a_machine_that_slept_accuses_no_window() -> None:
    watch = FrameWatch()
    watch.hangs(7, True, 0.0)
    assert not watch.hangs(7, False, 8 * 3600.0)


def test_frames_are_told_once_a_second_and_a_full_pipe_holds_nobody_up() -> None:
    near, far = os.pipe()
    told = FramePulse({frame_pulse.VARIABLE: str(far)})
    assert not os.get_inheritable(far)
    for frame in range(600):
        told.beat(1000.0 + frame / 60)
    assert len(os.read(near, 4096)) == 10 / EVERY_S
    for second in range(100_000):
        told.beat(2000.0 + second)
    pulse = Pulse(near)
    assert pulse.heard() and not pulse.heard()
    told.beat(1e9)
    assert pulse.heard()
    pulse.close()
    told.beat(2e9)  # nobody reads: nothing is raised
    pulse.close()
    assert not pulse.heard()
    os.close(far)


@pytest.mark.parametrize("text", ["", "x", "-1", "999999", "9" * 40])
def test_a_pipe_that_is_none_is_no_fault(text: str) -> None:
    FramePulse({frame_pulse.VARIABLE: text}).beat(1.0)
    FramePulse({}).beat(1.0)


def test_a_child_gives_signs_by_its_own_pipe_and_leaves_none_open(tmp_path: Path) -> None:
    code = f"import os, time; os.write(int(os.environ[{frame_pulse.VARIABLE!r}]), b'.'); time.sleep(60)"
    program = Program("it", [sys.executable, "-c", code], pulse=frame_pulse.VARIABLE)

    async def work() -> None:
        before = len(os.listdir("/dev/fd"))
        for _ in range(3):  # started again, it has another one
            child = Child(program, tmp_path)
            await child.start()
            for _ in range(round(200 * PATIENCE)):
                if child.signs():
                    break
                await asyncio.sleep(0.05)
            else:
                raise AssertionError("it gave no sign")
            assert not child.signs()
            await child.stop(0.1)
            await child.wait()
            assert not child.signs()
        missing = Child(Program("none", ["/no/such/program"], pulse=frame_pulse.VARIABLE), tmp_path)
        with pytest.raises(OSError):
            await missing.start()
        # The thread that has read an output closes it in its own time.
        eventually(lambda: len(os.listdir("/dev/fd")) <= before)

    asyncio.run(asyncio.wait_for(work(), 60 * PATIENCE))


@pytest.mark.stack
def test_a_game_whose_loop_hangs_is_started_again(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(HANG, encoding="utf-8")
    stack = RunningStack(
        tmp_path / "state", quick_config(tmp_path), "--headless", "--kiosk",
        environment={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    try:
        stack.until_ready()
        log = stack.state / "logs" / "game.log"
        eventually(lambda: log.exists() and "first frame" in log.read_text(encoding="utf-8"), 40)
        pid = stack.pids()["game"]
        os.kill(pid, signal.SIGUSR1)
        eventually(lambda: stack.pids().get("game") not in (None, pid), 30)
        told = (stack.state / "logs" / "stack.log").read_text(encoding="utf-8")
        assert "game has drawn nothing for 10 s" in told
        eventually(lambda: log.read_text(encoding="utf-8").count("first frame") == 2, 40)
    finally:
        status = stack.stop()
    assert status == 0, stack.errors
    eventually(lambda: not processes_naming(str(tmp_path)), 5)
