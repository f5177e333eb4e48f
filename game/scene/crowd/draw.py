"""Drawing a crowd: for each gopher one look at what it does, a kept picture of it with its pizza, a shadow.

What a few gophers are drawn with (every squash and tilt) nobody sees of hundreds; here a frame is nearly
only a list of blits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import pygame

from api_stub.schema import OrderStatus
from game.accessibility import Access
from game.drawing.art import Art, GopherPose, PizzaState
from game.drawing.brush import Brush
from game.scene.crowd.members import Blit, Load, Member
from game.scene.gopher_pictures import GopherPictures
from game.scene.room_figures import FrameMoment
from game.simulation.actors import Gopher, Mood
from game.theme import ROW_SHADES

CARRIED: dict[OrderStatus, PizzaState] = {
    OrderStatus.UNKNOWN: PizzaState.TICKET,
    OrderStatus.RECEIVED: PizzaState.TICKET,
    OrderStatus.PREPARING: PizzaState.DOUGH,
    OrderStatus.BAKING: PizzaState.TOPPED,
    OrderStatus.PENDING_PICKUP: PizzaState.BAKED,
    OrderStatus.OUT_FOR_DELIVERY: PizzaState.BOX,
    OrderStatus.DELIVERED: PizzaState.BOX,
    OrderStatus.FAILED: PizzaState.TICKET,
}
"""What an order carries at each status."""

LEAST_CARRIED = 44.0
"""Smaller gophers of a crowd carry nothing: it could not be seen."""
LEAST_TOPPED = 60.0
"""Smaller gophers carry pizzas without their toppings."""
LEAST_BOBBING = 46.0
"""At less than this nobody sees the two in a hundred by which work lifts somebody."""

SHADED = 84.0
"""Smaller gophers stand in many rows, and those behind are darker."""

_STANDING: dict[Mood, GopherPose] = {
    Mood.WAIT: GopherPose.IDLE,
    Mood.WORKED: GopherPose.IDLE,
    Mood.HOP: GopherPose.IDLE,
    Mood.WORRIED: GopherPose.WORRIED,
    Mood.SAD: GopherPose.WORRIED,
    Mood.JOY: GopherPose.HAPPY,
    Mood.ASLEEP: GopherPose.ASLEEP,
    Mood.HELD: GopherPose.IDLE,
}


def load_size(height: float, state: PizzaState) -> float:
    """How high what a gopher carries is, in logical pixels."""
    return height * (0.34 if state is PizzaState.TICKET else 0.4)


def load_for(art: Art, height: float, status: OrderStatus) -> Load | None:
    """What somebody of a height carries at a status, and in which size class; None: nothing."""
    if height < LEAST_CARRIED:
        return None
    state = CARRIED[status]
    topped = height >= LEAST_TOPPED and state in (PizzaState.TOPPED, PizzaState.BAKED)
    return state, art.item_size(load_size(height, state)), topped


def shade_of(gopher: Gopher, access: Access) -> int:
    """Which of `ROW_SHADES` somebody of a crowd is in, by how deep in it the stand is to which it goes."""
    goal = gopher.goal
    if goal is None or goal.out or gopher.height >= SHADED or access.strong:
        return 0
    kitchen = goal.floor.kitchen
    if gopher.mood is Mood.WORRIED or gopher.body.y > kitchen.front + 1.0:
        # Beside a cook, in front of all others, or on the way from there.
        return 0
    deep = (kitchen.front - goal.y) / max(kitchen.front - kitchen.back, 1.0)
    return min(max(round(deep * (len(ROW_SHADES) - 1)), 0), len(ROW_SHADES) - 1)


def _take_up(brush: Brush, pictures: GopherPictures, member: Member) -> bool:
    """Carry what its order is at; False where there is no picture of that yet."""
    gopher = member.gopher
    carried = load_for(brush.art, gopher.height, gopher.order.status)
    if carried == member.carried:
        return True
    member.carried = member.load = member.load_surface = None
    if carried is None:
        return True
    state, _, topped = carried
    order, size = gopher.order, load_size(gopher.height, state)
    load = pictures.pizza(brush.art, order.id, state, order.toppings if topped else (), size)
    if load is None:
        return False
    shown = pictures.crowd.dressed.get(load, shade=member.shade)
    member.load, member.load_surface, member.load_anchor = load, shown.surface, shown.anchor
    if not pictures.carries(order.id, state, size):
        return False
    member.carried = carried
    return True


def _dress(brush: Brush, pictures: GopherPictures, member: Member, pose: GopherPose) -> None:
    """Put on the picture that its gopher needs; while that cannot be made yet, the one of before stays."""
    gopher, art = member.gopher, brush.art
    key, height, left, dressed = gopher.order.id, gopher.height, gopher.left, pictures.crowd.dressed
    settled, shade = True, shade_of(gopher, pictures.crowd.access)
    other = shade != member.shade
    if other:
        member.kept.clear()
        member.shade, member.carried = shade, None
    if other or height != member.height or gopher.order.status is not member.status:
        size = art.gopher_size(height)
        if size != member.size:
            member.kept.clear()
            member.size = size
            shadow = dressed.get(pictures.shadow(art, height))
            member.shadow = shadow.surface
            member.shadow_dx, member.shadow_dy = 0.5 - shadow.anchor[0], 0.5 - shadow.anchor[1]
        settled = _take_up(brush, pictures, member)
    worn = member.kept.get((pose, left))
    if worn is None:
        figure = pictures.figure(art, key, pose, height)
        if figure is None:
            member.pose, member.waits = None, pose
            return
        sprite = dressed.get(figure, None, left, shade=shade)
        (ax, ay), (hx, hy) = sprite.anchor, sprite.hold
        worn = sprite.surface, 0.5 - ax, 0.5 - ay, 0.5 + hx - ax, 0.5 + hy - ay, figure
        if pictures.wears(key, pose, height):
            member.kept[pose, left] = worn
        else:
            settled = False
    member.surface, member.dx, member.dy, hx, hy, member.figure = worn
    member.load_dx, member.load_dy = hx - member.load_anchor[0], hy - member.load_anchor[1]
    if settled:
        member.pose, member.height, member.left = pose, height, left
        member.status, member.waits = gopher.order.status, None
    else:
        member.pose, member.waits = None, pose


def _stand(brush: Brush, pictures: GopherPictures, member: Member, now: float) -> None:
    """Keep the picture, with its shadow, of somebody who rests: until it blinks nothing of it changes."""
    gopher, figure = member.gopher, member.figure
    if figure is None:
        return
    if shade_of(gopher, pictures.crowd.access) != member.shade:
        # Another floor has another row for it; it dresses anew in the next frame.
        member.kept.clear()
        member.pose = None
        return
    art, scale = brush.art, brush.view.scale
    sprite = pictures.crowd.dressed.get(
        figure, member.load, gopher.left, pictures.shadow(art, gopher.height), member.shade
    )
    x, y = member.body.x * scale + 0.5, member.body.y * scale + 0.5
    member.standing = sprite.surface, (int(x - sprite.anchor[0]), int(y - sprite.anchor[1]))
    member.rest, member.still_until = gopher.rest.number if gopher.rest else 0, math.inf
    if member.pose is GopherPose.IDLE:
        every = member.blink_every
        member.still_until = now + every - (now + member.blink_from) % every


def draw_crowd(
    brush: Brush,
    gophers: Mapping[str, Gopher],
    pictures: GopherPictures,
    moment: FrameMoment,
    but: frozenset[int] = frozenset(),
) -> list[Gopher]:
    """Everybody who stands or walks on the floor, from back to front; returns those who hop, and are not.
    Gophers whose `id()` is in `but` are left out of the picture: they are drawn over it.
    """
    now, scale, calm = moment.now, brush.view.scale, moment.calm
    dx, dy = brush.dx * scale, brush.dy * scale
    steady = dx == 0.0 and dy == 0.0
    blits: list[Blit] = []
    put, sine = blits.append, math.sin
    walk, leave, worked = Mood.WALK, Mood.LEAVE, Mood.WORKED
    idle, blink, step_a, step_b = GopherPose.IDLE, GopherPose.BLINK, GopherPose.WALK1, GopherPose.WALK2
    fliers: list[Gopher] = []
    crowd, full = pictures.crowd, pictures.full
    if crowd.access != brush.view.access:
        crowd.access = brush.view.access
        for member in crowd.members:
            member.rest = 0
    for member in crowd.gather(gophers):
        gopher = member.gopher
        rest = gopher.rest
        if rest is not None and rest.number == member.rest and now < member.still_until and steady:
            # Most of a crowd stands still, and this is all that it costs.
            if member.standing is not None and not (but and id(gopher) in but):
                put(member.standing)
            continue
        if gopher.hop is not None:
            fliers.append(gopher)
            continue
        if but and id(gopher) in but:
            continue
        mood, height, up = gopher.mood, gopher.height, gopher.lift
        if up > 6.0:
            pose = GopherPose.HAPPY if mood is Mood.JOY else GopherPose.JUMP
        elif mood is walk or mood is leave:
            steps = gopher.steps
            pose = step_a if int(steps) & 1 else step_b
            if not calm:
                # A parabola a step: what a sine would be, at half the price.
                part = steps % 1.0
                up += 0.28 * height * part * (1.0 - part)
        else:
            pose = _STANDING[mood]
            if pose is idle and (now + member.blink_from) % member.blink_every < 0.13:
                pose = blink
            if mood is worked and height > LEAST_BOBBING and not calm:
                up += 0.022 * height * abs(sine(now * 5.0 + gopher.phase * 6.2832))
                rest = None
        if (
            pose is not member.pose
            or height != member.height
            or gopher.left is not member.left
            or height >= LEAST_CARRIED
            and gopher.order.status is not member.status
        ):
            worn = member.kept.get((pose, gopher.left))
            if (
                worn is not None
                and height == member.height
                and (height < LEAST_CARRIED or gopher.order.status is member.status)
            ):
                # Step by step the same two pictures.
                member.surface, member.dx, member.dy, paw_x, paw_y, member.figure = worn
                load_x, load_y = member.load_anchor
                member.load_dx, member.load_dy = paw_x - load_x, paw_y - load_y
                member.pose, member.left, member.waits = pose, gopher.left, None
            elif not full and (member.waits is not pose or pictures.left > 0):
                # Who waits for a picture that cannot be made in this frame has asked for it already.
                _dress(brush, pictures, member, pose)
        if member.surface is None or member.shadow is None:
            continue
        if rest is not None and steady and member.waits is None and pose is not blink and not gopher.gliding:
            _stand(brush, pictures, member, now)
        body = member.body
        member.y = y = body.y
        x, y = body.x * scale + dx, y * scale + dy
        put((member.shadow, (int(x + member.shadow_dx), int(y + member.shadow_dy))))
        if up:
            y -= up * scale
        put((member.surface, (int(x + member.dx), int(y + member.dy))))
        if member.load_surface is not None:
            put((member.load_surface, (int(x + member.load_dx), int(y + member.load_dy))))
    brush.flush()
    brush.view.surface.fblits(blits, pygame.BLEND_PREMULTIPLIED)
    if brush.dirty_tiles is not None:
        brush.dirty_tiles.drawn_all(blits)
    return fliers
