"""Where messages lie."""

from __future__ import annotations

from typing import Any

import pygame
import pytest

from game.drawing.art import Art
from game.drawing.brush import Brush
from game.drawing.text import Pen
from game.drawing.view import View
from game.scene.hud import messages
from game.scene.hud.free_room import SIGNS_TOP, MessageRoom
from game.simulation.order_stream import toggled
from game.simulation.stream_slider import SIGN
from tests.telling import kitchen_with, worker


def test_a_long_message_does_not_lie_over_the_streams_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    model = kitchen_with([worker(1)], [], settle=1.0)
    model.stream = toggled(model.stream)
    model.say("w11.12 was not heard of in time; it lives. Prepare for auto 1777 goes on with w12.14.")
    lefts: list[float] = []

    def shade(view: View, left: float, *rest: Any) -> None:
        lefts.append(left)

    monkeypatch.setattr(messages, "shade", shade)
    view = View(pygame.Surface((960, 540)))
    brush = Brush(view, Art(view.scale), Pen(view))
    messages.draw_messages(brush, messages.message_figures(model), MessageRoom(), SIGNS_TOP)
    assert lefts and min(lefts) >= SIGN[0] + SIGN[2]
