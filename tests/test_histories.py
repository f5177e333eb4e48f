"""An order's history: when it is asked for, and how much of it is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from api_stub.schema import (
    HistoryEvent,
)
from game.api_state.histories import KEPT_HISTORIES
from game.api_state.news import HistorySeen
from game.api_state.snapshot import Snapshot, advance
from game.network.records_polling import RecordsPoller, RecordsThread
from tests.running import eventually
from tests.telling import T0, at


def events_json(count: int) -> str:
    rows = [
        HistoryEvent(n=n + 1, at=T0 + timedelta(seconds=n), type="X").model_dump_json() for n in range(count)
    ]
    return f"[{','.join(rows)}]"


def watcher(
    answer: Callable[[httpx.Request], httpx.Response],
) -> tuple[RecordsPoller, list[object], list[float]]:
    news: list[object] = []
    now = [100.0]
    client = httpx.Client(base_url="http://api", transport=httpx.MockTransport(answer))
    made = RecordsPoller(client, news.append, lambda: now[0])
    made.due = {"history": 0.0}
    return made, news, now


def test_a_history_is_asked_for_once_and_again_when_the_order_is_another() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return httpx.Response(200, text=events_json(len(asked)))

    made, news, now = watcher(answer)
    made.ask_due()
    assert not asked, "no card is open"
    made.history_wanted = ("o 7", 1)
    for _ in range(5):
        made.ask_due()
        now[0] += 1.0
    assert asked == ["/orders/o%207/history"]
    made.history_wanted = ("o 7", 2)
    made.ask_due()
    assert len(asked) == 2
    for change in range(3, 30):
        made.history_wanted = ("o 7", change)
        made.ask_due()
    assert len(asked) == 2, "never more often than every half second, however busy the order"
    now[0] += 0.5
    made.ask_due()
    assert len(asked) == 3
    assert [len(seen.events) for seen in news if isinstance(seen, HistorySeen)] == [1, 2, 3]


@pytest.mark.parametrize("status", [404, 500, 503])
def test_an_answer_that_is_no_history_is_no_news(status: int) -> None:
    count = [0]

    def answer(request: httpx.Request) -> httpx.Response:
        count[0] += 1
        return httpx.Response(status)

    made, news, now = watcher(answer)
    made.history_wanted = ("o-7", 1)
    for _ in range(4):
        made.ask_due()
        now[0] += 1.0
    assert not news
    assert count[0] == (1 if status == 404 else 4), "an order that is not there is left alone"


def test_an_open_card_wakes_the_thread() -> None:
    news: list[object] = []
    answers = {"/orders/o-7/history": events_json(3)}

    def answer(request: httpx.Request) -> httpx.Response:
        found = answers.get(request.url.path)
        return httpx.Response(200, text=found) if found else httpx.Response(404)

    watch = RecordsThread("http://api", news.append, httpx.MockTransport(answer))
    watch.start()
    try:
        watch.want_history(("o-7", 1))
        eventually(lambda: any(isinstance(item, HistorySeen) and len(item.events) == 3 for item in news))
    finally:
        watch.stop()


def history(count: int, run: float = 0.0) -> tuple[HistoryEvent, ...]:
    return tuple(HistoryEvent(n=n + 1, at=at(run + n), type="X") for n in range(count))


def test_what_is_known_of_histories_grows_and_is_bounded() -> None:
    known = advance(Snapshot(), HistorySeen("a", history(3)))
    assert known.histories["a"] == history(3) and not known.online
    assert advance(known, HistorySeen("a", history(2))) is known, "late"
    assert advance(known, HistorySeen("a", history(3))) is known, "twice"
    assert len(advance(known, HistorySeen("a", history(5))).histories["a"]) == 5
    assert advance(known, HistorySeen("a", history(1, run=90))).histories["a"] == history(1, run=90), (
        "another run"
    )
    for n in range(30):
        known = advance(known, HistorySeen(f"o{n}", history(1)))
    assert list(known.histories) == [f"o{n}" for n in range(30 - KEPT_HISTORIES, 30)]
