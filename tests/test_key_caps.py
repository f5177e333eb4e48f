"""The keys to press lie on the cooks while nobody has killed for a while, and cover no name."""

from __future__ import annotations

import pytest

from game.actions import KillWorker, StartWorker
from game.bindings import bound
from game.inputs import Device, KeyPress
from game.scene.room_figures import caps_now, placed_cooks
from game.simulation.controls.app_requests import AppRequests
from game.simulation.controls.chosen_cook import KEPT_S
from game.simulation.controls.dispatch import handle
from game.simulation.display.key_hints import ENTER, QUIET, how, invites, inviting, key_caps, last_kill
from game.simulation.model import Model
from game.simulation.places.cook_spots import CookSpot
from game.simulation.places.stage_places import KitchenLayout
from tests.telling import kitchen_with, staffed, tell, worker
from tests.test_receipt_strip import receipt


def spots(model: Model) -> dict[int, CookSpot]:
    """Where every slot's cook stands."""
    return {slot: model.floor.cook_spot(slot) for slot in model.cooks}


def press(model: Model, *keys: str) -> list[object]:
    """These keys, one after the other; what the application is to do."""
    out = AppRequests()
    for key in keys:
        handle(model, KeyPress(key), out)
    return list(out.commands)


def enter_on(model: Model) -> list[int]:
    """The places with Enter over them."""
    return [cap.slot for cap in caps_now(model, placed_cooks(model)) if cap.text == ENTER]


def staffed_with(slots: int) -> Model:
    """A kitchen of so many cooks."""
    return kitchen_with([worker(n) for n in range(1, slots + 1)], [], settle=2.0)


def test_they_come_after_a_quiet_while_and_go_with_a_kill() -> None:
    assert not invites(QUIET - 0.1, None, kiosk=False)
    assert invites(QUIET, None, kiosk=False)
    assert not invites(100.0, 100.0 - QUIET + 0.1, kiosk=False)
    assert invites(100.0, 100.0 - QUIET, kiosk=False)


def test_a_kiosk_shows_them_from_the_start_and_attract_always() -> None:
    assert invites(0.0, None, kiosk=True)
    assert not invites(50.0, 49.0, kiosk=True)
    assert invites(50.0, 49.0, kiosk=True, attracting=True)


def test_only_a_players_kill_counts() -> None:
    crash = receipt(1, cause="crash", seconds=50.0)
    kill = receipt(2, seconds=10.0)
    assert last_kill(()) is None
    assert last_kill((crash,)) is None
    assert last_kill((kill, crash)) == kill.exit_observed_at.timestamp()
    auto = receipt(3, seconds=90.0, by_house=True)
    assert last_kill((kill, auto)) == kill.exit_observed_at.timestamp() and last_kill((auto,)) is None


def test_the_models_receipts_count_from_when_the_process_died() -> None:
    model = staffed_with(3)
    model.kiosk.on = True
    assert inviting(model)
    model.known = model.known.__class__(receipts=(receipt(1, seconds=0.0),))
    model.time.wall = model.known.receipts[0].exit_observed_at.timestamp() + 3.0
    assert not inviting(model)
    model.time.wall += QUIET
    model.time.real += QUIET
    assert inviting(model)


@pytest.mark.parametrize("slots", [1, 5, 9, 14, 18])
def test_a_cap_is_its_cooks_own_key_over_its_hat(slots: int) -> None:
    model = staffed_with(slots)
    caps = key_caps(model.cooks, spots(model), Device.KEYBOARD, 0.0, True)
    assert [cap.text for cap in caps] == [str(n) for n in range(1, min(slots, 9) + 1)]
    for cap in caps:
        spot = spots(model)[cap.slot]
        top, bottom = cap.y - cap.side / 2, cap.y + cap.side / 2
        # Over the hat, which is a third of a cook: below the names of those on the floor, above its face.
        assert top >= spot.y - spot.height - 12
        assert bottom <= spot.y - 0.6 * spot.height
        assert abs(cap.x - spot.x) < 1 and cap.side <= spot.room
    for one, other in zip(caps, caps[1:], strict=False):
        assert other.x - one.x >= one.side


def test_a_cap_covers_nobody_on_the_floor() -> None:
    layout = KitchenLayout()
    for slots in range(1, 10):
        model = staffed_with(slots)
        for cap in key_caps(model.cooks, spots(model), Device.KEYBOARD, 0.0, True):
            assert cap.y - cap.side / 2 >= layout.front


def test_the_dead_have_none() -> None:
    model = staffed_with(3)
    model.cooks[2].phase = model.cooks[2].phase.__class__("ghost")
    caps = key_caps(model.cooks, spots(model), Device.KEYBOARD, 0.0, True)
    assert [cap.slot for cap in caps] == [1, 3]


def test_on_a_touch_screen_a_hand_taps() -> None:
    model = staffed_with(3)
    assert {cap.text for cap in key_caps(model.cooks, spots(model), Device.TOUCH, 0.0, True)} == {""}
    assert "tap" in how(Device.TOUCH) and "number" in how(Device.KEYBOARD)
    assert len({how(device) for device in (Device.TOUCH, Device.KEYBOARD, Device.GAMEPAD)}) == 3


def test_one_is_pressed_at_a_time_and_slower_than_three_times_a_second() -> None:
    model = staffed_with(4)
    seen: list[int] = []
    for frame in range(600):
        down = [
            c.slot
            for c in key_caps(model.cooks, spots(model), Device.KEYBOARD, frame / 60, False)
            if c.pressed
        ]
        assert len(down) <= 1
        if down and (not seen or seen[-1] != down[0]):
            seen.append(down[0])
    assert seen[:4] == [1, 2, 3, 4]
    assert len(seen) / 10 < 3
    calm = key_caps(model.cooks, spots(model), Device.KEYBOARD, 0.1, True)
    assert not any(cap.pressed for cap in calm)


def test_arrows_choose_any_cook_and_enter_kills_or_starts_it() -> None:
    model = staffed_with(12)
    assert press(model, "return") == [] and enter_on(model) == [], "nobody is chosen"
    press(model, *["down"] * 11)
    assert enter_on(model) == [11]
    assert press(model, "down", "return") == [KillWorker(12)]
    assert press(model, "return") == [], "one kill a worker's life"
    press(model, "down")
    assert enter_on(model) == [1], "round again"
    press(model, "up", "up")
    assert enter_on(model) == [11]
    tell(model, staffed(*[worker(n) for n in range(1, 11)], worker(11, state="dead"), worker(12)))
    assert not model.cooks[11].living and enter_on(model) == [11]
    assert press(model, "return") == [StartWorker(11)]


def test_up_begins_at_the_last_one_and_nobody_stays_chosen_for_long() -> None:
    model = staffed_with(3)
    press(model, "up")
    assert enter_on(model) == [3]
    model.time.real += KEPT_S
    assert enter_on(model) == [] and press(model, "return") == []
    press(model, "down")
    assert enter_on(model) == [1]


def test_keys_that_a_config_has_given_away_choose_nobody() -> None:
    model = staffed_with(3)
    model.setup.bindings = bound({"down": "help", "return": "round"})
    press(model, "down")
    assert enter_on(model) == []
    press(model, "up")
    assert enter_on(model) == [3] and press(model, "return") != [KillWorker(3)]
    (row,) = [row for row in model.setup.bindings.play if row.caps == ("Up",)]
    assert row.words.startswith("choose a cook")
    none = bound({"down": "help", "up": "round"})
    assert not [row for row in none.play if row.words.startswith("choose a cook")]


def test_a_cap_with_enter_lies_in_place_of_the_number() -> None:
    model = staffed_with(3)
    model.kiosk.on = True
    press(model, "down")
    assert [cap.text for cap in caps_now(model, placed_cooks(model))] == ["2", "3", ENTER]
