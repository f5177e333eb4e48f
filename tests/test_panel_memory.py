"""Opening every panel once costs little memory, and what is kept for that is bounded."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pygame
import pytest

from game.accessibility import Access
from game.drawing import shapes
from game.drawing.picture_limits import BOX_BYTES, DISC_BYTES, RIM_BYTES
from game.drawing.view import View
from tests.running import ROOT


@pytest.mark.parametrize("width, most", [(1920, 40.0), (3840, 120.0)])
def test_every_panel_once_costs_little(width: int, most: float) -> None:
    command = [sys.executable, "-m", "tests.panel_memory", str(width)]
    environment = {**os.environ, "PYGAME_HIDE_SUPPORT_PROMPT": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["grown_mb"] <= most, told
    assert max(told["after_each_mb"].values()) <= most, told
    assert told["shapes_mb"] <= most, told


@pytest.mark.parametrize("alpha", [255, 30])
@pytest.mark.parametrize("size", [(900, 700), (901, 333), (40, 1200)])
def test_a_large_box_that_is_put_together_is_the_one_picture_it_stands_for(
    size: tuple[int, int], alpha: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drawn(large: int) -> bytes:
        monkeypatch.setattr(shapes, "LARGE", large)
        target = pygame.Surface((1920, 1280))
        target.fill((40, 90, 160))
        shapes.fill_box(View(target), (17, 23, *size), (230, 200, 120), 34, alpha)
        return pygame.image.tobytes(target, "RGB")

    assert drawn(0) == drawn(10**9)


def test_sheets_of_any_number_of_sizes_keep_a_bounded_memory() -> None:
    view = View(pygame.Surface((1920, 1080)))
    strong = View(pygame.Surface((1920, 1080)), Access(strong=True))
    for n in range(40):
        for one in (view, strong):
            shapes.board(one, (10.0 + n, 10.0, 1000.0 + 7 * n, 900.0))
            shapes.edged_box(one, (5.0, 5.0, 150.0 + n, 150.0), (200, 0, 0), (0, n, 0), 20, 3)
    assert shapes.kept_bytes() <= BOX_BYTES + DISC_BYTES + RIM_BYTES
