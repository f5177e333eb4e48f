"""Looks: the same order is always the same gopher, and a crowd is varied."""

from __future__ import annotations

import dataclasses
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from game.simulation import appearance as looks
from game.simulation.appearance import CHOICES, COOK_CHOICES, cook_look, look_for
from game.theme import COOKS

KNOWN = ("sun", "plain", "small", "long", "wide", "crooked", "boater", "goggles", "medal")
"""The looks of order manual-1."""

IDS = st.text(min_size=1, max_size=64)


@given(IDS)
def test_a_look_is_deterministic_and_made_of_known_parts(order_id: str) -> None:
    look = look_for(order_id)
    assert look == look_for(order_id)
    for name, value in dataclasses.asdict(look).items():
        assert value in CHOICES[name]


def test_a_known_order_keeps_its_gopher() -> None:
    """People come back and look for theirs: a change of this hash would be noticed."""
    assert dataclasses.astuple(look_for("manual-1")) == KNOWN


def test_there_are_many_combinations() -> None:
    assert looks.combinations() >= 100_000


def test_a_crowd_is_well_spread() -> None:
    crowd = [look_for(f"auto-{n}") for n in range(2000)]
    assert len(set(crowd)) >= 1990
    for name, values in CHOICES.items():
        counts = Counter(getattr(look, name) for look in crowd)
        assert set(counts) == set(values)
        shown = [count for value, count in counts.items() if value != "none"]
        assert max(shown) < 2 * min(shown)


@given(st.integers(1, 40), st.integers(1, 10_000))
def test_a_cook_keeps_the_colour_of_its_slot_and_differs_from_its_predecessor(slot: int, n: int) -> None:
    cook, successor = cook_look(slot, n), cook_look(slot, n + 1)
    assert cook == cook_look(slot, n)
    assert cook.colour == successor.colour == COOKS[(slot - 1) % len(COOKS)]
    assert cook.kerchief != successor.kerchief
    for name, values in COOK_CHOICES.items():
        assert getattr(cook, name) in values


def test_the_generations_of_a_slot_use_everything_there_is() -> None:
    for name, values in COOK_CHOICES.items():
        assert {getattr(cook_look(1, n), name) for n in range(1, 60)} == set(values)
