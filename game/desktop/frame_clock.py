"""The game's own clock, apart from wall time: it can stand still for a blow and never jumps."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_STEP = 0.1
"""Seconds that one frame may advance the game at most, however long the frame really took."""


@dataclass
class GameClock:
    """Seconds of play. `hold` stops it for a moment (hit-stop) while frames go on being drawn."""

    now: float = 0.0
    held: float = 0.0

    def hold(self, seconds: float) -> None:
        """Stand still for `seconds` of real time; holds do not add up, the longest wins."""
        self.held = max(self.held, seconds)

    def tick(self, real_dt: float) -> float:
        """Real seconds in, game seconds out (0 while held, `LONGEST_STEP` at most)."""
        dt = min(max(real_dt, 0.0), LONGEST_STEP)
        stopped = min(self.held, dt)
        self.held -= stopped
        dt -= stopped
        self.now += dt
        return dt
