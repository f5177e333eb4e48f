"""A real window through the checkpoints: the stream and its slider, the figures, a switch, the bug."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from game.panels.bug_code import FRAME as BUG_SLIP
from game.panels.stats.layout import AUDIT
from game.simulation.stream_slider import SWITCH, TRACK
from game.theme import BASIL, CREAM, NIGHT
from tests.desk import Desk, colours, need_programs, virtual_display, window_on
from tests.running import RunningStack, eventually, running_stack

pytestmark = [pytest.mark.stack, pytest.mark.window]


@pytest.fixture(scope="module")
def stream_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack at the third checkpoint."""
    need_programs()
    directory = tmp_path_factory.mktemp("stream")
    with running_stack(directory / "state", "3", "--no-game") as stack:
        yield stack


@pytest.fixture
def desk(stream_stack: RunningStack, tmp_path: Path) -> Iterator[Desk]:
    """The game in its window; its editor only notes what it is asked to show."""
    editor = tmp_path / "note-it"
    mark = tmp_path / "shown"
    editor.write_text(f"#!{sys.executable}\nimport sys\nopen({str(mark)!r}, 'w').write(sys.argv[1])\n")
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    with (
        virtual_display() as display,
        window_on(display, stream_stack.api_url, tmp_path, VISUAL=str(editor)) as desk,
    ):
        yield desk


def get(stack: RunningStack, path: str) -> Any:
    """The answer of a GET."""
    return stack.read(path)


def kills_after(desk: Desk, stack: RunningStack, *keys: str) -> int:
    """How many cooks were killed by hand; while that are fewer than keys these are pressed again: who is
    dying by itself just then is not killed."""
    kills = get(stack, "/stats")["workers"]["kills"]
    if kills < len(keys):
        desk.key(*keys)
    return int(kills)


def near(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    """Whether two colours are the same, but for rounding."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= 6


def test_stream_figures_slider_switch_and_the_bug(
    desk: Desk, stream_stack: RunningStack, tmp_path: Path
) -> None:
    stack = stream_stack

    # It streams by itself, as the checkpoint says.
    eventually(lambda: get(stack, "/stats")["orders"]["started"] >= 5, 20, 0.2)
    assert all(order["id"].startswith("auto-") for order in stack.listed())
    eventually(lambda: kills_after(desk, stack, "1", "2") >= 2, 20, 1)
    eventually(lambda: get(stack, "/receipts"), 10, 0.2)

    # Tab: the figures, with the audit in green.
    desk.key("Tab")
    bar = AUDIT[0] + AUDIT[2] - 8, AUDIT[1] + AUDIT[3] / 2
    eventually(lambda: near(desk.colour_at(*bar), BASIL), 10, 0.2)
    assert colours(desk.picture("stats-view")) > 60
    desk.key("Tab")
    eventually(lambda: not near(desk.colour_at(*bar), BASIL), 10, 0.2)

    # The slider by mouse, to its slow end; then the pause: everybody who came is delivered, and nobody comes.
    x, y, w, h = TRACK
    desk.drag(x + w * 0.7, y + h / 2, x - 5, y + h / 2)
    desk.picture("stream-slider")
    button = SWITCH[0] + 9, SWITCH[1] + 9
    eventually(lambda: near(desk.colour_at(*button), BASIL), 10, 0.2)
    desk.click(*button)
    desk.do("xdotool", "mousemove", "960", "900")
    eventually(lambda: near(desk.colour_at(*button), NIGHT), 10, 0.2)

    # F3: another checkpoint; what was open lives on.
    started = get(stack, "/audit")["started"]
    desk.key("F3")
    eventually(lambda: get(stack, "/checkpoint")["name"] == "1a", 10, 0.2)
    audit = get(stack, "/audit")
    # One may have been on its way to the kitchen when the stream was stopped.
    assert audit["lost"] == 0 and audit["started"] in (started, started + 1)
    desk.picture("checkpoint-1a")

    # A pizza that hits the bug: the code shows itself, E shows it in the editor, R replaces the worker.
    worker = stack.until_worker(1, "ready")
    stack.order("without-toppings", toppings=[])
    eventually(lambda: get(stack, "/challenge")["stuck"] >= 1, 30, 0.2)
    paper = BUG_SLIP[0] + 30, BUG_SLIP[1] + BUG_SLIP[3] / 2 + 330
    eventually(lambda: near(desk.colour_at(*paper), CREAM), 10, 0.2)
    assert colours(desk.picture("bug-slip")) > 60
    desk.key("e")
    file = get(stack, "/challenge")["file"]
    eventually(lambda: (tmp_path / "shown").exists() and (tmp_path / "shown").read_text() == file, 10)
    desk.key("r")
    eventually(lambda: stack.workers()[0]["generation"] > worker["generation"], 15, 0.2)
    desk.key("Escape", "c")
    desk.picture("checkpoints")
    desk.key("Escape")
    assert desk.game.poll() is None and "Traceback" not in desk.log.read_text()
