"""Drawing the orders: gophers with their pizzas, names, tethers to their cooks, trails of hops."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from game.api_state.conditions import Condition
from game.api_state.worker_names import slot_of
from game.drawing.art import GopherPose, PizzaState
from game.drawing.brush import Brush
from game.scene.crowd.draw import CARRIED, LEAST_CARRIED, LEAST_TOPPED, draw_crowd, load_size
from game.scene.gopher_pictures import GopherPictures
from game.scene.names_and_tethers import draw_ring
from game.scene.room_figures import FloorFigures, FrameMoment
from game.scene.takeover_trails import draw_trail
from game.simulation.actors import Gopher, Mood, colour_of
from game.simulation.detail_levels import FEW, MOST_POPPING_TAGS, MOST_SIGNS
from game.simulation.motion import clamp
from game.theme import INK, WOOD

LEANING = 8.0
LEAST_TURNED = 60.0
"""By more degrees than that nobody leans, but turns: for that a picture is made, where it would be seen."""
LEAST_SWAYING = 50.0
"""Smaller ones fly stiffly: the trail is what is seen of them."""


def blinking(now: float, phase: float) -> bool:
    """Whether somebody with this phase blinks now: for an eighth of a second every few seconds."""
    return (now + phase * 17.0) % (2.6 + 2.4 * phase) < 0.13


def pose_of(gopher: Gopher, now: float) -> GopherPose:
    """The picture of a gopher now."""
    if gopher.lift > 6.0:
        return GopherPose.HAPPY if gopher.mood is Mood.JOY else GopherPose.JUMP
    match gopher.mood:
        case Mood.WALK | Mood.LEAVE:
            return GopherPose.WALK1 if int(gopher.steps) % 2 else GopherPose.WALK2
        case Mood.WORRIED | Mood.SAD:
            return GopherPose.WORRIED
        case Mood.JOY:
            return GopherPose.HAPPY
        case Mood.ASLEEP:
            return GopherPose.ASLEEP
        case _:
            return GopherPose.BLINK if blinking(now, gopher.phase) else GopherPose.IDLE


def bob(gopher: Gopher, now: float) -> float:
    """How far a gopher's steps or work lift it off the floor now, in its heights."""
    if gopher.mood is Mood.WALK or gopher.mood is Mood.LEAVE:
        return 0.07 * abs(math.sin(math.pi * gopher.steps))
    if gopher.mood is Mood.WORKED:
        return 0.022 * abs(math.sin(now * 5.0 + gopher.phase * math.tau))
    return 0.0


def sway(gopher: Gopher, now: float) -> tuple[float, float]:
    """By which part a gopher is taller now, and its tilt in degrees, from what it does."""
    shift = gopher.phase * math.tau
    stretch = clamp(gopher.stretch.value, -0.3, 0.3)
    tilt = 0.0
    breath = 0.018 * math.sin(now * 2.3 + shift)
    match gopher.mood:
        case Mood.WALK | Mood.LEAVE:
            tilt = 5.0 * math.sin(math.pi * gopher.steps) - 4.0 * clamp(gopher.body.vx / 500.0, -1.0, 1.0)
        case Mood.WAIT:
            # Impatient after a while: from one foot to the other.
            tilt = clamp((now - gopher.calm_since - 4.0) / 4.0, 0.0, 1.0) * 4.0 * math.sin(now * 2.1 + shift)
        case Mood.WORKED:
            tilt = 2.0 * math.sin(now * 5.0 + shift)
        case Mood.WORRIED:
            tilt = 2.4 * math.sin(now * 31.0 + shift)
        case Mood.ASLEEP:
            breath = 0.035 * math.sin(now * 1.3 + shift)
        case Mood.HOP if gopher.hop is not None:
            arc = gopher.hop.arc
            stretch += arc.stretch - 1.0
            if not arc.done:
                side = 1.0 if arc.x1 >= arc.x0 else -1.0
                tilt = -side * 16.0 * math.sin(math.pi * arc.flight)
        case _:
            pass
    return stretch + breath, tilt


def _carry(
    brush: Brush,
    pictures: GopherPictures,
    gopher: Gopher,
    paws: tuple[float, float],
    crowded: bool,
) -> None:
    if crowded and gopher.height < LEAST_CARRIED:
        return
    if gopher.condition is Condition.CANCELLED:
        brush.sprite(brush.art.icon(Condition.CANCELLED.value, gopher.height * 0.36), *paws)
        return
    if gopher.condition is Condition.PAUSED:
        # It holds the sign, in both paws.
        draw_sign_up(brush, gopher, paws)
        return
    state = CARRIED[gopher.order.status]
    shown = gopher.height >= LEAST_TOPPED and state in (PizzaState.TOPPED, PizzaState.BAKED)
    size = load_size(gopher.height, state)
    sprite = pictures.pizza(brush.art, gopher.id, state, gopher.order.toppings if shown else (), size)
    if sprite is None:
        return
    brush.sprite(sprite, *paws)


def draw_gopher(
    brush: Brush, gopher: Gopher, pictures: GopherPictures, moment: FrameMoment, fine: bool
) -> None:
    """One gopher with its shadow and what it carries."""
    x, floor = gopher.body.x, gopher.body.y
    now, calm = moment.now, moment.calm
    y = floor - gopher.lift - (0.0 if calm else bob(gopher, now) * gopher.height)
    art = brush.art
    shrunk = clamp(1.0 - gopher.lift / 600.0, 0.45, 1.0)
    figure = pictures.figure(art, gopher.id, pose_of(gopher, now), gopher.height)
    if figure is None:
        return
    brush.sprite(pictures.shadow(art, gopher.height * shrunk), x, floor)
    stretch, tilt = sway(gopher, now) if fine and not calm else (0.0, 0.0)
    turned = abs(tilt) > LEANING and gopher.height >= LEAST_TURNED
    figure = art.transformed(figure, 1.0, 1.0, tilt if turned else 0.0, gopher.left)
    paws = brush.figure(figure, x, y, stretch, 0.0 if turned else tilt)
    _carry(brush, pictures, gopher, paws, not fine)
    if fine or gopher.own:
        _signs(brush, gopher, 0.0 if calm else now, x, y)


def _signs(brush: Brush, gopher: Gopher, now: float, x: float, y: float) -> None:
    art, size = brush.art, gopher.height
    if gopher.mood is Mood.WORRIED:
        drop = (now * 1.4 + gopher.phase) % 1.0
        brush.sprite(art.prop("sweat", size * 0.2), x + size * 0.3, y - size * (0.95 - 0.2 * drop))
    elif gopher.mood is Mood.ASLEEP:
        rise = (now * 0.35 + gopher.phase) % 1.0
        brush.sprite(
            art.prop("zzz", size * 0.28),
            # Beside the head: over it is the name.
            x + size * (0.45 + 0.05 * math.sin(now * 2)),
            y - size * (0.5 + 0.28 * rise),
        )
    elif gopher.mood is Mood.SAD or gopher.condition in BESIDE:
        icon = (gopher.condition or Condition.FAILED).value
        brush.sprite(art.icon(icon, max(28.0, size * 0.3)), x + size * 0.34, y - size * 0.86)


BESIDE = frozenset({Condition.CANCELLING, Condition.CODE})
"""What is shown by a sign beside the head, while the gopher carries what it carries."""


def draw_sign_up(brush: Brush, gopher: Gopher, paws: tuple[float, float]) -> None:
    """The sign of somebody who was paused, on a stick that it holds up."""
    x, y = paws
    size, top = gopher.height, y - gopher.height * 0.06
    brush.line([(x, y + size * 0.16), (x, top)], INK, max(4.0, size * 0.05))
    brush.line([(x, y + size * 0.15), (x, top)], WOOD, max(2.0, size * 0.026))
    brush.sprite(brush.art.icon(Condition.PAUSED.value, size * 0.4), x, top - size * 0.02)


LEAST_MARK = 22.0
"""The height of the smallest sign that can be told from another."""


def draw_marks(brush: Brush, marked: Iterable[Gopher]) -> None:
    """In a crowd: a sign over each who is paused, or stuck, or has ended otherwise than delivered."""
    for gopher in sorted(marked, key=lambda g: g.body.y)[-MOST_SIGNS:]:
        condition = gopher.condition
        if condition is None:
            continue
        size = max(LEAST_MARK, gopher.height * 0.36)
        up = gopher.lift + gopher.height * 0.94
        brush.sprite(brush.art.icon(condition.value, size), gopher.body.x, gopher.body.y - up)


def _presence(gopher: Gopher, calm: bool) -> float:
    """How much of somebody who hops is to be seen: with reduced motion it fades here and comes up there."""
    hop = gopher.hop
    if hop is None or not calm or hop.delay > 0:
        return 1.0
    return abs(2.0 * hop.arc.flight - 1.0)


POP_SECONDS = 0.5


def draw_badge(brush: Brush, gopher: Gopher, now: float, crowded: bool = False) -> None:
    """The number of the cook who works on it, on a disc in the cook's colour, at the gopher's feet. It pops
    when it is another cook's than before."""
    worker = gopher.order.worker
    if worker is None or gopher.delivered or gopher.mood is Mood.HOP:
        return
    if gopher.height < 60 and not crowded:
        return
    slot = slot_of(worker)
    pop = clamp((now - gopher.tag_since) / POP_SECONDS, 0.0, 1.0)
    radius = (13.0 if crowded else 15.0) * (1.0 + 0.45 * math.sin(math.pi * pop))
    x, y = gopher.body.x + gopher.height * 0.27, gopher.body.y - gopher.lift - 12.0
    brush.badge(x, y, radius, colour_of(worker), str(slot) if slot else "?")


def draw_gophers(
    brush: Brush, floor: FloorFigures, pictures: GopherPictures, moment: FrameMoment
) -> list[Gopher]:
    """Every order on the floor, from back to front, with what belongs to it; returns those in the air."""
    if len(floor.gophers) <= FEW:
        fliers = _few(brush, floor.gophers.values(), floor.followed, pictures, moment)
        brush.flush()
        return fliers
    # Whom somebody follows stands out of the crowd: over it, in a ring, and not too small.
    followed = [g for g in floor.followed if g.hop is None]
    over = frozenset(map(id, followed))
    fliers = draw_crowd(brush, floor.gophers, pictures, moment, over)
    draw_marks(brush, (g for g in floor.marked if g.hop is None and id(g) not in over))
    for gopher in sorted(followed, key=_nearness):
        draw_ring(brush, gopher)
        draw_gopher(brush, gopher, pictures, moment, fine=True)
    brush.flush()
    _new_tags(brush, floor.tagged, floor.front + 12.0, moment.now)
    return fliers


def _nearness(gopher: Gopher) -> float:
    """By this those in front are drawn last."""
    return gopher.body.y


def _few(
    brush: Brush,
    gophers: Iterable[Gopher],
    followed: Sequence[Gopher],
    pictures: GopherPictures,
    moment: FrameMoment,
) -> list[Gopher]:
    """Those on the floor where they are few; returns those in the air."""
    fliers, ringed = [], set(map(id, followed))
    for gopher in sorted(gophers, key=_nearness):
        if gopher.hop is not None:
            fliers.append(gopher)
            continue
        if id(gopher) in ringed:
            draw_ring(brush, gopher)
        draw_gopher(brush, gopher, pictures, moment, fine=True)
        # With its gopher, so that the next one in front covers it: a tag must not seem another's.
        draw_badge(brush, gopher, moment.now)
    return fliers


def _new_tags(brush: Brush, tagged: Iterable[Gopher], floor: float, now: float) -> None:
    """In a crowd: the tags that have just changed, of those who stand no further down than `floor`."""
    since = now - POP_SECONDS
    popping = (g for g in tagged if g.tag_since > since and g.hop is None and g.body.y <= floor)
    for gopher in sorted(popping, key=_nearness)[-MOST_POPPING_TAGS:]:
        draw_badge(brush, gopher, now, crowded=True)


def draw_fliers(
    brush: Brush, fliers: Sequence[Gopher], pictures: GopherPictures, moment: FrameMoment
) -> None:
    """Those that hop, in front of the cooks."""
    # They are drawn with every squash in a crowd too, as long as they are few and not tiny.
    few = len(fliers) <= FEW
    for gopher in fliers:
        draw_trail(brush, gopher, moment.calm)
        with brush.faded(_presence(gopher, moment.calm)):
            draw_gopher(brush, gopher, pictures, moment, few and gopher.height >= LEAST_SWAYING)
    brush.flush()
