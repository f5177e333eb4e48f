"""The failure menu in the window: what it lists and does, the time line, the log, and what is asked when."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api_stub.schema import Failure, FailureMenu, FailureRecord, RetryInForce, Sighting, TimeoutsInForce
from game.accessibility import Access
from game.actions import DoFailure, OpenFailures
from game.api_state.failures_and_rounds import FailuresAndRounds, FailuresSeen, with_failures_and_rounds
from game.api_state.news import Said
from game.inputs import KeyPress, PointerMove, PointerPress
from game.network.failures_and_rounds_polling import FailuresAndRoundsPoller, records_of, run
from game.network.polling_rates import ASK_LACKING_AGAIN
from game.panels.failures.failures_panel import CLOSED, FRAME, LACKING, FailuresPanel
from game.panels.failures.menu_text import bars_of, log_lines, noticed_words, pauses, scale_of
from game.panels.panel import Close, Do, Stay
from game.simulation.update import update
from tests.panelling import keys, middle, overlap, texts_of
from tests.standin import Line, StandIn, problem
from tests.telling import kitchen_with, worker

T0 = datetime(2026, 5, 1, 12, tzinfo=UTC)
TIMEOUTS = TimeoutsInForce(
    heartbeat_s=1.0, start_to_close_s=20.0, retry=RetryInForce(initial_s=0.5, backoff=2.0, maximum_s=4.0)
)
WHY_NOT = "the checkpoint's workers reach Temporal directly; it needs failures.network: true"


def failure(name: str, unavailable: str | None = None) -> Failure:
    return Failure(
        id=name, title=f"The {name}", what=f"{name} is done", mechanism="a heartbeat time-out",
        takes_worker=True, unavailable=unavailable,
    )  # fmt: skip


def menu(count: int = 10, is_open: bool = True) -> FailureMenu:
    """So many failures; the third of them cannot be done."""
    failures = [failure(f"f-{chr(97 + n)}", WHY_NOT if n == 2 else None) for n in range(count)]
    return FailureMenu(open=is_open, timeouts=TIMEOUTS, failures=failures)


def record(n: int = 1, **more: Any) -> FailureRecord:
    return FailureRecord(**{"n": n, "failure": "f-a", "state": "running", "started_at": T0, **more})


def panel_of(known: FailuresAndRounds) -> FailuresPanel:
    return FailuresPanel(lambda: known, lambda: T0.timestamp() + 7.0)


def test_numbers_clicks_and_enter_do_one() -> None:
    panel = panel_of(FailuresAndRounds(menu=menu()))
    assert keys(panel, "1") == Do((DoFailure("f-a"),))
    assert keys(panel, "0") == Do((DoFailure("f-j"),))
    assert panel.handle(PointerPress(*middle(panel.hits[4]))) == Do((DoFailure("f-e"),))
    assert keys(panel, "down", "return") == Do((DoFailure("f-f"),))
    assert keys(panel, "right", "return") == Do((DoFailure("f-a"),))
    panel.handle(PointerMove(*middle(panel.hits[1])))
    assert keys(panel, "space") == Do((DoFailure("f-b"),))


def test_what_cannot_be_done_tells_its_reason_and_does_nothing() -> None:
    panel = panel_of(FailuresAndRounds(menu=menu()))
    assert keys(panel, "3") == Stay()
    assert panel.handle(PointerPress(*middle(panel.hits[2]))) == Stay()
    assert any(WHY_NOT in text for text, _, _ in texts_of(panel))


def test_a_key_of_none_does_nothing() -> None:
    panel = panel_of(FailuresAndRounds(menu=menu(3)))
    assert keys(panel, "9") == Stay() and keys(panel, "n") == Stay()
    assert panel.handle(KeyPress("1", ctrl=True)) == Stay()
    assert panel.handle(KeyPress("1", repeat=True)) == Stay()


@pytest.mark.parametrize("key", ["escape", "f"])
def test_it_closes(key: str) -> None:
    assert keys(panel_of(FailuresAndRounds(menu=menu())), key) == Close()
    assert panel_of(FailuresAndRounds()).handle(PointerPress(960, FRAME[1] + FRAME[3] + 60)) == Close()


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (FailuresAndRounds(menu=menu(is_open=False)), CLOSED),
        (FailuresAndRounds(failures_lacking=True), LACKING),
        (FailuresAndRounds(), "The API has not told"),
    ],
)
def test_a_closed_one_a_missing_one_and_one_not_told_yet_say_so(known: FailuresAndRounds, words: str) -> None:
    panel = panel_of(known)
    assert keys(panel, "1") == Stay() and panel.hits == ()
    assert any(text.startswith(words) for text, _, _ in texts_of(panel))


def test_more_failures_than_keys_are_no_trouble() -> None:
    panel = panel_of(FailuresAndRounds(menu=menu(14)))
    assert len(panel.hits) == 10 and texts_of(panel)


def test_targets_are_as_large_as_a_finger_and_apart() -> None:
    hits = panel_of(FailuresAndRounds(menu=menu())).hits
    for n, hit in enumerate(hits):
        assert min(hit.box[2:]) >= 80
        assert all(overlap(hit.box, other.box) == 0 for other in hits[:n])


def test_the_key_opens_it() -> None:
    model = kitchen_with([worker(1)], settle=1)
    assert update(model, (KeyPress("f"),), (), 1 / 60).wishes == (OpenFailures(),)


# The time line


def test_the_time_line_is_what_is_in_force() -> None:
    bars = {bar.name: bar for bar in bars_of(TIMEOUTS)}
    assert bars["Heartbeat"].seconds == 1.0 and bars["Start to close"].seconds == 20.0
    assert bars["Schedule to start"].for_ever and "for ever" in bars["Schedule to start"].words
    assert bars["Retry"].words == "0.5 s, ×2, up to 4 s; no limit"
    assert scale_of(TIMEOUTS) == pytest.approx(22.0)
    waits = TIMEOUTS.model_copy(update={"schedule_to_start_s": 40.0})
    assert bars_of(waits)[2].seconds == 40.0 and scale_of(waits) == pytest.approx(44.0)


def test_pauses_between_attempts() -> None:
    assert pauses(TIMEOUTS.retry, 22.0) == (0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5)
    assert len(pauses(RetryInForce(initial_s=0.01, backoff=1.0, maximum_s=1.0), 22.0)) == 8
    twice = RetryInForce(initial_s=1.0, backoff=2.0, maximum_s=9.0, maximum_attempts=3)
    assert pauses(twice, 22.0) == (1.0, 3.0)
    assert pauses(RetryInForce(initial_s=0.0, backoff=1.0, maximum_s=0.0), 22.0) == (0.0,) * 8


# The log


def test_the_log_says_who_noticed_and_after_how_long() -> None:
    wall = T0.timestamp() + 7.0
    assert noticed_words(record(), wall) == "not noticed yet, after 7 s"
    told = record(noticed_by="the operating system", delay_s=0.031)
    assert noticed_words(told, wall) == "noticed after 0.03 s by the operating system"
    assert noticed_words(record(noticed_by="Temporal"), wall) == "noticed by Temporal"
    assert noticed_words(record(state="over"), wall) == "nobody noticed"
    assert "broken off" in noticed_words(record(state="broken off"), wall)


def test_the_newest_is_first_and_in_full() -> None:
    seen = [
        Sighting(at=T0 + timedelta(seconds=n), by=f"mechanism {n}", what="it was seen") for n in range(1, 4)
    ]
    records = (record(1, state="over"), record(2, worker="w2.1", seen=seen))
    lines = log_lines(records, {"f-a": "Kill a cook"}, T0.timestamp(), 12)
    assert [line.text for line in lines] == [
        "Kill a cook: w2.1",
        "not noticed yet, after 0 s",
        "+1.00 s  mechanism 1: it was seen",
        "+2.00 s  mechanism 2: it was seen",
        "+3.00 s  mechanism 3: it was seen",
        "Kill a cook (over)",
        "nobody noticed",
    ]
    many = [record(n) for n in range(1, 50)]
    assert len(log_lines(many, {}, T0.timestamp(), 12)) == 12


def test_the_log_is_on_the_sheet() -> None:
    told = record(noticed_by="the operating system", delay_s=0.031, state="over")
    written = [text for text, _, _ in texts_of(panel_of(FailuresAndRounds(menu=menu(), records=(told,))))]
    assert "The f-a (over)" in written
    assert "noticed after 0.03 s by the operating system" in written


@pytest.mark.parametrize("large", [False, True])
def test_how_the_newest_ended_is_on_the_sheet_whatever_was_seen_before(large: bool) -> None:
    """Six orders that were given up do not push out that the late result was refused."""
    given_up = (
        "manual-5c4ee2-7 (prepare, attempt 1) was given up although its worker lives; w21.12 has the next"
    )
    seen = [Sighting(at=T0, by="Temporal: heartbeat time-out", what=f"{n} {given_up}") for n in range(6)]
    seen.append(Sighting(at=T0, by="Temporal: activity not found", what="it was refused"))
    told = record(noticed_by="Temporal: heartbeat time-out", delay_s=1.3, state="over", seen=seen)
    written = texts_of(
        panel_of(FailuresAndRounds(menu=menu(), records=(record(0), told))), access=Access(large=large)
    )
    texts = [text for text, _, _ in written]
    assert "The f-a (over)" in texts and "noticed after 1.30 s by Temporal: heartbeat time-out" in texts
    assert any("Temporal: activity not found: it was refused" in text for text in texts) and "…" in texts
    assert [text for text in texts if text.endswith("…")] == ["…"], "nothing is cut off"


def test_a_record_grows_and_the_oldest_go() -> None:
    known = with_failures_and_rounds(
        FailuresAndRounds(), FailuresSeen(records=tuple(record(n) for n in range(1, 201)))
    )
    known = with_failures_and_rounds(known, FailuresSeen(records=(record(7, state="over"), record(201))))
    assert len(known.records) == 200 and known.records[0].n == 2
    assert known.records[5].state == "over"


# The network


def poller_of(**answers: Any) -> tuple[Line, FailuresAndRoundsPoller]:
    canned = {"GET /failures": menu(), "GET /failures/log": [[record(3), record(4, state="over")]]}
    bodies = {path: json.loads(json.dumps(body, default=lambda one: one.model_dump(mode="json")))
              for path, body in canned.items()}  # fmt: skip
    it = Line(StandIn({**bodies, **answers}))
    return it, FailuresAndRoundsPoller(it.client, it.told.append, it.clock)


def test_they_are_asked_for_while_the_panel_is_open_only() -> None:
    it, poller = poller_of()
    poller.ask_due()
    assert it.api.asked == []
    poller.failures = True
    poller.ask_due()
    assert it.api.paths() == ["GET /failures", "GET /failures/log"]
    assert it.told == [
        FailuresSeen(menu=menu()),
        FailuresSeen(records=(record(3), record(4, state="over"))),
    ]
    it.now += 10.0
    poller.ask_due()
    # The third one still grows.
    assert it.api.asked[-1].url.params["after"] == "2"


def test_an_older_api_is_left_alone() -> None:
    it = Line()
    poller = FailuresAndRoundsPoller(it.client, it.told.append, it.clock)
    poller.failures = poller.rounds = True
    poller.ask_due()
    assert FailuresSeen(lacking=True) in it.told
    it.now += ASK_LACKING_AGAIN - 1.0
    before = len(it.api.asked)
    poller.ask_due()
    assert len(it.api.asked) == before


def test_answers_that_lack_fields_are_read_as_far_as_they_go() -> None:
    spoilt: Any = {
        "open": True,
        "timeouts": TIMEOUTS.model_dump(mode="json"),
        "failures": [{"id": "no-title"}, failure("f-a").model_dump(mode="json") | {"seconds": "soon"}],
    }
    it, poller = poller_of(**{"GET /failures": spoilt, "GET /failures/log": [[{"n": 1}, 5, {}]]})
    poller.failures = True
    poller.ask_due()
    told = it.told[0]
    assert isinstance(told, FailuresSeen) and told.menu is not None
    assert [one.id for one in told.menu.failures] == ["f-a"]
    good = record(2).model_dump(mode="json")
    assert records_of(json.dumps([{"n": 1}, 5, good]).encode()) == [record(2)]


def test_a_body_that_is_no_list_is_no_news() -> None:
    it, poller = poller_of(**{"GET /failures": {"open": 3}, "GET /failures/log": {"detail": "x"}})
    poller.failures = True
    poller.ask_due()
    assert it.told == []


def test_one_that_is_done_is_in_the_log_at_once() -> None:
    path = "/failures/f-a"
    it = Line(StandIn({f"POST {path}": record(9).model_dump(mode="json")}))
    run(it.client, it.told.append, DoFailure("f-a"))
    assert it.bodies(path) == [{}] and it.told == [FailuresSeen(records=(record(9),))]


@pytest.mark.parametrize("status", [403, 404, 409])
def test_a_refusal_is_told(status: int) -> None:
    it = Line(StandIn({"POST /failures/f-a": problem(status, "the menu is off in a kiosk")}))
    run(it.client, it.told.append, DoFailure("f-a"))
    assert it.told == [Said("the menu is off in a kiosk")]
