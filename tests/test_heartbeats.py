"""Heartbeats fit the number of hands: what the checkpoints that come with this ask for (bench heartbeats)."""

from __future__ import annotations

import pytest

from api_stub.checkpoint.config import CheckpointConfig
from api_stub.checkpoint.files import available

CHECKPOINTS = [loaded.config for loaded in available()]


def least_s(hands: int) -> float:
    """The shortest heartbeat timeout that held on a busy machine, in seconds."""
    return 1.0 if hands <= 10 else 1.5 if hands <= 30 else 3.0


@pytest.mark.parametrize("config", CHECKPOINTS, ids=lambda config: config.checkpoint)
def test_heartbeats_fit_the_hands(config: CheckpointConfig) -> None:
    hands = config.fleet.slots * config.fleet.concurrency
    assert config.timeouts.heartbeat_s == least_s(hands), f"{hands} hands"
    assert 3 * config.timeouts.heartbeat_s < config.timeouts.start_to_close_s
