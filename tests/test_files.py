"""Whatever lies where one of our files belongs (a pipe, a device, a directory), nobody waits for it."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from api_stub.background import Troubles
from api_stub.fleet.generations import Generations
from api_stub.gateway.database import require_room
from api_stub.stack import state_directory
from api_stub.stack.options import StartError
from api_stub.stack.output_log import BoundedLog
from api_stub.stack.state_directory import StateDir
from api_stub.working_copies import WorkingCopies
from tests.running import PATIENCE
from worker.show.edited_code import load
from worker.show.files import append, read_bounded, write_whole
from worker.show.outputs import BoundedFile

pytestmark = pytest.mark.timeout(20 * PATIENCE)
LIMIT = 100


def pipe(file: Path) -> None:
    """A named pipe: whoever opens it as usual waits."""
    os.mkfifo(file)


def device(file: Path) -> None:
    """What is read without end."""
    file.symlink_to("/dev/zero")


def directory(file: Path) -> None:
    """A directory with something in it."""
    file.mkdir()
    (file / "something").touch()


def gigabytes(file: Path) -> None:
    """A file that no memory holds."""
    with file.open("wb") as opened:
        opened.truncate(2**40)


Put = Callable[[Path], None]
no_file = pytest.mark.parametrize("put", [pipe, device, directory])


@no_file
def test_what_is_no_file_is_not_read_and_not_appended_to(tmp_path: Path, put: Put) -> None:
    file = tmp_path / "file"
    put(file)
    for use in (lambda: read_bounded(file, LIMIT), lambda: append(file, b"x")):
        with pytest.raises(OSError):
            use()


def test_a_large_file_is_read_to_the_limit(tmp_path: Path) -> None:
    gigabytes(tmp_path / "file")
    assert len(read_bounded(tmp_path / "file", LIMIT)) == LIMIT + 1


@pytest.mark.parametrize("put", [pipe, device, Path.touch])
def test_what_lies_in_the_way_of_a_scratch_file_is_removed(tmp_path: Path, put: Put) -> None:
    put(tmp_path / "file.new")
    write_whole(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"
    assert not os.path.lexists(tmp_path / "file.new")


def test_what_cannot_be_put_in_place_leaves_nothing_half_done(tmp_path: Path) -> None:
    directory(tmp_path / "file")
    with pytest.raises(OSError):
        write_whole(tmp_path / "file", b"new")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("put", [pipe, device, directory, gigabytes])
def test_a_visitors_file_may_be_anything(tmp_path: Path, put: Put) -> None:
    copies = WorkingCopies(tmp_path)
    put(copies.path("spread_toppings"))
    assert len(copies.read("spread_toppings") or b"") < 2**21
    loaded = asyncio.run(load(copies.path("spread_toppings")))
    assert loaded.fault is not None and loaded.spread is None


@pytest.mark.parametrize("put", [pipe, device, directory, gigabytes])
def test_the_bug_comes_back_whatever_lies_in_its_place(tmp_path: Path, put: Put) -> None:
    copies = WorkingCopies(tmp_path)
    put(copies.path("spread_toppings"))
    copies.reset("spread_toppings")
    assert b"def spread" in (copies.read("spread_toppings") or b"")


@pytest.mark.parametrize("put", [pipe, device, directory, gigabytes])
def test_generations_start_anew(tmp_path: Path, put: Put) -> None:
    put(tmp_path / "generations.json")
    assert Generations(tmp_path / "generations.json", Troubles()).recall() == {}


@no_file
def test_a_log_file_that_is_none_costs_only_what_would_be_in_it(tmp_path: Path, put: Put) -> None:
    put(tmp_path / "log")
    BoundedLog(tmp_path / "log").line("a line")
    BoundedFile(tmp_path / "log").write(b"a line\n")


@no_file
def test_a_lock_that_is_no_file_is_named(tmp_path: Path, put: Put) -> None:
    put(tmp_path / "lock")
    with pytest.raises(StartError, match="lock: .*(not a file|Is a directory)"):
        StateDir(tmp_path).take()
    kiosk = StateDir(tmp_path)
    kiosk.take(make_way_for_lock=True)
    assert (tmp_path / "lock").is_file() and len(list(tmp_path.glob("lock.damaged-*"))) == 1
    with pytest.raises(StartError, match="in use by another run"):
        StateDir(tmp_path).take(make_way_for_lock=True)


def directory_instead(file: Path) -> None:
    file.unlink()
    file.mkdir()


def another_file(file: Path) -> None:
    file.unlink()
    file.write_text("9", encoding="utf-8")


def test_a_lock_of_noise_is_taken_and_told(tmp_path: Path) -> None:
    (tmp_path / "lock").write_bytes(b"\xff\0" * 5000)
    first, second = StateDir(tmp_path), StateDir(tmp_path)
    first.take()
    with pytest.raises(StartError, match=str(os.getpid())):
        second.take()
    (tmp_path / "lock").write_bytes(b"\xff" * 5000)
    with pytest.raises(StartError, match="in use by another run"):
        second.take()


@pytest.mark.parametrize("put", [Path.unlink, directory_instead, another_file])
def test_a_lock_that_somebody_removed_is_there_again(tmp_path: Path, put: Put) -> None:
    first = StateDir(tmp_path)
    first.take()
    first.keep_lock()
    put(tmp_path / "lock")
    first.keep_lock()
    assert (tmp_path / "lock").is_file()
    with pytest.raises(StartError, match=f"in use by another run .pid {os.getpid()}"):
        StateDir(tmp_path).take()


def open_below(place: Path) -> int:
    """How many files of a directory this process has open; its other threads open and close others."""
    found = [Path(one.path) for one in psutil.Process().open_files()]
    return sum(place.resolve() in file.parents for file in found)


def test_a_lock_that_another_stack_has_by_now_is_left_to_it(tmp_path: Path) -> None:
    first, second = StateDir(tmp_path), StateDir(tmp_path)
    first.take()
    (tmp_path / "lock").unlink()
    second.take()
    before = open_below(tmp_path)
    for _ in range(3):
        with pytest.raises(BlockingIOError):
            first.keep_lock()
    assert open_below(tmp_path) == before
    second.keep_lock()


def test_a_state_directory_that_is_a_file_is_told_as_that(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match="file is no directory; a directory is accepted"):
        StateDir(tmp_path / "file").take()


def test_logs_that_are_no_directory_are_named(tmp_path: Path) -> None:
    (tmp_path / "logs").touch()
    with pytest.raises(StartError, match="logs is no directory"):
        StateDir(tmp_path).prepare()


def test_a_full_disk_is_told_by_its_room_and_only_to_who_asks_for_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(state_directory, "write_all", full)
    monkeypatch.setattr(state_directory.shutil, "disk_usage", lambda _: SimpleNamespace(free=3 * 2**20))
    state = StateDir(tmp_path)
    state.take()
    with pytest.raises(StartError, match="3 MB are free on its disk; at least 16 are needed"):
        state.prepare()
    state.prepare(room=False)
    with pytest.raises(StartError, match="in use by another run"):
        StateDir(tmp_path).take()


@pytest.mark.parametrize("put", [pipe, device])
def test_the_stacks_own_scratch_files_may_be_anything(tmp_path: Path, put: Put) -> None:
    put(tmp_path / "stack.json.new")
    put(tmp_path / "temporal.setup.room")
    StateDir(tmp_path).write_pids({"stack": 1})
    require_room(tmp_path)
    assert (tmp_path / "stack.json").read_text(encoding="utf-8") == '{"stack": 1}'
