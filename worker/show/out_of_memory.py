"""Out of memory, really, and within bounds: this process may have only so much more, and takes all of it.

The speaker's failure menu asks for it by SIGUSR1. Linux only: elsewhere nobody enforces the limit.
"""

from __future__ import annotations

import logging
import os
import resource
from pathlib import Path
from typing import NoReturn

logger = logging.getLogger(__name__)

ROOM = 96 * 2**20
"""Bytes of address space that the process gets on top of what it has."""
BITE = 4 * 2**20
EXIT_STATUS = 12
"""errno ENOMEM: how this process ends after its MemoryError."""
TOLD = "MemoryError after"
"""How the line in the log begins."""


def run_out_of_memory(room: int = ROOM) -> NoReturn:
    """Lower the limit of this process, allocate until Python raises MemoryError, tell it, and end.

    Rust's allocator does not raise: where the SDK needs memory at that moment, it aborts the process.
    """
    limit = address_space() + room
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))
    held: list[bytes] = []
    taken = 0
    try:
        while taken < 2 * room:  # never more, whatever enforces the limit
            held.append(b"\1" * BITE)
            taken += BITE
        words = f"no MemoryError after {taken // 2**20} MB: nobody enforces the limit here"
    except MemoryError:
        words = f"{TOLD} {taken // 2**20} MB more, of {limit // 2**20} MB that this process may have"
    held.clear()
    logger.critical("%s", words)
    logging.shutdown()
    os._exit(EXIT_STATUS)


def address_space() -> int:
    """Bytes of address space that this process has now. Raises OSError where /proc does not tell."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()
