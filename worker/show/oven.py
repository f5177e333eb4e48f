"""Before a pizza is baked: the oven service is asked for heat over HTTP, where the checkpoint has one, and a
poison order fails. Both are for the speaker's failure menu; without it there is nothing to be done.

A dependency that is down costs attempts, never orders: the call fails the attempt, and Temporal tries again.
"""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Awaitable
from urllib.parse import quote, urlsplit

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from worker.shared import StageTask

LIMIT_S = 1.0
"""An oven that says nothing for so long counts as down."""
OVEN_DOWN = "OvenServiceDown"
POISON = "PoisonOrder"
"""The types of the two failures, as Temporal's records have them."""


class BeforeBaking:
    """What has to succeed before a pizza goes into the oven. `oven`: the service's base URL, or None.

    `poison`: the id of an order that fails in this worker, each time; None: none does.
    """

    def __init__(self, oven: str | None, poison: str | None) -> None:
        self._oven = oven
        self._poison = poison

    def __call__(self, task: StageTask) -> Awaitable[object] | None:
        """The work for this order, to be waited for; None: there is none. It raises ApplicationError."""
        if task.order.id == self._poison:
            return poisoned(task.order.id)
        return None if self._oven is None else asyncio.to_thread(ask_for_heat, self._oven, task.order.id)


async def poisoned(order_id: str) -> None:
    """Fail as code fails that meets data which nobody has thought of, each time anew."""
    raise failure(f"{order_id}: a pizza of -1 slices cannot be baked", POISON)


def ask_for_heat(oven: str, order_id: str) -> None:
    """GET `oven`/heat/`order_id`; blocks for LIMIT_S at the most. Raises ApplicationError but for 200."""
    where = urlsplit(oven)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=LIMIT_S)
    try:
        connection.request("GET", f"/heat/{quote(order_id, safe='')}")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        words = getattr(error, "strerror", None) or type(error).__name__
        raise failure(f"the oven service at {where.netloc}: {words}", OVEN_DOWN) from None
    finally:
        connection.close()
    if status != http.client.OK:
        raise failure(f"the oven service at {where.netloc} answered {status}", OVEN_DOWN)


def failure(words: str, kind: str) -> ApplicationError:
    """A failure that is retried without limit, and is no bug worth a stack trace in the log."""
    return ApplicationError(words, type=kind, category=ApplicationErrorCategory.BENIGN)
