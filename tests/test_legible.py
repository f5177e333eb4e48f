"""Text never leaves its box and never lies over other text: the longest name, the longest failure, five-digit
counters, however people want it shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from api_stub.schema import Health, Menu
from game.accessibility import Access
from game.api_state.news import OrdersSeen, RecordsSeen, WorldSeen
from game.drawing.art import CookPose
from game.drawing.brush import Brush
from game.drawing.text import Pen
from game.drawing.view import View
from game.geometry import Box
from game.inputs import Device
from game.panels.help import HelpPanel
from game.panels.order_form.form import OrderForm
from game.panels.panel import Panel
from game.panels.quit_question import QuitPanel
from game.panels.stats.panel import StatsPanel
from game.scene.cooks import draw_cooks
from game.scene.death_clocks import draw_clocks
from game.scene.failure_bubbles import BUBBLE_WIDE, draw_bubbles
from game.scene.hud import receipt_slips as slips
from game.scene.hud.draw import draw_hud, hud_figures
from game.scene.hud.free_room import MessageRoom
from game.scene.hud.trouble_signs import draw_trouble_signs, trouble_signs
from game.scene.names_and_tethers import draw_names
from game.scene.room_figures import followed, moment_of, placed_cooks
from game.simulation.appearance import cook_look
from game.simulation.display.bands_and_buttons import BOTTOM_STRIP, TOP_BAND
from game.simulation.failure_bubbles import speakers
from game.simulation.model import Model
from game.simulation.places.cook_spots import cook_spot
from game.theme import CANVAS, SIZE_LEAST
from tests.forms_and_cards import a_card, form, typed
from tests.forms_and_cards import order as an_order
from tests.gallery import a_window, pictures_at
from tests.gallery_scenes import HOUSE, Props, kitchen
from tests.panelling import Written, overlap, texts_of, writing
from tests.telling import T0, S, order, play, staffed, tell, worker
from tests.test_bug_view import challenge, slip
from tests.test_checkpoint_chooser import chooser
from tests.test_receipt_strip import held, receipt
from tests.test_stats_view import MANY, audit, look_at
from tests.test_stats_view import Snapshot as Known

WAYS = {
    "plain": Access(),
    "large text": Access(large=True),
    "high contrast": Access(strong=True),
    "all three": Access(True, True, True),
}
NAME = "W" * 24
FAILURE = (
    "ApplicationError: DoughStuckToTheCeiling: " + "the dough stuck to the ceiling of the pizzeria " * 20
)
TOUCH = 7.0
"""Logical pixels by which two lines' boxes may overlap: each has room for accents and tails."""


def collisions(written: list[Written]) -> list[tuple[str, str]]:
    """Pairs of texts that lie over each other."""
    shown = [one for one in written if one[0] and one[1][2] > 0]
    found = []
    for n, (text, box, _) in enumerate(shown):
        for other, other_box, _ in shown[n + 1 :]:
            if overlap(box, other_box) > TOUCH:
                found.append((text, other))
    return found


def outside(written: list[Written], frame: Box) -> list[str]:
    """Texts that are not within a box."""
    x, y, w, h = frame
    return [
        text
        for text, (left, top, wide, high), _ in written
        if text
        and wide
        and not (x - 1 <= left and left + wide <= x + w + 1 and y - 6 <= top and top + high <= y + h + 6)
    ]


@pytest.fixture(params=WAYS.values(), ids=list(WAYS))
def access(request: pytest.FixtureRequest) -> Access:
    """How people want it shown."""
    way: Access = request.param
    return way


@pytest.fixture
def brush(access: Access) -> Iterator[Brush]:
    """Something to draw a kitchen with."""
    with a_window((960, 540)) as window:
        view = View(window.canvas, access)
        yield Brush(view, pictures_at(view.scale), Pen(view))


def over(brush: Brush, model: Model) -> None:
    """Everything that lies over the kitchen, but messages."""
    draw_hud(brush, hud_figures(model))
    draw_trouble_signs(brush, trouble_signs(model), MessageRoom())


def full_house(brush: Brush) -> Model:
    """A kitchen in which every text is as long as it gets."""
    model = kitchen(Props(brush.art, brush.view.access), 9)
    crew = [worker(n, pid=4_194_300 + n) for n in range(1, 10)]
    names = [
        order(f"manual-ab12-{n}", S.BAKING, 3, worker=f"w{n}.1", customer=NAME, last_failure=FAILURE)
        for n in range(1, 6)
    ]
    health = Health.model_validate(
        {"status": "degraded", "temporal": {"address": "127.0.0.1:7233", "reachable": False, "ui": None},
         "fleet": {"ready": 9, "slots": 9}, "checkpoint": "3"}
    )  # fmt: skip
    house = HOUSE.model_copy(
        update={
            "title": "Orders stream in by themselves, and cooks die all the time",
            "problem": "configs/checkpoint-3.yaml, line 13: fleet.slots: found 'many'; expected a number. "
            * 3,
        }
    )
    tell(
        model,
        staffed(*crew),
        OrdersSeen(tuple(names)),
        RecordsSeen(checkpoint=house),
        WorldSeen(health=health),
    )
    play(model, 4.0)
    model.gophers["manual-ab12-1"].own = True
    held_many = [held(f"manual-ab12-{n}", to="w9.1", delay=123.4, customer=NAME) for n in range(1, 6)]
    since = model.time.wall - T0.timestamp() - 1
    papers = [
        receipt(n, *held_many, seconds=since, worker=f"w{n}.12", slot=n, signal="SIGKILL") for n in (1, 2, 3)
    ]
    tell(model, RecordsSeen(receipts=tuple(papers), audit=audit(12345, delivered=98765)))
    dead = [worker(2, "dead", since=since - 58.9)]
    tell(model, staffed(crew[0], *dead, *crew[2:]))
    play(model, 1.5)
    model.outcomes.deliveries.extend([model.time.wall] * 4096)
    model.setup.muted = True
    return model


def test_a_cook_that_cannot_be_started_is_told_with_its_reason(brush: Brush) -> None:
    model = full_house(brush)
    reason = "could not be started: cannot fork: Resource temporarily unavailable"
    tell(model, staffed(worker(1), worker(2, "backoff", trouble=reason), worker(3)))
    written = writing(lambda: over(brush, model))
    words = " ".join(text for text, _, _ in written)
    assert f"slot 2: {reason}" in words and "A cook is missing" in words
    assert collisions(written) == []
    tell(model, staffed(worker(1), worker(2, since=9.0), worker(3)))
    assert reason not in " ".join(text for text, _, _ in writing(lambda: over(brush, model)))


def test_the_numbers_and_signs_of_a_full_house(brush: Brush, monkeypatch: pytest.MonkeyPatch) -> None:
    model = full_house(brush)
    # Painted at once, where they are: not aside, to be put down as pictures.
    monkeypatch.setattr(
        slips,
        "_kept_slip",
        lambda brush, note, *rest: slips.draw_slip(brush, rest[0], note.receipt.worker, *rest[1:]),
    )
    written = writing(lambda: over(brush, model))
    texts = [text for text, _, _ in written]
    assert {"12345", "98765", "4096"} <= set(texts), "every digit is written, none cut"
    assert collisions(written) == []
    assert outside(written, (0, 0, *CANVAS)) == []
    for text, box, _ in written:
        if text in ("12345", "98765", "4096", "delivered", "open", "a minute", "PIZZAS LOST"):
            assert outside([(text, box, (0, 0))], TOP_BAND) == []
        if box[1] > BOTTOM_STRIP[1] - 20:
            assert outside([(text, box, (0, 0))], BOTTOM_STRIP) == []


def test_a_cooks_number_is_on_its_badge(brush: Brush) -> None:
    for slot in range(1, 13):
        figure = brush.art.cook(cook_look(slot, 1), CookPose.IDLE, 230.0)
        [(text, box, _)] = writing(lambda figure=figure, slot=slot: brush.numbered(figure, str(slot)))
        scale = brush.view.scale
        x, y, radius = (length / scale for length in figure.badge)
        assert text == str(slot)
        assert abs(box[0] + box[2] / 2 - x) < 2 and abs(box[1] + box[3] / 2 - y) < 2
        assert box[2] <= 2.0 * radius + 1


def test_the_plates_and_clocks_of_nine_cooks(brush: Brush, monkeypatch: pytest.MonkeyPatch) -> None:
    model = full_house(brush)
    # Its number is written on the cook's own picture, wherever that is.
    monkeypatch.setattr(brush, "numbered", lambda figure, number: figure)
    cooks, moment = placed_cooks(model).values(), moment_of(model)
    written = writing(lambda: (draw_cooks(brush, cooks, moment), draw_clocks(brush, cooks, moment)))
    assert collisions(written) == []
    assert any("dead +" in text for text, _, _ in written)
    low = [(text, box) for text, box, _ in written if box[1] + box[3] > BOTTOM_STRIP[1] + 4]
    assert low == []
    for text, box, _ in written:
        if not text.isdecimal():
            assert box[2] <= 1840 / 9, f"{text} is wider than its cook's place"


@pytest.mark.parametrize("slots", [2, 9, 12, 18])
@pytest.mark.parametrize("waiting", [True, False])
def test_the_clocks_of_the_dead_are_told_in_words_that_fit(brush: Brush, slots: int, waiting: bool) -> None:
    model = kitchen(Props(brush.art, brush.view.access), slots)
    tell(model, staffed(*(worker(n, "dead", since=1.0) for n in range(1, slots + 1))))
    play(model, 3.0)
    for cook in model.cooks.values():
        cook.waiting, cook.taken_over, cook.died_at = int(waiting), 17.3, model.time.wall - 48.8
    written = writing(lambda: draw_clocks(brush, placed_cooks(model).values(), moment_of(model)))
    assert len(written) >= 2 * slots
    least = min(cook_spot(model.floor.kitchen, n, slots).room for n in model.cooks)
    for text, box, _ in written:
        whole = brush.pen.measure(text, SIZE_LEAST, face="bold", tabular=True)[0]
        # Large text becomes smaller where it must, before it is cut.
        assert box[2] >= whole / brush.view.access.text - 1, f"{text} is cut"
    assert min(box[2] for _, box, _ in written) <= least - 20


def test_the_longest_names_and_failures(brush: Brush) -> None:
    model = full_house(brush)
    names = writing(lambda: draw_names(brush, model.gophers, followed(model), moment_of(model)))
    assert names and all(text == NAME for text, _, _ in names)
    assert collisions(names) == [] and outside(names, (0, 0, *CANVAS)) == []
    bubbles = writing(lambda: draw_bubbles(brush, speakers(model), few=True))
    assert len(bubbles) >= 2 and collisions(bubbles) == []
    assert outside(bubbles, (0, TOP_BAND[3], CANVAS[0], BOTTOM_STRIP[1])) == []
    assert all(box[2] <= brush.pen.pitch(BUBBLE_WIDE) + 1 for _, box, _ in bubbles)


def long_form() -> OrderForm:
    """The order form with the widest name, and eight toppings."""
    made = form(Menu.printed())
    typed(made, NAME)
    return made


EIGHT = Menu.printed().toppings[:8]


def figures() -> StatsPanel:
    """The stats view with numbers as long as they get."""
    known, wall = Known(stats=MANY, audit=audit(12345)), MANY.counted_at.timestamp() + 59
    return StatsPanel(lambda: look_at(known, wall))


PANELS: dict[str, Callable[[], Panel]] = {
    "form": long_form,
    "card": lambda: a_card(
        an_order(
            S.BAKING, customer=NAME, last_failure=FAILURE, attempt=12345, toppings=Menu.printed().toppings[:8]
        )
    ),
    "help": lambda: HelpPanel(kiosk=False),
    "help in a kiosk": lambda: HelpPanel(kiosk=True),
    "help by a finger": lambda: HelpPanel(kiosk=True, failures_open=True, device=Device.TOUCH),
    "help by a gamepad": lambda: HelpPanel(kiosk=True, failures_open=True, device=Device.GAMEPAD),
    "quit": lambda: QuitPanel(98765),
    "stats": figures,
    "checkpoints": lambda: chooser("1", "1-pair", "1a", "2", "3"),
    "bug": lambda: slip(challenge(stuck=98765)),
}


@pytest.mark.parametrize("name", PANELS)
def test_the_panels(name: str, access: Access) -> None:
    panel = PANELS[name]()
    for _ in range(50):
        panel.update(0.02)
    written = texts_of(panel, access=access)
    assert len(written) > 3
    assert collisions(written) == []
    assert outside(written, (0, 0, *CANVAS)) == []
