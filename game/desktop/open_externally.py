"""Showing a file to somebody who wants to change it: started without waiting, told when it is known."""

from __future__ import annotations

import logging
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import PurePath

from game.desktop.editor_choice import TERMINALS, command_for, why_none
from game.desktop.start_program import start

log = logging.getLogger(__name__)

KNOWN_AFTER = 3.0
"""Seconds after which an editor that has not ended is there."""

Say = Callable[[str, bool], None]
_SHELLS = frozenset(command[0] for command in TERMINALS)


def show_in_editor(file: str, say: Say) -> None:
    """Start the editor in a thread of its own; what came of it is said (text, whether it is good news)."""
    command = command_for(file, os.environ)
    if command is None:
        say(why_none(file, os.environ), False)
        return
    threading.Thread(target=_run, args=(command, file, say), name="editor", daemon=True).start()


def _shown_name(command: list[str]) -> str:
    """The editor's name, also where it runs in a terminal."""
    words = [PurePath(word).name for word in command[:-1] if not word.startswith("-")]
    return words[-1] if words and words[0] in _SHELLS else PurePath(command[0]).name


def _run(command: list[str], file: str, say: Say) -> None:
    name = _shown_name(command)
    try:
        # It outlives the game, with what is not saved yet.
        process = start(command)
    except (OSError, ValueError) as error:
        say(f"{name} does not start: {getattr(error, 'strerror', None) or error}", False)
        return
    status = 0
    try:
        status = process.wait(KNOWN_AFTER)
    except subprocess.TimeoutExpired:
        log.info("%s is open", name)
    if status:
        say(f"{name} could not show {file} (status {status})", False)
        return
    say(f"Opened with {name}. Save the file, then press R.", True)
    log.info("%s ended with %d", name, process.wait())
