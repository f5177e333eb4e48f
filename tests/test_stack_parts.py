"""The parts of the stack one by one: words, logs, children, keepers, options. No server, no window."""

from __future__ import annotations

import asyncio
import io
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import psutil
import pytest

from api_stub.background import LONGEST_PAUSE_S, Pauses
from api_stub.gateway.database import DatabaseProblem, prepare_database
from api_stub.repeated_messages import EVERY_S, RepeatedMessages
from api_stub.stack import child as child_module
from api_stub.stack.child import Child, Program
from api_stub.stack.options import STATE_DIR, StartError, at_caller, checkpoint, read
from api_stub.stack.output_log import BoundedLog, OutputReader
from api_stub.stack.restarter import Budget, Restarter, Verdict
from api_stub.stack.start_checks import check_config
from api_stub.stack.state_directory import StateDir
from api_stub.stack.terminal import MOST_WAITING, Terminal
from tests.processes import runs
from tests.running import PATIENCE, eventually

LIMIT_S = 20 * PATIENCE


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine, and fail instead of waiting for ever."""

    async def bounded() -> None:
        await asyncio.wait_for(work(), LIMIT_S)

    asyncio.run(bounded())


class Broken(io.StringIO):
    """A stream that nobody reads any more."""

    def write(self, text: str) -> int:
        raise BrokenPipeError("nobody reads")


def test_words_that_cannot_be_written_are_lost_and_nothing_else() -> None:
    good = io.StringIO()
    for bad in (Broken(), None):
        terminal = Terminal(good, bad)
        terminal.say("one")
        terminal.announce("ready")
        terminal.flush(LIMIT_S)
    assert good.getvalue() == "ready\nready\n"


def test_a_stream_that_blocks_holds_nobody_up() -> None:
    near, far = os.pipe()
    stuck = os.fdopen(far, "w", encoding="utf-8")
    out = io.StringIO()
    terminal = Terminal(out, stuck)
    for _ in range(3 * MOST_WAITING):
        terminal.say("x" * 2000)  # far more than a pipe holds
    terminal.announce("ready")
    terminal.flush()
    eventually(lambda: out.getvalue() == "ready\n")
    os.close(near)  # the writer gets its error, and its thread lets the stream go


def test_the_same_words_are_said_once_a_minute() -> None:
    moments = iter((0.0, 1.0, EVERY_S - 1, EVERY_S + 1, EVERY_S + 2))
    err = io.StringIO()
    terminal = Terminal(None, err, repeated=RepeatedMessages(clock=lambda: next(moments)))
    for _ in range(4):
        terminal.say_seldom("no room")
    terminal.say_seldom("two\nlines")
    terminal.flush(LIMIT_S)
    assert err.getvalue().splitlines() == ["gopherpizza: no room"] * 2 + ["gopherpizza: two lines"]


def test_a_log_is_bounded_and_keeps_what_came_last(tmp_path: Path) -> None:
    log = BoundedLog(tmp_path / "new" / "x.log", max_bytes=1000)
    for n in range(100):
        log.write(b"%03d" % n + b"." * 96 + b"\n")
    log.write(b"y" * 300_000)
    files = sorted((tmp_path / "new").iterdir())
    assert [file.name for file in files] == ["x.log", "x.log.1"]
    assert sum(file.stat().st_size for file in files) <= 2 * 65_536 + 2000
    log.close()


def test_a_log_that_was_removed_is_made_anew(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "x.log"
    log = BoundedLog(file)
    log.write(b"before\n")
    file.unlink()
    file.parent.rmdir()
    log.write(b"after\n")
    assert file.read_bytes() == b"after\n"
    log.close()


def test_a_log_without_room_drops_and_tells_how_much(tmp_path: Path) -> None:
    file = tmp_path / "gone" / "x.log"
    file.parent.write_bytes(b"")  # a file where the directory should be: nothing can be written
    log = BoundedLog(file)
    log.write(b"lost\n")
    assert (log.dropped, log.reason) == (5, "File exists")
    file.parent.unlink()
    log.write(b"kept\n")
    assert file.read_bytes() == b"[5 bytes were not written: File exists]\nkept\n"
    assert (log.dropped, log.reason) == (0, None)
    log.close()


@pytest.mark.parametrize(
    "printed",
    [
        b"x" * 300_000 + b"\nthe end\n",
        b"\n" * 200_000 + b"the end",
        b"\xff\xfe\x00" * 1000 + b"\nthe end\r\n",
    ],
    ids=["a-long-line", "many-lines", "not-text"],
)
def test_whatever_is_printed_is_read_and_its_last_words_are_short(tmp_path: Path, printed: bytes) -> None:
    near, far = os.pipe()
    log = BoundedLog(tmp_path / "x.log")
    reader = OutputReader(near, log, "x")
    left = memoryview(printed)
    while left:
        left = left[os.write(far, left) :]
    os.close(far)
    assert reader.complete.wait(LIMIT_S)
    assert reader.last_words[-1] == "the end"
    assert all(len(line) <= 400 for line in reader.last_words)
    assert (tmp_path / "x.log").stat().st_size == len(printed)
    log.close()


def test_a_dead_process_is_not_waited_for_by_way_of_its_output(tmp_path: Path) -> None:
    near, far = os.pipe()  # `far` stays open, as in a grandchild's hands
    reader = OutputReader(near, BoundedLog(tmp_path / "x.log"), "x")
    os.write(far, b"last words")
    reader.process_died()
    assert reader.complete.wait(LIMIT_S)
    assert reader.last_words == ["last words"]
    os.close(far)


@pytest.fixture
def nobody_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine reads the last words, and reaps who was killed, later than a stack waits for that."""
    monkeypatch.setattr(child_module, "WORDS_S", LIMIT_S / 2)
    monkeypatch.setattr(child_module, "KILLED_S", LIMIT_S / 2)


def child_of(tmp_path: Path, *lines: str) -> Child:
    return Child(Program("x", [sys.executable, "-c", "\n".join(lines)]), tmp_path)


@pytest.mark.usefixtures("nobody_is_late")
def test_a_death_is_known_though_a_grandchild_holds_the_output(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    child = child_of(
        tmp_path,
        "import subprocess, sys",
        "it = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(77)'])",
        f"open({str(pid_file)!r}, 'w').write(str(it.pid))",
        "print('gone', flush=True)",
        "sys.exit(3)",
    )

    async def work() -> None:
        await child.start()
        assert await child.wait() == 3
        assert child.last_words == ["gone"]
        assert child.pid is None

    run(work)
    # What it left behind in its group ends with it.
    grandchild = int(pid_file.read_text(encoding="utf-8"))
    eventually(lambda: not runs(grandchild))


@pytest.mark.usefixtures("nobody_is_late")
def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    child = child_of(
        tmp_path,
        "import signal, time",
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
        "print('deaf', flush=True)",
        "time.sleep(77)",
    )

    async def work() -> None:
        await child.start()
        while child.last_words != ["deaf"]:
            await asyncio.sleep(0.01)
        assert await child.stop(0.1) == -signal.SIGKILL
        assert await child.stop(0.1) == -signal.SIGKILL, "a second stop changes nothing"

    run(work)


def test_a_child_is_started_again_and_a_missing_program_is_an_error(tmp_path: Path) -> None:
    child = child_of(tmp_path, "import os; print(os.getpid())")
    missing = Child(Program("x", [str(tmp_path / "no-such-program")]), tmp_path)
    before = psutil.Process().num_fds()

    async def work() -> None:
        pids = set()
        for _ in range(3):
            await child.start()
            pids.add(child.pid)
            assert await child.wait() == 0
        assert len(pids) == 3
        for _ in range(3):
            with pytest.raises(FileNotFoundError):
                await missing.start()
        assert missing.pid is None
        await child.stop(1)

    run(work)
    eventually(lambda: psutil.Process().num_fds() <= before + 1)  # the log stays open


class Scripted:
    """A child that ends with these statuses in turn, and whose starts fail as often as is told."""

    name = "it"

    def __init__(self, statuses: list[int], failing_starts: int = 0) -> None:
        self._statuses = statuses
        self._failing = failing_starts
        self.starts = 0

    async def start(self) -> None:
        if self._failing:
            self._failing -= 1
            raise FileNotFoundError(2, "No such file or directory", "program")
        self.starts += 1

    async def wait(self) -> int:
        if not self._statuses:
            await asyncio.Event().wait()
        return self._statuses.pop(0)


def keep(child: Scripted, judge: Callable[[int], Verdict]) -> list[str]:
    """Keep this child until it is done, without pauses; what was said and done."""
    said: list[str] = []
    keeper = Restarter(
        child,
        judge,
        on_given_up=lambda status: said.append(f"given up {status}"),
        on_done=lambda: said.append("done"),
        on_started=lambda: said.append("started"),
        say=said.append,
        pauses=Pauses(first_s=0),
    )
    run(keeper.keep)
    return said


def test_a_keeper_starts_again_until_the_program_is_done() -> None:
    child = Scripted([1, -9, 0])
    said = keep(child, lambda status: "done" if status == 0 else "restart")
    assert child.starts == 2
    assert said == [
        "it ended (status 1); starting it again", "started",
        "it ended (status -9); starting it again", "started",
        "done",
    ]  # fmt: skip


def test_a_start_that_fails_is_tried_again() -> None:
    child = Scripted([1, 0], failing_starts=5)
    said = keep(child, lambda status: "done" if status == 0 else "restart")
    assert child.starts == 1
    assert said.count("started") == 1 and said[-1] == "done"
    assert said[1].startswith("it cannot be started (FileNotFoundError")


def test_a_first_start_that_failed_is_tried_again_like_any_other() -> None:
    child, said = Scripted([0], failing_starts=2), list[str]()
    keeper = Restarter(
        child, lambda status: "done", lambda status: None, lambda: said.append("done"),
        lambda: said.append("started"), said.append, Pauses(first_s=0), runs=False,
    )  # fmt: skip
    run(keeper.keep)
    assert child.starts == 1 and said[-2:] == ["started", "done"]


def test_a_keeper_goes_on_where_it_was_after_an_exception() -> None:
    child = Scripted([1, 0])
    said: list[str] = []

    def once() -> None:
        said.append("started")
        raise RuntimeError("whoever hears of it fails")

    keeper = Restarter(
        child, lambda status: "done" if status == 0 else "restart", said.append, lambda: said.append("done"),
        once, said.append,
    )  # fmt: skip

    async def work() -> None:
        with pytest.raises(RuntimeError):
            await keeper.keep()
        await keeper.keep()

    run(work)
    assert child.starts == 1 and said[-1] == "done"


def test_a_budget_is_a_number_in_a_window_of_time() -> None:
    budget = Budget(most=3, window_s=60)
    assert [budget.spend(now) for now in (0, 10, 20)] == [True, True, True]
    assert not budget.spend(30)
    assert budget.spend(85), "those of the first minute are forgotten"
    assert all(Budget(None).spend(0) for _ in range(1000)), "a kiosk never gives up"
    day = Budget(most=3, window_s=60)
    assert all(day.spend(hour * 3600) for hour in range(24)), "a crash an hour is no reason to give up"


def test_pauses_grow_and_are_forgotten_by_a_long_life() -> None:
    pauses = Pauses()
    found = [pauses.after(0) for _ in range(8)]
    assert found == [0.2, 0.4, 0.8, 1.6, 3.2, LONGEST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    assert pauses.after(31) == 0.2


def test_paths_are_the_callers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert at_caller("my.yaml", tmp_path) == tmp_path / "my.yaml"
    assert at_caller("/abs/my.yaml", tmp_path) == Path("/abs/my.yaml")
    assert at_caller("~/x", tmp_path) == Path("/home/ada/x")
    options = read(
        ["--no-game", "--checkpoint=~/mine.yaml", "--state-dir=~/x"], {"GOPHERPIZZA_CALLER": str(tmp_path)}
    )
    assert options.checkpoint == "/home/ada/mine.yaml"
    assert options.state_dir == Path("/home/ada/x")
    options = read(["--no-game", "--state-dir", "x"], {"GOPHERPIZZA_CALLER": str(tmp_path)})
    assert options.state_dir == tmp_path / "x"
    assert read(["--no-game"], {"GOPHERPIZZA_CALLER": str(tmp_path)}).state_dir == STATE_DIR


def test_a_checkpoints_name_comes_before_a_file_of_that_name(tmp_path: Path) -> None:
    for name in ("1", "mine", "1.yaml"):
        (tmp_path / name).touch()
    assert checkpoint("1", tmp_path) == "1"
    assert checkpoint("1.yaml", tmp_path) == str(tmp_path / "1.yaml")
    assert checkpoint("mine", tmp_path) == str(tmp_path / "mine")
    assert checkpoint("./1", tmp_path) == str(tmp_path / "1")
    for nothing in ("nothing", "x" * 300, "x" * 5000, "a\nb"):
        assert checkpoint(nothing, tmp_path) == nothing
        with pytest.raises(StartError, match="no checkpoint"):
            check_config(nothing)


def test_no_thread_of_a_reader_outlives_its_pipe(tmp_path: Path) -> None:
    near, far = os.pipe()
    OutputReader(near, BoundedLog(tmp_path / "x.log"), "the one of this test")
    os.close(far)
    eventually(lambda: not any("of this test" in thread.name for thread in threading.enumerate()))


def test_a_link_that_leads_to_itself_is_named(tmp_path: Path) -> None:
    loop = tmp_path / "temporal.db"
    loop.symlink_to(loop.name)
    with pytest.raises(DatabaseProblem, match="temporal.db"):
        prepare_database(loop)
    with pytest.raises(StartError, match="temporal.db"):
        StateDir(loop).take()


def start_with_open_files(soft: int, hard: int) -> str:
    """The last line that a start says which has nowhere to write, under these limits."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    command = [sys.executable, "-m", "api_stub.stack", "--no-game", "--state-dir", "/dev/null/state"]
    ended = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit, timeout=20 * PATIENCE)
    assert ended.returncode == 1 and "Traceback" not in ended.stderr
    return ended.stderr.splitlines()[-1]


def test_too_few_open_files_are_told_at_the_start() -> None:
    assert "ulimit -n" in start_with_open_files(32, 32)
    assert "/dev/null/state" in start_with_open_files(32, 256)  # it takes what it may have, and goes on
