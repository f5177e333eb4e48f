"""Every sound of the kitchen, made of numbers: mono float32 arrays of shape (n,), within [-1, 1].

Pure and without chance: noise comes from a fixed seed, so that a sound is the same in every run. Each is
set to its own loudness (`LEVELS`), measured as the loudest 0.3 s of it; `limiter` builds on that.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

RATE = 44100
"""Samples a second, of everything."""

WINDOW = 0.3
"""Seconds over which loudness is measured: about as long as an ear takes."""

Wave = NDArray[np.float32]
_Line = NDArray[np.float64]

LEVELS: dict[str, float] = {
    "pop": 0.034,
    "poof": 0.060,
    "hop": 0.036,
    "ding": 0.036,
    "blip": 0.024,
    "scooter": 0.030,
    "oven": 0.013,
    "hum": 0.010,
}
"""Root mean square of each sound's loudest 0.3 s, of full scale: effects near -29 dBFS, loops near -38."""

LOOPS = frozenset({"oven", "hum"})
"""Sounds whose end runs into their beginning."""


def _time(seconds: float) -> _Line:
    return np.arange(round(seconds * RATE)) / RATE


def _noise(seed: int, count: int) -> _Line:
    return np.random.default_rng(seed).standard_normal(count)


def _glide(start: float, end: float, seconds: float) -> _Line:
    """A sine whose pitch goes from `start` to `end` Hz, evenly to the ear."""
    pitch = start * (end / start) ** (_time(seconds) / seconds)
    line: _Line = np.sin(2 * math.pi * np.cumsum(pitch) / RATE)
    return line


def _band(line: _Line, low: float, high: float) -> _Line:
    """Only what lies between two pitches, softly cut; the end runs into the beginning."""
    pitch = np.fft.rfftfreq(len(line), 1 / RATE)
    gain = 1 / (1 + (pitch / high) ** 4)
    if low > 0:
        gain = gain * (1 - 1 / (1 + (pitch / low) ** 4))
    found: _Line = np.fft.irfft(np.fft.rfft(line) * gain, len(line))
    return found


def _faded(line: _Line, attack: float = 0.004, release: float = 0.02) -> _Line:
    """From silence and back to it, in so many seconds: an edge would click."""
    made = line.copy()
    for seconds, side in ((attack, slice(None)), (release, slice(None, None, -1))):
        count = min(len(made), max(2, round(seconds * RATE)))
        made[side][:count] *= 0.5 - 0.5 * np.cos(np.linspace(0, math.pi, count))
    return made


def loudness(wave: NDArray[np.floating]) -> float:
    """Root mean square of the loudest `WINDOW` seconds; what is shorter counts as followed by silence."""
    size = round(WINDOW * RATE)
    power = np.concatenate(([0.0], np.cumsum(np.square(wave, dtype=np.float64))))
    most = power[-1] if len(wave) <= size else float(np.max(power[size:] - power[:-size]))
    return math.sqrt(max(0.0, float(most)) / size)


def _levelled(name: str, line: _Line) -> Wave:
    return (line * (LEVELS[name] / loudness(line))).astype(np.float32)


def pop() -> Wave:
    """An order arrives: a bubble bursts."""
    t = _time(0.12)
    line = _glide(300, 760, 0.12) * np.exp(-t * 34) + 0.25 * _glide(600, 1500, 0.12) * np.exp(-t * 60)
    return _levelled("pop", _faded(line))


def poof() -> Wave:
    """A cook is gone: a cloud of flour over a soft thump."""
    t = _time(0.6)
    puff = _band(_noise(3, len(t)), 180, 1500) * np.exp(-t * 7.5)
    air = _band(_noise(4, len(t)), 900, 4200) * np.exp(-t * 15)
    thump = _glide(120, 52, 0.6) * np.exp(-t * 11)
    line = puff / np.std(puff) + 0.35 * air / np.std(air) + 1.3 * thump / np.std(thump)
    return _levelled("poof", _faded(line, attack=0.008, release=0.08))


def hop() -> Wave:
    """A pizza jumps to another cook: a spring that winds upwards."""
    t = _time(0.3)
    wobble = 1 + 0.35 * np.sin(2 * math.pi * 17 * t)
    line = _glide(330, 980, 0.3) * wobble * np.exp(-t * 8) + 0.2 * _glide(660, 1960, 0.3) * np.exp(-t * 14)
    return _levelled("hop", _faded(line, release=0.05))


def ding() -> Wave:
    """A pizza is delivered: the counter's bell."""
    t = _time(1.2)
    partials = ((1.0, 1.0, 3.6), (2.01, 0.42, 6.0), (2.76, 0.30, 8.5), (5.40, 0.12, 16.0))
    line = np.zeros(len(t))
    for ratio, share, decay in partials:
        line += share * np.sin(2 * math.pi * 1318.5 * ratio * t) * np.exp(-t * decay)
    return _levelled("ding", _faded(line, attack=0.002, release=0.1))


def blip() -> Wave:
    """An attempt has failed: two short low notes, the second one lower."""
    first, second = _time(0.08), _time(0.11)
    notes = []
    for t, pitch in ((first, 294.0), (second, 233.0)):
        body = np.sin(2 * math.pi * pitch * t) + 0.3 * np.sin(2 * math.pi * 3 * pitch * t)
        notes.append(_faded(body * np.exp(-t * 14), release=0.03))
    return _levelled("blip", np.concatenate(notes))


def scooter() -> Wave:
    """It drives off: a small engine that picks up and grows faint."""
    seconds = 1.5
    t = _time(seconds)
    pitch = 62 + 58 * np.clip(t / 0.7, 0, 1) ** 1.5 + 6 * np.sin(2 * math.pi * 2.2 * t)
    turns = np.cumsum(pitch) / RATE
    engine = sum(np.sin(2 * math.pi * n * turns + 0.4 * n) / n for n in range(1, 9))
    putt = 0.55 + 0.45 * np.cos(2 * math.pi * turns / 2) ** 3
    exhaust = 0.25 * _band(_noise(11, len(t)), 200, 1400) * (0.5 + 0.5 * np.sin(2 * math.pi * turns))
    line = _band(engine * putt + exhaust, 70, 1500) * np.minimum(1, t / 0.12) * np.exp(-t * 1.6)
    return _levelled("scooter", _faded(line, attack=0.03, release=0.25))


def oven() -> Wave:
    """Something bakes: embers that crackle over a low fire. A loop of 5 s."""
    count = 5 * RATE
    chance = np.random.default_rng(21)
    fire = _band(_noise(22, count), 60, 260)
    slow = 1 + 0.35 * np.sin(2 * math.pi * 2 * np.arange(count) / count + 1.0)
    line = fire / np.std(fire) * slow
    for at in chance.integers(0, count, 60):
        length = int(chance.integers(120, 700))
        spark = chance.standard_normal(length) * np.exp(-np.arange(length) / (length / 6))
        place = (at + np.arange(length)) % count
        line[place] += spark * float(chance.uniform(2.0, 9.0))
    return _levelled("oven", _band(line, 50, 3800))


def hum() -> Wave:
    """The kitchen itself: a fan, far away, and warm air. A loop of 6 s, of whole waves only."""
    seconds = 6
    t = _time(seconds)
    air = _band(_noise(31, len(t)), 70, 420)
    line = 0.8 * air / np.std(air)
    for pitch, share in ((98.0, 0.7), (98.5, 0.35), (147.0, 0.4), (196.5, 0.25), (294.0, 0.12)):
        # Half a hertz apart at least, so that six seconds hold whole waves of each.
        line += share * np.sin(2 * math.pi * pitch * t)
    return _levelled("hum", line)


SOUNDS: dict[str, Callable[[], Wave]] = {
    "pop": pop,
    "poof": poof,
    "hop": hop,
    "ding": ding,
    "blip": blip,
    "scooter": scooter,
    "oven": oven,
    "hum": hum,
}
"""Every sound by its name."""


def pcm(wave: Wave) -> NDArray[np.int16]:
    """A wave as the mixer takes it: int16 of shape (n, 2), the same on both sides."""
    mono = np.round(np.clip(wave, -1.0, 1.0) * 32767).astype(np.int16)
    return np.ascontiguousarray(np.repeat(mono[:, None], 2, axis=1))
