"""Whose hands an order went through: by the chain of custody that its heartbeats carry, by no clock. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from api_stub.schema import Custodian, HeartbeatTimeout, Order, Receipt, ReceiptOrder, Stage

MOST_ATTEMPTS = 100_000
"""Higher numbers of attempts are none."""


MOST_UNRECORDED = 1000
"""So many attempts of which nothing is recorded are counted with, the newest."""


def those_to_count(begun: int, recorded: Iterable[int]) -> list[int]:
    """The numbers of attempts to count with, in order, of `begun` ones: all of which something is recorded,
    and the newest of the others. A poison order has begun tens of thousands by the evening."""
    newest = range(max(1, begun - MOST_UNRECORDED + 1), begun + 1)
    return sorted({number for number in recorded if 0 < number <= begun}.union(newest))


def chain(order: Order, stage: Stage) -> list[Custodian]:
    """Who had a stage in hand, oldest first: the chain that the heartbeats carry."""
    return [one for view in order.stages if view.stage is stage for one in view.custody]


def held_by_attempt(order: Order, stage: Stage) -> dict[int, Custodian]:
    """The chain by the attempt, since an operator's last reset: that begins anew at 1."""
    held: dict[int, Custodian] = {}
    for one in chain(order, stage):
        if held and one.attempt <= max(held):
            held.clear()
        if one.attempt <= MOST_ATTEMPTS:
            held[one.attempt] = one
    return held


def in_chain(order: Order, stage: Stage, attempt: int, worker: str) -> bool | None:
    """Whether the chain of custody says that this worker had this attempt; None: it has no such attempt."""
    workers = [one.worker for one in chain(order, stage) if one.attempt == attempt]
    return worker in workers if workers else None


def about(order: Order, receipts: Iterable[Receipt]) -> list[tuple[Receipt, int]]:
    """The receipts that name this order in this run of it, and where they do. Where the chain of custody has
    the attempt, it decides; ids are used again.
    """
    return [
        (receipt, n)
        for receipt in receipts
        for n, entry in enumerate(receipt.orders)
        if entry.id == order.id and _is_about(order, receipt, entry)
    ]


def _is_about(order: Order, receipt: Receipt, entry: ReceiptOrder) -> bool:
    known = in_chain(order, entry.stage, entry.attempt, entry.from_)
    if known is not None:
        return known
    begin = order.started_at
    return begin is None or receipt.exit_observed_at >= begin


def unheard_of(order: Order, timeouts: Iterable[HeartbeatTimeout]) -> tuple[HeartbeatTimeout, ...]:
    """The false time-outs of this order, in this run of it."""
    mine = (one for one in timeouts if one.order == order.id)
    return tuple(one for one in mine if in_chain(order, one.stage, one.attempt, one.worker) is not False)
