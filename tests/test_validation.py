"""What a workflow can read: orders and settings, checked by their types; and how ids are made."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api_stub.checkpoint.files import available
from worker.connection import DATA_CONVERTER, SharedPydanticConverter
from worker.ids import asked_id, fresh_workflow_id, worker_id, workflow_id_for
from worker.shared import (
    ID_PATTERN,
    TOPPINGS,
    Cheese,
    Crust,
    KitchenSettings,
    PizzaOrder,
    StageResult,
    StageSettings,
    StageTask,
)

IDS = st.from_regex(re.compile(ID_PATTERN.replace("$", r"\Z")), fullmatch=True)


def read(order: PizzaOrder) -> PizzaOrder:
    """The order as a workflow gets it. Raises ValidationError."""
    converter = DATA_CONVERTER.payload_converter
    return converter.from_payload(converter.to_payload(order), PizzaOrder)


@given(
    st.builds(
        PizzaOrder,
        st.text(st.characters(exclude_categories=["Cs"])),
        st.sampled_from(list(Crust)) | st.just("CRUST_OF_1989"),
        st.sampled_from(list(Cheese)),
        st.lists(st.sampled_from(TOPPINGS)),
        st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    )
)
def test_whatever_is_an_order_is_readable_and_the_same(order: PizzaOrder) -> None:
    assert read(order) == order


BEYOND = {
    "heartbeat_s": [0, -1, math.nan, math.inf, 1e300],
    "start_to_close_s": [0, -1, math.nan, math.inf, 1e300],
    "retry_initial_s": [0, -1, math.nan, math.inf, 1e300],
    "retry_maximum_s": [0, -1, math.nan, math.inf, 1e300],
    "retry_backoff": [0.5, 0, -1, math.nan, math.inf],
    "bake": [
        StageSettings((-1, 1)),
        StageSettings((0, math.inf)),
        StageSettings((math.nan, 1)),
        StageSettings((0, 1), 1.0),
        StageSettings((0, 1), -0.1),
    ],
}


@pytest.mark.parametrize(("field", "value"), [(name, value) for name in BEYOND for value in BEYOND[name]])
def test_settings_that_temporal_would_refuse_are_named(field: str, value: Any) -> None:
    """Not refused, they would fail the workflow task for ever."""
    settings = replace(KitchenSettings(), **{field: value})
    with pytest.raises(ValidationError, match=f"settings.{field}"):
        read(PizzaOrder("a", settings=settings))


def test_the_defaults_and_all_shipped_checkpoints_pass() -> None:
    for settings in [KitchenSettings(), *(loaded.config.kitchen() for loaded in available())]:
        assert read(PizzaOrder("a", settings=settings)).settings == settings


@pytest.mark.parametrize("field", ["toppings", "settings"])
def test_the_reason_is_short_whatever_was_sent(field: str) -> None:
    body = {"id": "a", field: [1] * 100_000}
    payload = DATA_CONVERTER.payload_converter.to_payload(body)
    with pytest.raises(ValidationError) as caught:
        DATA_CONVERTER.payload_converter.from_payload(payload, PizzaOrder)
    assert len(str(caught.value)) < 2000


def test_a_converter_for_each_workflow_run_shares_what_is_costly() -> None:
    """Else hundreds of replays after a kill take 4 ms longer each."""
    one, other = SharedPydanticConverter(), SharedPydanticConverter()
    assert one.converters[b"json/plain"] is other.converters[b"json/plain"]


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


def test_a_result_that_does_not_fit_is_nothing_a_task_a_mistake_and_an_order_no_order() -> None:
    converter = DATA_CONVERTER.payload_converter
    [payload] = converter.to_payloads([{"worker": "w1.1"}])
    assert converter.from_payloads([payload], [StageResult]) == [None], "anybody may complete a stage by hand"
    with pytest.raises(TypeError, match="StageTask"):
        converter.from_payloads([payload], [StageTask])
    for kind in (PizzaOrder, PizzaOrder | None):
        with pytest.raises(ValidationError):
            converter.from_payloads([payload], [kind])  # type: ignore[list-item]
