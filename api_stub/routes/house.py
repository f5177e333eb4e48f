"""The house: is everything there, and which checkpoint is in force."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from api_stub.config import LoadedConfig, available
from api_stub.kitchen import Kitchen, kitchen_of
from api_stub.schema import Checkpoint, CheckpointList, FleetHealth, Health, TemporalHealth

router = APIRouter(tags=["house"])
InKitchen = Annotated[Kitchen, Depends(kitchen_of)]


@router.get("/healthz")
async def healthz(kitchen: InKitchen) -> Health:
    """Whether everything that orders need is there. Always 200 while the API itself is up."""
    reachable = await kitchen.gateway.reachable()
    ready, slots = kitchen.fleet.ready, len(kitchen.fleet.state.slots)
    return Health(
        status="ok" if reachable and ready else "degraded",
        temporal=TemporalHealth(
            address=kitchen.gateway.address,
            reachable=reachable,
            ui=kitchen.ui,
            namespace=kitchen.gateway.namespace,
        ),
        fleet=FleetHealth(ready=ready, slots=slots),
        checkpoint=kitchen.checkpoint.config.checkpoint,
    )


@router.get("/checkpoints")
async def checkpoints(kitchen: InKitchen) -> CheckpointList:
    """The checkpoints of configs/, and the one in force."""
    found = [view(loaded) for loaded in available()]
    return CheckpointList(current=kitchen.checkpoint.config.checkpoint, checkpoints=found)


@router.get("/checkpoint")
async def checkpoint(kitchen: InKitchen) -> Checkpoint:
    """The checkpoint in force."""
    return view(kitchen.checkpoint)


def view(loaded: LoadedConfig) -> Checkpoint:
    """A config as the API tells it."""
    config = loaded.config
    return Checkpoint(
        name=config.checkpoint,
        title=config.title,
        story=list(config.story),
        slots=config.fleet.slots,
        file=loaded.file.name,
    )
