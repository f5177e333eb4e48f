"""What the game opens has a session and outputs of its own, and holds up nothing."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from game.desktop import open_externally as editor
from game.desktop.parent_watch import VARIABLE
from game.desktop.start_program import browse, start
from tests.running import PATIENCE, eventually

TELL = (
    "#!{python}\nimport json, os, sys\n"
    "found = dict(files=[os.readlink(f'/proc/self/fd/{{n}}') for n in range(3)], sid=os.getsid(0),\n"
    "             asked=sys.argv[1:], environment=dict(os.environ))\n"
    "with open({file!r} + '.new', 'w', encoding='utf-8') as out: json.dump(found, out)\n"
    "os.rename({file!r} + '.new', {file!r})\n"
)
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def teller(directory: Path) -> tuple[Path, Path]:
    """A program that notes what it was given, and the file in which it does."""
    program, file = directory / "teller", directory / "told.json"
    program.write_text(TELL.format(python=sys.executable, file=str(file)), encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program, file


def told(file: Path) -> Any:
    """What it noted, once it has."""
    eventually(file.exists, 20)
    return json.loads(file.read_text(encoding="utf-8"))


def is_apart(found: Any) -> bool:
    """Whether a program shares neither session nor files with us."""
    return found["files"] == [os.devnull] * 3 and found["sid"] != os.getsid(0)


def test_a_browser_is_given_no_output_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, file = teller(tmp_path)
    monkeypatch.setenv("BROWSER", f"{program} %s")
    monkeypatch.setenv(VARIABLE, "7")
    failures: list[str] = []
    browse("http://127.0.0.1:8233/a?b=c", lambda: None, lambda: failures.append("no"))
    found = told(file)
    assert is_apart(found) and found["asked"] == ["http://127.0.0.1:8233/a?b=c"]
    assert VARIABLE not in found["environment"], "a game that is started from there is not ended with ours"
    eventually(lambda: not any(t.name == "browser" for t in threading.enumerate()), 20)
    assert failures == []


def test_no_browser_is_told_of(tmp_path: Path) -> None:
    missing = threading.Event()
    browse("http://x", lambda: None, missing.set, (str(tmp_path / "none"),))
    assert missing.wait(20 * PATIENCE)
    missing.clear()
    browse("http://x", lambda: None, missing.set, (sys.executable, "-c", "raise SystemExit(1)"))
    assert missing.wait(20 * PATIENCE)


def test_an_editor_is_given_no_output_of_ours_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, file = teller(tmp_path)
    monkeypatch.setenv("VISUAL", str(program))
    said: list[tuple[str, bool]] = []
    editor.show_in_editor("/x/code.py", lambda text, good: said.append((text, good)))
    found = told(file)
    assert is_apart(found) and found["asked"] == ["/x/code.py"]
    eventually(lambda: not any(t.name == "editor" for t in threading.enumerate()), 20)
    assert [good for _, good in said] == [True]


def test_what_cannot_be_started_raises_and_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(OSError):
        start((str(tmp_path / "none"),))
    monkeypatch.setattr(editor, "command_for", lambda *_: ["a\0b", "x"])
    said: list[tuple[str, bool]] = []
    editor.show_in_editor("x", lambda text, good: said.append((text, good)))
    text, good = eventually(lambda: said and said[0], 20)
    assert not good and "does not start" in text
