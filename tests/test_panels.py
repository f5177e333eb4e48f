"""Every panel is left by mouse alone and by keyboard alone: none is a trap."""

from __future__ import annotations

import pytest

from game.actions import Quit
from game.inputs import KeyPress, KeyRelease, PointerMove, PointerPress
from game.panels.help import CREDIT, HelpPanel
from game.panels.order_form.layout import CANCEL
from game.panels.panel import Close, Stay
from game.panels.quit_question import QuitPanel
from tests.forms_and_cards import ALL_PANELS, click, form
from tests.panelling import keys, texts_of


@pytest.mark.parametrize("name", ALL_PANELS)
def test_every_panel_is_left_by_escape_and_without_a_command(name: str) -> None:
    assert keys(ALL_PANELS[name](), "escape") == Close()


@pytest.mark.parametrize(
    ("name", "group", "index"),
    [
        ("form", "buttons", CANCEL),
        ("card", "close", 0),
        ("card of nothing", "close", 0),
        ("help", "close", 0),
        ("quit", "answer", 1),
    ],
)
def test_every_panel_is_left_by_mouse(name: str, group: str, index: int) -> None:
    assert click(ALL_PANELS[name](), group, index) == Close()


@pytest.mark.parametrize("name", ALL_PANELS)
def test_a_held_key_answers_nothing(name: str) -> None:
    panel = ALL_PANELS[name]()
    for key in ("escape", "return", "y", "h", "space"):
        outcome = panel.handle(KeyPress(key, repeat=True))
        assert isinstance(outcome, Stay), key


def test_help_closes_by_any_of_its_keys() -> None:
    for key in ("escape", "h", "return", "space"):
        assert keys(HelpPanel(kiosk=True), key) == Close()
    assert keys(HelpPanel(kiosk=True), "1") == Stay()


def test_help_credits_the_gopher_and_names_every_key() -> None:
    written = {text for text, _, _ in texts_of(HelpPanel(kiosk=False))}
    assert CREDIT in written and "Renée French" in CREDIT and "CC BY 4.0" in CREDIT
    assert {"N", "1", "9", "Shift", "U", "H", "Esc", "F11"} <= written


@pytest.mark.parametrize("key", ["return", "y", "space"])
def test_leaving(key: str) -> None:
    assert keys(QuitPanel(3), key) == Close((Quit(),))


@pytest.mark.parametrize("move", ["tab", "shift+tab", "left", "right"])
def test_the_focus_of_the_question_moves(move: str) -> None:
    assert keys(QuitPanel(3), move, "return") == Close()
    assert keys(QuitPanel(3), move, move, "return") == Close((Quit(),))


def test_leaving_by_mouse_and_staying_by_n() -> None:
    assert click(QuitPanel(0), "answer", 0) == Close((Quit(),))
    assert keys(QuitPanel(0), "n") == Close()
    assert QuitPanel(0).handle(PointerPress(5, 5)) == Stay()


@pytest.mark.parametrize(("count", "words"), [(0, "No order"), (1, "1 order is"), (1234, "1,234 orders are")])
def test_the_question_counts_the_open_orders(count: int, words: str) -> None:
    assert any(text.startswith(words) for text, _, _ in texts_of(QuitPanel(count)))


def test_modal_panels_take_every_input() -> None:
    for panel in (form(), HelpPanel(kiosk=False), QuitPanel(1)):
        assert panel.modal
        for item in (KeyPress("3"), KeyPress("f5"), PointerMove(5, 5), KeyRelease("x")):
            assert panel.handle(item) == Stay()
