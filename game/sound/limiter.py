"""What keeps it quiet: how many sounds at once, how often the same one, how loud all together. No device.

The bound is a proof, not a hope: over any `WINDOW` seconds, the root mean square of a sum is at most the
sum of the root mean squares. So every sound that may still be within a window counts with its own, and a
new one gets no more than a part of what is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from game.sound.cues import Cue
from game.sound.synth import WINDOW

VOICES = 8
"""Effects at the same time, at most."""

AGAIN = 0.06
"""Seconds until the same sound may begin again: more often, and it would only be louder."""

CEILING = 10 ** (-18 / 20)
"""Root mean square of everything together over any `WINDOW`: -18 dBFS, no louder than speech."""

PEAK = 0.8
"""The highest sample of everything together, of full scale."""

SHARE = 0.6
"""What a new sound may take of the room that is left; the next one finds some, too."""

RESERVED = 0.4
"""Part of the room for effects that only the poof may use: a kill is heard over the busiest kitchen."""

FAINTEST = 0.12
"""A gain under this is not worth a voice."""


@dataclass(frozen=True)
class SoundFacts:
    """What the limiter knows of a sound: its length in seconds, its loudness, its highest sample."""

    seconds: float
    level: float
    peak: float


@dataclass(frozen=True)
class _Voice:
    name: str
    level: float
    peak: float
    ends: float


@dataclass
class Limiter:
    """Lets cues through, or makes them quieter, or drops them. Times in seconds of one steady clock."""

    facts: Mapping[str, SoundFacts]
    ambient: float = 0.0
    """Loudness and highest sample that the loops need, kept free for them."""
    ambient_peak: float = 0.0
    _voices: list[_Voice] = field(default_factory=list)
    _last: dict[str, float] = field(default_factory=dict)

    def sounding(self, now: float) -> int:
        """Effects that can be heard now."""
        return sum(1 for voice in self._voices if voice.ends > now)

    def admit(self, cues: Sequence[Cue], now: float) -> tuple[Cue, ...]:
        """The cues to play at `now`, with the gain they may have; kills first."""
        self._voices = [voice for voice in self._voices if voice.ends + WINDOW > now]
        played: list[Cue] = []
        for cue in sorted(cues, key=lambda cue: cue.name != "poof"):
            if now - self._last.get(cue.name, -1.0) < AGAIN or self.sounding(now) >= VOICES:
                continue
            gain = min(cue.gain, self._room(cue.name))
            if gain < FAINTEST:
                continue
            facts = self.facts[cue.name]
            self._last[cue.name] = now
            self._voices.append(_Voice(cue.name, gain * facts.level, gain * facts.peak, now + facts.seconds))
            played.append(replace(cue, gain=gain))
        return tuple(played)

    def _room(self, name: str) -> float:
        """The gain that this sound may have at most."""
        facts = self.facts[name]
        effects = CEILING - self.ambient
        most = effects if name == "poof" else effects * (1 - RESERVED)
        others = sum(v.level for v in self._voices if name == "poof" or v.name != "poof")
        left = min(most - others, effects - sum(v.level for v in self._voices))
        peak_left = PEAK - self.ambient_peak - sum(v.peak for v in self._voices)
        return max(0.0, min(SHARE * left / facts.level, peak_left / facts.peak))
