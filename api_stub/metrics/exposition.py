"""Metrics as Prometheus reads them: names, types, HELP texts, labels (all from fixed sets)."""

from __future__ import annotations

import importlib.metadata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import get_args

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from api_stub.metrics.metrics import Metrics
from api_stub.schema import Audit, OrderStats, WorkerPhase

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
PREFIX = "gopherpizza_"


def rendered(metrics: Metrics) -> bytes:
    """All of it, in text format 0.0.4; the process's own figures (Linux) at the end."""
    registry = CollectorRegistry()
    registry.register(Figures(metrics))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class Figures(Collector):
    """One look at the metrics; it asks nobody."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """Every family, also those that have no value yet."""
        yield from self._orders()
        yield from self._workers()
        yield from self._house()

    def describe(self) -> Iterable[Metric]:
        """Nothing: nobody else is in the registry."""
        return []

    def _counter(self, name: str, help_: str, value: float | None) -> Metric:
        family = CounterMetricFamily(PREFIX + name, help_)
        if value is not None:
            family.add_metric([], self._metrics.highest(name, value))
        return family

    def _orders(self) -> Iterator[Metric]:
        audit, stats = self._metrics.audit, self._metrics.stats

        def counted(tell: Callable[[Audit], float]) -> float | None:
            return None if audit is None else float(tell(audit))

        def seen(tell: Callable[[OrderStats], float | None]) -> float | None:
            return None if stats is None else tell(stats.orders)

        yield self._counter(
            "orders_started", "Orders ever taken, by the ledger.", counted(lambda all_: all_.started)
        )
        yield self._counter("orders_delivered", "Orders delivered.", counted(lambda all_: all_.delivered))
        yield self._counter(
            "orders_failed", "Orders that failed as they were meant to.", counted(lambda all_: all_.failed)
        )
        yield gauge("orders_open", "Orders on their way now.", counted(lambda all_: all_.in_flight))
        yield gauge(
            "orders_lost",
            "Orders that Temporal does not have any more, or that failed without being meant to.",
            counted(lambda all_: all_.lost),
        )
        yield gauge(
            "oldest_open_order_age_seconds",
            "Age of the oldest order on its way; without a value: none is.",
            seen(lambda orders: orders.oldest_open_s),
        )
        yield self._counter(
            "order_retries", "Attempts of stages beyond the first ones.", seen(lambda orders: orders.retries)
        )
        yield self._counter(
            "heartbeat_timeouts",
            "Attempts that Temporal gave up although their worker lived.",
            seen(lambda orders: orders.heartbeat_timeouts),
        )
        yield gauge(
            "audit_balanced",
            "1: every order ever taken is accounted for in Temporal; 0: not.",
            counted(lambda all_: all_.balanced),
        )
        yield gauge(
            "audit_age_seconds",
            "Since orders were last counted in Temporal; it grows while Temporal is away.",
            self._metrics.age_s(),
        )

    def _workers(self) -> Iterator[Metric]:
        fleet = self._metrics.kitchen.fleet
        phases = Counter(slot.phase for slot in fleet.state.slots)
        places = {phase: phases[phase] for phase in get_args(WorkerPhase)}
        yield labelled(
            GaugeMetricFamily,
            "workers",
            "Places of the fleet by what is in them; ready: polls.",
            "state",
            places,
        )
        yield self._counter("worker_births", "Worker processes made.", fleet.state.births)
        yield labelled(
            CounterMetricFamily,
            "worker_deaths",
            "Worker processes that ended, by cause.",
            "cause",
            self._metrics.deaths,
        )
        delays = self._metrics.takeovers.delays
        yield HistogramMetricFamily(
            PREFIX + "takeover_delay_seconds",
            "From a worker's observed exit to the next attempt's begin, an order each.",
            buckets=delays.buckets(),
            sum_value=delays.sum,
        )

    def _house(self) -> Iterator[Metric]:
        kitchen = self._metrics.kitchen
        check = kitchen.temporal
        yield gauge(
            "temporal_up",
            "1: Temporal answers and lets us work, as last looked at; 0: not (GET /healthz says why).",
            float(check.problem is None) if check.looked else None,
        )
        yield gauge(
            "problems", "What GET /healthz lists as problems, how many.", len(kitchen.troubles.sentences)
        )
        yield labelled(
            CounterMetricFamily,
            "http_responses",
            "Answers of the API, by HTTP status.",
            "code",
            self._metrics.answers.by_code,
        )
        info = GaugeMetricFamily(
            PREFIX + "info", "1; what runs, as labels.", labels=["version", "checkpoint"]
        )
        version = importlib.metadata.version("gopherpizza")
        info.add_metric([version, kitchen.checkpoint.config.checkpoint], 1.0)
        yield info


def gauge(name: str, help_: str, value: float | None) -> Metric:
    """A gauge; without a value where nothing is known."""
    family = GaugeMetricFamily(PREFIX + name, help_)
    if value is not None:
        family.add_metric([], value)
    return family


def labelled(
    kind: Callable[..., CounterMetricFamily | GaugeMetricFamily],
    name: str,
    help_: str,
    label: str,
    values: Mapping[str, float],
) -> Metric:
    """A family with one label, and a sample for each of its values."""
    family = kind(PREFIX + name, help_, labels=[label])
    for value, found in values.items():
        family.add_metric([value], found)
    return family
