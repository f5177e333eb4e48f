"""Who is there at a kiosk: idle time, and the input with which somebody takes over. Pure."""

from __future__ import annotations

import pytest

from game.inputs import (
    CloseWindow,
    Device,
    Input,
    KeyPress,
    KeyRelease,
    OtherButton,
    PointerMove,
    PointerPress,
    PointerRelease,
    TextTyped,
    Wheel,
)
from game.kiosk.visitor_presence import MEANT, Presence

N = KeyPress("n"), TextTyped("n"), KeyPress("n", repeat=True), KeyRelease("n")
CLICK = PointerPress(5, 5), PointerMove(6, 6), PointerRelease(6, 6)
FINGER = tuple(kind(5, 5, Device.TOUCH, 3) for kind in (PointerPress, PointerMove, PointerRelease))
PAD = KeyPress("n", device=Device.GAMEPAD), KeyRelease("n", Device.GAMEPAD)


def gone() -> Presence:
    """Nobody has been there for long."""
    presence = Presence()
    assert not presence.later(44.9, 45.0) and presence.later(0.2, 45.0) and presence.away
    return presence


@pytest.mark.parametrize("whole", [N, CLICK, FINGER, PAD, (Wheel(1),)])
def test_the_first_input_takes_over_and_none_of_it_does_anything_else(whole: tuple[Input, ...]) -> None:
    presence = gone()
    assert not any(presence.passes(item) for item in whole)
    assert not presence.away and presence.quiet_s == 0.0
    assert all(presence.passes(item) for item in whole), "the second one is the game's"


def test_another_visitors_input_meanwhile_is_the_games() -> None:
    presence = gone()
    assert not presence.passes(FINGER[0])
    assert presence.passes(KeyPress("1")) and presence.passes(KeyRelease("1"))
    other = PointerPress(9, 9, Device.TOUCH, 4)
    assert presence.passes(other) and not presence.passes(FINGER[2])


def test_a_key_whose_release_was_lost_with_the_focus_works_again() -> None:
    presence = gone()
    assert not presence.passes(KeyPress("n"))
    assert presence.passes(KeyPress("n")) and presence.passes(TextTyped("n"))


def test_what_was_pressed_before_is_let_go_for_whoever_saw_the_press() -> None:
    presence = gone()
    assert presence.passes(KeyRelease("escape")) and presence.passes(PointerRelease(1, 1))
    assert presence.away


def test_a_mouse_that_shakes_is_nobody_and_one_that_is_moved_is_somebody() -> None:
    presence = gone()
    for n in range(200):
        assert not presence.passes(PointerMove(500 + n % 3, 500))
    assert presence.away
    assert not presence.passes(PointerMove(500 + MEANT, 500))
    assert not presence.away


def test_a_key_that_something_leans_on_and_the_system_are_nobody() -> None:
    presence = Presence()
    presence.passes(KeyPress("x"))
    for _ in range(45):
        presence.passes(KeyPress("x", repeat=True))
        presence.later(1.0, 45.0)
    assert presence.away
    assert not presence.passes(KeyPress("x", repeat=True)) and presence.away
    presence.passes(CloseWindow())
    assert presence.away


def test_whoever_plays_is_not_taken_for_gone() -> None:
    presence = Presence()
    for n in range(100):
        assert not presence.later(40.0, 45.0)
        presence.passes(PointerMove(1, n % 2 * MEANT))


@pytest.mark.parametrize(
    "nobody",
    [
        [PointerMove(500 + n % 3, 500) for n in range(90)],
        [PointerMove(1919, 300, Device.GAMEPAD)] * 90,
        [
            PointerPress(5, 5, Device.TOUCH, 1),
            *[PointerMove(5 + n % 4, 5, Device.TOUCH, 1) for n in range(90)],
        ],
    ],
    ids=["a mouse on a table that shakes", "a stick that is stuck", "a bag on the screen"],
)
def test_what_moves_by_itself_keeps_no_visitor_there_and_wakes_nobody(nobody: list[Input]) -> None:
    presence = Presence()
    for item in nobody:
        presence.passes(item)
        presence.later(1.0, 45.0)
    assert presence.away


@pytest.mark.parametrize("device", [Device.MOUSE, Device.GAMEPAD])
def test_a_button_that_does_nothing_hands_over_too(device: Device) -> None:
    presence = gone()
    assert not presence.passes(OtherButton(device)) and not presence.away
