"""The loudspeaker: it plays, ducks and mutes; without a device, or when one goes, nothing breaks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pygame
import pytest

from game.sound.cues import Ambience, Cue
from game.sound.limiter import VOICES
from game.sound.loudspeaker import DUCKED, LOOP_CHANNELS, Loudspeaker
from game.sound.synth import RATE
from tests.running import ROOT, eventually
from tests.sound_scene import names

FRAME_BYTES = 4
"""Two channels of 16 bits."""


@pytest.fixture
def loudspeaker(monkeypatch: pytest.MonkeyPatch) -> Loudspeaker:
    """One on SDL's dummy device, ready; closed again at the end by its test's own `stop`."""
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    made = Loudspeaker()
    made.start()
    eventually(lambda: made.ready or made.trouble)
    assert made.ready, made.trouble
    with made._changing:  # its thread may not have let go of the device yet: so long nothing is played
        return made


def stopped(loudspeaker: Loudspeaker) -> bool:
    """Stop it; whether it has. A stop waits a second for the thread, which a busy machine may hold up."""
    loudspeaker.stop()
    return not loudspeaker.ready


def volumes(channel: int) -> float:
    return float(pygame.mixer.Channel(channel).get_volume())


def test_the_loudspeaker_plays_ducks_and_mutes(loudspeaker: Loudspeaker) -> None:
    try:
        assert pygame.mixer.get_init() == (RATE, -16, 2)
        for _ in range(60):
            loudspeaker.frame((), Ambience(1.0, 0.5, 960.0), 1 / 60)
        hum, oven = (pygame.mixer.Channel(LOOP_CHANNELS[name]) for name in ("hum", "oven"))
        assert hum.get_busy() and oven.get_busy()
        assert loudspeaker.gains == pytest.approx({"hum": 1.0, "oven": 0.5}, abs=0.02)
        # The device plays on while this process is held up: one that still sounds when it is looked at.
        assert loudspeaker._bank is not None
        loudspeaker._bank.sounds["ding"] = pygame.mixer.Sound(buffer=bytes(60 * RATE * FRAME_BYTES))
        played = loudspeaker.frame((Cue("ding", 1800.0), Cue("ding", 1800.0)), Ambience(), 1 / 60)
        assert names(played) == ["ding"]
        assert sum(pygame.mixer.Channel(n).get_busy() for n in range(2, 2 + VOICES)) == 1
        for _ in range(20):
            loudspeaker.frame((), Ambience(), 1 / 60)
        assert loudspeaker.gains["hum"] == pytest.approx(DUCKED, abs=0.02)
        for _ in range(240):
            loudspeaker.frame((), Ambience(), 1 / 60)
        assert loudspeaker.gains["hum"] == pytest.approx(1.0, abs=0.02), "the ding has ended"
        assert not oven.get_busy()
        loudspeaker.mute(True)
        assert loudspeaker.frame((Cue("pop", 3.0),), Ambience(), 1 / 60) == ()
        for _ in range(60):
            loudspeaker.frame((), Ambience(), 1 / 60)
        eventually(lambda: not pygame.mixer.get_busy())
        loudspeaker.mute(False)
        assert names(loudspeaker.frame((Cue("pop", 3.0),), Ambience(), 1 / 60)) == ["pop"]
    finally:
        eventually(lambda: stopped(loudspeaker))
    assert not pygame.mixer.get_init()


def test_a_device_that_goes_away_is_no_problem(loudspeaker: Loudspeaker) -> None:
    pygame.mixer.quit()
    assert loudspeaker.frame((Cue("pop", 3.0),), Ambience(), 1 / 60) == ()
    loudspeaker.mute(True)
    eventually(lambda: stopped(loudspeaker))


WITHOUT_A_DEVICE = """
import time
from game.sound.cues import Ambience, Cue
from game.sound.loudspeaker import Loudspeaker
made = Loudspeaker()
made.start()
end = time.monotonic() + 60
while not (made.ready or made.trouble) and time.monotonic() < end:
    made.frame((Cue("pop", 1.0),), Ambience(), 0.01)
    time.sleep(0.01)
made.frame((Cue("pop", 1.0),), Ambience(), 0.01)
made.mute(True)
print("ready" if made.ready else "trouble" if made.trouble else "neither")
made.stop()
"""


@pytest.mark.parametrize("driver", ["alsa", "no-such-driver", "disk", "dummy"])
def test_without_a_device_nothing_is_said_and_nothing_breaks(driver: str, tmp_path: Path) -> None:
    # The display's variables are of no use here, and a card that this machine may have is hidden.
    environment = {
        **os.environ,
        "SDL_AUDIODRIVER": driver,
        "ALSA_CARD": "none",
        "PYGAME_HIDE_SUPPORT_PROMPT": "1",
    }
    if driver == "disk":
        environment["SDL_DISKAUDIOFILE"] = str(tmp_path / "no" / "such" / "directory")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_A_DEVICE],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert (done.returncode, done.stderr) == (0, "")
    if driver != "alsa":
        # Whether ALSA finds a device depends on the machine; whether it is quiet must not.
        assert done.stdout.strip() == ("ready" if driver == "dummy" else "trouble")
