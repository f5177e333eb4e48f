"""Following the Pods for ever: a list, then what changes, and a list again where the server has forgotten
what was between. Each way in which that can be cut has its answer here."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from typing import Any, Protocol

from api_stub import clocks
from api_stub.background import Pauses, Troubles
from api_stub.fleet.events import HostNews
from api_stub.fleet.kubernetes.client import OPENED, KubernetesProblem, Raw
from api_stub.fleet.kubernetes.known_pods import KnownPods
from api_stub.fleet.kubernetes.pods import read

logger = logging.getLogger(__name__)

PART = "Kubernetes"
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 1.5
"""Whatever was cut goes on within so long after it could."""
HEALTHY_AFTER_S = 1.0
"""A watch that lasted so long was none that fails: the next pause is the shortest again."""
ACCEPTED_S = 1.0
"""A watch that was accepted and stays so for so long is well, also where nothing happens to any Pod."""
SEEN_WITHIN_S = 2.0
"""What is found out so soon after the watch was cut is as good as seen as it came."""
CATCH_UP_S = 0.5
"""After a longer gap a watch that goes on tells first, and at once, what was in it."""
FAILED_WATCHES = 3
"""After so many in a row from one version, a list is asked for: the version may be the reason."""
GONE = 410


class PodLister(Protocol):
    """What is asked of the API server."""

    namespace: str

    async def pods(self) -> tuple[list[Raw], str]:
        """See ApiServer."""

    def watched(self, version: str) -> AsyncGenerator[tuple[str, Raw], None]:
        """See ApiServer."""


class Watch:
    """Follows one namespace's Pods; what is new goes to `tell`, one by one."""

    def __init__(
        self,
        server: PodLister,
        pods: KnownPods,
        tell: Callable[[HostNews], None],
        troubles: Troubles,
        booth: str | None = None,
    ) -> None:
        self._server = server
        self._pods = pods
        self._tell = tell
        self._troubles = troubles
        self._booth = booth
        self._version: str | None = None
        self._failed = 0
        self._heard: clocks.Moment | None = None

    async def follow(self) -> None:
        """For ever. To be run by keep_running: what nobody has thought of is raised, and then the next run
        begins with a list."""
        self._version = None
        pauses = Pauses(FIRST_PAUSE_S, LONGEST_PAUSE_S, HEALTHY_AFTER_S)
        while True:
            began, wish_s = time.monotonic(), None
            at_once = False
            try:
                listed = self._version is None
                if listed:
                    await self._list()
                await self._changes()
            except KubernetesProblem as problem:
                wish_s = problem.retry_after_s
                self._note(problem)
                # Its answer is known: a list. Only where that was the last thing done it did not help.
                at_once = problem.status == GONE and not listed and wish_s is None
            if at_once:
                continue
            pause_s = pauses.after(time.monotonic() - began)
            await asyncio.sleep(pause_s if wish_s is None else max(wish_s, pause_s))

    async def _list(self) -> None:
        raws, version = await self._server.pods()
        pods = [read(raw, self._server.namespace, self._booth) for raw in raws]
        self._news(self._pods.listed([pod for pod in pods if pod is not None], self._gap()))
        self._version, self._failed = version, 0
        self._heard = _now()
        self._well()

    def _gap(self) -> datetime | None:
        """Since when nothing was heard, where that is long enough to matter."""
        if self._heard is None or clocks.elapsed() - self._heard < SEEN_WITHIN_S:
            return None
        return self._heard.wall

    @property
    def heard_at(self) -> datetime | None:
        """The last moment at which all Pods are known to have been known; None: they never were."""
        return None if self._heard is None else self._heard.wall

    async def _changes(self) -> None:
        assert self._version is not None
        async with contextlib.aclosing(self._server.watched(self._version)) as changes:
            well = None
            try:
                gap_since, caught_up = self._gap(), time.monotonic() + CATCH_UP_S
                async for kind, record in changes:
                    self._heard = _now()
                    if kind == OPENED:
                        caught_up = time.monotonic() + CATCH_UP_S
                        well = asyncio.get_running_loop().call_later(ACCEPTED_S, self._well)
                        continue
                    self._take(kind, record, gap_since if time.monotonic() < caught_up else None)
                    self._failed = 0
                    self._well()
                self._heard = _now()
            except KubernetesProblem as problem:
                if well is not None and not problem.late:
                    self._heard = _now()  # it was there until it was cut
                raise
            finally:
                if well is not None:
                    well.cancel()
        self._failed = 0

    def _take(self, kind: str, record: Raw, gap_since: datetime | None = None) -> None:
        meta: Any = record.get("metadata")
        meta = meta if isinstance(meta, dict) else {}
        pod = read(record, self._server.namespace, self._booth)
        if kind == "DELETED":
            self._news(self._pods.gone(str(meta.get("uid") or ""), pod, gap_since))
        elif kind in ("ADDED", "MODIFIED") and pod is not None:
            self._news(self._pods.saw(pod, gap_since))
        if version := meta.get("resourceVersion"):  # also of a BOOKMARK, which is nothing else
            self._version = str(version)

    def _news(self, news: list[HostNews]) -> None:
        for one in news:
            self._tell(one)
        if self._pods.left_out:
            self._troubles.tell("Pods", f"{self._pods.left_out} Pods are more than can be followed")
        else:
            self._troubles.clear("Pods")

    def _note(self, problem: KubernetesProblem) -> None:
        """What follows: another list where the version is not known any more, or may be the reason."""
        self._failed += 1
        if problem.status == GONE:
            self._version = None
            logger.info("Kubernetes has forgotten what was since the last look; all is listed again")
            return
        if self._failed >= FAILED_WATCHES:
            self._version = None
        # One cut, which the next try mends, is nobody's trouble.
        if self._failed > 1 or not problem.passing:
            if self._troubles.tell(PART, str(problem)):
                logger.warning("%s", problem)

    def _well(self) -> None:
        self._troubles.clear(PART)


def _now() -> clocks.Moment:
    """Now, by the clock that nobody sets; what the wall clock says goes with it."""
    return clocks.Moment(clocks.elapsed(), clocks.wall())
