"""Totals of the day and rounds: what is counted, kept over restarts, and exported."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from api_stub.errors import NoSuchRound, RoundRefused
from api_stub.kiosk import rounds as rounds_module
from api_stub.kiosk.day import day_of, next_day
from api_stub.kiosk.export import main as export
from api_stub.kiosk.export import write_csv
from api_stub.kiosk.losses import Loss
from api_stub.kiosk.rounds import COUNTED_S, MAX_TABLE, Rounds
from api_stub.kiosk.store import Store
from api_stub.kiosk.stored_rounds import StoredRounds
from api_stub.kiosk.totals import StoredTotals, TotalsCounter
from api_stub.schema import Audit, KillTotals, Receipt, ReceiptOrder, Round
from api_stub.start_setup import StartSetup
from api_stub.state_files import ROUNDS
from tests.serving import api, kitchen_for
from worker.shared import Stage

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
DAY = date(2026, 5, 4)


def receipt(n: int, *taken_over: bool, cause: str = "player", by_house: bool = False) -> Receipt:
    """A death with an order in hand for each word: whether it was taken over."""
    return Receipt(
        n=n,
        worker=f"w1.{n}",
        slot=1,
        cause=cause,  # type: ignore[arg-type]
        signal="SIGKILL",
        by_house=by_house,
        exit_observed_at=NOON,
        orders=[
            ReceiptOrder(
                id=f"o{n}-{k}",
                stage=Stage.BAKE,
                from_=f"w1.{n}",
                to="w2.1" if taken else None,
                attempt=1,
                delay_s=1.5 if taken else None,
                kept_stages=[Stage.PREPARE],
            )
            for k, taken in enumerate(taken_over)
        ],
    )


class Deaths:
    """Receipts as the records have them."""

    def __init__(self) -> None:
        self.all: list[Receipt] = []

    def __call__(self, after: int, until: int) -> list[Receipt]:
        return [one for one in self.all if after < one.n <= until]


def audit(started: int, delivered: int = 0, lost: int = 0) -> Audit:
    return Audit(
        started=started, delivered=delivered, in_flight=0, failed=0, lost=lost, balanced=True, counted_at=NOON
    )


# --- days ---


def test_a_day_begins_at_the_configured_hour() -> None:
    assert day_of(datetime(2026, 5, 4, 5, 59), "06:00") == date(2026, 5, 3)
    assert day_of(datetime(2026, 5, 4, 6, 0), "06:00") == DAY
    assert day_of(datetime(2026, 5, 4, 0, 0), "00:00") == DAY


def test_a_clock_that_is_set_back_by_an_hour_does_not_bring_yesterday_back() -> None:
    assert next_day(DAY, datetime(2026, 5, 4, 5, 30), "06:00") == DAY
    assert next_day(DAY, datetime(2026, 5, 5, 6, 0), "06:00") == date(2026, 5, 5)
    assert next_day(date(2027, 1, 1), datetime(2026, 5, 4, 12, 0), "06:00") == DAY, "it was wrong by months"
    assert next_day(None, datetime(2026, 5, 4, 5, 30), "06:00") == date(2026, 5, 3)


# --- totals ---


def totals(file: Path | None, now: Callable[[], datetime] = lambda: NOON) -> TotalsCounter:
    made = TotalsCounter(Store(file, StoredTotals), lambda: "06:00", now)
    made.load()
    return made


def test_totals_count_what_is_new_and_go_on_after_a_restart(tmp_path: Path) -> None:
    file, deaths = tmp_path / "kiosk.json", Deaths()
    counted = totals(file)
    counted.count_orders(audit(10, 8))
    counted.count_orders(audit(12, 9))
    deaths.all = [receipt(1, True, True), receipt(2, False), receipt(3, True, cause="panic"), receipt(4)]
    counted.count_kills(deaths, NOON + timedelta(seconds=60))
    counted.write()
    again = totals(file)
    today = again.told.today
    assert (today.orders, today.delivered, today.lost) == (12, 9, 0)
    assert (today.kills, today.kills_survived, today.at_risk) == (3, 2, 2)
    deaths.all[1] = receipt(2, True)
    again.count_kills(deaths, NOON + timedelta(seconds=60))
    again.count_kills(deaths, NOON + timedelta(seconds=60))
    again.count_orders(audit(12, 12, 1))
    today = again.told.today
    assert (today.kills, today.kills_survived, today.at_risk, today.lost) == (3, 3, 3, 1)
    assert again.told.all_time.delivered == 12


def test_kills_of_the_house_are_counted_apart_from_the_visitors(tmp_path: Path) -> None:
    file, deaths = tmp_path / "kiosk.json", Deaths()
    counted = totals(file)
    deaths.all = [
        receipt(1, True),
        receipt(2, True, True, by_house=True),
        receipt(3, False, by_house=True),
        receipt(4, True, cause="panic"),
    ]
    counted.count_kills(deaths, NOON + timedelta(seconds=60))
    counted.write()
    again = totals(file)
    deaths.all[2] = receipt(3, True, by_house=True)
    again.count_kills(deaths, NOON + timedelta(seconds=60))
    for told in (again.told.today, again.told.all_time):
        assert (told.kills, told.kills_survived, told.at_risk) == (1, 1, 1)
        assert told.auto == KillTotals(kills=2, kills_survived=2, at_risk=3)
        assert told.undivided == KillTotals()


def test_a_file_of_before_they_were_told_apart_is_read_and_says_so(tmp_path: Path) -> None:
    file, deaths = tmp_path / "kiosk.json", Deaths()
    day = {"day": "2026-05-04", "orders": 9, "delivered": 9, "kills": 4, "kills_survived": 3, "at_risk": 5,
           "lost": 0}  # fmt: skip
    seen = {"started": 9, "delivered": 9, "lost": 0, "receipt": 4, "pending": [4], "loss_at": None}
    file.write_text(json.dumps({"today": day, "all_time": day, "seen": seen}))
    counted = totals(file)
    deaths.all = [receipt(4, True), receipt(5, True), receipt(6, True, by_house=True)]
    counted.count_kills(deaths, NOON + timedelta(seconds=60))
    counted.write()
    told = totals(file).told.today
    assert told.orders == 9 and told.undivided == KillTotals(kills=4, kills_survived=4, at_risk=6)
    assert (told.kills, told.kills_survived, told.at_risk) == (1, 1, 1)
    assert told.auto == KillTotals(kills=1, kills_survived=1, at_risk=1)


def test_a_receipt_that_may_still_grow_is_not_counted_yet() -> None:
    deaths, counted = Deaths(), totals(None)
    deaths.all = [receipt(1)]
    counted.count_kills(deaths, NOON + timedelta(seconds=1))
    assert (counted.told.today.kills, counted.told.today.kills_survived) == (1, 0)
    deaths.all = [receipt(1, True)]
    counted.count_kills(deaths, NOON + timedelta(seconds=10))
    assert (counted.told.today.kills_survived, counted.told.today.at_risk) == (1, 1)


def test_a_new_day_begins_at_nothing_and_all_days_go_on(tmp_path: Path) -> None:
    now = [NOON]
    counted = totals(tmp_path / "kiosk.json", lambda: now[0])
    counted.count_orders(audit(10, 10))
    now[0] = NOON + timedelta(hours=18)
    counted.count_orders(audit(11, 10))
    assert (counted.told.today.orders, counted.told.today.day) == (1, date(2026, 5, 5))
    assert (counted.told.all_time.orders, counted.told.all_time.day) == (11, DAY)


def test_a_ledger_and_receipts_that_begin_anew_are_counted_from_their_start() -> None:
    deaths, counted = Deaths(), totals(None)
    deaths.all = [receipt(7, True)]
    counted.count_kills(deaths, NOON + timedelta(seconds=60))
    counted.count_orders(audit(100, 90))
    counted.count_orders(audit(3, 1))
    deaths.all = [receipt(1, True)]
    counted.count_kills(deaths, NOON + timedelta(seconds=60))
    assert (counted.told.today.orders, counted.told.today.delivered) == (103, 91)
    assert counted.told.today.kills == 2


def test_orders_that_went_with_a_database_are_lost_once(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.json"
    losses = [Loss(NOON, "temporal.db is damaged", 4)]
    counted = totals(file)
    counted.count_losses(losses)
    counted.write()
    again = totals(file)
    again.count_losses(losses)
    assert again.told.today.lost == 4


@pytest.mark.parametrize("noise", [b"", b"\xff" * 9000, b"{}", b"[" * 100_000, b"x" * (5 << 20)])
def test_totals_that_cannot_be_read_are_set_aside(tmp_path: Path, noise: bytes) -> None:
    file = tmp_path / "kiosk.json"
    file.write_bytes(noise)
    counted = totals(file)
    assert counted.told.today.orders == 0
    assert file.with_name("kiosk.json.damaged").read_bytes() == noise
    counted.write()
    assert file.exists()


def test_a_disk_that_takes_nothing_is_told_and_tried_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "away" / "kiosk.json", StoredTotals)
    counted = TotalsCounter(store, lambda: "06:00", lambda: NOON)
    counted.write()
    assert store.problem is not None and "kiosk.json" in store.problem
    (tmp_path / "away").mkdir()
    counted.write()
    assert store.problem is None and (tmp_path / "away" / "kiosk.json").exists()


# --- rounds ---


class Game:
    """Rounds, with a clock and deaths of a test's own."""

    def __init__(self, file: Path | None = None) -> None:
        self.now = 100.0
        self.deaths = Deaths()
        self.file = file
        self.rounds = self.another()

    def another(self) -> Rounds:
        """The rounds as the next API has them."""
        made = Rounds(
            Store(self.file, StoredRounds), self.deaths, lambda: self.now, self._wall, lambda: self.now
        )
        made.load()
        return made

    def _wall(self) -> datetime:
        return NOON + timedelta(seconds=self.now - 100)

    def play(self, *deaths: Receipt, name: str | None = None) -> Round:
        """A whole round with these deaths in it."""
        started = self.rounds.start(name, DAY, 60.0, 0)
        self.deaths.all += deaths
        self.now += 60
        self.rounds.tick(0)
        return self.rounds.name(started.n, None, 0)


def test_a_round_counts_kills_what_was_at_risk_and_what_was_taken_over() -> None:
    game = Game()
    game.deaths.all = [receipt(1, True)]
    started = game.rounds.start("ADA", DAY, 60.0, 3)
    assert (started.n, started.state, started.left_s) == (1, "running", 60.0)
    game.deaths.all += [receipt(2, True, False), receipt(3, True, cause="panic")]
    game.deaths.all += [receipt(4, True, by_house=True)]  # the visitor has left before the round was over
    game.now += 59
    game.rounds.tick(3)
    told = game.rounds.table(DAY).current
    assert told is not None and (told.state, told.kills, told.at_risk, told.takeovers) == ("running", 1, 2, 1)
    assert told.kill_list[0].at_risk[0].kept_stages == [Stage.PREPARE] and told.left_s == 1.0
    game.now += 1
    game.rounds.tick(3)
    game.deaths.all += [receipt(5, True)]
    game.rounds.tick(3)
    told = game.rounds.table(DAY).current
    assert told is not None and (told.state, told.kills) == ("counting", 1), "a death after it is not its own"
    game.deaths.all[1] = receipt(2, True, True)
    game.rounds.tick(3)
    told = game.rounds.table(DAY).current
    assert told is not None and (told.state, told.takeovers, told.lost) == ("done", 2, 0)
    assert not game.rounds.any_open and not game.rounds.tick(3)


def test_two_visitors_cannot_play_at_once() -> None:
    game = Game()
    game.rounds.start("ADA", DAY, 60.0, 0)
    game.now += 10
    with pytest.raises(RoundRefused, match="round 1 is on, for another 50 s"):
        game.rounds.start("BOB", DAY, 60.0, 0)
    game.now += 50
    assert game.rounds.start("BOB", DAY, 60.0, 0).n == 2


def test_a_round_that_nobody_takes_over_ends_all_the_same_and_lost_ones_are_told() -> None:
    game = Game()
    game.rounds.start(None, DAY, 60.0, 1)
    game.deaths.all = [receipt(1, False)]
    game.now += 60
    game.rounds.tick(None)
    game.now += COUNTED_S
    game.rounds.tick(2)
    told = game.rounds.table(DAY).current
    assert told is not None and (told.state, told.takeovers, told.lost) == ("done", 0, 1)


def test_a_round_goes_on_in_the_next_api(tmp_path: Path) -> None:
    game = Game(tmp_path / "rounds.json")
    game.rounds.start("ADA", DAY, 60.0, 0)
    game.now += 20
    game.deaths.all = [receipt(1, True)]
    game.rounds = game.another()
    game.rounds.tick(0)
    told = game.rounds.table(DAY).current
    assert told is not None and (told.name, told.state, told.left_s, told.kills) == (
        "ADA",
        "running",
        40.0,
        1,
    )
    game.now += 40
    game.rounds.tick(0)
    assert game.another().table(DAY).today[0].kills == 1


def test_a_name_may_come_at_the_end_and_ends_a_round_that_is_on() -> None:
    game = Game()
    game.rounds.start(None, DAY, 60.0, 0)
    told = game.rounds.name(1, "EVA", 0)
    assert (told.name, told.state) == ("EVA", "done")
    assert game.rounds.name(1, "EVE", 0).name == "EVE" and game.rounds.name(1, None, 0).name == "EVE"
    with pytest.raises(NoSuchRound):
        game.rounds.name(9, "BOB", 0)


def test_the_table_has_the_most_daring_first_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds_module, "MAX_KEPT", 30)
    game = Game()
    n = 0
    for at_risk in [1, 3, 2] + [0] * 40:
        n += 1
        game.play(receipt(n, *[True] * at_risk), name="ADA")
    table = game.rounds.table(DAY)
    assert [told.at_risk for told in table.today[:4]] == [3, 2, 1, 0] and len(table.all_time) == MAX_TABLE
    assert [told.n for told in table.all_time[3:5]] == [4, 5], "the earlier one first"
    assert len(game.rounds._kept.rounds) == 30
    assert game.rounds.table(date(2026, 5, 5)).today == []


def test_rounds_are_exported_as_csv(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    game = Game(tmp_path / ROUNDS)
    game.play(receipt(1, True), name="ADA")
    game.play(receipt(2, True, True), name="王小明")
    game.play()
    monkeypatch.delenv("GOPHERPIZZA_CALLER", raising=False)
    assert export(["--csv", "--state-dir", str(tmp_path)]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0] == "n,day,started_at,name,state,kills,at_risk,takeovers,lost"
    assert rows[1].startswith("2,2026-05-04,2026-05-04T12:01:00Z,王小明,done,1,2,2,0") and len(rows) == 4
    assert rows[3].split(",")[3] == ""
    assert export(["--csv", str(tmp_path / "out.csv"), "--state-dir", str(tmp_path)]) == 0
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines() == rows
    (tmp_path / ROUNDS).write_bytes(b"\xff" * 9000)
    assert export(["--state-dir", str(tmp_path)]) == 1
    assert "rounds.json" in capsys.readouterr().err
    assert export(["--state-dir", str(tmp_path / "elsewhere")]) == 1, "no table of nobody for a wrong name"
    assert f"{tmp_path / 'elsewhere'} is no directory" in capsys.readouterr().err


def test_a_table_of_nobody_is_its_head() -> None:
    out = io.StringIO()
    write_csv(StoredRounds(), out)
    assert out.getvalue().count("\n") == 1


# --- over HTTP ---


def test_rounds_over_http(tmp_path: Path) -> None:
    with api(kitchen=kitchen_for(start_setup=StartSetup(kiosk=True, state=tmp_path))) as made:
        assert made("GET", "/kiosk/rounds").json() == {"current": None, "today": [], "all_time": []}
        answer = made.post("/kiosk/rounds", {"name": "ada"})
        assert answer.status_code == 201 and answer.json()["name"] == "ADA", answer.text
        assert made.post("/kiosk/rounds").status_code == 409
        assert made("GET", "/kiosk/rounds").json()["current"]["state"] == "running"
        assert made.post("/kiosk/rounds/7/finish").status_code == 404
        assert made.post("/kiosk/rounds/0/finish").status_code == 422
        refused = made.post("/kiosk/rounds/1/finish", {"name": "shit"})
        assert refused.status_code == 409 and "choose another" in refused.json()["detail"]
        for bad in ("ab", "x" * 9, "a1b2", 7):
            assert made.post("/kiosk/rounds/1/finish", {"name": bad}).status_code == 422, bad
        told = made.post("/kiosk/rounds/1/finish", {"name": "eva"}).json()
        assert told["name"] == "EVA" and told["state"] in ("counting", "done") and told["lost"] == 0
        totals = made("GET", "/kiosk/totals").json()
        assert totals["today"]["orders"] == 0 and totals["today"]["day"] == totals["all_time"]["day"]
    assert (tmp_path / ROUNDS).exists()
