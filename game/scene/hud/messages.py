"""Drawing what somebody is told just now: messages that come and go, and how long Esc has been held."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from game.drawing.brush import Brush
from game.drawing.shapes import shade
from game.scene.hud.fitted_lines import fitted_lines
from game.scene.hud.free_room import LOWEST, MessageRoom
from game.simulation.controls.hold_to_leave import HOLD_TO_LEAVE
from game.simulation.messages import Message
from game.simulation.model import Model
from game.simulation.motion import clamp, ease_out
from game.simulation.stream_slider import SIGN as STREAM
from game.theme import BASIL, CANVAS, CREAM, DUSK, GLOW, INK, SIZE_BODY, SIZE_LEAST, SIZE_TITLE, TOMATO

CALM_SIGNS = frozenset({"heartbeat", "paused", "cancelled", "retry"})
"""Messages that are neither good nor bad news."""
LEAST_BESIDE = 500.0
"""Where there is less room for a message than this beside the stream's sign, it lies over that."""
MARK = 38.0
"""Room for a message's sign: what it is about is never said by colour alone."""


@dataclass(frozen=True)
class MessageFigures:
    """What is told in a frame."""

    messages: Sequence[Message]
    slider: bool
    """Whether the stream's slider is there, which no message may cover."""
    calm: bool
    escape_held: float | None
    """For how long Esc has been down, seconds; None: it is up, or nothing comes of it."""


def message_figures(model: Model) -> MessageFigures:
    """What is told now; while nobody is there, nothing is: that is for whoever plays."""
    messages = () if model.kiosk.attracting else model.notices.messages
    return MessageFigures(messages, model.stream.shown, model.setup.access.calm, model.kiosk.escape_held)


def draw_messages(brush: Brush, figures: MessageFigures, at: MessageRoom, top: float) -> None:
    """What somebody is told just now, from `top` down where there is room for it, and the ring over that."""
    lowest = top >= LOWEST
    if not lowest:
        at = at.within(at.wide, brush.view.access.large)
    # At the lower edge there is room for one, in one line.
    for message in figures.messages[-1:] if lowest else figures.messages:
        top += _message(brush, message, figures, at, top, lowest) + 8
    held = figures.escape_held
    if held is not None and held >= 0.25:
        _ring(brush, held)


def _message(
    brush: Brush, message: Message, figures: MessageFigures, at: MessageRoom, y: float, lowest: bool
) -> float:
    """One message from y down, `lowest`: in one line at the lower edge; its height."""
    pen, x = brush.pen, at.x
    most = min(2 * min(x, CANVAS[0] - x) - 40, at.wide)
    beside = 2 * (x - STREAM[0] - STREAM[2] - 12)
    if figures.slider and beside >= LEAST_BESIDE and y < STREAM[1] + STREAM[3]:
        most = min(most, beside)  # never over the stream's own sign
    wide = min(pen.measure(message.text, SIZE_BODY, face="bold")[0] + 56 + MARK, most)
    width = wide - 40 - MARK
    size, lines = (SIZE_BODY, [message.text]) if lowest else fitted_lines(pen, message.text, width)
    high = pen.pitch(54 + 32 * (len(lines) - 1))
    shown = ease_out(message.age / 0.25) * clamp((message.life - message.age) / 0.3, 0.0, 1.0)
    # It comes from below: above it is what it must not cover.
    top = min(y, CANVAS[1] - 4.0 - high) + (0 if figures.calm else 30 * (1 - shown))
    left, middle = x - wide / 2, top + high / 2
    icon = message.icon or ("delivered" if message.good else "failed")
    fill = BASIL if message.good else DUSK if icon in CALM_SIGNS else TOMATO
    shade(brush.view, left, top, wide, high, fill, 240, 18)
    brush.sprite(brush.art.icon(icon, 34), left + 34, middle)
    brush.flush()
    for n, line in enumerate(lines):
        row = middle + pen.pitch(32 * (n - (len(lines) - 1) / 2))
        pen.write(line, x + MARK / 2, row, size, CREAM, face="bold", anchor="center", max_width=width)
    return high


def _ring(brush: Brush, held: float) -> None:
    """How much of the way to leaving is done."""
    part = clamp(held / HOLD_TO_LEAVE, 0.0, 1.0)
    shade(brush.view, 780, 420, 360, 200, INK, 230, 28)
    points = 48
    for n in range(points):
        angle = math.tau * n / points - math.pi / 2
        done = n / points <= part
        brush.disc(
            960 + 58 * math.cos(angle),
            494 + 58 * math.sin(angle),
            6 if done else 3,
            GLOW if done else CREAM,
            INK,
            1,
        )
    brush.flush()
    brush.pen.write(
        f"{max(0.0, HOLD_TO_LEAVE - held):.0f}", 960, 494, SIZE_TITLE, CREAM, face="display", anchor="center"
    )
    brush.pen.write("hold Esc to leave", 960, 590, SIZE_LEAST + 2, CREAM, anchor="center")
