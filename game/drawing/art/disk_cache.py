"""Rendered pictures kept on disk between runs, and a bounded memory of sprites."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import tempfile
from pathlib import Path

from game.drawing.picture_limits import DISK_BYTES

log = logging.getLogger(__name__)

_MAGIC = b"GPART1"
_DIGEST = 16


_told: set[Path] = set()
"""Directories of which was said already that they cannot be used."""


def _level(directory: Path) -> int:
    """How loudly to tell of a directory that cannot be used: the first time as a warning."""
    if directory in _told:
        return logging.DEBUG
    _told.add(directory)
    return logging.WARNING


class DiskCache:
    """PNG bytes by key, a file each. A damaged entry is as good as none, and no error of the disk's is
    an error of the game's: without a cache it only starts more slowly.
    """

    def __init__(self, directory: Path | None, limit_bytes: int = DISK_BYTES) -> None:
        self._directory = directory
        self._limit = limit_bytes
        if directory is not None:
            try:
                directory.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                # Each size of the window asks for it anew.
                log.log(_level(directory), "no cache of pictures in %s: %s", directory, error)
                self._directory = None

    def get(self, key: str) -> bytes | None:
        """The bytes that were put under this key, or None; never damaged ones."""
        if self._directory is None:
            return None
        try:
            blob = (self._directory / key).read_bytes()
        except OSError:
            return None
        head, data = blob[: len(_MAGIC) + _DIGEST], blob[len(_MAGIC) + _DIGEST :]
        if head != _MAGIC + hashlib.blake2b(data, digest_size=_DIGEST).digest():
            return None
        return data

    def put(self, key: str, data: bytes) -> None:
        """Keep bytes; readers see the whole file or none."""
        if self._directory is None:
            return
        blob = _MAGIC + hashlib.blake2b(data, digest_size=_DIGEST).digest() + data
        try:
            handle, name = tempfile.mkstemp(dir=self._directory, suffix=".tmp")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(blob)
                os.replace(name, self._directory / key)
            except OSError:
                with contextlib.suppress(OSError):
                    os.unlink(name)
                raise
        except OSError as error:
            log.log(_level(self._directory), "the cache of pictures cannot be written: %s", error)
            self._directory = None

    def trim(self) -> None:
        """Forget the entries written longest ago until the rest fits the limit."""
        if self._directory is None:
            return
        try:
            entries = [(path, path.stat()) for path in self._directory.iterdir() if path.is_file()]
            total = sum(stat.st_size for _, stat in entries)
            for path, stat in sorted(entries, key=lambda entry: entry[1].st_mtime):
                if total <= self._limit:
                    break
                path.unlink(missing_ok=True)
                total -= stat.st_size
        except OSError as error:
            log.debug("the cache of pictures was not trimmed: %s", error)
