"""Who may import whom: game → api_stub.schema → worker.shared; api_stub → worker; nobody imports game."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT

PACKAGES = ("game", "worker", "api_stub")
RECORDS_OF_TEMPORAL = ("api_stub.records.temporal_source", "api_stub.records.temporal_answers")
"""The modules of the records that ask Temporal themselves, and read its answers."""
FILES = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("file", FILES, ids=module_name)
def test_imports_go_one_way(file: Path) -> None:
    here = module_name(file)
    for name in imports_of(file):
        if is_in(here, "game"):
            allowed = is_in(name, "api_stub.schema") or not (is_in(name, "api_stub") or is_in(name, "worker"))
            assert allowed, f"{here} imports {name}; the game reaches the rest over HTTP"
            assert not is_in(name, "temporalio"), f"{here} imports {name}"
        else:
            assert not is_in(name, "game"), f"{here} imports {name}"
        if is_in(here, "worker"):
            assert not is_in(name, "api_stub"), f"{here} imports {name}"
        if is_in(here, "api_stub") and not (is_in(here, "api_stub.gateway") or here in RECORDS_OF_TEMPORAL):
            assert not is_in(name, "temporalio"), f"{here} imports {name}; only the gateway speaks Temporal"
        if is_in(here, "api_stub.gateway"):
            assert not is_in(name, "api_stub.records"), f"{here} imports {name}; records build on the gateway"
    if is_in(here, "api_stub.schema"):
        ours = {name for name in imports_of(file) if is_in(name, "worker") or is_in(name, "api_stub")}
        assert all(is_in(name, "worker.shared") or is_in(name, "api_stub.schema") for name in ours)
    if here == "worker.shared":
        assert not any(is_in(name, package) for name in imports_of(file) for package in PACKAGES)


LATER = ("fastapi", "uvicorn", "numpy", "psutil", "httpx")
"""What takes long to load, and the first workers do not need."""


@pytest.mark.parametrize("first", ["api_stub.server", "api_stub.stack.run"])
def test_a_start_does_not_wait_for_what_comes_later(first: str) -> None:
    code = f"import sys, {first}; print(sorted(set({LATER}) & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ended.stdout.strip() == "[]", ended
