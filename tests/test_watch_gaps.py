"""What happened while Kubernetes could not be heard is told as that: nobody saw when it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from types import SimpleNamespace

import pytest

from api_stub.background import Troubles
from api_stub.fleet.events import Vacated
from api_stub.fleet.kubernetes import watch
from api_stub.fleet.kubernetes.client import OPENED, KubernetesProblem, Raw
from api_stub.fleet.kubernetes.known_pods import KnownPods
from tests.test_pod_watch import following
from tests.test_pods import record
from tests.test_unwatched import T0, cook


def test_a_list_after_a_gap_says_that_nobody_saw_it() -> None:
    book = KnownPods()
    book.listed([cook("a"), cook("b")])
    (gone,) = book.listed([cook("b")], gap_since=T0)
    assert isinstance(gone, Vacated) and gone.end.unseen_since == T0
    assert gone.end.reason == "its Pod was gone when Kubernetes could be heard again"
    (seen,) = book.listed([])
    assert isinstance(seen, Vacated) and seen.end.unseen_since is None, "it came at once"


class Cut(KubernetesProblem):
    """The watch breaks."""

    def __init__(self) -> None:
        super().__init__("cut")


class Scripted:
    """An API server whose watches last for so long, by a clock of its own, and end so; then it is the test's
    end. `pauses` is what is waited between."""

    namespace = "ours"

    def __init__(self, *ends: tuple[float, KubernetesProblem]) -> None:
        self.ends, self.now, self.pauses, self.lists = list(ends), 0.0, list[float](), 0

    async def pods(self) -> tuple[list[Raw], str]:
        self.lists += 1
        return [], "1"

    async def watched(self, version: str) -> AsyncGenerator[tuple[str, Raw], None]:
        if not self.ends:
            raise asyncio.CancelledError
        lasts_s, problem = self.ends.pop(0)
        yield OPENED, {}
        self.now += lasts_s
        raise problem

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def followed(monkeypatch: pytest.MonkeyPatch, *ends: tuple[float, KubernetesProblem]) -> Scripted:
    """What a watch does at a server that ends so."""
    server = Scripted(*ends)
    monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=lambda: server.now))

    async def play() -> None:
        followed = watch.Watch(server, KnownPods(), lambda news: None, Troubles())
        with monkeypatch.context() as patch, pytest.raises(asyncio.CancelledError):
            patch.setattr(watch.asyncio, "sleep", server.sleep)
            await followed.follow()

    asyncio.run(play())
    return server


def test_faults_that_come_every_few_seconds_cost_the_shortest_pause_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = followed(monkeypatch, *[(4.0, Cut())] * 8)
    assert server.pauses == [watch.FIRST_PAUSE_S] * 8


def test_watches_that_fail_at_once_are_tried_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    server = followed(monkeypatch, *[(0.0, Cut())] * 8)
    assert server.pauses == sorted(server.pauses) and server.pauses[-1] == watch.LONGEST_PAUSE_S


def test_a_version_that_is_gone_is_a_list_at_once_but_not_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone = KubernetesProblem("gone", 410)
    server = followed(monkeypatch, (4.0, Cut()), (0.0, gone), (4.0, Cut()))
    assert server.pauses == [watch.FIRST_PAUSE_S] * 2 and server.lists == 2, "one pause for each cut"
    server = followed(monkeypatch, *[(0.0, gone)] * 8)
    assert len(server.pauses) == 8 and server.pauses[-1] == watch.LONGEST_PAUSE_S, "a list did not help"


@pytest.mark.parametrize("long", [True, False])
def test_a_watch_that_goes_on_after_a_long_gap_says_that_nobody_saw_what_was_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long: bool
) -> None:
    monkeypatch.setattr(watch, "SEEN_WITHIN_S", 0.0 if long else 60.0)
    monkeypatch.setattr(watch, "CATCH_UP_S", 60.0)

    async def play() -> None:
        async with following(tmp_path) as made:
            made.stub.cut()
            await made.until(lambda: made.stub.watchers)
            made.stub.send(made.stub.event("DELETED", record("cooks-a")))
            await made.until(lambda: len(made.news) == 2)
            gone = made.news[1]
            assert isinstance(gone, Vacated) and (gone.end.unseen_since is not None) is long
            monkeypatch.setattr(watch, "CATCH_UP_S", 0.0)
            made.stub.send(made.stub.event("ADDED", record("cooks-b")))
            made.stub.cut()
            await made.until(lambda: made.stub.watchers)
            made.stub.send(made.stub.event("DELETED", record("cooks-b")))
            await made.until(lambda: isinstance(made.news[-1], Vacated) and len(made.news) == 4)
            assert made.news[-1].end.unseen_since is None, "it has caught up"

    asyncio.run(play())
