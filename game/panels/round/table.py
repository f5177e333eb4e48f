"""The table of rounds: today's and the booth's best, and the one that was just played."""

from __future__ import annotations

from collections.abc import Sequence

from api_stub.schema import Round, RoundTable
from game.geometry import Box
from game.panels.widgets import PAPER_LIT, PanelPainter
from game.theme import GLOW, INK, INK_SOFT, SIZE_BODY, SIZE_HEAD, SIZE_LEAST

SHOWN = 7
ROW = 52.0
NOBODY = "—"


def rows_of(rounds: Sequence[Round], own: int) -> list[tuple[int, Round]]:
    """The best with their ranks; round `own` is the last row where it is told of but not among them."""
    ranked = list(enumerate(rounds, 1))
    rows = ranked[:SHOWN]
    mine = next((row for row in ranked[SHOWN:] if row[1].n == own), None)
    return [*rows[:-1], mine] if mine is not None else rows


def draw_columns(painter: PanelPainter, table: RoundTable | None, own: int, left: Box, right: Box) -> None:
    """Two lists side by side; the row of round `own` is marked."""
    _column(painter, "Today", table.today if table else (), own, left)
    _column(painter, "This booth", table.all_time if table else (), own, right)


def _column(painter: PanelPainter, title: str, rounds: Sequence[Round], own: int, box: Box) -> None:
    x, y, w, _ = box
    painter.text(title, x, y + 18, SIZE_HEAD, face="display", anchor="midleft", max_width=w - 300)
    painter.text("at risk", x + w - 110, y + 22, SIZE_LEAST, INK_SOFT, anchor="midright")
    painter.text("kills", x + w - 16, y + 22, SIZE_LEAST, INK_SOFT, anchor="midright")
    y += 52
    if not rounds:
        painter.text(
            "Nobody yet", x + 14, y + ROW / 2, SIZE_BODY, INK_SOFT, anchor="midleft", max_width=w - 28
        )
    for n, (rank, one) in enumerate(rows_of(rounds, own)):
        mine = one.n == own
        if mine or n % 2 == 0:
            painter.box((x, y, w, ROW - 4), GLOW if mine else PAPER_LIT, 12, INK if mine else None)
        middle = y + ROW / 2 - 3
        painter.text(f"{rank}", x + 44, middle, SIZE_BODY, INK_SOFT, anchor="midright", tabular=True)
        name = one.name or NOBODY
        painter.text(name, x + 62, middle, SIZE_BODY, face="bold", anchor="midleft", max_width=w - 290)
        painter.text(
            f"{one.at_risk}", x + w - 110, middle, SIZE_BODY, face="bold", anchor="midright", tabular=True,
            max_width=100,
        )  # fmt: skip
        painter.text(
            f"{one.kills}", x + w - 16, middle, SIZE_BODY, anchor="midright", tabular=True, max_width=80
        )
        y += ROW
