"""The API while Temporal is away: every route, every refusal, and how both are told."""

from __future__ import annotations

import json
import logging
import re
import time
from typing import Any

import pytest

from api_stub.schema import MAX_BATCH, MAX_BATCH_BODY_BYTES, MAX_BODY_BYTES
from tests.running import PATIENCE
from tests.serving import Api, api
from worker.shared import TOPPINGS, Cheese, Crust

BODY_ROUTES = ["/orders", "/orders/status", "/fleet/workers", "/orderPizza", "/orderStatus"]


def detail(answer: Any) -> str:
    return str(answer.json()["detail"])


# --- what needs no Temporal ---


def test_the_house_is_degraded_and_says_where_temporal_should_be(away: Api) -> None:
    answer = away("GET", "/healthz")
    assert answer.status_code == 200
    health = answer.json()
    assert health["status"] == "degraded" and health["checkpoint"] == "test"
    assert health["temporal"]["reachable"] is False
    assert health["temporal"]["address"] == away.kitchen.gateway.address
    assert health["fleet"]["slots"] == 3


def test_the_menu_is_the_contracts(away: Api) -> None:
    menu = away("GET", "/menu").json()
    assert menu["toppings"] == list(TOPPINGS) and len(TOPPINGS) == 10
    assert menu["crusts"] == list(Crust) and menu["cheeses"] == list(Cheese)
    limits = {key: value for key, value in menu.items() if key.startswith("max_")}
    assert limits == {"max_toppings": 8, "max_customer_length": 24, "max_id_length": 64, "max_batch": 2000}


def test_the_checkpoints(away: Api) -> None:
    listed = away("GET", "/checkpoints").json()
    assert listed["current"] == "test"
    assert {"1", "1-pair"} <= {checkpoint["name"] for checkpoint in listed["checkpoints"]}
    # A kitchen of processes does not become one of Pods: those say so instead.
    usable = [checkpoint for checkpoint in listed["checkpoints"] if checkpoint["problem"] is None]
    assert len(usable) >= 6 and all(one["story"] for one in usable if one["name"] != "test")
    current = away("GET", "/checkpoint").json()
    assert (current["name"], current["slots"], current["title"]) == ("test", 3, "For the tests")


# --- refusals ---


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"pizza": 1}, "pizza: unknown field"),
        ({"id": ""}, "id"),
        ({"id": "a b"}, "id"),
        ({"id": "a\n"}, "id"),
        ({"id": "../etc"}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"id": 7}, "id"),
        ({"id": "a\x00"}, "id"),
        ({"crust": "CRUST_BURNT"}, "crust"),
        ({"crust": 1}, "crust"),
        ({"cheese": None}, "cheese"),
        ({"toppings": ["ham", "gopher"]}, "toppings[1]: unknown topping 'gopher'"),
        ({"toppings": ["ham"] * 9}, "toppings"),
        ({"toppings": "ham"}, "toppings"),
        ({"toppings": [["ham"]]}, "toppings[0]"),
        ({"customer": "x" * 25}, "customer"),
        ({"customer": ""}, "customer"),
        ({"customer": "  "}, "customer"),
        ({"customer": "a\x00b"}, "customer"),
        ({"customer": "a\nb"}, "customer"),
        ({"customer": "a\u2028b"}, "customer"),
        ({"customer": "\u200d\u00a0"}, "customer"),
        ({"customer": "Z" + "\u0335" * 10_000}, "customer"),
        ({"customer": "\ud800"}, "customer"),
        ({"toppings": ["\ud800"]}, "toppings[0]"),
        ({"\ud800": 1}, "body"),
        ([], "body"),
        ("pizza", "body"),
        (None, "body"),
    ],
    ids=repr,
)
def test_an_order_that_does_not_fit_names_its_field(away: Api, body: Any, named: str) -> None:
    answer = away.raw("/orders", json.dumps(body).encode())
    assert answer.status_code == 422
    assert detail(answer).startswith(named)


def test_every_bad_field_is_named_at_once(away: Api) -> None:
    answer = away.post("/orders", {"id": "", "crust": "x", "toppings": ["ham", "x"], "extra": 1})
    assert all(name in detail(answer) for name in ("id:", "crust:", "toppings[1]:", "extra: unknown field"))


def test_not_a_number_is_not_a_crust(away: Api) -> None:
    for word in (b"NaN", b"Infinity", b"1e999"):
        assert away.raw("/orders", b'{"crust": %s}' % word).status_code == 422
        assert away.raw("/orderPizza", b'{"crust": %s}' % word).status_code == 422
        assert away.raw("/fleet/workers", b'{"slot": %s}' % word).status_code == 422


@pytest.mark.parametrize("path", BODY_ROUTES)
@pytest.mark.parametrize(
    "body", [b"{", b"{'a': 1}", b"\xff\xfe", b"[" * 20_000, b"[" * 30_000 + b"]" * 30_000, b"9" * 5_000]
)
def test_what_is_not_json_is_told_so(away: Api, path: str, body: bytes) -> None:
    assert away.raw(path, body).status_code == 400


@pytest.mark.parametrize("path", ["/orderPizza", "/orderStatus"])
def test_deep_but_well_formed_json_is_refused_politely(away: Api, path: str) -> None:
    for depth in range(50, 1000, 50):
        nested = b"[" * depth + b"]" * depth
        for field in (b"crust", b"order"):
            answer = away.raw(path, b'{"%s": %s}' % (field, nested))
            # An unknown field is none of the original's business; and no order is ORDER_UNKNOWN.
            assert answer.status_code in (200, 400, 422)


@pytest.mark.parametrize("path", BODY_ROUTES)
def test_a_body_over_its_limit_is_413(away: Api, path: str) -> None:
    limit = MAX_BATCH_BODY_BYTES if path == "/orders/status" else MAX_BODY_BYTES
    largest = b'{"extra": "' + b"x" * (limit - 13) + b'"}'
    assert len(largest) == limit
    assert away.raw(path, largest).status_code != 413
    answer = away.raw(path, largest + b" ")
    assert answer.status_code == 413 and str(limit) in detail(answer)


def test_a_body_of_unknown_length_is_held_to_the_limit_too(away: Api) -> None:
    async def chunks() -> Any:
        for _ in range(MAX_BODY_BYTES // 1024 + 1):
            yield b" " * 1024

    assert away("POST", "/orders", content=chunks()).status_code == 413


@pytest.mark.parametrize("path", ["/", "/nope", "/orders/a/b", "/fleet/workers/1/2", "/.git/config"])
def test_there_is_no_such_route(away: Api, path: str) -> None:
    answer = away("GET", path)
    assert answer.status_code == 404 and path in detail(answer)


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/orders"), ("DELETE", "/orders/a"), ("GET", "/orderPizza"), ("POST", "/healthz")],
)
def test_a_wrong_method_is_405_and_says_which_are_right(away: Api, method: str, path: str) -> None:
    answer = away(method, path)
    assert answer.status_code == 405 and answer.headers["allow"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=2001",
        "limit=x",
        "open=perhaps",
        "started_after=yesterday",
        "started_after=0001-01-01T00:00:00",
        "started_after=0001-01-01T00:00:00%2B10:00",
        "started_after=9999-12-31T23:59:59-10:00",
        "started_after=1e20",
        "started_after=99999999999999",
    ],
)
def test_a_query_that_does_not_fit_names_its_parameter(away: Api, query: str) -> None:
    answer = away("GET", f"/orders?{query}")
    assert answer.status_code == 422 and detail(answer).startswith(query.split("=")[0])


# --- without Temporal ---


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/orders"),
        ("GET", "/orders/a"),
        ("GET", "/orders/%00"),
        ("GET", "/orders/%ff"),
        ("GET", "/orders/a/history"),
    ],
)
def test_what_only_temporal_knows_is_503(away: Api, method: str, path: str) -> None:
    assert away(method, path).status_code == 503


def test_an_order_that_was_not_taken_says_so(away: Api) -> None:
    answer = away.post("/orders", {"id": "a"})
    assert answer.status_code == 503 and "not placed" in detail(answer)


def test_the_last_known_status_comes_back_in_the_order_asked(away: Api) -> None:
    asked = [
        {"id": "a", "status": "ORDER_BAKING", "run_id": "r1"},
        {"id": "b"},
        {"id": "a", "status": "ORDER_BAKING", "run_id": "r1"},
        {"id": "\x00 ?", "status": "ORDER_DELIVERED"},
    ]
    answer = away.post("/orders/status", {"orders": asked})
    assert answer.status_code == 200
    told = answer.json()["orders"]
    assert [order["id"] for order in told] == ["a", "b", "a", "\x00 ?"]
    assert [order["fresh"] for order in told] == [False] * 4
    assert [order["status"] for order in told] == [
        "ORDER_BAKING",
        "ORDER_UNKNOWN",
        "ORDER_BAKING",
        "ORDER_DELIVERED",
    ]
    assert told[0]["run_id"] == "r1"
    assert away.post("/orders/status", {"orders": []}).json() == {"orders": []}


def test_a_batch_of_2000_is_taken_and_2001_are_not(away: Api) -> None:
    items = [
        {"id": f"{'x' * 60}-{n}"[-64:], "run_id": "r" * 36, "status": "ORDER_BAKING"} for n in range(2001)
    ]
    told = away.post("/orders/status", {"orders": items[:MAX_BATCH]})
    assert told.status_code == 200
    assert [order["id"] for order in told.json()["orders"]] == [item["id"] for item in items[:MAX_BATCH]]
    refused = away.post("/orders/status", {"orders": items})
    assert refused.status_code == 422 and detail(refused).startswith("orders:")


@pytest.mark.parametrize(
    ("item", "named"),
    [
        ({"status": "ORDER_BAKING"}, "orders[0].id"),
        ({"id": ""}, "orders[0].id"),
        ({"id": "x" * 1001}, "orders[0].id"),
        ({"id": "\ud800"}, "orders[0].id"),
        ({"id": "a", "run_id": "r" * 65}, "orders[0].run_id"),
        ({"id": "a", "status": "BAKED"}, "orders[0].status"),
        ({"id": "a", "colour": "red"}, "orders[0].colour: unknown field"),
    ],
)
def test_an_item_that_does_not_fit_is_named(away: Api, item: Any, named: str) -> None:
    answer = away.raw("/orders/status", json.dumps({"orders": [item]}).encode())
    assert answer.status_code == 422 and detail(answer).startswith(named)


def test_the_originals_routes_answer_200_without_temporal(away: Api) -> None:
    placed = away.post("/orderPizza", {"id": "manual-1", "crust": 1, "unknown": 1})
    assert placed.status_code == 200
    assert placed.json() == {
        "status": "ORDER_UNKNOWN",
        "order": {"id": "manual-1", "crust": "CRUST_THIN", "cheese": "CHEESE_MOZZARELLA", "toppings": []},
    }
    known = {"status": "ORDER_BAKING", "order": placed.json()["order"], "runId": "r1"}
    assert away.post("/orderStatus", known).json() == known
    assert away.post("/orderStatus", {}).json() == {"status": "ORDER_UNKNOWN"}


def test_the_originals_status_without_an_order_is_unknown_whatever_is_sent(away: Api) -> None:
    for body in (b"null", b"", b"{}", b"[]", b"7"):
        answer = away.raw("/orderStatus", body)
        assert (answer.status_code, answer.json()) == (200, {"status": "ORDER_UNKNOWN"}), body


def test_a_body_that_is_not_said_to_be_json_is_told_so(away: Api) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}  # curl -d
    for path in ("/orders", "/orders/status", "/fleet/workers", "/orderPizza"):
        answer = away("POST", path, content=b"{}", headers=form)
        assert answer.status_code == 422 and "content-type" in detail(answer), path
        assert "application/json is accepted" in detail(answer), path


@pytest.mark.parametrize("slot", ["true", '"1"', "false", '"x"', "1.5", "[1]"])
def test_a_slot_is_a_number(away: Api, slot: str) -> None:
    answer = away.raw("/fleet/workers", b'{"slot": %s}' % slot.encode())
    assert answer.status_code == 422 and detail(answer).startswith("slot:")


def test_the_originals_refusals_name_the_field(away: Api) -> None:
    assert detail(away.post("/orderPizza", {"crust": 77})).startswith("crust:")
    assert detail(away.post("/orderStatus", {"order": {"id": "a"}, "runId": "x" * 65})).startswith("runId:")
    surrogate = away.raw("/orderStatus", b'{"order": {"id": "a"}, "runId": "\\ud800"}')
    assert surrogate.status_code == 422


def test_a_foreign_web_page_is_refused_and_our_own_is_not(away: Api) -> None:
    # A browser sends a plain POST without asking first; only its Origin header tells where it comes from.
    for method, path in (("POST", "/fleet/workers"), ("DELETE", "/fleet/workers/1"), ("GET", "/healthz")):
        answer = away(method, path, headers={"origin": "http://example.org"})
        assert answer.status_code == 403, path
        assert answer.headers["content-type"] == "application/problem+json"
    ours = {"origin": "http://localhost:8000"}
    assert away("GET", "http://localhost:8000/healthz", headers=ours).status_code == 200


def test_the_docs_page_needs_no_internet(away: Api) -> None:
    page = away("GET", "/docs").text
    assert "http://" not in page and "https://" not in page
    for link in re.findall(r'(?:src|href)="(/[^"]+)"', page):
        assert away("GET", link).status_code == 200, link


def test_only_the_originals_routes_are_open_to_web_pages(away: Api) -> None:
    page = {"origin": "http://example.org", "access-control-request-method": "POST"}
    for path in ("/orderPizza", "/orderStatus"):
        preflight = away("OPTIONS", path, headers={**page, "access-control-request-headers": "content-type"})
        assert preflight.status_code == 200 and preflight.headers["access-control-allow-origin"] == "*"
        for body in ({}, {"crust": 77, "order": {"crust": 77}}):
            answer = away("POST", path, json=body, headers=page)
            assert answer.headers["access-control-allow-origin"] == "*"
    for path in ("/orders", "/orders/status", "/fleet/workers", "/fleet", "/healthz"):
        for method in ("OPTIONS", "GET", "POST"):
            answer = away(method, path, headers=page, content=b"")
            assert not [name for name in answer.headers if name.startswith("access-control")], path


@pytest.mark.parametrize("path", ["/orderPizza", "/orderStatus"])
def test_a_page_of_a_public_site_may_use_the_originals_routes(away: Api, path: str) -> None:
    """A browser asks for that, since a loopback address is nearer than the page; and odd questions of its
    kind are refused as everything else is (tests/serving.py looks at each answer)."""
    page = {"origin": "https://example.org", "access-control-request-private-network": "true"}
    asked = away("OPTIONS", path, headers={**page, "access-control-request-method": "POST"})
    assert asked.status_code == 200 and asked.headers["access-control-allow-private-network"] == "true"
    for method in ("TRACE", "", "é", "x" * 5000):
        odd = away("OPTIONS", path, headers={**page, "access-control-request-method": method.encode()})
        assert odd.status_code == 400 and odd.headers["access-control-allow-origin"] == "*"


def test_a_bug_of_ours_is_told_in_the_log_only(
    away: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(away.kitchen.fleet, "fleet", broken)
    with caplog.at_level(logging.ERROR):
        answer = away.run(away.request("GET", "/fleet"))
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text and "Traceback" not in answer.text
    assert any("ZeroDivisionError" in str(record.exc_info) for record in caplog.records)


def test_a_temporal_that_hangs_holds_nobody_up() -> None:
    """A server that takes the connection and never answers: last known, within the promised second or so.

    The bound asserted here is generous, for a busy machine; without any the answer would never come.
    """
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        with api(f"127.0.0.1:{silent.getsockname()[1]}") as hanging:
            began = time.monotonic()
            items = [{"id": f"a-{n}", "status": "ORDER_BAKING"} for n in range(300)]
            told = hanging.post("/orders/status", {"orders": items})
            assert [order["fresh"] for order in told.json()["orders"]] == [False] * 300
            known = {"status": "ORDER_BAKING", "order": {"id": "a"}, "runId": "r1"}
            assert hanging.post("/orderStatus", known).json()["status"] == "ORDER_BAKING"
            requests = [("GET", f"/orders/a-{n}", None) for n in range(150)]
            assert {answer.status_code for answer in hanging.many(*requests)} == {503}
            assert time.monotonic() - began < 15 * PATIENCE
