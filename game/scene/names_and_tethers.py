"""Drawing what makes a gopher findable: its name, the tether to its cook, the ring on the floor around it,
the arrow over it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import pygame

from game.api_state.order_names import short_name
from game.api_state.worker_names import slot_of
from game.drawing.art.sprite import convert
from game.drawing.brush import Brush
from game.drawing.kept_pictures import KeptPictures
from game.drawing.label_placement import Label, placed
from game.drawing.picture_limits import RING_BYTES
from game.drawing.shapes import shade
from game.scene.room_figures import Followed, FrameMoment, PlacedCook
from game.simulation.actors import Gopher, Mood, colour_of
from game.simulation.detail_levels import LINES_TO_COOKS, NAMES
from game.simulation.motion import clamp
from game.theme import CREAM, GLOW, INK, NIGHT, SIZE_LEAST, SIZE_SMALL, Colour

TETHER = tuple((n / 12, math.sin(math.pi * n / 12)) for n in range(13))
"""Its points: how far along each is, and which part of the sag it hangs down."""
LONGEST_NAME = 210.0
LONGEST_OWN = 360.0
"""Whoever typed a name here sees all of it: 24 characters, unless they are wide ones."""


def caption(gopher: Gopher) -> str:
    """What a gopher is called: its customer's name, else what is short of the order's id."""
    return short_name(gopher.id, gopher.order.customer)


def draw_tethers(
    brush: Brush, gophers: Iterable[Gopher], cooks: Mapping[int, PlacedCook], moment: FrameMoment
) -> None:
    """The lines from gophers to their cooks."""
    for gopher in gophers:
        placed = cooks.get(slot_of(gopher.order.worker or "") or 0)
        if placed is not None:
            draw_tether(brush, gopher, placed, moment)


def draw_tether(brush: Brush, gopher: Gopher, placed: PlacedCook, moment: FrameMoment) -> None:
    """A slack line from an order to the cook who works on it, in the cook's colour."""
    cook, spot = placed
    if (
        not (cook.living and cook.holds(gopher.order.worker))
        or gopher.mood not in (Mood.WORKED, Mood.WALK)
        or gopher.hop is not None
        or gopher.delivered
    ):
        return
    x0, y0 = gopher.body.x, gopher.body.y - 6.0
    x1, y1 = spot.x, spot.y - spot.height * 0.97
    sag = 10.0 + (0.0 if moment.calm else 6.0 * math.sin(moment.now * 1.7 + gopher.phase * 6.28))
    dx, dy = x1 - x0, y1 - y0
    points = [(x0 + dx * t, y0 + dy * t + slack * sag) for t, slack in TETHER]
    brush.line(points, INK, 6.0)
    brush.line(points, colour_of(gopher.order.worker or ""), 3.4)


_ovals: KeptPictures[pygame.Surface] = KeptPictures(RING_BYTES)


def _oval(width: int, height: int, rim: int, colour: Colour, edge: Colour) -> pygame.Surface:
    """An ellipse's outline in `colour` between two thin ones in `edge`; display pixels. Not to be changed."""
    large = pygame.Surface((3 * width, 3 * height), pygame.SRCALPHA)
    large.fill((*edge, 0))
    box = large.get_rect()
    pygame.draw.ellipse(large, (*colour, 70), box)
    pygame.draw.ellipse(large, edge, box, 3 * rim + 6)
    pygame.draw.ellipse(large, colour, box.inflate(-6, -6), 3 * rim)
    return convert(pygame.transform.smoothscale(large, (width, height)))


def draw_ring(brush: Brush, gopher: Gopher) -> None:
    """The ring on the floor around somebody who is followed; collected like a sprite."""
    wide = brush.view.px(gopher.height * 0.92)
    high, rim = max(4, round(wide * 0.36)), brush.view.px(5.0 * brush.view.access.rim)
    colour, edge = brush.view.access.shown(GLOW), brush.view.access.shown(INK)
    shape = wide, high, rim, colour, edge
    surface = _ovals.get_or_make(shape, lambda: _oval(*shape))
    x, y = brush.pos(gopher.body.x, gopher.body.y - gopher.height * 0.02)
    brush.blits.append((surface, (x - wide // 2, y - high // 2)))


def _above(gopher: Gopher) -> float:
    return gopher.body.y - gopher.lift - gopher.height * 1.04


def _labels(
    brush: Brush, cast: Iterable[Gopher], followed: Followed, crowded: bool, high: float
) -> list[Label]:
    labels = []
    for gopher in cast:
        wide = brush.pen.measure(caption(gopher), _size(gopher), face="bold")[0]
        wide = min(wide, brush.pen.pitch(LONGEST_OWN if gopher.own else LONGEST_NAME)) + 24
        important = float(gopher.id == followed.hover), float(gopher.id == followed.card), float(gopher.own)
        x = clamp(gopher.body.x, wide / 2 + 8, 1912 - wide / 2)
        crest = 1.2 * arrow_size(gopher, crowded and gopher.id in followed.gophers)
        labels.append(Label(gopher.id, x, _above(gopher) - high, wide, (*important, gopher.body.y), crest))
    return labels


def _size(gopher: Gopher) -> float:
    return SIZE_SMALL if gopher.own else SIZE_LEAST


def draw_names(brush: Brush, gophers: Mapping[str, Gopher], followed: Followed, moment: FrameMoment) -> None:
    """The names over the heads of a few, and of those who are followed; an own order's on paper."""
    crowded = len(gophers) > LINES_TO_COOKS
    named = gophers if len(gophers) <= NAMES else followed.gophers
    cast = {g.id: g for g in named.values() if g.mood is not Mood.LEAVE or g.own}
    high = brush.pen.pitch(34.0)
    labels = _labels(brush, cast.values(), followed, crowded, high)
    tops = placed(labels, high)
    for label in labels:
        if label.key not in tops:
            continue
        gopher, own = cast[label.key], cast[label.key].own
        x, y = label.x + brush.dx, tops[label.key] + brush.dy
        shade(
            brush.view, x - label.width / 2, y, label.width, high, CREAM if own else NIGHT,
            240 if own else 190, high / 2,
        )  # fmt: skip
        brush.pen.write(
            caption(gopher), x, y + high / 2, _size(gopher), INK if own else CREAM, face="bold",
            anchor="center", max_width=label.width - 20,
        )  # fmt: skip
        _arrow(
            brush,
            gopher,
            arrow_size(gopher, crowded and label.key in followed.gophers),
            tops[label.key],
            moment,
        )
    brush.flush()


def arrow_size(gopher: Gopher, pointed_out: bool) -> float:
    """How high the arrow over it is: large for a while over one's own, smaller where it is `pointed_out`
    among others; 0 for none.
    """
    if gopher.arrow > 0:
        return 72.0
    return 44.0 if pointed_out else 0.0


def _arrow(brush: Brush, gopher: Gopher, size: float, top: float, moment: FrameMoment) -> None:
    """The arrow that says: here, this one."""
    if size:
        bounce = 0.0 if moment.calm else 0.2 * size * abs(math.sin(moment.now * 5.0))
        brush.sprite(brush.art.prop("arrow", size), gopher.body.x, top - size * 0.55 - bounce)
