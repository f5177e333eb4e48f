"""Which editor shows a file, in a terminal where it needs one; success is said when it is known."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from game.desktop import open_externally as editor
from game.desktop.editor_choice import Which, command_for, why_none
from game.desktop.start_program import BROWSE, browse
from tests.running import eventually

DESK = {"DISPLAY": ":0"}
MINE = "/opt/My Editor/edit"
KITTY = ["kitty", "emacsclient", "-t", "f"]


def only(*programs: str) -> Which:
    """Only these programs are there."""
    return lambda name: name if name in programs else None


@pytest.mark.parametrize("visual", ["vi", "vim", "nano", "/usr/bin/nvim", "vim -p", "hx", "emacs -nw"])
def test_an_editor_of_the_terminal_gets_a_terminal(visual: str) -> None:
    program = visual.split()[0]
    found = command_for("/a b.py", {**DESK, "VISUAL": visual}, "linux", only(program, "xterm", "xdg-open"))
    assert found == ["xterm", "-e", *visual.split(), "/a b.py"]


@pytest.mark.parametrize(
    "environment, platform, programs, expected",
    [
        ({"VISUAL": "vi"}, "linux", ["vi", "xterm", "xdg-open"], ["xdg-open", "f"]),
        ({"VISUAL": "vi"}, "linux", ["vi", "xterm"], None),
        ({**DESK, "VISUAL": "vi"}, "linux", ["vi"], None),
        ({"VISUAL": "vi"}, "darwin", ["vi", "open"], ["open", "-t", "f"]),
        ({"VISUAL": "vi", "EDITOR": "gedit"}, "linux", ["vi", "gedit"], ["gedit", "f"]),
        ({"WAYLAND_DISPLAY": "w", "VISUAL": "vi"}, "linux", ["vi", "foot"], ["foot", "vi", "f"]),
        ({**DESK, "VISUAL": "vi", "TERMINAL": "st -f x"}, "linux", ["vi", "st"], "st -f x -e vi f".split()),
        ({**DESK, "EDITOR": "nano"}, "linux", ["nano", "xterm"], ["xterm", "-e", "nano", "f"]),
        ({**DESK, "EDITOR": "nano"}, "linux", ["nano", "xterm", "xdg-open"], ["xdg-open", "f"]),
        ({**DESK, "VISUAL": "emacs"}, "linux", ["emacs", "xterm"], ["emacs", "f"]),
        ({**DESK, "VISUAL": "emacsclient -t"}, "linux", ["emacsclient", "kitty"], KITTY),
        ({"VISUAL": MINE}, "linux", [MINE], [MINE, "f"]),
        ({"VISUAL": f"{MINE} -w"}, "linux", [MINE], [MINE, "-w", "f"]),
        ({"VISUAL": f"'{MINE}' -w"}, "linux", [MINE], [MINE, "-w", "f"]),
        ({"VISUAL": "/opt/My\\ Editor/e"}, "linux", ["/opt/My Editor/e"], ["/opt/My Editor/e", "f"]),
        ({"VISUAL": "  "}, "linux", ["xdg-open"], ["xdg-open", "f"]),
        ({"EDITOR": "/opt/a b/code -n"}, "linux", ["/opt/a b/code"], ["/opt/a b/code", "-n", "f"]),
    ],
)  # fmt: skip
def test_which_command(
    environment: dict[str, str], platform: str, programs: list[str], expected: list[str] | None
) -> None:
    assert command_for("f", environment, platform, only(*programs)) == expected


@pytest.mark.parametrize(
    "environment, wanted",
    [({"VISUAL": "vi"}, "vi needs a terminal"), ({"EDITOR": "nano -w"}, "nano needs"), ({}, "set VISUAL")],
)
def test_where_there_is_no_way_an_honest_sentence_names_the_file(
    environment: dict[str, str], wanted: str
) -> None:
    said = why_none("/x/code.py", environment)
    assert wanted in said and said.endswith("/x/code.py")


Said = list[tuple[str, bool]]


def program(directory: Path, text: str) -> Path:
    """A program in a directory whose name has a space."""
    made = directory / "with a space" / "my-ed"
    made.parent.mkdir(exist_ok=True)
    made.write_text(f"#!{sys.executable}\nimport os, sys, time\n{text}\n", encoding="utf-8")
    made.chmod(made.stat().st_mode | stat.S_IXUSR)
    return made


def ended() -> bool:
    return not any(thread.name == "editor" for thread in threading.enumerate())


@pytest.fixture
def however_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that fails is waited for, however long a busy machine takes to start it."""
    monkeypatch.setattr(editor, "KNOWN_AFTER", 60.0)


@pytest.mark.usefixtures("however_slow")
def test_an_editor_that_fails_is_never_told_as_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", str(program(tmp_path, "sys.exit(4)")))
    said: Said = []
    editor.show_in_editor("/x y.py", lambda text, good: said.append((text, good)))
    eventually(ended, 20)
    ((text, good),) = said
    assert not good and "status 4" in text and "my-ed could not show /x y.py" in text


def test_one_that_stays_is_told_as_open_and_its_end_later_is_nobodys_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editor, "KNOWN_AFTER", 0.05)
    end = tmp_path / "end"
    text = f"while not os.path.exists({str(end)!r}): time.sleep(0.01)\nsys.exit(1)"
    command = [str(program(tmp_path, text)), "f"]
    said: Said = []
    thread = threading.Thread(
        target=editor._run,
        args=(command, "f", lambda text, good: said.append((text, good))),
        name="editor",
    )
    thread.start()
    try:
        eventually(lambda: said, 20)
    finally:
        end.touch()
        thread.join(20)
    assert said == [("Opened with my-ed. Save the file, then press R.", True)]


def test_the_editor_is_named_and_not_the_terminal() -> None:
    assert editor._shown_name(["xterm", "-e", "vi", "/f"]) == "vi"
    assert editor._shown_name(["kitty", "emacsclient", "-t", "/f"]) == "emacsclient"
    assert editor._shown_name(["/usr/bin/gedit", "-s", "/f"]) == "gedit"


@pytest.mark.usefixtures("however_slow")
@pytest.mark.skipif(shutil.which("xterm") is None, reason="needs xterm")
def test_a_terminal_that_cannot_open_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "vi")
    monkeypatch.setenv("DISPLAY", ":941")
    monkeypatch.setenv("TERMINAL", "xterm")
    if shutil.which("vi") is None:
        pytest.skip("needs vi")
    said: Said = []
    editor.show_in_editor("/x", lambda text, good: said.append((text, good)))
    eventually(ended, 20)
    assert [good for _, good in said] == [False]


# Browsers


def shown(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a page is told as shown."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found: list[bool] = []
    browse("http://127.0.0.1:1/x", lambda: found.append(True), lambda: found.append(False))
    eventually(lambda: found, 30)
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("status", [0, 3])
@pytest.mark.parametrize("end", ["", " %s", " %s &"])
def test_a_browser_is_told_as_opened_when_it_has_taken_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, end: str
) -> None:
    made = tmp_path / "browser"
    made.write_text(f"#!/bin/sh\nexit {status}\n", encoding="utf-8")
    made.chmod(made.stat().st_mode | stat.S_IXUSR)
    environment = {"BROWSER": f"{made}{end}", "PATH": str(tmp_path), "DISPLAY": ""}
    assert shown(environment, monkeypatch) is (status == 0)


def test_the_desktops_opener_that_finds_no_browser_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "xdg-open"
    made.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    made.chmod(made.stat().st_mode | stat.S_IXUSR)
    monkeypatch.delenv("BROWSER", raising=False)
    assert not shown({"PATH": str(tmp_path), "DISPLAY": ":0"}, monkeypatch)


def test_without_any_browser_the_program_says_so_by_its_status(tmp_path: Path) -> None:
    done = subprocess.run(
        [*BROWSE, "http://127.0.0.1:1/"], env={"PATH": str(tmp_path)}, capture_output=True, timeout=30
    )
    assert done.returncode == 1
