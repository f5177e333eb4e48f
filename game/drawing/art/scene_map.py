"""Where things are in the kitchen, read from `assets/scene.yaml`. Logical pixels throughout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml

from game.drawing.art.svg import ASSETS


class Point(NamedTuple):
    """A place on the logical canvas."""

    x: float
    y: float


class Box(NamedTuple):
    """A rectangle on the logical canvas: left, top, width, height."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True)
class Place:
    """One station of the kitchen: where a single gopher's feet stand, and where those of a crowd may."""

    feet: Point
    crowd: Box


@dataclass(frozen=True)
class SceneMap:
    """Every anchor of the scene. `places` has door, counter, bench, oven, shelf, scooter and exit."""

    places: dict[str, Place]
    lane_y: float
    lane_from: float
    lane_to: float
    cooks: tuple[Point, ...]
    cook_height: float
    oven_mouth: Box
    fire: Point
    glow: Point
    lamps: tuple[Point, ...]
    scooter: Point
    hud: Box
    strip: Box
    receipts: Box

    def cooks_for(self, slots: int) -> tuple[Point, ...]:
        """Foot points for this many cooks (up to nine), around the middle of the row."""
        xs = [point.x for point in self.cooks]
        step = xs[1] - xs[0]
        middle, y = (xs[0] + xs[-1]) / 2, self.cooks[0].y
        count = min(slots, len(xs))
        return tuple(Point(middle + step * (n - (count - 1) / 2), y) for n in range(count))


def read_scene(folder: Path = ASSETS) -> SceneMap:
    """The scene of `scene.yaml`. Raises OSError, KeyError or TypeError where it is not as it should be."""
    raw = yaml.safe_load((folder / "scene.yaml").read_text("utf-8"))
    lane, cooks, oven = raw["lane"], raw["cooks"], raw["oven"]
    return SceneMap(
        places={
            name: Place(Point(*entry["feet"]), Box(*entry["crowd"])) for name, entry in raw["places"].items()
        },
        lane_y=lane["y"],
        lane_from=lane["from"],
        lane_to=lane["to"],
        cooks=tuple(Point(x, cooks["y"]) for x in cooks["x"]),
        cook_height=cooks["height"],
        oven_mouth=Box(*oven["mouth"]),
        fire=Point(*oven["fire"]),
        glow=Point(*oven["glow"]),
        lamps=tuple(Point(*lamp) for lamp in raw["lamps"]),
        scooter=Point(*raw["scooter"]),
        hud=Box(*raw["hud"]),
        strip=Box(*raw["strip"]),
        receipts=Box(*raw["receipts"]),
    )
