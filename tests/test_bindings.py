"""The config's table of keys: checked for clashes and unknown names, in force, and in the help."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api_stub.checkpoint.files import ConfigError, load
from api_stub.checkpoint.switching import view
from api_stub.schema import AttractSettings, Checkpoint, Kiosk
from api_stub.schema.default_keys import DEFAULT_KEYS, FIXED, checked_bindings, table_of
from game.actions import OpenBug, OpenFailures, OpenForm, OpenReplay, Redeploy
from game.api_state.news import RecordsSeen
from game.bindings import DEFAULT, LOOK, NO_ACTION, OR, PAD_BUTTONS, PLAY, bound, in_kiosk
from game.inputs import Device, KeyPress
from game.kiosk.blocked_commands import answered_inside
from game.panels.bug_code import BugSlip
from game.panels.help import HelpPanel
from game.panels.panel import Do, Stay
from game.simulation.controls.key_actions import FAILURES_SHUT
from game.simulation.controls.strip_hints import hint
from game.simulation.update import update
from tests.panelling import keys as press_keys
from tests.panelling import pass_time, texts_of
from tests.running import as_yaml
from tests.telling import kitchen_with, worker
from tests.test_bug_view import challenge


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
    in_table = {item for item in DEFAULT_KEYS.items() if item[0] != "leave"}
    assert named == in_table | {(NO_ACTION, ("up", "down"))}
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


def test_a_kiosks_help_names_no_key_that_is_shut_there_and_what_the_others_do_there() -> None:
    def written(failures_open: bool) -> list[str]:
        panel = HelpPanel(
            kiosk=True, bindings=bound({"j": "failures", "q": "edit"}), failures_open=failures_open
        )
        return [text for text, _, _ in texts_of(panel)]

    told = written(False)
    assert not {"J", "Q", "F", "E", "F11"} & set(told)
    assert not any("browser" in text or "full screen" in text or "failures" in text for text in told)
    assert "an order's history" in told and "G" in told
    assert {"J", "F"} <= set(written(True)) and "F11" not in written(True)
    outside = [text for text, _, _ in texts_of(HelpPanel(kiosk=False))]
    assert {"F", "E", "F11"} <= set(outside)


def test_every_key_that_a_kiosks_help_names_does_something_there() -> None:
    """Nothing that a row promises is refused, or led elsewhere."""
    for failures_open in (False, True):
        help_of = in_kiosk(DEFAULT, failures_open)
        for row in (*help_of.play, *help_of.look):
            for action, keys in row.does:
                model = kitchen()
                model.kiosk.on, model.known = True, replace(model.known, kiosk=settings(failures_open))
                found = update(model, (KeyPress(keys[0]),), (), 1 / 60)
                led = [answered_inside(one, model) for one in found.commands]
                assert FAILURES_SHUT not in [one.text for one in model.notices.messages], action
                assert not any(isinstance(one, OpenBug) for one in led), action


def settings(failures_open: bool) -> Kiosk:
    """What the API tells of a kiosk."""
    attract = AttractSettings(enabled=True, panel_s=12, kill_every_s=(12, 20))
    return Kiosk(on=True, idle_s=45, attract=attract, round_s=60, all_dead_restart_s=10, has_pin=False,
                 failures_open=failures_open)  # fmt: skip


@pytest.mark.parametrize("device", [Device.KEYBOARD, Device.GAMEPAD])
@pytest.mark.parametrize("told", [None, False, True])
def test_where_the_failures_are_shut_their_key_says_so_and_opens_nothing(
    told: bool | None, device: Device
) -> None:
    model = kitchen()
    model.kiosk.on = True
    model.known = replace(model.known, kiosk=None if told is None else settings(told))
    found = update(model, (KeyPress("f", device=device),), (), 1 / 60)
    assert (found.wishes == (OpenFailures(),)) is bool(told)
    assert ([one.text for one in model.notices.messages] == [FAILURES_SHUT]) is not bool(told)
    model.kiosk.on, model.known = False, replace(model.known, kiosk=None)
    assert update(model, (KeyPress("f", device=device),), (), 1 / 60).wishes == (OpenFailures(),)


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


def test_in_a_kiosk_there_is_no_button_that_would_open_an_editor() -> None:
    panel = BugSlip(challenge, art=None, asked=True, closed=True)
    pass_time(panel)
    assert "edit" not in [hit.group for hit in panel.hits]
    assert "Edit" not in {text for text, _, _ in texts_of(panel)}
    assert press_keys(panel, "e") == Stay()
    assert press_keys(panel, "r") == Do((Redeploy(),))
