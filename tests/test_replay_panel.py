"""The picture in the picture: what it says when, how it is opened and left, and that it costs little."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pygame
import pytest

from api_stub.schema import Receipt
from game.accessibility import PLAIN, Access
from game.actions import OpenReplay
from game.api_state.news import RecordsSeen
from game.drawing.art import Art
from game.drawing.view import View
from game.geometry import Box, inside
from game.inputs import KeyPress, PointerPress
from game.panels.panel import Close, Stay
from game.panels.panel_stack import PanelStack
from game.panels.replay_window import FRAME, PICTURE, STILL, ReplayPanel, clock_text, shot_of, since_text
from game.replay.playback_list import NO_KILL, NOT_YET, receipt_of, why_none
from game.replay.recording import AFTER, Recording, recording_of
from game.simulation.model import Model
from game.simulation.places.cook_spots import CookSpot, cook_spot
from game.simulation.receipt_layout import LEFT, placed_slips, replay_tab, replayable
from game.simulation.update import update
from game.theme import CANVAS
from tests.panelling import keys, middle, overlap, pass_time, texts_of
from tests.telling import Filmed, S, at, kitchen_with, order, play, seen, staffed, tell, worker


def receipt(worker_id: str = "w1.1", since: float = 8.0, to: str | None = "w2.1", n: int = 1) -> Receipt:
    held = {"id": "a", "stage": "bake", "from": worker_id, "to": to, "attempt": 2, "kept_stages": [],
            "delay_s": 1.9 if to else None}  # fmt: skip
    fields = {"n": n, "worker": worker_id, "slot": 1, "cause": "player", "signal": "SIGKILL",
              "exit_observed_at": at(since), "orders": [held]}  # fmt: skip
    return Receipt.model_validate(fields)


def killed(done: bool = True, slots: int = 2) -> Filmed:
    """A kitchen in which a player killed cook 1; `done`: it is over and can be shown again."""
    crew = [worker(n) for n in range(1, slots + 1)]
    model = kitchen_with(crew, [order("a", S.BAKING, 1, worker="w1.1", customer="Ada")], settle=8.0)
    tell(model, staffed(worker(1, "dead", since=8), *crew[1:]))
    play(model, 2.0)
    tell(model, seen(order("a", S.BAKING, 2, worker="w2.1", customer="Ada")))
    tell(model, RecordsSeen(receipts=(receipt(),)))
    play(model, AFTER + 0.1 if done else 0.2)
    return model


def a_panel(model: Filmed | None = None) -> ReplayPanel:
    model = model or killed()
    recording = model.recorder.done[-1]
    return ReplayPanel(recording, lambda: receipt_of(model.known.receipts, recording), lambda: None)


def at_moment(panel: ReplayPanel, moment: float) -> ReplayPanel:
    while panel.replay.at < moment:
        panel.update(0.02)
    return panel


def tab_of(model: Model) -> Box | None:
    return replay_tab(placed_slips(model.notices.slips, model.setup.access, model.heard_at))


# Opening and leaving


def test_k_shows_the_last_kill_and_says_why_where_there_is_none() -> None:
    for model, words in ((kitchen_with([worker(1)]), NO_KILL), (killed(done=False), NOT_YET)):
        assert why_none(model.recorder) == words
        assert update(model, [KeyPress("k")], (), 0.01).wishes == (OpenReplay(),)
    assert why_none(killed().recorder) == ""
    assert update(killed(), [KeyPress("k")], (), 0.01).wishes == (OpenReplay(),)


def test_the_newest_kill_has_a_tab_that_can_be_pressed() -> None:
    model = killed(done=False)
    assert replayable(model.notices.slips) is None and tab_of(model) is None
    play(model, AFTER)
    tab = tab_of(model)
    assert tab is not None and tab[0] + tab[2] > LEFT > tab[0]
    x, y = tab[0] + 20, tab[1] + tab[3] / 2
    assert update(model, [PointerPress(x, y)], (), 0.01).wishes == (OpenReplay(1),)
    assert update(model, [PointerPress(x - 60, y)], (), 0.01).wishes == ()


def test_a_death_without_a_recording_has_no_tab() -> None:
    model = kitchen_with([worker(1), worker(2)], settle=1.0)
    tell(model, RecordsSeen(receipts=(receipt(since=0.5),)))
    play(model, 1.0)
    assert model.notices.slips and tab_of(model) is None


def test_a_receipt_finds_the_recording_of_its_own_death() -> None:
    model = killed()
    found = model.recorder.done
    assert recording_of(found, receipt()) is found[0]
    assert recording_of(found, receipt("w1.2")) is None
    assert recording_of(found, receipt(since=80.0)) is found[0], "whatever the clocks say"
    later = [replace(found[0], receipts_before=1, receipt=0)]
    assert recording_of(later, receipt()) is None, "of another process of the same name"
    told = [replace(found[0], receipt=7)]
    assert recording_of(told, receipt()) is None, "the recording knows its receipt's number"


def test_it_is_left_by_escape_k_the_cross_and_its_own_end() -> None:
    assert keys(a_panel(), "escape") == keys(a_panel(), "k") == Close()
    panel = a_panel()
    assert panel.handle(PointerPress(*middle(panel.hits[0]))) == Close()
    assert panel.handle(PointerPress(FRAME[0] + 200, FRAME[1] + 200)) == Stay(used=True)
    assert panel.handle(PointerPress(1500, 900)) == Stay(used=False), "the kitchen stays usable"
    assert keys(panel, "1") == Stay(used=False)
    pass_time(panel, 60.0)
    assert panel.replay.over and panel.over
    fresh = a_panel()
    pass_time(fresh, STILL)
    assert not fresh.over


# What it says


def test_it_says_what_is_true_at_the_moment_that_is_shown() -> None:
    panel = a_panel()
    recording = panel.replay.recording
    said = {text for text, _, _ in texts_of(panel)}
    assert {"REPLAY", "0.25×", "before the kill", clock_text(panel.replay.wall)} <= said
    assert any(text.startswith("w1.1: SIGKILL") for text in said)
    at_moment(panel, recording.killed + 0.5)
    assert panel.saying() == "Temporal takes over …"
    at_moment(panel, recording.killed + 1.3)
    assert "1×" in {text for text, _, _ in texts_of(panel)}
    at_moment(panel, recording.taken[-1].at + 0.1)
    assert panel.saying() == "cook 2 took over after 1.9 s"


def test_its_clocks_are_to_the_hundredth() -> None:
    assert since_text(-0.5) == "−0.50 s" and since_text(1.234) == "+1.23 s"
    assert clock_text(0.129).endswith(":00.12")


@pytest.mark.parametrize("access", [PLAIN, Access(large=True)], ids=["plain", "large"])
@pytest.mark.parametrize("width", [640, 1280, 1920, 2560])
def test_its_texts_lie_in_their_frame_and_apart(width: int, access: Access) -> None:
    panel = a_panel()
    for moment in (0.0, 0.5, 1.5, 3.0, 4.0):
        at_moment(panel, panel.replay.recording.begin + moment)
        written = texts_of(panel, width, access)
        for text, box, _ in written:
            assert inside(FRAME, box[0], box[1]) and inside(
                FRAME, box[0] + box[2] - 1, box[1] + box[3] - 1
            ), text
        for n, one in enumerate(written):
            assert all(overlap(one[1], other[1]) <= 7 for other in written[n + 1 :])


# The picture


@pytest.mark.parametrize("slots", [2, 4, 9, 12])
def test_the_picture_holds_everybody_it_is_about(slots: int) -> None:
    model = killed(slots=slots)
    recording = model.recorder.done[-1]
    x, y, wide, high = shot_of(recording)
    assert x >= 0 and y >= 0 and x + wide <= CANVAS[0] + 0.01 and y + high <= CANVAS[1]
    assert wide / high == pytest.approx(PICTURE[2] / PICTURE[3])
    for slot in (1, 2):
        spot: CookSpot = cook_spot(recording.kitchen, slot, slots)
        assert x <= spot.x - 60 and spot.x + 60 <= x + wide and y <= spot.y - spot.height
    stand = recording.stands["a"]
    assert x <= stand.x <= x + wide and y <= stand.y - stand.height


@pytest.fixture(scope="module")
def art() -> Iterator[Art]:
    before = os.environ.get("SDL_VIDEODRIVER")
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    pygame.display.quit()
    pygame.display.set_mode((640, 360))
    yield Art(640 / CANVAS[0])
    pygame.display.quit()
    if before is None:
        del os.environ["SDL_VIDEODRIVER"]
    else:
        os.environ["SDL_VIDEODRIVER"] = before


def picture_of(panel: ReplayPanel) -> bytes:
    surface = pygame.Surface((640, 360))
    view = View(surface)
    panel.draw(view)
    return pygame.image.tobytes(surface.subsurface(view.rect(*PICTURE)), "RGB")


def recorded(panel: ReplayPanel, art: Art) -> ReplayPanel:
    return ReplayPanel(panel.replay.recording, lambda: None, lambda: art)


def test_the_picture_moves_with_the_recording_and_stands_still_at_its_end(art: Art) -> None:
    panel = recorded(a_panel(), art)
    recording: Recording = panel.replay.recording
    pictures = [picture_of(at_moment(panel, recording.begin + moment)) for moment in (0.0, 1.2, 2.0, 3.6)]
    assert len(set(pictures)) == 4
    at_moment(panel, recording.end - 1e-6)
    pass_time(panel, 0.2)
    assert picture_of(panel) == picture_of(panel)


def test_a_picture_is_drawn_thirty_times_a_second_at_most(art: Art) -> None:
    panel = recorded(a_panel(), art)
    picture_of(panel)
    first = panel._picture
    panel.update(1 / 120)
    picture_of(panel)
    assert panel._picture is first
    panel.update(1 / 30)
    picture_of(panel)
    assert panel._picture is not first


def test_without_pictures_it_still_tells(art: Art) -> None:
    panel = a_panel()
    picture_of(panel)
    assert panel._picture is None


# Reduced motion


@pytest.mark.parametrize("calm", [False, True])
def test_reduced_motion_holds_from_the_first_moment_of_a_replay(calm: bool) -> None:
    model = killed()
    model.setup.access = Access(calm=calm)
    panel_stack = PanelStack(model, lambda: None, model.recorder)
    panel_stack.open(OpenReplay())
    (panel,) = panel_stack.panels
    assert isinstance(panel, ReplayPanel)
    shaken, few = [], []
    while not panel.replay.over:
        panel.update(0.05)
        again = panel.replay.model
        shaken.append(again.effects.shake)
        few.append(again.effects.particles.few)
    assert (max(shaken) == 0.0) is calm and set(few) == {calm}


def test_reduced_motion_that_is_switched_on_meanwhile_holds_in_what_is_left() -> None:
    panel = a_panel()
    panel.update(0.05)
    assert not panel.replay.model.effects.particles.few
    panel.replay.model.setup.access = Access(calm=True)
    panel.update(0.05)
    assert panel.replay.model.effects.particles.few
