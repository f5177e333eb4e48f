"""Drawing the orders: gophers with their pizzas, names, tethers to their cooks, trails of hops."""

from __future__ import annotations

import math
from functools import lru_cache

from game.art import GopherPose, PizzaState, Sprite
from game.layout import cook_spot
from game.model import Gopher, Model, Mood, colour_of, slot_of
from game.motion import clamp, lerp
from game.names import short_name
from game.scene.brush import Brush
from game.scene.crowd import CARRIED, LEAST_CARRIED, draw_crowd, load_size
from game.scene.shades import shade
from game.scene.wardrobe import Wardrobe
from game.theme import CREAM, INK, NIGHT, SIZE_LEAST, SIZE_SMALL, Colour

FINE = 36
"""Up to so many orders each is drawn with every squash and tilt; a crowd only walks and blinks."""
SHADES = 8
BEADS = tuple((n / 21, 2.0 + 13.0 * (n / 22) ** 1.3) for n in range(22))
"""A trail's beads: how far along it each is, 0 to 1, and its radius."""
NAMED = 8
"""Up to so many orders everybody wears a name."""


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


def sway(gopher: Gopher, now: float) -> tuple[float, float, float]:
    """A gopher's stretch in x and y and its tilt in degrees, from what it does."""
    shift = gopher.phase * math.tau
    stretch = clamp(gopher.stretch.value, -0.3, 0.3)
    tilt = 0.0
    breath = 0.018 * math.sin(now * 2.3 + shift)
    match gopher.mood:
        case Mood.WALK | Mood.LEAVE:
            tilt = 5.0 * math.sin(math.pi * gopher.steps) - 4.0 * clamp(gopher.body.vx / 500.0, -1.0, 1.0)
        case Mood.WAIT:
            # Impatient after a while: from one foot to the other.
            tilt = clamp((gopher.calm - 4.0) / 4.0, 0.0, 1.0) * 4.0 * math.sin(now * 2.1 + shift)
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
    tall = 1.0 + stretch + breath
    return 1.0 - 0.6 * stretch - 0.4 * breath, tall, tilt


def _carry(
    brush: Brush,
    wardrobe: Wardrobe,
    gopher: Gopher,
    figure: Sprite,
    feet: tuple[float, float],
    crowded: bool,
) -> None:
    if crowded and gopher.height < LEAST_CARRIED:
        return
    state = CARRIED[gopher.order.status]
    shown = gopher.height >= 60 and state in (PizzaState.TOPPED, PizzaState.BAKED)
    size = load_size(gopher.height, state)
    sprite = wardrobe.pizza(brush.art, gopher.id, state, gopher.order.toppings if shown else (), size)
    if sprite is None:
        return
    scale = brush.view.scale
    hx = feet[0] + (figure.hold[0] - figure.anchor[0]) / scale
    hy = feet[1] + (figure.hold[1] - figure.anchor[1]) / scale
    brush.sprite(sprite, hx, hy)


def draw_gopher(brush: Brush, model: Model, gopher: Gopher, wardrobe: Wardrobe, fine: bool) -> None:
    """One gopher with its shadow and what it carries."""
    x, floor = gopher.body.x, gopher.body.y
    y = floor - gopher.lift - bob(gopher, model.now) * gopher.height
    art = brush.art
    shrunk = clamp(1.0 - gopher.lift / 600.0, 0.45, 1.0)
    figure = wardrobe.figure(art, gopher.id, pose_of(gopher, model.now), gopher.height)
    if figure is None:
        return
    brush.sprite(wardrobe.shadow(art, gopher.height * shrunk), x, floor)
    if fine:
        figure = art.transformed(figure, *sway(gopher, model.now), gopher.left)
    elif gopher.left:
        figure = art.transformed(figure, 1.0, 1.0, 0.0, True)
    brush.sprite(figure, x, y)
    _carry(brush, wardrobe, gopher, figure, (x, y), not fine)
    if fine or gopher.own:
        _signs(brush, model, gopher, x, y)


def _signs(brush: Brush, model: Model, gopher: Gopher, x: float, y: float) -> None:
    art, size, now = brush.art, gopher.height, model.now
    if gopher.mood is Mood.WORRIED:
        drop = (now * 1.4 + gopher.phase) % 1.0
        brush.sprite(art.prop("sweat", size * 0.2), x + size * 0.3, y - size * (0.95 - 0.2 * drop))
    elif gopher.mood is Mood.ASLEEP:
        rise = (now * 0.35 + gopher.phase) % 1.0
        brush.sprite(
            art.prop("zzz", size * 0.28),
            x + size * (0.28 + 0.08 * math.sin(now * 2)),
            y - size * (0.85 + 0.3 * rise),
        )
    elif gopher.mood is Mood.SAD:
        brush.sprite(art.icon("failed", max(28.0, size * 0.28)), x + size * 0.3, y - size * 0.9)


@lru_cache(maxsize=256)
def blend(before: Colour, after: Colour) -> tuple[Colour, ...]:
    """Colours from one to the other in `SHADES` steps: few, so that each bead is drawn once and kept."""
    steps = [n / SHADES for n in range(SHADES + 1)]
    mixed = [[round(lerp(a, b, t)) for a, b in zip(before, after, strict=True)] for t in steps]
    return tuple((red, green, blue) for red, green, blue in mixed)


def draw_trail(brush: Brush, gopher: Gopher) -> None:
    """The trail of a hop, from the old cook's colour at its beginning to the new one's at its head."""
    hop = gopher.hop
    if hop is None or hop.delay > 0 or hop.arc.t < hop.arc.CROUCH:
        return
    colours = blend(colour_of(hop.before), colour_of(hop.after))
    arc, head = hop.arc, hop.arc.flight
    fade = clamp(1.0 - (arc.t - arc.CROUCH - arc.duration) / 0.35, 0.0, 1.0)
    if fade <= 0.0:
        return
    tail = max(0.0, head - 0.62) if not arc.done else 1.0 - 0.62 * fade
    size, up = fade * gopher.height / 130.0, gopher.height * 0.42
    for along, radius in BEADS:
        part = tail + (head - tail) * along
        x, y, lift = arc.at(part)
        brush.disc(x, y - lift - up, max(1.5, radius * size), colours[round(part * SHADES)], INK, 1.5)


def draw_tether(brush: Brush, model: Model, gopher: Gopher) -> None:
    """A slack line from an order to the cook who works on it, in the cook's colour."""
    slot = slot_of(gopher.order.worker or "")
    cook = model.cooks.get(slot) if slot else None
    if (
        cook is None
        or not (cook.living and cook.holds(gopher.order.worker))
        or gopher.mood not in (Mood.WORKED, Mood.WALK)
        or gopher.delivered
    ):
        return

    spot = cook.spot or cook_spot(model.kitchen, cook.slot, model.slots)
    x0, y0 = gopher.body.x, gopher.body.y - 6.0
    x1, y1 = spot.x, spot.y - spot.height * 0.97
    colour = colour_of(gopher.order.worker or "")
    sag = 10.0 + 6.0 * math.sin(model.now * 1.7 + gopher.phase * 6.28)
    points = []
    for n in range(13):
        t = n / 12
        points.append((lerp(x0, x1, t), lerp(y0, y1, t) + math.sin(math.pi * t) * sag))
    brush.line(points, INK, 6.0)
    brush.line(points, colour, 3.4)


POP_SECONDS = 0.5
POPS = 12
"""So many new tags pop up in a crowd at a time, where nobody else wears one."""


def draw_badge(brush: Brush, gopher: Gopher, crowded: bool = False) -> None:
    """The number of the cook who works on it, on a disc in the cook's colour, at the gopher's feet. It pops
    when it is another cook's than before."""
    worker = gopher.order.worker
    if worker is None or gopher.delivered or gopher.mood is Mood.HOP:
        return
    if gopher.height < 60 and not crowded:
        return
    slot = slot_of(worker)
    pop = clamp(gopher.tag / POP_SECONDS, 0.0, 1.0)
    radius = (13.0 if crowded else 15.0) * (1.0 + 0.45 * math.sin(math.pi * pop))
    x, y = gopher.body.x + gopher.height * 0.27, gopher.body.y - gopher.lift - 12.0
    brush.badge(x, y, radius, colour_of(worker), str(slot) if slot else "?")


def caption(gopher: Gopher) -> str:
    """What a gopher is called: its customer's name, else what is short of the order's id."""
    return short_name(gopher.id, gopher.order.customer)


def draw_name(brush: Brush, gopher: Gopher) -> None:
    """The name over a gopher's head; an own order's on paper."""
    text = caption(gopher)
    own = gopher.own
    size = SIZE_SMALL if own else SIZE_LEAST
    width = min(brush.pen.measure(text, size, face="bold")[0], 210.0)
    x = gopher.body.x + brush.dx
    y = gopher.body.y - gopher.lift - gopher.height * 1.04 - 34 + brush.dy
    shade(brush.view, x - width / 2 - 12, y, width + 24, 34, CREAM if own else NIGHT, 240 if own else 190, 17)
    brush.pen.write(
        text, x, y + 17, size, INK if own else CREAM, face="bold", anchor="center", max_width=212.0
    )


def draw_arrow(brush: Brush, model: Model, gopher: Gopher) -> None:
    """The arrow that says: this one is yours."""
    if gopher.arrow <= 0:
        return
    bounce = 14.0 * abs(math.sin(model.now * 5.0))
    y = gopher.body.y - gopher.lift - gopher.height * 1.04 - 74 - bounce
    brush.sprite(brush.art.prop("arrow", 72), gopher.body.x, y)


def draw_gophers(brush: Brush, model: Model, wardrobe: Wardrobe) -> None:
    """Every order on the floor, from back to front, with what belongs to it."""
    fine = len(model.gophers) <= FINE
    cast = sorted(model.gophers.values(), key=lambda g: g.body.y) if fine else []
    if fine:
        for gopher in cast:
            draw_tether(brush, model, gopher)
        for gopher in cast:
            if gopher.hop is None:
                draw_gopher(brush, model, gopher, wardrobe, fine)
    else:
        cast = draw_crowd(brush, model, wardrobe)
        for gopher in cast:
            if gopher.own:
                _signs(brush, model, gopher, gopher.body.x, gopher.body.y - gopher.lift)
    brush.flush()
    if fine:
        for gopher in cast:
            if gopher.hop is None:
                draw_badge(brush, gopher)
    else:
        floor = model.kitchen.front + 12.0
        changed = [g for g in cast if g.tag < POP_SECONDS and g.hop is None and g.body.y <= floor]
        for gopher in changed[-POPS:]:
            draw_badge(brush, gopher, crowded=True)


def draw_fliers(brush: Brush, model: Model, wardrobe: Wardrobe) -> None:
    """Those that hop, in front of the cooks, and every name and arrow on top of all."""
    # Those in the air are drawn with every squash in a crowd too, as long as they are few.
    fine = sum(1 for gopher in model.gophers.values() if gopher.hop is not None) <= FINE
    for gopher in model.gophers.values():
        if gopher.hop is not None:
            draw_trail(brush, gopher)
            draw_gopher(brush, model, gopher, wardrobe, fine)
    brush.flush()
    everybody = len(model.gophers) <= NAMED
    for gopher in model.gophers.values():
        if gopher.mood is Mood.LEAVE and not gopher.own:
            continue
        if everybody or gopher.own or gopher.id == model.hover:
            draw_name(brush, gopher)
        draw_arrow(brush, model, gopher)
    brush.flush()
