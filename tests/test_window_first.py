"""Where there are too few processors the window goes first: what nobody sees steps back."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from api_stub.stack import child as child_module
from api_stub.stack import programs
from api_stub.stack.child import Child, Program
from api_stub.stack.options import StackOptions
from api_stub.stack.state_directory import StateDir
from tests.running import PATIENCE, eventually, quick_config, running_stack

TELLS = """
import os, threading
found = []
one = threading.Thread(target=lambda: found.append(os.getpriority(os.PRIO_PROCESS, 0)))
one.start()
one.join()
print(os.getpriority(os.PRIO_PROCESS, 0), *found, flush=True)
"""


def priority_of(pid: int) -> int:
    return os.getpriority(os.PRIO_PROCESS, pid)


def test_a_program_steps_back_with_all_its_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module, "WORDS_S", 10 * PATIENCE)  # a busy machine reads the last words later
    child = Child(Program("it", [sys.executable, "-c", TELLS], niceness=3), tmp_path)

    async def live() -> None:
        await child.start()
        assert await child.wait() == 0

    asyncio.run(live())
    assert child.last_words == [f"{min(19, priority_of(0) + 3)} {min(19, priority_of(0) + 3)}"]


def test_without_a_window_nobody_steps_back(tmp_path: Path) -> None:
    state, windowed = StateDir(tmp_path), StackOptions()
    assert programs.WINDOW_FIRST > 0
    for options, niceness in ((windowed, programs.WINDOW_FIRST), (replace(windowed, no_game=True), 0)):
        where = programs.addresses(options)
        made = (
            programs.temporal(options, state, lambda: None),
            programs.api(options, state, where, "run", True),
        )
        assert [program.niceness for program in made] == [niceness, niceness]
        assert programs.game(options, where).niceness == 0


def test_temporal_the_api_and_its_workers_step_back_for_the_window(tmp_path: Path) -> None:
    config = quick_config(tmp_path)
    with running_stack(tmp_path / "state", config, "--headless") as stack:
        pids = stack.pids()
        worker = eventually(lambda: next((one["pid"] for one in stack.workers() if one["pid"]), None))
        nicer = [priority_of(pid) for pid in (pids["temporal"], pids["api"], worker)]
        assert nicer == [min(19, priority_of(pids["game"]) + programs.WINDOW_FIRST)] * 3
