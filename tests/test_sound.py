"""Sounds as numbers, cues as data, the limiter's bound by mixing, a loudspeaker with and without a device."""

from __future__ import annotations

import itertools
import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pygame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from game.api_state.events import (
    AttemptFailed,
    OrderAppeared,
    OrderDelivered,
    OrderFailed,
    OrderMoved,
    OrderTakenOver,
    WorkerDied,
)
from game.desktop import settings as choices
from game.desktop.settings import Settings, load, save, settings_file
from game.drawing.art import Art
from game.drawing.brush import Brush
from game.drawing.text import Pen
from game.drawing.view import View
from game.geometry import Box, inside
from game.inputs import KeyPress, PointerPress
from game.scene.hud.draw import draw_hud, hud_figures
from game.simulation.controls.app_requests import AppRequests
from game.simulation.controls.dispatch import handle
from game.simulation.display.bands_and_buttons import MUTED_SIGN, ORDER_BUTTON, UI_BUTTON
from game.simulation.model import Model
from game.simulation.places.stage_places import Place
from game.sound.cues import Ambience, Cue, ambience_for, pan, sounds_for
from game.sound.limiter import AGAIN, CEILING, PEAK, VOICES
from game.sound.loudspeaker import DUCKED, LOOP_CHANNELS, Loudspeaker, facts_of, limiter_for
from game.sound.synth import LEVELS, LOOPS, RATE, SOUNDS, WINDOW, Wave, loudness, pcm
from tests.running import ROOT, eventually
from tests.telling import S, kitchen_with, order, seen, staffed, tell, worker

WAVES: dict[str, Wave] = {name: make() for name, make in SOUNDS.items()}
EFFECTS = sorted(set(SOUNDS) - LOOPS)

# Numbers.


def spectrum(wave: Wave) -> tuple[np.ndarray, np.ndarray]:
    """Pitches in Hz, and the share of the sound's power at each."""
    power = np.abs(np.fft.rfft(wave.astype(np.float64))) ** 2
    return np.fft.rfftfreq(len(wave), 1 / RATE), power / power.sum()


def share(name: str, low: float, high: float) -> float:
    """The part of a sound's power that lies between two pitches."""
    pitch, power = spectrum(WAVES[name])
    return float(power[(pitch >= low) & (pitch < high)].sum())


@pytest.mark.parametrize("name", SOUNDS)
def test_a_sound_is_a_short_clean_line_of_numbers(name: str) -> None:
    wave = WAVES[name]
    assert wave.dtype == np.float32 and wave.ndim == 1
    seconds = len(wave) / RATE
    assert (4 <= seconds <= 8) if name in LOOPS else (0.1 <= seconds <= 1.6)
    assert np.isfinite(wave).all()
    assert 0.01 < np.max(np.abs(wave)) < 0.6, "neither silent nor near the edge"
    assert loudness(wave) == pytest.approx(LEVELS[name], rel=1e-3)
    assert abs(float(wave.mean())) < 0.002, "no offset: it would click"
    assert np.array_equal(wave, SOUNDS[name]()), "the same in every run"


@pytest.mark.parametrize("name", EFFECTS)
def test_an_effect_begins_and_ends_in_silence(name: str) -> None:
    wave, edge = WAVES[name], 40
    peak = float(np.max(np.abs(wave)))
    assert abs(wave[0]) < 1e-4 and abs(wave[-1]) < 1e-4
    assert np.max(np.abs(wave[:edge])) < 0.5 * peak and np.max(np.abs(wave[-edge:])) < 0.02 * peak


@pytest.mark.parametrize("name", sorted(LOOPS))
def test_a_loop_has_no_seam(name: str) -> None:
    wave = WAVES[name]
    steps = np.abs(np.diff(wave))
    seam = abs(float(wave[0]) - float(wave[-1]))
    assert seam <= np.percentile(steps, 99.9)
    # And no step in its slope, which would be heard too.
    bend = abs(float(wave[1] - wave[0]) - float(wave[0] - wave[-1]))
    assert bend <= np.percentile(np.abs(np.diff(wave, 2)), 99.9)


def test_each_sounds_like_what_it_is() -> None:
    pitch, power = spectrum(WAVES["ding"])
    assert pitch[int(power.argmax())] == pytest.approx(1318.5, abs=3), "a bell's note"
    assert share("ding", 1000, 9000) > 0.95
    assert share("hum", 0, 450) > 0.95, "soft: nothing sharp in it"
    assert share("scooter", 40, 900) > 0.9 and share("scooter", 40, 250) > 0.3, "an engine"
    assert 0.2 < share("poof", 0, 150) < 0.9 and share("poof", 200, 6000) > 0.1, "a thump and a cloud"
    assert share("oven", 0, 400) > 0.3 and share("oven", 1000, 6000) > 0.02, "a fire and its sparks"
    assert share("blip", 150, 1200) > 0.9 and share("pop", 200, 1600) > 0.9


def test_the_hop_goes_up_and_the_blip_goes_down() -> None:
    def pitch_of(part: Wave) -> float:
        found, power = spectrum(part)
        return float((found * power).sum())

    for name, rises in (("hop", True), ("pop", True), ("blip", False)):
        half = len(WAVES[name]) // 2
        first, second = pitch_of(WAVES[name][:half]), pitch_of(WAVES[name][half:])
        assert (second > first) == rises, name


def test_the_mixer_gets_whole_numbers_on_both_sides() -> None:
    made = pcm(np.array([0.0, 0.5, -1.0, 1.5, -3.0], dtype=np.float32))
    assert made.dtype == np.int16 and made.shape == (5, 2) and made.flags.c_contiguous
    assert made[:, 0].tolist() == [0, 16384, -32767, 32767, -32767]
    assert np.array_equal(made[:, 0], made[:, 1])


# Cues.


def kitchen() -> Model:
    """Two cooks; `a` bakes with the first one, `b` waits at the counter."""
    crew = [worker(1), worker(2)]
    return kitchen_with(crew, [order("a", S.BAKING, 1, worker="w1.1"), order("b")], settle=6.0)


def names(cues: tuple[Cue, ...]) -> list[str]:
    return [cue.name for cue in cues]


def test_every_thing_that_happens_has_its_sound() -> None:
    model = kitchen()
    cook = model.cooks[1].spot
    assert cook is not None
    x = model.gophers["a"].body.x
    events = (
        (OrderAppeared("b", S.RECEIVED), "pop", model.gophers["b"].body.x),
        (WorkerDied(1, "w1.1", "player", "SIGKILL"), "poof", cook.x),
        (OrderTakenOver("a", "w1.1", "w2.1", 2), "hop", x),
        (AttemptFailed("a", 2, "burnt"), "blip", x),
        (OrderMoved("a", S.PENDING_PICKUP, S.OUT_FOR_DELIVERY, "w2.1"), "scooter", 1610.0),
        (OrderDelivered("a"), "ding", x),
        (OrderFailed("a"), "blip", x),
    )
    for event, name, where in events:
        assert [(cue.name, round(cue.x)) for cue in sounds_for((event,), model)] == [(name, round(where))]
    assert set(SOUNDS) - LOOPS == {name for _, name, _ in events}, "no sound that nobody plays"


def test_a_takeover_hops_and_does_not_blip() -> None:
    model = kitchen()
    takeover = (AttemptFailed("a", 2, "heartbeat"), OrderTakenOver("a", "w1.1", "w2.1", 2))
    assert names(sounds_for(takeover, model)) == ["hop"]
    assert names(sounds_for((*takeover, AttemptFailed("b", 2, None)), model)) == ["hop", "blip"]


@pytest.mark.parametrize("cause", ["shutdown", "redeploy"])
def test_an_end_that_was_meant_goes_without_a_poof(cause: str) -> None:
    assert sounds_for((WorkerDied(1, "w1.1", cause, None),), kitchen()) == ()


def test_what_was_over_before_anybody_saw_it_makes_no_sound() -> None:
    assert sounds_for((OrderAppeared("x", S.DELIVERED),), kitchen()) == ()
    assert names(sounds_for((OrderAppeared("x", S.BAKING),), kitchen())) == ["pop"]


def test_sounds_come_from_the_events_of_the_truth() -> None:
    model = kitchen()
    events = tell(model, staffed(worker(1, "dead", since=9), worker(2)))
    assert names(sounds_for(events, model)) == ["poof"]
    events = tell(model, seen(order("a", S.BAKING, 2, worker="w2.1")))
    assert names(sounds_for(events, model)) == ["hop"]
    events = tell(model, seen(order("a", S.OUT_FOR_DELIVERY, 1, worker="w2.1")))
    assert names(sounds_for(events, model)) == ["scooter"]
    events = tell(model, seen(order("a", S.DELIVERED)))
    assert names(sounds_for(events, model)) == ["ding"]
    assert sounds_for(tell(model, seen(order("a", S.DELIVERED))), model) == (), "told twice, heard once"


def test_the_oven_crackles_while_something_bakes() -> None:
    model = kitchen()
    assert ambience_for(model) == Ambience(1.0, 0.6, model.floor.kitchen.anchors[Place.OVEN])
    tell(model, seen(order("a", S.BAKING, 2)))
    assert ambience_for(model).oven == 0.0, "in nobody's hands: nothing bakes"
    many = [order(f"m{n}", S.BAKING, 1, worker="w1.1") for n in range(40)]
    tell(model, seen(*many))
    assert ambience_for(model).oven == 1.0
    tell(model, staffed(worker(1, "dead", since=9), worker(2, "dead", since=9)))
    assert ambience_for(model).hum < 1.0


@given(st.floats(-500, 2500))
def test_panning_keeps_the_power(x: float) -> None:
    left, right = pan(x)
    assert left * left + right * right == pytest.approx(1.0)
    assert 0 < left < 1 and 0 < right < 1
    assert (left > right) == (x < 960) or left == pytest.approx(right)


# The limiter.

CUES = st.tuples(st.sampled_from(EFFECTS), st.floats(0.05, 1.0), st.floats(0.0, 1920.0))


def mixed(story: list[tuple[float, Cue]], seconds: float) -> np.ndarray:
    """What comes out of both sides (n, 2) when these are played beside the loops at their loudest."""
    out = np.zeros((round(seconds * RATE), 2))
    for name in LOOPS:
        out += np.resize(WAVES[name], len(out))[:, None] * np.array(pan(960.0))
    for at, cue in story:
        start = round(at * RATE)
        part = WAVES[cue.name][: max(0, len(out) - start)]
        out[start : start + len(part)] += part[:, None] * cue.gain * np.array(pan(cue.x))
    return out


@settings(max_examples=25)
@given(st.lists(st.lists(CUES, max_size=12), min_size=1, max_size=60), st.sampled_from([1 / 60, 1 / 30, 0.2]))
def test_whatever_happens_it_is_no_louder_than_speech(
    frames: list[list[tuple[str, float, float]]], dt: float
) -> None:
    limiter = limiter_for(WAVES)
    story: list[tuple[float, Cue]] = []
    for n, frame in enumerate(frames):
        played = limiter.admit([Cue(name, x, gain) for name, gain, x in frame], n * dt)
        assert limiter.sounding(n * dt) <= VOICES
        story += [(n * dt, cue) for cue in played]
    out = mixed(story, len(frames) * dt + 2.0)
    assert np.max(np.abs(out)) <= PEAK
    for side in (0, 1):
        assert loudness(out[:, side]) <= CEILING
    for name in EFFECTS:
        times = [at for at, cue in story if cue.name == name]
        assert all(b - a >= AGAIN - 1e-9 for a, b in itertools.pairwise(times))


def test_the_ceiling_is_18_decibels_under_full_scale() -> None:
    assert 20 * math.log10(CEILING) == pytest.approx(-18)
    assert WINDOW == 0.3


def test_a_kill_is_heard_over_the_busiest_kitchen() -> None:
    limiter = limiter_for(WAVES)
    dice = random.Random(4)
    for n in range(600):
        names_now = [dice.choice(["pop", "hop", "ding", "scooter", "blip"]) for _ in range(6)]
        limiter.admit([Cue(name, 960.0) for name in names_now], n / 60)
    (poof,) = limiter.admit([Cue("poof", 300.0)], 10.05)
    facts = facts_of(WAVES)
    assert poof.gain * facts["poof"].level > 0.8 * facts["ding"].level


def test_a_quiet_kitchen_plays_everything_as_loud_as_it_is() -> None:
    for name in EFFECTS:
        assert limiter_for(WAVES).admit([Cue(name, 500.0, 0.9)], 3.0) == (Cue(name, 500.0, 0.9),)


def test_a_crowd_in_one_frame_is_one_pop() -> None:
    limiter = limiter_for(WAVES)
    assert len(limiter.admit([Cue("pop", float(n)) for n in range(500)], 1.0)) == 1
    assert limiter.admit([Cue("pop", 0.0)], 1.0 + AGAIN * 0.9) == ()
    (second,) = limiter.admit([Cue("pop", 0.0)], 1.0 + AGAIN * 1.1)
    assert 0 < second.gain <= 1.0
    (later,) = limiter.admit([Cue("pop", 0.0)], 9.0)
    assert later.gain == 1.0, "what has ended takes no room"


# The loudspeaker.


@pytest.fixture
def loudspeaker(monkeypatch: pytest.MonkeyPatch) -> Loudspeaker:
    """One on SDL's dummy device, ready; closed again at the end by its test's own `stop`."""
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    made = Loudspeaker()
    made.start()
    eventually(lambda: made.ready or made.trouble)
    assert made.ready, made.trouble
    return made


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
        loudspeaker.stop()
    assert not pygame.mixer.get_init() and not loudspeaker.ready


def test_a_device_that_goes_away_is_no_problem(loudspeaker: Loudspeaker) -> None:
    pygame.mixer.quit()
    assert loudspeaker.frame((Cue("pop", 3.0),), Ambience(), 1 / 60) == ()
    loudspeaker.mute(True)
    loudspeaker.stop()


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


# Mute, and what is remembered.


def test_m_mutes_and_so_does_a_press_on_the_sign_the_other_way() -> None:
    model = kitchen()
    x, y = MUTED_SIGN[0] + 20, MUTED_SIGN[1] + 20

    def told(item: KeyPress | PointerPress) -> bool:
        out = AppRequests()
        handle(model, item, out)
        assert not out.commands and not out.wishes
        return model.setup.muted

    assert not told(PointerPress(x, y)), "without the sign there is nothing to press"
    assert told(KeyPress("m")) and told(KeyPress("m", repeat=True))
    assert not told(PointerPress(x, y))
    assert told(KeyPress("m")) and not told(KeyPress("m"))


def test_choices_are_found_again(tmp_path: Path) -> None:
    file = settings_file({"XDG_CONFIG_HOME": str(tmp_path / "deep" / "er")})
    assert load(file) == Settings()
    assert save(file, Settings(muted=True)) and load(file) == Settings(muted=True)
    file.write_text(json.dumps({"muted": True, "of a later version": [1, 2]}))
    assert save(file, Settings()) and json.loads(file.read_text()) == {
        **asdict(Settings()),
        "of a later version": [1, 2],
    }
    assert [found.name for found in file.parent.iterdir()] == ["settings.json"], (
        "nothing half-written is left"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"muted"',
        '{"muted": "yes"}',
        '{"muted": 1}',
        "\x00\xff",
        "[" * 9000,
        " " * 20000 + "{}",
    ],
)
def test_a_broken_file_counts_as_none_and_is_mended(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(text.encode("latin-1"))
    assert load(file) == Settings()
    assert save(file, Settings(muted=True)) and load(file) == Settings(muted=True)


def test_a_place_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    assert not save(blocked / "settings.json", Settings(muted=True))
    assert load(blocked / "settings.json") == Settings() and load(None) == Settings()
    assert not save(None, Settings())


def test_a_write_that_fails_leaves_the_old_choices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings.json"
    save(file, Settings(muted=True))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(choices.os, "replace", full)
    assert not save(file, Settings())
    assert load(file) == Settings(muted=True)
    assert [found.name for found in tmp_path.iterdir()] == ["settings.json"]


def test_a_relative_config_directory_is_no_directory(tmp_path: Path) -> None:
    assert (
        settings_file({"XDG_CONFIG_HOME": "here"})
        == Path.home() / ".config" / "gopherpizza" / "settings.json"
    )
    assert settings_file({}) == settings_file({"XDG_CONFIG_HOME": ""})


@pytest.fixture
def brush(monkeypatch: pytest.MonkeyPatch) -> Iterator[Brush]:
    """A third-size frame on a display that nobody sees."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    ours = not pygame.display.get_surface()
    if ours:
        pygame.display.init()
        pygame.display.set_mode((640, 360))
    view = View(pygame.Surface((640, 360)))
    yield Brush(view, Art(1 / 3), Pen(view))
    if ours:
        pygame.display.quit()


@pytest.mark.parametrize("muted", [False, True])
def test_a_muted_kitchen_says_so_in_words(brush: Brush, muted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    model = kitchen()
    model.setup.muted = muted
    written: dict[str, Box] = {}
    real = Pen.write

    def recording(self: Pen, text: str, *rest: Any, **more: Any) -> Box:
        written[text] = real(self, text, *rest, **more)
        return written[text]

    monkeypatch.setattr(Pen, "write", recording)
    draw_hud(brush, hud_figures(model))
    assert ("Muted" in written) == muted
    if muted:
        x, y, w, h = written["Muted"]
        assert inside(MUTED_SIGN, x, y) and inside(MUTED_SIGN, x + w, y + h)
    (hint,) = (box for text, box in written.items() if text.startswith("1–9"))
    assert ORDER_BUTTON[0] + ORDER_BUTTON[2] < hint[0]
    assert hint[0] + hint[2] < (MUTED_SIGN if muted else UI_BUTTON)[0]
    assert MUTED_SIGN[0] + MUTED_SIGN[2] < UI_BUTTON[0]
