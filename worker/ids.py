"""How orders, workers, booths and task queues are called in Temporal: made and read here alone."""

from __future__ import annotations

import hashlib
import re
import uuid

from worker.shared import TASK_QUEUE

MAX_BOOTH_LENGTH = 32
BOOTH_PATTERN = r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*"
"""A booth's name, the whole of it: it stands in task queues, identities, ids and queries."""
BOOTH_VARIABLE = "GOPHERPIZZA_BOOTH"
"""The environment variable that names the booth, where no config does."""
BOOTH_ATTRIBUTE = "GopherPizzaBooth"
"""The search attribute (a keyword) that each order of a booth has, where the namespace lets us have one."""


def workflow_id_for(order_id: str, booth: str | None = None) -> str:
    """`<asked>--<uuid4>`, always the same for the same id, so that placing an order twice is safe. At a booth
    it is `<asked>--<booth>.<uuid4>`: the same id at two booths is two orders.
    """
    at = "" if booth is None else f" at {booth}"
    digest = hashlib.sha256(f"gopherpizza order {order_id}{at}".encode()).digest()
    suffix = str(uuid.UUID(bytes=digest[:16], version=4))
    return f"{order_id}--{suffix if booth is None else f'{booth}.{suffix}'}"


def fresh_workflow_id(order_id: str) -> str:
    """`<asked>--<uuid4>` with a random suffix: the original's UI counts from auto-1 at every start."""
    return f"{order_id}--{uuid.uuid4()}"


def asked_id(workflow_id: str) -> str:
    """The id that was asked for: what stands before the last `--`."""
    return workflow_id.rsplit("--", 1)[0]


def booth_in(workflow_id: str) -> str | None:
    """The booth that stands in a workflow id; None where none does."""
    return workflow_id.rpartition("--")[2].rpartition(".")[0] or None


def worker_id(slot: int, generation: int) -> str:
    """`w<slot>.<generation>`: the process's name everywhere, and, without a booth, its Temporal identity."""
    return f"w{slot}.{generation}"


def checked_booth(name: str) -> str:
    """The name, if a booth may have it. Raises ValueError, which says what is accepted."""
    if len(name) > MAX_BOOTH_LENGTH or re.fullmatch(BOOTH_PATTERN, name) is None:
        raise ValueError(
            f"a booth's name is 1 to {MAX_BOOTH_LENGTH} of A-Z a-z 0-9, with single . _ - between them"
        )
    return name


def task_queue_of(booth: str | None) -> str:
    """The task queue of a booth, or of a kitchen without one."""
    return TASK_QUEUE if booth is None else f"{TASK_QUEUE}-{booth}"


def identity_at(booth: str | None, name: str) -> str:
    """What Temporal is told as the identity of a process of this name: `<booth>/<name>` at a booth."""
    return name if booth is None else f"{booth}/{name}"


def name_at(booth: str | None, identity: str) -> str:
    """The name behind an identity that Temporal told, as this booth reads it: its own prefix is taken off.
    One without a prefix is none of this booth's: it gets `?/`, so that it is not taken for ours.
    """
    if booth is None or not identity:
        return identity
    own = identity.removeprefix(f"{booth}/")
    return own if own != identity or "/" in identity else f"?/{identity}"
