"""Files in places where anybody may put something: nothing that lies there holds us up.

Opened as usual, a pipe waits for its other end for ever, and a device never ends. Standard library only.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

CREATE_MODE = 0o644
AT_ONCE = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""For every `os.open` of a name that others know: it answers at once, whatever is there."""


def check_regular(found: os.stat_result) -> None:
    """Raises OSError (EINVAL) for what is no regular file."""
    if not stat.S_ISREG(found.st_mode):
        what = "a directory" if stat.S_ISDIR(found.st_mode) else "a pipe, a socket or a device"
        raise OSError(errno.EINVAL, f"{what}, not a file")


def read_bounded(file: Path, limit: int) -> bytes:
    """What a regular file holds, one byte over the limit at most. Raises OSError, never waits for a writer.

    Anything else is refused before it is opened: a pipe would wait for ever, a device never ends.
    """
    try:
        check_regular(os.stat(file))
        # It may have been replaced since: opened without waiting, and looked at again.
        descriptor = os.open(file, os.O_RDONLY | AT_ONCE)
    except ValueError as error:
        raise OSError(errno.EINVAL, f"no path: {error}") from error
    with open(descriptor, "rb") as stream:
        check_regular(os.fstat(descriptor))
        return stream.read(limit + 1)


def new_file(file: Path) -> int:
    """A descriptor, to read and to append, of a new file of this name; a file there is removed. Raises
    OSError."""
    file.unlink(missing_ok=True)
    return os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | AT_ONCE, CREATE_MODE)


def write_all(fd: int, data: bytes) -> None:
    """Write all of it. Raises OSError, with a part of it written perhaps."""
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]


def write_whole(file: Path, data: bytes, scratch: Path | None = None) -> None:
    """Have this in the file, as one step: all of it, or what was there before. Raises OSError.

    `scratch` is what it is written to first: else the same name with the suffix `.new`.
    """
    scratch = scratch or file.with_suffix(".new")
    fd = new_file(scratch)
    try:
        write_all(fd, data)
        os.replace(scratch, file)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
    finally:
        os.close(fd)


def append(file: Path, data: bytes) -> None:
    """Write this at the end of a file, which is made where it is missing. Raises OSError, also for what is
    no file, and with a part of it written perhaps."""
    fd = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | AT_ONCE, CREATE_MODE)
    try:
        check_regular(os.fstat(fd))
        write_all(fd, data)
    finally:
        os.close(fd)
