"""`python -m tests.make_golden [NAME …]`: draw the golden pictures anew. Look at them, then keep them."""

from __future__ import annotations

import sys

import pygame

from tests.gallery import SCENES, draw
from tests.strips import STRIPS, WHICH, draw_strip
from tests.test_golden import GOLDEN


def main(names: list[str]) -> int:
    """Draw the named ones, or all; pictures of scenes that are no more are removed."""
    GOLDEN.mkdir(exist_ok=True)
    STRIPS.mkdir(exist_ok=True)
    for name in [name for name in names or WHICH if name in WHICH]:
        pygame.image.save(draw_strip(name), STRIPS / f"{name}.png")
    for name in [name for name in names or SCENES if name not in WHICH]:
        pygame.image.save(draw(name), GOLDEN / f"{name}.png")
        sys.stdout.write(f"{name}: {(GOLDEN / f'{name}.png').stat().st_size // 1024} KiB\n")
    for file in GOLDEN.glob("*.png"):
        if file.stem not in SCENES:
            file.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
