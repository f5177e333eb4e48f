"""The worker's end of the pipe that it tells its fleet by: that it polls, and a hint for each attempt."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from typing import Any

from temporalio import activity
from temporalio.exceptions import CancelledError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from worker.shared import STAGE_OF_ACTIVITY, WORKFLOW_TYPE
from worker.show.hints import MAX_HINT_BYTES, Hint, HintKind
from worker.show.spec import Readiness

logger = logging.getLogger(__name__)

TELL_DROPPED_EVERY = 1000
"""Dropped hints are logged with the first one, and then once for so many."""


class NewsToFleet:
    """Tells the fleet through a pipe: one Readiness, which waits for room, and hints, which never do.

    Code that a visitor edits runs in this process and may have closed the descriptor, whose number may then
    be somebody else's (a connection to Temporal): so it is looked at before each write.
    """

    def __init__(self, pipe: int) -> None:
        self._pipe: int | None = pipe
        self._is = os.fstat(pipe)
        self._rest = b""
        self.dropped = 0
        """Hints that were not told: nobody has read the pipe for a while."""
        os.set_blocking(pipe, False)

    def ready(self, readiness: Readiness) -> None:
        """Tell that this worker polls. Raises OSError when nobody is there to be told."""
        pipe = self._checked()
        told = self._rest + readiness.told()
        self._rest = b""
        os.set_blocking(pipe, True)
        while told:
            told = told[os.write(pipe, told) :]
        os.set_blocking(pipe, False)

    def hint(self, hint: Hint) -> None:
        """Tell of an attempt; where there is no room, or nobody listens, drop it. Never raises or waits."""
        if self._pipe is None:
            return
        try:
            self._put(hint.told())
        except BlockingIOError:
            self._drop("nobody reads the pipe to the fleet")
        except Exception as error:
            # The API is gone: the lifeline ends this process. Or a visitor's code has closed the pipe.
            self._pipe = None
            logger.warning("the fleet gets no more hints: %r", error)

    def _put(self, line: bytes) -> None:
        if len(line) > MAX_HINT_BYTES:
            self._drop(f"it has {len(line)} bytes; {MAX_HINT_BYTES} are accepted")
            return
        pipe = self._checked()
        # What is longer than the pipe takes at once may be cut; its rest comes before anything else.
        if self._rest:
            self._rest = self._rest[os.write(pipe, self._rest) :]
        if self._rest:
            raise BlockingIOError
        self._rest = line[os.write(pipe, line) :]

    def _checked(self) -> int:
        if self._pipe is None or not os.path.samestat(os.fstat(self._pipe), self._is):
            raise OSError("the pipe to the fleet was closed")
        return self._pipe

    def _drop(self, why: str) -> None:
        if self.dropped % TELL_DROPPED_EVERY == 0:
            logger.warning("a hint was dropped: %s (%d before)", why, self.dropped)
        self.dropped += 1


class HintingInterceptor(Interceptor):
    """Tells of each attempt of a stage when it begins and when it ends, however it ends."""

    def __init__(self, tell: Callable[[Hint], None]) -> None:
        self._tell = tell

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Part of the SDK's interface: what stands before each activity of the worker."""
        return _Hinting(next, self._tell)


class _Hinting(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, tell: Callable[[Hint], None]) -> None:
        super().__init__(next)
        self._tell = tell

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        """Run the attempt between two hints. They go out before the server hears of its end: it is the kernel
        that delivers them, also when this process is killed in the next moment."""
        self._hint("started")
        try:
            result = await self.next.execute_activity(input)
        except (asyncio.CancelledError, CancelledError):
            why = activity.cancellation_details()
            self._hint("cancelled", refused=why is not None and why.not_found)
            raise
        except BaseException:
            self._hint("failed")
            raise
        self._hint("completed")
        return result

    def _hint(self, kind: HintKind, *, refused: bool = False) -> None:
        info = activity.info()
        stage = STAGE_OF_ACTIVITY.get(info.activity_type)
        if stage is None or info.workflow_type != WORKFLOW_TYPE:
            return  # another program may use our activities, in a workflow of its own or without one
        if info.workflow_id and info.workflow_run_id:
            self._tell(Hint(kind, info.workflow_id, info.workflow_run_id, stage, info.attempt, refused))
