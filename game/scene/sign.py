"""Drawing the stream's sign: pause and go on, the slider, and the rate beside it."""

from __future__ import annotations

from game.dial import KNOB, SIGN, SWITCH, TRACK, knob_x, on_track, state_text
from game.layout import inside
from game.model import Model
from game.panels.paper import edged_box, fill_box
from game.scene.brush import Brush
from game.theme import BASIL, CREAM, GLOW, INK, NIGHT, SIZE_BODY, SIZE_LEAST, WOOD, WOOD_DARK


def draw_sign(brush: Brush, model: Model) -> None:
    """The sign, where a stream is configured or was switched on."""
    stream = model.stream
    if not stream.shown:
        return
    view, pen = brush.view, brush.pen
    edged_box(view, SIGN, WOOD_DARK, INK, 18, 3)
    _switch(brush, model)
    x, y, w, h = TRACK
    text = state_text(stream, model.open_everywhere, model.real)
    used = pen.write("Stream", x, y - 22, SIZE_LEAST, CREAM, anchor="midleft")[2]
    pen.write(
        text, x + w, y - 22, SIZE_BODY, GLOW if stream.running else CREAM, face="bold", anchor="midright",
        max_width=w - used - 12, tabular=True,
    )  # fmt: skip
    middle, at = y + h / 2, knob_x(stream.per_minute)
    fill_box(view, (x, middle - 5, w, 10), INK, 5)
    fill_box(view, (x, middle - 5, max(10.0, at - x), 10), GLOW if stream.running else WOOD, 5)
    hot = model.dragging or on_track(*model.pointer)
    size = KNOB + (3 if hot else 0)
    brush.disc(at, middle, size, CREAM if hot else GLOW, INK)
    brush.flush()


def _switch(brush: Brush, model: Model) -> None:
    view = brush.view
    hot = inside(SWITCH, *model.pointer)
    running = model.stream.running
    edged_box(view, SWITCH, CREAM if hot else BASIL if running else NIGHT, INK, 14, 3)
    x, y, w, h = SWITCH
    colour = INK if hot else CREAM
    if running:
        for n in (0, 1):
            fill_box(view, (x + 20 + 18 * n, y + 19, 11, h - 38), colour, 3)
        return
    # A triangle of thin columns: no polygon has smooth edges here, and at this size none is needed.
    for n in range(14):
        tall = (h - 32) * (1 - n / 14)
        fill_box(view, (x + 23 + 2 * n, y + h / 2 - tall / 2, 3, tall), colour)
