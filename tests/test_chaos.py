"""Two minutes of the chaos run: every fault that is known, on one live stack, and nothing is lost."""

from __future__ import annotations

import pytest

from tests.bench.chaos import run
from tests.bench.faults import FAULTS

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

MINUTES = 2.0
EVERY_S = MINUTES * 60 / len(FAULTS)


def test_everything_breaks_and_nothing_is_lost() -> None:
    verdict = run(MINUTES, EVERY_S)
    assert verdict.problems == []
    assert verdict.taken > 100
    assert verdict.audit["delivered"] >= verdict.taken
