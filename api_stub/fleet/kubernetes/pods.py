"""What a Pod's record says of the worker in it; pure. Records are read leniently: they are another's.

A worker is one run of the container `worker`. Runs are counted by the container's restarts, from 0, and named
`<pod>.<run>`, which is what the process in it calls itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

CONTAINER = "worker"
NAME_LABEL, COMPONENT_LABEL = "app.kubernetes.io/name", "app.kubernetes.io/component"
BOOTH_LABEL = "gopherpizza/booth"
LABELS = {NAME_LABEL: "gopherpizza", COMPONENT_LABEL: "cook"}
SELECTOR = ",".join(f"{key}={value}" for key, value in LABELS.items())
MAX_WORDS = 200
Doing = Literal["absent", "waiting", "running", "ended"]


@dataclass(frozen=True)
class Termination:
    """How a run ended, as the node wrote it."""

    code: int | None
    signal: int | None
    reason: str


@dataclass(frozen=True)
class Pod:
    """A Pod of ours at one moment. `ended`: the last run that is over, -1: none is; `last`: how that went."""

    name: str
    uid: str
    phase: str
    doing: Doing
    ended: int
    last: Termination | None
    ready: bool
    deleting: bool
    node_silent: bool
    reason: str
    """Of the Pod itself: Evicted, NodeLost …"""
    message: str
    waits_for: str
    """Why the container waits, by the node's name for it: ImagePullBackOff, CrashLoopBackOff …"""
    waits_message: str
    unschedulable: str | None
    """Why no node takes it, in the scheduler's words; empty: nobody has said why; None: one has."""

    @property
    def over(self) -> bool:
        """Whether nothing will run in it any more, though its record is still there."""
        return self.phase in ("Failed", "Succeeded")

    @property
    def run(self) -> int | None:
        """The run that is under way or to come; None: the last one is over, and the next not begun."""
        return None if self.doing == "ended" or self.over else self.ended + 1

    def named(self, run: int) -> str:
        """The worker's id: THE rule of identity."""
        return f"{self.name}.{run}"


def as_known(name: str, uid: str, ended: int) -> Pod:
    """A Pod of which no record is at hand, only what an earlier API wrote down."""
    return Pod(name, uid, "", "absent", ended, None, False, False, False, "", "", "", "", None)


def read(raw: Any, namespace: str, booth: str | None) -> Pod | None:
    """A Pod's record; None: it is none of this kitchen's (namespace, labels, booth), or cannot be read."""
    meta = _map(_map(raw).get("metadata"))
    labels = _map(meta.get("labels"))
    name, uid = meta.get("name"), meta.get("uid")
    if not isinstance(name, str) or not isinstance(uid, str) or not name or not uid:
        return None
    if meta.get("namespace") != namespace or any(labels.get(key) != value for key, value in LABELS.items()):
        return None
    if labels.get(BOOTH_LABEL, booth) != booth:
        return None
    status = _map(_map(raw).get("status"))
    conditions = {
        _text(one.get("type")): one for one in map(_map, _list(status.get("conditions"))) if one.get("type")
    }
    container = next(
        (one for one in map(_map, _list(status.get("containerStatuses"))) if one.get("name") == CONTAINER), {}
    )
    doing, ended, last = _runs(container)
    state, is_ready = _map(container.get("state")), _map(conditions.get("Ready")).get("status")
    waiting, container_ready = _map(state.get("waiting")), container.get("ready") is True
    scheduled = _map(conditions.get("PodScheduled"))
    assigned = bool(_map(_map(raw).get("spec")).get("nodeName")) or scheduled.get("status") == "True"
    return Pod(
        name=name,
        uid=uid,
        phase=_text(status.get("phase")),
        doing=doing,
        ended=ended,
        last=last,
        ready=doing == "running" and container_ready and is_ready in ("True", None),
        deleting=meta.get("deletionTimestamp") is not None,
        # The container was ready by its node's last word; that the Pod is not is the word of others.
        node_silent=status.get("phase") == "Unknown"
        or status.get("reason") in ("NodeLost", "NodeUnreachable")
        or (doing == "running" and container_ready and is_ready in ("False", "Unknown")),
        reason=_text(status.get("reason")),
        message=_text(status.get("message")),
        waits_for=_text(waiting.get("reason")),
        waits_message=_text(waiting.get("message")),
        unschedulable=None if assigned or doing != "absent" else _text(scheduled.get("message")),
    )


def _runs(container: Mapping[str, Any]) -> tuple[Doing, int, Termination | None]:
    """What the container does, which run is the last that is over, and how that ended."""
    if not container:
        return "absent", -1, None
    count = container.get("restartCount")
    restarts = count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else 0
    state = _map(container.get("state"))
    before = _map(_map(container.get("lastState")).get("terminated"))
    last = _termination(before) if before else None
    if "terminated" in state:
        return "ended", restarts, _termination(_map(state["terminated"]))
    if "running" in state:
        return "running", restarts - 1, last
    if last is not None:
        # The count goes up when the next run begins, so the one of this number is over.
        return "ended", restarts, last
    return "waiting", restarts - 1, None


def _termination(raw: Mapping[str, Any]) -> Termination:
    code, number = raw.get("exitCode"), raw.get("signal")
    return Termination(
        code if isinstance(code, int) else None,
        number if isinstance(number, int) and number > 0 else None,
        _text(raw.get("reason")),
    )


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return " ".join(value.split())[:MAX_WORDS] if isinstance(value, str) else ""
