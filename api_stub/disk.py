"""How much room a disk has."""

from __future__ import annotations

import os
from pathlib import Path

UNKNOWN = 2**62


def free_bytes(directory: Path) -> int:
    """Bytes that this user may still write there; UNKNOWN where the file system does not tell. Raises
    OSError."""
    found = os.statvfs(directory)
    if found.f_blocks == 0:
        return UNKNOWN
    return found.f_frsize * (found.f_bfree if os.geteuid() == 0 else found.f_bavail)
