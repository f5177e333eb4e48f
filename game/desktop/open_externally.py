"""Showing a file to somebody who wants to change it: which program, and starting it without waiting."""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import PurePath

from game.desktop.start_program import start

log = logging.getLogger(__name__)

GRAPHICAL = frozenset(
    (
        "code codium vscodium cursor zed subl sublime_text atom gedit gnome-text-editor kate kwrite "
        "mousepad pluma xed leafpad featherpad geany gvim mvim pycharm charm idea goland bbedit mate "
        "notepad notepad++ lite-xl lapce"
    ).split()
)
"""Editors that open a window of their own; any other of $EDITOR is taken to need a terminal."""

OPENERS = {"darwin": ("open", "-t"), "linux": ("xdg-open",)}
"""The platform's way to open a file with whatever it is opened with there."""

Which = Callable[[str], str | None]


def _program(words: list[str]) -> str:
    return PurePath(words[0]).stem.lower() if words else ""


def _words(value: str, platform: str) -> list[str]:
    try:
        return shlex.split(value, posix=platform != "win32")
    except ValueError:
        return []


def command_for(
    file: str, environment: Mapping[str, str], platform: str = sys.platform, which: Which = shutil.which
) -> list[str] | None:
    """The command that shows `file`: $VISUAL, a graphical $EDITOR, or the platform's opener. None: there is
    none.
    """
    visual = _words(environment.get("VISUAL", ""), platform)
    if visual and which(visual[0]):
        return [*visual, file]
    editor = _words(environment.get("EDITOR", ""), platform)
    if _program(editor) in GRAPHICAL and which(editor[0]):
        return [*editor, file]
    if platform == "win32":
        return ["notepad", file]
    opener = OPENERS.get(platform, OPENERS["linux"])
    return [*opener, file] if which(opener[0]) else None


def show_in_editor(file: str, say: Callable[[str, bool], None]) -> None:
    """Start the editor in a thread of its own; what came of it is said (text, whether it is good news)."""
    command = command_for(file, os.environ)
    if command is None:
        say(f"No editor to open here (set VISUAL). The file is {file}", False)
        return
    threading.Thread(target=_run, args=(command, file, say), name="editor", daemon=True).start()


def _run(command: list[str], file: str, say: Callable[[str, bool], None]) -> None:
    try:
        # It outlives the game, with what is not saved yet.
        process = start(command)
    except (OSError, ValueError) as error:
        say(f"{command[0]} does not start: {getattr(error, 'strerror', None) or error}", False)
        return
    say(f"Opened with {PurePath(command[0]).name}. Save the file, then press R.", True)
    status = process.wait()
    log.info("%s ended with %d", command[0], status)
    if status:
        say(f"{PurePath(command[0]).name} could not show {file} (status {status})", False)
