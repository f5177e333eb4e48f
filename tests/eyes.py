"""`python -m tests.eyes [NAME …]`: scenes as other eyes see them, as pictures `artifacts/eyes-*.png`.

From left to right: without colour, without M cones (deuteranopia), without L cones (protanopia).
"""

from __future__ import annotations

import sys

import numpy as np
import pygame
from numpy.typing import NDArray

from tests.desk import ARTIFACTS
from tests.gallery import draw

# Viénot, Brettel and Mollon 1999, in linear RGB.
DEUTERANOPIA = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])
PROTANOPIA = np.array([[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]])
GREY = np.array([[0.2126, 0.7152, 0.0722]] * 3)
USUAL = ("orders-10", "taken-over", "card", "stats")


def seen_by(eye: NDArray[np.float64], picture: pygame.Surface) -> pygame.Surface:
    """The picture (sRGB) as an eye sees it; `eye` is 3 × 3, on linear RGB."""
    srgb = pygame.surfarray.array3d(picture) / 255.0
    light = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    light = np.clip(light @ eye.T, 0.0, 1.0)
    back = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return pygame.surfarray.make_surface(np.rint(back * 255).astype(np.uint8))


def main(names: list[str]) -> int:
    """Draw the named scenes, or the usual ones."""
    ARTIFACTS.mkdir(exist_ok=True)
    for name in names or USUAL:
        picture = draw(name)
        wide, high = picture.get_size()
        row = pygame.Surface((3 * wide, high))
        for n, eye in enumerate((GREY, DEUTERANOPIA, PROTANOPIA)):
            row.blit(seen_by(eye, picture), (n * wide, 0))
        file = ARTIFACTS / f"eyes-{name}.png"
        pygame.image.save(row, file)
        sys.stdout.write(f"{file}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
