"""Which characters a font file has a picture for: its table of characters, read without opening the font."""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from functools import lru_cache
from pathlib import Path
from sys import byteorder

_COLLECTION = b"ttcf"
_WHOLE, _BASIC = (3, 10), (3, 1)
"""Platform and encoding of tables: all of Unicode (format 12), its first 65,536 characters (format 4)."""


class FontCoverage:
    """Ranges of code points. Ask `character in coverage`."""

    def __init__(self, starts: array[int], ends: array[int]) -> None:
        """Both ascending, of one length; an end belongs to its range."""
        self._starts, self._ends = starts, ends

    def __contains__(self, character: str) -> bool:
        at = bisect_right(self._starts, ord(character)) - 1
        return at >= 0 and ord(character) <= self._ends[at]


NOTHING = FontCoverage(array("I"), array("I"))
"""Of a font that cannot be read."""


@lru_cache(maxsize=64)
def coverage_of(file: Path) -> FontCoverage:
    """The characters of a font, of a collection its first font. Raises OSError, and ValueError where the file
    is no font with a table of Unicode characters.
    """
    try:
        return _read(file)
    except (struct.error, IndexError) as error:
        raise ValueError(f"{file.name} is no font that can be read: {error}") from error


def _read(file: Path) -> FontCoverage:
    with file.open("rb") as opened:

        def at(offset: int, count: int) -> bytes:
            opened.seek(offset)
            return opened.read(count)

        head = at(0, 16)
        font = struct.unpack_from(">I", head, 12)[0] if head[:4] == _COLLECTION else 0
        (count,) = struct.unpack(">H", at(font + 4, 2))
        tables = {tag: start for tag, _, start, _ in struct.iter_unpack(">4sIII", at(font + 12, 16 * count))}
        if b"cmap" not in tables:
            raise ValueError(f"{file.name} has no table of characters")
        cmap = tables[b"cmap"]
        (count,) = struct.unpack(">H", at(cmap + 2, 2))
        found = {
            (platform, encoding): cmap + start
            for platform, encoding, start in struct.iter_unpack(">HHI", at(cmap + 4, 8 * count))
        }
        if _WHOLE in found:
            _, size, _, _ = struct.unpack(">IIII", at(found[_WHOLE], 16))
            return _format_12(at(found[_WHOLE] + 16, size - 16))
        if _BASIC in found:
            _, size = struct.unpack(">HH", at(found[_BASIC], 4))
            return _format_4(at(found[_BASIC], size))
    raise ValueError(f"{file.name} has no table of Unicode characters")


def _format_12(groups: bytes) -> FontCoverage:
    numbers = array("I", groups)
    if byteorder == "little":
        numbers.byteswap()
    return FontCoverage(numbers[0::3], numbers[1::3])


def _format_4(table: bytes) -> FontCoverage:
    numbers = array("H", table[: len(table) // 2 * 2])
    if byteorder == "little":
        numbers.byteswap()
    count = numbers[3] // 2
    ends, starts = numbers[7 : 7 + count], numbers[8 + count : 8 + 2 * count]
    deltas = numbers[8 + 2 * count : 8 + 3 * count]
    first = 8 + 3 * count
    found = FontCoverage(array("I"), array("I"))
    for n, (start, end, delta) in enumerate(zip(starts, ends, deltas, strict=True)):
        offset = numbers[first + n]
        for code in range(start, end + 1):
            glyph = numbers[first + n + offset // 2 + code - start] if offset else code + delta
            if glyph & 0xFFFF and code != 0xFFFF:
                if found._ends and found._ends[-1] == code - 1:
                    found._ends[-1] = code
                else:
                    found._starts.append(code)
                    found._ends.append(code)
    return found
