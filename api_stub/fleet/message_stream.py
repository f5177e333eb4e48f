"""Messages on a stream: four bytes of length, then so many bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator

HEADER = struct.Struct("!I")
MAX_FRAME = 1 << 20


def packed(body: bytes) -> bytes:
    """A frame."""
    return HEADER.pack(len(body)) + body


def frames(buffer: bytearray) -> Iterator[bytes]:
    """The whole frames at the buffer's begin, taken out of it. Raises ValueError for one that is too long."""
    while len(buffer) >= HEADER.size:
        (length,) = HEADER.unpack_from(buffer)
        if length > MAX_FRAME:
            raise ValueError(f"a frame of {length} bytes; {MAX_FRAME} are accepted")
        if len(buffer) < HEADER.size + length:
            return
        body = bytes(buffer[HEADER.size : HEADER.size + length])
        del buffer[: HEADER.size + length]
        yield body
