"""The loudspeaker: sounds are made and the device is opened in a thread; the frame only hands over cues.

No device, a muted kitchen, a device that goes away: nothing is heard, and nothing else is different.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

import numpy as np
import pygame

from game.sound import synth
from game.sound.cues import Ambience, Cue, pan
from game.sound.limiter import VOICES, Facts, Limiter
from game.sound.synth import LOOPS, RATE

log = logging.getLogger(__name__)

BUFFER = 1024
"""Samples that the device is ahead of us: 23 ms."""

DUCKED = 0.35
"""What is left of the hum while effects sound."""

DUCK_SECONDS = 0.12
FADE_MS = 200
LOOP_CHANNELS = {"hum": 0, "oven": 1}


@contextmanager
def hushed() -> Iterator[None]:
    """Keep what ALSA says from C code off the error output; what others say meanwhile is passed on."""
    with ExitStack() as files:
        try:
            kept = os.dup(2)
            files.callback(os.close, kept)
            aside = files.enter_context(tempfile.TemporaryFile())
            if sys.stderr is not None:
                sys.stderr.flush()
        except (OSError, ValueError):
            # No output, or no room for a file: then it says what it says.
            yield
            return
        os.dup2(aside.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            with suppress(OSError):
                aside.seek(0)
                for line in aside.read(65536).splitlines(keepends=True):
                    if not line.startswith((b"ALSA", b"Cannot connect to server", b"jack server")):
                        os.write(2, line)


def facts_of(waves: Mapping[str, synth.Wave]) -> dict[str, Facts]:
    """What the limiter must know of each sound."""
    return {
        name: Facts(len(wave) / RATE, synth.loudness(wave), float(np.max(np.abs(wave))))
        for name, wave in waves.items()
    }


def limiter_for(waves: Mapping[str, synth.Wave]) -> Limiter:
    """A limiter that keeps room for the loops."""
    facts = facts_of(waves)
    return Limiter(facts, sum(facts[name].level for name in LOOPS), sum(facts[name].peak for name in LOOPS))


def eased(now: float, wanted: float, dt: float) -> float:
    """A gain on its way to another, `dt` seconds later: no step that could be heard."""
    left: float = 0.5 ** (dt / (DUCK_SECONDS / 3))
    return wanted + (now - wanted) * left


@dataclass
class _Bank:
    sounds: dict[str, pygame.mixer.Sound]
    limiter: Limiter


class Loudspeaker:
    """Plays cues. `start` once, `frame` in every frame, `stop` at the end; none of them waits for long."""

    def __init__(self, muted: bool = False) -> None:
        self.muted = muted
        self._bank: _Bank | None = None
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self._now = 0.0
        self.gains = {"hum": 0.0, "oven": 0.0}
        """How strongly each loop sounds now, 0 to 1."""
        self.trouble = ""
        """Why nothing can be heard; empty where it can, or is not known yet."""

    @property
    def ready(self) -> bool:
        """Whether a device is open and every sound is made."""
        return self._bank is not None

    def start(self) -> None:
        """Begin to make the sounds and to open the device; once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._load, name="sound", daemon=True)
            self._thread.start()

    def _load(self) -> None:
        try:
            self._open()
        except Exception as error:
            # Nobody hears anything then; and nobody must think that it is still being made.
            self.trouble = str(error) or type(error).__name__
            log.warning("no sound", exc_info=True)

    def _open(self) -> None:
        waves = {name: make() for name, make in synth.SOUNDS.items()}
        if self._ending.is_set():
            return
        try:
            with hushed():
                pygame.mixer.init(RATE, -16, 2, BUFFER, allowedchanges=0)
            pygame.mixer.set_num_channels(len(LOOP_CHANNELS) + VOICES)
            pygame.mixer.set_reserved(len(LOOP_CHANNELS))
            sounds = {
                name: pygame.mixer.Sound(buffer=synth.pcm(wave).tobytes()) for name, wave in waves.items()
            }
        except (pygame.error, NotImplementedError) as error:
            self.trouble = str(error)
            log.debug("no sound: %s", error)
            return
        self._bank = _Bank(sounds, limiter_for(waves))

    def frame(self, cues: Sequence[Cue], ambience: Ambience, dt: float) -> tuple[Cue, ...]:
        """Let `dt` seconds pass and play what the limiter lets through; returns that."""
        self._now += dt
        bank = self._bank
        if bank is None or not pygame.mixer.get_init():
            return ()
        try:
            played = () if self.muted else self._play(bank, cues)
            self._ambience(bank, ambience, dt)
        except pygame.error as error:
            log.debug("the sound has gone: %s", error)
            self.trouble, self._bank = str(error), None
            return ()
        return played

    def _play(self, bank: _Bank, cues: Sequence[Cue]) -> tuple[Cue, ...]:
        played = bank.limiter.admit(cues, self._now)
        for cue in played:
            # Never by force: who sounds already sounds to the end.
            channel = pygame.mixer.find_channel(False)
            if channel is not None:
                left, right = pan(cue.x)
                channel.play(bank.sounds[cue.name])
                # After it: a channel that begins to play is set back to the full volume on both sides.
                channel.set_volume(left * cue.gain, right * cue.gain)
        return played

    def _ambience(self, bank: _Bank, ambience: Ambience, dt: float) -> None:
        duck = DUCKED if bank.limiter.sounding(self._now) else 1.0
        wanted = {"hum": ambience.hum * duck, "oven": ambience.oven}
        for name, index in LOOP_CHANNELS.items():
            goal = 0.0 if self.muted else wanted[name]
            gain = self.gains[name] = eased(self.gains[name], goal, dt)
            channel = pygame.mixer.Channel(index)
            if gain < 0.01 and goal <= 0.0:
                self.gains[name] = 0.0
                channel.stop()
                continue
            if not channel.get_busy():
                channel.play(bank.sounds[name], loops=-1, fade_ms=FADE_MS)
            left, right = pan(ambience.oven_x if name == "oven" else 960.0)
            channel.set_volume(left * gain, right * gain)

    def mute(self, muted: bool) -> None:
        """Be quiet, or not any more; what sounds now fades away."""
        self.muted = muted
        if muted and self._bank is not None and pygame.mixer.get_init():
            for index in range(len(LOOP_CHANNELS), len(LOOP_CHANNELS) + VOICES):
                pygame.mixer.Channel(index).fadeout(FADE_MS)

    def stop(self) -> None:
        """Close the device."""
        self._ending.set()
        self._bank = None
        if self._thread is not None:
            self._thread.join(1.0)
            if not self._thread.is_alive() and pygame.mixer.get_init():
                pygame.mixer.quit()
