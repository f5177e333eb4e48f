"""The config's table of keys: checked for clashes and unknown names, in force, and in the help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api_stub.checkpoint.files import ConfigError, load
from api_stub.checkpoint.switching import view
from api_stub.schema import Checkpoint
from api_stub.schema.bindings import DEFAULT_KEYS, FIXED, checked_bindings, table_of
from game.actions import OpenForm, OpenReplay
from game.api_state.news import RecordsSeen
from game.bindings import DEFAULT, LOOK, OR, PAD_BUTTONS, PLAY, bound
from game.inputs import Device, KeyPress
from game.panels.help import HelpPanel
from game.simulation.controls.strip_hints import hint
from game.simulation.update import update
from tests.panelling import texts_of
from tests.running import as_yaml
from tests.telling import kitchen_with, worker


def load_with(directory: Path, table: Any) -> Any:
    file = directory / "x.yaml"
    file.write_text(as_yaml({"checkpoint": "x", "bindings": table}), encoding="utf-8")
    return load(file)


def test_a_table_of_keys_is_told_to_the_window(tmp_path: Path) -> None:
    loaded = load_with(tmp_path, {"J": "replay", "Enter": "order", "k": "order"})
    assert view(loaded).bindings == {"j": "replay", "return": "order", "k": "order"}
    assert view(load_with(tmp_path, {})).bindings == {}


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"j": "replai"}, ["bindings", "'j'", "'replai'", "did you mean 'replay'"]),
        ({"j": "zzz"}, ["'zzz'", "accepted are", "replay"]),
        ({"ä": "replay"}, ["'ä' is no key", "space"]),
        ({"ctrl+k": "replay"}, ["'ctrl+k' is no key"]),
        ({"": "replay"}, ["is no key"]),
        ({"k": "order", "K": "mute"}, ["is there twice", "'order'", "'mute'"]),
        ({"k": "order"}, ["'replay' would have no key", "'k' is given to 'order'"]),
        ({"n": "replay", "k": "order", "h": "mute"}, ["'help' would have no key"]),
        ({"1": "order"}, ["'1' stays what it is"]),
        ({"Escape": "order"}, ["'Escape' stays what it is"]),
        ({"f7": "order"}, ["'f7' stays what it is"]),
        ({"f1": "order"}, ["'f1' stays what it is"]),
        ({"j": "leave"}, ["'leave'", "no action"]),
        ({"j": "cook"}, ["'cook'", "no action"]),
        ({"j": 5}, ["bindings.j", "5"]),
        ([], ["bindings"]),
        ({chr(97 + n % 26) * (1 + n // 26): "order" for n in range(60)}, ["bindings"]),
    ],
)
def test_clashes_and_unknown_names_are_told(tmp_path: Path, table: Any, words: list[str]) -> None:
    with pytest.raises(ConfigError) as told:
        load_with(tmp_path, table)
    for word in words:
        assert word in str(told.value)


def test_two_keys_may_change_places() -> None:
    assert checked_bindings({"n": "replay", "k": "order"}) == {"n": "replay", "k": "order"}


def test_what_the_help_names_is_what_the_keys_do() -> None:
    named = {(action, keys) for row in (*PLAY, *LOOK) for action, keys in row.does}
    assert named == {item for item in DEFAULT_KEYS.items() if item[0] != "leave"}
    assert DEFAULT.actions == table_of({}) and DEFAULT.play == PLAY and DEFAULT.look == LOOK
    assert set(PAD_BUTTONS.values()) <= set(table_of({}))
    assert FIXED <= set(DEFAULT_KEYS)


def kitchen(**table: str) -> Any:
    model = kitchen_with([worker(1)], settle=1)
    told = Checkpoint(name="x", title="X", slots=1, file="x.yaml", bindings=table)
    update(model, (), (RecordsSeen(checkpoint=told),), 1 / 60)
    return model


def test_the_kitchen_does_what_the_table_says_and_a_gamepad_what_it_always_did() -> None:
    model = kitchen(j="replay", k="order")
    assert update(model, (KeyPress("j"),), (), 1 / 60).wishes == (OpenReplay(),)
    assert update(model, (KeyPress("k"),), (), 1 / 60).wishes == (OpenForm(),)
    assert update(model, (KeyPress("n"),), (), 1 / 60).wishes == (OpenForm(),)
    pad = KeyPress("k", device=Device.GAMEPAD)
    assert update(model, (pad,), (), 1 / 60).wishes == (OpenReplay(),)


def test_the_help_is_printed_from_the_table() -> None:
    keys = bound({"j": "replay", "k": "order", "return": "round"})
    rows = {row.words: row.caps for row in keys.play}
    assert rows["order a pizza"] == ("N", OR, "K")
    assert rows["the last kill again, in slow motion"] == ("J",)
    written = [text for text, _, _ in texts_of(HelpPanel(kiosk=False, bindings=keys))]
    assert "J" in written and "Enter" in written
    assert keys.cap("replay") == "J" and keys.cap("round") == "G" and keys.cap("slower") == "−"


def test_a_row_of_several_keys_keeps_the_others() -> None:
    keys = bound({"left": "round", "q": "line back"})
    (row,) = (row for row in keys.look if "line on" in dict(row.does))
    assert row.caps == ("Right", OR, "L", OR, "Q")


def test_what_this_window_does_not_know_is_left_out() -> None:
    """A newer API may name an action of a newer window."""
    assert bound({"j": "somersault"}) == DEFAULT


def test_hints_are_for_the_device_that_was_used_last() -> None:
    told = {(device, kiosk): hint(device, kiosk, DEFAULT) for device in Device for kiosk in (False, True)}
    for kiosk in (False, True):
        assert "tap a cook" in told[Device.TOUCH, kiosk]
        assert "stick" in told[Device.GAMEPAD, kiosk] and "tap" not in told[Device.GAMEPAD, kiosk]
        assert "1–9" in told[Device.KEYBOARD, kiosk]
    assert "click" in told[Device.MOUSE, True]
