"""The description says what is accepted: schemathesis reads it and tries all of it, on a real stack."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import PATIENCE, RunningStack, eventually, quick_config, running_stack

A_BUSY_TEMPORAL = """
[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "503"]
"""
"""A Temporal that does not answer in time is a 503, where the description has one; else it is found all the
same. That there are few is looked at afterwards."""


def answers(stack: RunningStack) -> dict[str, float]:
    """How many answers the API gave, by status."""
    text = stack.client.get("/metrics").text
    counted = re.findall(r'^gopherpizza_http_responses_total\{code="(\d+)"\} (\S+)$', text, re.MULTILINE)
    return {status: float(number) for status, number in counted}


@pytest.mark.stack
def test_nothing_comes_back_that_is_not_described_and_what_is_described_is_accepted(tmp_path: Path) -> None:
    """All of schemathesis' own checks, with the same examples in each run."""
    config = quick_config(tmp_path, slots=4, start=2)
    (tmp_path / "schemathesis.toml").write_text(A_BUSY_TEMPORAL, encoding="utf-8")
    with running_stack(tmp_path / "state", config, "--no-game") as stack:
        run = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", f"{stack.api_url}/openapi.json"),
                *("--seed", "14", "--generation-deterministic"),
                *("--phases", "examples,coverage,fuzzing", "--max-examples", "4"),
                "--no-color",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=90 * PATIENCE,
        )
        assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
        assert "Tested: 33" in run.stdout, run.stdout[-3000:]
        counted = answers(stack)
        assert counted.get("503", 0.0) <= 0.02 * sum(counted.values()), counted
        audit = eventually(
            lambda: answered.json() if (answered := stack.client.get("/audit")).is_success else None
        )
        assert audit["lost"] == 0
        log = (stack.state / "logs" / "api.log").read_text(encoding="utf-8")
    assert "Traceback" not in log
