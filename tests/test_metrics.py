"""GET /metrics, and the dashboard and the README's table that are made of it."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from api_stub.clocks import elapsed
from api_stub.errors import TemporalUnreachable
from api_stub.metrics.counts import CODES, DELAYS_S, GIVEN_UP_S, SETTLED_S, Highest, Histogram, TakeoverCounts
from api_stub.schema import Audit, Receipt, Stats
from tests.running import ROOT, RunningStack, eventually
from tests.sdk_metric_names import SHOWN
from tests.serving import Api, api, kitchen_for

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAME = re.compile(r"\b(?:gopherpizza|process)_[a-z_]+\b")


def samples(text: str) -> dict[str, float]:
    """`name{labels}` → value; read by Prometheus' own parser."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


def families(text: str) -> dict[str, str]:
    """Every family of ours by its name in an expression (a counter's has _total), and its type."""
    return {
        family.name + ("_total" if family.type == "counter" else ""): family.type
        for family in text_string_to_metric_families(text)
        if family.name.startswith("gopherpizza")
    }


class CountedRecords:
    """Records whose audit, statistics and receipts a test sets. `away`: Temporal is; `answers`: when."""

    def __init__(self) -> None:
        self.audited = Audit(
            started=7, delivered=4, in_flight=2, failed=1, lost=0, balanced=True, counted_at=datetime.now(UTC)
        )
        orders = {"started": 7, "open": 2, "delivered": 4, "failed": 1, "retries": 9, "heartbeat_timeouts": 3}
        self.stated = Stats.model_validate(
            {
                "orders": {**orders, "oldest_open_s": 12.5},
                "latency_s": {},
                "rate_per_s": {"started": 0, "delivered": 0},
                "workers": {"ready": 0, "births": 0, "deaths": 0, "kills": 0},
                "takeover_s": {},
                "curves": {"step_s": 5},
                "counted_at": NOW,
            }
        )
        self.kept: list[Receipt] = []
        self.away = False
        self.answers = asyncio.Event()
        self.answers.set()

    async def open(self) -> None:
        """Nothing runs."""

    async def close(self) -> None:
        """Nothing runs."""

    async def audit(self) -> Audit:
        await self.answers.wait()
        if self.away:
            raise TemporalUnreachable("away")
        return self.audited

    async def stats(self) -> Stats:
        return self.stated

    def receipts(self, after: int) -> list[Receipt]:
        return [receipt for receipt in self.kept if receipt.n > after][-200:]


@pytest.fixture
def made() -> Iterator[Api]:
    kitchen = kitchen_for()
    kitchen.records = CountedRecords()  # type: ignore[assignment]
    with api(kitchen=kitchen, host=kitchen.fleet.host) as found:
        yield found


def records(made: Api) -> CountedRecords:
    found: Any = made.kitchen.records
    assert isinstance(found, CountedRecords)
    return found


def scraped(made: Api) -> dict[str, float]:
    answer = made("GET", "/metrics")
    assert answer.status_code == 200
    return samples(answer.text)


def receipt(n: int, *delays: float | None, at: datetime = NOW) -> Receipt:
    orders = [
        {"id": f"o{n}-{i}", "stage": "bake", "from": "w1.1", "attempt": 1, "delay_s": delay}
        for i, delay in enumerate(delays)
    ]
    return Receipt.model_validate(
        {"n": n, "worker": "w1.1", "slot": 1, "cause": "panic", "exit_observed_at": at, "orders": orders}
    )


def test_it_is_in_prometheus_format_and_tells_what_is_known(made: Api) -> None:
    answer = made("GET", "/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = samples(answer.text)
    for name, value in {
        "gopherpizza_orders_started_total": 7,
        "gopherpizza_orders_delivered_total": 4,
        "gopherpizza_orders_failed_total": 1,
        "gopherpizza_orders_open": 2,
        "gopherpizza_orders_lost": 0,
        "gopherpizza_order_retries_total": 9,
        "gopherpizza_heartbeat_timeouts_total": 3,
        "gopherpizza_oldest_open_order_age_seconds": 12.5,
        "gopherpizza_audit_balanced": 1,
        "gopherpizza_takeover_delay_seconds_count": 0,
        'gopherpizza_worker_deaths_total{cause="player"}': 0,
        'gopherpizza_workers{state="empty"}': 2,
        'gopherpizza_workers{state="ready"}': 0,
    }.items():
        assert found[name] == value, name
    assert 0 <= found["gopherpizza_audit_age_seconds"] < 60
    kinds = families(answer.text)
    for name, kind in kinds.items():
        assert (kind == "counter") == name.endswith("_total"), name
    assert kinds["gopherpizza_takeover_delay_seconds"] == "histogram"


def test_births_deaths_by_cause_and_cooks_that_poll(made: Api) -> None:
    pid = made.pid(1)
    made.tell(made.host.ready, pid)
    found = scraped(made)
    assert found['gopherpizza_workers{state="ready"}'] == 1 and found["gopherpizza_worker_births_total"] == 1
    made("DELETE", "/fleet/workers/1")
    made.until(lambda: made.kitchen.fleet.state.deaths == 1)
    made.post("/fleet/workers", {"slot": 1})
    made.tell(made.host.end, made.pid(1), signal.SIGSEGV)
    found = scraped(made)
    assert found['gopherpizza_worker_deaths_total{cause="player"}'] == 1
    assert found['gopherpizza_worker_deaths_total{cause="crash"}'] == 1
    assert found["gopherpizza_worker_births_total"] == 2


def test_while_temporal_is_away_it_is_as_last_known(made: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert scraped(made)["gopherpizza_orders_started_total"] == 7
    records(made).away = True
    records(made).audited = records(made).audited.model_copy(update={"started": 8})
    # The clock that nobody sets goes on by an hour; the one on the wall is set.
    monkeypatch.setattr("api_stub.metrics.metrics.elapsed", lambda: elapsed() + 3600)
    metrics = made.app.state.metrics
    metrics.audit = metrics.audit.model_copy(update={"counted_at": datetime.now(UTC) + timedelta(hours=5)})
    found = scraped(made)
    assert found["gopherpizza_orders_started_total"] == 7
    assert 3600 <= found["gopherpizza_audit_age_seconds"] < 3700
    made.until(lambda: made.kitchen.temporal.looked)  # nobody listens where this kitchen's Temporal is
    assert scraped(made)["gopherpizza_temporal_up"] == 0


def test_a_scrape_waits_for_nobody_and_asks_once(made: Api) -> None:
    """What takes longer goes on, and is told by the next scrape."""
    records(made).answers.clear()
    assert "gopherpizza_orders_started_total" not in scraped(made), "not known yet"
    asking = made.app.state.metrics._asking
    assert not asking.done()
    scraped(made)
    assert made.app.state.metrics._asking is asking
    made.tell(records(made).answers.set)
    made.until(lambda: made.app.state.metrics.stats is not None)
    assert scraped(made)["gopherpizza_orders_started_total"] == 7


def test_counters_never_go_back(made: Api) -> None:
    """An order that is deleted in Temporal is no longer delivered there; the gauge tells that it is lost."""
    scraped(made)
    records(made).audited = records(made).audited.model_copy(
        update={"delivered": 3, "lost": 1, "balanced": False}
    )
    found = scraped(made)
    assert found["gopherpizza_orders_delivered_total"] == 4
    assert found["gopherpizza_orders_lost"] == 1 and found["gopherpizza_audit_balanced"] == 0


def test_takeovers_are_counted_once_whoever_asks(made: Api) -> None:
    now = datetime.now(UTC)
    records(made).kept = [receipt(1, 1.8, None, at=now)]
    assert scraped(made)["gopherpizza_takeover_delay_seconds_count"] == 1
    records(made).kept = [receipt(1, 1.8, 2.2, at=now), receipt(2, 9.0, at=now)]
    scraped(made)
    found = scraped(made)
    assert found["gopherpizza_takeover_delay_seconds_count"] == 3
    assert found["gopherpizza_takeover_delay_seconds_sum"] == pytest.approx(13.0)
    assert found['gopherpizza_takeover_delay_seconds_bucket{le="2.0"}'] == 1
    assert found['gopherpizza_takeover_delay_seconds_bucket{le="2.5"}'] == 2
    assert found['gopherpizza_takeover_delay_seconds_bucket{le="+Inf"}'] == 3


def test_takeovers_of_an_earlier_api_are_not_ours() -> None:
    counts = TakeoverCounts()
    counts.take([receipt(1, 1.0), receipt(2, None)], 5.0, count=False)
    counts.take([receipt(1, 1.0), receipt(2, 3.0)], 5.0)
    assert counts.delays.sum == 3.0


def test_a_receipt_may_grow_and_old_ones_are_let_go() -> None:
    counts = TakeoverCounts()
    counts.take([receipt(1), receipt(2, 1.0)], 1.0)
    assert counts.after == 0, "the first may yet turn out to have held something"
    counts.take([receipt(1, 2.0), receipt(2, 1.0, 4.0)], 2.0)
    assert counts.delays.sum == 7.0
    counts.take([receipt(1, 2.0), receipt(2, 1.0, 4.0), receipt(3, None)], 1.0 + SETTLED_S)
    assert counts.after == 2 and set(counts._counted) == {3}
    counts.take([receipt(3, None), receipt(4, 1.0)], 2.0 + SETTLED_S)
    counts.take([receipt(3, None), receipt(4, 1.0)], 1.0 + SETTLED_S + GIVEN_UP_S)
    assert counts.after == 4 and not counts._counted
    assert counts.delays.sum == 8.0


@given(st.lists(st.floats(-10, 1000), max_size=30))
def test_a_histogram_has_every_value_once(values: list[float]) -> None:
    histogram = Histogram(DELAYS_S)
    for value in values:
        histogram.observe(value)
    found = histogram.buckets()
    assert [count for _, count in found] == sorted(count for _, count in found)
    for bound, count in found:
        assert count == sum(max(0.0, value) <= float(bound) for value in values)
    assert found[-1] == ("+Inf", len(values))


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 1e9))))
def test_the_highest_is_kept_by_name(values: list[tuple[str, float]]) -> None:
    highest = Highest()
    for i, (name, value) in enumerate(values):
        assert highest(name, value) == max(v for n, v in values[: i + 1] if n == name)


def test_answers_are_counted_by_status_from_a_fixed_set(made: Api) -> None:
    for path in ("/menu", "/nowhere", "/audit"):
        made("GET", path)
    records(made).away = True
    made("GET", "/audit")
    found = scraped(made)
    assert found['gopherpizza_http_responses_total{code="404"}'] == 1
    assert found['gopherpizza_http_responses_total{code="503"}'] == 1
    assert found['gopherpizza_http_responses_total{code="200"}'] == 2
    refused = made("GET", "/metrics", headers={"host": "evil.example"})
    assert refused.status_code == 403, "as on every route"
    found = scraped(made)
    assert found['gopherpizza_http_responses_total{code="403"}'] == 1
    made.app.state.metrics.answers.add(299)
    assert scraped(made)['gopherpizza_http_responses_total{code="other"}'] == 1
    assert made("POST", "/metrics").status_code == 405


def test_two_apps_of_a_process_share_nothing(made: Api) -> None:
    made("GET", "/nowhere")
    with api() as other:
        found = scraped(other)
        assert found['gopherpizza_http_responses_total{code="404"}'] == 0
        assert not [name for name in found if name.startswith("gopherpizza_orders")], "it keeps no ledger"
    assert scraped(made)['gopherpizza_http_responses_total{code="404"}'] == 1


def test_labels_are_bounded(made: Api) -> None:
    """No id of an order or a worker is ever a label: their number has no end."""
    records(made).kept = [receipt(n, 1.0, at=datetime.now(UTC)) for n in range(1, 100)]
    text = made("GET", "/metrics").text
    assert not re.search(r"o1-0|w1\.1", text)
    assert len(samples(text)) < 100
    codes = {name for name in samples(text) if name.startswith("gopherpizza_http_responses")}
    assert len(codes) == len(CODES) + 1


def test_it_is_described(made: Api) -> None:
    described = made("GET", "/openapi.json").json()["paths"]["/metrics"]["get"]
    assert list(described["responses"]["200"]["content"]) == ["text/plain"]
    assert described["description"]


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "configs/grafana/gopherpizza.json").read_text("utf-8"))
    return found


def expressions() -> list[str]:
    """Every PromQL expression of the dashboard."""
    found: list[str] = []

    def look(part: Any) -> None:
        if isinstance(part, dict):
            found.extend(str(value) for key, value in part.items() if key == "expr")
            for value in part.values():
                look(value)
        elif isinstance(part, list):
            for value in part:
                look(value)

    look(dashboard())
    return found


def table() -> set[str]:
    """The names in README's table of metrics."""
    text = (ROOT / "README.md").read_text("utf-8").partition("\n## Metrics\n")[2].partition("\n## ")[0]
    rows = [line for line in text.splitlines() if line.startswith("| `gopherpizza_")]
    return {name for row in rows for name in NAME.findall(row.split("|")[1])}


def test_dashboard_table_and_metrics_name_the_same(made: Api) -> None:
    text = made("GET", "/metrics").text
    ours = families(text)
    names = {name.partition("{")[0] for name in samples(text)} | set(ours)
    used = {name for expression in expressions() for name in NAME.findall(expression)}
    assert len(used) > 10 and used <= names, used - names
    assert table() <= set(ours), table() - set(ours)
    parts = {re.sub("_(bucket|sum|count)$", "", name) for name in used}
    assert set(ours) <= parts | table(), set(ours) - parts - table()


def test_the_dashboard_is_one(made: Api) -> None:
    """Ids and places are its own, brackets match, labels are ones that its metrics have."""
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert "How many orders are out, delivered" in {panel["title"] for panel in panels}
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
        assert panel["description"] and panel["datasource"]["uid"] == "${datasource}"
        for target in panel["targets"]:
            expression, legend = target["expr"], target["legendFormat"]
            for left, right in ("()", "[]", "{}"):
                assert expression.count(left) == expression.count(right), expression
            text = " ".join(name for name in scraped(made) if name.split("{")[0] in expression)
            text += "".join(f' {one}="' for name in SHOWN if name in expression for one in SHOWN[name])
            for label in re.findall(r"\{\{(\w+)\}\}", legend) + re.findall(r"by \((\w+)\)", expression):
                assert f'{label}="' in text, (label, expression)
            for counter in re.findall(r"\b(\w+_total|\w+_bucket|\w+_sum|\w+_count)\b(?!\[)", expression):
                assert panel["type"] == "stat", f"{counter} without rate or increase"


@pytest.mark.stack
def test_a_real_kitchen(stack: RunningStack) -> None:
    """Orders, a kill and its takeover, as Prometheus would see them; the order of things is the audit's."""

    def now() -> dict[str, float]:
        return samples(stack.client.get("/metrics").raise_for_status().text)

    def counted() -> dict[str, float] | None:
        found = now()
        return found if "gopherpizza_order_retries_total" in found else None

    before = eventually(counted) or {}
    taken_over = "gopherpizza_takeover_delay_seconds_count"
    for order_id in ("measured-1", "measured-2", "measured-3", "measured-4"):
        stack.order(order_id)
        stack.until_worked_on(order_id, "prepare")
        stack.client.delete("/fleet/workers/1").raise_for_status()
        stack.until_worker(1, "dead")
        stack.client.post("/fleet/workers", json={"slot": 1})
        stack.until(order_id, "ORDER_DELIVERED")
        if now()[taken_over] > before[taken_over]:
            break  # else this test was held up, and the kill came between two stages, or too late

    grows = (
        *("gopherpizza_orders_started_total", "gopherpizza_orders_delivered_total", taken_over),
        *('gopherpizza_worker_deaths_total{cause="player"}', "gopherpizza_order_retries_total"),
    )

    def told() -> dict[str, float] | None:
        found = now()
        return found if all(found[name] >= before.get(name, 0.0) + 1 for name in grows) else None

    found = eventually(told) or {}
    assert found["gopherpizza_orders_lost"] == 0 and found["gopherpizza_temporal_up"] == 1
    assert "process_resident_memory_bytes" in found or not Path("/proc/self").exists()
