"""Programs that the game opens for a person: an editor, a browser. They outlive it and share nothing."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from game.desktop.parent_watch import VARIABLE

log = logging.getLogger(__name__)

BROWSE = (sys.executable, "-I", str(Path(__file__).with_name("show_page.py")))
"""Shows the page that is added to it in the user's browser; status 1: none has taken it."""


def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, with the null device for its input and outputs. Raises OSError
    and ValueError.
    """
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=environment,
    )


def browse(
    url: str, opened: Callable[[], None], failed: Callable[[], None], command: Sequence[str] = BROWSE
) -> None:
    """Show a page in the browser; waits for nothing. `opened` or `failed` is called from a thread, when it is
    known whether a browser has taken it.
    """

    def run() -> None:
        try:
            status = start([*command, url]).wait()
        except (OSError, ValueError) as error:
            log.warning("no browser: %s", error)
            status = 1
        (failed if status else opened)()

    threading.Thread(target=run, name="browser", daemon=True).start()
