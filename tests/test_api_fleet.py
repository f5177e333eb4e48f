"""The fleet's routes and the supervisor, on processes that are made up: no fork, no waiting."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api_stub.fleet import memory, supervisor
from api_stub.fleet.host import OnFailed
from api_stub.fleet.rules import decide
from api_stub.fleet.views import signal_name
from tests.running import eventually
from tests.serving import Api, api


@pytest.fixture
def fleet() -> Iterator[Api]:
    """Three slots; a worker that polls in the first."""
    with api() as made:
        made.tell(made.host.ready, made.pid(1))
        yield made


def test_a_start_a_kill_and_the_end_as_the_system_tells_it(fleet: Api) -> None:
    born = fleet.post("/fleet/workers", {"slot": 3})
    assert born.status_code == 201
    assert (born.json()["id"], born.json()["state"], born.json()["queues"]) == ("w3.1", "starting", [])
    pid = fleet.pid(3)
    fleet.tell(fleet.host.ready, pid)
    worker = fleet("GET", "/fleet").json()["workers"][2]
    assert (worker["state"], worker["pid"], worker["queues"]) == ("ready", pid, ["gopherpizza"])
    assert worker["started_at"] <= worker["ready_at"]

    fleet.host.stubborn = True  # the signal is sent; the system has not said yet that it is dead
    killed = fleet("DELETE", "/fleet/workers/w3.1")
    assert killed.status_code == 202 and killed.json()["state"] == "stopping"
    assert fleet.host.signals == [(pid, signal.SIGKILL)]
    assert fleet("GET", "/fleet").json()["deaths"] == 0
    assert fleet("DELETE", "/fleet/workers/3").status_code == 409
    fleet.tell(fleet.host.end, pid, signal.SIGKILL)
    fleet.host.stubborn = False
    told = fleet("GET", "/fleet").json()
    dead = told["workers"][2]
    assert (told["births"], told["deaths"], dead["state"], dead["pid"]) == (2, 1, "dead", None)
    last = dead["last_exit"]
    assert (last["signal"], last["code"], last["cause"]) == ("SIGKILL", None, "player")
    assert last["at"] >= dead["ready_at"]
    assert fleet("DELETE", "/fleet/workers/w3.1").status_code == 409


def test_without_a_slot_the_lowest_free_one_is_taken_until_there_is_none(fleet: Api) -> None:
    for body, number in ((None, 2), ({}, 3)):
        answer = fleet.post("/fleet/workers", body) if body is not None else fleet("POST", "/fleet/workers")
        assert (answer.status_code, answer.json()["slot"]) == (201, number)
    refused = fleet.post("/fleet/workers", {})
    assert refused.status_code == 409 and "3 slots" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("slot", "status"), [(1, 409), (4, 404), (0, 422), (-1, 422), ("one", 422), (1.5, 422), (10**30, 404)]
)
def test_a_slot_that_cannot_be_started(fleet: Api, slot: object, status: int) -> None:
    before = fleet("GET", "/fleet").json()
    assert fleet.post("/fleet/workers", {"slot": slot}).status_code == status
    assert fleet("GET", "/fleet").json() == before


@pytest.mark.parametrize(
    ("name", "status"),
    [("w1.2", 404), ("w9.1", 404), ("9", 404), ("01", 404), ("2", 409), ("%00", 404), ("x" * 281, 422)],
)
def test_a_worker_that_cannot_be_killed(fleet: Api, name: str, status: int) -> None:
    answer = fleet("DELETE", f"/fleet/workers/{name}")
    assert answer.status_code == status
    assert fleet.host.signals == []


def test_a_worker_is_killed_by_its_number_too_and_the_next_has_another_name(fleet: Api) -> None:
    assert fleet("DELETE", "/fleet/workers/1").json()["id"] == "w1.1"
    fleet.until(lambda: fleet.kitchen.fleet.state.slot(1).phase == "dead")
    assert fleet.post("/fleet/workers", {"slot": 1}).json()["id"] == "w1.2"


def test_whose_a_kill_is_stays_with_its_end_and_goes_with_the_next_worker(fleet: Api) -> None:
    assert fleet("DELETE", "/fleet/workers/1?by=nobody").status_code == 422
    assert fleet("DELETE", "/fleet/workers/1?by=house").status_code == 202
    fleet.until(lambda: fleet.kitchen.fleet.state.slot(1).phase == "dead")
    end = fleet.kitchen.fleet.state.slot(1).last_exit
    assert end is not None and (end.cause, end.by_house) == ("player", True)
    fleet.post("/fleet/workers", {"slot": 1})
    assert fleet("DELETE", "/fleet/workers/1").status_code == 202
    fleet.until(lambda: fleet.kitchen.fleet.state.slot(1).phase == "dead")
    end = fleet.kitchen.fleet.state.slot(1).last_exit
    assert end is not None and (end.cause, end.by_house) == ("player", False)


@pytest.mark.parametrize(
    ("number", "code", "told", "cause"),
    [
        (signal.SIGABRT, None, "SIGABRT", "panic"),
        (signal.SIGSEGV, None, "SIGSEGV", "crash"),
        (signal.SIGKILL, None, "SIGKILL", "crash"),
        (signal.SIGRTMIN + 6, None, "SIGRTMIN+6", "crash"),
        (None, 1, None, "crash"),
        (None, 0, None, "crash"),
    ],
)
def test_an_end_that_nobody_asked_for(
    fleet: Api, number: int | None, code: int | None, told: str | None, cause: str
) -> None:
    fleet.tell(fleet.host.end, fleet.pid(1), number, code)
    answer = fleet("GET", "/fleet")
    assert answer.status_code == 200
    last = answer.json()["workers"][0]["last_exit"]
    assert (last["signal"], last["code"], last["cause"]) == (told, code, cause)


def test_every_signal_has_a_name() -> None:
    names = {signal_name(number) for number in signal.valid_signals()}
    assert len(names) == len(signal.valid_signals()) and "SIGKILL" in names


def with_state(fleet: Api, slot: int, state: str) -> dict[str, Any] | None:
    """The fleet, while the worker in this slot is in this state."""
    answer: dict[str, Any] = fleet("GET", "/fleet").json()
    return answer if answer["workers"][slot - 1]["state"] == state else None


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError("cannot fork: no more processes"), "could not be started: cannot fork: no more processes"),
        (RuntimeError("a bug of ours"), "could not be started: RuntimeError: a bug of ours"),
    ],
    ids=["fork", "bug"],
)
def test_a_process_that_cannot_be_made_is_no_death_is_told_and_comes_by_itself(
    fleet: Api, error: BaseException, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    deaths: list[object] = []
    fleet.kitchen.fleet.listeners.append(lambda *death: deaths.append(death))
    before = fleet("GET", "/fleet").json()
    fleet.host.failing = error
    assert fleet.post("/fleet/workers", {"slot": 2}).json()["id"] == "w2.1"
    fleet.until(lambda: fleet.kitchen.fleet.state.slot(2).failed_starts == 3)
    # At the moment of the next try it is starting.
    answer = eventually(lambda: with_state(fleet, 2, "backoff"))
    worker = answer["workers"][1]
    assert (worker["trouble"], worker["last_exit"]) == (told, None)
    assert [answer[key] - before[key] for key in ("births", "deaths", "kills")] == [0, 0, 0]
    assert deaths == [], "nobody has died: no receipt"
    lines = [record for record in caplog.records if "could not be started" in record.getMessage()]
    assert len(lines) == 1, "told once, not at every try"
    assert any(
        "fleet: workers could not be started" in line for line in fleet.kitchen.fleet.troubles.sentences
    )
    fleet.host.failing = None
    fleet.tell(fleet.host.ready, fleet.pid(2))
    worker = fleet("GET", "/fleet").json()["workers"][1]
    assert (worker["id"], worker["state"], worker["trouble"]) == ("w2.1", "ready", None)
    assert fleet.kitchen.fleet.troubles.sentences == []


def test_one_listener_or_signal_that_fails_keeps_no_other_from_its_part(fleet: Api) -> None:
    heard: list[str | None] = []

    def failing(*_: object) -> None:
        raise RuntimeError("a bug of ours")

    fleet.kitchen.fleet.listeners += [failing, lambda slot, _: heard.append(slot.id)]
    fleet.tell(fleet.host.end, fleet.pid(1), signal.SIGKILL)
    assert heard == ["w1.1"]
    assert fleet("GET", "/fleet").json()["workers"][0]["state"] == "dead"
    for slot in (1, 2):
        fleet.post("/fleet/workers", {"slot": slot})
        fleet.pid(slot)
    sent = fleet.host.stop
    refused: list[int] = []

    def not_permitted(handle: str, at_once: bool, on_failed: OnFailed) -> None:
        if not refused:
            refused.append(int(handle))
            raise PermissionError("not permitted")
        sent(handle, at_once, on_failed)

    fleet.host.stop = not_permitted
    assert fleet.post("/fleet/redeploy").status_code in (200, 202)
    assert refused == [fleet.pid(1)]
    fleet.until(lambda: fleet.kitchen.fleet.state.slot(2).generation == 2)


def test_a_bug_in_what_is_due_does_not_stop_the_clock(fleet: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def buggy(state: object, event: object, *others: object) -> object:
        calls.append(event)
        if len(calls) == 1:
            raise RuntimeError("a bug of ours")
        return decide(state, event, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(supervisor, "decide", buggy)
    monkeypatch.setattr(supervisor, "AFTER_A_BUG_S", 0.01)
    fleet.tell(fleet.kitchen.fleet._tick)
    fleet.until(lambda: len(calls) == 2)


def test_generations_that_cannot_be_written_are_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    in_the_way = tmp_path / "state"
    in_the_way.write_text("a file where the directory should be")
    with api(start=3, setup={"generations_file": in_the_way / "generations.json"}) as made:
        for slot in (1, 2, 3):
            made.pid(slot)
        assert sum("cannot be written" in record.getMessage() for record in caplog.records) == 1
        assert any(line.startswith("generations: ") for line in made.kitchen.fleet.troubles.sentences)


def test_generations_are_written_when_that_can_be_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "REWRITE_AFTER_S", 0.05)
    in_the_way = tmp_path / "state"
    in_the_way.write_text("a file where the directory should be")
    with api(start=1, setup={"generations_file": in_the_way / "generations.json"}) as made:
        made.pid(1)
        assert made.kitchen.fleet.troubles.sentences
        in_the_way.unlink()
        made.until(lambda: not made.kitchen.fleet.troubles.sentences)
    assert json.loads((in_the_way / "generations.json").read_text(encoding="utf-8")) == {"1": 1}


def test_used_generations_are_remembered_across_restarts(tmp_path: Path) -> None:
    file = tmp_path / "generations.json"
    for expected in ("w1.1", "w1.2", "w1.3"):
        with api(setup={"generations_file": file}) as made:
            made.pid(1)
            assert made("GET", "/fleet").json()["workers"][0]["id"] == expected


@pytest.mark.parametrize("text", ["", "{", "[]", '{"1": "x"}', "\x00"])
def test_a_spoilt_file_of_generations_is_no_reason_not_to_start(tmp_path: Path, text: str) -> None:
    file = tmp_path / "generations.json"
    file.write_text(text)
    with api(setup={"generations_file": file}) as made:
        made.pid(1)
        assert json.loads(file.read_text()) == {"1": 1}


def test_a_state_directory_that_is_gone_does_not_keep_a_worker_from_starting(tmp_path: Path) -> None:
    in_the_way = tmp_path / "state"
    in_the_way.write_text("a file where the directory should be")
    with api(setup={"generations_file": in_the_way / "generations.json"}) as made:
        made.tell(made.host.ready, made.pid(1))
        assert made("GET", "/fleet").json()["workers"][0]["state"] == "ready"


def test_closing_drains_all_and_kills_nobody_who_obeys() -> None:
    with api(start=3) as made:
        pids = [made.pid(slot) for slot in (1, 2, 3)]
        for pid in pids[:2]:
            made.tell(made.host.ready, pid)
    assert made.host.signals == [(pid, signal.SIGTERM) for pid in pids]
    slots = made.kitchen.fleet.state.slots
    assert [slot.phase for slot in slots] == ["dead"] * 3
    assert {slot.last_exit.cause for slot in slots if slot.last_exit} == {"shutdown"}


def test_a_worker_learns_its_name_and_its_settings() -> None:
    with api(setup={"logs": Path("/nowhere/logs")}) as made:
        spec = made.host.specs[made.pid(1)]
    assert (spec.identity, spec.concurrency, spec.task_queue) == ("w1.1", 4, "gopherpizza")
    assert spec.target == made.kitchen.gateway.target
    assert spec.log_file == Path("/nowhere/logs/worker-1.log")
    assert 0 < spec.drain_s < 1
