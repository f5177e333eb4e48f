"""Ends this process when the one that started it is gone, however it went."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

VARIABLE = "GOPHERPIZZA_LIFELINE"
"""Names an inherited file descriptor: the read end of a pipe whose other end only the parent holds."""


def watch(on_gone: Callable[[], None]) -> None:
    """Call `on_gone`, from a thread, when the parent is gone; nothing where there is no lifeline."""
    value = os.environ.pop(VARIABLE, "")
    if not value.isdecimal():
        return

    def wait() -> None:
        try:
            os.set_inheritable(int(value), False)
            while os.read(int(value), 64):
                pass
        except OSError:
            pass
        on_gone()

    threading.Thread(target=wait, name="lifeline", daemon=True).start()
