"""A slot and its worker as the API tells them."""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import datetime

from api_stub.fleet.state import Slot
from api_stub.schema import CodeProblem, LastExit, Worker
from worker.shared import CodeFault


def code_problem(fault: CodeFault | None) -> CodeProblem | None:
    """A fault as the API tells it."""
    return None if fault is None else CodeProblem(file=fault.file, line=fault.line, message=fault.message)


def signal_name(number: int) -> str:
    """SIGKILL for 9; the real-time signals, which have no names of their own, as SIGRTMIN+n."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIGRTMIN+{number - signal.SIGRTMIN}"


def worker_view(
    slot: Slot,
    orders: tuple[str, ...],
    queue: str,
    wall: Callable[[float | None], datetime | None],
    now: Callable[[], datetime],
) -> Worker:
    """A slot as the API tells it. `wall`: what time it was at a moment of the fleet's clock; `now`: what time
    it is."""
    last = slot.last_exit
    return Worker(
        id=slot.id,
        label=None if slot.home is None or not slot.id else slot.id.rpartition("-")[2],
        restarts=None if slot.home is None or slot.run < 0 else slot.run,
        slot=slot.number,
        generation=slot.generation,
        pid=slot.pid,
        state=slot.phase,
        queues=[queue] if slot.phase == "ready" else [],
        started_at=wall(slot.started_at),
        ready_at=wall(slot.ready_at),
        orders=list(orders),
        last_exit=None
        if last is None
        else LastExit(
            signal=signal_name(last.signal) if last.signal else None,
            code=last.code,
            cause=last.cause,
            at=wall(last.at) or now(),
            why=last.why,
        ),
        problem=code_problem(slot.fault),
        stopped=slot.stopped,
        again_at=wall(slot.again_at),
        trouble=(slot.refusal or slot.hitch)
        if slot.trouble is None
        else f"could not be started: {slot.trouble}",
    )
