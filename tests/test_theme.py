"""Colours and sizes can be read, also by those who do not see red and green apart."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path

import numpy as np
import pygame
import pytest
from numpy.typing import NDArray

from game import theme
from game.accessibility import SWITCHES, Access, switched
from game.bindings import ACTIONS
from game.desktop.settings import Settings, load, save
from game.drawing.text import Pen
from game.drawing.view import View
from game.theme import (
    ALARM,
    BASIL,
    COOKS,
    CREAM,
    DUSK,
    GLOW,
    INK,
    INK_SOFT,
    NIGHT,
    TOMATO,
    WOOD_DARK,
    Colour,
    rgb,
)
from tests.eyes import DEUTERANOPIA, GREY, PROTANOPIA, seen_by
from tests.running import ROOT

PAIRS: dict[str, tuple[Colour, Colour]] = {
    "cream on night": (CREAM, NIGHT),
    "cream on ink": (CREAM, INK),
    "cream on dusk": (CREAM, DUSK),
    "cream on dark wood": (CREAM, WOOD_DARK),
    "glow on night": (GLOW, NIGHT),
    "glow on ink": (GLOW, INK),
    "ink on glow": (INK, GLOW),
    "ink on cream": (INK, CREAM),
    "soft ink on cream": (INK_SOFT, CREAM),
    "cream on basil (good news)": (CREAM, BASIL),
    "cream on tomato (bad news)": (CREAM, TOMATO),
    "tomato on cream": (TOMATO, CREAM),
    "alarm on night (lost pizzas)": (ALARM, NIGHT),
    **{f"ink on cook {n}": (INK, colour) for n, colour in enumerate(COOKS, 1)},
}


def linear(colour: Colour) -> NDArray[np.float64]:
    """sRGB to linear light, 0 to 1."""
    c = np.asarray(colour, np.float64) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(one: Colour, other: Colour) -> float:
    """WCAG 2.2's contrast ratio, 1 to 21."""
    lights = sorted(float(linear(c) @ (0.2126, 0.7152, 0.0722)) for c in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


@pytest.mark.parametrize("text, ground", PAIRS.values(), ids=PAIRS)
def test_text_can_be_read_on_its_ground(text: Colour, ground: Colour) -> None:
    assert contrast(text, ground) >= 4.5


def strongly(colour: Colour) -> Colour:
    return Access(strong=True).shown(colour)


@pytest.mark.parametrize("text, ground", PAIRS.values(), ids=PAIRS)
def test_high_contrast_is_high(text: Colour, ground: Colour) -> None:
    """WCAG's level AAA wherever the ground is not a cook's own colour, which must stay what it is."""
    enhanced = contrast(strongly(text), strongly(ground))
    assert enhanced >= (5.5 if ground in COOKS else 7.0) and enhanced > contrast(text, ground)


def test_large_text_is_larger_and_never_smaller_than_without() -> None:
    surface = pygame.Surface((1920, 1080))
    plain, large = Pen(View(surface)), Pen(View(surface, Access(large=True)))
    for size in sizes().values():
        wide, high = plain.measure("Anchovies", size)
        assert large.measure("Anchovies", size)[0] == pytest.approx(wide * 1.4, rel=0.04)
        for room in (wide * 1.4, wide * 1.1, wide, wide * 0.6):
            one = plain.write("Anchovies", 0, 0, size, CREAM, max_width=room)
            other = large.write("Anchovies", 0, 0, size, CREAM, max_width=room)
            assert other[2] <= room + 1 and other[3] >= one[3] - 1


def test_large_text_is_broken_as_if_smaller_before_it_is_cut() -> None:
    surface = pygame.Surface((1920, 1080))
    text = "the dough stuck to the ceiling and fell on somebody"
    plain, large = Pen(View(surface)), Pen(View(surface, Access(large=True)))
    assert plain.wrap(text, 22, 300, lines=2) == large.wrap(text, 22, 300, lines=2)
    assert not any("…" in line for line in large.wrap(text, 22, 300, lines=2))


def test_each_switch_has_a_key_and_is_remembered(tmp_path: Path) -> None:
    access = Access()
    key_of = {action: key for key, action in ACTIONS.items()}
    for field, name in SWITCHES.items():
        access, said = switched(access, field, key_of[field])
        assert getattr(access, field) and said == f"{name} is on ({key_of[field].upper()})"
    assert switched(access, "calm", "f7")[0] == Access(False, True, True)
    kept = Settings(True, access.calm, access.large, access.strong)
    assert save(tmp_path / "settings.json", kept) and load(tmp_path / "settings.json") == kept


def test_the_measure_measures() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)
    assert rgb("#0a80ff") == (10, 128, 255)


HAVE_COLOURS = {"theme.py", "simulation/appearance.py", "panels/code_colours.py"}
"""Where colours are decided; `theme.py` names the other two."""
TAKE_COLOURS = {"fill", "mix", "box", "disc", "shade", "line", "write"}
"""What draws or makes something of a colour."""


def test_colours_are_decided_in_the_theme() -> None:
    """Nobody else makes one, as `rgb("#…")` or as three numbers."""
    for file in (ROOT / "game").rglob("*.py"):
        name = file.relative_to(ROOT / "game").as_posix()
        if name in HAVE_COLOURS:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            values: list[ast.expr] = []
            if isinstance(node, ast.AnnAssign) and "Colour" in ast.unparse(node.annotation) and node.value:
                values = [node.value]
            elif isinstance(node, ast.Call):
                assert ast.unparse(node.func) != "rgb", f"{name}:{node.lineno}"
                values = node.args if ast.unparse(node.func).split(".")[-1] in TAKE_COLOURS else []
            made = [one for value in values for one in ast.walk(value) if isinstance(one, ast.Tuple)]
            for one in made:
                whole = [isinstance(part, ast.Constant) and isinstance(part.value, int) for part in one.elts]
                assert whole != [True] * 3, f"{name}:{node.lineno}"


def sizes() -> dict[str, float]:
    return {name: value for name, value in vars(theme).items() if name.startswith("SIZE_")}


def test_no_size_is_under_22_and_body_text_not_under_28() -> None:
    assert min(sizes().values()) >= 22 and theme.SIZE_BODY >= 28 and len(sizes()) >= 6
    assert theme.SIZE_HERO > theme.SIZE_TITLE > theme.SIZE_HEAD > theme.SIZE_BODY


def test_nobody_writes_in_a_size_of_their_own() -> None:
    """The size given to a pen is made of the theme's names, never a bare number."""
    found = 0
    for file in [*(ROOT / "game" / "scene").glob("*.py"), *(ROOT / "game" / "panels").glob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(node, ast.Call) and isinstance(called, ast.Attribute) and called.attr == "write":
                if len(node.args) > 3:
                    found += 1
                    assert not isinstance(node.args[3], ast.Constant), f"{file}:{node.lineno}"
    assert found > 10


XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float64)


def lab(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE L*a*b* of linear RGB, D65."""
    t = XYZ @ np.clip(light, 0, 1) / (0.9505, 1.0, 1.089)
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def least_difference(eye: NDArray[np.float64]) -> tuple[float, tuple[int, int]]:
    """The smallest CIE76 difference of two cooks' colours to this eye, and which two (from 1)."""
    seen = [lab(eye @ linear(colour)) for colour in COOKS]
    return min(
        (float(np.linalg.norm(seen[a] - seen[b])), (a + 1, b + 1))
        for a, b in itertools.combinations(range(len(COOKS)), 2)
    )


@pytest.mark.parametrize(
    "eye, least",
    [(np.eye(3), 20.0), (DEUTERANOPIA, 12.0), (PROTANOPIA, 12.0)],
    ids=["all cones", "deuteranopia", "protanopia"],
)
def test_cooks_are_told_apart(eye: NDArray[np.float64], least: float) -> None:
    difference, pair = least_difference(eye)
    assert difference >= least, f"cooks {pair[0]} and {pair[1]}"


def test_there_are_nine_cooks_colours() -> None:
    assert len(COOKS) == len(set(COOKS)) == 9


def test_a_picture_without_colour_keeps_its_light_and_without_red_and_green_both_are_one() -> None:
    picture = pygame.Surface((3, 1))
    for x, colour in enumerate(("#808080", "#c03020", "#208020")):
        picture.set_at((x, 0), colour)
    grey = seen_by(GREY, picture)
    assert all(len(set(grey.get_at((x, 0))[:3])) == 1 for x in range(3))
    assert abs(grey.get_at((0, 0))[0] - 128) <= 1
    eye = seen_by(DEUTERANOPIA, picture)
    assert all(abs(eye.get_at((x, 0))[0] - eye.get_at((x, 0))[1]) <= 1 for x in range(3))
