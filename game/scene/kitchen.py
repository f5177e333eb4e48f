"""Drawing the room, its light, and everybody in it, of what it is handed for one frame; only reads."""

from __future__ import annotations

import math

import pygame

from game.drawing.art import SceneMap
from game.drawing.brush import Brush
from game.scene.background import background
from game.scene.cooks import draw_cooks
from game.scene.death_clocks import draw_clocks
from game.scene.failure_bubbles import draw_bubbles
from game.scene.gopher_pictures import GopherPictures
from game.scene.gophers import draw_fliers, draw_gophers
from game.scene.hud.draw import HudFigures, draw_hud
from game.scene.key_caps import draw_key_caps
from game.scene.names_and_tethers import draw_names, draw_tethers
from game.scene.particles import draw_particles
from game.scene.room_figures import RoomFigures
from game.simulation.detail_levels import NAMES
from game.simulation.places.stage_places import KitchenLayout
from game.theme import INK


def kitchen_of_scene(scene: SceneMap) -> KitchenLayout:
    """The fixed points of a drawn scene, for the layout."""
    return KitchenLayout(
        door=(scene.lane_from, scene.lane_y),
        exit=(scene.lane_to, scene.lane_y),
        anchors=scene.places,
        back=scene.back,
        front=scene.front,
        cook_line=scene.cooks_y,
    )


def draw_kitchen(brush: Brush, room: RoomFigures, hud: HudFigures, pictures: GopherPictures) -> None:
    """Draw everything but the panels and what lies over them."""
    draw_room(brush, room, pictures)
    draw_hud(brush, hud)


def edges(size: tuple[int, int], at: tuple[int, int]) -> list[pygame.Rect]:
    """What of a surface a picture of its size does not cover when it lies `at`, in display pixels."""
    (w, h), (x, y) = size, at
    rows = pygame.Rect(0, 0 if y > 0 else h + y, w, abs(y))
    columns = pygame.Rect(0 if x > 0 else w + x, 0, abs(x), h)
    return [edge for edge in (rows, columns) if edge.w and edge.h]


def draw_room(brush: Brush, room: RoomFigures, pictures: GopherPictures) -> None:
    """Draw the room and everybody in it."""
    moment, floor, cooks = room.moment, room.floor, room.cooks.values()
    pictures.begin_frame(floor.gophers.keys(), floor.revision)
    art, scene, surface = brush.art, brush.art.scene(), brush.view.surface
    # Two sines that never meet: a shake without dice, the same for the same moment.
    brush.dx = room.shake * math.sin(moment.now * 91.0)
    brush.dy = room.shake * math.sin(moment.now * 73.0 + 1.3)
    if room.shake <= 0.5:
        brush.dx = brush.dy = 0.0
    at, behind = brush.pos(0, 0), background(art, brush.view)
    for edge in edges(surface.get_size(), at):
        surface.fill(INK, edge)
    if brush.dirty_tiles is not None:
        brush.dirty_tiles.put_back(behind, at)
    else:
        surface.blit(behind, at)
    brush.lay("fire", art.fire(0 if moment.calm else int(moment.now * 9.0)), *scene.fire)
    draw_tethers(brush, room.tethered, room.cooks, moment)
    fliers = draw_gophers(brush, floor, pictures, moment)
    draw_cooks(brush, cooks, moment)
    if brush.labels:
        draw_key_caps(brush, room.caps)
    draw_fliers(brush, fliers, pictures, moment)
    draw_particles(brush, room.flying)
    if brush.labels:
        # Over whatever flies: flour and hats hide no name.
        draw_names(brush, floor.gophers, room.followed, moment)
        draw_clocks(brush, cooks, moment)
        draw_bubbles(brush, room.speakers, len(floor.gophers) <= NAMES)
    brush.dx = brush.dy = 0.0
