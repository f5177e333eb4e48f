"""The failure menu without a server: what it lists, whom it happens to, what it refuses and keeps."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api_stub.checkpoint.config import FailuresConfig
from api_stub.checkpoint.files import LoadedConfig
from api_stub.failures import on_services, on_workers
from api_stub.failures.entries import ENTRIES
from api_stub.failures.failure_log import MAX_KEPT, FailureLog
from api_stub.failures.on_services import pid_of
from api_stub.failures.refused_results import line_since, sentence_of, size_of, time_in
from api_stub.fleet.state import FleetRefusal
from api_stub.fleet.steps import put
from api_stub.kitchen import policy_of
from api_stub.schema import MAX_SIGHTINGS, Order, OrderStatus
from api_stub.start_setup import StartSetup
from tests.serving import Api, ScriptedHost, api, kitchen_for
from tests.telling import order
from worker.shared import OrderInfo, Stage
from worker.show.hints import Hint


@pytest.fixture
def open_menu() -> Iterator[Api]:
    """An API with two workers that poll."""
    with serving() as made:
        yield made


def serving(**more: Any) -> Any:
    host = ScriptedHost()
    return started(api(host=host, kitchen=kitchen_for(host=host, start=2, **more)))


class started:
    """The API, with its first workers ready."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def __enter__(self) -> Api:
        made: Api = self._context.__enter__()
        for slot in (1, 2):
            made.tell(made.host.ready, made.pid(slot))
        return made

    def __exit__(self, *error: Any) -> None:
        self._context.__exit__(*error)


def log(api: Api, after: int = 0) -> list[dict[str, Any]]:
    return list(api("GET", f"/failures/log?after={after}").json())


def over(api: Api, n: int) -> dict[str, Any]:
    """The record, when it is over."""
    menu = api.kitchen.failures
    api.until(lambda: all(one.state != "running" for one in menu.log(n - 1)))
    return log(api, n - 1)[0]


def test_the_menu_tells_what_is_done_what_notices_it_and_the_timeouts_in_force(open_menu: Api) -> None:
    told = open_menu("GET", "/failures").json()
    assert told["open"] and len(told["failures"]) >= 8
    assert [one["id"] for one in told["failures"]] == [entry.id for entry in ENTRIES]
    assert all(one["title"] and one["what"] and one["mechanism"] for one in told["failures"])
    timeouts, config = told["timeouts"], open_menu.kitchen.checkpoint.config
    assert timeouts["heartbeat_s"] == config.timeouts.heartbeat_s
    assert timeouts["start_to_close_s"] == config.timeouts.start_to_close_s
    assert timeouts["schedule_to_start_s"] is None and timeouts["retry"]["maximum_attempts"] is None
    assert timeouts["retry"]["maximum_s"] == config.retry.maximum_s


def test_what_needs_more_than_is_there_says_what(open_menu: Api) -> None:
    why = {one["id"]: one["unavailable"] for one in open_menu("GET", "/failures").json()["failures"]}
    assert why["kill"] is None and why["freeze"] is None
    assert "failures.network: true" in why["cut-off"] and "failures.network: true" in why["slow-network"]
    assert "failures.oven_service: true" in why["oven-down"]
    assert "not ours" in why["temporal-killed"] and "run_all.sh" in why["api-killed"]
    for name in ("cut-off", "oven-down", "temporal-killed", "api-killed"):
        answer = open_menu.post(f"/failures/{name}")
        assert answer.status_code == 409 and why[name] in answer.json()["detail"]
    assert log(open_menu) == [], "nothing was done"


def test_what_needs_processes_of_this_machine_is_not_done_to_pods(open_menu: Api) -> None:
    fleet = open_menu.kitchen.fleet
    fleet._policy = replace(fleet.policy, hosted=True)
    why = {one["id"]: one["unavailable"] for one in open_menu("GET", "/failures").json()["failures"]}
    refused = {name for name, reason in why.items() if reason and "the workers are Pods" in reason}
    assert refused == {
        "panic", "freeze", "cut-off", "slow-network", "out-of-memory", "poison", "oven-down",
    }  # fmt: skip
    assert open_menu.post("/failures/freeze").status_code == 409 and open_menu.host.signals == []


def test_a_worker_that_is_no_process_of_this_machine_gets_no_signal(open_menu: Api) -> None:
    fleet = open_menu.kitchen.fleet
    fleet._state = put(fleet.state, replace(fleet.state.slot(1), pid=None))
    with pytest.raises(FleetRefusal, match="w1.1 is no process of this machine"):
        fleet.signal("w1.1", signal.SIGSTOP)
    assert open_menu.host.signals == []


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("meteor", None, 404, "no failure 'meteor'; there are kill"),
        ("KILL", None, 422, "failure"),
        ("kill", {"worker": "w9.9"}, 404, "no worker 'w9.9'"),
        ("kill", {"worker": "3"}, 409, "does not poll"),
        ("kill", {"seconds": 3}, 409, "is a moment"),
        ("freeze", {"seconds": 31}, 422, "seconds"),
        ("freeze", {"seconds": 0}, 422, "seconds"),
        ("freeze", {"worker": ""}, 422, "worker"),
        ("freeze", {"worker": "x" * 281}, 422, "worker"),
        ("freeze", {"what": 1}, 422, "unknown field"),
        ("poison", {"worker": "1"}, 409, "happens to no worker"),
    ],
)
def test_what_does_not_fit_is_refused(open_menu: Api, path: str, body: Any, status: int, words: str) -> None:
    answer = open_menu.post(f"/failures/{path}", body)
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text
    assert log(open_menu) == []


def test_a_kiosk_has_its_menu_shut_unless_its_config_allows_it() -> None:
    kiosk = StartSetup(kiosk=True)
    with serving(start_setup=kiosk) as shut:
        assert shut("GET", "/failures").json()["open"] is False
        answer = shut.post("/failures/kill")
        assert answer.status_code == 403 and "allowed_in_kiosk" in answer.json()["detail"]
        assert shut.kitchen.fleet.state.kills == 0
    with serving(start_setup=kiosk, more={"failures": {"allowed_in_kiosk": True}}) as allowed:
        assert allowed.post("/failures/kill").status_code == 202


def test_a_kill_is_told_by_the_exit_notice(open_menu: Api) -> None:
    pid = open_menu.pid(2)
    answer = open_menu.post("/failures/kill", {"worker": "2"})
    assert answer.status_code == 202 and answer.json()["state"] == "running"
    assert answer.json()["worker"] == "w2.1"
    found = over(open_menu, 1)
    assert (pid, signal.SIGKILL) in open_menu.host.signals
    assert "exit notice" in found["noticed_by"] and 0 <= found["delay_s"] < 60
    assert "w2.1 is gone: signal SIGKILL, told as player" in found["seen"][0]["what"]


def test_a_frozen_worker_goes_on_and_is_left_alone_meanwhile(
    open_menu: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its time is over when the test says so."""
    over_now, watch = asyncio.Event(), on_workers.watch_timeouts

    async def until_then(targets: Any, doing: Any, before: int, seconds: float, death: Any) -> int:
        await over_now.wait()
        return await watch(targets, doing, before, 0.0, death)

    monkeypatch.setattr(on_workers, "watch_timeouts", until_then)
    pid = open_menu.pid(1)
    open_menu.host.stubborn = True
    answer = open_menu.post("/failures/freeze", {"worker": "w1.1", "seconds": 30})
    assert answer.status_code == 202
    open_menu.until(lambda: (pid, signal.SIGSTOP) in open_menu.host.signals)
    assert open_menu.kitchen.start_setup.announced.holds(pid)
    assert open_menu.post("/failures/freeze", {"worker": "w2.1"}).status_code == 409, "one at a time"
    open_menu.tell(over_now.set)
    found = over(open_menu, 1)
    assert [number for _, number in open_menu.host.signals] == [signal.SIGSTOP, signal.SIGCONT]
    assert not open_menu.kitchen.start_setup.announced.holds(pid)
    assert found["state"] == "over" and found["noticed_at"] is None
    assert found["seen"][-1]["by"] == "nobody", "nothing was in its hands: nothing is made up"


@pytest.mark.parametrize("failure", ["freeze", "cut-off", "slow-network"])
def test_what_temporal_did_not_tell_is_not_said_to_be_known(failure: str) -> None:
    with serving(more={"failures": {"network": True}}) as made:
        made.host.stubborn = True
        made.pid(1)
        assert made.post(f"/failures/{failure}", {"worker": "w1.1", "seconds": 1}).status_code == 202
        last = over(made, 1)["seen"][-1]
    assert last["by"] == "nobody" and last["what"].startswith("Temporal told of nothing given up"), last


@pytest.mark.parametrize("failure", ["freeze", "cut-off", "slow-network"])
def test_who_is_killed_during_another_failure_is_told_as_dead_and_not_as_back(failure: str) -> None:
    with serving(more={"failures": {"network": True}}) as made:
        made.host.stubborn = True
        pid = made.pid(1)
        assert made.post(f"/failures/{failure}", {"worker": "w1.1", "seconds": 30}).status_code == 202
        made.until(lambda: failure in made.kitchen.failures.running)
        made.run(made.request("DELETE", "/fleet/workers/1"))
        made.tell(made.host.end, pid, signal.SIGKILL)
        found = over(made, 1)
        words = " ".join(one["what"] for one in found["seen"])
        assert "w1.1 is gone before it was over: signal SIGKILL, told as player" in words
        assert not any(lie in words for lie in ("goes on", "network is back", "given up")), words
        assert found["state"] == "over" and found["noticed_by"] is None, "nothing was in its hands"


def test_what_is_under_way_is_undone_when_it_is_ended(open_menu: Api) -> None:
    pid = open_menu.pid(1)
    open_menu.host.stubborn = True
    open_menu.post("/failures/freeze", {"worker": "1", "seconds": 30})
    open_menu.until(lambda: (pid, signal.SIGSTOP) in open_menu.host.signals)
    assert open_menu.kitchen.failures.running == ["freeze"]
    open_menu.run(open_menu.kitchen.failures.end_all())
    assert (pid, signal.SIGCONT) in open_menu.host.signals
    found = log(open_menu)[0]
    assert found["state"] == "broken off" and "undone" in found["seen"][-1]["what"]


def test_it_happens_to_the_worker_with_the_most_in_its_hands(
    open_menu: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = {"w1.1": ("a",), "w2.1": ("b", "c")}
    monkeypatch.setattr(open_menu.kitchen.gateway, "holding", lambda: held)
    assert open_menu.post("/failures/panic").json()["worker"] == "w2.1"
    open_menu.until(lambda: signal.SIGABRT in [number for _, number in open_menu.host.signals])


def test_workers_are_told_of_oven_and_proxy_where_the_checkpoint_has_them() -> None:
    with serving() as plain:
        spec = plain.host.specs[plain.pid(1)]
        assert spec.oven is None and spec.target.address == plain.kitchen.gateway.address
    with serving(more={"failures": {"network": True, "oven_service": True}}) as equipped:
        one, two = (equipped.host.specs[equipped.pid(slot)] for slot in (1, 2))
        assert one.oven == two.oven and one.oven.startswith("http://127.0.0.1:")
        assert len({one.target.address, two.target.address, equipped.kitchen.gateway.address}) == 3
        why = [one["unavailable"] for one in equipped("GET", "/failures").json()["failures"]]
        assert why[:6] == [None] * 6


def test_a_checkpoint_with_an_oven_has_one_also_when_it_is_switched_to_during_a_failure() -> None:
    with serving() as made:
        made.host.stubborn = True
        made.post("/failures/freeze", {"seconds": 30})
        kitchen = made.kitchen
        config = kitchen.checkpoint.config.model_copy(update={"failures": FailuresConfig(oven_service=True)})
        kitchen.put_in_force(LoadedConfig(config, kitchen.checkpoint.file))
        made.tell(kitchen.fleet.reshape, policy_of(config))
        assert made.kitchen.fleet.state.slot(1).replacing, "workers without an oven are replaced"
        made.tell(made.host.end, made.pid(1))
        made.until(lambda: made.host.specs[max(made.host.specs)].oven)
        url = made.host.specs[max(made.host.specs)].oven
        assert url is not None and url.startswith("http://127.0.0.1:")
        made.until(lambda: kitchen.failures._targets.oven.mode == "serving")


def test_a_poison_that_is_cured_is_another_one() -> None:
    with serving() as made:
        before = made.host.specs[made.pid(1)].poison
        assert before is not None and before.startswith("poison-")
        assert made.host.specs[made.pid(2)].poison == before
        answer = made.post("/failures/poison", {"seconds": 0.5})
        assert answer.status_code == 202
        found = over(made, 1)
        assert found["state"] == "broken off" and "Temporal" in str(found["seen"]), "nothing could be placed"


def test_a_poison_is_cured_its_time_after_the_first_failure_however_long_it_waited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is prepared first, which may take longer than all of its time: cured then, it never fails."""
    monkeypatch.setattr(on_services, "POISON_LOOK_S", 0.01)
    doing = FailureLog(None).begin("poison", None, 0.1)
    placed_at, failed_when_cured = time.monotonic(), []

    class Kitchen:
        """Asked for the order: busy with it, then failing in attempt after attempt, until the cure."""

        poison = "poison-1"
        attempts = 0

        async def place(self, info: OrderInfo) -> None:
            """Taken."""

        async def order(self, order_id: str) -> Order:
            """As Temporal has it. What failed before the oven is not the poison's doing."""
            if failed_when_cured:
                return order(order_id, OrderStatus.DELIVERED)
            if time.monotonic() < placed_at + 0.4:
                return order(order_id, OrderStatus.PREPARING, 2, last_failure="dough on the ceiling")
            self.attempts += 1
            return order(order_id, OrderStatus.BAKING, self.attempts + 1, last_failure=f"{order_id}: no")

        def redeploy(self) -> None:
            """The cure."""
            failed_when_cured.append(self.attempts)

    kitchen: Any = Kitchen()
    kitchen.fleet = kitchen.gateway = kitchen
    asyncio.run(on_services.poison(kitchen, doing))
    told = [one for one in doing.record.seen if one.by == on_services.RETRY]
    assert failed_when_cured[0] >= 1 and told and kitchen.poison != "poison-1"
    assert not any("dough" in one.what for one in told)


# --- the book ---


def test_records_are_kept_over_a_restart_and_numbers_go_on(tmp_path: Path) -> None:
    file = tmp_path / "failures.json"
    book = FailureLog(file)
    doing = book.begin("kill", "w1.1", None)
    doing.saw("the menu", "done", notices=False)
    doing.saw("the operating system", "gone")
    doing.over()
    book.begin("freeze", "w2.1", 5.0)
    again = FailureLog(file)
    again.load()
    first, second = again.after(0)
    assert (first.noticed_by, first.state, len(first.seen)) == ("the operating system", "over", 2)
    assert second.state == "running" and [one.n for one in again.unfinished()] == [2]
    assert again.begin("kill", None, None).n == 3


@pytest.mark.parametrize("noise", [b"", b"\xff" * 9000, b"[1]", b"{}", b"[" * 100_000, b'[{"n": 1}]'])
def test_a_book_that_cannot_be_read_is_begun_anew(tmp_path: Path, noise: bytes) -> None:
    file = tmp_path / "failures.json"
    file.write_bytes(noise)
    book = FailureLog(file)
    book.load()
    assert book.after(0) == [] and book.begin("kill", None, None).n == 1


def test_the_book_is_bounded() -> None:
    book = FailureLog(None)
    for _ in range(MAX_KEPT + 50):
        doing = book.begin("kill", None, None)
        for number in range(MAX_SIGHTINGS + 5):
            doing.saw("somebody", f"{number} " + "x" * 1000)
        doing.over()
    kept = book.after(0)
    assert len(kept) == MAX_KEPT and kept[-1].n == MAX_KEPT + 50
    assert all(len(one.seen) == MAX_SIGHTINGS and len(one.seen[0].what) <= 300 for one in kept)


# --- small parts ---


def test_lines_of_a_log_are_looked_for_after_a_place_in_it(tmp_path: Path) -> None:
    log = tmp_path / "worker-1.log"
    assert size_of(None) == size_of(log) == 0 and line_since(log, 0, ("x",)) is None
    log.write_text("Activity not found of before\n")
    since = size_of(log)
    assert line_since(log, since, ("not found",)) is None
    with log.open("a") as opened:
        opened.write("\x1b[33m WARN\x1b[0m Activity   not found on completion\n")
    assert line_since(log, since, ("not found",)) == "WARN Activity not found on completion"
    log.write_text("x not found\n")
    assert line_since(log, since, ("not found",)) == "x not found", "a new file since"


def test_a_refusal_in_a_log_is_told_as_a_sentence() -> None:
    head = "2026-11-26T14:48:18.784357Z WARN temporalio_sdk_core::worker::activities: "
    assert sentence_of(f"{head}Activity not found. It was late. task_token=Tok(x)") == (
        "Activity not found. It was late."
    )
    assert sentence_of("x: NotFound") == "x: NotFound"


def test_the_time_in_a_line_is_read_or_left_out() -> None:
    found = time_in("2026-01-02 03:04:05,678 CRITICAL MemoryError after")
    assert found is not None and (found.hour, found.microsecond) == (3, 678_000) and found.tzinfo is not None
    assert time_in("memory allocation of 8 bytes failed") is None


@pytest.mark.parametrize(
    ("text", "pid"),
    [('{"temporal": 42}', 42), ('{"temporal": 1}', None), ('{"temporal": "x"}', None), ("[", None)],
)
def test_a_pid_is_taken_from_the_stacks_file_where_it_is_one(
    tmp_path: Path, text: str, pid: int | None
) -> None:
    (tmp_path / "stack.json").write_text(text)
    assert pid_of(tmp_path, "temporal") == pid and pid_of(tmp_path / "none", "temporal") is None


def test_a_refusal_is_a_part_of_a_hint() -> None:
    refused = Hint("cancelled", "o1--x", "run-1", Stage.BAKE, 2, refused=True)
    assert Hint.read(refused.told()) == refused
    old = refused.told().replace(b', "refused": true', b"")
    assert not Hint.read(old).refused
