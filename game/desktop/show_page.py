"""`python -I show_page.py URL`: the page in the user's browser. Exit status 1: none has taken it.

A process of its own: browsers keep the outputs of whoever starts them, for as long as they live.
"""

from __future__ import annotations

import subprocess
import sys
import webbrowser

KNOWN_AFTER = 5.0
"""Seconds after which a browser that has not ended is there."""


class _Background(webbrowser.BackgroundBrowser):
    """One that is started and left alone. Python's own takes it for there as soon as it was started, and
    `xdg-open`, which finds no browser some moments later, for one that always works.
    """

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        """Show the page; whether it is shown as far as can be known."""
        command = [self.name, *(part.replace("%s", url) for part in self.args)]
        try:
            started = subprocess.Popen(command, start_new_session=True)
        except OSError:
            return False
        try:
            return started.wait(KNOWN_AFTER) == 0
        except subprocess.TimeoutExpired:
            return True


if __name__ == "__main__":
    webbrowser.BackgroundBrowser = _Background  # type: ignore[misc]
    sys.exit(not webbrowser.open(sys.argv[1]))
