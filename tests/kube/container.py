"""One container of a Pod as a local process: started, probed, restarted with growing pauses, ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.kube import probes, statuses
from tests.kube.surroundings import CannotStart, Process
from tests.running import ROOT

Json = dict[str, Any]
SETPRIV = shutil.which("setpriv")
"""Linux: has a process die with the one that started it, so that none outlives a killed test."""


@dataclass
class Restarts:
    """How long a node waits before it starts a container again: not at all, then twice as long each time."""

    first_s: float = 0.3
    longest_s: float = 5.0
    forgiven_after_s: float = 30.0
    """A container that ran for so long begins anew."""

    def pause(self, failures: int) -> float:
        """Before the restart after so many failures in a row (0: the first), in seconds."""
        return 0.0 if failures == 0 else min(self.longest_s, self.first_s * 2.0 ** (failures - 1))


class Container:
    """A container of a Pod on a stand-in node. `changed` is awaited after each change of its status."""

    def __init__(
        self,
        pod: Json,
        spec: Json,
        directory: Path,
        make: Callable[[Json, Json, Path], Awaitable[Process]],
        restarts: Restarts,
        changed: Callable[[], Awaitable[None]],
        images: ImageRegistry,
    ) -> None:
        self._pod, self._spec, self._directory = pod, spec, directory
        self._make, self._restarts, self._changed, self._images = make, restarts, changed, images
        self._process: asyncio.subprocess.Process | None = None
        self._ended_for: str | None = None
        self._started = 0.0
        self.count = 0
        """How often it was restarted."""
        self.ready = False
        self.ever_started = False
        self.over = False
        """It is not started again (restartPolicy)."""
        self.code: int | None = None
        """The exit code of its last life."""
        self.state: Json = statuses.waiting("ContainerCreating")
        self._last: Json = {}

    @property
    def name(self) -> str:
        """The container's name in its Pod."""
        return str(self._spec["name"])

    @property
    def pid(self) -> int | None:
        """The process of its present life; None: there is none."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    @property
    def status(self) -> Json:
        """As it stands in the Pod's containerStatuses."""
        return {
            "name": self.name,
            "image": self._spec.get("image", ""),
            "imageID": "",
            "containerID": self._id,
            "ready": self.ready,
            "started": "running" in self.state,
            "restartCount": self.count,
            "state": self.state,
            "lastState": self._last,
        }

    @property
    def _id(self) -> str:
        return "" if self._process is None else f"process://{self._process.pid}"

    @property
    def _ports(self) -> dict[str, int]:
        return {p["name"]: p["containerPort"] for p in self._spec.get("ports", ()) if "name" in p}

    async def live(self) -> None:
        """All its lives, one after the other, until its Pod's restartPolicy wants no more."""
        failures = 0
        while True:
            process = await self._startable()
            code = await self._life(process)
            policy = self._pod["spec"].get("restartPolicy", "Always")
            if policy == "Never" or (policy == "OnFailure" and code == 0):
                self.over = True
                await self._changed()
                return
            await self._changed()
            failures = 0 if time.time() - self._started > self._restarts.forgiven_after_s else failures
            pause_s = self._restarts.pause(failures)
            failures += 1
            self._last = self.state
            if pause_s:
                pod = self._pod["metadata"]
                whole = f"{pod['name']}_{pod['namespace']}({pod['uid']})"
                text = f"back-off {pause_s:g}s restarting failed container={self.name} pod={whole}"
                self.state = statuses.waiting("CrashLoopBackOff", text)
                await self._changed()
                await asyncio.sleep(pause_s)
            self.count += 1

    async def _startable(self) -> Process:
        """What to start, once its image is to be had and its spec can be met."""
        reason = "ErrImagePull"
        while (why := self._images.refusal(self._spec.get("image", ""))) is not None:
            text = (
                why if reason == "ErrImagePull" else f'Back-off pulling image "{self._spec.get("image", "")}"'
            )
            self.state = statuses.waiting(reason, text)
            await self._changed()
            await self._images.wait(0.5 if reason == "ErrImagePull" else 5)
            reason = "ImagePullBackOff"
        while True:
            try:
                return await self._make(self._pod, self._spec, self._directory)
            except CannotStart as error:
                self.state = statuses.waiting("CreateContainerConfigError", str(error))
                await self._changed()
                await asyncio.sleep(0.3)

    async def _life(self, process: Process) -> int:
        """One life of the container; its exit code."""
        self._ended_for, self.ready = None, False
        prefix = [SETPRIV, "--pdeathsig", "KILL", "--"] if SETPRIV else []
        with (self._directory / f"{self.name}.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *prefix,
                *process.command,
                env=process.environment,
                cwd=self._spec.get("workingDir", ROOT)
                if Path(self._spec.get("workingDir", ROOT)).is_dir()
                else ROOT,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        self._started, self.ever_started = time.time(), True
        self.state = statuses.running(self._started)
        self.ready = "readinessProbe" not in self._spec and "startupProbe" not in self._spec
        await self._changed()
        watching = asyncio.create_task(self._probe(process))
        try:
            code = statuses.exit_code(await self._process.wait())
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        self._kill_rest()
        self.ready, self.code = False, code
        reason = self._ended_for or ("Completed" if code == 0 else "Error")
        self.state = statuses.terminated(code, reason, self._started, time.time(), self._id)
        return code

    async def _probe(self, process: Process) -> None:
        """Find out when it is ready, and end it when it is not alive any more."""
        await probes.until_passed(self._spec.get("startupProbe"), process, self._ports)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ready(process))
            if "livenessProbe" in self._spec:
                group.create_task(self._alive(process))

    async def _ready(self, process: Process) -> None:
        probe = self._spec.get("readinessProbe")
        while True:
            await probes.until_passed(probe, process, self._ports)
            if not self.ready:
                self.ready = True
                await self._changed()
            if probe is None:
                return
            await probes.until_failed(probe, process, self._ports)
            self.ready = False
            await self._changed()

    async def _alive(self, process: Process) -> None:
        await probes.until_failed(self._spec["livenessProbe"], process, self._ports)
        await self.end(float(self._pod["spec"].get("terminationGracePeriodSeconds", 30)))

    def kill(self, number: int = signal.SIGKILL, reason: str | None = None) -> bool:
        """Send its process a signal; whether there was one. `reason` is what its status will say."""
        pid = self.pid
        if pid is None:
            return False
        self._ended_for = reason or self._ended_for
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        return True

    async def end(self, grace_s: float) -> None:
        """SIGTERM, and SIGKILL after so many seconds (0: at once); returns when the process is gone."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        if grace_s > 0:
            self.kill(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), grace_s)
        self.kill()
        await process.wait()
        self._kill_rest()

    async def tell_end(self) -> None:
        """Take note of an end that nobody waited for: its Pod's lives are over."""
        process = self._process
        if process is not None and process.returncode is not None and "terminated" not in self.state:
            self.code, self.ready = statuses.exit_code(process.returncode), False
            reason = self._ended_for or ("Completed" if self.code == 0 else "Error")
            self.state = statuses.terminated(self.code, reason, self._started, time.time(), self._id)

    def _kill_rest(self) -> None:
        """A container's end is the end of whatever it has started."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


class ImageRegistry:
    """Whether images are to be had."""

    def __init__(self) -> None:
        self._refusal: str | None = None
        self._changed = asyncio.Event()

    def refuse(self, why: str | None) -> None:
        """Refuse all images from now on, with this text; None: have them all."""
        self._refusal = why
        self._changed.set()
        self._changed = asyncio.Event()

    def refusal(self, image: str) -> str | None:
        """Why this image is not to be had; None: it is."""
        return None if self._refusal is None else f'rpc error: pulling "{image}": {self._refusal}'

    async def wait(self, limit_s: float) -> None:
        """Until that changes, or for so long."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), limit_s)
