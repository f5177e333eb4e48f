"""The figures of the stats view, from rows of Temporal's listing and the fleet's log; pure, numpy.

Times are seconds since 1970, arrays of float64; an order that is on its way has closed = infinity.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from api_stub.records.fleet_log import ReadyCount
from api_stub.records.retention import NEWEST
from api_stub.records.source import ListedRun
from api_stub.schema import Curves, Latency, Rates, Spread

Floats = NDArray[np.float64]
BINS = 24
RATE_S = 60.0
CLOCKS_S = 30.0
"""A server's clock may be ahead of ours by so much."""
STEP_S = 5.0
STEPS = 60


@dataclass(frozen=True)
class Times:
    """When orders started and closed, one value an order each, and which of them were delivered."""

    started: Floats
    closed: Floats
    delivered: NDArray[np.bool_]


def times_of(rows: Sequence[ListedRun]) -> Times:
    """The times of these orders."""
    n = len(rows)
    return Times(
        started=np.fromiter((row.started for row in rows), np.float64, n),
        closed=np.fromiter((math.inf if row.closed is None else row.closed for row in rows), np.float64, n),
        delivered=np.fromiter((row.state == "completed" for row in rows), np.bool_, n),
    )


def spread(seconds: Floats | Sequence[float]) -> Spread:
    """Median and 95th percentile, rounded to milliseconds."""
    if not len(seconds):
        return Spread()
    p50, p95 = np.percentile(seconds, [50, 95])
    return Spread(p50=round(float(p50), 3), p95=round(float(p95), 3))


def latency(times: Times) -> Latency:
    """From start to delivery, over the NEWEST deliveries; bins of one width, from 0 to over the longest."""
    closed = times.closed[times.delivered]
    taken = (times.closed - times.started)[times.delivered]
    if closed.size > NEWEST:
        taken = taken[np.argpartition(closed, closed.size - NEWEST)[-NEWEST:]]
    middle = spread(taken)
    if not taken.size:
        return Latency()
    edges = bin_edges(float(taken.max()))
    counts, _ = np.histogram(np.clip(taken, 0, edges[-1]), edges)
    return Latency(p50=middle.p50, p95=middle.p95, edges=edges, counts=counts.tolist())


def bin_edges(longest: float) -> list[float]:
    """Edges of at most BINS bins from 0 to `longest` or over it, of a width that reads well (1, 2 or 5)."""
    rough = max(longest, 0.001) / BINS
    unit = 10.0 ** math.floor(math.log10(rough))
    width = next((step * unit for step in (1, 2, 5) if step * unit >= rough), 10 * unit)
    bins = max(1, math.ceil(round(longest / width, 9)))
    return [round(width * place, 6) for place in range(bins + 1)]


def rates(times: Times, now: float) -> Rates:
    """Orders taken and delivered per second over the last RATE_S seconds. What is of the future, since the
    clock was set back, is of none of them."""

    def lately(moments: Floats) -> NDArray[np.bool_]:
        return (moments > now - RATE_S) & (moments <= now + CLOCKS_S)

    started = np.count_nonzero(lately(times.started))
    delivered = np.count_nonzero(times.delivered & lately(times.closed))
    return Rates(started=round(started / RATE_S, 4), delivered=round(delivered / RATE_S, 4))


def curves(times: Times, died: Iterable[float], ready: Sequence[ReadyCount], now: float) -> Curves:
    """The last STEPS steps of STEP_S seconds, the newest ending now. `ready` is not empty, oldest first."""
    edges = now - STEP_S * np.arange(STEPS, -1, -1)
    edges[-1] = math.nextafter(now, math.inf)

    def per_step(moments: Floats) -> list[int]:
        counted: list[int] = np.histogram(moments, edges)[0].tolist()
        return counted

    ends = edges[1:]
    begun = np.searchsorted(np.sort(times.started), ends, side="right")
    ended = np.searchsorted(np.sort(times.closed), ends, side="right")
    changes = np.searchsorted([count.at for count in ready], ends, side="right") - 1
    return Curves(
        step_s=STEP_S,
        started=per_step(times.started),
        delivered=per_step(times.closed[times.delivered]),
        open=(begun - ended).tolist(),
        deaths=per_step(np.fromiter(died, np.float64)),
        ready=[ready[place].ready if place >= 0 else 0 for place in changes],
    )
