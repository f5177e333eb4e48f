"""What Kubernetes says of a Pod, in words that a speaker can read out; and what an end in it means. Pure."""

from __future__ import annotations

import re
import signal
from dataclasses import replace

from api_stub.fleet.events import End
from api_stub.fleet.kubernetes.pods import Pod, Termination

IMAGE = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError")
SETTINGS = ("CreateContainerConfigError",)
MAKING = ("ContainerCreating", "PodInitializing", "")
LOOP = "CrashLoopBackOff"
MISSED = "it ended while Kubernetes could not be heard"
MISSED_POD = "its Pod was gone when Kubernetes could be heard again"
UNWATCHED = "it ended while no API watched"
UNWATCHED_POD = "its Pod was gone when an API watched again"
UNWATCHED_PANIC = "it panicked while no API watched"
LONGEST_BACKOFF_S = 300.0
_BACKOFF = re.compile(r"back-off (?:(\d+)m)?(?:(\d+)s)?\b")


def trouble(pod: Pod, was_ready: bool) -> str | None:
    """Why its worker is not at work, or will not be for long; None: it is, or is on its usual way there, or
    out."""
    if pod.node_silent:
        more = "; its Pod cannot be taken away until it does" if pod.deleting else ""
        return f"its node does not answer{more}"
    if pod.deleting:
        return None
    if pod.unschedulable:
        return f"no node has room: {pod.unschedulable}"
    if pod.doing == "waiting" and (pod.waits_for not in MAKING or pod.waits_message):
        return waiting(pod)
    if pod.doing == "running" and was_ready and not pod.ready:
        return "it runs, and says that it is not ready (its readiness probe fails)"
    return None


def waiting(pod: Pod) -> str:
    """Why its container does not run."""
    more = f": {pod.waits_message}" if pod.waits_message else ""
    if pod.waits_for in IMAGE:
        return f"its image cannot be had ({pod.waits_for}){more}"
    if pod.waits_for in SETTINGS:
        return f"settings that its Pod names are missing ({pod.waits_for}){more}"
    if pod.waits_for in MAKING:
        return f"its container is being made{more}"
    return f"its container cannot be started ({pod.waits_for}){more}"


def pause(pod: Pod) -> tuple[str | None, float | None]:
    """Why the next run has not begun (None: it begins now), and for how long it will not, in seconds (None:
    nobody tells)."""
    found = _BACKOFF.search(pod.waits_message)
    if pod.waits_for == LOOP:
        if found is None or not (found[1] or found[2]):
            return "Kubernetes waits before it starts it again (CrashLoopBackOff)", None
        for_s = min(LONGEST_BACKOFF_S, 60.0 * int(found[1] or 0) + int(found[2] or 0))
        return f"Kubernetes starts it again within {for_s:g} s (CrashLoopBackOff)", for_s
    if pod.waits_for:
        return waiting(pod), None
    return None, None


def end_of_run(how: Termination | None, removed: bool) -> End:
    """The end of a run, as its node told it; None: the node told nothing of that one."""
    if how is None:
        return End(reason=MISSED, removed=removed)
    number = how.signal
    if number is None and how.code is not None and 128 < how.code <= 128 + signal.NSIG - 1:
        number = how.code - 128  # as shells and container runtimes tell a signal
    if how.reason == "OOMKilled":
        return End(number or signal.SIGKILL, None, "it took more memory than its limit (OOMKilled)")
    if how.reason == "Evicted":
        return End(number, None, "its node put it out (Evicted)", removed=True)
    told = None if how.reason in ("", "Error", "Completed") else how.reason
    panicked = number == signal.SIGABRT
    return End(
        number,
        None if number is not None else how.code,
        told,
        "panic" if panicked else None,
        removed=removed and not panicked,
    )


def end_of_pod(pod: Pod, asked: bool, missed: bool = False) -> End:
    """The end of whatever still ran in a Pod that is gone, or over. `asked`: we had it deleted; `missed`: it
    was gone when Kubernetes could be heard again."""
    if pod.reason == "Evicted":
        words: str | None = f"its node put it out (Evicted): {pod.message}" if pod.message else "Evicted"
    elif asked:
        words = None
    elif pod.node_silent:
        words = "its node is lost"
    elif pod.over:
        words = f"its Pod is over ({pod.reason or pod.phase})" + (f": {pod.message}" if pod.message else "")
    elif missed:
        words = MISSED_POD
    elif pod.deleting:
        words = "somebody else deleted its Pod"
    else:
        words = "its Pod was deleted, or taken out of this kitchen"
    return End(reason=words, removed=True, home_gone=not pod.over)


def unwatched(end: End) -> End:
    """The same end, found out by an API that was not there when it came."""
    if end.reason is None and end.cause == "player":
        return end  # that is all there is to say
    if end.reason is None and end.cause == "panic":
        return replace(end, reason=UNWATCHED_PANIC)
    known = {None: UNWATCHED, MISSED: UNWATCHED, MISSED_POD: UNWATCHED_POD}
    return replace(end, reason=known.get(end.reason) or f"{end.reason}; no API watched then")
