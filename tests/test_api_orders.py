"""Orders through the API in this process, on the session's real Temporal and its real worker."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client

from api_stub.errors import TemporalUnreachable
from api_stub.gateway import freshness
from api_stub.schema import MAX_ID_LENGTH
from tests.running import RunningStack, eventually
from tests.serving import Api, api
from worker.ids import workflow_id_for

pytestmark = pytest.mark.stack


def new_id(word: str = "order") -> str:
    return f"{word}-{uuid.uuid4().hex[:8]}"


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
    health = house("GET", "/healthz").json()
    assert health["status"] == "ok" and health["temporal"]["reachable"]


def test_an_order_from_the_door_to_the_customer(house: Api) -> None:
    order_id = new_id()
    body = {
        "id": order_id,
        "crust": "CRUST_THIN",
        "cheese": "CHEESE_NONE",
        "toppings": ["basil", "basil"],
        "customer": "Ada Löve",
    }
    placed = house.post("/orders", body)
    assert placed.status_code == 201
    order = placed.json()
    assert {key: order[key] for key in body} == body
    assert order["workflow_id"] == workflow_id_for(order_id) and order["run_id"] and order["fresh"]
    assert order["status"] in ("ORDER_RECEIVED", "ORDER_PREPARING")

    done = until(house, order_id, "ORDER_DELIVERED")
    shown = house("GET", f"/orders/{order_id}").json()
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
    assert house("GET", f"/orders/{workflow_id_for(order_id)}").json()["id"] == order_id

    history = house("GET", f"/orders/{order_id}/history").json()
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

    again = house.post("/orders", body)
    assert again.status_code == 200 and again.json() == done | {"seen_at": again.json()["seen_at"]}


def test_the_same_again_is_the_same_order_and_another_body_is_a_conflict(house: Api) -> None:
    body = {"id": new_id(), "toppings": ["ham"]}
    first = house.post("/orders", body)
    again = house.post("/orders", {**body, "crust": "CRUST_NORMAL"})  # the default, spelt out
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["run_id"] == first.json()["run_id"]
    for other in (
        {"toppings": []},
        {"toppings": ["ham", "ham"]},
        {"customer": "Ada"},
        {"crust": "CRUST_THIN"},
        {"cheese": "CHEESE_ALL"},
    ):
        assert house.post("/orders", {**body, **other}).status_code == 409


def test_many_at_once_with_one_id_are_one_order(house: Api) -> None:
    body = {"id": new_id()}
    answers = house.many(*[("POST", "/orders", body)] * 12)
    told = [answer for answer in answers if answer.status_code != 503]
    if len(told) == 12:
        assert sorted(answer.status_code for answer in told) == [200] * 11 + [201]
    # A busy Temporal may not take one in time: that is safe to ask again, and is the same order then.
    told += [house.post("/orders", body) for answer in answers if answer.status_code == 503]
    assert sum(answer.status_code == 201 for answer in told) <= 1
    assert len({answer.json()["run_id"] for answer in told}) == 1


def test_an_order_without_an_id_gets_one_of_its_own(house: Api) -> None:
    one, two = (house.post("/orders", {}).json() for _ in range(2))
    assert one["id"] != two["id"]
    assert house("GET", f"/orders/{one['id']}").json()["run_id"] == one["run_id"]


@pytest.mark.parametrize("order_id", ["nobody", "no--body", "a b", "%00", "ä", "'; DROP", "x" * 104])
def test_what_temporal_does_not_know_is_404(house: Api, order_id: str) -> None:
    assert house("GET", f"/orders/{order_id}").status_code == 404
    assert house("GET", f"/orders/{order_id}/history").status_code == 404


def test_a_batch_keeps_its_order_and_its_duplicates(house: Api) -> None:
    known = [new_id() for _ in range(3)]
    for order_id in known:
        house.post("/orders", {"id": order_id})
    asked = [known[2], "nobody", known[0], known[2], known[1]]
    told = status(house, *asked)
    assert [order["id"] for order in told] == asked
    assert [order["fresh"] for order in told] == [True, False, True, True, True]
    assert told[1]["status"] == "ORDER_UNKNOWN" and told[1]["run_id"] is None
    assert told[0] == told[3]


def test_a_run_that_is_not_known_comes_back_as_it_was_sent(house: Api) -> None:
    order_id = new_id()
    house.post("/orders", {"id": order_id})
    for run_id in (str(uuid.uuid4()), "", "x", "'", "\x00"):
        told = status(house, order_id, run_id=run_id, status="ORDER_BAKING")[0]
        assert (told["id"], told["status"]) == (order_id, "ORDER_BAKING") or told["fresh"]


def test_the_listing(house: Api) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    ids = [new_id("list") for _ in range(4)]
    for order_id in ids:
        house.post("/orders", {"id": order_id})

    def listed(query: str) -> list[str]:
        answer = house("GET", f"/orders?{query}")
        assert answer.status_code == 200 and answer.json()["complete"]
        return [order["id"] for order in answer.json()["orders"] if order["id"] in ids]

    after = before.isoformat().replace("+", "%2B")
    eventually(lambda: listed(f"started_after={after}") == ids)
    naive = before.replace(tzinfo=None).isoformat()
    assert listed(f"started_after={naive}") == ids, "a time without a zone is UTC"
    assert listed("started_after=2100-01-01T00:00:00Z") == []
    assert listed("started_after=1970-01-01T00:00:00Z") == ids
    newest = house("GET", "/orders?limit=1").json()["orders"]
    assert len(newest) == 1 and newest[0]["id"] in ids
    for order_id in ids:
        until(house, order_id, "ORDER_DELIVERED")
    eventually(lambda: listed("open=true") == [])
    assert listed("open=false") == ids


def test_a_temporal_that_lists_nothing_hides_no_order(house: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Among hundreds its listing may take half a minute, while it answers for each of them."""
    order_id = new_id("unlisted")
    before = house.post("/orders", {"id": order_id}).json()["started_at"]
    done = until(house, order_id, "ORDER_DELIVERED")

    async def late(*_: Any) -> Any:
        raise TemporalUnreachable("no answer in time")

    monkeypatch.setattr(house.kitchen.gateway._reader, "listed", late)
    told = house("GET", "/orders?limit=1").json()
    assert told == {"orders": [done], "complete": False}
    assert order_id not in house("GET", "/orders?open=true").text
    assert house("GET", f"/orders?started_after={done['finished_at']}").json()["orders"] == []
    assert before == done["started_at"]
    with api(house.kitchen.gateway.address) as restarted:
        monkeypatch.setattr(restarted.kitchen.gateway._reader, "listed", late)
        answer = restarted("GET", "/orders")
        assert answer.status_code == 503, "it has read none itself"


def test_the_originals_wire_takes_the_longest_id_back(house: Api) -> None:
    placed = house.post("/orderPizza", {"id": "x" * MAX_ID_LENGTH}).json()
    assert len(placed["order"]["id"]) > MAX_ID_LENGTH
    known = {key: placed[key] for key in ("status", "order")}
    assert house.post("/orderStatus", known).json()["runId"] == placed["runId"]


def test_each_order_says_when_it_was_seen(house: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = datetime.now(UTC)
    placed = house.post("/orders", {"id": "seen"}).json()
    asked = house("GET", "/orders/seen").json()
    listed = next(one for one in house("GET", "/orders").json()["orders"] if one["id"] == "seen")
    times = [datetime.fromisoformat(one["seen_at"]) for one in (placed, asked, listed)]
    assert begun <= times[0] <= times[1] <= times[2] <= datetime.now(UTC)

    async def away(*_: object, **__: object) -> None:
        raise TemporalUnreachable("away")

    last = house.kitchen.gateway.last_read(asked["workflow_id"])
    monkeypatch.setattr(freshness, "FRESH_S", -1.0)  # it was read too long ago, whenever that was
    monkeypatch.setattr(house.kitchen.gateway, "_view", away)
    monkeypatch.setattr(house.kitchen.gateway._reader, "description", away)
    seen, unknown = house.post("/orders/status", {"orders": [{"id": "seen"}, {"id": "no"}]}).json()["orders"]
    assert last is not None and last.seen_at is not None
    assert last.seen_at <= datetime.fromisoformat(seen["seen_at"]), "a look that was under way may have come"
    assert (seen["fresh"], unknown["fresh"], unknown["seen_at"]) == (False, False, None)


def test_the_originals_wire_from_order_to_delivery(house: Api) -> None:
    body = {"id": "auto-1", "crust": 5, "cheese": "CHEESE_ALL", "toppings": ["Gopher tears"], "more": {}}
    one, two = (house.post("/orderPizza", body).json() for _ in range(2))
    named = re.compile("auto-1--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
    for placed in (one, two):
        assert named.fullmatch(placed["order"]["id"]), "by its workflow id, as the original"
        assert house("GET", f"/orders/{placed['order']['id']}").json()["run_id"] == placed["runId"]
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
        fresh = restarted.post("/orderStatus", {**known, "status": "ORDER_RECEIVED"})
        assert fresh.json() == known


def test_with_every_worker_dead_temporal_itself_tells(house: Api, stack: RunningStack) -> None:
    working = new_id("held")
    stack.order(working)
    worker = stack.until_worked_on(working, "prepare")
    assert status(house, working)[0]["worker"] == worker
    assert working in house.kitchen.gateway.holding()[worker]
    stack.client.delete(f"/fleet/workers/{worker}")
    stack.until_worker(1, "dead")
    waiting = new_id("waiting")
    assert house.post("/orders", {"id": waiting}).status_code == 201
    for order in (*status(house, working, waiting), house("GET", f"/orders/{working}").json()):
        assert order["fresh"]
    assert status(house, working)[0]["status"] == "ORDER_PREPARING"
    assert house("GET", f"/orders/{waiting}").json()["status"] == "ORDER_RECEIVED"
    assert house.post("/orderStatus", {"order": {"id": waiting}}).json()["status"] == "ORDER_RECEIVED"
    stack.client.post("/fleet/workers", json={"slot": 1})
    eventually(lambda: status(house, working)[0]["stages"][0]["attempts"] == 2)
    until(house, waiting, "ORDER_DELIVERED")
