"""The Kubernetes host: follows the Pods, deletes them, and changes the Deployment. See ../host.py for what a
host is. Everything that waits for the cluster waits in a task of its own."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from api_stub.background import Troubles, keep_running
from api_stub.checkpoint.fleet_section import MAX_SLOTS, KubernetesConfig
from api_stub.fleet.host import OnFailed, OnNews
from api_stub.fleet.kubernetes import template
from api_stub.fleet.kubernetes.client import ApiServer, KubernetesProblem, Raw
from api_stub.fleet.kubernetes.known_pods import KnownPods
from api_stub.fleet.kubernetes.watch import Watch
from api_stub.fleet.roster import Roster
from api_stub.fleet.state import Policy

logger = logging.getLogger(__name__)

WATCH = "the watch of Pods"
DEPLOYMENT = "the Deployment"
AGAIN_FOR_S = 5.0
"""A request that may be answered in a moment is made again for so long."""
PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
FORM_PAUSE_S = 10.0
"""What the workers are to be like is tried again so often, for as long as it takes."""
MAX_WISHES = 200
CONFLICT = 409


class KubernetesHost:
    """Workers as Pods of one Deployment. Making one raises NoAccess where there is no way to a cluster."""

    def __init__(
        self,
        config: KubernetesConfig,
        booth: str | None = None,
        troubles: Troubles | None = None,
        server: ApiServer | None = None,
    ) -> None:
        self.troubles = troubles or Troubles()
        self.server = server or ApiServer(config)
        self._deployment = config.deployment
        self._booth = booth
        self._pods = KnownPods()
        self._tasks: set[asyncio.Task[None]] = set()
        self._changing = asyncio.Lock()
        """One change of the Deployment at a time: ten starts at once are ten more."""
        self._follower: asyncio.Task[None] | None = None
        self._watch: Watch | None = None
        place = f"{self.server.namespace} {config.deployment} {booth or '-'} {self.server.address}"
        self.where = hashlib.sha256(place.encode()).hexdigest()[:16]  # it is written down: no address in it
        self._in_order = asyncio.Lock()
        """Workers are made anew before there are more of them: else those would be replaced at once."""
        self._wishes = 0
        self._anew: str | None = None
        """The moment of a wish to have all replaced that is not fulfilled yet."""

    def open(self) -> None:
        """It begins with `follow`."""

    @property
    def heard_at(self) -> datetime | None:
        """See KeepingHost."""
        return None if self._watch is None else self._watch.heard_at

    def follow(self, on_news: OnNews, before: Roster | None = None) -> None:
        """Tell of all Pods of ours, from now on."""
        if self._follower is None:
            self._pods.remember(before)
            watch = self._watch = Watch(self.server, self._pods, on_news, self.troubles, self._booth)
            self._follower = asyncio.create_task(keep_running(WATCH, watch.follow, self.troubles))

    def stop(self, handle: str, at_once: bool, on_failed: OnFailed) -> None:
        """Delete the Pod of this uid, with grace 0 or its own; only one that was seen with our labels, in our
        namespace."""
        pod = self._pods.pod(handle)
        if pod is None:
            return
        self._pods.asked(handle)

        def failed(reason: str) -> None:
            self._pods.asked(handle, False)
            on_failed(reason)

        self._begin(
            self._tried(lambda: self.server.delete_pod(pod.name, pod.uid, 0 if at_once else None), failed),
            failed,
        )

    def scale(self, one_more: bool, at_least: int, on_failed: OnFailed) -> None:
        """Raise the Deployment's replicas; they are never lowered from here."""

        def change(found: Raw) -> Raw | None:
            return template.scaled(found, one_more, at_least, MAX_SLOTS)

        if one_more:
            self._begin(self._tried(lambda: self._changed(change), on_failed), on_failed)
        else:
            self._begin(self._until_done(lambda: self._changed(change), on_failed), on_failed)

    def explain(self, on_reason: Callable[[str | None], None]) -> None:
        """Ask the Deployment, which says it where Kubernetes refuses to make its Pods."""

        async def work() -> None:
            on_reason(template.trouble(await self.server.deployment(self._deployment)))

        self._begin(self._tried(work, lambda reason: None), lambda reason: None)

    def reform(self, policy: Policy, anew: bool, on_changed: Callable[[], None], on_failed: OnFailed) -> None:
        """Change the Deployment's template; Kubernetes replaces the Pods then. The last wish is in force."""
        self._wishes += 1
        mine = self._wishes
        if anew:
            self._anew = datetime.now(UTC).isoformat()

        async def work() -> None:
            if mine != self._wishes:
                return  # another is in force, which has all replaced, too, if this one was to
            moment = self._anew
            if await self._changed(lambda found: template.change(found, policy, moment)):
                on_changed()
            if self._anew == moment:
                self._anew = None

        self._begin(self._until_done(work, on_failed), on_failed)

    async def _changed(self, change: Callable[[Raw], Raw | None]) -> bool:
        """Read the Deployment and change it; whether it had to be. Raises KubernetesProblem."""
        async with self._changing:
            patch = change(await self.server.deployment(self._deployment))
            if patch is not None:
                await self.server.patch_deployment(self._deployment, patch)
            return patch is not None

    async def _tried(self, work: Callable[[], Coroutine[Any, Any, object]], on_failed: OnFailed) -> None:
        """Do it, again for a while where that may help; `on_failed` gets the reason where it did not."""
        loop = asyncio.get_running_loop()
        deadline, pause_s = loop.time() + AGAIN_FOR_S, PAUSE_S
        while True:
            try:
                await work()
                return
            except KubernetesProblem as problem:
                wait_s = max(pause_s, problem.retry_after_s or 0.0)
                again = problem.passing or problem.status == CONFLICT
                if not again or loop.time() + wait_s > deadline:
                    return on_failed(str(problem))
            await asyncio.sleep(wait_s)
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)

    async def _until_done(self, work: Callable[[], Coroutine[Any, Any, object]], on_failed: OnFailed) -> None:
        """Do it, after what was wished before, and again until it is done; meanwhile that is a trouble."""
        async with self._in_order:
            while True:
                reasons: list[str] = []
                await self._tried(work, reasons.append)
                if not reasons:
                    self.troubles.clear(DEPLOYMENT)
                    return
                if self.troubles.tell(DEPLOYMENT, reasons[0]):
                    on_failed(reasons[0])
                await asyncio.sleep(FORM_PAUSE_S)

    def _begin(self, work: Coroutine[Any, Any, None], on_failed: OnFailed) -> None:
        """Work beside the event loop's other things; whatever it raises is told."""
        if len(self._tasks) >= MAX_WISHES:
            work.close()
            on_failed("too much is asked of Kubernetes at once")
            return
        task = asyncio.ensure_future(_seen(work, on_failed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop following; the Pods live on."""
        tasks = [task for task in (self._follower, *self._tasks) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self.server.close()


async def _seen(work: Coroutine[Any, Any, None], on_failed: OnFailed) -> None:
    try:
        await work
    except Exception as error:
        logger.exception("a wish to Kubernetes failed")
        on_failed(f"a mistake of ours: {type(error).__name__}")
