"""What the routes work with: the gateway, the fleet, and the checkpoint in force."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from api_stub.config import CheckpointConfig, LoadedConfig
from api_stub.fleet.rules import Policy
from api_stub.fleet.supervisor import Supervisor
from api_stub.gateway import Gateway


@dataclass
class Kitchen:
    """One running kitchen. `ui` is the Temporal Web UI's base address, where it is known."""

    gateway: Gateway
    fleet: Supervisor
    checkpoint: LoadedConfig
    ui: str | None = None


def policy_of(config: CheckpointConfig) -> Policy:
    """What the fleet's rules take from a checkpoint."""
    fleet = config.fleet
    return Policy(
        slots=fleet.slots,
        start=fleet.start,
        respawn_after_s=fleet.respawn_after_s,
        lifespan_s=fleet.lifespan_s,
    )


def kitchen_of(request: Request) -> Kitchen:
    """The kitchen that a request is for (a FastAPI dependency)."""
    found: Kitchen = request.app.state.kitchen
    return found
