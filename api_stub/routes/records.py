"""What the system can prove about itself: audit, receipts, statistics."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api_stub.errors import LedgerUnwritable
from api_stub.kitchen import Kitchen, kitchen_of
from api_stub.records.service import Records
from api_stub.routes.orders import AWAY
from api_stub.schema import Audit, HeartbeatTimeout, Receipt, Stats
from api_stub.schema.base import Numbered

router = APIRouter(tags=["records"])


def records_of(kitchen: Annotated[Kitchen, Depends(kitchen_of)]) -> Records:
    """The records of the kitchen that a request is for. Raises LedgerUnwritable where it keeps none."""
    if kitchen.records is None:
        raise LedgerUnwritable("this API was started without a ledger")
    return kitchen.records


Kept = Annotated[Records, Depends(records_of)]


@router.get("/audit", responses=AWAY)
async def audit(records: Kept) -> Audit:
    """Is every order that was ever taken accounted for? `started` is what the API's own ledger on disk says;
    the rest is counted from Temporal's records, order by order, and compared with Temporal's own count of its
    runs (`temporal`, `differences`). Of an order that Temporal has forgotten, the ledger tells how it ended.
    Where Temporal does not answer: 503, never a guess."""
    return await records.audit()


@router.get("/receipts")
async def receipts(
    records: Kept,
    after: Annotated[Numbered, Query(description="Only receipts with a higher number than this.")] = 0,
    until: Annotated[Numbered, Query(description="Only receipts with this number or a lower one.")] = 2**53,
) -> list[Receipt]:
    """What each worker's death did, oldest first; where there are more than 200, the newest 200 of those that
    were asked for. The newest 1,000 are kept. A receipt appears with the death. It changes until each of its
    orders is taken over, and grows where the worker had been handed more than it ever began."""
    return records.receipts(after, until)


@router.get("/timeouts")
async def timeouts(
    records: Kept,
    after: Annotated[Numbered, Query(description="Only those with a higher number than this.")] = 0,
) -> list[HeartbeatTimeout]:
    """Attempts that Temporal gave up although their workers lived: too busy to be heard of in time, or
    frozen. No death did that, and no receipt has them. Oldest first, the newest 200; the newest 1,000 since
    the API's start are kept. One whose worker dies before the next attempt begins leaves, and stands on a
    receipt."""
    return records.timeouts(after)


@router.get("/stats", responses=AWAY)
async def stats(records: Kept) -> Stats:
    """All figures of the stats view, at most half a second old. `failed` is whatever ended undelivered. While
    Temporal is away, the last count stands, and `counted_at` says of when it is."""
    return await records.stats()
