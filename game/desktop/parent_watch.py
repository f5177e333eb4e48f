"""Ending with whoever started us: a pipe whose other end the stack holds for as long as it lives."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

VARIABLE = "GOPHERPIZZA_LIFELINE"
"""The environment variable that names the pipe's file descriptor."""


def watch(environment: Mapping[str, str], on_end: Callable[[], None]) -> threading.Thread | None:
    """Call `on_end` (from a thread) when the other end of the lifeline is closed; None: there is no lifeline.

    A descriptor that cannot be read counts as closed: the one who promised it is gone.
    """
    text = environment.get(VARIABLE, "")
    if not text:
        return None

    def wait() -> None:
        try:
            while os.read(int(text), 1024):
                pass
        except (OSError, ValueError) as error:
            log.warning("lifeline %s: %s", text, error)
        on_end()

    thread = threading.Thread(target=wait, name="lifeline", daemon=True)
    thread.start()
    return thread
