"""Names of workers: which slot one is of, and how it is called where there is little room."""

from __future__ import annotations

import re
from collections import OrderedDict

from api_stub.schema import Worker

MAX_KNOWN = 2000
_POD = re.compile(r"-([a-z0-9]{1,10}\.[0-9]+)$", re.ASCII)
_slots: OrderedDict[str, int] = OrderedDict()
"""Slots of workers whose names do not tell them (Pods), as the API told; no such name is ever given twice."""


def remember(worker: Worker) -> None:
    """Take note of the slot of a worker whose name does not tell it."""
    if worker.id is None or worker.label is None or _slots.get(worker.id) == worker.slot:
        return
    _slots[worker.id] = worker.slot
    while len(_slots) > MAX_KNOWN:
        _slots.popitem(last=False)


def slot_of(worker_id: str) -> int | None:
    """The slot of a worker: by its name `w<slot>.<generation>`, or as the API told; None: of none."""
    head = worker_id.partition(".")[0]
    if head[:1] == "w" and head[1:].isdecimal():
        return int(head[1:])
    return _slots.get(worker_id)


def generation_of(worker_id: str) -> int:
    """The generation in a worker's name `w<slot>.<generation>`; 0 where the name does not tell it (a Pod's
    ends with how often it was started again)."""
    head, _, tail = worker_id.partition(".")
    return int(tail) if head[:1] == "w" and head[1:].isdecimal() and tail.isdecimal() else 0


def short(worker_id: str) -> str:
    """A Pod's worker without what all Pods of its Deployment have in common: `x2k4q.1`."""
    found = _POD.search(worker_id)
    return found[1] if found is not None else worker_id
