"""Names and code look as they did, letter by letter. After a change that is meant: `tests.make_golden`."""

from __future__ import annotations

import pygame
import pytest

from game.drawing.kept_pictures import KeptPictures
from game.drawing.picture_limits import LINE_BYTES
from game.drawing.text import fitting, line_setting
from game.drawing.text import pen as pens
from tests.strips import STRIPS, VISITORS, WHICH, draw_strip
from tests.test_golden import MEAN, beside, difference

PART = 0.001
"""The share of pixels that may differ visibly: one name of twelve that is in boxes is 0.0022 or more."""


def alike(one: pygame.Surface, other: pygame.Surface) -> bool:
    """Whether two strips show the same letters."""
    part, mean = difference(one, other)
    return part <= PART and mean <= MEAN


@pytest.mark.parametrize("name", WHICH)
def test_every_letter_looks_as_it_did(name: str) -> None:
    now, golden = draw_strip(name), pygame.image.load(STRIPS / f"{name}.png")
    if not alike(golden, now):
        part, mean = difference(golden, now)
        pytest.fail(
            f"{part:.2%} of the pixels differ, {mean:.2f} in the mean: see {beside(golden, now, name)}"
        )


def test_every_strip_has_its_scene() -> None:
    assert {file.stem for file in STRIPS.glob("*.png")} == set(WHICH)


@pytest.mark.parametrize("missing", ["hebrew", "thai", "cjk", "emoji"])
def test_the_comparison_sees_boxes(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One name in boxes is enough."""
    real = line_setting.face_for

    def lacking(character: str, face: str) -> str:
        found = real(character, face)  # type: ignore[arg-type]
        return "bold" if found.startswith(missing) else found

    caches = (line_setting.set_line, fitting.fit)
    for cache in caches:
        cache.cache_clear()
    monkeypatch.setattr(line_setting, "face_for", lacking)
    monkeypatch.setattr(pens, "_drawn", KeptPictures(LINE_BYTES))
    monkeypatch.setattr(pens, "_written", {})
    try:
        assert not alike(pygame.image.load(STRIPS / "names.png"), draw_strip("names"))
    finally:
        for cache in caches:
            cache.cache_clear()
    assert len(VISITORS) == 12
