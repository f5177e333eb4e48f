"""A container's probes, run as a kubelet runs them, at the spec's periods or faster."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import httpx

from tests.kube.surroundings import Process

Json = dict[str, Any]
LONGEST_PERIOD_S = 0.5
"""Probes are asked this often at least: a test does not wait for the ten seconds that a cluster may."""


async def passes(probe: Json, process: Process, ports: dict[str, int]) -> bool:
    """Ask a probe once."""
    limit_s = float(probe.get("timeoutSeconds", 1)) + 4  # a busy machine is no unfit container
    if "exec" in probe:
        command = [process.here(word) for word in probe["exec"]["command"]]
        # Whoever is cancelled while it starts a process may lose sight of it: so it runs to its own end.
        return await asyncio.shield(asyncio.create_task(_exec(command, process, limit_s)))
    with contextlib.suppress(OSError, TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(limit_s):
            if "httpGet" in probe:
                port = ports.get(str(probe["httpGet"]["port"]), probe["httpGet"]["port"])
                url = f"http://127.0.0.1:{port}{probe['httpGet'].get('path', '/')}"
                async with httpx.AsyncClient(trust_env=False) as client:
                    return (await client.get(url)).status_code < 400
            port = ports.get(str(probe["tcpSocket"]["port"]), probe["tcpSocket"]["port"])
            _, writer = await asyncio.open_connection("127.0.0.1", int(port))
            writer.close()
            return True
    return False


async def _exec(command: list[str], process: Process, limit_s: float) -> bool:
    try:
        asked = await asyncio.create_subprocess_exec(
            *command,
            env=process.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return False
    try:
        return await asyncio.wait_for(asked.wait(), limit_s) == 0
    except TimeoutError:
        return False
    finally:
        if asked.returncode is None:
            asked.kill()
            await asked.wait()


async def until_passed(probe: Json | None, process: Process, ports: dict[str, int]) -> None:
    """Wait until the probe passes as often as it says; at once where there is none."""
    if probe is None:
        return
    times = 0
    await asyncio.sleep(min(probe.get("initialDelaySeconds", 0), LONGEST_PERIOD_S))
    while True:
        times = times + 1 if await passes(probe, process, ports) else 0
        if times >= probe.get("successThreshold", 1):
            return
        await asyncio.sleep(min(probe.get("periodSeconds", 10), LONGEST_PERIOD_S))


async def until_failed(probe: Json, process: Process, ports: dict[str, int]) -> None:
    """Wait until the probe fails as often in a row as it says."""
    times = 0
    while True:
        await asyncio.sleep(min(probe.get("periodSeconds", 10), LONGEST_PERIOD_S))
        times = 0 if await passes(probe, process, ports) else times + 1
        if times >= probe.get("failureThreshold", 3):
            return
