"""What the game says of its own frames, and the evening that its benchmark plays."""

from __future__ import annotations

from collections import Counter

import pytest

from api_stub.schema import Order
from game.api_state.news import FleetSeen, OrdersSeen, RecordsSeen
from game.api_state.snapshot import Snapshot, advance
from game.desktop.late_frames import LATE, FrameTimes
from tests.bench.rehearsal import COOKS, DT, FALL_EVERY, HANDS, PACE, Evening
from tests.telling import S


def test_a_late_frame_is_counted_and_the_longest_told() -> None:
    pace = FrameTimes()
    for passed in (0.016, LATE, 0.026, 0.016):
        pace.note(passed)
    assert (pace.frames, pace.late, pace.longest) == (4, 1, 0.026)
    assert pace.text() == "4 frames, 1 of them late (25.00 %, over 25 ms), the longest 26 ms"
    assert "0 frames" in FrameTimes().text()


@pytest.mark.parametrize(("gophers", "busy"), [(100, True), (500, False)])
def test_an_evening_is_a_steady_stream_that_only_ever_goes_forward(gophers: int, busy: bool) -> None:
    evening, known, told = Evening(gophers, busy), Snapshot(), list[Order]()
    for frame in range(round(12 / DT)):
        for news in evening.news(frame):
            if isinstance(news, OrdersSeen):
                told += news.orders
            known = advance(known, news)
    everybody = known.orders.values()
    undone = [order for order in everybody if order.status is not S.DELIVERED]
    pace = min(PACE, gophers / 20)
    delivered = len(everybody) - len(undone)
    assert len(undone) == pytest.approx(gophers - 2 * pace, abs=3 + pace * 1.3)
    assert delivered == pytest.approx(12 * pace, rel=0.2)
    assert {order.status for order in undone} == {
        S.RECEIVED, S.PREPARING, S.BAKING, S.PENDING_PICKUP, S.OUT_FOR_DELIVERY,
    }  # fmt: skip
    held = [order for order in undone if order.worker]
    assert len(held) == pytest.approx(HANDS, rel=0.5), "as many as there are hands"
    assert len({order.worker for order in held}) >= COOKS - 2
    # Whatever is told is news: merging it changes something.
    seen: Counter[tuple[str, str, int]] = Counter((o.id, o.status.value, o.attempt) for o in told)
    assert max(seen.values()) == 1
    assert any(order.attempt > 1 for order in told), "some are taken over"


def test_in_a_busy_evening_cooks_die_and_their_orders_are_taken_over() -> None:
    evening, known = Evening(100, busy=True), Snapshot()
    deaths = 0
    for frame in range(3 * FALL_EVERY + 30):
        for news in evening.news(frame):
            known = advance(known, news)
            if isinstance(news, FleetSeen):
                deaths += any(worker.state == "dead" for worker in news.fleet.workers)
            if isinstance(news, RecordsSeen) and news.receipts:
                assert known.receipts
    assert deaths >= 3
    alive = {worker.id for worker in known.fleet.workers} if known.fleet else set()
    holders = {
        order.worker for order in known.orders.values() if order.worker and order.status is not S.DELIVERED
    }
    assert len(holders - alive) <= 1
