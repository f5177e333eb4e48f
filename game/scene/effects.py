"""Drawing the particles: stars, flour, hearts, and the hat of a cook that is no more."""

from __future__ import annotations

from game.art import Sprite
from game.model import Model
from game.scene.brush import Brush

PROPS = {"star": "star", "flour": "flour", "heart": "heart", "hat": "chefhat"}


def draw_particles(brush: Brush, model: Model) -> None:
    """All that fly now."""
    art, put = brush.art, brush.sprite
    made: dict[tuple[str, int], Sprite] = {}
    for p in model.particles.flying:
        if p.delay > 0:
            continue
        # Size stands for fading: a stretched sprite is cheap, a translucent copy a frame is not.
        left, kind = 1.0 - p.age / p.life, p.kind
        if kind == "flour":
            size = p.size * min(1.0, 1.75 - 1.4 * left) * min(1.0, max(0.1, left * 2.5))
        else:
            least, fast = (0.2, 6.0) if kind == "hat" else (0.15, 3.0)
            size = p.size * min(1.0, max(least, left * fast))
        key = kind, round(size)
        sprite = made.get(key)
        if sprite is None:
            sprite = made[key] = art.prop(PROPS[kind], size)
        if kind != "flour" and (angle := 15.0 * round(p.angle / 15.0)):
            sprite = art.transformed(sprite, 1.0, 1.0, angle, False)
        put(sprite, p.x, p.y)
    brush.flush()
