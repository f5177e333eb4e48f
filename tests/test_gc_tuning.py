"""Circular garbage is looked for where nobody sees it, and in any case before there is much."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from game.desktop import gc_tuning as garbage
from game.desktop.gc_tuning import YOUNG, as_before, keep_what_is_here, sweep
from game.simulation.model import Model
from tests.telling import S, order, play, seen, staffed, tell, worker


class Circle:
    """Something that nobody but itself holds."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def search() -> Iterator[None]:
    threshold = gc.get_threshold()
    keep_what_is_here()
    yield
    as_before(threshold)
    assert gc.get_threshold() == threshold


def old() -> weakref.ref[Circle]:
    """A circle that has been looked at once while somebody held it, and that nobody holds now."""
    circle = Circle()
    gc.collect(0)
    return weakref.ref(circle)


def test_what_is_old_waits_for_a_still_picture_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "FEW", 4)
    monkeypatch.setattr(garbage, "MANY", 40)
    lost = old()
    assert not sweep(lambda: True), "after next to nothing nobody makes a search"
    held = [[n] for n in range(6 * YOUNG)]
    assert not sweep(lambda: False) and lost() is not None
    assert sweep(lambda: True) and lost() is None
    lost = old()
    held += [[n] for n in range(45 * YOUNG)]
    assert lost() is not None, "Python does not search there by itself"
    assert sweep(lambda: False) and lost() is None
    assert len(held) == 51 * YOUNG and not sweep(lambda: True)


def test_what_is_older_still_waits_longer_and_not_for_ever_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "MANY", 4)
    monkeypatch.setattr(garbage, "FEW", 2)
    monkeypatch.setattr(garbage, "SELDOM", 3)
    circle = Circle()
    gc.collect(1)
    lost = weakref.ref(circle)
    del circle
    held, before = [], []
    for _ in range(5):
        held += [[n] for n in range(6 * YOUNG)]
        before.append(lost() is not None)
        assert sweep(lambda: False)
    assert before == [True, True, True, False, False] and len(held) == 30 * YOUNG


def test_what_is_young_python_finds_by_itself() -> None:
    lost = weakref.ref(Circle())
    held = [[n] for n in range(2 * YOUNG)]
    assert lost() is None and len(held) == 2 * YOUNG


def test_a_kitchen_is_still_while_everybody_rests() -> None:
    model = Model()
    assert model.still, "where nobody is nothing moves"
    tell(model, staffed(worker(1)), seen(order("a")))
    assert not model.still
    play(model, 8.0)
    assert model.still
    tell(model, seen(order("a", S.PREPARING, 1, worker="w1.1")))
    play(model, 0.2)
    assert not model.still
