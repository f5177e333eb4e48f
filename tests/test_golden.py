"""Every scene looks as it did. After a change that is meant: `python -m tests.make_golden`, and look."""

from __future__ import annotations

import numpy as np
import pygame
import pytest
from numpy.typing import NDArray

from tests.gallery import SCENES, draw
from tests.running import ROOT

GOLDEN = ROOT / "tests" / "golden"
ARTIFACTS = ROOT / "artifacts"
SEEN = 40
"""A difference of a channel, of 255, that an eye sees at a glance."""
PART = 0.004
"""The share of pixels that may differ so much."""
MEAN = 1.5
"""The mean difference of all channels: another rasterizer's edges, another processor's rounding."""


def pixels(picture: pygame.Surface) -> NDArray[np.int16]:
    """Width × height × 3 channels."""
    return pygame.surfarray.array3d(picture).astype(np.int16)


def difference(one: pygame.Surface, other: pygame.Surface) -> tuple[float, float]:
    """The share of pixels that differ visibly, and the mean difference."""
    if one.get_size() != other.get_size():
        return 1.0, 255.0
    apart = np.abs(pixels(one) - pixels(other))
    return float((apart.max(axis=2) > SEEN).mean()), float(apart.mean())


def alike(one: pygame.Surface, other: pygame.Surface) -> bool:
    """Whether two pictures show the same."""
    part, mean = difference(one, other)
    return part <= PART and mean <= MEAN


def beside(golden: pygame.Surface, now: pygame.Surface, name: str) -> str:
    """Write both pictures, and where they differ, side by side; the file's name."""
    wide, high = golden.get_size()
    sheet = pygame.Surface((3 * wide, high))
    sheet.blit(golden, (0, 0))
    sheet.blit(pygame.transform.smoothscale(now, (wide, high)), (wide, 0))
    apart = np.abs(pixels(golden) - pixels(pygame.transform.smoothscale(now, (wide, high)))) * 3
    marked = pygame.surfarray.make_surface(np.clip(apart, 0, 255).astype(np.uint8))
    sheet.blit(marked, (2 * wide, 0))
    ARTIFACTS.mkdir(exist_ok=True)
    file = ARTIFACTS / f"golden-{name}.png"
    pygame.image.save(sheet, file)
    return file.name


@pytest.mark.parametrize("name", SCENES)
def test_it_looks_as_it_did(name: str) -> None:
    now = draw(name)
    file = GOLDEN / f"{name}.png"
    assert file.is_file(), "python -m tests.make_golden writes it"
    golden = pygame.image.load(file)
    if not alike(golden, now):
        part, mean = difference(golden, now)
        pytest.fail(
            f"{part:.2%} of the pixels differ, {mean:.2f} in the mean: see {beside(golden, now, name)}"
        )


def test_every_picture_has_its_scene() -> None:
    assert {file.stem for file in GOLDEN.glob("*.png")} == set(SCENES)


def test_the_comparison_sees_what_an_eye_sees_and_no_rounding() -> None:
    golden = pygame.image.load(GOLDEN / "orders-10.png")
    rounded = golden.copy()
    rounded.fill((1, 1, 1), special_flags=pygame.BLEND_RGB_ADD)
    assert alike(golden, golden) and alike(golden, rounded)
    one_moved = golden.copy()
    one_moved.blit(golden, (200, 130), pygame.Rect(230, 130, 60, 60))
    darker = golden.copy()
    darker.fill((240, 240, 240), special_flags=pygame.BLEND_RGB_MULT)
    for other in (one_moved, darker, pygame.transform.flip(golden, True, False)):
        assert not alike(golden, other)
