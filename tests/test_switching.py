"""Switching checkpoints: by name, by path, by editing the file in force; and chaos that converges."""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api_stub.checkpoint import switching
from api_stub.checkpoint.files import CONFIGS, load
from api_stub.checkpoint.remembered_checkpoint import RememberedCheckpoint
from api_stub.checkpoint.timed_reading import ConfigReader
from tests.running import PATIENCE, RunningStack, as_yaml, eventually, running_stack, tracebacks
from tests.serving import Api, api
from worker.show.dice import REASONS

STAGES = ("prepare", "bake", "deliver")
LIMIT_S = 20 * PATIENCE


def config(file: Path, **keys: Any) -> Path:
    """A checkpoint named after its file: short stages, three slots, one started; `keys` change it."""
    stage = {"duration_s": keys.pop("duration_s", [0.3, 0.5]), "failure_rate": keys.pop("failure_rate", 0.0)}
    plain = {
        "checkpoint": file.stem,
        "title": "For the tests",
        "fleet": {"slots": 3, "start": 1},
        "activities": {name: stage for name in STAGES},
        "retry": {"initial_s": 0.1, "maximum_s": 0.3},
    }
    return saved(file, as_yaml({**plain, **keys}))


def saved(file: Path, text: str) -> Path:
    """The file with this text, as editors do it: a new one in place of the old one, never half of it."""
    scratch = file.with_suffix(".new")
    scratch.write_text(text, encoding="utf-8")
    return scratch.replace(file)


# --- in process, with workers that only do what they are told ---


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Api]:
    """An API that was started with a file of its own, its first worker ready."""
    with api() as made:
        made.kitchen.reader = ConfigReader(CONFIGS, LIMIT_S)
        made.kitchen.put_in_force(load(config(tmp_path / "own.yaml")))
        made.tell(made.host.ready, next(iter(made.host.specs)))
        yield made


def phases(made: Api) -> list[str]:
    return [worker["state"] for worker in made("GET", "/fleet").json()["workers"]]


def put(made: Api, name: str) -> Any:
    return made("PUT", "/checkpoint", json={"name": name})


def test_a_switch_puts_settings_and_fleet_in_force(own: Api) -> None:
    answer = put(own, "1-pair")
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["slots"], answer.json()["problem"]) == ("1-pair", 2, None)
    assert own("GET", "/checkpoint").json() == answer.json()
    assert own("GET", "/healthz").json()["checkpoint"] == "1-pair"
    assert own("GET", "/checkpoints").json()["current"] == "1-pair"
    assert phases(own) == ["ready", "starting"]
    assert own.kitchen.checkpoint.config.kitchen().prepare.duration_s == (3, 6), "new orders get these"


def test_counts_go_on_over_a_switch(own: Api) -> None:
    own("DELETE", "/fleet/workers/1")
    before = own("GET", "/fleet").json()
    put(own, "2")
    after = own("GET", "/fleet").json()
    assert after["slots"] == 4 and after["kills"] == before["kills"] == 1
    assert after["deaths"] == 1 and after["births"] == before["births"] + 4


@pytest.mark.parametrize("name", ["nine", "../1", "/etc/passwd", "1.5"])
def test_an_unknown_name_is_refused_and_nothing_changes(own: Api, name: str) -> None:
    answer = put(own, name)
    assert answer.status_code == 404 and "1-pair" in answer.json()["detail"]
    assert own("GET", "/checkpoint").json()["name"] == "own"
    assert phases(own) == ["ready", "empty", "empty"]


def test_a_file_that_cannot_be_used_is_refused_and_nothing_changes(own: Api, tmp_path: Path) -> None:
    broken = config(tmp_path / "broken.yaml", seed="seven")
    answer = put(own, str(broken))
    assert answer.status_code == 422 and "seed: found 'seven'" in answer.json()["detail"]
    assert put(own, str(tmp_path / "no.yaml")).status_code == 422
    assert own("GET", "/checkpoint").json()["name"] == "own"
    assert own("PUT", "/checkpoint", json={"nome": "1"}).status_code == 422


def test_a_file_by_its_path_and_back_by_its_name(own: Api, tmp_path: Path) -> None:
    other = config(tmp_path / "other.yaml", fleet={"slots": 2, "start": 2})
    assert put(own, str(other)).json()["name"] == "other"
    assert put(own, "1").json()["name"] == "1"
    assert put(own, "own").json()["slots"] == 3
    assert put(own, "other").json()["slots"] == 2
    listed = {found["name"] for found in own("GET", "/checkpoints").json()["checkpoints"]}
    assert listed >= {"own", "other", "1", "1-pair", "1a", "2", "3"}


def test_a_broken_file_among_others_is_listed_with_its_problem(own: Api, tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    config(tmp_path / "configs" / "checkpoint-good.yaml", checkpoint="good")
    (tmp_path / "configs" / "checkpoint-bad.yaml").write_text("checkpoint: [")
    own.kitchen.reader = ConfigReader(tmp_path / "configs", LIMIT_S)
    found = own.run(switching.known(own.kitchen))
    assert list(found) == ["bad", "good", "own"]
    assert found["bad"].problem and "not YAML" in found["bad"].problem and not found["good"].problem


def test_an_edit_is_applied_and_a_fleet_that_it_does_not_touch_is_left_alone(
    own: Api, tmp_path: Path
) -> None:
    own("DELETE", "/fleet/workers/1")
    assert phases(own)[0] == "dead"
    signals = list(own.host.signals)
    assert not own.run(looked(own)), "nothing was edited yet"
    config(tmp_path / "own.yaml", title="Another", seed=5)
    own.run(looked(own))
    assert own("GET", "/checkpoint").json()["title"] == "Another"
    assert own.kitchen.checkpoint.config.kitchen().seed == 5
    assert phases(own)[0] == "dead" and own.host.signals == signals
    config(tmp_path / "own.yaml", fleet={"slots": 2, "start": 1})
    own.run(looked(own))
    assert phases(own) == ["starting", "empty"]


async def looked(made: Api) -> bool:
    """Look at the file in force now. What is found may have been found already: the kitchen looks, too."""
    return await switching.look(made.kitchen)


@pytest.mark.parametrize("broken", ["checkpoint: [", "", "checkpoint: own\nfleet: {slots: 0}\n", None])
def test_a_broken_edit_is_shown_and_what_runs_runs_on(own: Api, tmp_path: Path, broken: str | None) -> None:
    file = tmp_path / "own.yaml"
    before = own("GET", "/checkpoint").json()
    if broken is None:
        file.unlink()
    else:
        file.write_text(broken)
    own.run(looked(own))
    shown = own("GET", "/checkpoint").json()
    assert str(file) in shown["problem"] and {**shown, "problem": None} == before
    assert phases(own) == ["ready", "empty", "empty"]
    listed = own("GET", "/checkpoints").json()["checkpoints"]
    assert [one["problem"] for one in listed if one["name"] == "own"] == [shown["problem"]]
    config(file)
    own.run(looked(own))
    assert own("GET", "/checkpoint").json() == before


def test_a_switch_away_from_a_broken_edit(own: Api, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("checkpoint: [")
    own.run(looked(own))
    assert put(own, "1").json()["problem"] is None
    assert put(own, "own").status_code == 422, "it is still broken"
    assert own("GET", "/checkpoint").json()["name"] == "1"


def test_a_renamed_checkpoint_has_one_name(own: Api, tmp_path: Path) -> None:
    config(tmp_path / "own.yaml", checkpoint="renamed")
    own.run(looked(own))
    assert put(own, "1").status_code == 200
    assert put(own, "own").status_code == 404
    assert put(own, "renamed").json()["file"] == "own.yaml"


def test_what_is_in_force_is_remembered_for_this_run_alone(tmp_path: Path) -> None:
    file = config(tmp_path / "own.yaml", fleet={"slots": 3, "start": 2, "respawn_after_s": [1, 2]})
    loaded = load(file)
    memory = RememberedCheckpoint(tmp_path / "state" / "in-force.json", "run-1")
    assert memory.recall() is None
    memory.remember(loaded)
    file.write_text("broken: [")
    recalled = RememberedCheckpoint(tmp_path / "state" / "in-force.json", "run-1").recall()
    assert recalled is not None and recalled.config == loaded.config and recalled.file == file
    assert recalled.stamp != loaded.stamp, "the file is to be looked at again"
    for other in ("run-2", None):
        assert RememberedCheckpoint(tmp_path / "state" / "in-force.json", other).recall() is None


# --- on a real stack ---


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningStack, Path]]:
    """A stack, and the directory of the file that it was started with: load.yaml."""
    directory = tmp_path_factory.mktemp("switching")
    with running_stack(directory / "state", config(directory / "load.yaml"), "--no-game") as stack:
        yield stack, directory


def switch(stack: RunningStack, name: str) -> None:
    def switched() -> bool:
        answer = stack.client.put("/checkpoint", json={"name": name})
        assert answer.status_code == 200 or "did not answer within" in answer.text, answer.text
        return answer.status_code == 200

    eventually(switched)


def place(stack: RunningStack, prefix: str, count: int) -> list[str]:
    ids = [f"{prefix}-{n}" for n in range(count)]
    for order_id in ids:
        stack.order(order_id, toppings=["ham"])
    return ids


def ready(stack: RunningStack, count: int) -> list[dict[str, Any]]:
    """The workers, once there are so many slots, each with a ready worker."""

    def check() -> list[dict[str, Any]] | None:
        workers = stack.workers()
        return workers if [worker["state"] for worker in workers] == ["ready"] * count else None

    return eventually(check) or []


def each_was_ready(stack: RunningStack, count: int) -> set[int]:
    """The pids of workers that were ready, one in each of so many slots: they live a few seconds, and on a
    busy machine not all of them at once."""
    seen: dict[int, int] = {}

    def check() -> bool:
        workers = stack.workers()
        if len(workers) == count:
            seen.update({worker["slot"]: worker["pid"] for worker in workers if worker["state"] == "ready"})
        return len(seen) == count

    eventually(check)
    return set(seen.values())


def until_all(stack: RunningStack, ids: list[str], limit_s: float = 60) -> list[dict[str, Any]]:
    """The orders, once all are delivered; one that failed ends the wait at once."""

    def check() -> list[dict[str, Any]] | None:
        answer = stack.client.post("/orders/status", json={"orders": [{"id": one} for one in ids]})
        orders: list[dict[str, Any]] = answer.json()["orders"]
        assert not [order for order in orders if order["status"] == "ORDER_FAILED"]
        return orders if {order["status"] for order in orders} == {"ORDER_DELIVERED"} else None

    return eventually(check, limit_s, 0.1) or []


def check_nothing_twice(stack: RunningStack, ids: list[str]) -> None:
    for order_id in ids:
        events = stack.read(f"/orders/{order_id}/history")
        done = Counter(event["stage"] for event in events if event["type"] == "ActivityTaskCompleted")
        assert done == Counter(STAGES), order_id


@pytest.mark.stack
def test_switching_under_load_loses_nothing(house: tuple[RunningStack, Path]) -> None:
    stack, directory = house
    switch(stack, "load")
    kills = stack.client.get("/fleet").json()["kills"]
    slow = {"duration_s": [2.0, 2.5]}
    config(
        directory / "slow.yaml", activities={name: slow for name in STAGES}, fleet={"slots": 1, "start": 1}
    )
    switch(stack, str(directory / "slow.yaml"))
    ids = place(stack, "one", 6)
    stack.until_worked_on(ids[0], "prepare")
    many = {"slots": 12, "start": 12, "respawn_after_s": [0.2, 0.5], "lifespan_s": [5, 9]}
    switch(stack, str(config(directory / "many.yaml", fleet=many, failure_rate=0.2)))
    assert len(each_was_ready(stack, 12)) == 12
    ids += place(stack, "many", 6)
    buggy = config(directory / "buggy.yaml", bug="spread_toppings", fleet={"slots": 2, "start": 2})
    switch(stack, str(buggy))
    # One whose time was up when it was to be replaced has panicked all the same.
    assert {one["last_exit"]["cause"] for one in ready(stack, 2)} <= {"redeploy", "panic"}
    ids += place(stack, "buggy", 4)
    stack.order("stuck", toppings=["ham", "ham"])
    eventually(lambda: stack.client.get("/challenge").json()["stuck"] == 1)
    until_all(stack, ids)
    switch(stack, "load")  # without the bug: the right code is in force, and the stuck order goes on
    until_all(stack, ["stuck"])
    assert stack.until_worker(1, "ready")["last_exit"]["cause"] == "redeploy"
    check_nothing_twice(stack, [*ids, "stuck"])
    fleet = stack.client.get("/fleet").json()
    assert fleet["slots"] == 3 and fleet["kills"] == kills
    assert fleet["births"] - fleet["deaths"] == sum(one["pid"] is not None for one in fleet["workers"])


@pytest.mark.stack
def test_the_file_in_force_is_followed_while_it_runs(house: tuple[RunningStack, Path]) -> None:
    stack, directory = house
    file = config(directory / "live.yaml")
    switch(stack, str(file))
    stack.until_worker(1, "ready")
    config(file, title="Edited", fleet={"slots": 2, "start": 2})
    ready(stack, 2)
    assert stack.client.get("/checkpoint").json()["title"] == "Edited"
    saved(file, "fleet: {slotz: 1}")
    problem = eventually(lambda: stack.client.get("/checkpoint").json()["problem"])
    assert "slotz" in problem and "did you mean 'slots'" in problem and str(file) in problem
    ready(stack, 2)
    config(file, title="Mended", fleet={"slots": 2, "start": 2})
    eventually(lambda: stack.client.get("/checkpoint").json()["title"] == "Mended")
    assert stack.client.get("/checkpoint").json()["problem"] is None


@pytest.mark.stack
def test_a_switch_survives_the_apis_death(house: tuple[RunningStack, Path]) -> None:
    stack, directory = house
    file = config(directory / "held.yaml", fleet={"slots": 2, "start": 2})
    switch(stack, str(file))
    ready(stack, 2)
    file.write_text("checkpoint: [")  # not even a broken edit makes the next API fall
    eventually(lambda: stack.client.get("/checkpoint").json()["problem"])
    old = stack.pids()["api"]
    os.kill(old, signal.SIGKILL)

    def held() -> bool:
        try:
            shown = stack.client.get("/checkpoint").json()
        except httpx.HTTPError:
            return False
        return stack.pids()["api"] != old and shown["name"] == "held" and bool(shown["problem"])

    eventually(held)
    ready(stack, 2)
    switch(stack, "load")


@pytest.mark.stack
def test_chaos_converges(house: tuple[RunningStack, Path]) -> None:
    stack, directory = house
    chaos = config(
        directory / "chaos.yaml",
        fleet={"slots": 3, "start": 3, "respawn_after_s": [0.2, 0.5], "lifespan_s": [2, 4]},
        duration_s=[0.1, 0.3],
        failure_rate=0.4,
        seed=1,
    )
    switch(stack, str(chaos))
    each_was_ready(stack, 3)
    before = logs_of(stack)
    stack.client.delete("/fleet/workers/2")  # a player joins in: it comes again like the others
    ids = place(stack, "chaos", 10)
    ends = [worker["last_exit"] for worker in eventually(lambda: all_panicked(stack)) or []]
    assert {end["signal"] for end in ends} == {signal.SIGABRT.name}
    orders = until_all(stack, ids)
    check_nothing_twice(stack, ids)
    attempts = [view["attempts"] for order in orders for view in order["stages"]]
    assert len(attempts) == 30 and max(attempts) > 1
    failures = {
        event["failure"]
        for order_id in ids
        for event in stack.read(f"/orders/{order_id}/history")
        if event["failure"]
    }
    assert failures, "the history tells why the attempt before failed"
    noise = logs_of(stack)
    assert "Fatal Python error" not in noise and tracebacks(noise) == tracebacks(before)
    check_ruined_pizzas_start_anew(noise)
    switch(stack, "load")


def logs_of(stack: RunningStack) -> str:
    return "\n".join(file.read_text() for file in (stack.state / "logs").glob("*.log"))


def check_ruined_pizzas_start_anew(logs: str) -> None:
    """After a mishap there is no progress to resume from, and Temporal was told so."""
    kinds = "|".join(reason.type for reasons in REASONS.values() for reason in reasons)
    ruined = re.findall(rf" (chaos-\d+), attempt (\d+): (\w+) is ruined: (?:{kinds})", logs)
    begun = re.findall(r" (chaos-\d+), attempt (\d+): (\w+) from (\d+) %", logs)
    resumed_from = {(order, stage, int(attempt)): int(done) for order, attempt, stage, done in begun}
    assert ruined and begun
    for order, attempt, stage in ruined:
        # A worker may have died between being given the next attempt and saying so.
        assert resumed_from.get((order, stage, int(attempt) + 1), 0) == 0, (order, stage, attempt)


def all_panicked(stack: RunningStack) -> list[dict[str, Any]] | None:
    workers = stack.workers()
    ended = [worker["last_exit"] and worker["last_exit"]["cause"] for worker in workers]
    return workers if ended == ["panic"] * len(workers) else None
