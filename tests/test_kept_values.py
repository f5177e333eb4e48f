"""Files that are kept: what is well-formed in them and cannot be counted with ends no start, and takes
nothing else with it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from api_stub.background import Troubles
from api_stub.failures.failure_log import FailureLog
from api_stub.fleet.generations import Generations
from api_stub.kept_values import MAX_NUMBER, check
from api_stub.kiosk import losses
from api_stub.kiosk.export import write_csv
from api_stub.kiosk.rounds import Rounds
from api_stub.kiosk.store import Store
from api_stub.kiosk.stored_rounds import StoredRounds
from api_stub.kiosk.totals import StoredTotals, TotalsCounter
from api_stub.start_setup import StartSetup
from api_stub.state_files import FAILURES, LOSSES, ROUNDS, TOTALS
from tests.serving import ScriptedHost, api, kitchen_for

AT = "2026-05-04T12:00:00Z"
DAY = date(2026, 5, 4)
TOLD = {"n": 1, "name": "ADA", "state": "done", "day": "2026-05-04", "started_at": AT, "kills": 1}
ODD_TIMES = ["2026-05-04T12:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
ODD_NUMBERS = ["NaN", "1e999", "-1e999", str(10**30), "-1"]


def round_of(told: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"told": {**TOLD, **told}, "length_s": 60, "after": 0, **more}


BAD_ROUNDS: list[Any] = [
    *[round_of({"n": 2, "state": "running", "started_at": at}) for at in ODD_TIMES],
    *[round_of({"n": 2, "started_at": at}) for at in ODD_TIMES],
    round_of({"n": "x"}),
    round_of({"n": 10**30}),
    round_of({"n": -2}),
    round_of({"n": 2}, length_s=-5),
    round_of({"n": 2}, length_s=float("inf")),
    round_of({"n": 2}, after=10**30),
    round_of({"n": 2, "day": "0001-01-01"}),
    round_of({"n": 1, "name": "BOB"}),
    None,
    [],
    {},
]


@pytest.mark.parametrize("bad", BAD_ROUNDS, ids=lambda bad: json.dumps(bad)[:150])
def test_one_bad_round_takes_none_of_the_others_with_it(tmp_path: Path, bad: Any) -> None:
    file = tmp_path / "rounds.json"
    third = round_of({"n": 3, "name": "EVE"})
    raw = json.dumps({"rounds": [round_of({}), bad, third]}).replace("Infinity", "1e999")
    file.write_text(raw, encoding="utf-8")
    rounds = Rounds(Store(file, StoredRounds), lambda after, until: [])
    rounds.load()
    rounds.tick(0)
    assert [told.name for told in rounds.table(DAY).today] == ["ADA", "EVE"]
    assert rounds.start(None, DAY, 60.0, 0).n == 4
    assert (tmp_path / "rounds.json.damaged").read_text(encoding="utf-8") == raw, "the file as it was is kept"
    assert "unfit" not in json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "name", ["=1+1", "+A1", "-2", "@SUM", "<b>", "A" * 9, "\t=1", 'A"', "A,B", "\u202eADA"]
)
def test_what_is_no_name_stands_on_no_screen_and_in_no_spreadsheet(name: str) -> None:
    kept = StoredRounds.model_validate({"rounds": [round_of({"name": name})]})
    assert [one.told.name for one in kept.rounds] == [None]
    out = StringIO()
    write_csv(kept, out)
    assert out.getvalue().splitlines()[1] == "1,2026-05-04,2026-05-04T12:00:00Z,,done,1,0,0,0"


@pytest.mark.parametrize(
    "seen",
    [*[{"loss_at": at} for at in ODD_TIMES], {"started": 10**30}, {"receipt": -(10**30)}],
    ids=str,
)
def test_totals_that_cannot_be_counted_with_are_set_aside(tmp_path: Path, seen: dict[str, Any]) -> None:
    file = tmp_path / "kiosk.json"
    day = {"day": "2026-05-04", "orders": 3}
    file.write_text(json.dumps({"today": day, "all_time": day, "seen": seen}), encoding="utf-8")
    counter = TotalsCounter(
        Store(file, StoredTotals), lambda: "06:00", lambda: datetime(2026, 5, 4, 12, tzinfo=UTC)
    )
    counter.load()
    counter.count_losses([losses.Loss(datetime(2026, 5, 4, tzinfo=UTC), "gone", 2)])
    assert counter.told.today.orders == 0 and counter.told.today.lost == 2
    assert (tmp_path / "kiosk.json.damaged").exists()


def test_totals_of_a_clock_that_begins_anew_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.json"
    for _ in range(2):
        counter = TotalsCounter(
            Store(file, StoredTotals), lambda: "06:00", lambda: datetime(1970, 1, 1, tzinfo=UTC)
        )
        counter.load()
        counter.count_losses([losses.Loss(datetime(2026, 5, 4, tzinfo=UTC), "gone", 2)])
        counter.write()
    assert counter.told.today == counter.told.today.model_copy(update={"day": date(1969, 12, 31), "lost": 2})


def test_one_loss_that_cannot_be_read_takes_none_of_the_others_with_it(tmp_path: Path) -> None:
    bad = [
        *[{"at": at, "what": "x", "orders": 1} for at in ODD_TIMES],
        *[{"at": AT, "what": "x", "orders": float(number)} for number in ODD_NUMBERS],
        {"at": 3},
        None,
        "x",
    ]
    good = {"at": AT, "what": "gone \ud800", "orders": 2}
    (tmp_path / LOSSES).write_text(json.dumps([*bad, good]).replace("Infinity", "1e999"), encoding="utf-8")
    assert losses.noted(tmp_path) == [losses.Loss(datetime.fromisoformat(AT), "gone ?", 2)]
    assert not losses.noted(tmp_path)[0].is_news


def test_one_generation_that_cannot_be_read_takes_none_of_the_others_with_it(tmp_path: Path) -> None:
    file = tmp_path / "generations.json"
    file.write_text('{"1": 4, "2": 1e999, "3": "x", "x": 3, "4": -1, "5": 1e3, "6": 2}', encoding="utf-8")
    assert Generations(file, Troubles()).recall() == {1: 4, 6: 2}


def test_one_failure_that_cannot_be_read_takes_none_of_the_others_with_it(tmp_path: Path) -> None:
    file = tmp_path / "failures.json"
    good = {"n": 1, "failure": "kill", "state": "running", "started_at": AT}
    bad = [{**good, "n": 2, "started_at": at} for at in ODD_TIMES]
    bad += [{**good, "n": 10**30}, {**good, "n": 3, "seconds": 10**30}, {"n": 4}, None]
    file.write_text(json.dumps([*bad, good]), encoding="utf-8")
    book = FailureLog(file)
    book.load()
    (one,) = book.unfinished()
    one.saw("the API", "it is back")
    one.over()
    assert [record.n for record in book.after(0)] == [1]


@pytest.mark.parametrize(
    "value", [10**400, -(10**400), float("nan"), MAX_NUMBER + 1, "x" * 100_001, date(1, 1, 1)]
)
def test_what_cannot_be_counted_with_is_named(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^one\.two\[1\]: "):
        check({"one": {"two": [1, value]}})


def test_a_kiosk_opens_on_odd_files(tmp_path: Path) -> None:
    """Each of them ended the API's start, or a route for good."""
    odd = round_of({"state": "running", "started_at": ODD_TIMES[0]})
    day = {"day": "2026-05-04"}
    (tmp_path / ROUNDS).write_text(json.dumps({"rounds": [odd]}), encoding="utf-8")
    (tmp_path / LOSSES).write_text(
        f'[{{"at": "{ODD_TIMES[0]}", "what": "x", "orders": 1}}]', encoding="utf-8"
    )
    (tmp_path / FAILURES).write_text("[" * 100_000, encoding="utf-8")
    kept = {"today": day, "all_time": day, "seen": {"loss_at": ODD_TIMES[0]}}
    (tmp_path / TOTALS).write_text(json.dumps(kept), encoding="utf-8")
    host = ScriptedHost()
    kitchen = kitchen_for(host=host, start_setup=StartSetup(kiosk=True, state=tmp_path))
    with api(host=host, kitchen=kitchen) as made:
        for path in ("/kiosk", "/kiosk/rounds", "/kiosk/totals", "/failures/log", "/healthz"):
            assert made("GET", path).status_code == 200
