"""The speaker's lines: stepped, hidden, turning by themselves only where nobody speaks; and their strip."""

from __future__ import annotations

import itertools

import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_stub.checkpoint.files import find
from api_stub.schema import Checkpoint
from game.accessibility import Access
from game.actions import OpenForm, OpenHelp, OpenWebUI
from game.api_state.news import WorldSeen
from game.drawing.brush import Brush
from game.drawing.text import Pen
from game.drawing.view import View
from game.geometry import Box
from game.inputs import Input, KeyPress, PointerPress
from game.scene.hud.bottom_strip import PLACE, SPOKEN, SPOKEN_ROWS, draw_strip, strip_figures
from game.simulation.display.bands_and_buttons import BOTTOM_STRIP, HELP_BUTTON, ORDER_BUTTON, UI_BUTTON
from game.simulation.display.bottom_strip import strip_for
from game.simulation.model import Model
from game.simulation.model_parts import FrameTime, KioskState
from game.simulation.speaker_lines import TURN_SECONDS, SpeakerLines, hidden_or_shown, later, stepped, told
from game.simulation.update import update
from tests.telling import T0, play, tell

LINES = ("one", "two", "three")
NAMES = ("1", "1-pair", "1a", "2", "3", "failures")


def a_story(**more: object) -> SpeakerLines:
    return SpeakerLines(lines=LINES, **more)  # type: ignore[arg-type]


def with_story(kiosk: bool = False, lines: tuple[str, ...] = LINES) -> Model:
    model = Model(kiosk=KioskState(on=kiosk), time=FrameTime(wall=T0.timestamp()))
    checkpoint = Checkpoint(name="t", title="T", story=list(lines), slots=1, file="t.yaml")
    tell(model, WorldSeen(checkpoint=checkpoint))
    return model


def press(model: Model, *keys: str) -> str:
    for key in keys:
        update(model, [KeyPress(key)], (), 0.01)
    return model.notices.speaker.line


def test_the_arrows_step_and_stop_at_both_ends() -> None:
    model = with_story()
    assert model.notices.speaker.line == ""
    assert [press(model, "right") for _ in range(4)] == ["one", "two", "three", "three"]
    assert model.notices.speaker.position == "3/3"
    assert [press(model, "left") for _ in range(4)] == ["two", "one", "", ""]


def test_one_key_hides_and_shows_again_the_same_line() -> None:
    model = with_story()
    assert press(model, "right", "right", "l") == "" and model.notices.speaker.hidden
    assert press(model, "l") == "two"
    assert press(model, "l", "right") == "two", "a step shows what was hidden first"
    assert press(with_story(), "l") == "one"


def test_with_a_speaker_nothing_turns_by_itself_and_in_a_kiosk_until_somebody_steps() -> None:
    spoken, kiosk = with_story(), with_story(kiosk=True)
    play(spoken, 3 * TURN_SECONDS, 0.5)
    assert spoken.notices.speaker.line == ""
    seen = []
    for _ in range(5):
        play(kiosk, TURN_SECONDS + 0.01, 0.5)
        seen.append(kiosk.notices.speaker.line)
    assert seen == ["one", "two", "three", "", "one"]
    press(kiosk, "right")
    play(kiosk, 5 * TURN_SECONDS, 0.5)
    assert kiosk.notices.speaker.line == "two"


def test_another_checkpoint_begins_at_its_beginning() -> None:
    story = stepped(stepped(a_story(), 1), 1)
    assert told(story, list(LINES)) is story
    other = told(story, ["new"])
    assert (other.at, other.by_hand, other.line) == (0, False, "")
    assert told(hidden_or_shown(story), ["new"]).hidden


def test_without_lines_the_keys_do_nothing() -> None:
    assert press(with_story(lines=()), "right", "l", "left") == ""


@given(st.lists(st.sampled_from(["left", "right", "l", "wait"]), max_size=40), st.booleans())
def test_whatever_is_pressed_the_position_is_one_of_the_lines(keys: list[str], alone: bool) -> None:
    story = a_story()
    for key in keys:
        if key == "wait":
            story = later(story, TURN_SECONDS, alone)
        else:
            story = hidden_or_shown(story) if key == "l" else stepped(story, 1 if key == "right" else -1)
        assert 0 <= story.at <= 3 and story.line in ("", *LINES)
        assert not (story.hidden and story.line)


@pytest.mark.parametrize("kiosk", [False, True])
@pytest.mark.parametrize("speaking", [False, True])
def test_the_strips_boxes_lie_on_it_and_apart(speaking: bool, kiosk: bool) -> None:
    plan = strip_for(speaking, kiosk, True)
    boxes = [plan.order, plan.words, plan.muted, plan.ui, plan.help]
    for box in boxes:
        assert box[0] >= 0 and box[0] + box[2] <= 1920 and box[2] >= 44 and box[3] >= 44
        assert box[1] >= BOTTOM_STRIP[1]
    for one, other in itertools.pairwise(boxes):
        assert one[0] + one[2] < other[0]
    if kiosk or not speaking:
        assert plan.order == ORDER_BUTTON
    if not speaking:
        assert (plan.ui, plan.help) == (UI_BUTTON, HELP_BUTTON)


def test_a_press_hits_what_is_drawn_there() -> None:
    model = with_story()
    press(model, "right")
    plan = strip_for(True, False, False)

    def at(box: tuple[float, float, float, float]) -> Input:
        return PointerPress(box[0] + box[2] / 2, box[1] + box[3] / 2)

    assert update(model, [at(plan.order)], (), 0.01).wishes == (OpenForm(),)
    assert update(model, [at(plan.help)], (), 0.01).wishes == (OpenHelp(),)
    assert update(model, [at(plan.ui)], (), 0.01).commands == (OpenWebUI(),)
    assert update(model, [at(UI_BUTTON)], (), 0.01).commands == (), "the words are there now"


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_line_is_large_and_whole(name: str) -> None:
    story = find(name).config.story
    assert story
    pen = Pen(View(pygame.Surface((1920, 1080))))
    for kiosk in (False, True):
        room = strip_for(True, kiosk, True).words[2] - PLACE - 16
        for line in story:
            if pen.measure(line, SPOKEN[-1], face="bold")[0] > room:
                rows = pen.wrap(line, SPOKEN_ROWS, room, face="bold", lines=2)
                assert " ".join(rows) == line, line


@pytest.mark.parametrize("kiosk", [False, True])
@pytest.mark.parametrize("access", [Access(), Access(large=True), Access(strong=True)], ids=str)
@pytest.mark.parametrize("line", ["Short.", "Five words of a line", "A sentence that is long " * 5])
def test_a_line_stays_on_the_strip_between_the_buttons(line: str, access: Access, kiosk: bool) -> None:
    model = with_story(kiosk, (line,))
    model.notices.speaker, model.setup.access, model.setup.muted = (
        stepped(model.notices.speaker, 1),
        access,
        True,
    )
    view = View(pygame.Surface((1920, 1080)), access)
    written: list[tuple[str, Box]] = []
    real = Pen.write

    def recording(self: Pen, text: str, *rest: object, **more: object) -> Box:
        box = real(self, text, *rest, **more)  # type: ignore[arg-type]
        written.append((text, box))
        return box

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pen, "write", recording)
        draw_strip(Brush(view, None, Pen(view)), strip_figures(model))  # type: ignore[arg-type]
    left, _, wide, _ = strip_for(True, kiosk, True).words
    spoken = [(text, box) for text, box in written if len(text) > 1 and text[0] in line and text != "Muted"]
    assert any(text == "1/1" for text, _ in written) and spoken
    for text, (x, y, w, h) in written:
        # A line's box has room over and under its letters.
        assert y >= BOTTOM_STRIP[1] - 6 and y + h <= 1080 + 6, text
        if (text, (x, y, w, h)) in spoken and text in line:
            assert left <= x and x + w <= left + wide + 1, text
