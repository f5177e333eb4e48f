"""What happened while Kubernetes could not be heard is told as that: nobody saw when it was."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from api_stub.fleet.events import Vacated
from api_stub.fleet.kubernetes import watch
from api_stub.fleet.kubernetes.book import Book
from tests.test_pod_watch import following
from tests.test_pods import record
from tests.test_unwatched import T0, cook


def test_a_list_after_a_gap_says_that_nobody_saw_it() -> None:
    book = Book()
    book.listed([cook("a"), cook("b")])
    (gone,) = book.listed([cook("b")], gap_since=T0)
    assert isinstance(gone, Vacated) and gone.end.unseen_since == T0
    assert gone.end.reason == "its Pod was gone when Kubernetes could be heard again"
    (seen,) = book.listed([])
    assert isinstance(seen, Vacated) and seen.end.unseen_since is None, "it came at once"


@pytest.mark.parametrize("long", [True, False])
def test_a_watch_that_goes_on_after_a_long_gap_says_that_nobody_saw_what_was_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long: bool
) -> None:
    monkeypatch.setattr(watch, "SEEN_WITHIN", timedelta(seconds=0 if long else 60))
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
