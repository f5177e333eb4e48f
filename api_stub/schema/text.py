"""Names and words that people type: one spelling for each (NFC), counted as people see them.

What is refused: control characters, lone surrogates, breaks of lines. Everything else is somebody's name.
"""

from __future__ import annotations

import unicodedata

from worker.shared import MAX_CUSTOMER_LENGTH, MAX_TEXT_BYTES, REFUSED_CATEGORIES

_BLANK_CATEGORIES = frozenset({"Zs", "Cf"})
_SIGNS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Format characters that are drawn, unlike all others: they lie around a number or a word."""
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Fillers and the blank Braille cell: letters and signs by their category, and nothing to be seen."""
_SELECTORS = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0000, 0xE1000))
"""Variation selectors and tags, which only say how the character before them looks."""
_NORMALISED_FROM = 4
"""NFC makes one code point of so many at the most."""

SCHEMA = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_CUSTOMER_LENGTH,
    "pattern": (
        r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*"
        r"[^\u0000-\u0020\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164"
        r"\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]"
        r"[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
    ),
}
"""JSON Schema of a name that is accepted whatever it is made of. It counts code points: a longer one passes
too where people see no more than MAX_CUSTOMER_LENGTH characters in it, which no JSON Schema can say."""


def normal(text: str) -> str:
    """The one spelling of a text: Unicode's normal form C."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def characters(text: str) -> list[str]:
    """The text as people see it, cut into grapheme clusters."""
    if text.isascii() and "\r" not in text:
        return list(text)
    # Most names are plain, and no start has to wait for this module.
    import regex

    found: list[str] = regex.findall(r"\X", text)
    return found


def length(text: str) -> int:
    """How many characters people see in a text."""
    return len(characters(text))


def size(text: str) -> int:
    """Bytes of the text in UTF-8; a lone surrogate counts as if it could be written."""
    return len(text.encode("utf-8", "surrogatepass"))


def blank(text: str) -> bool:
    """Whether nothing of the text is to be seen: spaces, joiners, marks of direction, fillers."""
    return all(
        (unicodedata.category(character) in _BLANK_CATEGORIES and character not in _SIGNS)
        or character in _BLANK_LETTERS
        or any(ord(character) in selectors for selectors in _SELECTORS)
        for character in text
    )


def too_large(text: str) -> bool:
    """Whether the text takes more bytes than a name may."""
    return size(text) > MAX_TEXT_BYTES


def wanted(text: str) -> str:
    """What of a text may stand in a name."""
    return "".join(one for one in text if unicodedata.category(one) not in REFUSED_CATEGORIES)


def refused(text: str) -> str | None:
    """The first character that no text may have, as `U+2028`; None: there is none."""
    for character in text:
        if unicodedata.category(character) in REFUSED_CATEGORIES:
            return f"U+{ord(character):04X}"
    return None


def fitting(text: str, most: int = MAX_CUSTOMER_LENGTH, most_bytes: int = MAX_TEXT_BYTES) -> str:
    """As many whole characters of a text as fit, in its normal form; what cannot be sent is a `?`."""
    # Far more than can fit; a text of megabytes is not normalised for its beginning.
    text = text[: _NORMALISED_FROM * most_bytes].encode("utf-8", "replace").decode()
    found, used = "", 0
    for character in characters(normal(text))[:most]:
        used += size(character)
        if used > most_bytes:
            break
        found += character
    return found


def complaint(text: str, most: int) -> str | None:
    """What keeps a normalised text from being a name or a word of up to `most` characters; None: nothing.

    The sentence can be sent, whatever the text is.
    """
    if not text:
        return f"it is empty; 1 to {most} characters are accepted"
    bad = refused(text)
    if bad is not None:
        return f"{bad} is not accepted; only printable characters are: no control characters or line breaks"
    if too_large(text):
        return f"{size(text)} bytes of UTF-8 are too many; up to {MAX_TEXT_BYTES} are accepted"
    seen = length(text)
    if seen > most:
        return f"{seen} characters are too many; up to {most} are accepted"
    return None
