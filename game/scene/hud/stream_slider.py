"""Drawing the stream's sign: pause and go on, the slider, and the rate beside it."""

from __future__ import annotations

from dataclasses import dataclass

from game.drawing.brush import Brush
from game.drawing.shapes import edged_box, fill_box
from game.geometry import inside
from game.simulation.model import Model
from game.simulation.stream_slider import KNOB, SIGN, SWITCH, TRACK, knob_x, on_track, state_text
from game.theme import BASIL, CREAM, GLOW, INK, NIGHT, SIZE_BODY, SIZE_LEAST, WOOD, WOOD_DARK


@dataclass(frozen=True)
class SliderFigures:
    """What the sign shows in a frame: where it is the same, so is its picture."""

    text: str
    running: bool
    knob: float
    """How far the knob is along the groove, logical pixels."""
    hot: bool
    """Whether the pointer is on the slider, or holds it."""
    hot_switch: bool


def slider_figures(model: Model) -> SliderFigures | None:
    """What the sign shows now; None: no stream is configured, nor was one switched on."""
    stream = model.stream
    if not stream.shown:
        return None
    return SliderFigures(
        state_text(stream, model.open_everywhere, model.time.real),
        stream.running,
        round(knob_x(stream.per_minute) - TRACK[0]),
        model.pointing.dragging or on_track(*model.pointing.at),
        inside(SWITCH, *model.pointing.at),
    )


def draw_slider(brush: Brush, shown: SliderFigures) -> None:
    """The sign; painted when it changes."""
    x, y, w, h = SIGN
    brush.kept("stream", shown, (w, h), lambda own: _paint(own, shown), x, y)


def _paint(brush: Brush, shown: SliderFigures) -> None:
    view, pen = brush.view, brush.pen
    edged_box(view, SIGN, WOOD_DARK, INK, 18, 3)
    _switch(brush, shown)
    x, y, w, h = TRACK
    used = pen.write("Stream", x, y - 22, SIZE_LEAST, CREAM, anchor="midleft")[2]
    pen.write(
        shown.text, x + w, y - 22, SIZE_BODY, GLOW if shown.running else CREAM, face="bold",
        anchor="midright", max_width=w - used - 12, tabular=True,
    )  # fmt: skip
    middle, at = y + h / 2, x + shown.knob
    fill_box(view, (x, middle - 5, w, 10), INK, 5)
    fill_box(view, (x, middle - 5, max(10.0, at - x), 10), GLOW if shown.running else WOOD, 5)
    brush.disc(at, middle, KNOB + (3 if shown.hot else 0), CREAM if shown.hot else GLOW, INK)
    brush.flush()


def _switch(brush: Brush, shown: SliderFigures) -> None:
    view, hot, running = brush.view, shown.hot_switch, shown.running
    x, y, w, h = SWITCH
    edged_box(view, SWITCH, CREAM if hot else BASIL if running else NIGHT, INK, 14, 3)
    colour = INK if hot else CREAM
    if running:
        for n in (0, 1):
            fill_box(view, (x + 20 + 18 * n, y + 19, 11, h - 38), colour, 3)
        return
    # A triangle of thin columns: no polygon has smooth edges here, and at this size none is needed.
    for n in range(14):
        tall = (h - 32) * (1 - n / 14)
        fill_box(view, (x + 23 + 2 * n, y + h / 2 - tall / 2, 3, tall), colour)
