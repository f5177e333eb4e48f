"""The loudspeaker: sounds are made and the device is opened in a thread; the frame only hands over cues.

No device, a muted kitchen, a device that goes away: nothing is heard, and nothing else is different. The
thread goes on looking for devices, so that one which comes later, or comes back, is heard within ten seconds.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pygame
from pygame._sdl2 import audio

from game.sound import alsa, synth
from game.sound.cues import Ambience, Cue, pan
from game.sound.limiter import VOICES, Limiter, SoundFacts
from game.sound.synth import LOOPS, RATE

log = logging.getLogger(__name__)

BUFFER = 1024
"""Samples that the device is ahead of us: 23 ms."""

DUCKED = 0.35
"""What is left of the hum while effects sound."""

DUCK_SECONDS = 0.12
FADE_MS = 200
LOOP_CHANNELS = {"hum": 0, "oven": 1}


LOOK_EVERY = 7.0
"""Seconds between two looks at the devices."""


class Devices(Protocol):
    """The system's sound devices, as far as they matter here."""

    def open(self) -> None:
        """Open the usual one. Raises pygame.error or NotImplementedError where there is none."""

    def close(self) -> None:
        """Give it back; nothing where none is open."""

    def names(self) -> frozenset[str]:
        """What there is while one is open; another set than before: one has come or gone."""


class SystemDevices:
    """The devices that SDL knows."""

    def open(self) -> None:
        """As `Devices.open`."""
        alsa.hush()
        pygame.mixer.init(RATE, -16, 2, BUFFER, allowedchanges=0)
        pygame.mixer.set_num_channels(len(LOOP_CHANNELS) + VOICES)
        pygame.mixer.set_reserved(len(LOOP_CHANNELS))

    def close(self) -> None:
        """As `Devices.close`."""
        if pygame.mixer.get_init():
            pygame.mixer.quit()

    def names(self) -> frozenset[str]:
        """As `Devices.names`."""
        try:
            return frozenset(audio.get_audio_device_names(False))
        except RuntimeError:
            # That module has an error class of its own: nothing is open.
            return frozenset()


def facts_of(waves: Mapping[str, synth.Wave]) -> dict[str, SoundFacts]:
    """What the limiter must know of each sound."""
    return {
        name: SoundFacts(len(wave) / RATE, synth.loudness(wave), float(np.max(np.abs(wave))))
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

    def __init__(
        self, muted: bool = False, devices: Devices | None = None, look_every: float = LOOK_EVERY
    ) -> None:
        self.muted = muted
        self._devices = devices or SystemDevices()
        self._look_every = look_every
        self._bank: _Bank | None = None
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self._changing = threading.Lock()
        """Held while a device is opened or closed: nothing may play meanwhile."""
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
        """Begin to make the sounds and to look for a device; once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sound", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            waves = {name: make() for name, make in synth.SOUNDS.items()}
            self._look_after(waves)
        except Exception as error:
            # Nobody hears anything then; and nobody must think that it is still being made.
            self.trouble = str(error) or type(error).__name__
            log.warning("no sound", exc_info=True)

    def _look_after(self, waves: Mapping[str, synth.Wave]) -> None:
        """Have a device open, for as long as the game runs, whichever there is."""
        opened: frozenset[str] = frozenset()
        while not self._ending.is_set():
            was_open, there = self._bank is not None, self._devices.names()
            if not was_open or there != opened:
                with self._changing:
                    self._open(waves)
                # Who comes or goes while one is opened is found at the next look. Where none was open nobody
                # had a name before.
                opened = there if was_open else self._devices.names()
            self._ending.wait(self._look_every)

    def _open(self, waves: Mapping[str, synth.Wave]) -> None:
        was, self._bank = self.trouble, None
        try:
            self._devices.close()
            if self._ending.is_set():
                return
            self._devices.open()
            sounds = {
                name: pygame.mixer.Sound(buffer=synth.pcm(wave).tobytes()) for name, wave in waves.items()
            }
        except (pygame.error, NotImplementedError) as error:
            self.trouble = str(error) or "no device"
            if self.trouble != was:
                log.debug("no sound: %s; it is looked for a device every %g s", error, self._look_every)
            return
        self.trouble, self._bank = "", _Bank(sounds, limiter_for(waves))

    def frame(self, cues: Sequence[Cue], ambience: Ambience, dt: float) -> tuple[Cue, ...]:
        """Let `dt` seconds pass and play what the limiter lets through; returns that."""
        self._now += dt
        if not self._changing.acquire(blocking=False):
            return ()
        try:
            return self._heard(cues, ambience, dt)
        finally:
            self._changing.release()

    def _heard(self, cues: Sequence[Cue], ambience: Ambience, dt: float) -> tuple[Cue, ...]:
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
        if not muted or not self._changing.acquire(blocking=False):
            return
        try:
            if self._bank is not None and pygame.mixer.get_init():
                for index in range(len(LOOP_CHANNELS), len(LOOP_CHANNELS) + VOICES):
                    pygame.mixer.Channel(index).fadeout(FADE_MS)
        finally:
            self._changing.release()

    def stop(self) -> None:
        """Close the device."""
        self._ending.set()
        if self._thread is None:
            return
        self._thread.join(1.0)
        if not self._thread.is_alive():
            self._bank = None
            self._devices.close()
