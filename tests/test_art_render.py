"""Sprites: right size and anchor, the same for the same look, bounded memories, a disk that may fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from weakref import ref

import pygame
import pytest

from game.drawing.art import Art, CookPose, GopherPose, PizzaState, Sprite, transform
from game.drawing.art.disk_cache import DiskCache
from game.drawing.art.items import strewn
from game.drawing.art.sprite import Transforms
from game.drawing.art.svg import SvgRenderer
from game.drawing.kept_pictures import KeptPictures
from game.simulation.appearance import cook_look, look_for
from tests.panelling import unseen_art
from worker.shared import TOPPINGS

SCALE = 0.5


@pytest.fixture(scope="module")
def art() -> Iterator[Art]:
    """Half-size pictures on a display that nobody sees."""
    with unseen_art(SCALE) as made:
        yield made


def pixels(sprite: Sprite) -> bytes:
    return pygame.image.tobytes(sprite.surface, "RGBA")


@pytest.mark.parametrize("pose", GopherPose)
def test_a_gopher_stands_on_its_anchor(art: Art, pose: GopherPose) -> None:
    sprite = art.gopher(look_for("manual-1"), pose, 110)
    ink = sprite.surface.get_bounding_rect()
    assert sprite.surface.get_height() <= 112 * SCALE + 1
    assert ink.top <= 40
    assert abs(ink.bottom - sprite.anchor[1]) <= 4
    assert ink.left < sprite.anchor[0] < ink.right
    assert ink.collidepoint(sprite.hold)


def test_poses_and_looks_differ_and_repeat(art: Art) -> None:
    one = look_for("a")
    poses = {pixels(art.gopher(one, pose, 112)) for pose in GopherPose}
    assert len(poses) == len(GopherPose)
    crowd = {pixels(art.gopher(look_for(f"auto-{n}"), GopherPose.IDLE, 112)) for n in range(60)}
    assert len(crowd) == 60
    assert pixels(Art(SCALE).gopher(one, GopherPose.IDLE, 112)) == pixels(
        art.gopher(one, GopherPose.IDLE, 112)
    )


@pytest.mark.parametrize("pose", CookPose)
def test_a_cook_has_a_blank_badge_unless_it_is_a_ghost(art: Art, pose: CookPose) -> None:
    sprite = art.cook(cook_look(3, 1), pose, 260)
    x, y, radius = sprite.badge
    if pose is CookPose.GHOST:
        assert radius == 0
        return
    assert radius >= 12 * SCALE
    for dx, dy in ((0, 0), (0.6, 0), (-0.6, 0), (0, 0.6), (0, -0.6)):
        colour = sprite.surface.get_at((round(x + dx * radius), round(y + dy * radius)))
        assert min(colour[:3]) > 230 and colour.a == 255


def test_generations_are_told_apart(art: Art) -> None:
    shown = {pixels(art.cook(cook_look(2, n), CookPose.IDLE, 260)) for n in range(1, 6)}
    assert len(shown) == 5


@pytest.mark.parametrize("topping", TOPPINGS)
@pytest.mark.parametrize("state", [PizzaState.TOPPED, PizzaState.PEEL, PizzaState.BAKED])
def test_every_topping_is_seen(art: Art, state: PizzaState, topping: str) -> None:
    plain, topped = art.pizza(state, (), 80), art.pizza(state, (topping,), 80)
    changed = pygame.mask.from_threshold(
        topped.surface, (0, 0, 0), (12, 12, 12, 255), plain.surface
    ).count()  # pixels that stayed
    assert topped.surface.get_size() == plain.surface.get_size()
    assert plain.surface.get_width() * plain.surface.get_height() - changed > 60


def test_an_unknown_topping_is_not_drawn(art: Art) -> None:
    bare = art.pizza(PizzaState.BAKED, (), 80)
    assert pixels(art.pizza(PizzaState.BAKED, ("gold",), 80)) == pixels(bare)


def test_no_two_pieces_lie_on_each_other() -> None:
    for kinds in range(1, 9):
        pieces = strewn(TOPPINGS[:kinds])
        assert {name for name, *_ in pieces} == set(TOPPINGS[:kinds])
        for i, (_, x, y, _) in enumerate(pieces):
            assert all((x - u) ** 2 + (y - v) ** 2 > 16**2 for _, u, v, _ in pieces[i + 1 :])


def test_the_background_covers_the_canvas(art: Art) -> None:
    background = art.background()
    assert background.get_size() == (960, 540)
    assert background is art.background()


def test_preload_tells_its_progress(art: Art) -> None:
    steps = list(art.preload())
    assert steps == sorted(steps) and steps[-1] == 1.0
    assert len(steps) > 100


def test_unknown_names_are_errors(art: Art) -> None:
    with pytest.raises(KeyError):
        art.prop("no such thing", 40)
    with pytest.raises(KeyError):
        art.icon("no such thing", 40)
    with pytest.raises(KeyError):
        art.glow("no such thing")


def test_turning_keeps_the_anchor_on_the_same_ink(art: Art) -> None:
    surface = pygame.Surface((60, 40), pygame.SRCALPHA)
    pygame.draw.rect(surface, (255, 0, 0), (40, 30, 6, 6))
    sprite = Sprite(surface, (43, 33))
    for flip in (False, True):
        for angle in (0, 30, 90, 200):
            made = transform(sprite, 1.2, 0.8, angle, flip)
            colour = made.surface.get_at((round(made.anchor[0]), round(made.anchor[1])))
            assert colour.r > 150 and colour.a > 150, (angle, flip)


def test_transforms_are_kept_and_bounded() -> None:
    transforms = Transforms(limit_bytes=4 * 20 * 30 * 3)
    sprite = Sprite(pygame.Surface((20, 20), pygame.SRCALPHA), (10, 20))
    assert transforms(sprite, 1.0, 1.0, 0.4, False) is sprite
    first = transforms(sprite, 1.1, 0.9, 0, False)
    assert transforms(sprite, 1.101, 0.899, 0, False) is first
    for n in range(5):
        transforms(sprite, 1.2 + n / 10, 1, 0, False)
    assert transforms(sprite, 1.1, 0.9, 0, False) is not first


def test_the_memory_of_pictures_is_bounded_and_what_is_used_stays() -> None:
    kept: KeptPictures[Sprite] = KeptPictures(10 * 400)
    for n in range(50):
        kept.get_or_make(n, lambda: Sprite(pygame.Surface((10, 10), pygame.SRCALPHA), (0, 0)))
        assert kept.get(0) is not None, "used in every round"
        assert kept.bytes <= 10 * 400
    newest = kept.get_or_make(49, lambda: pytest.fail("the newest is still there"))
    assert newest.surface.get_size() == (10, 10) and kept.get(30) is None


def test_of_many_pictures_those_go_that_nobody_has_used_lately() -> None:
    kept: KeptPictures[pygame.Surface] = KeptPictures(200 * 400)
    used = [("used", n) for n in range(100)]
    for n in range(1000):
        for key in used:
            assert kept.get(key) is not None or n == 0
            if n == 0:
                kept.keep(key, pygame.Surface((10, 10), pygame.SRCALPHA))
        newest = kept.keep(n, pygame.Surface((10, 10), pygame.SRCALPHA))
        assert kept.get(n) is newest and kept.bytes <= 200 * 400
    assert kept.get(998) is not None and kept.get(800) is None


def test_another_picture_under_a_key_is_what_is_there_from_then_on() -> None:
    kept: KeptPictures[pygame.Surface] = KeptPictures(10_000)
    first, other = (pygame.Surface((5, 5), pygame.SRCALPHA) for _ in range(2))
    assert kept.keep("a", first) is kept.get("a") is first
    assert kept.keep("a", other) is kept.get("a") is other


def test_a_picture_over_the_limit_is_given_and_not_kept() -> None:
    kept: KeptPictures[pygame.Surface] = KeptPictures(1000)
    kept.keep("a", pygame.Surface((5, 5), pygame.SRCALPHA))
    large = pygame.Surface((100, 100), pygame.SRCALPHA)
    assert kept.get_or_make("b", lambda: large) is large and kept.get("b") is None
    assert kept.keep("a", large) is large
    assert kept.get("a") is None, "what was there under this key is another picture"
    assert kept.bytes == 0


def test_what_is_made_of_a_picture_is_not_shown_for_another_that_lies_where_it_lay() -> None:
    transforms, seen = Transforms(1_000_000), set()
    for n in range(50):
        sprite = Sprite(pygame.Surface((20, 20), pygame.SRCALPHA), (10, 20))
        sprite.surface.fill((n, 0, 0, 255))
        gone = ref(sprite)
        made = transforms(sprite, 1.0, 1.0, 0.0, True)
        assert made.surface.get_at((5, 5)).r == n
        seen.add(sprite.number)
        seen.add(replace(sprite, anchor=(0, 0)).number)
        del sprite
        assert gone() is None, "what is kept holds nothing but itself"
    assert len(seen) == 100


def test_a_damaged_entry_is_as_good_as_none(tmp_path: Path) -> None:
    first = SvgRenderer(DiskCache(tmp_path)).layer("icons/kill", 1.0)
    (entry,) = tmp_path.iterdir()
    whole = entry.read_bytes()
    for damaged in (b"", b"nonsense", whole[:-5], whole[:40] + bytes([whole[40] ^ 1]) + whole[41:]):
        entry.write_bytes(damaged)
        assert DiskCache(tmp_path).get(entry.name) is None
        again = SvgRenderer(DiskCache(tmp_path)).layer("icons/kill", 1.0)
        assert pygame.image.tobytes(again.surface, "RGBA") == pygame.image.tobytes(first.surface, "RGBA")
        assert entry.read_bytes() == whole


def test_the_disk_cache_is_bounded_and_never_needed(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path / "pictures", limit_bytes=1000)
    for n in range(20):
        cache.put(f"k{n}", bytes(200))
    cache.trim()
    assert sum(path.stat().st_size for path in (tmp_path / "pictures").iterdir()) <= 1000
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    useless = DiskCache(blocked / "pictures")
    useless.put("k", b"data")
    assert useless.get("k") is None
