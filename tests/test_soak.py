"""Checkpoint 3 for two minutes in CI (some seconds elsewhere): everything dies, nothing is lost."""

from __future__ import annotations

import os
import time

import pytest

from tests.soak import soaking

pytestmark = pytest.mark.stack

MINUTES = 2.0 if os.environ.get("CI") else 0.4


@pytest.mark.timeout(600)
def test_the_stream_loses_nothing() -> None:
    with soaking(MINUTES, rate=3.0) as (_, customers, verdict):
        time.sleep(60 * MINUTES)
    assert verdict.lost == 0
    assert verdict.failed == 0
    assert verdict.balanced
    assert verdict.orders == verdict.delivered == len(customers.taken)
    assert verdict.deaths > 0
