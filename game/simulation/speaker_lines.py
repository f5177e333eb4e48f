"""The speaker's lines: which one is shown, how it is stepped, and when it turns by itself. Pure.

Position 0 is no line but what the keys do; the lines of the checkpoint follow it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

TURN_SECONDS = 9.0
"""How long a line stands where they turn by themselves."""


@dataclass(frozen=True)
class SpeakerLines:
    """Where the speaker is. `by_hand`: somebody has stepped, so nothing turns by itself any more."""

    at: int = 0
    by_hand: bool = False
    hidden: bool = False
    age: float = 0.0
    """Real seconds since this line came."""
    lines: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The line that is shown; empty: none is."""
        return self.lines[self.at - 1] if self.at and not self.hidden else ""

    @property
    def position(self) -> str:
        """Which of how many, as `2/6`."""
        return f"{self.at}/{len(self.lines)}"


def told(story: SpeakerLines, lines: Sequence[str]) -> SpeakerLines:
    """The story after the checkpoint's lines were told; other lines begin at the beginning."""
    if tuple(lines) == story.lines:
        return story
    return SpeakerLines(hidden=story.hidden, lines=tuple(lines))


def stepped(story: SpeakerLines, by: int) -> SpeakerLines:
    """One line on or back, by hand; never past either end. A hidden line is shown again first."""
    if not story.lines:
        return story
    if story.hidden:
        return replace(story, hidden=False, by_hand=True, age=0.0, at=max(1, story.at))
    at = min(max(story.at + by, 0), len(story.lines))
    return replace(story, at=at, by_hand=True, age=0.0)


def hidden_or_shown(story: SpeakerLines) -> SpeakerLines:
    """Hidden, or shown again: the line of before, or the first one."""
    if not story.lines:
        return story
    if story.hidden or not story.at:
        return replace(story, hidden=False, at=max(1, story.at), by_hand=True, age=0.0)
    return replace(story, hidden=True, age=0.0)


def later(story: SpeakerLines, seconds: float, alone: bool) -> SpeakerLines:
    """The story `seconds` later. `alone`: nobody speaks (a kiosk), so the lines turn by themselves."""
    if not story.lines:
        return story
    age = story.age + seconds
    if not alone or story.by_hand or story.hidden or age < TURN_SECONDS:
        return replace(story, age=age)
    return replace(story, at=(story.at + 1) % (len(story.lines) + 1), age=0.0)
