"""How Temporal is asked: every call has a time limit, and its errors are told in our own words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.service import RPCError, RPCStatusCode

from api_stub.errors import NoSuchOrder, RecordUnreadable, TemporalUnreachable
from worker.connection_problems import why_not

ASK_S = 0.8
"""A status request answers within 1 s, whatever happens: this much for Temporal, the rest for us."""
RPC_S = 2.0
"""For what nobody waits for with a clock in hand."""
NOT_THERE = (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT)
DAMAGED = (RPCStatusCode.DATA_LOSS, RPCStatusCode.INTERNAL, RPCStatusCode.OUT_OF_RANGE)
"""A server that answers so of one workflow may well answer for the others."""

REFUSALS = (
    RPCStatusCode.INVALID_ARGUMENT,
    RPCStatusCode.NOT_FOUND,
    RPCStatusCode.PERMISSION_DENIED,
    RPCStatusCode.UNAUTHENTICATED,
    RPCStatusCode.FAILED_PRECONDITION,
    RPCStatusCode.UNIMPLEMENTED,
)
"""Answers by which it is known that nothing was done. After any other failure it is not: an answer that did
not come may have been a yes, and the SDK tries again what it could not send, so that even a refused
connection may follow a request that arrived."""


PASSING = (
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
)
"""Errors that say nothing of what was asked: the same may be answered the next time."""


def refused_what_was_asked(error: TemporalUnreachable) -> bool:
    """Whether Temporal has answered, and the question may be why it did so with an error."""
    cause = error.__cause__
    return isinstance(cause, RPCError) and cause.status not in PASSING


@asynccontextmanager
async def temporal_call(limit_s: float, workflow_id: str | None = None) -> AsyncIterator[None]:
    """Bounds what is done inside, in seconds, and translates its errors.

    Raises NoSuchOrder where Temporal knows no such workflow, RecordUnreadable where it cannot tell of this
    one (both only if one was named), TemporalUnreachable for everything else that goes wrong.
    """
    try:
        async with asyncio.timeout(limit_s):
            yield
    except RPCError as error:
        # A server that has just started may not know its namespace yet: that says nothing of an order.
        nowhere = error.message.lower().startswith("namespace")
        if workflow_id is not None and error.status in NOT_THERE and not nowhere:
            raise NoSuchOrder(f"Temporal knows no workflow {workflow_id!r}") from error
        if workflow_id is not None and error.status in DAMAGED:
            raise RecordUnreadable(reason(error)) from error
        raise TemporalUnreachable(reason(error)) from error
    except (RuntimeError, TimeoutError) as error:
        raise TemporalUnreachable(reason(error)) from error


def reason(error: BaseException) -> str:
    """Why Temporal did not answer, in one line."""
    return why_not(error)
