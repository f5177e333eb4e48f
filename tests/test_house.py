"""Which package of game/ may import which: imports go down only, floor by floor."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from game.drawing import picture_limits
from game.simulation.model import Model
from tests.running import PATIENCE, ROOT

PLAIN = {"actions", "bindings", "inputs", "theme", "accessibility", "geometry", "told_once", "composition"}
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
STILL_TO_MEND: set[tuple[str, str]] = set()
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
        assert len(list(directory.glob("*.py"))) <= 25, directory


SAME_THING = [
    # Its state and rules, its drawing, and what is drawn of it over the kitchen.
    {"simulation", "simulation.display", "scene", "scene.hud"},
    # The pictures of somebody, and drawing them at a moment.
    {"drawing.art", "scene"},
    # How a package's one thing is laid out, drawn, or put into words.
    {"panels.order_form", "panels.order_card", "panels.stats"},
    # What a panel is, and the one of the figures.
    {"panels", "panels.stats"},
    {"scene.hud", "scene.crowd"},
]
"""Packages in which modules of one name are about the same thing, or do the same for what is around them."""


def test_modules_of_one_name_are_about_one_thing() -> None:
    packages: dict[str, set[str]] = {}
    for module in MODULES:
        package, _, name = module.rpartition(".")
        if not name.startswith("__"):
            packages.setdefault(name, set()).add(package)
    for name, here in packages.items():
        assert len(here) == 1 or any(here <= known for known in SAME_THING), f"{name}: {sorted(here)}"


def test_what_the_api_told_is_read_without_loading_pygame() -> None:
    code = "import sys, game.api_state.snapshot, game.network.order_tracking; print('pygame' in sys.modules)"
    command, limit_s = [sys.executable, "-c", code], 120 * PATIENCE
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=limit_s)
    assert told.stdout.strip() == "False", told.stderr


def test_only_the_crowd_knows_that_gophers_rest() -> None:
    """Whoever changes a gopher does so by its own methods, which wake it."""
    for module, file in MODULES.items():
        if module != "simulation.actors" and not module.startswith("simulation.crowd."):
            assert ".wake()" not in file.read_text(encoding="utf-8"), module


DRAWS_ON = {"Brush", "View", "Pen", "PanelPainter", "Window", "Surface"}
"""Whoever is handed one of these draws."""


def handed(function: ast.FunctionDef) -> set[str]:
    """The names of the types of what a function is handed."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    notes = [argument.annotation for argument in arguments if argument.annotation is not None]
    nodes = [node for note in notes for node in ast.walk(note)]
    named = {node.id for node in nodes if isinstance(node, ast.Name)}
    return named | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def test_who_draws_is_handed_what_it_looks_at_and_not_the_model() -> None:
    found = []
    for package in ("scene", "panels", "drawing", "kiosk"):
        for file in (ROOT / "game" / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef):
                    drawing = handed(node) & DRAWS_ON or node.name.startswith(("draw", "paint"))
                    if drawing and "Model" in handed(node):
                        found.append(f"{file.name}: {node.name}")
                elif isinstance(node, ast.ClassDef):
                    methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
                    if any(part.name.startswith("draw") for part in methods):
                        makers = [part for part in methods if part.name == "__init__"]
                        found += [f"{file.name}: {node.name}" for part in makers if "Model" in handed(part)]
    assert found == []


MOST_MEMBERS = 15
TOLD_BY_THE_APPLICATION = {
    "floor.kitchen", "kiosk.attracting", "own.card", "pointing.idle", "setup.access", "setup.composition",
    "setup.device", "setup.muted", "time.wall",
}  # fmt: skip
"""What the application lets the model know: facts of the window. What it must do is what `update` returns."""


def test_the_model_has_a_few_groups_and_no_heap_of_fields() -> None:
    assert len(fields(Model)) <= MOST_MEMBERS


def test_nothing_is_written_into_the_model_for_the_application_to_read_and_zero() -> None:
    written = set()
    for module, file in MODULES.items():
        if module != "app" and module.split(".")[0] not in ("panels", "scene", "sound", "desktop", "network"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                found = re.fullmatch(r"(?:self\.)?_?model\.(.+)", ast.unparse(node))
                written |= {found[1]} if found else set()
    assert written == TOLD_BY_THE_APPLICATION


def test_pictures_are_kept_in_one_way() -> None:
    """`KeptPictures` is bounded by bytes: a cache by count has no bound where pictures differ in size."""
    for module, file in MODULES.items():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.returns is not None:
                cached = any("cache" in ast.unparse(one) for one in node.decorator_list)
                assert not (cached and "Surface" in ast.unparse(node.returns)), f"{module}: {node.name}"
            elif isinstance(node, ast.AnnAssign):
                kind = ast.unparse(node.annotation)
                assert not ("OrderedDict" in kind and "Surface" in kind), f"{module}: {kind}"


def test_how_many_bytes_of_pictures_are_kept_is_said_in_one_place() -> None:
    """Whoever keeps pictures takes its limit from `drawing/picture_limits.py`, or is handed it."""
    keepers = {"KeptPictures", "CrowdPictures", "Transforms", "DiskCache"}
    for module, file in MODULES.items():
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in keepers:
                inside = [part for given in node.args for part in ast.walk(given)]
                assert not any(isinstance(part, ast.Constant) for part in inside), f"{module}:{node.lineno}"
                named = {part.id for part in inside if isinstance(part, ast.Name) and part.id.isupper()}
                assert named <= vars(picture_limits).keys(), f"{module}:{node.lineno}"
            elif isinstance(node, ast.Assign) and module != "drawing.picture_limits":
                names = {target.id for target in node.targets if isinstance(target, ast.Name)}
                assert not any(name.endswith("_BYTES") for name in names), f"{module}:{node.lineno}"
