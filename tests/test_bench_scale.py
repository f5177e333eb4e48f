"""`bench scale` goes on where it was, ends in time, and its slopes are what its cells say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
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


@pytest.mark.parametrize("cell_s", [20.0, 70.0, 170.0])
def test_a_quick_run_ends_within_eight_minutes_and_keeps_each_cell_as_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cell_s: float
) -> None:
    now, file = [0.0], tmp_path / "kept.jsonl"

    @contextmanager
    def a_stack(*_: object, **__: object) -> Iterator[None]:
        yield None

    def took(line: Line, seconds: float) -> Line:
        now[0] += seconds
        return line

    monkeypatch.setattr(scale, "a_stack", a_stack)
    monkeypatch.setattr(scale.Pile, "fill", lambda pile: None)
    monkeypatch.setattr(scale, "watching", lambda stack, count, window_s: took(watching(count, 0.1), 4.0))
    # The more workers, the longer it takes; no cell takes half as long again as the longest before it.
    monkeypatch.setattr(
        scale,
        "cell",
        lambda stack, pile, workers, limits: took(
            cell(workers, pile.count, 30.0), cell_s * (1 + workers / 50)
        ),
    )
    told = []
    for line in scale.scale(scale.QUICK, file, lambda: now[0]):
        told.append(line.bench)
        if "slope" not in line.bench:
            assert json.loads(file.read_text(encoding="utf-8").splitlines()[-1])["bench"] == line.bench
    assert now[0] <= 8 * 60
    assert "scale.1.50" in told and ("scale.16.500" in told) == (cell_s < 60)
    before = now[0]
    again = [line.bench for line in scale.scale(scale.QUICK, file, lambda: now[0])]
    assert now[0] - before <= 8 * 60 and not set(told) & set(again) - {b for b in again if "slope" in b}
