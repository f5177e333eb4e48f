"""A kiosk with a PIN asks for it also while no API tells that there is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from api_stub.schema import Kiosk
from api_stub.stack import options, programs
from api_stub.stack.start_checks import has_pin
from game.panels.pin_entry import PinPanel
from game.simulation.controls import hold_to_leave
from game.simulation.model_parts import KioskState
from tests.test_kiosk_autopilot import SETTINGS
from tests.test_kiosk_window import Booth, booth, keys

__all__ = ["booth"]


def told(has_pin: bool) -> Kiosk:
    """What the API tells of a kiosk."""
    return SETTINGS.model_copy(update={"has_pin": has_pin})


@pytest.mark.parametrize("begun", [True, False])
def test_what_the_api_tells_goes_before_what_was_known_at_the_start(begun: bool) -> None:
    kiosk = KioskState(True, begun)
    assert hold_to_leave.asks_pin(kiosk, None) is begun
    assert hold_to_leave.asks_pin(kiosk, told(True)) and not hold_to_leave.asks_pin(kiosk, told(False))


@pytest.mark.parametrize("begun", [True, False])
def test_a_window_that_has_heard_of_no_api_is_not_left_without_the_pin(booth: Booth, begun: bool) -> None:
    model = booth.app.model
    model.kiosk.begun_with_pin = begun
    model.known = model.known.__class__()
    booth.hand(keys("escape")[0])
    booth.wait(hold_to_leave.HOLD_TO_LEAVE + 0.5)
    assert booth.app._over is not begun
    assert any(isinstance(panel, PinPanel) for panel in booth.app._panel_stack.panels) is begun


@pytest.mark.parametrize(
    ("text", "pin"),
    [
        ("checkpoint: x\nkiosk: {pin: '2468'}\n", True),
        ("checkpoint: x\n", False),
        ("checkpoint: [", False),
        (None, False),
    ],
)
def test_the_stack_hands_on_that_there_is_one(tmp_path: Path, text: str | None, pin: bool) -> None:
    file = tmp_path / "x.yaml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    assert has_pin(str(file)) is pin
    read = options.read(["--kiosk"], {"DISPLAY": ":0"})
    command = programs.game(read, programs.Addresses("http://a", "t:1", None), pin).command
    assert ("--pin" in command) is pin and "--kiosk" in command and "2468" not in command
