"""One name, one meaning; and the guide to the code names files that there are."""

from __future__ import annotations

import ast
import re

import pytest

from tests.running import ROOT

PACKAGES = ("game", "worker", "api_stub")
FILES = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
SAME_THING = {
    "Custodian",  # as it stands in heartbeats, and as the API tells it
    "Redeploy",  # as a command of the window, and as an event of the fleet
    "PoseLayers",  # a cook's and a gopher's
}
"""Classes of one name that are about the same thing on two sides of a border."""
RIDDLES = re.compile(
    r"\b(Easel|Pile|Stride|Lying|Outfits|Stance|Tally|Heard|Telling|LateWords|Book|Doing|Keeper|Grip|Held|Story)\b"
)
"""Names that were used once, and that nobody could read without their docstring."""


def classes() -> dict[str, list[str]]:
    """Every public class, by its name: where it is."""
    found: dict[str, list[str]] = {}
    for file in FILES:
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(str(file.relative_to(ROOT)))
    return found


def test_no_two_classes_have_one_name() -> None:
    twice = {name: places for name, places in classes().items() if len(places) > 1}
    assert {name: places for name, places in twice.items() if name not in SAME_THING} == {}
    assert set(twice) >= SAME_THING, "what is there once only needs no exception"


def test_no_class_is_a_riddle() -> None:
    assert [name for name in classes() if RIDDLES.fullmatch(name)] == []


@pytest.mark.parametrize("guide", ["ARCHITECTURE.md", "README.md"])
def test_every_module_that_a_guide_names_is_there(guide: str) -> None:
    there = [
        file.relative_to(ROOT).as_posix()
        for part in (*PACKAGES, "tests")
        for file in (ROOT / part).rglob("*.py")
    ]
    text = (ROOT / guide).read_text(encoding="utf-8")
    missing = [
        name
        for name in re.findall(r"`([\w./]+\.py)`", text)
        if not any(file == name or file.endswith(f"/{name}") for file in there)
    ]
    assert missing == []
