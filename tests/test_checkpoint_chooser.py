"""Choosing a checkpoint, and the question before the bug comes back: by keys, by mouse, by accident."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from game.actions import (
    ResetChallenge,
    SwitchCheckpoint,
)
from game.geometry import Box
from game.inputs import PointerPress
from game.panels.checkpoint_chooser import MOST as MOST_CHECKPOINTS
from game.panels.checkpoint_chooser import ChooserPanel
from game.panels.help import HelpPanel
from game.panels.panel import Close, Panel, Stay
from game.panels.question import AskPanel, Question
from tests.panelling import keys, middle, overlap, pass_time, texts_of
from tests.test_bug_view import NAMES, checkpoint


def question() -> AskPanel:
    lines = ("Your edit will be gone.", "Then R.")
    made = AskPanel(Question("Put the bug back?", lines, "Bug back", ResetChallenge()))
    pass_time(made)
    return made


def test_the_question_does_nothing_by_accident() -> None:
    assert keys(question(), "return") == keys(question(), "space") == keys(question(), "escape") == Close()
    assert keys(question(), "n") == Close() and keys(question(), "x") == Stay()
    assert keys(question(), "y") == keys(question(), "tab", "return") == Close((ResetChallenge(),))
    yes, no = question().hits
    assert question().handle(PointerPress(*middle(yes))) == Close((ResetChallenge(),))
    assert question().handle(PointerPress(*middle(no))) == Close()


def chooser(*names: str, current: str = "1a") -> ChooserPanel:
    made = ChooserPanel([checkpoint(name, None) for name in names], current)
    pass_time(made)
    return made


def test_a_checkpoint_is_chosen_by_keys_or_mouse() -> None:
    assert keys(chooser(*NAMES), "f4") == Close((SwitchCheckpoint("2"),))
    assert keys(chooser(*NAMES), "down", "return") == Close((SwitchCheckpoint("2"),))
    assert keys(chooser(*NAMES), "up", "up", "up", "space") == Close((SwitchCheckpoint("3"),))
    one = chooser(*NAMES)
    assert one.handle(PointerPress(*middle(one.hits[0]))) == Close((SwitchCheckpoint("1"),))
    assert keys(chooser(*NAMES), "f6") == Stay() and keys(chooser(), "down", "return") == Stay()


def test_the_chooser_is_left_by_escape_c_and_a_press_beside_it() -> None:
    assert keys(chooser(*NAMES), "escape") == keys(chooser(*NAMES), "c") == Close()
    assert chooser(*NAMES).handle(PointerPress(30, 1000)) == Close()
    assert chooser(*NAMES).handle(PointerPress(960, 200)) == Stay()


PANELS: dict[str, tuple[Callable[[], Any], Callable[[Any], Box]]] = {
    "question": (question, lambda p: (500, 340, 920, 400)),
    "chooser": (lambda: chooser(*NAMES), lambda p: p.frame),
    "chooser of none": (lambda: chooser(current=""), lambda p: p.frame),
    "chooser of many": (lambda: chooser(*(f"a-long-name-{n}" * 4 for n in range(30))), lambda p: p.frame),
}


@pytest.mark.parametrize("width", [640, 1280, 1920])
@pytest.mark.parametrize("name", PANELS)
def test_their_texts_lie_on_their_paper_and_apart(name: str, width: int) -> None:
    make, frame_of = PANELS[name]
    panel: Panel = make()
    x, y, w, h = frame_of(panel)
    assert x >= 0 and y >= 0 and x + w <= 1920 and y + h <= 1080
    found = [(text, box) for text, box, _ in texts_of(panel, width) if box[2] > 0]
    for text, box in found:
        assert box[0] >= x + 14 and box[0] + box[2] <= x + w - 14, text
        assert box[1] >= y + 14 and box[1] + box[3] <= y + h - 14, text
    for (one, box), (other, another) in itertools.combinations(found, 2):
        assert overlap(box, another) <= 7, (one, other)


def test_the_list_is_bounded_and_a_problem_is_told() -> None:
    assert len(chooser(*map(str, range(30))).hits) == MOST_CHECKPOINTS
    broken = checkpoint("2", None, problem="line 3: 'fleeet' is no key")
    texts = [text for text, _, _ in texts_of(ChooserPanel([checkpoint("1"), broken], "1"))]
    assert "line 3: 'fleeet' is no key" in texts and "in force" in texts


def test_the_help_names_the_new_keys() -> None:
    texts = {text for text, _, _ in texts_of(HelpPanel(kiosk=False))}
    assert {"Tab", "Space", "+", "−", "C", "F1", "F6", "B", "E", "R", "X"} <= texts
