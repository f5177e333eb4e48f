"""Drawing a crowd: for each gopher one look at what it does, a kept picture of it with its pizza, a shadow.

What a few gophers are drawn with (every squash and tilt) nobody sees of hundreds; here a frame is nearly
only a list of blits.
"""

from __future__ import annotations

import math

from api_stub.schema import OrderStatus
from game.art import GopherPose, PizzaState
from game.model import Gopher, Model, Mood
from game.scene.brush import Brush
from game.scene.members import Member
from game.scene.wardrobe import Wardrobe

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
LEAST_BOBBING = 46.0
"""At less than this nobody sees the two in a hundred by which work lifts somebody."""

_STANDING: dict[Mood, GopherPose] = {
    Mood.WAIT: GopherPose.IDLE,
    Mood.WORKED: GopherPose.IDLE,
    Mood.HOP: GopherPose.IDLE,
    Mood.WORRIED: GopherPose.WORRIED,
    Mood.SAD: GopherPose.WORRIED,
    Mood.JOY: GopherPose.HAPPY,
    Mood.ASLEEP: GopherPose.ASLEEP,
}


def load_size(height: float, state: PizzaState) -> float:
    """How high what a gopher carries is, in logical pixels."""
    return height * (0.34 if state is PizzaState.TICKET else 0.4)


def _dress(brush: Brush, wardrobe: Wardrobe, member: Member, pose: GopherPose) -> None:
    """Put on the picture that its gopher needs; while that cannot be made yet, the one of before stays."""
    gopher, art, height = member.gopher, brush.art, member.gopher.height
    order = gopher.order
    if height != member.height or order.status is not member.status:
        member.kept.clear()
    elif (known := member.kept.get((pose, gopher.left))) is not None:
        member.surface, member.dx, member.dy = known
        member.pose, member.left, member.waits = pose, gopher.left, None
        return
    figure = wardrobe.figure(art, order.id, pose, height)
    if figure is None:
        member.waits = pose
        return
    settled = wardrobe.wears(order.id, pose, height)
    load = None
    if height >= LEAST_CARRIED:
        state = CARRIED[order.status]
        shown = height >= 60 and state in (PizzaState.TOPPED, PizzaState.BAKED)
        load = wardrobe.pizza(art, order.id, state, order.toppings if shown else (), load_size(height, state))
        settled = settled and load is not None
    sprite = wardrobe.crowd.outfits.get(art, figure, load, gopher.left)
    member.surface = sprite.surface
    member.dx, member.dy = 0.5 - sprite.anchor[0], 0.5 - sprite.anchor[1]
    shadow = wardrobe.shadow(art, height)
    member.shadow = shadow.surface
    member.shadow_dx, member.shadow_dy = 0.5 - shadow.anchor[0], 0.5 - shadow.anchor[1]
    if settled:
        member.pose, member.height, member.left = pose, height, gopher.left
        member.status, member.waits = order.status, None
        member.kept[pose, gopher.left] = member.surface, member.dx, member.dy
    else:
        member.pose, member.waits = None, pose


def draw_crowd(
    brush: Brush, model: Model, wardrobe: Wardrobe, but: frozenset[int] = frozenset()
) -> list[Gopher]:
    """Everybody who stands or walks on the floor; returns those who do, from back to front. Gophers whose
    `id()` is in `but` are left out of the picture: they are drawn over it.
    """
    now, scale, calm = model.now, brush.view.scale, model.access.calm
    dx, dy = brush.dx * scale, brush.dy * scale
    blits = brush.pile
    put, sine = blits.append, math.sin
    walk, leave, worked = Mood.WALK, Mood.LEAVE, Mood.WORKED
    idle, blink, step_a, step_b = GopherPose.IDLE, GopherPose.BLINK, GopherPose.WALK1, GopherPose.WALK2
    seen: list[Gopher] = []
    for member in wardrobe.crowd.gather(model.gophers):
        gopher = member.gopher
        if gopher.hop is not None:
            continue
        seen.append(gopher)
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
        if (
            pose is not member.pose
            or height != member.height
            or gopher.left is not member.left
            or gopher.order.status is not member.status
        ):
            # Who waits for a picture that cannot be made in this frame has asked for it already.
            if member.waits is not pose or wardrobe.left > 0:
                _dress(brush, wardrobe, member, pose)
        if member.surface is None or member.shadow is None:
            continue
        body = member.body
        x, y = body.x * scale + dx, body.y * scale + dy
        put((member.shadow, (int(x + member.shadow_dx), int(y + member.shadow_dy))))
        put((member.surface, (int(x + member.dx), int(y - up * scale + member.dy))))
    return seen
