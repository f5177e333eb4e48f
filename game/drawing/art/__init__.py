"""Pictures: SVG parts from `assets/`, rendered at the display's own size and put together here."""

from game.drawing.art.art import FIRE_FRAMES, Art
from game.drawing.art.poses import CookPose, GopherPose, PizzaState
from game.drawing.art.scene_map import SceneMap
from game.drawing.art.sprite import Sprite, transform

__all__ = [
    "FIRE_FRAMES",
    "Art",
    "CookPose",
    "GopherPose",
    "PizzaState",
    "SceneMap",
    "Sprite",
    "transform",
]
