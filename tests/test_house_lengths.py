"""No module is longer than what a reader takes in at one sitting: the product's, and its tests'."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import ROOT

MOST_LINES = {"game": 300, "worker": 300, "api_stub": 300, "tests": 400}
"""By package, with everything below it."""
FILES = [file for package in MOST_LINES for file in sorted((ROOT / package).rglob("*.py"))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_no_module_is_too_long(file: Path) -> None:
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES[file.relative_to(ROOT).parts[0]]
