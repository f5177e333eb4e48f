"""The original demo's two routes, for its own UI: always 200 where it expects that, CORS open."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends
from fastapi.responses import JSONResponse, Response

from api_stub.errors import NotKnownWhetherPlaced, TemporalUnreachable
from api_stub.http.problems import problem
from api_stub.kitchen import Kitchen, kitchen_of
from api_stub.original import BadWire, read_last_known, read_order_info, write_status
from api_stub.schema import Problem, StatusItem
from worker.shared import OrderStatus

router = APIRouter(tags=["original"])
InKitchen = Annotated[Kitchen, Depends(kitchen_of)]
REFUSED: dict[int | str, dict[str, Any]] = {422: {"model": Problem, "description": "A field does not fit"}}
UNLEDGERED: dict[int | str, dict[str, Any]] = {
    503: {
        "model": Problem,
        "description": "The order is placed, but the ledger cannot be written; or it is not known whether it"
        " is placed. The same request again settles either",
    }
}

ORDER = {"id": "manual-1", "crust": "CRUST_THIN", "cheese": "CHEESE_ALL", "toppings": ["basil"]}
KNOWN = {**ORDER, "id": "manual-1--00000000-0000-4000-8000-000000000000"}


def refusal(error: BadWire) -> Response:
    """A field that cannot be read."""
    return problem(422, "invalid-field", "A field does not fit", str(error))


@router.post("/orderPizza", response_model=None, responses={**REFUSED, **UNLEDGERED})
async def order_pizza(body: Annotated[Any, Body(examples=[ORDER])], kitchen: InKitchen) -> Response:
    """PizzaOrderInfo → PizzaOrderStatus. Each call is a new order, also under an id that was used before; the
    answer's `order.id` is its workflow id, to be asked for by.

    Where Temporal does not take it, the answer is ORDER_UNKNOWN without a runId: it was not placed. Where no
    answer came from Temporal, it is 503: the same request again settles whether it was, and is one order.
    """
    try:
        info = read_order_info(body, made_up_id=f"pizza-{uuid.uuid4().hex[:8]}")
    except BadWire as error:
        return refusal(error)
    try:
        order, _ = await kitchen.place(info, fresh=True)
    except NotKnownWhetherPlaced:
        raise
    except TemporalUnreachable:
        return JSONResponse(write_status(OrderStatus.UNKNOWN, info))
    # By its workflow id, as the original: under the id asked for there may be many orders.
    named = replace(info, id=order.workflow_id or info.id)
    return JSONResponse(write_status(order.status, named, order.run_id))


@router.post("/orderStatus", response_model=None, responses=REFUSED)
async def order_status(
    kitchen: InKitchen,
    body: Annotated[Any, Body(examples=[{"status": "ORDER_BAKING", "order": KNOWN, "runId": "…"}])] = None,
) -> Response:
    """The last known PizzaOrderStatus → a fresh one, or the one sent where none is to be had."""
    try:
        known = read_last_known(body)
    except BadWire as error:
        return refusal(error)
    if known is None:
        return JSONResponse(write_status(OrderStatus.UNKNOWN))
    order = await kitchen.gateway.order_or_last_known(
        StatusItem(id=known.order.id, run_id=known.run_id, status=known.status)
    )
    return JSONResponse(write_status(order.status, known.order, order.run_id or known.run_id))
