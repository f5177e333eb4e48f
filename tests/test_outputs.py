"""Where the game is started: without a home, with outputs that are closed, full, or that nobody reads."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from game.desktop import outputs, settings
from game.desktop.settings import Settings, save, settings_file, user_directory
from game.drawing.art.disk_cache import DiskCache
from tests.running import PATIENCE, ROOT, eventually, free_ports

GAME = (sys.executable, "-m", "game")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """No display, and one cache of pictures for all these tests."""
    cache = tmp_path_factory.mktemp("cache")
    base = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LC_", "LANG"))}
    return {**base, "SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy", "XDG_CACHE_HOME": str(cache)}


def play(environment: dict[str, str], directory: Path, how: str = '"$@"') -> subprocess.CompletedProcess[str]:
    """Play for a moment: a sheet is opened, a choice is made, and it ends; started by a shell's words."""
    script = directory / "moment.txt"
    script.write_text("at 0.1 key f7\n+0.1 key h\n+0.2 quit\n", encoding="utf-8")
    api = f"http://127.0.0.1:{free_ports(1)[0]}"
    return subprocess.run(
        ["bash", "-c", how, "bash", *GAME, "--api", api, "--windowed", "960x540", "--script", str(script)],
        env=environment, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=60 * PATIENCE,
    )  # fmt: skip


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "ascii:strict", "LC_ALL": "POSIX"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "options, status", [(["--help"], 0), (["--script", "é…/x"], 2)], ids=["help", "error"]
)
def test_a_terminal_of_plain_ascii_is_told_everything(
    environment: dict[str, str], locale: dict[str, str], options: list[str], status: int
) -> None:
    told = subprocess.run(
        [*GAME, *options], env={**environment, **locale}, cwd=ROOT, capture_output=True, timeout=60 * PATIENCE
    )
    assert told.returncode == status, told.stderr
    assert b"--screenshot" in told.stdout or b"cannot be read" in told.stderr
    assert b"Traceback" not in told.stderr


HOWS = {
    "closed": '"$@" >&- 2>&-',
    "all closed": '"$@" <&- >&- 2>&-',
    "full": '"$@" >/dev/full 2>/dev/full',
    "pipes that nobody reads": '"$@" 2>&1 | true; exit "${PIPESTATUS[0]}"',
}


@pytest.mark.parametrize("how", HOWS.values(), ids=HOWS)
def test_outputs_that_take_nothing_end_nothing(environment: dict[str, str], tmp_path: Path, how: str) -> None:
    if "/dev/full" in how and not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full here")
    config = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    assert play({**environment, **config}, tmp_path, how).returncode == 0
    # It was played to its end: the choice of the second line is kept.
    assert settings.load(settings_file(config)) == Settings(reduced_motion=True)


@pytest.mark.parametrize("how", HOWS.values(), ids=HOWS)
def test_help_with_outputs_that_take_nothing_is_no_failure(environment: dict[str, str], how: str) -> None:
    told = subprocess.run(
        ["bash", "-c", how, "bash", *GAME, "--help"], env=environment, cwd=ROOT, timeout=60 * PATIENCE
    )
    assert told.returncode == 0


@pytest.mark.parametrize("home", [None, "", "/dev/null/home", "relative"], ids=repr)
def test_without_a_home_it_plays_without_cache_and_settings(
    environment: dict[str, str], tmp_path: Path, home: str | None
) -> None:
    bare = {k: v for k, v in environment.items() if k not in ("HOME", "USER", "LOGNAME", "XDG_CACHE_HOME")}
    bare.pop("XDG_CONFIG_HOME", None)
    if home is None:
        # A user of whom the system knows nothing either: Python's own word for that.
        lost = tmp_path / "sitecustomize.py"
        lost.write_text("import pwd\ndef no(*_): raise KeyError\npwd.getpwuid = no\n", encoding="utf-8")
        bare["PYTHONPATH"] = str(tmp_path)
    else:
        bare["HOME"] = home
    told = play(bare, tmp_path)
    assert told.returncode == 0 and "Traceback" not in told.stderr, told.stderr
    about = [line for line in told.stderr.splitlines() if "not kept" in line or "no cache" in line]
    assert 1 <= len(about) <= 2, told.stderr
    assert not (ROOT / "relative").exists()


def test_a_home_is_an_absolute_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for home in ("", "/", "here", "./here"):
        monkeypatch.setenv("HOME", home)
        assert user_directory({}, "XDG_CACHE_HOME", ".cache") is None
        assert user_directory({"XDG_CACHE_HOME": str(tmp_path)}, "XDG_CACHE_HOME", ".cache") == tmp_path
    monkeypatch.setenv("HOME", str(tmp_path))
    assert settings_file({}) == tmp_path / ".config" / "gopherpizza" / "settings.json"


def test_a_cache_whose_directory_is_taken_away_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory = tmp_path / "cache"
    cache = DiskCache(directory)
    cache.put("a", b"picture")
    shutil.rmtree(directory)
    for _ in range(5):
        assert cache.get("a") is None
        cache.put("b", b"picture")
        cache.trim()
    (tmp_path / "file").write_text("no directory", encoding="utf-8")
    for _ in range(3):
        # As at each new size of the window.
        DiskCache(tmp_path / "file" / "cache").put("a", b"picture")
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING]) == 2


def test_choices_that_cannot_be_kept_are_said_once_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "config"
    blocked.write_text("a file", encoding="utf-8")
    file = blocked / "gopherpizza" / "settings.json"
    for muted in (True, False, True):
        assert not save(file, Settings(muted=muted))
    assert len(caplog.records) == 1 and str(file) in caplog.records[0].getMessage()
    blocked.unlink()
    assert save(file, Settings(muted=True)) and settings.load(file).muted


def test_a_thread_that_dies_is_told_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(threading, "excepthook", outputs._thread_died)

    def die() -> None:
        raise RuntimeError("odd")

    thread = threading.Thread(target=die, name="odd one")
    thread.start()
    thread.join(10)
    (record,) = caplog.records
    assert "odd one" in record.getMessage() and record.exc_info


def test_no_stream_at_all_is_one_to_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", True)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    outputs.make_safe()
    made = sys.stdout, sys.stderr
    try:
        print("é\ud800", file=sys.stderr, flush=True)
        assert not logging.raiseExceptions
    finally:
        for stream in made:
            stream.close()


SLOW = """
import logging, sys, time
from game.desktop import outputs
class Slow(logging.StreamHandler):
    def emit(self, record):
        time.sleep(1.0)
        super().emit(record)
flush = outputs._flush
outputs._flush = lambda: (time.sleep(1.0), flush())
logging.getLogger().addHandler(outputs.Spool(Slow()))
logging.getLogger().warning("why")
print("help")
outputs.leave(3)
"""


def test_on_a_busy_machine_no_last_word_is_lost() -> None:
    """The threads that write come to it late; the outputs would take it."""
    told = subprocess.run(
        [sys.executable, "-c", SLOW], cwd=ROOT, capture_output=True, text=True, timeout=60 * PATIENCE
    )
    assert (told.returncode, told.stdout, told.stderr) == (3, "help\n", "why\n")


class Stuck(logging.Handler):
    """An output that takes nothing: the first line is on its way for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Write, once it can."""
        self.let_go.wait(60)
        self.lines.append(record.getMessage())


def test_whoever_logs_waits_for_no_output_and_nothing_is_kept_without_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outputs, "MOST_WAITING", 10)
    stuck = Stuck()
    spool = outputs.Spool(stuck)
    try:
        for n in range(100):
            spool.handle(logging.LogRecord("x", logging.INFO, "", 0, "line %d", (n,), None))
        assert spool._waiting.qsize() <= 10
    finally:
        stuck.let_go.set()
    eventually(lambda: spool._waiting.qsize() < 10)
    spool.finish()
    assert stuck.lines[:3] == ["line 0", "line 1", "line 2"] and len(stuck.lines) <= 11


def test_a_pipe_that_is_full_holds_up_neither_a_frame_nor_the_end(
    environment: dict[str, str], tmp_path: Path
) -> None:
    script = tmp_path / "moment.txt"
    script.write_text("at 0.1 key h\n+0.2 quit\n", encoding="utf-8")
    near, far = os.pipe()
    os.set_blocking(far, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(far, b"x" * 4096)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(far, b"x")
    os.set_blocking(far, True)
    api = f"http://127.0.0.1:{free_ports(1)[0]}"
    process = subprocess.Popen(
        [*GAME, "--api", api, "--windowed", "960x540", "--script", str(script)],
        env={**environment, "XDG_CONFIG_HOME": str(tmp_path)}, cwd=ROOT, stdout=far, stderr=far,
    )  # fmt: skip
    os.close(far)
    try:
        assert process.wait(30 * PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
        os.close(near)
