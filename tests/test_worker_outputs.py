"""What a worker prints and logs: in its own bounded file, whatever was done to that, and never in the way."""

from __future__ import annotations

import logging
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import PATIENCE, ROOT, eventually
from worker.show.outputs import BURST_BYTES, BYTES_PER_S, LOG_BYTES, MAX_LINE, BoundedFile, BoundedHandler

BEGIN = """
import os, sys, threading, time
from pathlib import Path
from worker.show.outputs import BoundedFile, Output
from worker.show.process_state import ProcessState
log = Path(sys.argv[1])
output = Output(BoundedFile(log))
surroundings = ProcessState(output)
def leave():
    output.finish(5)
    os._exit(7)
"""


def ran(log: Path, code: str) -> str:
    """Run this in a process whose outputs were taken over; what is in the log then."""
    command = [sys.executable, "-c", BEGIN + code, str(log)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=30 * PATIENCE, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (7, "", ""), done
    return log.read_text(encoding="utf-8") if log.exists() else ""


def test_what_is_printed_is_in_the_log_and_nowhere_else(tmp_path: Path) -> None:
    code = "print('one é')\nsys.stderr.write('two\\n')\nos.system('echo three; echo four >&2')\nleave()"
    assert ran(tmp_path / "log", code).splitlines() == ["one é", "two", "three", "four"]


def test_a_long_line_is_cut_and_the_next_is_whole(tmp_path: Path) -> None:
    first, second = ran(tmp_path / "log", "print('x' * 300_000)\nprint('next')\nleave()").splitlines()
    assert first == "x" * MAX_LINE + f" … {300_000 - MAX_LINE} more bytes" and second == "next"


def test_whoever_prints_without_end_fills_no_disk_and_stops_nobody(tmp_path: Path) -> None:
    code = """
def babble():
    while True: print("x" * 1000)
for _ in range(3): threading.Thread(target=babble, daemon=True).start()
beats = 0
began = time.monotonic()
# Whoever is stopped for good has no more beats, however long that is waited for.
while (took_s := time.monotonic() - began) < 1.0 or (beats <= 10 and took_s < 20.0):
    time.sleep(0.01)
    beats += 1
Path(sys.argv[1] + ".beats").write_text(f"{beats} {took_s:.0f}")
os._exit(7)
"""
    log = tmp_path / "log"
    ran(log, code)
    beats, took_s = map(int, (tmp_path / "log.beats").read_text(encoding="utf-8").split())
    written = sum(file.stat().st_size for file in tmp_path.iterdir())
    assert written < 2 * BURST_BYTES + took_s * BYTES_PER_S
    assert beats > 10


def test_what_was_dropped_is_told(tmp_path: Path) -> None:
    code = """
import worker.show.outputs
worker.show.outputs.BURST_BYTES = 5_000
output._budget = 5_000
worker.show.outputs.BYTES_PER_S = 0  # however slowly it comes on a busy machine, it is too much
for _ in range(300): print("x" * 999)
output.finish(5)
worker.show.outputs.BYTES_PER_S = 100_000
time.sleep(0.1)
print("the end")
leave()
"""
    lines = ran(tmp_path / "log", code).splitlines()
    assert lines[-1] == "the end" and any("bytes of output were dropped" in line for line in lines)


@pytest.mark.parametrize(
    "deed",
    [
        "os.close(1); os.close(2)",
        "sys.stdout.close(); sys.stderr.close()",
        "sys.stdout = sys.stderr = None",
        "os.dup2(os.open(os.devnull, os.O_RDWR), 1)",
        "os.closerange(0, 3); os.open(os.devnull, os.O_RDWR)",
        "sys.stdout.detach()",
    ],
)
def test_outputs_that_were_closed_or_replaced_are_put_back(tmp_path: Path, deed: str) -> None:
    code = (
        f"{deed}\nsurroundings.put_back()\nprint('here', flush=True)\nsys.stderr.write('there\\n')\nleave()"
    )
    assert ran(tmp_path / "log", code).splitlines() == ["here", "there"]


def test_what_our_code_relies_on_is_put_back(tmp_path: Path) -> None:
    code = """
import gc, logging
before = list(sys.path), os.getcwd(), dict(os.environ), sys.getrecursionlimit(), set(sys.modules)
sys.path.clear(); os.chdir("/"); os.environ.clear(); sys.setrecursionlimit(200); logging.disable()
del sys.modules["json"] if "json" in sys.modules else sys.modules["logging"]
gc.disable(); sys.setswitchinterval(100)
surroundings.put_back()
assert before[:4] == (list(sys.path), os.getcwd(), dict(os.environ), sys.getrecursionlimit())
assert before[4] <= set(sys.modules) and gc.isenabled() and sys.getswitchinterval() < 1
assert logging.root.manager.disable == 0
leave()
""".replace(
        'del sys.modules["json"] if "json" in sys.modules else sys.modules["logging"]',
        'del sys.modules["logging"]',
    )
    ran(tmp_path / "log", code)


def test_a_log_is_bounded(tmp_path: Path) -> None:
    log = BoundedFile(tmp_path / "log")
    for _ in range(35):
        log.write(b"x" * 100_000)
    sizes = {file.name: file.stat().st_size for file in tmp_path.iterdir()}
    assert sizes.keys() == {"log", "log.1"} and max(sizes.values()) <= LOG_BYTES


def test_a_log_whose_file_or_directory_is_gone_is_made_again(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "deep" / "log"
    log = BoundedFile(file)
    log.write(b"one\n")
    file.unlink()
    log.write(b"two\n")
    assert file.read_bytes() == b"two\n"
    file.unlink()
    file.parent.rmdir()
    file.parent.parent.rmdir()
    log.write(b"three\n")
    assert file.read_bytes() == b"three\n"


def test_what_cannot_be_written_is_dropped_in_silence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("", encoding="utf-8")
    handler = BoundedHandler(BoundedFile(in_the_way / "log"))
    full = BoundedHandler(BoundedFile(Path("/dev/full")))
    for number in range(100):
        for one in (handler, full):
            one.handle(logging.LogRecord("x", logging.ERROR, "", 0, "line %d é \ud800", (number,), None))
            one.handle(logging.LogRecord("x", logging.ERROR, "", 0, "line %d", ("no number",), None))
    assert capfd.readouterr() == ("", "")
    in_the_way.unlink()
    handler.handle(logging.LogRecord("x", logging.ERROR, "", 0, "room again", (), None))
    assert (in_the_way / "log").read_text(encoding="utf-8") == "room again\n"


def test_missing_standard_streams_are_filled(tmp_path: Path) -> None:
    """The next file that is opened must not become somebody's stdout."""
    code = """
import os, sys
from worker.show.outputs import fill_standard_streams
os.closerange(0, 3)
fill_standard_streams()
opened = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
os._exit(7 if opened > 2 else 8)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "x")], cwd=ROOT, timeout=30 * PATIENCE)
    assert done.returncode == 7
    assert eventually(lambda: (tmp_path / "x").read_bytes() == b"")


def test_a_panic_leaves_nothing_but_its_signal(tmp_path: Path) -> None:
    """No core file where they are allowed, no stack dump where they are asked for."""
    core = resource.getrlimit(resource.RLIMIT_CORE)
    ended = subprocess.run(
        [sys.executable, "-c", "from worker.show.process import panic; panic()"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONFAULTHANDLER": "1"},
        capture_output=True,
        timeout=60 * PATIENCE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (core[1], core[1])),
    )
    assert ended.returncode == -signal.SIGABRT
    assert (ended.stdout, ended.stderr) == (b"", b"")
    assert not list(tmp_path.iterdir())
