"""The description says what is accepted: schemathesis reads it and tries all of it, on a real stack."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import PATIENCE, quick_config, running_stack


@pytest.mark.stack
def test_nothing_comes_back_that_is_not_described_and_what_is_described_is_accepted(tmp_path: Path) -> None:
    """All of schemathesis' own checks, with the same examples in each run."""
    config = quick_config(tmp_path, slots=4, start=2)
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
        assert stack.client.get("/audit").json()["lost"] == 0
        log = (stack.state / "logs" / "api.log").read_text(encoding="utf-8")
    assert "Traceback" not in log
