"""Drawing the trail behind an order that hops from a dead cook to another one."""

from __future__ import annotations

from functools import lru_cache

from game.drawing.brush import Brush
from game.simulation.actors import Gopher, colour_of
from game.simulation.motion import clamp, lerp
from game.theme import INK, Colour

SHADES = 4
BEADS = tuple((n / 21, 2.0 + 13.0 * (n / 22) ** 1.3) for n in range(22))
"""A trail's beads: how far along it each is, 0 to 1, and its radius."""
LEAST_TRAIL = 84.0
"""The trail of whoever is smaller is as broad as that: among hundreds it is what one sees of a takeover."""
SMALL_TRAIL = 60.0
"""The trails of smaller gophers have half as many."""


@lru_cache(maxsize=256)
def blend(before: Colour, after: Colour) -> tuple[Colour, ...]:
    """Colours from one to the other in `SHADES` steps: few, so that each bead is drawn once and kept."""
    steps = [n / SHADES for n in range(SHADES + 1)]
    mixed = [[round(lerp(a, b, t)) for a, b in zip(before, after, strict=True)] for t in steps]
    return tuple((red, green, blue) for red, green, blue in mixed)


def draw_trail(brush: Brush, gopher: Gopher, calm: bool = False) -> None:
    """The trail of a hop, from the old cook's colour at its beginning to the new one's at its head; `calm`:
    the whole of it at once.
    """
    hop = gopher.hop
    if hop is None or hop.delay > 0 or hop.arc.t < hop.arc.CROUCH:
        return
    colours = blend(colour_of(hop.before), colour_of(hop.after))
    arc, head = hop.arc, 1.0 if calm else hop.arc.flight
    fade = clamp(1.0 - (arc.t - arc.CROUCH - arc.duration) / 0.35, 0.0, 1.0)
    if fade <= 0.0:
        return
    tail = 0.0 if calm else max(0.0, head - 0.62) if not arc.done else 1.0 - 0.62 * fade
    size, up = fade * max(gopher.height, LEAST_TRAIL) / 130.0, gopher.height * 0.42
    beads = BEADS if gopher.height > SMALL_TRAIL else BEADS[::2]
    flights = [tail + (head - tail) * along for along, _ in beads]
    brush.discs(
        [(x, y - lift - up) for x, y, lift in arc.path(flights)],
        [max(1.5, radius * size) for _, radius in beads],
        [colours[round(flight * SHADES)] for flight in flights],
        INK,
        1.5,
    )
