"""Whatever body is sent, the API answers in a way that it promises."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.serving import Api
from tests.test_api import BODY_ROUTES

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
KEYS = [
    "id",
    "crust",
    "cheese",
    "toppings",
    "customer",
    "orders",
    "status",
    "run_id",
    "runId",
    "order",
    "slot",
]
RANDOM_BODIES = JSON_VALUES | st.dictionaries(
    st.sampled_from(KEYS),
    JSON_VALUES | st.lists(st.dictionaries(st.sampled_from(KEYS), JSON_VALUES, max_size=3), max_size=2),
    max_size=5,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(BODY_ROUTES), body=RANDOM_BODIES)
def test_no_json_makes_it_stumble(away: Api, path: str, body: Any) -> None:
    assert away.raw(path, json.dumps(body).encode()).status_code in (200, 201, 400, 404, 409, 422, 503)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(BODY_ROUTES), body=st.binary(max_size=200))
def test_no_bytes_make_it_stumble(away: Api, path: str, body: bytes) -> None:
    assert away.raw(path, body).status_code in (200, 201, 400, 404, 409, 422, 503)


# --- a Temporal that hangs ---
