"""How the tests come by a cluster: one for a run, skipped without one, failed with a bad one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kube import cluster as clusters
from tests.kube.cluster import Cluster
from tests.kube.kubeapi import Refused, pods_of
from tests.running import PATIENCE, ROOT

PROGRAM = """#!/bin/sh
echo "$1" >> "$(dirname "$0")/calls"
while [ "$1" != --dir ]; do shift; done
: > "$2/admin.kubeconfig"
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that notes what it is asked to do."""
    file = tmp_path / "program"
    file.write_text(PROGRAM, encoding="utf-8")
    file.chmod(0o755)
    return file


def test_each_test_has_a_namespace_and_the_api_may_do_nothing_in_it(cluster: Cluster) -> None:
    assert cluster.admin.pods(cluster.namespace) == []
    with pytest.raises(Refused, match="403"):
        cluster.api.get(pods_of(cluster.namespace))


def test_users_at_the_same_time_share_one_cluster_and_the_last_stops_it(program: Path) -> None:
    calls = program.with_name("calls")
    with clusters.shared(program, program.parent / "kube") as first:
        with clusters.shared(program, program.parent / "kube") as second:
            assert first == second
        assert calls.read_text().split() == ["up"]
    assert calls.read_text().split() == ["up", "down"]
    with clusters.shared(program, program.parent / "kube"):
        assert calls.read_text().split() == ["up", "down", "up"]


def test_a_program_that_fails_is_told_with_what_it_said(program: Path) -> None:
    program.write_text('#!/bin/sh\n[ "$1" = down ] || echo no luck; exit 3\n', encoding="utf-8")
    with (
        pytest.raises(RuntimeError, match="(?s)did not start a cluster.*no luck"),
        clusters.shared(program, program.parent / "kube"),
    ):
        pass


@pytest.mark.parametrize(
    ("variables", "end", "words"),
    [
        ({}, "skipped", "needs a Kubernetes API server"),
        ({clusters.PROGRAM: "/there/is/none"}, "failed", "cannot be run"),
        ({clusters.KUBECONFIG: "/there/is/none"}, "failed", "there is no file"),
    ],
)
def test_without_a_cluster_tests_are_skipped_and_with_a_bad_one_they_fail(
    variables: dict[str, str], end: str, words: str, tmp_path: Path
) -> None:
    kept = {k: v for k, v in os.environ.items() if k not in (clusters.PROGRAM, clusters.KUBECONFIG)}
    which = "tests/test_kube_cluster.py::test_each_test_has_a_namespace_and_the_api_may_do_nothing_in_it"
    command = [sys.executable, "-m", "pytest", "-q", "-n0", which, "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--basetemp", str(tmp_path / "base")],
        cwd=ROOT,
        env={**{k: v for k, v in kept.items() if not k.startswith("PYTEST_")}, **variables},
        capture_output=True,
        text=True,
        timeout=120 * PATIENCE,
    )
    assert f"1 {end}" in done.stdout or (end == "failed" and "1 error" in done.stdout), done.stdout
    assert words in done.stdout
