"""The stats view's figures, as words and as numbers ready to be drawn: pure, from /stats and /audit only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from api_stub.schema import Audit, Curves, Latency, Stats
from game.api_state.audit_words import cancelled
from game.api_state.snapshot import Snapshot


@dataclass(frozen=True)
class Tile:
    """One figure: what it is, how much, and what belongs to it."""

    label: str
    value: str
    more: str = ""
    aside: str = ""
    """What stands beside the number."""


class KnownFigures(NamedTuple):
    """What is known, and the ages of audit and statistics in seconds."""

    known: Snapshot
    audit_age: float = 0.0
    stats_age: float = 0.0


@dataclass(frozen=True)
class Bars:
    """A histogram: each bar's height as a part of the highest, and marks along the axis (0 to 1, label)."""

    heights: tuple[float, ...]
    ticks: tuple[tuple[float, str], ...]
    marks: tuple[tuple[float, str], ...]


def seconds(value: float | None) -> str:
    """A time in seconds, to the tenth; a dash where there is none."""
    return "–" if value is None else f"{value:.1f} s"


def rate(value: float) -> str:
    """A rate per second."""
    return f"{value:.1f} a second"


def age(value: float) -> str:
    """An age in few characters."""
    if value < 100:
        return f"{int(max(0.0, value))} s"
    return f"{int(value // 60)} min" if value < 6000 else f"{int(value // 3600)} h"


class Sums(NamedTuple):
    """What became of all orders, each counted once: they add up to `started`."""

    started: int
    delivered: int
    open: int
    failed: int
    cancelled: int
    lost: int


def sums(stats: Stats, audit: Audit | None) -> Sums:
    """The audit's figures, where one is known: it and the statistics are counted a moment apart, and two
    figures of one thing would contradict each other."""
    if audit is None:
        orders = stats.orders
        return Sums(orders.started, orders.delivered, orders.open, orders.failed, 0, orders.lost)
    by_hand = min(cancelled(audit), audit.failed)
    failed = audit.failed - by_hand
    return Sums(audit.started, audit.delivered, audit.in_flight, failed, by_hand, audit.lost)


def ends(counted: Sums) -> str:
    """How orders ended that were not delivered, each kind by itself."""
    kinds = ((counted.lost, "lost"), (counted.failed, "failed"), (counted.cancelled, "cancelled"))
    return " · ".join(f"{count:,} {kind}" for count, kind in kinds if count) or "0 failed"


def tiles(stats: Stats, audit: Audit | None = None) -> tuple[Tile, ...]:
    """The row of numbers; what the audit counts, too, is as `audit` has it."""
    orders, workers, takeover = stats.orders, stats.workers, stats.takeover_s
    counted = sums(stats, audit)
    oldest = ""
    if counted.open and orders.oldest_open_s is not None:
        oldest = f"oldest {age(orders.oldest_open_s)}"
    unheard = orders.heartbeat_timeouts
    again = f"{unheard:,} not heard of" if unheard else "attempts again"
    return (
        Tile("orders started", f"{counted.started:,}", rate(stats.rate_per_s.started)),
        Tile("delivered", f"{counted.delivered:,}", rate(stats.rate_per_s.delivered)),
        Tile("on their way", f"{counted.open:,}", ends(counted), oldest),
        Tile("retries", f"{orders.retries:,}", again),
        Tile("a pizza takes", seconds(stats.latency_s.p50), f"95 %: {seconds(stats.latency_s.p95)}"),
        Tile("takeover after", seconds(takeover.p50), f"95 %: {seconds(takeover.p95)} · n {takeover.n:,}"),
        Tile(
            "cooks ready",
            f"{workers.ready:,}",
            f"{workers.births:,} born · {workers.deaths:,} died · {workers.kills:,} killed",
        ),
    )


def nice(top: float) -> float:
    """A round number that is at least `top`, and at least 1: the end of an axis."""
    if top <= 1:
        return 1.0
    power = 10.0 ** math.floor(math.log10(top))
    return next(step * power for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * power >= top - 1e-9)


def per_second(curve: Sequence[int], step_s: float) -> tuple[float, ...]:
    """Counts a step as rates a second; the newest step is still being counted, and left out."""
    return tuple(count / max(step_s, 1e-6) for count in curve[:-1])


def curve_points(values: Sequence[float], top: float) -> tuple[tuple[float, float], ...]:
    """A curve inside a unit square, oldest at the left; y is 0 at the bottom."""
    last = max(1, len(values) - 1)
    return tuple((n / last, min(value / top, 1.0) if top > 0 else 0.0) for n, value in enumerate(values))


def span_text(curves: Curves) -> str:
    """How long ago the curves begin: `5 min ago`; in seconds while they are shorter than a minute."""
    seconds = len(curves.open) * curves.step_s
    return f"{seconds:.0f} s ago" if seconds < 60 else f"{seconds / 60:.1f}".removesuffix(".0") + " min ago"


MOST_BARS = 200
MOST_TICKS = 12


def bars(latency: Latency) -> Bars | None:
    """The distribution of delivery times; None where nothing was measured."""
    edges, counts = latency.edges, latency.counts
    if not counts or len(edges) != len(counts) + 1 or max(counts) <= 0 or edges[-1] <= edges[0]:
        return None
    low, span = edges[0], edges[-1] - edges[0]
    if len(counts) > MOST_BARS or not math.isfinite(span):
        return None
    step = nice(span / 4)
    first = math.ceil(low / step) * step
    # Counted, not added up: of very large numbers a step may be less than one can be told from the next.
    many = min(MOST_TICKS, math.floor((edges[-1] + 1e-9 - first) / step) + 1)
    ticks = [((first + n * step - low) / span, f"{first + n * step:g} s") for n in range(many)]
    marks = tuple(
        (min(max((value - low) / span, 0.0), 1.0), name)
        for value, name in ((latency.p50, "half"), (latency.p95, "95 %"))
        if value is not None
    )
    most = max(counts)
    return Bars(tuple(count / most for count in counts), tuple(ticks), marks)
