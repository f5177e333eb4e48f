"""A storm of Pod kills among orders that come in all the while; in the end everything is counted."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.kube.kitchen import PodKitchen
from tests.recount import Verdict, recount
from tests.running import eventually

ORDERS_A_KILL = 2
LONGEST_WAIT_S = 60.0


@dataclass
class Storm:
    """What came of it."""

    kills: int = 0
    taken: list[str] = field(default_factory=list)
    audit: dict[str, Any] = field(default_factory=dict)
    recounted: Verdict = field(default_factory=Verdict)

    @property
    def problems(self) -> list[str]:
        """Everything that must not be; empty where all is well."""
        found = list(self.recounted.wrong)
        if self.audit.get("lost") != 0 or self.audit.get("delivered") != len(self.taken):
            found.append(f"{len(self.taken)} taken, the audit says {self.audit}")
        return found


def storm(
    kitchen: PodKitchen,
    kills: int,
    every_s: float,
    seed: int = 2022,
    tell: Callable[[str], None] = lambda text: None,
) -> Storm:
    """So many Pods deleted through the API, one after the other, each of some worker that is ready, while
    orders are placed. Returns when all are delivered. Raises AssertionError where that does not come."""
    dice, found = random.Random(seed), Storm()
    for n in range(kills):
        if n % 20 == 0:
            tell(f"{n} of {kills} kills, {len(found.taken)} orders taken")
        began = time.monotonic()
        for _ in range(ORDERS_A_KILL):
            order_id = f"storm-{uuid.uuid4().hex[:12]}"
            eventually(lambda order_id=order_id: _placed(kitchen, order_id), LONGEST_WAIT_S, 0.2)
            found.taken.append(order_id)
        victims = eventually(lambda: list(kitchen.ready().values()), LONGEST_WAIT_S, 0.1)
        victim = dice.choice(victims)
        with contextlib.suppress(httpx.TimeoutException):
            answer = kitchen.stack.client.delete(f"/fleet/workers/{victim['id']}")
            # 404, 409: Kubernetes was quicker, with another end of it.
            assert answer.status_code in (202, 404, 409), answer.text
            found.kills += answer.status_code == 202
        time.sleep(max(0.0, every_s - (time.monotonic() - began)))
    limit_s = 60.0 + kills
    found.audit = eventually(lambda: _settled(kitchen, len(found.taken)), limit_s, 0.5) or {}
    found.recounted = asyncio.run(recount(kitchen.stack.api_url, kitchen.stack.temporal))
    return found


def _placed(kitchen: PodKitchen, order_id: str) -> bool:
    """Place an order; whether it was taken. A busy Temporal is asked again, as any client would."""
    answer = kitchen.stack.client.post("/orders", json={"id": order_id})
    assert answer.status_code in (200, 201, 503), answer.text
    return answer.status_code != 503


def _settled(kitchen: PodKitchen, taken: int) -> dict[str, Any] | None:
    """The audit, once nothing is on its way and each receipt is told to its end."""
    answer = kitchen.stack.client.get("/audit")
    audit: dict[str, Any] = answer.json() if answer.is_success else {}
    if audit.get("started") != taken or audit.get("in_flight") != 0:
        return None
    receipts = kitchen.stack.client.get("/receipts").json()
    open_ones = [order for receipt in receipts for order in receipt["orders"] if order["to"] is None]
    return None if open_ones else audit
