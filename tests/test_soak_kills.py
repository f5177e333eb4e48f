"""Checkpoint 3 while the API and Temporal are killed in the middle of it: nothing is lost."""

from __future__ import annotations

import time

import pytest

from tests.soak import sigkill, soaking

pytestmark = pytest.mark.stack


@pytest.mark.timeout(300)
def test_the_api_and_temporal_are_killed_in_the_stream() -> None:
    with soaking(0.4, rate=3.0) as (stack, customers, verdict):
        time.sleep(6)
        sigkill(stack, "api")
        time.sleep(6)
        sigkill(stack, "temporal")
        time.sleep(12)
    assert verdict.lost == 0
    assert verdict.failed == 0
    assert verdict.balanced
    assert verdict.orders == verdict.delivered
    assert set(customers.taken) and verdict.orders >= len(customers.taken)
