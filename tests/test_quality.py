"""The code reads as agreed: ruff's rules and format, and mypy --strict on the three packages."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.running import PATIENCE, ROOT


@pytest.mark.timeout(300 * PATIENCE)
@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]],
    ids=["ruff-check", "ruff-format", "mypy"],
)
def test_tool_is_content(command: list[str]) -> None:
    words = [sys.executable, "-m", *command]
    result = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=280 * PATIENCE)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-2000:]
