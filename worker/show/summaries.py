"""What Temporal's Web UI shows beside a workflow or an activity: short words, cut to what a server takes."""

from __future__ import annotations

import json
import unicodedata

MAX_SUMMARY_BYTES = 320
"""Of the summary as JSON. Temporal's API documents 400 bytes, with the payload's own few dozen. The bundled
server takes more; one that does not would not start the order, or fail its task again and again."""
MORE = "…"
JOINER = "\u200d"
_TONES = range(0x1F3FB, 0x1F400)


def summary(text: str) -> str:
    """The text, cut before the first character that does not fit any more, and never inside of one that
    is made of several (marks, joined emoji): no table that changes with Unicode's versions is asked."""
    if _size(text) <= MAX_SUMMARY_BYTES:
        return text
    room = MAX_SUMMARY_BYTES - _size(MORE)
    # Every character takes a byte at the least, so that the rest need not be looked at.
    end, used = 0, 0
    for character in text[:MAX_SUMMARY_BYTES]:
        used += _size(character)
        if used > room:
            break
        end += 1
    cut = end
    while cut and _goes_on(text, cut):
        cut -= 1
    # One character alone that takes all the room: nothing of it is better than a part of it.
    return text[:cut].rstrip() + MORE


def _size(text: str) -> int:
    """Bytes of the text in JSON as the SDK writes it, without the quotes."""
    return len(json.dumps(text)) - 2


def _goes_on(text: str, place: int) -> bool:
    """Whether the character before `place` goes on with the one at it."""
    following = text[place]
    return (
        unicodedata.category(following) in ("Mn", "Mc", "Me", "Cf")
        or text[place - 1] == JOINER
        or ord(following) in _TONES
    )
