"""The fleet: look at it, start a worker, kill one, replace them all."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from api_stub.kitchen import Kitchen, kitchen_of
from api_stub.schema import Fleet, KilledBy, Problem, StartWorkerRequest, Worker

router = APIRouter(prefix="/fleet", tags=["fleet"])
InKitchen = Annotated[Kitchen, Depends(kitchen_of)]


@router.get("")
async def get_fleet(kitchen: InKitchen) -> Fleet:
    """Every slot, and the process in it, as the operating system says."""
    return with_countdown(kitchen)


def with_countdown(kitchen: Kitchen) -> Fleet:
    """The fleet, and when the API starts workers by itself."""
    found = kitchen.fleet.fleet(kitchen.gateway.holding())
    all_dead = kitchen.kiosk.all_dead
    return found if all_dead is None else found.model_copy(update={"restart_in_s": all_dead.restart_in_s})


@router.post(
    "/workers",
    status_code=201,
    responses={
        404: {"model": Problem, "description": "No such slot"},
        409: {"model": Problem, "description": "No free slot"},
    },
)
async def start_worker(kitchen: InKitchen, request: StartWorkerRequest | None = None) -> Worker:
    """Start a worker process, in this slot or in the lowest free one."""
    return kitchen.fleet.start(request.slot if request else None)


@router.delete(
    "/workers/{worker}",
    status_code=202,
    responses={
        404: {"model": Problem, "description": "No such worker"},
        409: {"model": Problem, "description": "It is dead already"},
    },
)
async def kill_worker(
    worker: Annotated[str, Path(max_length=280, description="A worker's id, or a slot's number.")],
    kitchen: InKitchen,
    by: Annotated[
        KilledBy, Query(description="house: a kiosk's autopilot wants it, which its totals tell apart.")
    ] = "player",
) -> Worker:
    """End that worker now: SIGKILL to the process, or its Pod is deleted with grace 0. In a kiosk, a slot's
    number right after a kill there is a 409: whoever mashes a key has meant the worker that is gone."""
    return kitchen.kiosk.kill(worker, by_house=by == "house")


@router.post("/redeploy")
async def redeploy(kitchen: InKitchen) -> Fleet:
    """Replace every living worker by one with the code as it is on disk now. Each drains first, so that
    nothing in hand is cut short for longer than it must be; what is dead stays dead."""
    kitchen.fleet.redeploy()
    return kitchen.fleet.fleet(kitchen.gateway.holding())
