"""The check that the workflow repeats: which orders and settings the kitchen can read."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_stub.checkpoint.files import available
from worker.shared import (
    ID_PATTERN,
    MAX_TEXT_BYTES,
    TOPPINGS,
    Cheese,
    Crust,
    KitchenSettings,
    OrderInfo,
    StageSettings,
    asked_id,
    fresh_workflow_id,
    worker_id,
    workflow_id_for,
)
from worker.validation import problems_with, problems_with_settings

GOOD = OrderInfo("manual-1", Crust.THIN, Cheese.ALL, ["basil", "basil"], "Ada")
IDS = st.from_regex(re.compile(ID_PATTERN.replace("$", r"\Z")), fullmatch=True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""),
        ("id", "a b"),
        ("id", "a\n"),
        ("id", "ä"),
        ("id", "x" * 65),
        ("crust", "CRUST_BURNT"),
        ("cheese", ""),
        ("toppings", ["ham"] * 9),
        ("toppings", [""]),
        ("toppings", ["x" * (MAX_TEXT_BYTES + 1)]),
        ("toppings", ["é" * (MAX_TEXT_BYTES // 2 + 1)]),
        ("toppings", ["ham\x00"]),
        ("toppings", ["\ud800"]),
        ("customer", ""),
        ("customer", "x" * (MAX_TEXT_BYTES + 1)),
        ("customer", "👩" * (MAX_TEXT_BYTES // 4 + 1)),
        ("customer", "Ada\n"),
        ("customer", "A\u0085da"),
        ("customer", "A\u2028da"),
        ("customer", "A\u2029da"),
    ],
)
def test_a_bad_field_is_named(field: str, value: Any) -> None:
    problems = problems_with(replace(GOOD, **{field: value}))
    assert len(problems) == 1
    assert problems[0].startswith(field.removesuffix("s"))


def test_every_problem_is_told_at_once() -> None:
    assert len(problems_with(OrderInfo("", "a", "b", ["\t"], "\t"))) == 5


@given(
    st.builds(
        OrderInfo,
        IDS,
        st.sampled_from(list(Crust)),
        st.sampled_from(list(Cheese)),
        st.lists(st.sampled_from(TOPPINGS), max_size=8),
        st.none() | st.text("abc ÄÖ-'", min_size=1, max_size=24),
    )
)
def test_whatever_the_menu_allows_is_readable(order: OrderInfo) -> None:
    assert problems_with(order) == []


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, 1e300])
@pytest.mark.parametrize("field", ["heartbeat_s", "start_to_close_s", "retry_initial_s", "retry_maximum_s"])
def test_settings_that_temporal_would_refuse_are_named(field: str, value: float) -> None:
    problems = problems_with_settings(replace(KitchenSettings(), **{field: value}))
    assert any(f"settings.{field}" in problem for problem in problems)


@pytest.mark.parametrize(
    "settings",
    [
        KitchenSettings(retry_backoff=0.5),
        KitchenSettings(retry_backoff=math.nan),
        KitchenSettings(retry_initial_s=2, retry_maximum_s=1),
        KitchenSettings(bake=StageSettings((2, 1))),
        KitchenSettings(bake=StageSettings((-1, 1))),
        KitchenSettings(bake=StageSettings((0, math.inf))),
        KitchenSettings(bake=StageSettings((math.nan, 1))),
    ],
)
def test_other_settings_that_would_never_end_are_refused(settings: KitchenSettings) -> None:
    assert problems_with_settings(settings)


def test_the_defaults_and_all_shipped_checkpoints_pass() -> None:
    assert problems_with_settings(KitchenSettings()) == []
    for loaded in available():
        assert problems_with_settings(loaded.config.kitchen()) == []


@given(IDS)
def test_a_workflow_id_is_the_asked_id_and_a_uuid4(order_id: str) -> None:
    for workflow_id in (workflow_id_for(order_id), fresh_workflow_id(order_id)):
        suffix = workflow_id.removeprefix(f"{order_id}--")
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", suffix)
        assert asked_id(workflow_id) == order_id
    assert workflow_id_for(order_id) == workflow_id_for(order_id)
    assert fresh_workflow_id(order_id) != fresh_workflow_id(order_id)


@given(IDS, IDS)
def test_two_ids_are_two_workflows(one: str, other: str) -> None:
    assert (workflow_id_for(one) == workflow_id_for(other)) == (one == other)


def test_the_derived_id_never_changes() -> None:
    """Orders of yesterday's database are found again by it."""
    assert workflow_id_for("manual-1") == "manual-1--b9a02e7e-98dc-4d43-9123-6a1b4181c57b"
    assert worker_id(3, 2) == "w3.2"
