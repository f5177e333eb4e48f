"""The namespace that we work in: how long it keeps closed workflows, and whether it has our search attribute.

Our own server's namespace is made to keep them for as long as the checkpoint needs; another's is only read.
What it does not let us do is told once, and things go on.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from api_stub.errors import TemporalUnreachable
from api_stub.gateway.booths import BoothService
from api_stub.gateway.temporal_calls import RPC_S, temporal_call
from worker.ids import BOOTH_ATTRIBUTE

logger = logging.getLogger(__name__)

SPARE_S = 7 * 86_400.0
"""Our own server keeps closed workflows for so much longer than the checkpoint asks for: a stack that was off
for a weekend is to find what became of its orders."""
LOOK_S = 0.25
"""So often it is looked whether another checkpoint is in force; that alone asks Temporal nothing."""
AGAIN_S = 120.0
"""So often the namespace itself is asked: somebody may change it, or begin another database."""
AWAY_S = 1.0
NOT_NOW = (
    *(RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED),
    *(RPCStatusCode.RESOURCE_EXHAUSTED, RPCStatusCode.ABORTED, RPCStatusCode.UNKNOWN),
    RPCStatusCode.NOT_FOUND,
)
"""A server that answers so may soon answer otherwise (one that has just begun knows no namespace yet)."""


class Namespace:
    """`client` is asked for at each call. `own`: the server is ours, and so is the namespace."""

    def __init__(self, client: Callable[[], Client], *, own: bool = False) -> None:
        self._client = client
        self.own = own
        self._told: set[str] = set()
        self._ready_for_booth = False
        self.keeps_s: float | None = None
        """How long it keeps closed workflows, in seconds; None: nobody could tell yet."""

    @property
    def limit_s(self) -> float | None:
        """The longest `retention_s` that can be had; None: any (ours is made to fit), or nobody can tell."""
        return None if self.own else self.keeps_s

    async def look(self, limit_s: float = RPC_S) -> None:
        """Ask how long closed workflows are kept. Raises TemporalUnreachable; a refusal is told."""
        client = self._client()
        request = DescribeNamespaceRequest(namespace=client.namespace)
        async with temporal_call(limit_s):
            try:
                answer = await client.workflow_service.describe_namespace(
                    request, timeout=timedelta(seconds=limit_s)
                )
            except RPCError as error:
                self._refused("how long it keeps closed workflows is not told", error)
                return
        kept = answer.config.workflow_execution_retention_ttl
        # 0 is for ever, where a server has that at all.
        self.keeps_s = kept.seconds + kept.nanos / 1e9 or math.inf

    async def fit(self, retention_s: float) -> None:
        """Have what this retention needs: the namespace of our own server keeps closed workflows for longer.
        Never for less than it did. Raises TemporalUnreachable; a refusal is told."""
        await self.look()
        wanted_s = math.ceil(retention_s + SPARE_S)
        if not self.own or self.keeps_s is None or self.keeps_s >= wanted_s:
            return
        client = self._client()
        kept = NamespaceConfig(workflow_execution_retention_ttl=Duration(seconds=wanted_s))
        async with temporal_call(RPC_S):
            try:
                await client.workflow_service.update_namespace(
                    UpdateNamespaceRequest(namespace=client.namespace, config=kept),
                    timeout=timedelta(seconds=RPC_S),
                )
            except RPCError as error:
                self._refused(
                    f"it keeps closed workflows for {self.keeps_s:g} s, not for {wanted_s} s", error
                )
                return
        logger.info("the namespace keeps closed workflows for %d s from now on", wanted_s)
        self.keeps_s = float(wanted_s)

    async def have_attribute(self) -> None:
        """Have the booth's search attribute, where there is a booth. Raises TemporalUnreachable; a refusal is
        told, and orders go without."""
        client = self._client()
        service = client.service_client
        if self._ready_for_booth or not isinstance(service, BoothService):
            return
        keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
        limit = timedelta(seconds=RPC_S)
        async with temporal_call(2 * RPC_S):
            try:
                known = await client.operator_service.list_search_attributes(
                    ListSearchAttributesRequest(namespace=client.namespace), timeout=limit
                )
                if BOOTH_ATTRIBUTE not in known.custom_attributes:
                    await client.operator_service.add_search_attributes(
                        AddSearchAttributesRequest(
                            namespace=client.namespace, search_attributes={BOOTH_ATTRIBUTE: keyword}
                        ),
                        timeout=limit,
                    )
                elif known.custom_attributes[BOOTH_ATTRIBUTE] != keyword:
                    raise RPCError("it is there as another type", RPCStatusCode.ALREADY_EXISTS, b"")
                service.has_attribute = True
            except RPCError as error:
                self._refused(f"orders go without the search attribute {BOOTH_ATTRIBUTE}", error)
        self._ready_for_booth = True

    def _refused(self, what: str, error: RPCError) -> None:
        """Tell it once. Raises the error where it is none of a refusal."""
        if error.status in NOT_NOW:
            raise error
        if what not in self._told:
            self._told.add(what)
            logger.warning("namespace %s: %s: %s", self._client().namespace, what, error.message)

    async def watch(self, retention_s: Callable[[], float]) -> None:
        """Follow the checkpoint in force, for ever. To be run by keep_running."""
        clock = asyncio.get_running_loop().time
        fitted: float | None = None
        asked = 0.0
        while True:
            wanted = retention_s()
            if wanted != fitted or clock() - asked >= AGAIN_S:
                try:
                    await self.fit(wanted)
                    await self.have_attribute()
                except TemporalUnreachable as error:
                    logger.debug("the namespace is not known yet: %s", error)
                    await asyncio.sleep(AWAY_S)
                    continue
                fitted, asked = wanted, clock()
            await asyncio.sleep(LOOK_S)
