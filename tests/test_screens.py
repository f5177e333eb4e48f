"""The README's pictures: each is there, small enough for a page, and says in words what it shows."""

from __future__ import annotations

import re

import pygame
import pytest

from tests.running import ROOT

PICTURE = re.compile(r"!\[([^]]*)\]\(([^)]+)\)")
FOUND = PICTURE.findall((ROOT / "README.md").read_text("utf-8"))
SCREENS = sorted(path.name for path in (ROOT / "assets" / "screens").iterdir())


def test_every_picture_is_used_once() -> None:
    assert sorted(target.removeprefix("assets/screens/") for _, target in FOUND) == SCREENS


@pytest.mark.parametrize("words, target", FOUND, ids=[target for _, target in FOUND])
def test_a_picture_is_small_and_described(words: str, target: str) -> None:
    file = ROOT / target
    assert file.stat().st_size <= 350 * 1024
    width, height = pygame.image.load(file).get_size()
    assert width == (1600 if file.stem == "kill" else 1280) and height <= 720
    assert len(words) > 40
