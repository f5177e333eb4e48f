"""A real window on a virtual display, played with real key presses and clicks."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pygame
import pytest

from game.art import SceneMap
from game.art.scenemap import read_scene
from game.layout import ORDER_BUTTON, Kitchen, cook_spot
from game.panels.formplan import BUTTONS, ORDER
from game.scene.kitchen import kitchen_of_scene
from tests.running import ROOT, RunningStack, eventually

pytestmark = [pytest.mark.stack, pytest.mark.window]

NEEDED = ("Xvfb", "xdotool", "import")
ARTIFACTS = ROOT / "artifacts"


class Desk:
    """A display of our own with one game on it, and somebody who types and clicks."""

    def __init__(self, display: str, game: subprocess.Popen[str], log: Path) -> None:
        self.display = display
        self.game = game
        self.log = log

    def do(self, *command: str) -> str:
        """Run a program on the display."""
        done = subprocess.run(
            command, env={**os.environ, "DISPLAY": self.display}, capture_output=True, text=True, timeout=20
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def key(self, *keys: str) -> None:
        self.do("xdotool", "key", "--delay", "60", *keys)

    def type(self, text: str) -> None:
        self.do("xdotool", "type", "--delay", "40", text)

    def click(self, x: float, y: float) -> None:
        """Click at a logical point: the display has the canvas's own size."""
        self.do("xdotool", "mousemove", str(round(x)), str(round(y)), "sleep", "0.1", "click", "1")

    def picture(self, name: str) -> Path:
        """Take the display's picture; it is kept beside the test's results."""
        ARTIFACTS.mkdir(exist_ok=True)
        file = ARTIFACTS / f"{name}.png"
        self.do("import", "-window", "root", str(file))
        return file


def colours(file: Path) -> int:
    """How many different colours a coarse look at the picture finds."""
    picture = pygame.image.load(file)
    width, height = picture.get_size()
    return len({tuple(picture.get_at((x, y)))[:3] for x in range(0, width, 24) for y in range(0, height, 24)})


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """An X display of 1920×1080 of our own, on a number that the server chose."""
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing:
        message = f"needs {', '.join(missing)} (Debian: apt install xvfb xdotool imagemagick)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    near, far = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(far), "-screen", "0", "1920x1080x24", "-nolisten", "tcp"],
        pass_fds=(far,),
        stderr=subprocess.DEVNULL,
    )
    os.close(far)
    with os.fdopen(near) as answer:
        number = answer.readline().strip()
    try:
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def desk(display: str, stack: RunningStack, tmp_path: Path) -> Iterator[Desk]:
    """The game in its window, from its first frame on."""
    log = tmp_path / "game.log"
    with log.open("w") as errors:
        game = subprocess.Popen(
            [sys.executable, "-m", "game", "--api", stack.api_url, "--windowed", "1920x1080"],
            cwd=ROOT,
            env={
                **{k: v for k, v in os.environ.items() if k not in ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY")},
                "DISPLAY": display,
                "SDL_AUDIODRIVER": "dummy",
                "XDG_CACHE_HOME": str(tmp_path / "cache"),
            },
            stderr=errors,
            text=True,
        )
    try:
        desk = Desk(display, game, log)
        eventually(lambda: "first frame" in log.read_text(), 40)
        desk.do("xdotool", "search", "--sync", "--name", "GopherPizza", "windowfocus")
        yield desk
    finally:
        if game.poll() is None:
            game.send_signal(signal.SIGTERM)
        game.wait(10)


def kitchen() -> Kitchen:
    """The fixed points of the scene as it is drawn."""
    scene: SceneMap = read_scene()
    return kitchen_of_scene(scene)


def newest_order(stack: RunningStack, customer: str) -> dict[str, Any]:
    """The order of this customer, once Temporal has it."""

    def found() -> dict[str, Any] | None:
        orders = stack.client.get("/orders", params={"open": "true"}).json()["orders"]
        return next((order for order in orders if order["customer"] == customer), None)

    return eventually(found, 10) or {}


def test_order_kill_by_key_start_kill_by_click_start_delivered(desk: Desk, stack: RunningStack) -> None:
    customer = f"Ada {uuid.uuid4().hex[:4]}"
    desk.key("n")
    desk.type(customer)
    desk.picture("order-form")
    desk.key("Return")
    order_id = newest_order(stack, customer)["id"]

    stack.until_worked_on(order_id, "prepare")
    first = stack.until_worker(1, "ready")
    desk.key("1")
    dead = stack.until_worker(1, "dead")
    assert dead["last_exit"]["signal"] == "SIGKILL"
    assert dead["last_exit"]["cause"] == "player"
    # A cook falls on screen when the fleet says so; its ghost stands there until somebody starts another.
    picture = desk.picture("killed-by-key")
    assert colours(picture) > 150
    desk.key("shift+1")
    second = stack.until_worker(1, "ready")
    assert second["generation"] == first["generation"] + 1

    stack.until_worked_on(order_id, "bake")
    spot = cook_spot(kitchen(), 1, 2)
    desk.click(spot.x, spot.y - spot.height / 2)
    dead = stack.until_worker(1, "dead")
    assert dead["id"] == second["id"]
    assert dead["last_exit"]["signal"] == "SIGKILL"
    # The place is empty once the fall is over; until then a click there means the cook that falls.
    eventually(lambda: click_until_started(desk, stack, spot.x, spot.y - spot.height / 2), 15, 0.5)

    stack.until(order_id, "ORDER_DELIVERED")
    order = stack.client.get(f"/orders/{order_id}").json()
    assert [view["stage"] for view in order["stages"]] == ["prepare", "bake", "deliver"]
    assert [view["attempts"] for view in order["stages"]] == [2, 2, 1]
    desk.picture("delivered")

    desk.key("Escape")
    desk.picture("really-leave")
    desk.key("Return")
    assert desk.game.wait(5) == 0


def click_until_started(desk: Desk, stack: RunningStack, x: float, y: float) -> bool:
    """Click the empty place; whether a worker is there."""
    if stack.workers()[0]["state"] in ("dead", "empty"):
        desk.click(x, y)
    return bool(stack.workers()[0]["state"] in ("starting", "ready"))


def test_an_order_by_mouse_alone(desk: Desk, stack: RunningStack) -> None:
    before = {order["id"] for order in stack.client.get("/orders").json()["orders"]}
    x, y, w, h = ORDER_BUTTON
    desk.click(x + w / 2, y + h / 2)
    x, y, w, h = BUTTONS[ORDER]

    def ordered() -> list[str]:
        desk.click(x + w / 2, y + h / 2)
        orders = stack.client.get("/orders").json()["orders"]
        return [order["id"] for order in orders if order["id"] not in before]

    order_ids = eventually(ordered, 10, 0.5)
    assert re.match(r"manual-", order_ids[0])
    stack.until(order_ids[0], "ORDER_DELIVERED")


def test_the_kitchen_stays_while_the_api_is_away_and_comes_back(desk: Desk, stack: RunningStack) -> None:
    os.kill(stack.pids()["api"], signal.SIGKILL)
    desk.picture("api-away")
    assert desk.game.poll() is None
    stack.until_worker(1, "ready")
    customer = f"Bo {uuid.uuid4().hex[:4]}"
    desk.key("n")
    desk.type(customer)
    desk.key("Return")
    order = newest_order(stack, customer)
    stack.until(order["id"], "ORDER_DELIVERED")
    assert "Traceback" not in desk.log.read_text()
