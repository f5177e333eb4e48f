"""Mute, how the window says so, and what it remembers of its user's choices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pygame
import pytest

from game.desktop import settings as choices
from game.desktop.settings import Settings, load, save, settings_file
from game.drawing.art import Art
from game.drawing.brush import Brush
from game.drawing.text import Pen
from game.drawing.view import View
from game.geometry import Box, inside
from game.inputs import KeyPress, PointerPress
from game.scene.hud.draw import draw_hud, hud_figures
from game.simulation.controls.app_requests import AppRequests
from game.simulation.controls.dispatch import handle
from game.simulation.display.bands_and_buttons import MUTED_SIGN, ORDER_BUTTON, UI_BUTTON
from tests.sound_scene import kitchen


def test_m_mutes_and_so_does_a_press_on_the_sign_the_other_way() -> None:
    model = kitchen()
    x, y = MUTED_SIGN[0] + 20, MUTED_SIGN[1] + 20

    def told(item: KeyPress | PointerPress) -> bool:
        out = AppRequests()
        handle(model, item, out)
        assert not out.commands and not out.wishes
        return model.setup.muted

    assert not told(PointerPress(x, y)), "without the sign there is nothing to press"
    assert told(KeyPress("m")) and told(KeyPress("m", repeat=True))
    assert not told(PointerPress(x, y))
    assert told(KeyPress("m")) and not told(KeyPress("m"))


def test_choices_are_found_again(tmp_path: Path) -> None:
    file = settings_file({"XDG_CONFIG_HOME": str(tmp_path / "deep" / "er")})
    assert load(file) == Settings()
    assert save(file, Settings(muted=True)) and load(file) == Settings(muted=True)
    file.write_text(json.dumps({"muted": True, "of a later version": [1, 2]}))
    assert save(file, Settings()) and json.loads(file.read_text()) == {
        **asdict(Settings()),
        "of a later version": [1, 2],
    }
    assert [found.name for found in file.parent.iterdir()] == ["settings.json"], (
        "nothing half-written is left"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"muted"',
        '{"muted": "yes"}',
        '{"muted": 1}',
        "\x00\xff",
        "[" * 9000,
        " " * 20000 + "{}",
    ],
)
def test_a_broken_file_counts_as_none_and_is_mended(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(text.encode("latin-1"))
    assert load(file) == Settings()
    assert save(file, Settings(muted=True)) and load(file) == Settings(muted=True)


def test_a_place_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    assert not save(blocked / "settings.json", Settings(muted=True))
    assert load(blocked / "settings.json") == Settings() and load(None) == Settings()
    assert not save(None, Settings())


def test_a_write_that_fails_leaves_the_old_choices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings.json"
    save(file, Settings(muted=True))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(choices.os, "replace", full)
    assert not save(file, Settings())
    assert load(file) == Settings(muted=True)
    assert [found.name for found in tmp_path.iterdir()] == ["settings.json"]


def test_a_relative_config_directory_is_no_directory(tmp_path: Path) -> None:
    assert (
        settings_file({"XDG_CONFIG_HOME": "here"})
        == Path.home() / ".config" / "gopherpizza" / "settings.json"
    )
    assert settings_file({}) == settings_file({"XDG_CONFIG_HOME": ""})


@pytest.fixture
def brush(monkeypatch: pytest.MonkeyPatch) -> Iterator[Brush]:
    """A third-size frame on a display that nobody sees."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    ours = not pygame.display.get_surface()
    if ours:
        pygame.display.init()
        pygame.display.set_mode((640, 360))
    view = View(pygame.Surface((640, 360)))
    yield Brush(view, Art(1 / 3), Pen(view))
    if ours:
        pygame.display.quit()


@pytest.mark.parametrize("muted", [False, True])
def test_a_muted_kitchen_says_so_in_words(brush: Brush, muted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    model = kitchen()
    model.setup.muted = muted
    written: dict[str, Box] = {}
    real = Pen.write

    def recording(self: Pen, text: str, *rest: Any, **more: Any) -> Box:
        written[text] = real(self, text, *rest, **more)
        return written[text]

    monkeypatch.setattr(Pen, "write", recording)
    draw_hud(brush, hud_figures(model))
    assert ("Muted" in written) == muted
    if muted:
        x, y, w, h = written["Muted"]
        assert inside(MUTED_SIGN, x, y) and inside(MUTED_SIGN, x + w, y + h)
    (hint,) = (box for text, box in written.items() if text.startswith("1–9"))
    assert ORDER_BUTTON[0] + ORDER_BUTTON[2] < hint[0]
    assert hint[0] + hint[2] < (MUTED_SIGN if muted else UI_BUTTON)[0]
    assert MUTED_SIGN[0] + MUTED_SIGN[2] < UI_BUTTON[0]
