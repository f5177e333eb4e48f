"""`bench scale` goes on where it was, ends in time, and its slopes are what its cells say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import scale
from tests.bench.report import Line
from tests.bench.scale import Kept, Limits, slopes


def cell(workers: int, count: int, temporal_ms: float) -> Line:
    detail: dict[str, object] = {"workers": workers, "open": count}
    detail |= {f"{name}_cpu_ms_an_order": 10.0 for name in ("api", "workers")}
    return Line(
        f"scale.{workers}.{count}", 5.0, "orders/s", 10.0, detail | {"temporal_cpu_ms_an_order": temporal_ms}
    )


def watching(count: int, api: float) -> Line:
    detail: dict[str, object] = {
        "open": count,
        "api_cores": api,
        "server_cores": 0.1,
        "api_mb": 100 + count / 100,
    }
    return Line(f"scale.watching.{count}", api + 0.1, "cores", None, detail)


def test_what_was_measured_is_read_again_but_for_a_line_that_was_cut(tmp_path: Path) -> None:
    file = tmp_path / "kept.jsonl"
    kept = Kept(file)
    for line in (cell(1, 50, 30.0), watching(50, 0.01)):
        assert kept.add(line) is line
    file.write_text(file.read_text(encoding="utf-8") + '{"bench": "scale.2.5', encoding="utf-8")
    assert Kept(file).lines == kept.lines
    assert Kept(None).lines == {}


def test_slopes_are_between_the_least_and_the_most() -> None:
    lines = [watching(50, 0.05), watching(500, 0.1), watching(2050, 0.25)]
    lines += [cell(1, 50, 30.0), cell(4, 50, 39.0), cell(16, 50, 60.0)]
    found = {line.bench: line for line in slopes({line.bench: line for line in lines})}
    assert set(found) == {"scale.slope.open_order", "scale.slope.worker.50"}
    assert found["scale.slope.open_order"].value == pytest.approx(100)
    assert found["scale.slope.open_order"].detail["api_kb"] == pytest.approx(10)
    assert found["scale.slope.worker.50"].value == pytest.approx(2)
    assert list(slopes({})) == [] and list(slopes({"scale.1.50": lines[3]})) == []


def test_nothing_is_begun_when_time_is_up_or_all_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a stack was started")

    monkeypatch.setattr(scale, "a_stack", never)
    ticks = iter([0.0, 61.0])
    assert list(scale.scale(Limits(minutes=1), None, lambda: next(ticks))) == []
    file = tmp_path / "kept.jsonl"
    kept = Kept(file)
    for count in (50, 500):
        kept.add(watching(count, 0.1))
        for workers in (1, 4):
            kept.add(cell(workers, count, 30.0))
    limits = Limits(workers=(1, 4), open=(50, 500))
    again = [line.bench for line in scale.scale(limits, file)]
    assert again == ["scale.slope.open_order", "scale.slope.worker.50", "scale.slope.worker.500"]
