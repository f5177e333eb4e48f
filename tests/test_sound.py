"""Sounds as numbers, cues as data, the limiter's bound by mixing, a loudspeaker with and without a device."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
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
from game.simulation.places.stage_places import Place
from game.sound.cues import Ambience, Cue, ambience_for, pan, sounds_for
from game.sound.limiter import AGAIN, CEILING, PEAK, VOICES
from game.sound.loudspeaker import facts_of, limiter_for
from game.sound.synth import LEVELS, LOOPS, RATE, SOUNDS, WINDOW, Wave, loudness, pcm
from tests.sound_scene import kitchen, names
from tests.telling import S, order, seen, staffed, tell, worker

WAVES: dict[str, Wave] = {name: make() for name, make in SOUNDS.items()}
EFFECTS = sorted(set(SOUNDS) - LOOPS)


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
