"""Pictures: SVG parts from `assets/`, rendered at the display's own size and put together here."""

from game.art.art import FIRE_FRAMES, Art
from game.art.poses import CookPose, GopherPose, PizzaState
from game.art.scenemap import Box, Place, Point, SceneMap
from game.art.sprite import Sprite, transform

__all__ = [
    "FIRE_FRAMES",
    "Art",
    "Box",
    "CookPose",
    "GopherPose",
    "PizzaState",
    "Place",
    "Point",
    "SceneMap",
    "Sprite",
    "transform",
]
