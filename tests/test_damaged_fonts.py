"""A font of a script that is missing or damaged: letters become boxes, and no frame ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pygame
import pytest

from game.drawing.text import Pen, fitting, fonts, line_setting, pen, warm_up
from game.drawing.view import View
from tests.running import ROOT

NEEDED = ("text", "bold", "display")
"""Without these nothing at all can be said."""
LINES = (("अनीता", "text"), ("山田", "bold"), ("😀", "text"), ("def x", "code"), ("שלום", "display"))

Change = Callable[[Path, Path], Path]


def _missing(real: Path, directory: Path) -> Path:
    return directory / "nowhere" / real.name


def _no_package(real: Path, directory: Path) -> Path:
    raise ImportError("no such package")


def _with(content: Callable[[bytes], bytes]) -> Change:
    def change(real: Path, directory: Path) -> Path:
        changed = directory / real.name
        if not changed.exists():
            changed.write_bytes(content(real.read_bytes()))
        return changed

    return change


CHANGES: dict[str, Change] = {
    "missing": _missing,
    "no package": _no_package,
    "empty": _with(lambda font: b""),
    "cut": _with(lambda font: font[: len(font) // 10]),
    "noise": _with(lambda font: bytes(n * n % 251 for n in range(9000))),
    "no font": _with(lambda font: b"<html>not found</html>" * 40),
}


def _forget() -> None:
    """All that was made of the fonts of before."""
    for module in (fonts, fitting, line_setting):
        for found in vars(module).values():
            if hasattr(found, "cache_clear"):
                found.cache_clear()
    fonts._forget()
    for kept in (pen._drawn, pen._letters, pen._written):
        kept.clear()  # type: ignore[attr-defined]


@pytest.fixture
def change(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Change the files of all fonts but those of the text itself."""
    real = fonts._file

    def begin(how: str) -> None:
        def file(name: str) -> Path:
            return real(name) if name in NEEDED else CHANGES[how](real(name), tmp_path)

        _forget()
        monkeypatch.setattr(fonts, "_file", file)

    yield begin
    monkeypatch.undo()
    _forget()


@pytest.mark.parametrize("how", [how for how in CHANGES if how != "noise"])
def test_a_line_is_written_without_its_font(how: str, change: Callable[[str], None]) -> None:
    change(how)
    view = View(pygame.Surface((640, 360)))
    for text, face in LINES:
        box = Pen(view).write(text, 10, 10, 20, (255, 0, 0), face=face)  # type: ignore[arg-type]
        assert box[2] > 10, text
    for _ in warm_up.open_fonts():
        pass
    warm_up.open_slowest()


def test_noise_is_not_even_opened(tmp_path: Path) -> None:
    """SDL's own reader of fonts may end the process with it."""
    program = (
        "from pathlib import Path\n"
        "import pygame\n"
        "from game.drawing.text import Pen, fonts\n"
        "from game.drawing.view import View\n"
        "from tests.test_damaged_fonts import CHANGES, LINES, NEEDED\n"
        "real = fonts._file\n"
        f"change = lambda name: CHANGES['noise'](real(name), Path({str(tmp_path)!r}))\n"
        "fonts._file = lambda name: real(name) if name in NEEDED else change(name)\n"
        "for text, face in LINES:\n"
        "    Pen(View(pygame.Surface((640, 360)))).write(text, 9, 9, 20, (255, 0, 0), face=face)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
