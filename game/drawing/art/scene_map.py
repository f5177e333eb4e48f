"""Where things are in the kitchen, read from `assets/scene.yaml`. Logical pixels throughout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from game.drawing.art.svg import ASSETS
from game.geometry import Point
from game.simulation.places.stage_places import Place


@dataclass(frozen=True)
class SceneMap:
    """Every fixed point of the drawn kitchen."""

    places: Mapping[Place, float]
    """The middle of each place, from left to right."""
    back: float
    front: float
    """Where the feet are of whoever stands furthest behind, and nearest."""
    lane_y: float
    lane_from: float
    lane_to: float
    cooks_y: float
    """Where the front row of cooks has its feet."""
    fire: Point
    """The foot of the flame."""


def read_scene(folder: Path = ASSETS) -> SceneMap:
    """The scene of `scene.yaml`. Raises OSError where it cannot be read, and ValueError where a key is
    missing or is not read by anybody; the text names it.
    """
    raw = yaml.safe_load((folder / "scene.yaml").read_text("utf-8"))
    whole = _entries(raw, "scene.yaml", "places", "rows", "lane", "cooks", "fire")
    places = _entries(whole["places"], "places", *Place)
    rows = _entries(whole["rows"], "rows", "back", "front")
    lane = _entries(whole["lane"], "lane", "y", "from", "to")
    x, y = whole["fire"]
    return SceneMap(
        places={place: float(places[place]) for place in Place},
        back=rows["back"],
        front=rows["front"],
        lane_y=lane["y"],
        lane_from=lane["from"],
        lane_to=lane["to"],
        cooks_y=_entries(whole["cooks"], "cooks", "y")["y"],
        fire=(x, y),
    )


def _entries(raw: Any, name: str, *keys: str) -> dict[str, Any]:
    """A mapping with exactly these keys."""
    found = set(raw) if isinstance(raw, dict) else set()
    wrong = sorted(found ^ set(keys))
    if wrong:
        raise ValueError(
            f"{name}: expected the keys {', '.join(keys)}; missing or unknown: {', '.join(wrong)}"
        )
    return dict(raw)
