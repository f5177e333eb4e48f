"""What the picture says to do is what the device that was used last has, and what its keys are bound to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from game.bindings import bound
from game.composition import composition_of
from game.inputs import Device
from game.kiosk.attract import AttractCard, words
from game.scene.hud.bottom_strip import strip_buttons, strip_figures
from game.scene.margins import margin_figures, order_words, starting_words
from game.simulation.controls.targets import targets
from game.simulation.display.key_hints import key_caps
from game.simulation.display.portrait_layout import tall_layout
from game.simulation.model import Model
from tests.telling import kitchen_with, worker
from tests.test_display_shapes import apart


def a_kitchen(cooks: int = 3) -> Model:
    """A kiosk's kitchen of so many cooks."""
    model = kitchen_with([worker(n) for n in range(1, cooks + 1)], [], settle=2.0)
    model.kiosk.on = True
    return model


@pytest.mark.parametrize(
    ("device", "text", "most"),
    [
        (Device.KEYBOARD, None, 9),
        (Device.MOUSE, None, 9),
        (Device.TOUCH, "", 14),
        (Device.GAMEPAD, "A", 14),
    ],
)
def test_each_cook_wears_what_that_device_has_for_it(device: Device, text: str | None, most: int) -> None:
    model = a_kitchen(14)
    spots = {slot: model.floor.cook_spot(slot) for slot in model.cooks}
    caps = key_caps(model.cooks, spots, device, 0.0, True)
    assert [cap.text for cap in caps] == [str(n + 1) if text is None else text for n in range(most)]


def test_a_gamepad_is_told_of_its_own_buttons() -> None:
    pad = Device.GAMEPAD
    for said in (order_words(pad, "J"), starting_words(pad)):
        assert "N" not in said and "J" not in said and "Shift" not in said
    assert "Start" in order_words(pad) and "Shift" in starting_words(Device.KEYBOARD)
    assert "Tap" in order_words(Device.TOUCH) and "Tap" in starting_words(Device.TOUCH)


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (1024, 768), (2560, 1080)])
def test_buttons_and_margins_name_the_keys_that_are_bound(size: tuple[int, int]) -> None:
    model = a_kitchen()
    model.setup.composition = composition_of(*size)
    model.setup.bindings = bound({"j": "order", "n": "replay", "k": "help", "h": "mute", "w": "web ui"})
    keys = strip_figures(model).keys
    cap = model.setup.bindings.cap
    assert keys == tuple(cap(one) for one in ("order", "web ui", "help", "mute", "round"))
    assert keys[:1] == ("J",) and margin_figures(model).order_key == "J"
    for device in (Device.KEYBOARD, Device.MOUSE):
        said = words(AttractCard.ORDER, device, None, None, cap("order")).lines[0]
        assert said.startswith("Press J")
        assert order_words(device, cap("order")).startswith("Press J")


@pytest.mark.parametrize("size", [(1080, 1920), (768, 1024), (1080, 2400)])
def test_a_portrait_kiosk_without_sound_can_begin_a_round_by_a_finger(size: tuple[int, int]) -> None:
    model = a_kitchen()
    model.setup = replace(model.setup, composition=composition_of(*size), muted=True)
    assert {"round", "muted", "order", "help", "ui"} <= targets(model).keys()
    strip = tall_layout(model.setup.composition, True, True).strip
    assert strip.round is not None
    boxes = [strip.order, strip.round, strip.muted, strip.ui, strip.help]
    for n, box in enumerate(boxes):
        assert box[2] >= 80 and box[3] >= 80
        assert all(apart(box, other) for other in boxes[n + 1 :])


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920)])
@pytest.mark.parametrize(
    ("device", "order", "play", "help_wide"),
    [
        (Device.KEYBOARD, "N", "G", "H"),
        (Device.MOUSE, "N", "G", "H"),
        (Device.TOUCH, "", "", ""),
        (Device.GAMEPAD, "Start", "R1", "Back"),
    ],
)
def test_buttons_wear_what_that_device_has_for_them(
    device: Device, order: str, play: str, help_wide: str, size: tuple[int, int]
) -> None:
    model = a_kitchen()
    model.setup.composition, model.setup.device = composition_of(*size), device
    worn = {button.words: button for button in strip_buttons(strip_figures(model))}
    assert (worn["Order a pizza"].key, worn["60 seconds"].key) == (order, play)
    assert worn["Help"].brief is (size[0] < size[1]), "a narrow strip has no room for its word"
    assert worn["Help"].key == ("?" if worn["Help"].brief and len(help_wide) != 1 else help_wide)
