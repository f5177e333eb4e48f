"""`python -m tests.lookout SECONDS [full]`: a window that only draws, and says what people do with it.

It writes a line of JSON for each key press, `drawn WIDTHxHEIGHT` for each new size, `frame N` now and then.
"""

from __future__ import annotations

import json
import sys
import time

import pygame

from game.desktop.window import Window
from game.inputs import KeyPress


def say(text: str) -> None:
    """A line to whoever started this."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """Draw until the time is up."""
    window = Window((960, 540), fullscreen="full" in sys.argv)
    end = time.monotonic() + float(sys.argv[1])
    size, frames = (0, 0), 0
    while time.monotonic() < end:
        for item in window.poll():
            if isinstance(item, KeyPress):
                if item.key == "f11":
                    window.toggle_fullscreen()
                say(json.dumps([item.key, item.shift, item.plain]))
        # As the game does wherever it makes a picture: pygame then looks for SDL's newest surface.
        pygame.display.get_surface()
        window.canvas.fill((40, frames % 256, 10))
        if window.screen.get_size() != size:
            size = window.screen.get_size()
            say(f"drawn {size[0]}x{size[1]}")
        pygame.display.flip()
        frames += 1
        if frames % 30 == 0:
            say(f"frame {frames}")
        time.sleep(0.01)


if __name__ == "__main__":
    main()
