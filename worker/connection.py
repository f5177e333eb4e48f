"""How anything of ours reaches Temporal: an address that we were given, or the SDK's own environment
configuration (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS…, or its TOML file)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
)
from temporalio.service import RPCError

from worker.connection_problems import CannotConnect, Where, why_not
from worker.connection_settings import BadConnectionSettings, from_environment, is_address
from worker.ids import identity_at
from worker.shared import PizzaOrder, StageResult

CONNECT_S = 10.0
"""A server that takes a connection and says nothing would hold us for ever."""


_ORDER = (PizzaOrder, PizzaOrder | None)
_ANYBODYS = (*_ORDER, StageResult, None)
"""Types of what anybody may have written: a workflow's input, a stage's result (an activity can be completed
by hand), and the details of heartbeats and failures, which have no type."""


class _OrdersAlone(PydanticJSONPlainPayloadConverter):
    """ValidationError is for what is no order: it fails the workflow (workflow.py). Whatever else does not
    fit its type is a mistake of ours: a TypeError, which fails the task, is shown, and is mended by a
    redeploy."""

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        """See the base class."""
        try:
            return super().from_payload(payload, type_hint)
        except ValidationError as error:
            if type_hint in _ORDER:
                raise
            raise TypeError(f"no {getattr(type_hint, '__name__', type_hint)}") from error


_JSON = _OrdersAlone()


class SharedPydanticConverter(CompositePayloadConverter):
    """temporalio.contrib.pydantic's payload converter, with one cache of types for the whole process.

    The SDK makes a converter for each workflow run. Building the checks of our types anew takes 4 ms, and
    after a kill hundreds of runs are replayed.
    """

    def __init__(self) -> None:
        encodings = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(*(_JSON if isinstance(one, JSONPlainPayloadConverter) else one for one in encodings))

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        """See the base class. What anybody may have written, and cannot be read, is None: no redeploy would
        mend it, and the SDK fails an order for ever whose last heartbeat is in an encoding of strangers."""
        hints: Sequence[type | None] = type_hints or [None] * len(payloads)
        if any(hint not in _ANYBODYS for hint in hints):
            return super().from_payloads(payloads, type_hints)
        return [self._read(payload, hint) for payload, hint in zip(payloads, hints, strict=False)]

    def _read(self, payload: Payload, hint: type | None) -> Any:
        try:
            return super().from_payloads([payload], None if hint is None else [hint])[0]
        except ValidationError:
            raise  # no order
        except Exception:
            return None


DATA_CONVERTER = DataConverter(payload_converter_class=SharedPydanticConverter)
"""Writes the same JSON as the SDK's own. What it reads has the types that the code names, or there is an
error; but see SharedPydanticConverter.from_payloads."""


@dataclass(frozen=True)
class Target:
    """Which Temporal to use. `address` None: whatever the environment configures. `booth`: our name there,
    where others may use it as well."""

    address: str | None = None
    namespace: str = "default"
    booth: str | None = None

    @property
    def from_environment(self) -> bool:
        """Whether the environment says where Temporal is."""
        return self.address is None and "target_host" in from_environment()

    def settings(self) -> dict[str, Any]:
        """Keyword arguments for Client.connect. Raises BadConnectionSettings.

        An address that we were given ignores the environment: a developer's cloud profile must not turn
        a booth's local server into a remote one.
        """
        if self.address is not None:
            if not is_address(self.address):
                raise BadConnectionSettings(f"--temporal: found {self.address[:80]!r}; host:port is accepted")
            return {"target_host": self.address, "namespace": self.namespace}
        return {"target_host": "localhost:7233", "namespace": self.namespace, **from_environment()}


async def connect(target: Target, identity: str, *, lazy: bool = False) -> Client:
    """A client under this identity, with the booth before it; `lazy` connects at the first call, not now.

    Raises CannotConnect when nothing answers there, or does not let us in; BadConnectionSettings.
    """
    settings = target.settings()
    try:
        async with asyncio.timeout(CONNECT_S):
            client = await Client.connect(
                **settings,
                identity=identity_at(target.booth, identity),
                lazy=lazy,
                data_converter=DATA_CONVERTER,
            )
            if not lazy:
                await look_at_namespace(client, CONNECT_S)
            return client
    except (RuntimeError, RPCError, ValueError, TimeoutError) as error:
        where = Where.of(settings, ours=target.address is not None)
        raise CannotConnect(why_not(error, where, (settings.get("api_key") or "",))) from error


async def look_at_namespace(client: Client, limit_s: float) -> None:
    """Ask for the client's namespace: whoever may work in it may do that. Raises what the SDK raises."""
    await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace), timeout=timedelta(seconds=limit_s)
    )
