"""The SDK's own metrics of this worker, for Prometheus: how long tasks wait for it, how many more it could
hold, how they went. Off unless the environment names an address."""

from __future__ import annotations

import ipaddress
import logging
import re

from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

VARIABLE = "GOPHERPIZZA_SDK_METRICS"
"""Where they are served: an IP address and a port. Workers of one machine each have a port of their own: that
of slot 1 is this one, that of slot 2 the next."""
_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<four>[0-9.]+|localhost)):(?P<port>[0-9]{1,5})")
_REFUSED = re.compile(r"Failed starting Prometheus exporter: (.*?)(?: \(os error \d+\))?")
logger = logging.getLogger(__name__)


class BadMetricsAddress(ValueError):
    """No address for metrics; the message says what was found and what is accepted."""


def address_of(text: str, slot: int) -> str:
    """Where the worker of this slot serves its metrics. Raises BadMetricsAddress."""
    found = _ADDRESS.fullmatch(text.strip())
    port = int(found["port"]) + slot - 1 if found is not None else 0
    try:
        if found is None or int(found["port"]) == 0 or port > 65535:
            raise ValueError
        host = found["six"] or found["four"].replace("localhost", "127.0.0.1")
        return (
            f"[{ipaddress.IPv6Address(host)}]:{port}"
            if found["six"]
            else f"{ipaddress.IPv4Address(host)}:{port}"
        )
    except ValueError:
        raise BadMetricsAddress(
            f"{VARIABLE}: found {text[:60]!r} for slot {slot}; an IP address and slot 1's port (that of each "
            "further slot is one more, up to 65535) are accepted, such as 127.0.0.1:9464"
        ) from None


def serve_sdk_metrics(text: str, slot: int) -> bool:
    """Serve them from now on, at this address; whether that could be. To be called before a client is made:
    the runtime that has them is what all clients of this process use. A worker works without them, too: what
    is wrong is told in one sentence, and raises nothing."""
    try:
        address = address_of(text, slot)
    except BadMetricsAddress as error:
        logger.error("%s; this worker serves no SDK metrics", error)
        return False
    prometheus = PrometheusConfig(
        bind_address=address, counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True
    )
    try:
        Runtime.set_default(Runtime(telemetry=TelemetryConfig(metrics=prometheus)))
    except (ValueError, RuntimeError) as error:
        words = _REFUSED.fullmatch(str(error))
        logger.error(
            "%s: %s cannot be listened at (%s); this worker serves no SDK metrics",
            VARIABLE, address, words[1] if words is not None else error,
        )  # fmt: skip
        return False
    logger.info("the SDK's metrics: http://%s/metrics", address)
    return True
