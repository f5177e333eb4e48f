"""A real window on a virtual display, played with real key presses and clicks."""

from __future__ import annotations

import os
import re
import signal
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from game.drawing.art import SceneMap
from game.drawing.art.scene_map import read_scene
from game.panels.order_form.layout import BUTTONS, MEASURES, ORDER
from game.panels.question import FRAME as QUESTION
from game.panels.replay_window import FRAME as REPLAY
from game.scene.kitchen import kitchen_of_scene
from game.simulation.display.bands_and_buttons import ORDER_BUTTON
from game.simulation.places.cook_spots import cook_spot
from game.simulation.places.stage_places import KitchenLayout
from game.theme import CREAM, GLOW, WHITE, mix
from tests.desk import Desk, colours, virtual_display, window_on
from tests.running import PATIENCE, RunningStack, eventually

pytestmark = [pytest.mark.stack, pytest.mark.window]


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A display for this module."""
    with virtual_display() as number:
        yield number


@pytest.fixture
def desk(display: str, stack: RunningStack, tmp_path: Path) -> Iterator[Desk]:
    """The game in its window, from its first frame on."""
    with window_on(display, stack.api_url, tmp_path) as desk:
        yield desk


def kitchen() -> KitchenLayout:
    """The fixed points of the scene as it is drawn."""
    scene: SceneMap = read_scene()
    return kitchen_of_scene(scene)


def newest_order(stack: RunningStack, customer: str) -> dict[str, Any]:
    """The order of this customer, once Temporal has it."""

    def found() -> dict[str, Any] | None:
        return next((order for order in stack.listed(open="true") if order["customer"] == customer), None)

    return eventually(found, 10) or {}


def open_form(desk: Desk) -> None:
    """The order form by its key; what is typed before it is open is no text."""
    desk.key("n")
    x, y, w, h = MEASURES.name
    fields = (CREAM, mix(CREAM, WHITE, 0.7))
    eventually(lambda: desk.colour_at(x + w - 20, y + h / 2) in fields, 20, 0.2)


def test_order_kill_by_key_start_kill_by_click_start_delivered(
    desk: Desk, stack: RunningStack, last: Callable[..., None]
) -> None:
    last("prepare", "bake")
    customer = f"Ada {uuid.uuid4().hex[:4]}"
    open_form(desk)
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
    order = stack.read(f"/orders/{order_id}")
    assert [view["stage"] for view in order["stages"]] == ["prepare", "bake", "deliver"]
    stack.check_attempts(order_id, {"prepare": 1, "bake": 1})
    desk.picture("delivered")

    # The last of the two kills again, in its bright frame, while the kitchen runs on.
    x, y, w, _ = REPLAY
    eventually(lambda: seen_after(desk, "k", (x + w / 2, y + 2), GLOW), 10, 1)
    desk.key("Escape")
    eventually(lambda: desk.colour_at(x + w / 2, y + 2) != GLOW, 5, 0.2)

    x, y, w, _ = QUESTION
    eventually(lambda: seen_after(desk, "Escape", (x + w / 2, y + 24), CREAM), 10, 1)
    desk.picture("really-leave")
    desk.key("Return")
    assert desk.game.wait(20 * PATIENCE) == 0


def seen_after(desk: Desk, key: str, at: tuple[float, float], colour: tuple[int, int, int]) -> bool:
    """Whether a panel's colour is there; else its key is pressed. Once would not do: a replay ends by itself,
    on a busy machine before anybody has looked, and then takes no Esc any more.
    """
    if desk.colour_at(*at) == colour:
        return True
    desk.key(key)
    return False


def click_until_started(desk: Desk, stack: RunningStack, x: float, y: float) -> bool:
    """Click the empty place; whether a worker is there."""
    if stack.workers()[0]["state"] in ("dead", "empty"):
        desk.click(x, y)
    return bool(stack.workers()[0]["state"] in ("starting", "ready"))


def click_until_dead(desk: Desk, stack: RunningStack, x: float, y: float) -> bool:
    """Click the cook while it lives; whether it is dead."""
    state = stack.workers()[0]["state"]
    if state == "ready":
        desk.click(x, y)
    return bool(state == "dead")


def test_an_order_by_mouse_alone(desk: Desk, stack: RunningStack) -> None:
    before = {order["id"] for order in stack.listed()}
    x, y, w, h = ORDER_BUTTON
    desk.click(x + w / 2, y + h / 2)
    x, y, w, h = BUTTONS[ORDER]

    def ordered() -> list[str]:
        desk.click(x + w / 2, y + h / 2)
        return [order["id"] for order in stack.listed() if order["id"] not in before]

    order_ids = eventually(ordered, 10, 0.5)
    assert re.match(r"manual-", order_ids[0])
    stack.until(order_ids[0], "ORDER_DELIVERED")


def test_the_kitchen_stays_while_the_api_is_away_and_comes_back(desk: Desk, stack: RunningStack) -> None:
    os.kill(stack.pids()["api"], signal.SIGKILL)
    desk.picture("api-away")
    assert desk.game.poll() is None
    stack.until_worker(1, "ready")
    customer = f"Bo {uuid.uuid4().hex[:4]}"
    open_form(desk)
    desk.type(customer)
    desk.key("Return")
    order = newest_order(stack, customer)
    stack.until(order["id"], "ORDER_DELIVERED")
    assert "Traceback" not in desk.log.read_text()


def test_full_screen_and_back_to_the_size_of_before(
    display: str, stack: RunningStack, tmp_path: Path
) -> None:
    with window_on(display, stack.api_url, tmp_path, options=("--windowed", "1280x720")) as desk:
        for size in ("1920x1080", "1280x720"):
            desk.key("F11")
            eventually(lambda size=size: size in geometry(desk), 15, 0.2)  # type: ignore[misc]
            eventually(desk.focus, 20, 0.1)
            eventually(lambda: colours(desk.picture("full-and-back")) > 150, 20, 0.5)
        assert desk.game.poll() is None and "Traceback" not in desk.log.read_text()


def geometry(desk: Desk) -> str:
    """The window's size, as the display tells it; empty while there is none."""
    try:
        window = desk.do("xdotool", "search", "--name", "GopherPizza").split()[-1]
        return desk.do("xdotool", "getwindowgeometry", window)
    except AssertionError:
        return ""


def test_a_kiosk_fills_the_screen_and_is_left_by_holding_esc(
    display: str, stack: RunningStack, tmp_path: Path
) -> None:
    with window_on(display, stack.api_url, tmp_path, options=("--kiosk",)) as kiosk:
        window = kiosk.do("xdotool", "search", "--name", "GopherPizza").split()[-1]
        assert "1920x1080" in kiosk.do("xdotool", "getwindowgeometry", window)
        # A passer-by's Esc, or the window manager's wish, does not end a kiosk's day.
        kiosk.key("Escape")
        spot = cook_spot(kitchen(), 1, 2)
        # The first frame may know of no cook yet; a click on the place of a dead one would start another.
        eventually(lambda: click_until_dead(kiosk, stack, spot.x, spot.y - spot.height / 2), 15, 0.5)
        assert kiosk.game.poll() is None
        kiosk.picture("kiosk")
        kiosk.do("xdotool", "keydown", "Escape")
        try:
            assert kiosk.game.wait(20 * PATIENCE) == 0
        finally:
            kiosk.do("xdotool", "keyup", "Escape")
