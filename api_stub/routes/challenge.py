"""The challenge: the file to be fixed, how it fares, and the way back to the bug."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from api_stub.errors import NoChallenge
from api_stub.kitchen import Kitchen, kitchen_of
from api_stub.schema import Challenge, Problem
from api_stub.working_copies import challenge

router = APIRouter(prefix="/challenge", tags=["challenge"])
InKitchen = Annotated[Kitchen, Depends(kitchen_of)]


@router.get("")
async def get_challenge(kitchen: InKitchen) -> Challenge:
    """The file that a developer edits, where it failed last, and how many orders hang on it. In a checkpoint
    without a bug: `bug` is null."""
    return challenge(
        kitchen.checkpoint.config.bug, kitchen.code, kitchen.fleet.state, kitchen.gateway.faults()
    )


@router.post(
    "/reset", responses={409: {"model": Problem, "description": "The checkpoint in force has no bug"}}
)
async def reset_challenge(kitchen: InKitchen) -> Challenge:
    """Put the buggy code back into the file. Workers run it from the next redeploy on."""
    bug = kitchen.checkpoint.config.bug
    if bug is None or kitchen.code is None:
        name = kitchen.checkpoint.config.checkpoint
        raise NoChallenge(f"checkpoint {name!r} has no bug; switch to one that has, for instance 1a")
    kitchen.code.reset(bug)
    return await get_challenge(kitchen)
