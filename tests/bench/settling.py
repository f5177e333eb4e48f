"""What a bench looks at when everything is over: which orders are still on their way, and the audit."""

from __future__ import annotations

import contextlib
from typing import Any

import httpx

from tests.running import RunningStack

PORTION = 50
"""So many are asked for at a time: an API that was started anew reads old orders again, one by one."""


def all_delivered(stack: RunningStack, waiting: list[str]) -> bool:
    """Ask for the first PORTION of these and take those out that are delivered; the others go to the end.
    Whether none is left."""
    with contextlib.suppress(httpx.HTTPError, KeyError, ValueError):
        portion = waiting[:PORTION]
        items = [{"id": order_id} for order_id in portion]
        answers = stack.client.post("/orders/status", json={"orders": items}).json()["orders"]
        done = {order["id"] for order in answers if order["status"] == "ORDER_DELIVERED"}
        waiting[:] = waiting[PORTION:] + [order_id for order_id in portion if order_id not in done]
    return not waiting


def all_delivered_or_forgotten(stack: RunningStack, waiting: list[str], forgotten: list[str]) -> bool:
    """The same; those that Temporal has deleted since they were done, as the kitchen has it do with the
    oldest of many, go to `forgotten`. The audit says how many the ledger carries as delivered."""
    if all_delivered(stack, waiting):
        return True
    with contextlib.suppress(httpx.HTTPError):
        for order_id in waiting[-PORTION:]:
            if stack.client.get(f"/orders/{order_id}").status_code == 404:
                waiting.remove(order_id)
                forgotten.append(order_id)
    return not waiting


def all_audited(stack: RunningStack, audit: dict[str, Any]) -> bool:
    """Have the newest audit in `audit`, if there is an answer. Whether nothing is on its way by it."""
    with contextlib.suppress(httpx.HTTPError, ValueError):
        answer = stack.client.get("/audit")
        if answer.status_code == 200:
            audit.clear()
            audit.update(answer.json())
    return audit.get("in_flight") == 0
