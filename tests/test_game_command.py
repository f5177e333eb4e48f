"""`python -m game` as a person or the stack starts it: options, exit statuses, pictures, scripts, signals."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pygame
import pytest

from tests.bench.drawing import frame_work
from tests.bench.rehearsal import crowd
from tests.running import PATIENCE, ROOT, eventually, free_ports
from tests.telling import S


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """No display, and one cache of pictures for all these tests."""
    cache = tmp_path_factory.mktemp("cache")
    return {
        **os.environ,
        "SDL_VIDEODRIVER": "dummy",
        "SDL_AUDIODRIVER": "dummy",
        "XDG_CACHE_HOME": str(cache),
    }


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "game", *options]


def nobody() -> str:
    """The address of an API that is not there."""
    return f"http://127.0.0.1:{free_ports(1)[0]}"


def run(environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*options), env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60 * PATIENCE
    )


def test_help_names_every_option_and_the_scripts_actions(environment: dict[str, str]) -> None:
    told = run(environment, "--help")
    assert told.returncode == 0 and told.stderr == ""
    for word in (
        "--api",
        "--all",
        "--kiosk",
        "--display",
        "--windowed",
        "--screenshot",
        "--after",
        "--script",
        "wheel -2",
    ):
        assert word in told.stdout
    assert "http://127.0.0.1:8000" in told.stdout


@pytest.mark.parametrize(
    "options, said",
    [
        (["--api", "localhost:8000"], "http://"),
        (["--api", "http://"], "http://127.0.0.1:8000"),
        (["--api", "http://[::1"], "not a URL"),
        (["--display", "left"], "0 to 99"),
        (["--windowed", "big"], "1280x720"),
        (["--windowed", "100x100"], "640x360"),
        (["--windowed", "99999x720"], "16384"),
        (["--after", "soon"], "0 to 86400"),
        (["--after", "-1"], "0 to 86400"),
        (["--after", "nan"], "0 to 86400"),
        (["--script", "no/such/file.txt"], "no/such/file.txt"),
        (["--screenshot", "no/such/place/a.png"], "there is no directory"),
        (["--fullscreen"], "--fullscreen"),
        (["order"], "order"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_bad_argument_is_named_with_what_is_accepted(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from game.__main__ import main

    with pytest.raises(SystemExit) as ended:
        main(options)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_bad_script_is_named_with_its_line(environment: dict[str, str], tmp_path: Path) -> None:
    script = tmp_path / "talk.txt"
    script.write_text("at 1 key n\nat 2 jump\n")
    told = run(environment, "--script", str(script))
    assert told.returncode == 2 and f"{script}:2" in told.stderr and "Traceback" not in told.stderr


def test_without_a_display_it_says_so_in_one_line(environment: dict[str, str]) -> None:
    bare = {**environment, "SDL_VIDEODRIVER": "x11"}
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        bare.pop(name, None)
    told = run(bare, "--api", nobody())
    assert told.returncode == 3
    lines = told.stderr.strip().splitlines()
    assert len(lines) == 1 and "no display" in lines[0]


def test_a_picture_without_display_and_api(environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "kitchen.png"
    told = run(
        environment, "--api", nobody(), "--windowed", "960x540", "--screenshot", str(file), "--after", "0.3"
    )
    assert told.returncode == 0, told.stderr
    picture = pygame.image.load(file)
    assert picture.get_size() == (960, 540)
    shades = {tuple(picture.get_at((x, y)))[:3] for x in range(0, 960, 8) for y in range(0, 540, 8)}
    assert len(shades) > 200, "a kitchen, not a plain ground"
    assert "Traceback" not in told.stderr


def test_a_picture_that_cannot_be_written_is_an_error_in_one_line(
    environment: dict[str, str], tmp_path: Path
) -> None:
    told = run(
        environment, "--api", nobody(), "--windowed", "960x540", "--screenshot", str(tmp_path), "--after", "0"
    )
    assert told.returncode == 1 and "Traceback" not in told.stderr


def test_a_script_is_played(environment: dict[str, str], tmp_path: Path) -> None:
    before, after = tmp_path / "before.png", tmp_path / "after.png"
    script = tmp_path / "talk.txt"
    script.write_text(
        f"at 0.2 screenshot {before}\n+0.1 key h\n+0.6 screenshot {after}\n"
        "+0.1 key escape\n+0.1 key n\n+0.3 text Ada\n+0.1 key escape\n+0.1 key 1\n+0.1 key shift+1\n"
        "+0 move 900 600\n+0 click 900 900\n+0 wheel -2\n+0 quit\n"
    )
    told = run(environment, "--api", nobody(), "--windowed", "960x540", "--script", str(script))
    assert told.returncode == 0, told.stderr
    assert "Traceback" not in told.stderr
    assert pygame.image.load(before).get_buffer().raw != pygame.image.load(after).get_buffer().raw


def test_closing_twice_is_the_answer_to_its_question(environment: dict[str, str], tmp_path: Path) -> None:
    script = tmp_path / "talk.txt"
    script.write_text("at 0.1 close\n+0.3 close\n")
    told = run(environment, "--api", nobody(), "--windowed", "960x540", "--script", str(script))
    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("early", [True, False], ids=["while loading", "while playing"])
def test_a_signal_ends_it(
    environment: dict[str, str], tmp_path: Path, number: signal.Signals, early: bool
) -> None:
    log = tmp_path / "log.txt"
    with log.open("w") as stream:
        process = subprocess.Popen(
            command("--api", nobody(), "--windowed", "960x540"), env=environment, cwd=ROOT, stderr=stream
        )
        try:
            if early:
                # Both are caught from the first moment on; Python itself catches only SIGINT.
                eventually(lambda: catches(process.pid) >> (signal.SIGTERM - 1) & 1)
            else:
                eventually(lambda: "first frame" in log.read_text())
            process.send_signal(number)
            assert process.wait(40 * PATIENCE) == 0
        finally:
            process.kill()
            process.wait()
    assert "Traceback" not in log.read_text()


def test_the_bench_measures_a_crowd_that_moves_and_closes_its_display() -> None:
    work = frame_work(12, frames=12, size=(960, 540))
    assert 0 < work.p50_ms <= work.p95_ms and work.floor_p95_ms > 0
    assert not pygame.display.get_init()
    orders = [order for frame in range(100) for order in crowd(12, frame, 100)]
    assert {order.status for order in orders} >= {S.RECEIVED, S.BAKING, S.OUT_FOR_DELIVERY}
    assert max(order.attempt for order in orders) > 1, "some are taken over"


def catches(pid: int) -> int:
    """The signals that a process handles, as a bit mask."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"^SigCgt:\s*(\w+)", status, re.MULTILINE)[1], 16)  # type: ignore[index]
