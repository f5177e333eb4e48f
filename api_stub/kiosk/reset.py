"""The kiosk as it was set up: the next visitor finds nothing of the last one's. It verifies itself, and
what it could not put back is tried again until it is.

The window's own part (panels, the stream's rate, accessibility switches) is the window's to reset.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from api_stub.background import reason_of
from api_stub.checkpoint.switching import view
from api_stub.kitchen import Kitchen, policy_of
from api_stub.schema import KioskReset, NotRestored
from worker.show.challenges import NAMES, pristine
from worker.show.edited_code import digest_of

logger = logging.getLogger(__name__)

PART = "kiosk reset"
LIMIT_S = 5.0
LOOK_S = 0.1
AGAIN_S = 2.0
SHRINK_S = 2.0
PARTS = ("failures", "checkpoint", "code", "fleet")
"""In this order: a fleet is right only under the right checkpoint, with the right code."""


async def reset(kitchen: Kitchen) -> KioskReset:
    """Put everything back, and look whether it is; takes LIMIT_S and a little more at the most."""
    began = time.monotonic()
    kitchen.kiosk.rounds.end_all(None)
    async with kitchen.resetting:
        wrong = await _put_back(kitchen, began + LIMIT_S)
    _tell(kitchen, wrong)
    restored = [part for part in PARTS if part not in wrong]
    logger.info("reset: %s restored; %s", ", ".join(restored), wrong or "nothing is left to do")
    return KioskReset(
        restored=restored,  # type: ignore[arg-type]
        not_restored=[NotRestored(what=part, why=why) for part, why in wrong.items()],  # type: ignore[arg-type]
        checkpoint=kitchen.checkpoint.config.checkpoint,
        stream=view(kitchen.checkpoint).stream,
        open_orders=len(kitchen.gateway.open_now()),
        took_s=round(time.monotonic() - began, 3),
    )


async def keep_trying(kitchen: Kitchen) -> None:
    """For ever: what a reset could not put back is tried again. To be run by keep_running."""
    while True:
        await asyncio.sleep(AGAIN_S)
        if not kitchen.unrestored:
            continue
        async with kitchen.resetting:
            if kitchen.unrestored:
                _tell(kitchen, await _put_back(kitchen, time.monotonic() + LIMIT_S))


def _tell(kitchen: Kitchen, wrong: dict[str, str]) -> None:
    kitchen.unrestored = bool(wrong)
    if not wrong:
        kitchen.troubles.clear(PART)
    elif kitchen.troubles.tell(PART, "; ".join(f"{part}: {why}" for part, why in wrong.items())):
        logger.warning("not put back yet: %s", wrong)


async def _put_back(kitchen: Kitchen, deadline: float) -> dict[str, str]:
    """Do each part and verify it until the deadline; what is wrong still, by part."""
    steps: dict[str, tuple[Callable[[Kitchen], Awaitable[None]], Callable[[Kitchen], str | None]]] = {
        "failures": (_end_failures, _failures_problem),
        "checkpoint": (_go_home, _checkpoint_problem),
        "code": (_put_code_back, _code_problem),
        "fleet": (_fill_fleet, _fleet_problem),
    }
    wrong: dict[str, str] = {}
    for part, (do, _) in steps.items():
        try:
            await do(kitchen)
        except Exception as error:
            # One part must not keep the others from being put back; the reason is told, and it is retried.
            wrong[part] = reason_of(error)
    while True:
        found = {part: problem(kitchen) for part, (_, problem) in steps.items()}
        left = {part: why for part, why in found.items() if why is not None}
        if not left or time.monotonic() >= deadline:
            return {part: wrong.get(part, why) for part, why in left.items()}
        await asyncio.sleep(LOOK_S)


async def _end_failures(kitchen: Kitchen) -> None:
    await kitchen.failures.end_all()


def _failures_problem(kitchen: Kitchen) -> str | None:
    running = kitchen.failures.running
    return f"still under way: {', '.join(running)}" if running else None


async def _go_home(kitchen: Kitchen) -> None:
    """The checkpoint that the kiosk was started with, as it was when it was last in force."""
    async with kitchen.switching:
        if _checkpoint_problem(kitchen) is not None:
            kitchen.put_in_force(kitchen.home)
            kitchen.fleet.reshape(policy_of(kitchen.home.config))


def _checkpoint_problem(kitchen: Kitchen) -> str | None:
    now, home = kitchen.checkpoint, kitchen.home
    if now.file == home.file and now.config.checkpoint == home.config.checkpoint:
        return None
    return f"{now.config.checkpoint} is in force, not {home.config.checkpoint}"


async def _put_code_back(kitchen: Kitchen) -> None:
    """The buggy code for everybody who comes next; workers that run another edit are replaced."""
    if kitchen.code is None:
        return
    for bug in NAMES:
        if kitchen.code.path(bug).exists() and kitchen.code.read(bug) != pristine(bug).read_bytes():
            kitchen.code.reset(bug)
    if _runs_other_code(kitchen):
        kitchen.fleet.redeploy()


def _runs_other_code(kitchen: Kitchen) -> bool:
    bug = kitchen.checkpoint.config.bug
    if bug is None:
        return False
    digest = digest_of(pristine(bug).read_bytes())
    return any(slot.phase == "ready" and slot.code != digest for slot in kitchen.fleet.state.slots)


def _code_problem(kitchen: Kitchen) -> str | None:
    if kitchen.code is None:
        return None
    for bug in NAMES:
        if kitchen.code.path(bug).exists() and kitchen.code.read(bug) != pristine(bug).read_bytes():
            return f"{kitchen.code.path(bug)} is not the pristine one"
    return "workers run other code still" if _runs_other_code(kitchen) else None


async def _fill_fleet(kitchen: Kitchen) -> None:
    """As many workers as the checkpoint starts with: those that lack are started, those over it drain."""
    policy = policy_of(kitchen.checkpoint.config)
    staying = sum(
        not slot.retiring and (slot.phase in ("starting", "ready") or slot.replacing)
        for slot in kitchen.fleet.state.slots
    )
    if policy.respawn_after_s is None and staying > max(1, policy.start):
        kitchen.fleet.reshape(replace(policy, slots=max(1, policy.start)))
        deadline = time.monotonic() + SHRINK_S
        while len(kitchen.fleet.state.slots) > max(1, policy.start) and time.monotonic() < deadline:
            await asyncio.sleep(LOOK_S)
    kitchen.fleet.reshape(policy)


def _fleet_problem(kitchen: Kitchen) -> str | None:
    policy = policy_of(kitchen.checkpoint.config)
    if kitchen.fleet.policy != policy:
        return "it follows another policy"
    ready = kitchen.fleet.ready
    if ready < policy.start:
        return f"{ready} of {policy.start} workers poll"
    if policy.respawn_after_s is None and ready > max(1, policy.start):
        return f"{ready} workers poll, and {policy.start} are the kiosk's"
    return None
