"""The speaker's failure menu: what there is, do one, and what was seen of those that were done."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from api_stub.failures.menu import FailureService
from api_stub.kitchen import Kitchen, kitchen_of
from api_stub.schema import FailureMenu, FailureRecord, FailureWanted, Problem
from api_stub.schema.base import Numbered

router = APIRouter(prefix="/failures", tags=["failures"])


def menu_of(kitchen: Annotated[Kitchen, Depends(kitchen_of)]) -> FailureService:
    """The menu of the kitchen that a request is for."""
    return kitchen.failures


InMenu = Annotated[FailureService, Depends(menu_of)]


@router.get("")
async def get_failures(menu: InMenu) -> FailureMenu:
    """Every failure of the menu, whether it can be done now, and the timeouts that notice most of them."""
    return menu.listed()


@router.get("/log")
async def get_failure_log(
    menu: InMenu,
    after: Annotated[Numbered, Query(description="Only records with a higher number.")] = 0,
) -> list[FailureRecord]:
    """What was done, and what was seen of it: which mechanism noticed, and after how long. Oldest first, the
    newest 200. A record grows until its failure is over."""
    return menu.log(after)


@router.post(
    "/{failure}",
    status_code=202,
    responses={
        404: {"model": Problem, "description": "No such failure, or no such worker"},
        409: {"model": Problem, "description": "It cannot be done now; the detail says why"},
    },
)
async def do_failure(
    failure: Annotated[
        str,
        Path(max_length=32, pattern="^[a-z-]+$", description="A failure's id, as GET /failures tells it."),
    ],
    menu: InMenu,
    wanted: FailureWanted | None = None,
) -> FailureRecord:
    """Do it, really. The record goes on in GET /failures/log. 403 in a kiosk, unless its config allows it."""
    return await menu.begin(failure, wanted or FailureWanted())
