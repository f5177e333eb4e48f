"""What the second thread asks, when, and that nothing it hears, or does not hear, ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api_stub.schema import Receipt
from game.api_state.news import News, RecordsSeen
from game.api_state.snapshot import KEPT_RECEIPTS, Snapshot, advance
from game.network.polling_rates import ASK_LACKING_AGAIN
from game.network.records_polling import RecordsPoller, RecordsThread
from tests.running import eventually
from tests.standin import CHALLENGE, CHECKPOINT, StandIn, problem, stopped_in_the_end
from tests.telling import T0

AUDIT = {"started": 9, "delivered": 7, "in_flight": 2, "failed": 0, "lost": 0, "balanced": True,
         "counted_at": T0.isoformat()}  # fmt: skip
STATS: dict[str, Any] = {
    "orders": {"started": 9, "open": 2, "delivered": 7, "failed": 0, "retries": 3},
    "latency_s": {"p50": 7.5, "p95": 9.0, "edges": [0, 5, 10], "counts": [1, 6]},
    "rate_per_s": {"started": 0.5, "delivered": 0.25},
    "workers": {"ready": 1, "births": 2, "deaths": 1, "kills": 1},
    "takeover_s": {"p50": 1.5, "p95": 2.5, "n": 4},
    "curves": {"step_s": 5.0, "started": [1, 2], "delivered": [0, 1], "open": [1, 2], "deaths": [0, 1],
               "ready": [1, 1]},
    "counted_at": T0.isoformat(),
}  # fmt: skip


def receipt(n: int, to: str | None = "w2.1", seconds: float = 0.0) -> dict[str, Any]:
    held = {"id": "a", "stage": "bake", "from": "w1.1", "to": to, "attempt": 1, "kept_stages": ["prepare"]}
    moment = (T0 + timedelta(seconds=seconds)).isoformat()
    return {"n": n, "worker": "w1.1", "slot": 1, "cause": "player", "signal": "SIGKILL",
            "exit_observed_at": moment, "orders": [held]}  # fmt: skip


class Seen:
    """A watcher, its API, its clock, and what it told."""

    def __init__(self, **answers: Any) -> None:
        self.api = StandIn(
            {
                "GET /audit": AUDIT,
                "GET /receipts": [[]],
                "GET /stats": STATS,
                "GET /checkpoint": CHECKPOINT,
                "GET /challenge": CHALLENGE,
                "GET /checkpoints": {"current": "1a", "checkpoints": [CHECKPOINT]},
                **{key.replace("_", " /"): value for key, value in answers.items()},
            }
        )
        self.told: list[News] = []
        self.now = 100.0
        client = httpx.Client(base_url="http://api", transport=httpx.MockTransport(self.api))
        self.watcher = RecordsPoller(client, self.told.append, lambda: self.now)

    def ask(self, after: float = 0.0) -> list[str]:
        """Let time pass; the paths asked for then."""
        before = len(self.api.asked)
        self.now += after
        self.watcher.ask_due()
        return [request.url.path for request in self.api.asked[before:]]

    @property
    def known(self) -> Snapshot:
        found = Snapshot()
        for news in self.told:
            found = advance(found, news)
        return found


def test_all_is_asked_for_but_what_nobody_needs() -> None:
    seen = Seen()
    assert set(seen.ask()) == {"/audit", "/receipts", "/timeouts", "/checkpoint", "/checkpoints"}
    assert seen.known.audit is not None and seen.known.audit.started == 9
    assert [one.name for one in seen.known.checkpoints] == ["1a"]
    assert seen.known.stats is None and not seen.known.online, "whether the API is there is not its to say"


def test_the_statistics_only_while_somebody_looks() -> None:
    seen = Seen()
    seen.ask()
    assert "/stats" not in seen.ask(5)
    seen.watcher.stats_wanted = True
    assert "/stats" in seen.ask()
    assert seen.ask(0.5) == [] and "/stats" in seen.ask(0.6)
    assert seen.known.stats is not None and seen.known.stats.takeover_s.n == 4


def test_the_challenge_where_the_checkpoint_has_a_bug() -> None:
    seen = Seen()
    assert "/challenge" not in seen.ask()
    assert "/challenge" in seen.ask(1.1)
    assert seen.known.challenge is not None and seen.known.challenge.stuck == 2
    seen.api.answers["GET /checkpoint"] = {**CHECKPOINT, "bug": None}
    seen.ask(2.1)
    assert "/challenge" not in seen.ask(3)


def test_audit_every_two_seconds_and_receipts_every_one() -> None:
    seen = Seen()
    asked = [path for _ in range(100) for path in seen.ask(0.1)]
    assert 4 <= asked.count("/audit") <= 6 and 9 <= asked.count("/receipts") <= 11
    assert 0 < seen.watcher.wait <= 1.0


def test_an_older_api_is_not_asked_again_at_once() -> None:
    missing = problem(404, "Not Found")
    seen = Seen(GET_audit=missing, GET_receipts=missing, GET_stats=missing, GET_checkpoints=missing)
    seen.ask()
    asked = [path for _ in range(20) for path in seen.ask(1)]
    assert set(asked) == {"/checkpoint", "/challenge"}
    assert seen.known.audit is None and seen.known.receipts == ()
    assert "/audit" in seen.ask(ASK_LACKING_AGAIN)


@pytest.mark.parametrize(
    "answer",
    [
        problem(503, "Temporal does not answer"),
        httpx.Response(200, text="not json"),
        {"lost": "none"},
        httpx.ReadTimeout("slow"),
        httpx.ReadError("cut"),
    ],
    ids=["503", "not json", "wrong shape", "timeout", "cut"],
)
def test_a_bad_answer_is_no_news_and_is_asked_for_again(answer: Any) -> None:
    seen = Seen(GET_audit=answer, GET_receipts=answer, GET_checkpoint=answer, GET_checkpoints=answer)
    seen.ask()
    assert seen.told == []
    seen.api.answers["GET /audit"] = AUDIT
    assert "/audit" in seen.ask(2.1) and seen.known.audit is not None


def afters(seen: Seen) -> list[str]:
    return [r.url.params["after"] for r in seen.api.asked if r.url.path == "/receipts"]


def test_only_later_receipts_are_asked_for_and_those_that_still_change() -> None:
    seen = Seen(GET_receipts=[[receipt(4), receipt(5, to=None), receipt(6)], [receipt(5), receipt(6)], []])
    for _ in range(3):
        seen.ask(1.1)
    assert afters(seen) == ["0", "4", "6"]
    assert [one.n for one in seen.known.receipts] == [4, 5, 6]
    assert seen.known.receipts[1].orders[0].to == "w2.1", "the newer telling counts"


def test_a_new_api_that_numbers_from_one_again_is_heard() -> None:
    seen = Seen(GET_receipts=[[receipt(40)], httpx.ConnectError("refused"), [receipt(1, seconds=9)]])
    for _ in range(4):
        seen.ask(1.1)
    assert afters(seen)[:3] == ["0", "40", "0"]
    assert [one.n for one in seen.known.receipts] == [1], "those of before are forgotten there"


def test_what_is_remembered_is_bounded() -> None:
    known = Snapshot()
    for n in range(1, 200):
        known = advance(known, RecordsSeen(receipts=(Receipt.model_validate(receipt(n, seconds=n)),)))
    assert [one.n for one in known.receipts] == list(range(200 - KEPT_RECEIPTS, 200))
    seen = Seen(GET_receipts=[[receipt(n, to=None) for n in range(1, 200)], []])
    seen.ask()
    assert len(seen.watcher.unsettled) == KEPT_RECEIPTS


def test_a_count_after_the_clock_was_set_back_is_the_newer_one() -> None:
    seen = Seen()
    seen.ask()
    seen.api.answers["GET /audit"] = {
        **AUDIT,
        "started": 1,
        "counted_at": (T0 - timedelta(seconds=1)).isoformat(),
    }
    seen.ask(2.1)
    assert seen.known.audit is not None and seen.known.audit.started == 1


# The thread


@pytest.fixture
def thread() -> Iterator[Callable[..., RecordsThread]]:
    with stopped_in_the_end() as start:
        yield lambda api, told: start(RecordsThread("http://api", told.append, httpx.MockTransport(api)))


def test_opening_the_figures_asks_for_them_at_once(thread: Callable[..., RecordsThread]) -> None:
    seen = Seen()
    one = thread(seen.api, [])
    eventually(lambda: "GET /audit" in seen.api.paths(), 5)
    assert "GET /stats" not in seen.api.paths()
    one.want_stats(True)
    eventually(lambda: "GET /stats" in seen.api.paths(), 5)
