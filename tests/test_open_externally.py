"""The editor for the file with the bug: which one, started without waiting, and told when it fails."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from game.desktop import open_externally as editor
from game.desktop.editor_choice import command_for
from game.desktop.open_externally import show_in_editor
from tests.running import PATIENCE, eventually


def only(*programs: str) -> Callable[[str], str | None]:
    return lambda name: f"/usr/bin/{name}" if name in programs else None


@pytest.mark.parametrize(
    "environment, platform, programs, expected",
    [
        ({"VISUAL": "code --wait"}, "linux", ["code", "xdg-open"], ["code", "--wait", "f"]),
        ({"VISUAL": "missing"}, "linux", ["xdg-open"], ["xdg-open", "f"]),
        ({"VISUAL": "a 'broken"}, "linux", ["xdg-open"], ["xdg-open", "f"]),
        ({"EDITOR": "vim"}, "linux", ["vim", "xdg-open"], ["xdg-open", "f"]),
        ({"EDITOR": "vim"}, "linux", ["vim"], None),
        ({"EDITOR": "/opt/zed"}, "linux", ["/opt/zed"], ["/opt/zed", "f"]),
        ({"VISUAL": "mousepad", "EDITOR": "code"}, "linux", ["mousepad", "code"], ["mousepad", "f"]),
        ({}, "darwin", ["open"], ["open", "-t", "f"]),
        ({}, "win32", [], ["notepad", "f"]),
        ({}, "linux", [], None),
    ],
)
def test_which_editor(
    environment: dict[str, str], platform: str, programs: list[str], expected: list[str] | None
) -> None:
    assert command_for("f", environment, platform, only(*programs)) == expected


class Said(list[tuple[str, bool]]):
    def __call__(self, text: str, good: bool) -> None:
        self.append((text, good))


def test_the_editor_is_started_and_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark, said = tmp_path / "mark", Said()
    program = tmp_path / "my-editor"
    program.write_text(f"#!{sys.executable}\nimport sys\nopen({str(mark)!r}, 'w').write(sys.argv[1])\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("VISUAL", str(program))
    show_in_editor("/x/file.py", said)
    eventually(lambda: mark.exists() and mark.read_text() == "/x/file.py", 10)
    eventually(lambda: said, 10)
    assert said == [("Opened with my-editor. Save the file, then press R.", True)]


def test_no_editor_one_that_fails_and_one_that_cannot_start_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Said()
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    monkeypatch.setattr(editor, "command_for", lambda file, environment: None)
    show_in_editor("/x", said)
    assert "/x" in said[0][0] and not said[0][1]
    monkeypatch.setattr(editor, "command_for", lambda file, environment: [sys.executable, "-c", "exit(3)"])
    # A busy machine may take longer than that to begin with a program that fails at once.
    monkeypatch.setattr(editor, "KNOWN_AFTER", 60.0 * PATIENCE)
    show_in_editor("/x", said)
    eventually(lambda: any("status 3" in text and not good for text, good in said), 10)

    def refused(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(subprocess, "Popen", refused)
    show_in_editor("/x", said)
    eventually(lambda: any("does not start: Permission denied" in text for text, _ in said), 10)
