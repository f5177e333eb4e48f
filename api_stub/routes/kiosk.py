"""The kiosk: how it is set up, its reset, totals of the day, and rounds."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from api_stub.kiosk import reset as resetting
from api_stub.kiosk import round_names
from api_stub.kiosk.pin import right
from api_stub.kitchen import Kitchen, kitchen_of
from api_stub.schema import (
    Kiosk,
    KioskReset,
    KioskTotals,
    PinTried,
    PinVerdict,
    Problem,
    Round,
    RoundNamed,
    RoundTable,
    RoundWanted,
)
from api_stub.schema.base import InDigits

router = APIRouter(prefix="/kiosk", tags=["kiosk"])
RoundNumber = Annotated[int, Field(ge=1, le=2**53), InDigits]
InKitchen = Annotated[Kitchen, Depends(kitchen_of)]


@router.get("")
async def get_kiosk(kitchen: InKitchen) -> Kiosk:
    """How the kiosk is set up; the countdown while every worker is dead; what was set aside as damaged."""
    return kitchen.kiosk.told(kitchen.failures.is_open)


@router.post("/reset")
async def reset_kiosk(kitchen: InKitchen) -> KioskReset:
    """Put everything back as the kiosk has it: failures end, the first checkpoint is in force, the code of 1a
    is pristine, and as many workers run as it starts with. Verified; within 6 s. What is not back by then is
    tried on, and stands in /healthz until it is. Open orders live on, and drain."""
    return await resetting.reset(kitchen)


@router.post("/pin")
async def try_pin(kitchen: InKitchen, tried: PinTried) -> PinVerdict:
    """Whether this is the config's PIN. After five wrong ones in a minute none is right."""
    return PinVerdict(right=right(kitchen.pins, kitchen.exhibit.kiosk.pin, tried.pin))


@router.get("/totals")
async def get_totals(kitchen: InKitchen) -> KioskTotals:
    """Totals of today, which begins at the config's hour, and of all days. They are kept over restarts."""
    await kitchen.kiosk.count()
    return kitchen.kiosk.totals.told


@router.get("/rounds")
async def get_rounds(kitchen: InKitchen) -> RoundTable:
    """The round that is on, or the newest one, with each of its kills; the best ones of today and ever."""
    kiosk = kitchen.kiosk
    if kiosk.rounds.any_open:
        kiosk.rounds.tick(await kiosk.lost())
    return kiosk.rounds.table(kiosk.totals.day())


@router.post(
    "/rounds",
    status_code=201,
    responses={409: {"model": Problem, "description": "A round is on already, or the name is not shown"}},
)
async def start_round(kitchen: InKitchen, wanted: RoundWanted | None = None) -> Round:
    """Begin a round. It ends by itself after the config's time; what it put at risk is read from the receipts
    of its kills. A rude name is a 409."""
    kiosk, length_s = kitchen.kiosk, kitchen.exhibit.kiosk.round_s
    name = await round_names.checked(wanted.name if wanted else None)
    lost = await kiosk.lost()
    return kiosk.rounds.start(name, kiosk.totals.day(), length_s, lost)


@router.post(
    "/rounds/{n}/finish",
    responses={
        404: {"model": Problem, "description": "No such round"},
        409: {"model": Problem, "description": "The name is not shown"},
    },
)
async def finish_round(
    n: Annotated[RoundNumber, Path(description="The round's number.")],
    kitchen: InKitchen,
    named: RoundNamed | None = None,
) -> Round:
    """End a round that is on, and tell who played; one that is over gets the name alone. Its counts may still
    grow for 20 s: takeovers take their time."""
    name = await round_names.checked(named.name if named else None)
    return kitchen.kiosk.rounds.name(n, name, await kitchen.kiosk.lost())
