"""What the next visitor finds at a kiosk: settings of the kiosk's own, no round of somebody else, tables that
have lost nobody.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from api_stub.checkpoint.config import CheckpointConfig
from api_stub.checkpoint.files import LoadedConfig
from api_stub.kiosk import rounds as rounds_module
from api_stub.kiosk.rounds import MAX_TABLE
from api_stub.start_setup import StartSetup
from api_stub.state_files import ROUNDS
from game.accessibility import Access
from game.actions import ResetKiosk, SwitchCheckpoint
from game.api_state.news import KioskResetDone, KioskSeen, WorldSeen
from game.inputs import Device, KeyPress
from game.kiosk.attendant import Attendant
from game.kiosk.local_state import OwnSwitches
from game.scene.cooks import starting
from game.scene.hud.bottom_strip import strip_figures
from game.scene.hud.messages import message_figures
from game.scene.hud.receipt_slips import slip_figures
from game.simulation.model import Model
from game.simulation.model_parts import KioskState
from game.simulation.update import update
from tests.serving import api, kitchen_for
from tests.telling import tell
from tests.test_kiosk import kiosk
from tests.test_kiosk_autopilot import HEALTH, OK, SETTINGS
from tests.test_kiosk_rounds import DAY, Game, receipt
from tests.test_kiosk_window import HOUSE
from tests.test_replay_panel import killed


def test_the_next_visitor_finds_no_round_of_the_last_one() -> None:
    with kiosk() as made:
        assert made.post("/kiosk/rounds").json()["n"] == 1
        made.tell(made.host.ready, made.pid(1))
        made.tell(made.host.ready, made.pid(2))
        assert made.post("/kiosk/reset").json()["not_restored"] == []
        assert made("GET", "/kiosk/rounds").json()["current"]["state"] != "running"
        answer = made.post("/kiosk/rounds")
        assert (answer.status_code, answer.json()["n"]) == (201, 2), answer.text


def test_a_kiosks_settings_are_its_own_whatever_a_visitor_switches_to(tmp_path: Path) -> None:
    with kiosk(pin="2468", idle_s=30.0, round_s=20.0, day_starts_at="04:30") as made:
        kitchen = made.kitchen
        more = {"kiosk": {"idle_s": 99.0}, "failures": {"allowed_in_kiosk": True}}
        other = CheckpointConfig.model_validate({"checkpoint": "other", **more})
        kitchen.put_in_force(LoadedConfig(other, tmp_path / "other.yaml"))
        told = made("GET", "/kiosk").json()
        assert (told["has_pin"], told["idle_s"], told["round_s"]) == (True, 30.0, 20.0)
        assert not told["failures_open"] and not made("GET", "/failures").json()["open"]
        assert made.post("/kiosk/pin", {"pin": "1111"}).json() == {"right": False}
        assert made.post("/kiosk/rounds").json()["left_s"] == 20.0
        assert kitchen.kiosk.totals._starts_at() == "04:30"


def test_an_edit_of_the_kiosks_own_checkpoint_is_what_a_reset_goes_back_to(tmp_path: Path) -> None:
    with kiosk() as made:
        kitchen = made.kitchen
        own = kitchen.home.config
        edited = own.model_copy(
            update={"checkpoint": "renamed", "kiosk": own.kiosk.model_copy(update={"idle_s": 31.0})}
        )
        kitchen.put_in_force(LoadedConfig(edited, kitchen.home.file))
        assert made("GET", "/kiosk").json()["idle_s"] == 31.0
        other = CheckpointConfig.model_validate({"checkpoint": "other"})
        kitchen.put_in_force(LoadedConfig(other, tmp_path / "other.yaml"))
        made.tell(made.host.ready, made.pid(1))
        made.tell(made.host.ready, made.pid(2))
        told = made.post("/kiosk/reset").json()
        assert told["checkpoint"] == "renamed" and "checkpoint" in told["restored"], told


def test_a_full_table_forgets_neither_today_nor_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds_module, "MAX_KEPT", 30)
    game = Game()
    yesterday = DAY - timedelta(days=1)
    for n in range(1, 31):
        started = game.rounds.start("OLD", yesterday, 60.0, 0)
        game.deaths.all.append(receipt(n, True, True))
        game.rounds.name(started.n, None, 0)
    for n in range(31, 72):
        game.play(receipt(n, True), name="ADA")
        table = game.rounds.table(DAY)
        assert len(table.today) == min(n - 30, 30 - MAX_TABLE), "whoever has just played is there"
        assert [told.name for told in table.all_time] == ["OLD"] * MAX_TABLE
    assert len(game.rounds._kept.rounds) == 30


def test_a_round_that_a_full_disk_did_not_take_is_written_when_there_is_room(tmp_path: Path) -> None:
    state = tmp_path / "away"
    with api(kitchen=kitchen_for(start_setup=StartSetup(kiosk=True, state=state))) as made:
        made.post("/kiosk/rounds", {"name": "ada"})
        made.post("/kiosk/rounds/1/finish")
        made.run(made.kitchen.kiosk.count())
        assert any(ROUNDS in one or "No such" in one for one in made("GET", "/healthz").json()["problems"])
        state.mkdir()
        made.run(made.kitchen.kiosk.count())
        assert b"ADA" in (state / ROUNDS).read_bytes()
        assert made("GET", "/healthz").json()["problems"] == []


def test_what_the_window_could_not_put_back_is_tried_again_too() -> None:
    model = Model(kiosk=KioskState(on=True))
    tell(model, WorldSeen(HEALTH, HOUSE), KioskSeen(kiosk=SETTINGS))
    attendant = Attendant(model, OwnSwitches(False, Access()))
    tries = 0
    for _ in range(400):
        model.time.real += 0.25
        steps = attendant.later(0.25, (), (), replays=False)
        for _ in [step for step in steps if isinstance(step, ResetKiosk)]:
            tries += 1
            if tries == 1:
                model.setup.muted = True  # whoever did this
            attendant.hear([KioskResetDone(OK)])
    assert attendant.reset.clean and not model.setup.muted and tries == 2


@pytest.mark.parametrize(
    ("round_s", "words"),
    [(60.0, "60 seconds"), (20.0, "20 seconds"), (90.0, "90 seconds"), (600.0, "10 minutes")],
)
def test_the_button_says_how_long_a_round_is(round_s: float, words: str) -> None:
    model = Model(kiosk=KioskState(on=True))
    assert strip_figures(model).round_words == "60 seconds"
    tell(model, KioskSeen(kiosk=SETTINGS.model_copy(update={"round_s": round_s})))
    assert strip_figures(model).round_words == words


def test_an_empty_place_says_how_to_start_a_cook_on_the_device_that_is_there() -> None:
    words = {device: starting(2, device)[0][0] for device in (None, *Device)}
    assert words == {
        None: "Shift+2: start",
        Device.KEYBOARD: "Shift+2: start",
        Device.MOUSE: "click to start",
        Device.TOUCH: "tap to start",
        Device.GAMEPAD: "A: start",
    }
    assert starting(10, Device.KEYBOARD)[0] == ("arrows: start",), "no key has its number"
    assert starting(10, None)[0] == ("click to start",)


def test_no_message_lies_over_the_rule_while_nobody_is_there() -> None:
    model = Model(kiosk=KioskState(on=True))
    model.say("two attempts were not heard of in time")
    assert len(message_figures(model).messages) == 1
    model.kiosk.attracting = True
    assert not message_figures(model).messages


def test_no_tab_peeps_out_from_under_a_card_while_nobody_is_there() -> None:
    model = killed()
    assert slip_figures(model).tab is not None
    model.kiosk.attracting = True
    assert slip_figures(model).tab is None


def test_a_visitor_is_not_offered_a_checkpoint_that_cannot_be_used() -> None:
    model = Model(kiosk=KioskState(on=True))
    broken = HOUSE.model_copy(update={"name": "2-kubernetes", "problem": "/x.yaml: fleet.hosted_on: …"})
    edited = HOUSE.model_copy(update={"problem": "line 3: …"})
    listed = edited, broken, HOUSE.model_copy(update={"name": "3"})
    model.known = replace(model.known, checkpoints=listed, checkpoint=edited)
    assert [one.name for one in model.checkpoints] == ["1", "3"]
    assert update(model, [KeyPress("f2")], (), 0.01).commands == (SwitchCheckpoint("3"),)
    model.kiosk.on = False
    assert len(model.checkpoints) == 3
