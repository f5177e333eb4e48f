"""The worker of a Pod: its settings, its name by its own count of starts, and how it panics."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import PATIENCE, ROOT
from worker.show import process
from worker.show.pod import BadPodSettings, PodSettings, counted_start

POD = {"GOPHERPIZZA_POD": "cooks-6d4f8-x2k4q"}


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = PodSettings.read(POD)
    assert (plain.concurrency, plain.lifespan_s, plain.booth) == (4, None, None)
    assert str(plain.starts_file) == "/run/gopherpizza/starts"
    more = {"GOPHERPIZZA_CONCURRENCY": "7", "GOPHERPIZZA_LIFESPAN_S": "20,60", "GOPHERPIZZA_BOOTH": "left"}
    full = PodSettings.read(POD | more | {"GOPHERPIZZA_STARTS_FILE": "/x/y", "GOPHERPIZZA_DRAIN_S": "2.5"})
    assert (full.concurrency, full.lifespan_s, full.booth) == (7, (20.0, 60.0), "left")
    assert (full.starts_file, full.drain_s) == (Path("/x/y"), 2.5)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "temporal.example:7233")
    spec = full.spec(3)
    assert (spec.identity, spec.task_queue, spec.target.booth) == (
        "cooks-6d4f8-x2k4q.3",
        "gopherpizza-left",
        "left",
    )
    assert spec.lifespan_s is not None and 20 <= spec.lifespan_s <= 60
    empty = dict.fromkeys([*more, "GOPHERPIZZA_DRAIN_S", "GOPHERPIZZA_STARTS_FILE"], "")
    assert PodSettings.read(POD | empty) == plain, "an empty variable is none"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GOPHERPIZZA_POD", "", "the Pod's name is accepted"),
        ("GOPHERPIZZA_POD", "Cooks_1", "found 'Cooks_1'"),
        ("GOPHERPIZZA_POD", "a\nb", "found"),
        ("GOPHERPIZZA_CONCURRENCY", "4.5", "a whole number from 1 to 1000"),
        ("GOPHERPIZZA_CONCURRENCY", "0", "found '0'"),
        ("GOPHERPIZZA_CONCURRENCY", "nan", "whole number"),
        ("GOPHERPIZZA_DRAIN_S", "nan", "a number from 0.1"),
        ("GOPHERPIZZA_DRAIN_S", "-1", "found '-1'"),
        ("GOPHERPIZZA_LIFESPAN_S", "20", "two times in seconds"),
        ("GOPHERPIZZA_LIFESPAN_S", "60,20", "two times in seconds"),
        ("GOPHERPIZZA_LIFESPAN_S", "nan,nan", "two times in seconds"),
        ("GOPHERPIZZA_LIFESPAN_S", "0,5", "two times in seconds"),
        ("GOPHERPIZZA_BOOTH", "a/b", "GOPHERPIZZA_BOOTH"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_accepted(name: str, value: str, words: str) -> None:
    with pytest.raises(BadPodSettings, match=words) as found:
        PodSettings.read(POD | {name: value})
    assert name in str(found.value) and "\n" not in str(found.value)


def test_starts_are_counted_where_a_restart_of_the_container_finds_them(tmp_path: Path) -> None:
    file = tmp_path / "run" / "starts"
    assert [counted_start(file) for _ in range(3)] == [0, 1, 2]


@pytest.mark.parametrize("text", ["many", "-1", "1.5", "9" * 40, "\u0663"])
def test_a_count_that_cannot_be_read_gives_nobody_a_name_that_another_had(tmp_path: Path, text: str) -> None:
    file = tmp_path / "starts"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadPodSettings, match="a number of starts is accepted"):
        counted_start(file)


def test_a_count_that_cannot_be_written_is_an_end_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "here").write_text("a file in the directory's place", encoding="utf-8")
    with pytest.raises(BadPodSettings, match="mount an emptyDir there"):
        counted_start(tmp_path / "here" / "starts")
    os.mkfifo(tmp_path / "starts")
    with pytest.raises(BadPodSettings, match="GOPHERPIZZA_STARTS_FILE"):
        counted_start(tmp_path / "starts")


def test_the_first_process_of_a_container_panics_by_its_exit_status(monkeypatch: pytest.MonkeyPatch) -> None:
    """A SIGABRT of its own would not end it, and what the library does then looks like another signal."""
    left: list[int] = []

    def leave(status: int) -> None:
        left.append(status)
        raise SystemExit

    monkeypatch.setattr(process.os, "getpid", lambda: 1)
    monkeypatch.setattr(process.os, "_exit", leave)
    with pytest.raises(SystemExit):
        process.panic()
    assert left == [134]


def test_by_hand_without_a_pod_it_says_what_is_missing() -> None:
    command = [sys.executable, "-m", "worker", "--pod"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GOPHERPIZZA")}
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30 * PATIENCE
    )
    assert ended.returncode == 2 and "GOPHERPIZZA_POD" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr
    both = subprocess.run(
        [*command, "--slot", "1"], cwd=ROOT, capture_output=True, text=True, timeout=30 * PATIENCE
    )
    assert both.returncode == 2 and "not allowed with" in both.stderr
