"""The house: is everything there, and which checkpoint is in force."""

from __future__ import annotations

import os
from typing import Annotated

from fastapi import APIRouter, Depends

from api_stub.checkpoint import switching
from api_stub.kitchen import Kitchen, kitchen_of
from api_stub.schema import (
    Checkpoint,
    CheckpointList,
    CheckpointSwitch,
    FleetHealth,
    Health,
    Problem,
    TemporalHealth,
)

router = APIRouter(tags=["house"])
InKitchen = Annotated[Kitchen, Depends(kitchen_of)]


@router.get("/healthz")
async def healthz(kitchen: InKitchen) -> Health:
    """Whether everything that orders need is there. Always 200 while the API itself is up."""
    reachable = await kitchen.gateway.reachable()
    problem = await kitchen.temporal.now(reachable)
    ready, slots = kitchen.fleet.ready, kitchen.fleet.state.places
    problems = kitchen.troubles.sentences
    return Health(
        status="ok" if reachable and ready and problem is None and not problems else "degraded",
        temporal=TemporalHealth(
            address=kitchen.gateway.address,
            reachable=reachable,
            ui=kitchen.ui,
            namespace=kitchen.gateway.namespace,
            booth=kitchen.gateway.target.booth,
            problem=problem,
        ),
        fleet=FleetHealth(
            ready=ready,
            slots=slots,
            start=kitchen.checkpoint.config.fleet.start,
            instance=kitchen.fleet.instance,
        ),
        checkpoint=kitchen.checkpoint.config.checkpoint,
        problems=problems,
        pid=os.getpid(),
    )


@router.get("/checkpoints")
async def list_checkpoints(kitchen: InKitchen) -> CheckpointList:
    """The checkpoints of configs/, and the one in force. A file that cannot be used is listed with its
    problem."""
    found = await switching.known(kitchen)
    return CheckpointList(current=kitchen.checkpoint.config.checkpoint, checkpoints=list(found.values()))


@router.get("/checkpoint")
async def get_checkpoint(kitchen: InKitchen) -> Checkpoint:
    """The checkpoint in force; its `problem` tells why an edit of its file was not taken."""
    return switching.current(kitchen)


@router.put(
    "/checkpoint",
    responses={404: {"model": Problem, "description": "No such checkpoint"}},
)
async def put_checkpoint(kitchen: InKitchen, wanted: CheckpointSwitch) -> Checkpoint:
    """Switch: the fleet is reshaped, new orders get the new settings, open orders live on with theirs.

    A file that cannot be used is a 422, and what runs, runs on.
    """
    await switching.switch(kitchen, wanted.name)
    return switching.current(kitchen)
