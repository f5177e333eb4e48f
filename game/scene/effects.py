"""Drawing the particles: stars, flour, hearts, and the hat of a cook that is no more."""

from __future__ import annotations

from game.art import Sprite
from game.model import Model
from game.motion import clamp
from game.scene.brush import Brush

PROPS = {"star": "star", "flour": "flour", "heart": "heart", "hat": "chefhat"}


def draw_particles(brush: Brush, model: Model) -> None:
    """All that fly now."""
    art = brush.art
    made: dict[tuple[str, int], Sprite] = {}
    for p in model.particles.flying:
        if p.delay > 0:
            continue
        # Size stands for fading: a stretched sprite is cheap, a translucent copy a frame is not.
        size = p.size * (clamp(p.left * 3.0, 0.15, 1.0) if p.kind != "hat" else clamp(p.left * 6.0, 0.2, 1.0))
        if p.kind == "flour":
            size = p.size * clamp(0.35 + 1.4 * (1.0 - p.left), 0.0, 1.0) * clamp(p.left * 2.5, 0.1, 1.0)
        key = p.kind, round(size)
        sprite = made.get(key)
        if sprite is None:
            sprite = made[key] = art.prop(PROPS[p.kind], size)
        angle = 15.0 * round(p.angle / 15.0)
        if angle and p.kind != "flour":
            sprite = art.transformed(sprite, 1.0, 1.0, angle, False)
        brush.sprite(sprite, p.x, p.y)
    brush.flush()
