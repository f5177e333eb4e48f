"""Words of unknown origin, made fit to be said: one line, nothing that a terminal obeys, an upper bound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

MAX_VALUE = 80
MAX_KEY = 40
MAX_PATH = 200
_CUT = "…"


def one_line(text: str, limit: int) -> str:
    """The text in at most `limit` characters, with escapes for what is not printable."""
    text = text[: limit + 1]
    if not text.isprintable():
        text = "".join(
            each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text
        )
    return text if len(text) <= limit else text[: limit - 1] + _CUT


def shown(value: Any, limit: int = MAX_VALUE) -> str:
    """A value as Python writes it, shortened."""
    return one_line(repr(value), limit)


def shown_key(key: str | int) -> str:
    """A key as it is where it is a word; else quoted."""
    text = str(key)
    is_word = bool(text) and text.isascii() and all(each.isalnum() or each in "_.-<" for each in text)
    return one_line(text, MAX_KEY) if is_word else shown(text, MAX_KEY)


def shown_path(file: Path) -> str:
    """A path; of a long one, its end."""
    text = one_line(str(file), 10_000)
    return text if len(text) <= MAX_PATH else _CUT + text[1 - MAX_PATH :]
