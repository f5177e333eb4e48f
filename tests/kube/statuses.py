"""What a kubelet writes into a Pod's status, as plain data; written after Kubernetes 1.20's own."""

from __future__ import annotations

import time
from typing import Any

Json = dict[str, Any]
NO_ROOM = "0/1 nodes are available: 1 Insufficient cpu."
NOT_READY = (
    "0/1 nodes are available: 1 node(s) had taint {node.kubernetes.io/not-ready: }, "
    "that the pod didn't tolerate."
)
LOW_ON_MEMORY = "The node was low on resource: memory. "


def stamp(moment: float | None = None) -> str:
    """A moment as Kubernetes writes it: whole seconds, UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def condition(kind: str, true: bool, reason: str = "", message: str = "") -> Json:
    """A condition of a Pod or a node."""
    found: Json = {"type": kind, "status": "True" if true else "False", "lastTransitionTime": stamp()}
    if reason:
        found["reason"] = reason
    if message:
        found["message"] = message
    return found


def unschedulable(message: str) -> Json:
    """The status of a Pod for which no node has room."""
    return {"phase": "Pending", "conditions": [condition("PodScheduled", False, "Unschedulable", message)]}


def waiting(reason: str, message: str = "") -> Json:
    """A container's state: not started, and why."""
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def running(started: float) -> Json:
    """A container's state: started then."""
    return {"running": {"startedAt": stamp(started)}}


def exit_code(returncode: int) -> int:
    """As container runtimes tell a process' end: 128 and the signal, where one ended it."""
    return 128 - returncode if returncode < 0 else returncode


def terminated(code: int, reason: str, started: float, ended: float, container_id: str) -> Json:
    """A container's state: over. Runtimes tell no signal, only the exit code (137: SIGKILL)."""
    return {
        "terminated": {
            "exitCode": code,
            "reason": reason,
            "startedAt": stamp(started),
            "finishedAt": stamp(ended),
            "containerID": container_id,
        }
    }


def pod_status(phase: str, containers: list[Json], *, started: str, ready: bool) -> Json:
    """A Pod's status that the node has taken on."""
    why = () if ready else ("ContainersNotReady", "containers with unready status")
    return {
        "phase": phase,
        "startTime": started,
        "hostIP": "127.0.0.1",
        "podIP": "127.0.0.1",
        "conditions": [
            condition("Initialized", True),
            condition("Ready", ready, *why),
            condition("ContainersReady", ready, *why),
            condition("PodScheduled", True),
        ],
        "containerStatuses": containers,
    }
