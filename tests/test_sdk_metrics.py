"""The SDK's own metrics of the workers, as Prometheus reads them, and a worker that cannot serve them."""

from __future__ import annotations

import contextlib
import logging
import re
import socket
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from temporalio.runtime import Runtime

from tests.running import eventually, free_ports, quick_config, running_stack
from tests.sdk_metric_names import SHOWN, WORKER_TYPES
from tests.test_metrics import expressions
from worker.show.sdk_metrics import VARIABLE, BadMetricsAddress, address_of, serve_sdk_metrics


def scraped(port: int) -> str:
    """What a worker tells there; empty: nobody is there."""
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=20).raise_for_status().text
    return ""


def labels_of(text: str) -> dict[str, set[str]]:
    """The labels of each sample by its name; read by Prometheus' own parser."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def busy_after_free() -> tuple[int, socket.socket]:
    """A free port, and a listener at the next one."""
    while True:
        (port,) = free_ports(1)
        taken = socket.socket()
        with contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", port + 1))
            taken.listen()
            return port, taken
        taken.close()


@pytest.mark.stack
def test_each_worker_of_a_kitchen_serves_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kitchen of two, and the second one's port is somebody else's: it works all the same, and says so. Who
    comes after a killed one has its port."""
    port, taken = busy_after_free()
    monkeypatch.setenv(VARIABLE, f"127.0.0.1:{port}")
    config = quick_config(tmp_path, slots=2, start=2)
    with taken, running_stack(tmp_path / "state", config, "--no-game") as stack:
        for slot in (1, 2):
            stack.until_worker(slot, "ready")
        log = (tmp_path / "state" / "logs" / "worker-2.log").read_text(encoding="utf-8")
        assert f"127.0.0.1:{port + 1} cannot be listened at (Address already in use)" in log
        stack.client.delete("/fleet/workers/2").raise_for_status()
        stack.order("metered")
        stack.until("metered", "ORDER_DELIVERED")
        found = labels_of(scraped(port))
        for name, labels in SHOWN.items():
            assert labels <= found[name], name
        assert [name for name in found if name.startswith("temporal_activity_task_received")]
        types = set(re.findall(r'worker_type="(\w+)"', scraped(port)))
        assert types == WORKER_TYPES
        stack.client.delete("/fleet/workers/1").raise_for_status()
        stack.until_worker(1, "dead")
        eventually(lambda: not scraped(port))
        stack.client.post("/fleet/workers", json={"slot": 1}).raise_for_status()
        stack.until_worker(1, "ready")
        assert "temporal_worker_start_total" in scraped(port), "the next one has the same port"


def test_the_dashboard_shows_nothing_else_of_them() -> None:
    every = " ".join(expressions())
    assert set(re.findall(r"\btemporal_[a-z_]+\b", every)) == set(SHOWN)
    asked = re.findall(r'worker_type="(\w+)"', every)
    assert asked and set(asked) <= WORKER_TYPES


@pytest.mark.parametrize(
    ("text", "slot", "address"),
    [
        ("127.0.0.1:9464", 1, "127.0.0.1:9464"),
        ("127.0.0.1:9464", 3, "127.0.0.1:9466"),
        (" localhost:9464 ", 2, "127.0.0.1:9465"),
        ("0.0.0.0:9464", 1, "0.0.0.0:9464"),
        ("[::]:9464", 2, "[::]:9465"),
        ("[::1]:65535", 1, "[::1]:65535"),
    ],
)
def test_each_slot_has_its_own_port(text: str, slot: int, address: str) -> None:
    assert address_of(text, slot) == address


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("9464", 1), ("yes", 1), (":9464", 1), ("127.0.0.1", 1), ("127.0.0.1:0", 1), ("127.0.0.1:65536", 1),
        ("127.0.0.1:65535", 2), ("1.2.3:9464", 1), ("[1.2.3.4]:9464", 1), ("::1:9464", 1),
        ("metrics.example:9464", 1), ("127.0.0.1:9464/metrics", 1), ("http://127.0.0.1:9464", 1),
        ("x" * 10_000, 1), ("127.0.0.1:९४६४", 1), ("a\nb", 1),
    ],
)  # fmt: skip
def test_what_is_no_address_is_one_sentence_and_no_end(
    text: str, slot: int, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(BadMetricsAddress, match=f"{VARIABLE}: found .* accepted, such as") as caught:
        address_of(text, slot)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
    with caplog.at_level(logging.ERROR):
        assert serve_sdk_metrics(text, slot) is False
    [record] = caplog.records
    assert record.getMessage().endswith("this worker serves no SDK metrics")


@pytest.mark.parametrize(
    "error",
    [
        ValueError("Failed starting Prometheus exporter: Cannot assign requested address (os error 99)"),
        ValueError("Failed starting Prometheus exporter: Permission denied (os error 13)"),
        ValueError("anything else"),
        RuntimeError("Runtime default already set"),
    ],
)
def test_whatever_the_sdk_refuses_is_told_and_never_raised(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*asked: object, **settings: object) -> None:
        raise error

    monkeypatch.setattr(Runtime, "__init__", refused)
    with caplog.at_level(logging.ERROR):
        assert serve_sdk_metrics("127.0.0.1:9464", 1) is False
    [record] = caplog.records
    words = str(error).removeprefix("Failed starting Prometheus exporter: ").partition(" (os")[0]
    assert f"127.0.0.1:9464 cannot be listened at ({words}); this worker" in record.getMessage()
