"""Which package of game/ may import which: imports go down only, floor by floor."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT

PLAIN = {"actions", "bindings", "inputs", "theme", "accessibility", "geometry", "once"}
"""Plain data at the root of game/, known to all."""
MAY_USE: dict[str, set[str]] = {
    "network": {"api_state"},
    "api_state": set(),
    "desktop": set(),
    "simulation": {"api_state"},
    "kiosk": {"simulation", "api_state"},
    "replay": {"simulation", "api_state"},
    "sound": {"simulation", "api_state"},
    "drawing": {"simulation"},
    "scene": {"drawing", "simulation", "api_state", "replay", "desktop", "kiosk"},
    "panels": {"scene", "drawing", "simulation", "api_state", "replay", "kiosk"},
}
STILL_TO_MEND = {
    ("desktop.window", "drawing.view"),
    ("drawing.brush", "scene.background"),
    ("scene.hud.top_band", "panels.code_excerpt"),
    ("scene.renderer", "panels.bug_code"),
    ("scene.renderer", "panels.order_card.card"),
    ("scene.renderer", "panels.panel"),
    ("scene.renderer", "panels.replay_window"),
    ("scene.renderer", "panels.stats.panel"),
}
"""Imports that go up. None may be added; one that is mended leaves this list."""
NO_PYGAME = ("api_state", "kiosk", "network", "replay", "simulation")
FILES = sorted((ROOT / "game").rglob("*.py"))
MODULES = {".".join(file.relative_to(ROOT / "game").with_suffix("").parts): file for file in FILES}


def imported(file: Path) -> set[str]:
    """What a file imports of game, as modules below it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name.removeprefix("game.") in MODULES else node.module for name in names}
    return {name.removeprefix("game.") for name in found if name.startswith("game.")}


def upward() -> set[tuple[str, str]]:
    """Every import between two packages that the table does not allow."""
    found = set()
    for module, file in MODULES.items():
        package = module.split(".")[0]
        if package not in MAY_USE:
            continue
        for name in imported(file):
            other = name.split(".")[0]
            if other != package and other not in MAY_USE[package] | PLAIN:
                found.add((module, name))
    return found


def test_imports_between_packages_go_down() -> None:
    assert upward() == STILL_TO_MEND


@pytest.mark.parametrize("package", NO_PYGAME)
def test_what_needs_no_pygame_does_not_import_it(package: str) -> None:
    for module, file in MODULES.items():
        if module.split(".")[0] == package:
            assert not any(line.split()[1:2] == ["pygame"] for line in imports_in(file)), module


def imports_in(file: Path) -> list[str]:
    """The lines of a file that import something."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.lstrip().startswith(("import ", "from "))]


def test_plain_data_imports_no_package() -> None:
    for name in PLAIN:
        assert {other.split(".")[0] for other in imported(MODULES[name])} <= PLAIN, name


def test_no_package_is_a_heap() -> None:
    for directory in {file.parent for file in FILES}:
        assert len(list(directory.glob("*.py"))) <= 26, directory


def test_what_the_api_told_is_read_without_loading_pygame() -> None:
    code = "import sys, game.api_state.snapshot, game.network.order_tracking; print('pygame' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert told.stdout.strip() == "False", told.stderr


def test_only_the_crowd_knows_that_gophers_rest() -> None:
    """Whoever changes a gopher does so by its own methods, which wake it."""
    for module, file in MODULES.items():
        if module != "simulation.actors" and not module.startswith("simulation.crowd."):
            assert ".wake()" not in file.read_text(encoding="utf-8"), module
