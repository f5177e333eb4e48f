"""How evenly the frames came: counted from the first full one on, and told at the end."""

from __future__ import annotations

from dataclasses import dataclass

LATE = 0.025
"""Seconds from one frame to the next beyond which an eye may see that one is missing."""


@dataclass
class FrameTimes:
    """Frames since the first; `longest` is in seconds."""

    frames: int = 0
    late: int = 0
    longest: float = 0.0

    def note(self, passed: float) -> None:
        """One more frame, `passed` seconds after the one before."""
        self.frames += 1
        self.late += passed > LATE
        self.longest = max(self.longest, passed)

    def text(self) -> str:
        """What there is to say of them, for the log."""
        share = 100.0 * self.late / max(1, self.frames)
        return (
            f"{self.frames} frames, {self.late} of them late ({share:.2f} %, over {LATE * 1e3:.0f} ms), "
            f"the longest {self.longest * 1e3:.0f} ms"
        )
