"""Sound devices that are not there, go and come: heard again soon, and no output of anybody's is touched."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pygame
import pytest

from game.sound import loudspeaker as module
from game.sound.cues import Ambience, Cue
from game.sound.loudspeaker import LOOK_EVERY, Loudspeaker, SystemDevices
from tests.running import PATIENCE, ROOT, eventually


class Cards(SystemDevices):
    """SDL's dummy device under names that the test plugs and pulls."""

    def __init__(self, *plugged: str) -> None:
        self.plugged = set(plugged)
        self.opened: list[frozenset[str]] = []
        self.looks = 0
        self.pulled_meanwhile: str | None = None
        """Goes in the very moment in which one is opened."""

    def open(self) -> None:
        if not self.plugged:
            raise pygame.error("no such device")
        self.opened.append(frozenset(self.plugged))
        super().open()
        if self.pulled_meanwhile in self.plugged:
            self.plugged.remove(self.pulled_meanwhile)

    def names(self) -> frozenset[str]:
        self.looks += 1
        return frozenset(self.plugged)

    def until_looked_at(self) -> None:
        """Wait until all is known that is so now."""
        enough = self.looks + 3
        eventually(lambda: self.looks >= enough)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Loudspeaker]]:
    """What a test starts is stopped at its end."""
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    made: list[Loudspeaker] = []
    yield made
    for one in made:
        one.stop()  # it waits a second at most for a thread that opens a device just now
    eventually(lambda: not any(one._thread and one._thread.is_alive() for one in made))
    for one in made:
        one.stop()
    assert not pygame.mixer.get_init()


def speaker_on(cards: Cards, started: list[Loudspeaker]) -> Loudspeaker:
    made = Loudspeaker(devices=cards, look_every=0.01)
    started.append(made)
    made.start()
    return made


def is_heard(speaker: Loudspeaker) -> bool:
    """Whether a sound is played now."""
    return bool(speaker.frame((Cue("pop", 9.0),), Ambience(), 1.0))


def test_a_device_that_comes_after_the_start_is_heard(started: list[Loudspeaker]) -> None:
    cards = Cards()
    speaker = speaker_on(cards, started)
    eventually(lambda: speaker.trouble, 20)
    assert not speaker.ready and not is_heard(speaker)
    cards.plugged.add("headphones")
    eventually(lambda: is_heard(speaker), 20)
    assert speaker.trouble == ""


def test_sound_follows_from_a_device_that_goes_to_the_one_that_is_left_and_back(
    started: list[Loudspeaker],
) -> None:
    cards = Cards("projector", "built in")
    speaker = speaker_on(cards, started)
    eventually(lambda: is_heard(speaker), 20)
    cards.until_looked_at()
    cards.plugged.remove("projector")
    eventually(lambda: cards.opened[-1] == {"built in"} and is_heard(speaker), 20)
    cards.plugged.add("projector")
    eventually(lambda: cards.opened[-1] == {"built in", "projector"} and is_heard(speaker), 20)
    cards.until_looked_at()
    before = len(cards.opened)
    cards.until_looked_at()
    assert len(cards.opened) == before, "where nothing changes, nothing is opened anew"


def test_a_device_that_goes_while_it_is_opened_is_missed_at_the_next_look(started: list[Loudspeaker]) -> None:
    cards = Cards("built in")
    speaker = speaker_on(cards, started)
    eventually(lambda: is_heard(speaker), 20)
    cards.until_looked_at()
    cards.pulled_meanwhile = "headphones"
    cards.plugged.add("headphones")
    eventually(lambda: len(cards.opened) > 2 and is_heard(speaker), 20)
    assert cards.opened == [{"built in"}, {"built in", "headphones"}, {"built in"}]


def test_all_of_them_may_go_and_one_come(started: list[Loudspeaker]) -> None:
    cards = Cards("only")
    speaker = speaker_on(cards, started)
    eventually(lambda: is_heard(speaker), 20)
    cards.until_looked_at()
    cards.plugged.clear()
    eventually(lambda: not speaker.ready and speaker.trouble, 20)
    assert not is_heard(speaker)
    speaker.mute(True)
    speaker.mute(False)
    cards.plugged.add("another")
    eventually(lambda: is_heard(speaker), 20)


def test_a_mixer_that_ends_under_our_feet_is_opened_again(started: list[Loudspeaker]) -> None:
    cards = Cards("only")
    speaker = speaker_on(cards, started)
    eventually(lambda: speaker.ready, 20)
    with speaker._changing:
        speaker._bank = None
    eventually(lambda: is_heard(speaker), 20)
    assert len(cards.opened) >= 2


def test_the_systems_devices_are_looked_for_often_enough() -> None:
    assert LOOK_EVERY < 10, "a device that comes is to be heard within ten seconds"


REAL = """
import os, sys, time
from game.sound.loudspeaker import Loudspeaker
made = Loudspeaker(look_every=0.05)
made.start()
end = time.monotonic() + float(sys.argv[2])
while not made.trouble and not made.ready and time.monotonic() < end:
    time.sleep(0.01)
print("trouble" if made.trouble else "ready")
os.mkdir(sys.argv[1])
while not made.ready and time.monotonic() < end:
    time.sleep(0.01)
print("ready" if made.ready else made.trouble)
made.stop()
"""


def test_a_real_device_that_can_be_opened_only_later_is_opened_then(tmp_path: Path) -> None:
    place = tmp_path / "card"
    environment = {**os.environ, "SDL_AUDIODRIVER": "disk", "SDL_DISKAUDIOFILE": str(place / "sound")}
    done = subprocess.run(
        [sys.executable, "-c", REAL, str(place), str(60 * PATIENCE)],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90 * PATIENCE,
    )  # fmt: skip
    assert done.stdout.split()[-2:] == ["trouble", "ready"], done


APART = """
import os, sys, time
from game.sound.loudspeaker import Loudspeaker
before = os.fstat(2)
made = Loudspeaker(look_every=0.01)
made.start()
end, n = time.monotonic() + float(sys.argv[1]), 0
# Until ALSA was asked, and a moment longer.
while n < 1000 and time.monotonic() < end:
    now = os.fstat(2)
    assert (now.st_dev, now.st_ino) == (before.st_dev, before.st_ino), "somebody redirected it"
    n += bool(made.trouble or made.ready)
    time.sleep(0.0005)
os.write(2, b"said at once\\n")
made.stop()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ALSA is Linux's")
def test_the_error_output_stays_whose_it_is_and_alsa_is_quiet_all_the_same() -> None:
    environment = {**os.environ, "SDL_AUDIODRIVER": "alsa", "ALSA_CARD": "none"}
    done = subprocess.run(
        [sys.executable, "-c", APART, str(60 * PATIENCE)],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90 * PATIENCE,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "said at once\n")


def test_no_module_of_the_game_redirects_a_standard_output() -> None:
    found = [
        file.name
        for file in (ROOT / "game").rglob("*.py")
        if "os.dup2(" in file.read_text(encoding="utf-8") and file.name != "outputs.py"
    ]
    assert found == [], "outputs.py gives the null device to one that is closed, and that is all"
    assert not hasattr(module, "hushed")
