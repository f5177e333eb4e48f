"""Drawing what is known of a death, over its ghost: for how long it is dead, for how long its orders wait."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from game.api_state.death_moments import PROCESS_DEAD
from game.drawing.brush import Brush
from game.drawing.shapes import shade
from game.scene.room_figures import FrameMoment, PlacedCook
from game.simulation.actors import Cook, CookPhase
from game.simulation.places.cook_spots import CookSpot
from game.theme import CREAM, GLOW, NIGHT, SIZE_LEAST

LEAST_PLATE = 90.0
"""Narrower plates could not be read, and are left out: a fleet of more than two dozen."""
WIDEST = 308.0
MARGIN = 3.0
LONGEST = 59.9
"""Of all ages the one whose text is the longest, in seconds: words are chosen for it, so that they stay."""

Lines = tuple[str, ...]


def age_text(seconds: float) -> str:
    """An age in few characters: `8 s`, `3 min`, `2 h`."""
    seconds = max(0.0, seconds)
    if seconds < 100:
        return f"{int(seconds)} s"
    return f"{int(seconds // 60)} min" if seconds < 6000 else f"{int(seconds // 3600)} h"


def clock_text(seconds: float) -> str:
    """A clock that runs: to the tenth while that can be seen."""
    return f"+{seconds:.1f} s" if seconds < 60 else f"+{age_text(seconds)}"


def dead_words(seconds: float, ended: str = PROCESS_DEAD) -> tuple[Lines, ...]:
    """For how long it has been so that a process is dead, or whatever else `ended` says; the longest words
    first."""
    clock = clock_text(seconds)
    return (f"{ended} {clock}",), (f"{ended.rpartition(' ')[2]} {clock}",), (clock,)


def takeover_words(cook: Cook, dead_for: float) -> tuple[Lines, ...]:
    """The second clock: running while orders wait for another worker, then standing at what it took. The
    longest words first; none where there is nothing to tell.
    """
    if cook.waiting:
        clock = clock_text(dead_for)
        if not cook.anyone:
            # There is nobody to whom Temporal could give them.
            words = ("its orders wait for a cook", clock), ("waits for a cook", clock)
            return (*words, (f"no cook {clock}",), ("no cook",))
        return ("Temporal takes over …", clock), (f"takeover … {clock}",), ("waiting …",)
    if cook.taken_over is not None:
        took = f"{cook.taken_over:.1f} s"
        return (f"taken over after {took}",), (f"takeover {took}",), (f"took {took}",)
    return ()


def fitting(brush: Brush, choices: Sequence[Lines], width: float) -> int:
    """The number of the first choice whose bold lines are no wider than that; else of the last."""
    for number, lines in enumerate(choices):
        if all(brush.pen.measure(line, SIZE_LEAST, face="bold", tabular=True)[0] <= width for line in lines):
            return number
    return len(choices) - 1


def draw_clocks(brush: Brush, cooks: Iterable[PlacedCook], moment: FrameMoment) -> None:
    """What is known of each death, over the flour and the hat of it."""
    for cook, spot in cooks:
        if cook.phase is CookPhase.GHOST:
            _clocks(brush, cook, spot, moment)


def _clocks(brush: Brush, cook: Cook, spot: CookSpot, moment: FrameMoment) -> None:
    """How long the process is dead, what ended it, and how long its orders wait."""
    wide = min(WIDEST, spot.room - 8.0)
    if wide < LEAST_PLATE:
        return
    inner, dead_for = wide - 2 * MARGIN, max(0.0, moment.real - cook.died_real)
    first = dead_words(dead_for, cook.ended)[fitting(brush, dead_words(LONGEST, cook.ended), inner)]
    # While the API is away nobody tells who took over: that clock stands at when it was last known.
    choices = takeover_words(cook, max(0.0, moment.heard - cook.died_real))
    second = choices[fitting(brush, takeover_words(cook, LONGEST), inner)] if choices else ()
    if not second:
        # Of "it took more memory than its limit (OOMKilled)" the last word is enough.
        of = cook.died_of
        whole = of, of.partition(":")[0], of.rpartition("(")[2].partition(")")[0]
        second = (whole[fitting(brush, [(one,) for one in whole], inner)],)
    lit_lines = bool(choices)
    lines = first + second
    pitch = brush.pen.pitch(29.0)
    high = 8.0 + pitch * len(lines)
    top = spot.y - high
    shade(brush.view, spot.x - wide / 2, top, wide, high, NIGHT, 215, 12)
    for n, line in enumerate(lines):
        lit = lit_lines and n > 0
        brush.pen.write(
            line, spot.x, top + 4 + pitch * (n + 0.5), SIZE_LEAST, GLOW if lit and cook.waiting else CREAM,
            face="bold" if n == 0 or lit else "text", anchor="center", tabular=True, max_width=inner,
        )  # fmt: skip
