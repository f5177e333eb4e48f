"""Values of Temporal's messages as ours: times, texts, failures, payloads. Nothing breaks it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar, cast

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import PayloadConverter

from api_stub.schema.orders import Custodian as CustodianView
from worker.shared import MAX_CUSTODIANS, Custodian

T = TypeVar("T")
MAX_KEPT_BYTES = 8192
"""Of a payload that is remembered as it was read."""
MAX_FAILURE_LENGTH = 2000
EPOCH = datetime.fromtimestamp(0, UTC)
LAST_S = datetime(2200, 1, 1, tzinfo=UTC).timestamp()
"""Times from 1970 up to this, in seconds since then, are believed; anything else is no time of an order."""


def moment(stamp: Timestamp) -> datetime | None:
    """A protobuf Timestamp as an aware UTC datetime; None where it is not from 1970 to 2200."""
    if not 0 <= stamp.seconds < LAST_S:
        return None
    # A datetime takes any microseconds that are added to it, also the wrong ones of a wrong stamp.
    return EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)


def sendable(text: str, most: int = MAX_FAILURE_LENGTH) -> str:
    """At most so many code points, all of which can be sent: a lone surrogate cannot."""
    return text[:most].encode("utf-8", "replace").decode()


def failure_text(failure: Failure) -> str:
    """A failure in one line, innermost cause last; never longer than MAX_FAILURE_LENGTH."""
    parts = []
    while True:
        if failure.message and failure.message not in parts:
            parts.append(failure.message)
        if not failure.HasField("cause"):
            return ": ".join(parts)[:MAX_FAILURE_LENGTH]
        failure = failure.cause


def decoded(payloads: Sequence[Payload], kind: type[T]) -> T | None:
    """The first payload as this kind of data, to be read only; None where it is something else."""
    if not payloads:
        return None
    written_down = payloads[0].SerializeToString()
    if len(written_down) <= MAX_KEPT_BYTES:
        found = _decoded(written_down, cast(Hashable, kind))
    else:
        found = _decoded.__wrapped__(written_down, cast(Hashable, kind))
    return found if isinstance(found, kind) else None


@lru_cache(maxsize=2048)
def _decoded(written_down: bytes, kind: Hashable) -> object:
    """A history is read again whenever it has grown, and what it begins with is the same each time."""
    try:
        # Null is taken for every kind.
        return PayloadConverter.default.from_payload(Payload.FromString(written_down), cast(type, kind))
    except Exception:
        # Failures of all kinds have details of all kinds; only ours can be read.
        return None


def custody_of(chain: Sequence[Custodian]) -> list[CustodianView]:
    """A chain of custody as the API tells it, the newest MAX_CUSTODIANS attempts."""
    return [
        CustodianView(
            worker=sendable(one.worker, 200), attempt=max(0, one.attempt), started_at=written(one.started_at)
        )
        for one in list(chain)[-MAX_CUSTODIANS:]
    ]


def written(text: str) -> datetime | None:
    """A time that a worker wrote down (RFC 3339), in UTC; None where it is none that an answer may have."""
    try:
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        return found if 0 <= found.timestamp() <= LAST_S else None
    except (ValueError, OverflowError):
        return None
