"""Orders through the API in this process, on the session's real Temporal and its real worker."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from api_stub.errors import TemporalUnreachable
from api_stub.gateway import freshness
from api_stub.schema import MAX_ID_LENGTH
from tests.running import RunningStack, eventually
from tests.serving import Api, api, kitchen_for
from worker.ids import workflow_id_for
from worker.shared import KitchenSettings, OrderInfo, StageSettings

pytestmark = pytest.mark.stack


def new_id(word: str = "order") -> str:
    return f"{word}-{uuid.uuid4().hex[:8]}"


LONG = StageSettings((60, 60))


def asked(house: Api, method: str, path: str, **options: Any) -> httpx.Response:
    """One request, sent again while Temporal does not answer in time (503), as any client would."""

    def answered() -> httpx.Response | None:
        answer = house(method, path, **options)
        return answer if answer.status_code != 503 else None

    return eventually(answered, 20, 0.1)


def place(house: Api, body: dict[str, Any]) -> dict[str, Any]:
    """Place an order that nobody placed before. Where it had to be sent again, the first may have arrived."""
    first = house.post("/orders", body)
    answer = first if first.status_code != 503 else asked(house, "POST", "/orders", json=body)
    assert answer.status_code == 201 or (answer is not first and answer.status_code == 200), answer.text
    return dict(answer.json())


@contextmanager
def a_long_order(house: Api, order_id: str) -> Iterator[str]:
    """An order whose stages take a minute each, so that it is on its way whatever keeps us; its workflow id.
    Terminated at the end."""
    settings = KitchenSettings(LONG, LONG, LONG, heartbeat_s=4, start_to_close_s=120)
    workflow_id = workflow_id_for(order_id)

    def placed() -> bool:
        with suppress(TemporalUnreachable):  # asked again, it is the same order
            house.run(house.kitchen.gateway.place(OrderInfo(order_id), settings))
            return True
        return False

    eventually(placed, 20, 0.1)
    try:
        yield workflow_id
    finally:
        house.run(client(house).get_workflow_handle(workflow_id).terminate("done with"))


def status(house: Api, *ids: str, **item: Any) -> list[dict[str, Any]]:
    answer = house.post("/orders/status", {"orders": [{"id": one, **item} for one in ids]})
    assert answer.status_code == 200
    return list(answer.json()["orders"])


def until(house: Api, order_id: str, wanted: str) -> dict[str, Any]:
    def check() -> dict[str, Any] | None:
        order = status(house, order_id)[0]
        return order if order["status"] == wanted else None

    return eventually(check) or {}


def client(house: Api) -> Client:
    return house.kitchen.gateway.client


def test_the_house_is_in_order(house: Api) -> None:
    with_worker = house.kitchen.fleet
    if not with_worker.ready:
        house.tell(house.host.ready, house.pid(1))

    def well() -> bool:
        health = house("GET", "/healthz").json()
        return health["status"] == "ok" and health["temporal"]["reachable"]

    eventually(well)  # a busy Temporal may not answer a health check in time


def test_an_order_from_the_door_to_the_customer(house: Api) -> None:
    order_id = new_id()
    body = {
        "id": order_id,
        "crust": "CRUST_THIN",
        "cheese": "CHEESE_NONE",
        "toppings": ["basil", "basil"],
        "customer": "Ada Löve",
    }
    order = place(house, body)
    assert {key: order[key] for key in body} == body
    assert order["workflow_id"] == workflow_id_for(order_id) and order["run_id"] and order["fresh"]
    assert order["status"] not in ("ORDER_UNKNOWN", "ORDER_FAILED"), "how far it is by now is the worker's"

    done = until(house, order_id, "ORDER_DELIVERED")
    shown = asked(house, "GET", f"/orders/{order_id}").json()
    assert shown == done | {"seen_at": shown["seen_at"]}
    assert {key: done[key] for key in body} == body
    assert done["run_id"] == order["run_id"] and done["worker"] is None and done["last_failure"] is None
    assert [view["stage"] for view in done["stages"]] == ["prepare", "bake", "deliver"]
    assert all(view["attempts"] == 1 and view["worker"].startswith("w1.") for view in done["stages"])
    times = [done["started_at"]]
    for view in done["stages"]:
        times += [view["started_at"], view["finished_at"]]
    times.append(done["finished_at"])
    assert times == sorted(times) and all(time.endswith("Z") for time in times)
    assert asked(house, "GET", f"/orders/{workflow_id_for(order_id)}").json()["id"] == order_id

    history = asked(house, "GET", f"/orders/{order_id}/history").json()
    assert [line["n"] for line in history] == list(range(1, len(history) + 1))
    assert history[0]["type"] == "WorkflowExecutionStarted"
    assert history[-1]["type"] == "WorkflowExecutionCompleted"
    begun = [line for line in history if line["type"] == "ActivityTaskStarted"]
    assert [(line["stage"], line["attempt"]) for line in begun] == [
        ("prepare", 1),
        ("bake", 1),
        ("deliver", 1),
    ]
    assert all(line["worker"] == done["stages"][0]["worker"] for line in begun)

    again = asked(house, "POST", "/orders", json=body)
    assert again.status_code == 200 and again.json() == done | {"seen_at": again.json()["seen_at"]}


def test_the_same_again_is_the_same_order_and_another_body_is_a_conflict(house: Api) -> None:
    body = {"id": new_id(), "toppings": ["ham"]}
    first = place(house, body)
    spelt_out = {**body, "crust": "CRUST_NORMAL"}  # the default
    again = asked(house, "POST", "/orders", json=spelt_out)
    assert again.status_code == 200
    assert again.json()["run_id"] == first["run_id"]
    for other in (
        {"toppings": []},
        {"toppings": ["ham", "ham"]},
        {"customer": "Ada"},
        {"crust": "CRUST_THIN"},
        {"cheese": "CHEESE_ALL"},
    ):
        assert asked(house, "POST", "/orders", json={**body, **other}).status_code == 409


def test_many_at_once_with_one_id_are_one_order(house: Api) -> None:
    body = {"id": new_id()}
    answers = house.many(*[("POST", "/orders", body)] * 12)
    told = [answer for answer in answers if answer.status_code != 503]
    if len(told) == 12:
        assert sorted(answer.status_code for answer in told) == [200] * 11 + [201]
    # A busy Temporal may not take one in time: that is safe to ask again, and is the same order then.
    told += [asked(house, "POST", "/orders", json=body) for one in answers if one.status_code == 503]
    assert sum(answer.status_code == 201 for answer in told) <= 1
    assert len({answer.json()["run_id"] for answer in told}) == 1


def test_an_order_without_an_id_gets_one_of_its_own(house: Api) -> None:
    one, two = (asked(house, "POST", "/orders", json={}).json() for _ in range(2))
    assert one["id"] != two["id"]
    assert asked(house, "GET", f"/orders/{one['id']}").json()["run_id"] == one["run_id"]


@pytest.mark.parametrize("order_id", ["nobody", "no--body", "a b", "%00", "ä", "'; DROP", "x" * 104])
def test_what_temporal_does_not_know_is_404(house: Api, order_id: str) -> None:
    assert asked(house, "GET", f"/orders/{order_id}").status_code == 404
    assert asked(house, "GET", f"/orders/{order_id}/history").status_code == 404


def test_a_batch_keeps_its_order_and_its_duplicates(house: Api) -> None:
    known = [new_id() for _ in range(3)]
    for order_id in known:
        place(house, {"id": order_id})
    ids = [known[2], "nobody", known[0], known[2], known[1]]

    def read() -> list[dict[str, Any]] | None:
        found = status(house, *ids)
        return found if all(order["fresh"] or order["id"] == "nobody" for order in found) else None

    told = eventually(read)  # what was not read in time is not fresh in the first answer
    assert [order["id"] for order in told] == ids
    assert [order["fresh"] for order in told] == [True, False, True, True, True]
    assert told[1]["status"] == "ORDER_UNKNOWN" and told[1]["run_id"] is None
    assert told[0] == told[3]


def test_a_run_that_is_not_known_comes_back_as_it_was_sent(house: Api) -> None:
    order_id = new_id()
    place(house, {"id": order_id})
    for run_id in (str(uuid.uuid4()), "", "x", "'", "\x00"):
        told = status(house, order_id, run_id=run_id, status="ORDER_BAKING")[0]
        assert (told["id"], told["status"]) == (order_id, "ORDER_BAKING") or told["fresh"]


def test_the_listing(house: Api) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    ids = [new_id("list") for _ in range(4)]
    for order_id in ids:
        place(house, {"id": order_id})

    def listed(query: str) -> list[str]:
        def whole() -> httpx.Response | None:
            answer = asked(house, "GET", f"/orders?{query}")
            return answer if answer.json()["complete"] else None

        answer = eventually(whole, 20, 0.1)
        assert answer.status_code == 200
        return [order["id"] for order in answer.json()["orders"] if order["id"] in ids]

    after = before.isoformat().replace("+", "%2B")
    eventually(lambda: listed(f"started_after={after}") == ids)
    naive = before.replace(tzinfo=None).isoformat()
    assert listed(f"started_after={naive}") == ids, "a time without a zone is UTC"
    assert listed("started_after=2100-01-01T00:00:00Z") == []
    assert listed("started_after=1970-01-01T00:00:00Z") == ids

    def newest_is_one_of_them() -> bool:
        (newest,) = asked(house, "GET", "/orders?limit=1").json()["orders"]
        return newest["id"] in ids

    eventually(newest_is_one_of_them)  # Temporal's own listing may have them a moment later
    for order_id in ids:
        until(house, order_id, "ORDER_DELIVERED")
    eventually(lambda: listed("open=true") == [])
    assert listed("open=false") == ids


def test_a_temporal_that_lists_nothing_hides_no_order(house: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Among hundreds its listing may take half a minute, while it answers for each of them."""
    order_id = new_id("unlisted")
    place(house, {"id": order_id})
    before = asked(house, "GET", f"/orders/{order_id}").json()["started_at"]
    done = until(house, order_id, "ORDER_DELIVERED")

    async def late(*_: Any) -> Any:
        raise TemporalUnreachable("no answer in time")

    monkeypatch.setattr(house.kitchen.gateway._reader, "listed", late)
    told = house("GET", "/orders?limit=1").json()
    assert told == {"orders": [done], "complete": False}
    assert order_id not in house("GET", "/orders?open=true").text
    assert house("GET", f"/orders?started_after={done['finished_at']}").json()["orders"] == []
    assert before == done["started_at"]
    kitchen = kitchen_for(house.kitchen.gateway.address)
    monkeypatch.setattr(kitchen.gateway._reader, "listed", late)  # before it lists the open ones by itself
    with api(kitchen=kitchen) as restarted:
        answer = restarted("GET", "/orders")
        assert answer.status_code == 503, "it has read none itself"


def pizza(house: Api, body: dict[str, Any]) -> dict[str, Any]:
    """An order by the original's wire, sent again while Temporal does not answer in time (503, or 200 and
    ORDER_UNKNOWN): that is the same order then."""

    def placed() -> dict[str, Any] | None:
        answer = asked(house, "POST", "/orderPizza", json=body)
        assert answer.status_code == 200
        return dict(answer.json()) if "runId" in answer.json() else None

    return eventually(placed, 20, 0.1) or {}


def test_the_originals_wire_takes_the_longest_id_back(house: Api) -> None:
    placed = pizza(house, {"id": "x" * MAX_ID_LENGTH})
    assert len(placed["order"]["id"]) > MAX_ID_LENGTH
    known = {key: placed[key] for key in ("status", "order")}
    eventually(lambda: house.post("/orderStatus", known).json().get("runId") == placed["runId"])


def test_each_order_says_when_it_was_seen(
    house: Api, stack: RunningStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_a_worker(stack)  # a finished order is always told as it is
    begun = datetime.now(UTC)
    placed = place(house, {"id": "seen"})
    told = asked(house, "GET", "/orders/seen").json()
    listed = next(one for one in house("GET", "/orders").json()["orders"] if one["id"] == "seen")
    times = [datetime.fromisoformat(one["seen_at"]) for one in (placed, told, listed)]
    assert begun <= times[0] <= times[1] <= times[2] <= datetime.now(UTC)

    async def away(*_: object, **__: object) -> None:
        raise TemporalUnreachable("away")

    # While a look is under way its history may be still to come.
    last = house.until(lambda: house.kitchen.gateway.last_read(told["workflow_id"]))
    monkeypatch.setattr(freshness, "FRESH_S", -1.0)  # it was read too long ago, whenever that was
    monkeypatch.setattr(house.kitchen.gateway, "_view", away)
    monkeypatch.setattr(house.kitchen.gateway._reader, "description", away)
    seen, unknown = house.post("/orders/status", {"orders": [{"id": "seen"}, {"id": "no"}]}).json()["orders"]
    assert last is not None and last.seen_at is not None
    assert last.seen_at <= datetime.fromisoformat(seen["seen_at"]), "a look that was under way may have come"
    assert (seen["fresh"], unknown["fresh"], unknown["seen_at"]) == (False, False, None)


def test_the_originals_wire_from_order_to_delivery(house: Api) -> None:
    body = {"id": "auto-1", "crust": 5, "cheese": "CHEESE_ALL", "toppings": ["Gopher tears"], "more": {}}
    one, two = (pizza(house, body) for _ in range(2))
    named = re.compile("auto-1--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
    for placed in (one, two):
        assert named.fullmatch(placed["order"]["id"]), "by its workflow id, as the original"
        told = asked(house, "GET", f"/orders/{placed['order']['id']}").json()
        assert told["run_id"] == placed["runId"]
    assert one["order"] == {
        "id": one["order"]["id"],
        "crust": "CRUST_PRETZEL",
        "cheese": "CHEESE_ALL",
        "toppings": ["Gopher tears"],
    }
    assert one["runId"] and two["runId"] and one["runId"] != two["runId"], "each is an order of its own"
    assert set(one) == {"status", "order", "runId"}

    known = one

    def delivered() -> bool:
        nonlocal known
        answer = house.post("/orderStatus", known)
        assert answer.status_code == 200
        assert answer.json()["runId"] == one["runId"] and answer.json()["order"] == one["order"]
        known = answer.json()
        return bool(known["status"] == "ORDER_DELIVERED")

    eventually(delivered)
    # A restarted API has never heard of this run, and finds it by the run's id.
    with api(house.kitchen.gateway.address) as restarted:
        unread = {**known, "status": "ORDER_RECEIVED"}
        eventually(lambda: restarted.post("/orderStatus", unread).json() == known)


def without_a_worker(stack: RunningStack) -> None:
    """Kill the one worker; the next test's fixture starts another."""
    stack.client.delete("/fleet/workers/1")
    stack.until_worker(1, "dead")


def test_with_every_worker_dead_temporal_itself_tells(house: Api, stack: RunningStack) -> None:
    working = new_id("held")
    with a_long_order(house, working):

        def held_by(worker: str) -> bool:
            return status(house, working)[0]["worker"] == worker

        worker = stack.until_worked_on(working, "prepare")
        eventually(lambda: held_by(worker))
        assert working in house.kitchen.gateway.holding()[worker]
        without_a_worker(stack)
        waiting = new_id("waiting")
        place(house, {"id": waiting})
        eventually(lambda: all(order["fresh"] for order in status(house, working, waiting)))
        assert asked(house, "GET", f"/orders/{working}").json()["fresh"]
        held = status(house, working)[0]
        assert held["status"] == "ORDER_PREPARING"
        assert asked(house, "GET", f"/orders/{waiting}").json()["status"] == "ORDER_RECEIVED"
        assert house.post("/orderStatus", {"order": {"id": waiting}}).json()["status"] == "ORDER_RECEIVED"
        stack.client.post("/fleet/workers", json={"slot": 1})
        before = held["stages"][0]["attempts"]
        eventually(lambda: status(house, working)[0]["stages"][0]["attempts"] > before)
        until(house, waiting, "ORDER_DELIVERED")
