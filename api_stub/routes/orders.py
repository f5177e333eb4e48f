"""Orders: place one, ask for one, ask for many, list them."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from api_stub.errors import NoSuchPage
from api_stub.kitchen import Kitchen, kitchen_of
from api_stub.routes.paths import WholeSegments
from api_stub.schema import (
    MAX_BATCH,
    HistoryEvent,
    Listing,
    Menu,
    Order,
    OrderList,
    OrderRequest,
    Problem,
    StatusRequest,
)
from api_stub.schema.base import InDigits
from worker.shared import (
    MAX_WORKFLOW_ID_LENGTH,
    OrderInfo,
)

router = APIRouter(tags=["orders"], route_class=WholeSegments)
InKitchen = Annotated[Kitchen, Depends(kitchen_of)]
OrderKey = Annotated[
    str,
    Path(
        min_length=1,
        max_length=MAX_WORKFLOW_ID_LENGTH,
        description="The order's id, percent-encoded: any that a listing has. A slash in it is %2F.",
    ),
]


def as_utc(moment: datetime) -> datetime:
    """A time in UTC (one without a zone is UTC already). Raises ValueError outside 1970 to 2200."""
    if not 1970 <= moment.year <= 2200:
        raise ValueError("a time from 1970 to 2200 is accepted")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def well_formed(text: Any) -> Any:
    """A time as RFC 3339 writes it; its zone may be left out. Raises ValueError."""
    if isinstance(text, str) and not re.fullmatch(TIME, text):
        raise ValueError("a time of RFC 3339 from 1970 to 2199 is accepted, such as 2026-01-31T12:00:00Z")
    return text


_LEAP = "(19(7[26]|8[048]|9[26])|20([02468][048]|[13579][26])|21(0[48]|[2468][048]|[13579][26]))-02-29"
_DATE = (
    "(19[7-9][0-9]|2[01][0-9][0-9])-"
    "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
)
TIME = (
    rf"^({_LEAP}|{_DATE})T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{{1,9}})?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?$"
)
StartedAfter = Annotated[
    datetime,
    BeforeValidator(well_formed),
    AfterValidator(as_utc),
    WithJsonSchema({"type": "string", "pattern": TIME, "examples": ["2026-01-31T12:00:00Z"]}),
]
CHECK_BYTES = 6
Page = Annotated[str, Field(max_length=4000)]
Limit = Annotated[int, Field(ge=1, le=MAX_BATCH), InDigits]


def page_of(token: bytes) -> str | None:
    """Temporal's word for where a page begins, as a word for a URL; None for none."""
    if not token:
        return None
    return base64.urlsafe_b64encode(hashlib.sha256(token).digest()[:CHECK_BYTES] + token).decode()


def token_of(page: str | None) -> bytes:
    """What `page_of` made. Raises NoSuchPage for anything else."""
    if page is None:
        return b""
    try:
        read = base64.b64decode(page, altchars=b"-_", validate=True)
    except ValueError:
        read = b""
    token = read[CHECK_BYTES:]
    if not token or hashlib.sha256(token).digest()[:CHECK_BYTES] != read[:CHECK_BYTES]:
        raise NoSuchPage("`page` is the `more` of an earlier answer, as it was sent")
    return token


NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "No such order"}}
AWAY: dict[int | str, dict[str, Any]] = {503: {"model": Problem, "description": "Temporal does not answer"}}


@router.get("/menu")
async def menu() -> Menu:
    """What can be ordered, and the limits."""
    return Menu.printed()


@router.post(
    "/orders",
    status_code=201,
    responses={
        200: {"model": Order, "description": "The same order again: it was placed before"},
        409: {"model": Problem, "description": "The id is taken by an order with another body"},
        **AWAY,
    },
)
async def place_order(order: OrderRequest, response: Response, kitchen: InKitchen) -> Order:
    """Place an order. Safe to retry with the same id and body; both are then answered with one order."""
    info = OrderInfo(
        id=order.id or f"pizza-{uuid.uuid4().hex[:8]}",
        crust=order.crust,
        cheese=order.cheese,
        toppings=order.toppings,
        customer=order.customer,
    )
    placed, is_new = await kitchen.place(info)
    if not is_new:
        response.status_code = 200
    return placed


NO_PAGE: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "No such `page`"}}


@router.get("/orders", responses={**NO_PAGE, **AWAY})
async def list_orders(
    kitchen: InKitchen,
    started_after: Annotated[
        StartedAfter | None, Query(description="Only orders placed after this time.")
    ] = None,
    open: Annotated[bool, Query(description="Only orders that are not finished.")] = False,
    limit: Annotated[Limit, Query(description="The newest so many.")] = MAX_BATCH,
    page: Annotated[
        Page | None, Query(description="The `more` of the answer before, with the same other parameters.")
    ] = None,
) -> Listing:
    """Orders that Temporal lists, oldest first. Windows that ask for the same share an answer, for a second.

    Of more than `limit` these are the newest (open ones before finished ones), and `more` leads to the next
    page: ask with `page` until there is no `more`, and all of them were told, however many are open.

    Where Temporal does not list them in time, those that the API knows itself, with `complete: false`."""
    found = await kitchen.gateway.listing(started_after, open, limit, token_of(page))
    return Listing(
        orders=found.orders, complete=found.complete, left_out=found.left_out, more=page_of(found.more)
    )


@router.post("/orders/status", response_model=OrderList)
async def order_statuses(request: StatusRequest, kitchen: InKitchen) -> Response:
    """Many orders at once, in the order asked, as they were read: `fresh` says whether that is how they are.

    Never fails because workers, or Temporal, are down: what cannot be told comes back as the caller's last
    known status, with `fresh: false`. It waits for no more than 0.3 s, and only where few orders were not
    read yet. Whoever follows more than 2,000 sends several."""
    orders = await kitchen.gateway.statuses(request.orders)
    # Made once and sent as it is: to check hundreds of our own orders anew takes longer than to read them.
    return Response(OrderList.model_construct(orders=orders).model_dump_json(), media_type="application/json")


@router.get("/orders/{order_id}", responses={**NOT_FOUND, **AWAY})
async def get_order(order_id: OrderKey, kitchen: InKitchen) -> Order:
    """One order, asked of Temporal now."""
    return await kitchen.gateway.order(order_id)


@router.get("/orders/{order_id}/history", responses={**NOT_FOUND, **AWAY})
async def get_history(order_id: OrderKey, kitchen: InKitchen) -> list[HistoryEvent]:
    """An order's Temporal event history."""
    return await kitchen.gateway.history(order_id)
