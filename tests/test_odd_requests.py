"""Whatever is sent to whatever route: no answer is a 500, each refusal is a problem, none shows our code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.serving import JSON, Api, api, check_problem

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"]
SURROGATE = "\ud800"
WORDS: list[Any] = [
    "",
    " ",
    SURROGATE,
    "a\x00",
    "\x00.yaml",
    "../../etc/passwd.yaml",
    "x" * 1024 + ".yaml",
    "/",
    "/dev/null.yaml",
    "é.yaml",
    "\ufeff",
    "\U0001f468\u200d\U0001f469",
    None,
    True,
    -1,
    0,
    10**30,
    1.5,
    1e308,
    float("nan"),
    float("inf"),
    [],
    {},
    [SURROGATE],
    {SURROGATE: SURROGATE},
]
FIELDS = {
    "/orders": ["id", "crust", "cheese", "toppings", "customer", SURROGATE, "é"],
    "/orders/status": ["orders", SURROGATE],
    "/fleet/workers": ["slot", SURROGATE],
    "/checkpoint": ["name", SURROGATE],
    "/orderPizza": ["id", "crust", "cheese", "toppings", SURROGATE],
    "/orderStatus": ["order", "status", "runId", "run_id", SURROGATE],
}
BODIES = {
    "empty": b"",
    "null": b"null",
    "a list": b"[]",
    "a word": b'"pizza"',
    "a number": b"1",
    "10,000 digits": b"9" * 10_000,
    "a slot of 10,000 digits": b'{"slot": ' + b"9" * 10_000 + b"}",
    "a crust of 4,000 digits": b'{"crust": ' + b"9" * 4_000 + b"}",
    "a small exponent": b'{"crust": 1e-99999}',
    "a large exponent": b'{"crust": 1e99999}',
    "not a number": b'{"crust": NaN, "slot": NaN, "orders": NaN, "name": NaN, "order": NaN}',
    "infinity": b'{"crust": -Infinity, "slot": Infinity, "orders": Infinity, "name": Infinity}',
    "deep lists": b"[" * 30_000 + b"]" * 30_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "half of deep lists": b"[" * 60_000,
    "the same key twice": b'{"id": "a", "id": "b", "slot": 1, "slot": 99, "name": "1", "name": "nope"}',
    "a lone surrogate": b'"\\ud800"',
    "a lone surrogate as a key": b'{"\\ud800": 1}',
    "invalid UTF-8": b'{"id": "\xff"}',
    "UTF-8 of a surrogate": b'{"id": "\xed\xa0\x80"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"id": "a"}'.encode("utf-16"),
    "a NUL": b"\x00",
    "a NUL after it": b"{}\x00",
    "a form": b"id=a&crust=1",
    "many keys": b"{" + b",".join(b'"k%d":1' % n for n in range(5_000)) + b"}",
}
QUERIES = [
    "after=-1",
    "after=1e9",
    "after=x",
    "after=",
    "after=9" + "9" * 400,
    "after=1&after=x",
    "limit=%00",
    "limit=1.5",
    "limit=",
    "open=%ff",
    "started_after=",
    "started_after=%00",
    "started_after=-1",
    "started_after=2026-02-29T00:00:00Z",
    "started_after=1970-01-01T00:00:00%2B23:59",
    "started_after=2199-12-31T23:59:59-23:59",
    "%ff=%ff",
    "&&&=",
    "a" * 5_000,
]
SEGMENTS = [
    "%00",
    "%ff",
    "%ed%a0%80",
    "%2e%2e",
    "%2F",
    "%F0%9F%8D%95",
    "a%0ab",
    "w1.1%00",
    "x" * 5_000,
    "%41" * 2_000,
    "-1",
    "0",
    "9" * 400,
    "%D9%A1",
    "w1.%D9%A1",
    "1e3",
    "+1",
    " 1",
    "nan",
    "status",
    "{order_id}",
]


def fine(away: Api, method: str, path: str, **options: Any) -> int:
    """The status of an answer that is no bug of ours."""
    answer = away.run(away.request(method, path, **options))
    assert answer.status_code != 500, (method, path, answer.text)
    assert answer.status_code < 500 or answer.status_code == 503
    if method == "HEAD":
        assert answer.content == b""
    elif answer.status_code >= 400:
        check_problem(answer)
        assert len(answer.content) < 10_000
    if answer.status_code == 405:
        assert answer.headers["allow"]
    return int(answer.status_code)


def described(away: Api) -> list[str]:
    """Every path of the description."""
    return list(away("GET", "/openapi.json").json()["paths"])


@pytest.mark.parametrize("method", METHODS)
def test_any_method_of_any_route_with_any_body(away: Api, method: str) -> None:
    for template in [*described(away), "/nowhere", "/docs", "/openapi.json"]:
        path = template.replace("{order_id}", "a").replace("{worker}", "77")
        for name, body in BODIES.items():
            for headers in (JSON, {}, {"content-type": "text/plain"}, {"content-type": b"\xff"}):
                if headers is not JSON and name not in ("empty", "null", "a form", "a NUL"):
                    continue
                try:
                    fine(away, method, path, content=body, headers=headers)
                except AssertionError as error:
                    raise AssertionError(f"{method} {path} with {name}") from error


@pytest.mark.parametrize("path", FIELDS)
def test_any_value_of_any_field(away: Api, path: str) -> None:
    for field in FIELDS[path]:
        for word in WORDS:
            for value in (
                word,
                [word],
                {"id": word},
                [{"id": word}],
                [{"id": "a", "status": word, "run_id": word}],
            ):
                for method in ("POST", "PUT"):
                    fine(away, method, path, content=json.dumps({field: value}).encode(), headers=JSON)


def test_any_value_in_a_path_and_a_query(away: Api) -> None:
    for template in described(away):
        for query in QUERIES:
            fine(away, "GET", f"{template}?{query}")
        if "{" in template:
            for segment in SEGMENTS:
                for method in ("GET", "DELETE", "POST"):
                    path = template.replace("{order_id}", segment).replace("{worker}", segment)
                    fine(away, method, path)


@pytest.mark.parametrize("query", ["after=-1", "after=1e9", "after=x", "after=1.5", "after="])
def test_a_number_of_a_receipt_is_a_number(away: Api, query: str) -> None:
    for path in ("/receipts", "/timeouts"):
        # Where nothing is kept, that is told first.
        assert away("GET", f"{path}?{query}").status_code in (422, 503)


def test_a_worker_can_be_started_without_saying_where(away: Api) -> None:
    answers = [
        away.run(away.request("POST", "/fleet/workers", content=body, headers=JSON))
        for body in (b"", b"null", b"{}")
    ]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert away.raw("/fleet/workers", b"[]").status_code == 422


def test_only_so_many_requests_are_worked_on_at_once() -> None:
    with api() as made:
        crowd = made.many(
            *[("GET", f"/orders/a-{n}", None) for n in range(300)], *[("GET", "/healthz", None)] * 20
        )
    busy = [answer for answer in crowd[:300] if answer.json()["type"] == "/problems/busy"]
    assert busy and all(answer.headers["retry-after"] for answer in busy)
    assert {answer.status_code for answer in crowd[300:]} == {200}, "the house has room of its own"
    assert len(busy) == 100
