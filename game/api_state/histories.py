"""The histories of orders whose cards were looked at last. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from api_stub.schema import HistoryEvent
from game.api_state.news import HistorySeen

KEPT_HISTORIES = 8
"""So many are remembered."""


def with_history(
    known: Mapping[str, tuple[HistoryEvent, ...]], news: HistorySeen
) -> Mapping[str, tuple[HistoryEvent, ...]]:
    """What is known, by order id, after a history was told. Returns `known` itself where it is no longer than
    that order's known one."""
    old = known.get(news.order, ())
    same_run = bool(old and news.events) and old[0] == news.events[0]
    if same_run and len(old) >= len(news.events):
        return known
    histories = {key: events for key, events in known.items() if key != news.order}
    histories[news.order] = news.events
    for key in list(histories)[:-KEPT_HISTORIES]:
        del histories[key]
    return histories
