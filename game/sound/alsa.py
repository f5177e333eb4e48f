"""ALSA's own error messages: it writes them from C, to whatever the process's error output is."""

from __future__ import annotations

import ctypes
import logging
import re
import sys
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

_kept: list[ctypes.CDLL] = []
"""The libraries that were told: they must stay loaded, or they come back as loud as before."""


def _libraries() -> list[str]:
    """Each ALSA library that is loaded, and the system's, which SDL will load."""
    found = ["libasound.so.2"]
    with suppress(OSError):
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
        found += sorted(set(re.findall(r"\S*/libasound\S*", maps)))
    return found


def hush() -> None:
    """Have ALSA keep its messages to itself, by its own means; nothing else's are touched. Once is enough.

    What it calls instead must not be Python: SDL opens a device with the interpreter's lock held, and
    waits for threads of its own, which ALSA would have wait for that lock. So it is a function of C that does
    nothing.
    """
    if _kept or not sys.platform.startswith("linux"):
        return
    nothing = ctypes.cast(ctypes.CDLL(None).getpid, ctypes.c_void_p)
    for name in _libraries():
        try:
            library = ctypes.CDLL(name)
            library.snd_lib_error_set_handler(nothing)
        except (OSError, AttributeError) as error:
            log.debug("%s is as loud as it is: %s", name, error)
            continue
        _kept.append(library)
