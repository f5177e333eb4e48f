"""Drawing the particles: stars, flour, hearts, and the hat of a cook that is no more."""

from __future__ import annotations

from collections.abc import Iterable

from game.drawing.brush import Brush
from game.simulation.particles import Particle

TURN = 15.0
"""Degrees between two pictures of something that turns."""
MOST_MADE = 256
"""So many pictures are known by kind, size and turn before they are looked up anew."""
PROPS = {"star": "star", "flour": "flour", "heart": "heart", "hat": "chefhat"}


def draw_particles(brush: Brush, flying: Iterable[Particle]) -> None:
    """All that fly now."""
    art, made, put = brush.art, brush.flying, brush.blits.append
    # What Brush.sprite does, without the call.
    scale, dx, dy = brush.view.scale, brush.dx, brush.dy
    if len(made) > MOST_MADE:
        made.clear()
    for p in flying:
        if p.delay > 0:
            continue
        # Size stands for fading: a stretched sprite is cheap, a translucent copy a frame is not.
        left, kind = 1.0 - p.age / p.life, p.kind
        if kind == "flour":
            size = p.size * min(1.0, 1.75 - 1.4 * left) * min(1.0, max(0.1, left * 2.5))
            angle = 0
        else:
            least, fast = (0.2, 6.0) if kind == "hat" else (0.15, 3.0)
            size = p.size * min(1.0, max(least, left * fast))
            angle = round(p.angle / TURN)
        key = kind, round(size), angle
        sprite = made.get(key)
        if sprite is None:
            sprite = art.prop(PROPS[kind], size)
            made[key] = sprite = art.transformed(sprite, 1.0, 1.0, TURN * angle, False)
        ax, ay = sprite.anchor
        put((sprite.surface, (round((p.x + dx) * scale - ax), round((p.y + dy) * scale - ay))))
    brush.flush()
