"""Drawing the sign for a checkpoint with a bug to fix: how many orders hang on it, and which key shows it."""

from __future__ import annotations

from dataclasses import dataclass

from game.drawing.brush import Brush
from game.drawing.shapes import edged_box, fill_box
from game.geometry import Box, inside
from game.simulation.model import Model
from game.simulation.stream_slider import bug_sign
from game.theme import CREAM, INK, SIZE_BODY, SIZE_SMALL, TOMATO, WOOD_DARK


def stuck_text(stuck: int) -> str:
    """How many orders hang on the bug."""
    if stuck == 0:
        return "no pizza is stuck"
    return "1 pizza is stuck" if stuck == 1 else f"{stuck:,} pizzas are stuck"


@dataclass(frozen=True)
class BugFigures:
    """What the sign shows in a frame."""

    box: Box
    stuck: int
    """Orders that the bug holds up."""
    broken: bool
    """Whether orders are held up, or the code cannot even be loaded."""
    hot: bool
    """Whether the pointer is on the sign."""


def bug_figures(model: Model) -> BugFigures | None:
    """What the sign shows now; None: there is no bug to fix."""
    challenge = model.known.challenge
    if challenge is None or model.file_to_fix is None:
        return None
    box = bug_sign(model.stream)
    broken = bool(challenge.stuck) or challenge.load_problem is not None
    return BugFigures(box, challenge.stuck, broken, inside(box, *model.pointing.at))


def draw_bug_sign(brush: Brush, figures: BugFigures) -> None:
    """The sign."""
    (x, top, wide, _), hot, broken = figures.box, figures.hot, figures.broken
    text = f"{stuck_text(figures.stuck)}: fix it" if broken else "A bug hides in the code"
    fill = CREAM if hot else TOMATO if broken else WOOD_DARK
    ink = INK if hot else CREAM
    edged_box(brush.view, figures.box, fill, INK, 18, 3)
    fill_box(brush.view, (x + 12, top + 11, 38, 36), ink, 8)
    brush.pen.write("B", x + 31, top + 29, SIZE_SMALL, CREAM if hot else INK, face="bold", anchor="center")
    brush.pen.write(
        text, x + 64, top + 29, SIZE_BODY, ink, face="bold", anchor="midleft", max_width=wide - 76
    )
