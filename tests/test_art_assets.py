"""The drawings: nothing missing, nothing unused, everything inside its box, every name of the code there."""

from __future__ import annotations

import copy
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pygame
import pytest
import resvg_py
import yaml

from game.drawing.art import SceneMap
from game.drawing.art.cooks import POSE_LAYERS as COOK_LAYERS
from game.drawing.art.cooks import layer_names as cook_layers
from game.drawing.art.gophers import BUILDS
from game.drawing.art.gophers import POSE_LAYERS as GOPHER_LAYERS
from game.drawing.art.gophers import layer_names as gopher_layers
from game.drawing.art.items import PLATES
from game.drawing.art.poses import CookPose, GopherPose
from game.drawing.art.scene_map import read_scene
from game.drawing.art.svg import ASSETS, SvgPart, read_manifest
from game.simulation import appearance as looks
from game.simulation.display.bands_and_buttons import BOTTOM_STRIP, TOP_BAND
from game.simulation.places.stage_places import Place
from worker.shared import TOPPINGS

PARTS = read_manifest()
SCENE: SceneMap = read_scene()


def test_the_manifest_and_the_folder_agree() -> None:
    listed = {part.file for part in PARTS.values()}
    present = {path.relative_to(ASSETS).as_posix() for path in ASSETS.rglob("*.svg")}
    assert listed == present
    assert len(listed) == len(PARTS)


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS.keys())
def test_a_part_is_sound_and_its_ink_stays_in_its_box(part: SvgPart) -> None:
    text = (ASSETS / part.file).read_text("utf-8")
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("viewBox") == f"0 0 {part.view[0]:g} {part.view[1]:g}"
    # No text: it would need a font, and fonts differ. No links: nothing is fetched.
    assert not re.search(r"<(text|image|use|script|foreignObject)\b|href=", text)
    x, y, w, h = part.ink
    assert x >= 0 and y >= 0 and x + w <= part.view[0] and y + h <= part.view[1]
    if part.kind == "scene":
        return
    margin = 20
    wide, high = int(part.view[0]) + 2 * margin, int(part.view[1]) + 2 * margin
    around = re.sub(r'viewBox="[^"]*"', f'viewBox="{-margin} {-margin} {wide} {high}"', text, count=1)
    png = resvg_py.svg_to_bytes(svg_string=around, width=wide, height=high, skip_system_fonts=True)
    ink = pygame.image.load(io.BytesIO(png), "part.png").get_bounding_rect(min_alpha=3)
    assert ink.w > 0, "nothing is drawn"
    assert pygame.Rect(x + margin, y + margin, w, h).contains(ink)


def test_every_name_of_a_look_has_its_drawing() -> None:
    folders = {"body": "body", "ears": "ears", "teeth": "teeth", "hat": "hats", "glasses": "glasses"}
    for field, folder in folders.items():
        for value in looks.CHOICES[field]:
            assert value == "none" or f"gopher/{folder}/{value}" in PARTS
    for extra in looks.EXTRAS:
        names = {f"gopher/extras/{extra}", f"gopher/extras/{extra}_back"}
        assert extra == "none" or names & set(PARTS)
    assert set(looks.BUILDS) == set(BUILDS)


def test_every_pose_has_its_drawings() -> None:
    assert set(GOPHER_LAYERS) == set(GopherPose)
    for stance in GOPHER_LAYERS.values():
        for eyes in looks.EYES:
            assert f"gopher/eyes/{eyes}_{stance.eyes}" in PARTS
        assert f"gopher/mouth/{stance.mouth}" in PARTS
        assert f"gopher/feet/{stance.feet}" in PARTS
        assert f"gopher/paws/{stance.paws}" in PARTS
    assert set(COOK_LAYERS) == set(CookPose) - {CookPose.GHOST}
    for stance_of_cook in COOK_LAYERS.values():
        assert f"cook/eyes/{stance_of_cook.eyes}" in PARTS
        assert f"cook/mouth/{stance_of_cook.mouth}" in PARTS
        assert f"cook/arms/{stance_of_cook.arms}" in PARTS
        assert f"cook/paws/{stance_of_cook.arms}" in PARTS


def test_every_cook_and_topping_has_its_drawing() -> None:
    folders = {"hat": "hats", "moustache": "moustache", "kerchief": "kerchief", "face": "face"}
    for field, folder in folders.items():
        for value in looks.COOK_CHOICES[field]:
            assert value in ("none", "plain") or f"cook/{folder}/{value}" in PARTS
    for topping in TOPPINGS:
        assert f"pizza/top/{topping}" in PARTS


def test_every_drawn_figure_part_is_used_by_some_look_or_pose() -> None:
    used = {f"pizza/{name}" for name in PLATES.values()} | {"pizza/peel_back"}
    used |= {f"pizza/top/{name}" for name in TOPPINGS}
    for stance in GOPHER_LAYERS.values():
        for n in range(400):
            used |= {f"gopher/{name}" for name in gopher_layers(looks.look_for(f"auto-{n}"), stance)}
    for pose in CookPose:
        for n in range(1, 60):
            used |= {f"cook/{name}" for name in cook_layers(looks.cook_look(1, n), pose)}
    drawn = {name for name, part in PARTS.items() if part.kind in ("gopher", "cook", "pizza")}
    assert drawn <= used


def test_the_scene_has_every_place_and_orders_go_from_left_to_right() -> None:
    assert list(SCENE.places) == list(Place)
    xs = list(SCENE.places.values())
    assert xs == sorted(xs) and SCENE.lane_from < xs[0] and xs[-1] < SCENE.lane_to
    assert (
        TOP_BAND[3]
        < SCENE.fire[1]
        < SCENE.back
        < SCENE.lane_y
        < SCENE.front
        < SCENE.cooks_y
        < BOTTOM_STRIP[1]
    )


def keys_of(raw: dict[str, Any], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The way to every key of a mapping, and of the mappings in it."""
    inner = [
        found
        for key, value in raw.items()
        if isinstance(value, dict)
        for found in keys_of(value, (*above, key))
    ]
    return [(*above, key) for key in raw] + inner


RAW: dict[str, Any] = yaml.safe_load((ASSETS / "scene.yaml").read_text("utf-8"))


@pytest.mark.parametrize("way", keys_of(RAW), ids=".".join)
def test_every_key_of_the_scene_is_read(way: tuple[str, ...], tmp_path: Path) -> None:
    """Without it, or with one more, the file is refused; with another value the scene is another."""

    def read(change: Callable[[dict[str, Any], str], object]) -> SceneMap:
        raw = copy.deepcopy(RAW)
        at = raw
        for key in way[:-1]:
            at = at[key]
        change(at, way[-1])
        (tmp_path / "scene.yaml").write_text(yaml.safe_dump(raw), encoding="utf-8")
        return read_scene(tmp_path)

    with pytest.raises(ValueError, match=way[-1]):
        read(lambda at, key: at.pop(key))
    with pytest.raises(ValueError, match="lamps"):
        read(lambda at, key: at.update(lamps=1))
    if isinstance(RAW.get(way[0]), list):
        assert read(lambda at, key: at.update({key: [1, 2]})) != SCENE
    elif len(way) > 1:
        assert read(lambda at, key: at.update({key: 1})) != SCENE


def test_no_picture_is_fetched_or_foreign() -> None:
    # The README's pictures of the game are no part of it.
    screens = Path(ASSETS) / "screens"
    files = [path for path in Path(ASSETS).rglob("*") if path.is_file() and screens not in path.parents]
    assert {path.suffix for path in files} <= {".svg", ".yaml", ".md"}
