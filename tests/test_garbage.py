"""Circular garbage is looked for where nobody sees it, and in any case before there is much."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from game import garbage
from game.garbage import as_before, keep_what_is_here, sweep
from game.model import Model
from tests.telling import S, order, play, seen, staffed, tell, worker


class Circle:
    """Something that nobody but itself holds."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def search() -> Iterator[None]:
    keep_what_is_here()
    yield
    as_before()


def test_it_waits_for_a_still_picture_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "FEW", 2_000)
    monkeypatch.setattr(garbage, "MANY", 6_000)
    lost = weakref.ref(Circle())
    assert not sweep(lambda: True), "of next to nothing nobody makes a search"
    held: list[list[int]] = [[] for _ in range(3_000)]
    assert not sweep(lambda: False) and lost() is not None
    assert sweep(lambda: True) and lost() is None
    lost = weakref.ref(Circle())
    held += [[] for _ in range(7_000)]
    assert sweep(lambda: False) and lost() is None
    assert len(held) == 10_000 and not sweep(lambda: False)


def test_python_does_not_search_by_itself_meanwhile() -> None:
    lost = weakref.ref(Circle())
    held = [[n] for n in range(50_000)]
    assert lost() is not None and len(held) == 50_000
    assert not gc.isenabled()


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
