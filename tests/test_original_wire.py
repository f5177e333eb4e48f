"""The original's wire: proto3 JSON, as its own UI and any proto3 reader would send it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_stub.original import (
    STATUSES,
    BadWire,
    read_last_known,
    read_order_info,
    write_status,
)
from worker.shared import Cheese, Crust, OrderInfo, OrderStatus

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ["id", "crust", "cheese", "toppings", "status", "order", "runId", "run_id", "extra"]
BODIES = st.dictionaries(st.sampled_from(FIELDS), JSON | st.fixed_dictionaries({"id": JSON}), max_size=6)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({}, OrderInfo("made-up")),
        ({"id": "", "crust": None, "cheese": None, "toppings": None}, OrderInfo("made-up")),
        ({"id": "manual-1", "crust": "CRUST_THIN"}, OrderInfo("manual-1", Crust.THIN)),
        ({"crust": 5, "cheese": 3}, OrderInfo("made-up", Crust.PRETZEL, Cheese.ALL)),
        ({"crust": 0, "cheese": 0}, OrderInfo("made-up", Crust.NORMAL, Cheese.MOZZARELLA)),
        ({"toppings": ["Gopher tears", "Gopher tears"]}, OrderInfo("made-up", toppings=["Gopher tears"] * 2)),
        ({"surprise": {"a": [1]}, "crust": 1}, OrderInfo("made-up", Crust.THIN)),
    ],
)
def test_orders_are_read(sent: Any, read: OrderInfo) -> None:
    assert read_order_info(sent, "made-up") == read


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        (None, "order"),
        ([], "order"),
        ("pizza", "order"),
        ({"id": 7}, "id"),
        ({"id": "a b"}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"id": "a\ud800"}, "id"),
        ({"crust": "CRUST_BURNT"}, "crust"),
        ({"crust": "crust_thin"}, "crust"),
        ({"crust": 6}, "crust"),
        ({"crust": -1}, "crust"),
        ({"crust": True}, "crust"),
        ({"crust": 1.5}, "crust"),
        ({"crust": float("nan")}, "crust"),
        ({"cheese": []}, "cheese"),
        ({"toppings": "ham"}, "toppings"),
        ({"toppings": [1]}, "toppings"),
        ({"toppings": ["ham"] * 9}, "toppings"),
        ({"toppings": ["ham", ""]}, "toppings[1]"),
        ({"toppings": ["a\nb"]}, "toppings[0]"),
        ({"toppings": ["x" * 25]}, "toppings[0]"),
    ],
)
def test_a_field_that_cannot_be_read_is_named(sent: Any, named: str) -> None:
    with pytest.raises(BadWire) as caught:
        read_order_info(sent, "made-up")
    assert str(caught.value).startswith(f"{named}:")


@pytest.mark.parametrize("sent", [None, 1, "x", [], {}, {"order": None}, {"status": "ORDER_BAKING"}])
def test_without_an_order_nothing_is_known(sent: Any) -> None:
    assert read_last_known(sent) is None
    assert write_status(OrderStatus.UNKNOWN) == {"status": "ORDER_UNKNOWN"}


@pytest.mark.parametrize("spelling", ["runId", "run_id"])
@pytest.mark.parametrize(("status", "read"), [("ORDER_BAKING", OrderStatus.BAKING), (2, OrderStatus.BAKING)])
def test_a_last_known_status_is_read(spelling: str, status: Any, read: OrderStatus) -> None:
    known = read_last_known({"status": status, "order": {"id": "a"}, spelling: "r1"})
    assert known is not None
    assert (known.status, known.run_id, known.order) == (read, "r1", OrderInfo("a"))


def test_an_absent_status_is_the_first() -> None:
    known = read_last_known({"order": {"id": "a"}})
    assert known is not None and known.status is OrderStatus.RECEIVED and known.run_id is None


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({"runId": 7}, "runId"),
        ({"runId": "x" * 65}, "runId"),
        ({"runId": "\ud800"}, "runId"),
        ({"status": "ORDER_FAILED"}, "status"),
        ({"status": 7}, "status"),
        ({"order": {"crust": "x"}}, "crust"),
    ],
)
def test_a_last_known_that_cannot_be_read_is_named(sent: dict[str, Any], named: str) -> None:
    with pytest.raises(BadWire) as caught:
        read_last_known({"order": {"id": "a"}, **sent})
    assert str(caught.value).startswith(f"{named}:")


def test_the_numbers_are_the_originals() -> None:
    assert [str(status) for status in STATUSES] == [
        "ORDER_RECEIVED",
        "ORDER_PREPARING",
        "ORDER_BAKING",
        "ORDER_PENDING_PICKUP",
        "ORDER_OUT_FOR_DELIVERY",
        "ORDER_DELIVERED",
        "ORDER_UNKNOWN",
    ]


def test_a_status_is_written_with_names() -> None:
    info = OrderInfo("manual-1", Crust.THIN, Cheese.ALL, ["ham"], "Ada")
    assert json.loads(json.dumps(write_status(OrderStatus.BAKING, info, "r1"))) == {
        "status": "ORDER_BAKING",
        "order": {"id": "manual-1", "crust": "CRUST_THIN", "cheese": "CHEESE_ALL", "toppings": ["ham"]},
        "runId": "r1",
    }
    assert write_status(OrderStatus.FAILED)["status"] == "ORDER_UNKNOWN", "it has no word for that"


@settings(max_examples=150)
@given(BODIES | JSON)
def test_any_json_is_read_or_refused_by_name_and_what_was_read_is_written_and_read_again(body: Any) -> None:
    try:
        known = read_last_known(body)
    except BadWire as refusal:
        assert str(refusal)
        return
    if known is not None:
        written = write_status(known.status, known.order, known.run_id)
        assert read_last_known(json.loads(json.dumps(written))) == known
