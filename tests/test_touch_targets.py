"""A finger meets at least 80 px of everything that a visitor can touch, on a display of any shape.

Measured as it is pressed: around each target presses of a finger are tried in a grid, and what leads to the
target must hold a square of 80 units (the display's shorter side is 1080 of them).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import partial

import pygame
import pytest

from api_stub.schema import Challenge, Checkpoint, Menu, StreamSettings
from game.accessibility import PLAIN, Access
from game.actions import KillWorker, OpenCard
from game.api_state.news import RecordsSeen
from game.composition import Composition, composition_of
from game.drawing.view import View
from game.geometry import Box
from game.inputs import Device, PointerPress
from game.panels.bug_code import BugSlip
from game.panels.checkpoint_chooser import ChooserPanel
from game.panels.help import HelpPanel
from game.panels.order_card.card import OrderCard
from game.panels.order_form.form import OrderForm
from game.panels.panel import Panel
from game.panels.pin_entry import PinPanel
from game.panels.question import AskPanel, Question
from game.panels.quit_question import QuitPanel
from game.panels.stats.figures import KnownFigures
from game.panels.stats.panel import StatsPanel
from game.scene.panel_placement import panel_box, panel_input, panel_view
from game.simulation.controls.app_requests import AppRequests
from game.simulation.controls.clicks import press
from game.simulation.controls.targets import target_at, targets
from game.simulation.model import Model
from game.simulation.order_stream import OrderStream
from game.simulation.speaker_lines import told
from tests.failures_and_rounds_panels import the_failures, the_round
from tests.panelling import middle, writing
from tests.telling import S, kitchen_with, order, tell, worker
from tests.test_bug_view import challenge, checkpoint
from tests.test_receipt_strip import held, receipt
from tests.test_replay_panel import a_panel

SHAPES = {
    "portrait": (1080, 1920),
    "portrait 3:4": (1080, 1440),
    "4:3": (1440, 1080),
    "16:10": (1920, 1200),
    "16:9": (1920, 1080),
    "16:9, small": (1280, 720),
    "21:9": (2560, 1080),
}
LEAST = 80.0
STEP = 4.0
POINTS = 5
"""Along each edge of a square so many steps are tried, and all that is between."""
WAYS = sorted((STEP * n for n in range(-18, 19)), key=abs)
MOVES = sorted(((x, y) for x in WAYS for y in WAYS), key=lambda move: abs(move[0]) + abs(move[1]))
"""How far the square may lie beside the target's own middle: it needs not be in the middle of a corner."""
MOST_HELD = 18
"""So many cooks keep 80 px on a portrait display; more of them have less room than that from side to side."""


def a_form(toppings: bool) -> Panel:
    """The order form; with `toppings`, of each there is one, so that all of them can be taken off again."""
    panel = OrderForm(Menu.printed(), lambda: "manual-1", art=None)
    if toppings:
        panel.choice.toppings = list(panel.choice.menu.toppings)
    return panel


def a_form_with_keys() -> Panel:
    """The order form while its name is typed by a finger."""
    panel = OrderForm(Menu.printed(), lambda: "manual-1", art=None)
    panel.handle(PointerPress(*middle(panel.hits[-4]), Device.TOUCH, 1))
    assert panel.hits[0].group == "letter"
    return panel


def a_card(side: str) -> Panel:
    """An order's card, as a kiosk shows it, and with its way out."""
    return OrderCard("a", lambda key: order(key, S.BAKING, 1, worker="w1.1"), "http://x", art=None, side=side)


PANELS: dict[str, Callable[[], Panel]] = {
    "form": lambda: a_form(False),
    "form with all toppings": lambda: a_form(True),
    "form, its name": a_form_with_keys,
    "card": lambda: a_card("right"),
    "card at the left": lambda: a_card("left"),
    "bug": lambda: BugSlip(challenge, art=None, asked=True),
    "help": lambda: HelpPanel(kiosk=True),
    "help by a finger": lambda: HelpPanel(kiosk=True, failures_open=True, device=Device.TOUCH),
    "figures": lambda: StatsPanel(lambda: KnownFigures(Model().known)),
    "checkpoints": lambda: ChooserPanel([checkpoint(str(n)) for n in range(1, 11)], "1"),
    "replay": a_panel,
    "round, its name": lambda: the_round("naming"),
    "round, its table": lambda: the_round("table"),
    "PIN": PinPanel,
    "leave?": lambda: QuitPanel(lambda: 3),
    "bug back?": lambda: AskPanel(Question("Put it back?", ("one", "two"), "Yes", KillWorker(1))),
}


def finger_at(composition: Composition, x: float, y: float) -> PointerPress:
    """A finger at a point of the display, in units."""
    (left, top), scale, unit = composition.corner, composition.scale, composition.unit
    return PointerPress((x * unit - left) / scale, (y * unit - top) / scale, Device.TOUCH, 1)


def in_units(composition: Composition, box: Box) -> Box:
    """A logical box of the kitchen, in units of the display."""
    part = composition.scale / composition.unit
    x, y = composition.in_units(box[0], box[1])
    return x, y, box[2] * part, box[3] * part


def largest_square(lead: Callable[[float, float], bool], around: Box, composition: Composition) -> float:
    """The side of the largest square around a box all of whose points lead to the target, in units: LEAST, or
    what is left of it. Nobody can touch beside the display.
    """
    x, y, w, h = around
    wide, high = (edge / composition.unit - 0.01 for edge in composition.display)
    side = LEAST
    while side > 0:
        for across, down in MOVES:
            left, top = x + (w - side) / 2 + across, y + (h - side) / 2 + down
            left, top = min(max(left, 0.0), wide - side), min(max(top, 0.0), high - side)
            grid = [side * n / POINTS for n in range(POINTS + 1)]
            if all(lead(left + dx, top + dy) for dx in grid for dy in grid):
                return side
        side -= 2 * STEP
    return 0.0


def draw(panel: Panel, composition: Composition, access: Access) -> None:
    """Draw a panel where it lies on a display of that composition."""
    view = View(pygame.Surface(composition.display), access)
    view.scale, view.origin = composition.scale, (-composition.corner[0], -composition.corner[1])
    panel.draw(panel_view(view, panel, composition, access))


def short_targets(panel: Panel, composition: Composition, access: Access) -> dict[Hashable, float]:
    """The targets of a panel that are too small for a finger, and how large they are."""
    for _ in range(40):
        panel.update(0.05)
    draw(panel, composition, access)
    lens = getattr(panel, "_magnifier", None)

    def inner(item: PointerPress) -> PointerPress:
        found = panel_input(item, panel, composition, access)
        found = found if lens is None else lens.inner(found)
        assert isinstance(found, PointerPress)
        return found

    found: dict[Hashable, float] = {}
    for hit in panel.hits:
        box = hit.box
        if lens is not None:
            zoom = lens.box[2] / lens.box_for(PLAIN)[2]
            x, y = lens.box[0], lens.box[1]
            from_x, from_y = lens.box_for(PLAIN)[:2]
            box = x + (box[0] - from_x) * zoom, y + (box[1] - from_y) * zoom, box[2] * zoom, box[3] * zoom
        around = in_units(composition, panel_box(box, panel, composition, access))

        def leads(x: float, y: float, spot: tuple[str, int] = hit.spot) -> bool:
            met = panel.target(inner(finger_at(composition, x, y)))
            return met is not None and met.spot == spot

        side = largest_square(leads, around, composition)
        if side < LEAST:
            found[hit.spot] = max(side, found.get(hit.spot, 0.0))
        else:
            found[hit.spot] = LEAST
    return {spot: side for spot, side in found.items() if side < LEAST}


@pytest.mark.parametrize("large", [False, True], ids=["plain", "large"])
@pytest.mark.parametrize("shape", [*SHAPES, "5:4"])
@pytest.mark.parametrize("name", PANELS)
def test_a_finger_meets_everything_on_every_panel(name: str, shape: str, large: bool) -> None:
    composition = composition_of(*{**SHAPES, "5:4": (1280, 1024)}[shape])
    assert not short_targets(PANELS[name](), composition, Access(large=large))


@pytest.mark.parametrize("shape", ["16:9", "21:9"])
def test_the_failures_are_met_where_their_sheet_is_as_large_as_it_is_meant_to_be(shape: str) -> None:
    """The speaker's, and shut to visitors. Its ten rows and its records need all of the width: on other
    displays they are smaller, and are done by their keys.
    """
    assert not short_targets(the_failures(), composition_of(*SHAPES[shape]), PLAIN)


# The kitchen's own signs, buttons, cooks


def a_kitchen(shape: str, cooks: int = 4, muted: bool = False, speaking: bool = False) -> Model:
    """A kiosk's kitchen with every sign that there can be."""
    model = kitchen_with([worker(n) for n in range(1, cooks + 1)], [], settle=8.0)
    model.kiosk.on, model.setup.muted = True, muted
    model.setup.composition = composition_of(*SHAPES[shape])
    model.stream = OrderStream(shown=True)
    house = Checkpoint(name="1a", title="A bug", slots=cooks, file="z", bug="spread_toppings",
                       stream=StreamSettings(enabled=True))  # fmt: skip
    broken = Challenge(bug="spread_toppings", file="/x/spread_toppings.py", source="x = 1\n", stuck=3)
    tell(model, RecordsSeen(checkpoint=house, challenge=broken, receipts=(receipt(1, held()),)))
    for slip in model.notices.slips:
        slip.recorded, slip.shown = True, 5.0
    model.notices.speaker = (
        told(model.notices.speaker, ("A line.", "Another.")) if speaking else model.notices.speaker
    )
    return model


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("muted", "speaking"), [(False, False), (True, True)])
def test_a_finger_meets_every_sign_and_button_of_the_kitchen(shape: str, muted: bool, speaking: bool) -> None:
    model = a_kitchen(shape, muted=muted, speaking=speaking)
    composition = model.setup.composition
    found = {name: box for name, box in targets(model).items() if name != "sign"}
    # On a 3:4 display a receipt has no room in the margin.
    wanted = {"switch", "track", "bug", "title", "order", "help", "ui"}
    wanted |= set() if shape == "portrait 3:4" else {"replay"}
    assert wanted <= found.keys() and ("muted" in found) == muted
    short = {}
    for name, box in found.items():

        def leads(x: float, y: float, name: str = name) -> bool:
            return target_at(model, finger_at(composition, x, y)) == name

        side = largest_square(leads, in_units(composition, box), composition)
        if side < LEAST:
            short[name] = side
    assert not short


@pytest.mark.parametrize("cooks", [1, 2, 4, 9, 12, 16, MOST_HELD])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_finger_meets_every_cook(shape: str, cooks: int) -> None:
    model = a_kitchen(shape, cooks)
    composition, short = model.setup.composition, {}
    for slot in range(1, cooks + 1):
        model.own.kills = replace(model.own.kills)

        def leads(x: float, y: float, slot: int = slot) -> bool:
            return pressed(model, finger_at(composition, x, y)) == slot

        box = model.floor.cook_spot(slot).box
        side = largest_square(leads, in_units(composition, box), composition)
        if side < LEAST:
            short[slot] = side
    assert not short


def pressed(model: Model, item: PointerPress) -> int | None:
    """Which cook a press kills; None: nobody."""
    model.own.kills = type(model.own.kills)()
    out = AppRequests()
    press(model, item, out)
    killed = [one.slot for one in out.commands if isinstance(one, KillWorker)]
    return killed[0] if killed else None


@pytest.mark.parametrize("shape", SHAPES)
def test_a_finger_meets_a_gopher(shape: str) -> None:
    """Where there are few; a crowd's stand nearer to each other than a finger is wide."""
    model = a_kitchen(shape)
    model = kitchen_with([worker(1)], [order("a", S.BAKING, 1, worker="w1.1")], settle=8.0)
    model.setup.composition = composition_of(*SHAPES[shape])
    body, high = model.gophers["a"].body, model.gophers["a"].height

    def leads(x: float, y: float) -> bool:
        out = AppRequests()
        press(model, finger_at(model.setup.composition, x, y), out)
        return any(isinstance(one, OpenCard) for one in out.wishes)

    box = body.x - 0.4 * high, body.y - high, 0.8 * high, high
    assert largest_square(leads, in_units(model.setup.composition, box), model.setup.composition) >= LEAST


def test_a_mouse_is_as_exact_as_ever() -> None:
    model = a_kitchen("16:9")
    x, y, w, _ = targets(model)["order"]
    assert target_at(model, PointerPress(x + w / 2, y - 6)) is None
    assert target_at(model, PointerPress(x + w / 2, y - 6, Device.TOUCH)) == "order"
    form = a_form(True)
    (fewer,) = [hit for hit in form.hits if hit.spot == ("fewer", 0)]
    x, y, w, h = fewer.box
    assert form.target(PointerPress(x + w / 2, y + h / 2)) == fewer
    below = form.target(PointerPress(x + w / 2, y + h + 20))
    assert below is not None and below.spot == ("toppings", 0)


def test_on_a_portrait_display_the_form_is_upright_and_all_of_it_is_on_the_display() -> None:
    for shape in ("portrait", "portrait 3:4"):
        composition = composition_of(*SHAPES[shape])
        panel = a_form(True)
        short_targets(panel, composition, PLAIN)
        wide, high = (edge / composition.unit for edge in composition.display)
        boxes = [in_units(composition, panel_box(hit.box, panel, composition, PLAIN)) for hit in panel.hits]
        for n, (x, y, w, h) in enumerate(boxes):
            assert x >= 0 and y >= 0 and x + w <= wide and y + h <= high
            group = panel.hits[n].group
            if group not in ("fewer", "toppings"):
                assert h >= 0.7 * LEAST, "it is drawn large, not only met"
        written = writing(partial(draw, panel, composition, PLAIN))
        assert len(written) > 20
        for text, box, wanted in written:
            assert box[2] == pytest.approx(wanted[0], abs=1.0), f"{text} is cut, or set smaller"
