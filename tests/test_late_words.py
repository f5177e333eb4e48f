"""Words that a busy machine writes, or reads, late are not lost: why a program ended, and why a start was."""

from __future__ import annotations

import asyncio
import io
import sys
import threading
import time
from pathlib import Path

import pytest

from api_stub.stack import terminal as module
from api_stub.stack.child import Child, Program
from api_stub.stack.output_log import BoundedLog
from api_stub.stack.terminal import Terminal
from tests.running import PATIENCE


def test_a_sentence_is_written_though_all_of_us_were_stopped_while_it_was_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The wait's time is up then before the writer had its turn."""
    go_on = threading.Event()

    class Stopped(threading.Event):
        looks = 0

        def wait(self, timeout: float | None = None) -> bool:
            self.looks += 1
            if self.looks == 1:
                return False
            go_on.set()
            return super().wait(20 * PATIENCE)

    class Late(io.StringIO):
        def write(self, text: str) -> int:
            go_on.wait(20 * PATIENCE)
            return super().write(text)

    err = Late()
    terminal = Terminal(None, err)
    terminal.say("no room")
    monkeypatch.setattr(module.threading, "Event", Stopped)
    terminal.flush()
    assert err.getvalue() == "gopherpizza: no room\n"


def test_last_words_that_are_read_late_are_known_when_it_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = BoundedLog.write

    def late(self: BoundedLog, data: bytes) -> None:
        time.sleep(0.7)
        write(self, data)

    monkeypatch.setattr(BoundedLog, "write", late)
    code = "import sys; print('address already in use'); sys.exit(1)"

    async def work() -> None:
        child = Child(Program("it", [sys.executable, "-c", code]), tmp_path)
        await child.start()
        assert await child.wait() == 1
        assert child.reason == "address already in use"

    asyncio.run(asyncio.wait_for(work(), 20 * PATIENCE))
