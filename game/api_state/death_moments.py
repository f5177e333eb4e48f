"""The moments of a Pod's death that a receipt knows: who asked, what ended when, and who went on. Pure.

Of a process there is one moment, its exit. A Pod has several, and which of them is told depends on how it
went: of a forced delete Kubernetes tells only that the Pod is gone, of a panic only that the container ended.
"""

from __future__ import annotations

from api_stub.schema import Receipt
from game.api_state.worker_names import generation_of

PROCESS_DEAD = "process dead"
NO_TENTH_S = 99.5
"""From here on whole seconds are exact enough."""
WIDE_PARTS = 3
"""So many short parts are as wide as a slip."""


def of_a_pod(receipt: Receipt) -> bool:
    """Whether it tells of a worker in a Pod."""
    return receipt.container_ended_at is not None or receipt.pod_gone_at is not None


def end_words(receipt: Receipt) -> str:
    """What was seen to end: a process, a container, or the Pod as a whole."""
    if receipt.container_ended_at is not None:
        return "container ended"
    return "Pod gone" if receipt.pod_gone_at is not None else PROCESS_DEAD


def end_untold(worker: str) -> str:
    """The same while there is no receipt: a Pod's, whose names tell no generation, will say which it was."""
    return PROCESS_DEAD if generation_of(worker) else "dead"


def asked_before_s(receipt: Receipt) -> float | None:
    """For how many seconds a Pod's end had been asked for before it was seen; None: nobody asked, or it is no
    Pod's."""
    if receipt.killed_at is None or receipt.unseen_since is not None or not of_a_pod(receipt):
        return None
    return max(0.0, (receipt.exit_observed_at - receipt.killed_at).total_seconds())


def still_to_go(receipt: Receipt) -> bool:
    """Whether its Pod was asked to go, and only its container has ended yet."""
    asked = receipt.killed_at is not None and receipt.unseen_since is None
    return asked and receipt.container_ended_at is not None and receipt.pod_gone_at is None


def moment_lines(receipt: Receipt, taken_over_s: float | None) -> tuple[str, ...]:
    """What is known, in the order in which it was so, in seconds since the first of it; none for a process,
    where nobody watched, and where there is only one moment. `taken_over_s`: so many seconds after the end
    that was seen its last order was taken over; None: not yet, or it held none."""
    if not of_a_pod(receipt) or receipt.unseen_since is not None:
        return ()
    known = [
        ("asked", receipt.killed_at),
        ("container ended", receipt.container_ended_at),
        ("Pod gone", receipt.pod_gone_at),
    ]
    times = [(words, at.timestamp()) for words, at in known if at is not None]
    if taken_over_s is not None:
        times.append(("taken over", receipt.exit_observed_at.timestamp() + taken_over_s))
    if len(times) < 2:
        return ()
    times.sort(key=lambda one: one[1])
    first = times[0][1]
    parts = [f"{words} {_since(at - first)}" for words, at in times]
    parts[0] += " s"
    short = len(parts) < WIDE_PARTS or (len(parts) == WIDE_PARTS and receipt.container_ended_at is None)
    rows = [parts] if short else [parts[:2], parts[2:]]
    return tuple(" · ".join(row) for row in rows)


def _since(seconds: float) -> str:
    return f"{seconds:.1f}" if seconds < NO_TENTH_S else f"{seconds:.0f}"
