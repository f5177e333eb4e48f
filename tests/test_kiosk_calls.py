"""What the kiosk's thread asks of the API and tells the game, without a network."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from api_stub.schema import DayTotals, KioskTotals, RoundTable
from game.actions import ResetKiosk, TryPin
from game.api_state.news import KioskResetDone, KioskSeen, News, PinJudged
from game.api_state.snapshot import Snapshot, advance
from game.network.kiosk_calls import MOST_WAITING, KioskThread
from tests.standin import StandIn, problem
from tests.telling import T0
from tests.test_kiosk_autopilot import OK, SETTINGS

DAY = DayTotals(day=T0.date(), orders=3)


def as_json(answer: Any) -> Any:
    """An answer as the API writes it."""
    return json.loads(answer.model_dump_json())


def thread_and_told(**answers: Any) -> tuple[KioskThread, list[News], StandIn]:
    """The thread, not started, what it tells, and the API it asks."""
    told: list[News] = []
    api = StandIn(
        {
            "GET /kiosk": as_json(SETTINGS),
            "GET /kiosk/totals": as_json(KioskTotals(today=DAY, all_time=DAY)),
            "GET /kiosk/rounds": as_json(RoundTable()),
            "POST /kiosk/reset": as_json(OK),
            "POST /kiosk/pin": {"right": True},
            **answers,
        }
    )
    return KioskThread("http://api", told.append, httpx.MockTransport(api)), told, api


def test_settings_totals_and_rounds_are_known() -> None:
    thread, told, _ = thread_and_told()
    assert 2.0 < thread.step() <= 3.0
    known = Snapshot()
    for news in told:
        known = advance(known, news)
    assert known.kiosk == SETTINGS and known.totals is not None and known.totals.today.orders == 3
    assert known.rounds == RoundTable() and not known.online, "who answers is for the fleet's answers to say"


def test_a_route_that_is_not_there_keeps_none_of_the_others_from_being_told() -> None:
    thread, told, _ = thread_and_told(
        **{"GET /kiosk": problem(404, "none"), "GET /kiosk/totals": {"today": 1}}
    )
    thread.step()
    assert told == [KioskSeen(rounds=RoundTable())]


def test_a_reset_and_a_pin_come_before_questions() -> None:
    thread, told, api = thread_and_told()
    assert thread.send(ResetKiosk()) and thread.send(TryPin("1234"))
    assert thread.step() == 0.0 == thread.step()
    assert told == [KioskResetDone(OK), PinJudged(True)]
    assert api.paths() == ["POST /kiosk/reset", "POST /kiosk/pin"]
    assert json.loads(api.asked[1].content) == {"pin": "1234"}


@pytest.mark.parametrize(
    "answer", [problem(503, "x"), {"restored": 3}, httpx.ConnectError("gone"), ValueError("?")]
)
def test_a_reset_that_is_not_answered_is_told_as_such(answer: Any) -> None:
    thread, told, _ = thread_and_told(**{"POST /kiosk/reset": answer})
    thread.send(ResetKiosk())
    thread.step()
    (news,) = told
    assert isinstance(news, KioskResetDone) and news.answer is None and news.why


def test_a_pin_that_nobody_judged_is_neither_right_nor_wrong() -> None:
    thread, told, _ = thread_and_told(**{"POST /kiosk/pin": problem(503, "x")})
    thread.send(TryPin("1"))
    thread.step()
    assert told == [PinJudged(None)]


def test_what_waits_is_bounded() -> None:
    thread, _, _ = thread_and_told()
    assert [thread.send(ResetKiosk()) for _ in range(MOST_WAITING + 1)][-2:] == [True, False]
