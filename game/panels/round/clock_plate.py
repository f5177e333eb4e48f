"""A round that is on: its clock beside the kitchen, kills, pizzas at risk, takeovers, and what is lost."""

from __future__ import annotations

from game.geometry import Box
from game.panels.widgets import Easel
from game.simulation.round import RoundPlay, risk_of
from game.theme import (
    ALARM,
    CREAM,
    GLOW,
    INK,
    NIGHT,
    SIZE_BODY,
    SIZE_HERO,
    SIZE_LEAST,
    SIZE_SMALL,
    SIZE_TITLE,
)

PLATE: Box = (20, 240, 460, 420)
"""Beside the oven, over the bench's wall: nobody walks or works there."""
LAST_KILLS = 2
WARNING_S = 10.0


def draw_plate(easel: Easel, play: RoundPlay) -> None:
    """All of it, as it is told."""
    x, y, w, _ = PLATE
    easel.box(PLATE, NIGHT, 24, GLOW)
    told = play.told
    if told is None:
        easel.text(
            "The round begins …", x + w / 2, y + 60, SIZE_BODY, CREAM, anchor="center", max_width=w - 40
        )
        return
    late = play.left <= WARNING_S
    easel.text(
        f"{play.seconds}", x + 130, y + 66, SIZE_HERO + 16, ALARM if late else GLOW, face="display",
        anchor="center", tabular=True, max_width=200,
    )  # fmt: skip
    easel.text("seconds to", x + 230, y + 50, SIZE_BODY, CREAM, anchor="midleft", max_width=w - 246)
    easel.text(
        "lose a pizza", x + 230, y + 86, SIZE_BODY, CREAM, face="bold", anchor="midleft", max_width=w - 246
    )
    # Time is told by a length too: a number alone is not seen from afar.
    rest = max(0.0, min(1.0, play.left / max(play.length, 1.0)))
    easel.box((x + 24, y + 126, w - 48, 14), INK, 7)
    if rest > 0.02:
        easel.box((x + 24, y + 126, (w - 48) * rest, 14), ALARM if late else GLOW, 7)
    figures = (
        (told.kills, "kills"),
        (told.at_risk, "at risk"),
        (told.takeovers, "saved"),
        (told.lost, "lost"),
    )
    step = (w - 32) / len(figures)
    for n, (count, word) in enumerate(figures):
        middle = x + 16 + step * (n + 0.5)
        colour = ALARM if word == "lost" and count else GLOW if word == "lost" else CREAM
        easel.text(
            f"{count}", middle, y + 188, SIZE_TITLE, colour, face="display", anchor="center", tabular=True,
            max_width=step - 6,
        )  # fmt: skip
        easel.text(word, middle, y + 230, SIZE_SMALL, colour, anchor="center", max_width=step - 6)
    top = y + 264
    if not told.kill_list:
        easel.text(
            "Kill a cook: press its number, or it", x + 24, top + 22, SIZE_SMALL, CREAM, anchor="midleft",
            max_width=w - 48,
        )  # fmt: skip
    for kill in reversed(told.kill_list[-LAST_KILLS:]):
        easel.text(
            f"{kill.worker} killed", x + 24, top + 16, SIZE_SMALL, GLOW, face="bold", anchor="midleft",
            max_width=w - 48,
        )  # fmt: skip
        easel.text(risk_of(kill), x + 24, top + 46, SIZE_SMALL, CREAM, anchor="midleft", max_width=w - 48)
        top += 66
    easel.text("Esc ends it", x + w - 24, y + PLATE[3] - 16, SIZE_LEAST, CREAM, anchor="midright")
