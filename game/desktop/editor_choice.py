"""Which program shows a file to somebody who wants to change it. Pure: what there is, is asked of `which`."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import PurePath

GRAPHICAL = frozenset(
    (
        "code codium vscodium cursor zed subl sublime_text atom gedit gnome-text-editor kate kwrite "
        "mousepad pluma xed leafpad featherpad geany gvim mvim pycharm charm idea goland bbedit mate "
        "notepad notepad++ lite-xl lapce"
    ).split()
)
"""Editors that open a window of their own; any other of $EDITOR is taken to need a terminal."""
IN_A_TERMINAL = frozenset(
    "vi vim nvim view vimdiff nano pico rnano emacs-nox mg zile joe jed ne micro helix hx kak mcedit ed ex "
    "tilde dte amp".split()
)
"""Editors that need a terminal; any other of $VISUAL is taken to open a window of its own."""
NO_WINDOW = frozenset(("-nw", "--no-window-system", "-t", "--tty", "-nox"))
"""What has Emacs stay in the terminal."""
EMACS = frozenset(("emacs", "emacsclient"))
TERMINALS = (
    ("x-terminal-emulator", "-e"),
    ("gnome-terminal", "--wait", "--"),
    ("konsole", "-e"),
    ("xfce4-terminal", "--disable-server", "-x"),
    ("kitty",),
    ("alacritty", "-e"),
    ("foot",),
    ("wezterm", "start", "--"),
    ("xterm", "-e"),
)
"""Terminals that open a window, and what comes before the command that runs in it."""
OPENERS = {"darwin": ("open", "-t"), "linux": ("xdg-open",)}
"""The platform's way to open a file with whatever it is opened with there."""

Which = Callable[[str], str | None]


def _words(value: str, platform: str, which: Which) -> list[str]:
    """A program and its arguments; one whose path has spaces need not be quoted. Empty: it is not there."""
    value = value.strip()
    parts = value.split(" ")
    try:
        found = shlex.split(value, posix=platform != "win32")
    except ValueError:
        found = []
    if found and which(found[0]):
        return found
    for end in range(len(parts), 0, -1):
        program = " ".join(parts[:end])
        if program and which(program):
            try:
                return [program, *shlex.split(" ".join(parts[end:]))]
            except ValueError:
                return []
    return []


def _name(words: list[str]) -> str:
    return PurePath(words[0]).stem.lower() if words else ""


def needs_terminal(words: list[str]) -> bool:
    """Whether an editor that is started like this shows itself in a terminal only."""
    name = _name(words)
    return name in IN_A_TERMINAL or name in EMACS and not NO_WINDOW.isdisjoint(words)


def _terminal(environment: Mapping[str, str], platform: str, which: Which) -> list[str] | None:
    """What opens a terminal's window for a command; None: there is none."""
    if platform in ("darwin", "win32") or not (
        environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    ):
        return None
    own = _words(environment.get("TERMINAL", ""), platform, which)
    if own:
        return [*own, "-e"]
    return next((list(command) for command in TERMINALS if which(command[0])), None)


def command_for(
    file: str, environment: Mapping[str, str], platform: str = sys.platform, which: Which = shutil.which
) -> list[str] | None:
    """The command that shows `file`: $VISUAL (in a terminal's window where it needs one), a graphical
    $EDITOR, the platform's opener, or $EDITOR in a terminal's window. None: there is none.
    """
    visual = _words(environment.get("VISUAL", ""), platform, which)
    editor = _words(environment.get("EDITOR", ""), platform, which)
    terminal = _terminal(environment, platform, which)
    if visual and not needs_terminal(visual):
        return [*visual, file]
    if visual and terminal:
        return [*terminal, *visual, file]
    if _name(editor) in GRAPHICAL:
        return [*editor, file]
    if platform == "win32":
        return ["notepad", file]
    opener = OPENERS.get(platform, OPENERS["linux"])
    if which(opener[0]):
        return [*opener, file]
    return [*terminal, *editor, file] if terminal and editor else None


def why_none(file: str, environment: Mapping[str, str]) -> str:
    """What to tell somebody for whom there is no command."""
    for variable in ("VISUAL", "EDITOR"):
        words = environment.get(variable, "").split()
        if words and (variable == "EDITOR" or needs_terminal(words)):
            return f"{_name(words)} needs a terminal, and there is none to open here. The file is {file}"
    return f"No editor to open here (set VISUAL). The file is {file}"
