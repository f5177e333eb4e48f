"""A round that is on: its clock beside the kitchen, kills, pizzas at risk, takeovers, and what is lost."""

from __future__ import annotations

from api_stub.schema import Round
from game.geometry import Box
from game.panels.widgets import PanelPainter
from game.simulation.round import RoundPlay, risk_of
from game.theme import (
    ALARM,
    CREAM,
    GLOW,
    INK,
    NIGHT,
    SIZE_BODY,
    SIZE_HERO,
    SIZE_SMALL,
    SIZE_TITLE,
)

PLATE: Box = (20, 250, 690, 236)
"""Over the wall beside the oven: nobody walks or works there."""
FIGURES = 344.0
"""From where on the figures stand, from its left edge."""
LAST_KILLS = 2
WARNING_S = 10.0


def draw_plate(painter: PanelPainter, play: RoundPlay) -> None:
    """All of it, as it is told."""
    x, y, w, _ = PLATE
    painter.box(PLATE, NIGHT, 24, GLOW)
    told = play.told
    if told is None:
        painter.text(
            "The round begins …", x + w / 2, y + 70, SIZE_BODY, CREAM, anchor="center", max_width=w - 40
        )
        return
    late = play.left <= WARNING_S
    painter.text(
        f"{play.seconds}", x + 88, y + 60, SIZE_HERO, ALARM if late else GLOW, face="display",
        anchor="center", tabular=True, max_width=140,
    )  # fmt: skip
    words = FIGURES - 172
    painter.text("seconds to", x + 164, y + 42, SIZE_BODY, CREAM, anchor="midleft", max_width=words)
    painter.text(
        "lose a pizza", x + 164, y + 78, SIZE_BODY, CREAM, face="bold", anchor="midleft", max_width=words
    )
    # Time is told by a length too: a number alone is not seen from afar.
    rest = max(0.0, min(1.0, play.left / max(play.length, 1.0)))
    painter.box((x + 24, y + 122, w - 48, 14), INK, 7)
    if rest > 0.02:
        painter.box((x + 24, y + 122, (w - 48) * rest, 14), ALARM if late else GLOW, 7)
    _draw_figures(painter, told, x + FIGURES, y, w - FIGURES - 12)
    _draw_kills(painter, told, x + 24, y + 148, w - 48)


def _draw_figures(painter: PanelPainter, told: Round, x: float, y: float, wide: float) -> None:
    figures = (
        (told.kills, "kills"),
        (told.at_risk, "at risk"),
        (told.takeovers, "saved"),
        (told.lost, "lost"),
    )
    step = wide / len(figures)
    for n, (count, word) in enumerate(figures):
        middle = x + step * (n + 0.5)
        colour = CREAM if word != "lost" else ALARM if count else GLOW
        painter.text(
            f"{count}", middle, y + 52, SIZE_TITLE, colour, face="display", anchor="center", tabular=True,
            max_width=step - 6,
        )  # fmt: skip
        painter.text(word, middle, y + 92, SIZE_SMALL, colour, anchor="center", max_width=step - 4)


def _draw_kills(painter: PanelPainter, told: Round, x: float, y: float, wide: float) -> None:
    if not told.kill_list:
        told_how = "Kill a cook: press its number, or the cook  ·  Esc ends the round"
        painter.text(told_how, x, y + 36, SIZE_SMALL, CREAM, anchor="midleft", max_width=wide)
    for kill in reversed(told.kill_list[-LAST_KILLS:]):
        painter.text(kill.worker, x, y + 18, SIZE_SMALL, GLOW, face="bold", anchor="midleft", max_width=90)
        painter.text(
            risk_of(kill), x + 100, y + 18, SIZE_SMALL, CREAM, anchor="midleft", max_width=wide - 100
        )
        y += 36
