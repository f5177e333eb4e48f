"""Drawing one order's life: a lane for each stage, bars for attempts, dots for waits, one axis of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from game.panels.order_card.bar_pictures import put_bar
from game.panels.order_card.life import Lane, Life, LifeAttempt
from game.panels.order_card.text import CardText, StageLine, StageState, clock, number_of, seconds
from game.panels.widgets import PAPER_LIT, RULE, PanelPainter
from game.simulation.actors import colour_of
from game.theme import (
    BASIL,
    CREAM,
    INK,
    INK_SOFT,
    PLASTER,
    SIZE_BODY,
    SIZE_LEAST,
    SIZE_SMALL,
    TOMATO,
    WOOD,
    Colour,
    mix,
)

LANE_HIGH = 96.0
BAR_TOP, BAR_HIGH = 57.0, 27.0
AXIS_HIGH = 28.0
LEAST_BAR, LEAST_MARK = 16.0, 9.0
GAP = 3.0
PAD = 8.0

Mark = tuple[LifeAttempt, float, float]
"""An attempt and its place from left to right, in logical pixels."""


def pale(worker: str) -> Colour:
    """A worker's colour as a ground that ink can be read on."""
    return mix(colour_of(worker), CREAM, 0.3)


def places(attempts: Iterable[LifeAttempt], life: Life, left: float, right: float) -> list[Mark]:
    """Where a lane's bars lie: true to time, but none too thin to be seen, and none over another."""
    scale = (right - left) / (life.end - life.start)
    found: list[Mark] = []
    at = left
    for attempt in attempts:
        least = LEAST_BAR if attempt.timed else LEAST_MARK
        end = left + (attempt.end - life.start) * scale
        # A mark stands at the end of the time in which its attempt failed.
        start = left + (attempt.start - life.start) * scale if attempt.timed else end - LEAST_MARK
        start = max(at, start)
        end = max(start + least, end)
        found.append((attempt, start, end))
        at = end + GAP
    # Whoever was pushed over the right edge pushes back.
    edge = right
    for n in range(len(found) - 1, -1, -1):
        attempt, start, end = found[n]
        least = LEAST_BAR if attempt.timed else LEAST_MARK
        end = min(end, edge)
        start = min(start, end - least)
        found[n] = attempt, start, end
        edge = start - GAP
    return found


RAGGED = frozenset({"working", "killed", "unheard"})
"""Fates whose bars are not square at their right end."""


def _fits(painter: PanelPainter, mark: Mark) -> bool:
    """Whether the worker's number has room within its bar."""
    attempt, start, end = mark
    ragged = 13.0 if attempt.fate in RAGGED else 4.0
    wide = painter.pen.measure(number_of(attempt.worker), SIZE_LEAST, face="bold")[0]
    return wide + 2 <= end - start - ragged


def _put_attempt(painter: PanelPainter, mark: Mark, top: float) -> None:
    attempt, start, end = mark
    if not attempt.timed:
        # A notch: that it was is known, and that it failed; not how long it took.
        painter.box((start, top, end - start - 2, BAR_HIGH), TOMATO, 3)
        return
    fill = mix(TOMATO, CREAM, 0.55) if attempt.fate == "failed" else pale(attempt.worker or "")
    edge = TOMATO if attempt.fate in ("killed", "failed") else INK
    put_bar(painter, (start, top, end - start, BAR_HIGH), attempt.fate, fill, edge)
    if _fits(painter, mark):
        ragged = 13.0 if attempt.fate in RAGGED else 4.0
        middle = start + 2 + (end - start - ragged) / 2
        painter.text(
            number_of(attempt.worker), middle, top + BAR_HIGH / 2, SIZE_LEAST, face="bold", anchor="center"
        )


def _dots(painter: PanelPainter, start: float, end: float, middle: float) -> None:
    x = start + 6
    while x + 4 <= end - 4:
        painter.box((x, middle - 2, 5, 5), WOOD, 2.5)
        x += 12


@dataclass(frozen=True)
class _Gap:
    """What lies between two bars; `length` in seconds, `before` and `after` the bars at its ends."""

    start: float
    end: float
    length: float
    before: Mark | None
    after: Mark | None


def _gaps(lane: Lane, marks: list[Mark], life: Life, left: float, right: float) -> list[_Gap]:
    """The gaps of a lane, from when it was due until its end; none before its turn."""
    if lane.due is None:
        return []
    scale = (right - left) / (life.end - life.start)
    found: list[_Gap] = []
    at, since, before = left + (lane.due - life.start) * scale, lane.due, None
    for mark in marks:
        found.append(_Gap(at, mark[1], mark[0].start - since, before, mark))
        at, since, before = mark[2], mark[0].end, mark
    found.append(_Gap(at, left + (lane.until - life.start) * scale, lane.until - since, before, None))
    return found


def _put_gap(painter: PanelPainter, gap: _Gap, top: float) -> None:
    """Dots while nobody worked on it, and how long that was; a thin line where attempts failed."""
    middle = top + BAR_HIGH / 2
    start = gap.start
    if gap.after is not None and not gap.after[0].timed:
        if gap.end > start:
            painter.box((start, middle - 2, gap.end - start, 4), mix(TOMATO, CREAM, 0.45))
        return
    dead = gap.before
    if dead is not None and dead[0].fate == "killed" and not _fits(painter, dead) and gap.end - start >= 34:
        # The bar is too short for the number of who died: it stands beside it.
        number = number_of(dead[0].worker)
        painter.text(number, start + 13, middle, SIZE_LEAST, TOMATO, face="bold", anchor="center")
        start += 22
    if gap.end - start < 14 or gap.length < 0.05:
        return
    text = seconds(datetime.fromtimestamp(0, UTC), datetime.fromtimestamp(gap.length, UTC))
    wide = painter.pen.measure(text, SIZE_LEAST, tabular=True)[0]
    known = (dead is None or dead[0].timed) and (gap.after is None or gap.after[0].timed)
    if not known or gap.end - start < wide + 40:
        _dots(painter, start, gap.end, middle)
        return
    centre = (start + gap.end) / 2
    _dots(painter, start, centre - wide / 2 - 4, middle)
    painter.text(text, centre, middle, SIZE_LEAST, INK_SOFT, anchor="center", tabular=True)
    _dots(painter, centre + wide / 2 + 2, gap.end, middle)


_NEWEST: dict[StageState, Colour] = {"done": BASIL, "stopped": TOMATO}
MOST_CHAIN = 4
"""So many links of a chain of custody are shown, the newest."""
LINK = 13.0
"""The radius of one, whose worker's number stands in it."""


def _draw_chain(painter: PanelPainter, line: StageLine, x: float, y: float, free: float) -> float:
    """Who had the stage before its worker, as far as there is room; where the next one goes."""
    links, step = line.chain[-MOST_CHAIN:], 2 * LINK + 18
    while links and x + step * len(links) + 86 > free:
        links = links[1:]
    for worker in links:
        painter.disc(x + LINK, y, LINK, pale(worker), INK)
        painter.text(number_of(worker), x + LINK, y, SIZE_LEAST, face="bold", anchor="center")
        painter.text("›", x + 2 * LINK + 9, y - 2, SIZE_SMALL, INK_SOFT, face="bold", anchor="center")
        x += step
    return x


_MARKS: dict[StageState, str] = {"waiting": "…", "paused": "II"}


def _draw_words(painter: PanelPainter, line: StageLine, x: float, y: float, right: float) -> None:
    fill = pale(line.worker) if line.worker else PLASTER if line.step in _MARKS else CREAM
    painter.disc(x + 23, y + 25, 23, fill, INK)
    mark = "×" if line.step == "stopped" else line.number or _MARKS.get(line.step, "")
    painter.text(mark, x + 23, y + 25, SIZE_BODY, face="display", anchor="center")
    left = x + 62
    box = painter.text(line.title, left, y - 4, SIZE_BODY, face="bold")
    free = right
    if line.attempts > 0:
        again = line.attempts > 1
        free = painter.text(
            f"attempt {line.attempts}",
            right,
            y + 14,
            SIZE_SMALL,
            TOMATO if again else INK_SOFT,
            face="bold" if again else "text",
            anchor="midright",
            tabular=True,
        )[0]
        # The box is where it was drawn: with the sheet, on its way in.
        free -= painter.moved((0, 0, 0, 0))[0]
    if line.worker:
        at = _draw_chain(painter, line, left + box[2] + 16, y + 14, free)
        wide = min(painter.pen.measure(line.worker, SIZE_SMALL, face="bold")[0], free - 42 - at)
        painter.box((at, y - 3, wide + 26, 34), pale(line.worker), 17, INK, 2)
        painter.text(
            line.worker, at + 13, y + 14, SIZE_SMALL, face="bold", anchor="midleft", max_width=wide + 2
        )
    painter.text(
        line.times,
        left,
        y + 27,
        SIZE_LEAST,
        _NEWEST.get(line.step, INK_SOFT),
        tabular=True,
        max_width=right - left,
    )


def draw_life(
    painter: PanelPainter, shown: CardText, life: Life | None, x: float, y: float, wide: float
) -> float:
    """Draw the three lanes and the axis from (x, y) down; returns where they end."""
    right = x + wide
    lanes = {lane.stage: lane for lane in life.lanes} if life else {}
    for line in shown.stages:
        _draw_words(painter, line, x, y, right)
        top = y + BAR_TOP
        lane = lanes.get(line.stage)
        begun = lane is not None and lane.due is not None
        painter.box((x, top - 3, wide, BAR_HIGH + 6), PAPER_LIT, 8, RULE if begun else PAPER_LIT, 2)
        if life is not None and lane is not None:
            inner = x + PAD, right - PAD
            marks = places(lane.attempts, life, *inner)
            for gap in _gaps(lane, marks, life, *inner):
                _put_gap(painter, gap, top)
            for mark in marks:
                _put_attempt(painter, mark, top)
        y += LANE_HIGH
    if life is not None:
        _draw_axis(painter, shown, life, x, y, right)
        y += AXIS_HIGH
    return y


def _draw_axis(painter: PanelPainter, shown: CardText, life: Life, x: float, y: float, right: float) -> None:
    begin, end = (datetime.fromtimestamp(at, UTC) for at in (life.start, life.end))
    painter.text(f"{clock(begin)} ordered", x + 2, y - 1, SIZE_LEAST, INK_SOFT, tabular=True)
    words = f"{clock(end)} {shown.status.lower() if life.over else 'now'}"
    painter.text(words, right - 2, y - 1, SIZE_LEAST, INK_SOFT, anchor="topright", tabular=True)
    painter.text(
        seconds(begin, end), (x + right) / 2, y - 1, SIZE_LEAST, face="bold", anchor="midtop", tabular=True
    )
