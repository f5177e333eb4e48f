"""Python's syntax in colours, for code on a dark ground: what pygments takes each part for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from game.theme import COOKS, CREAM, GLOW, GOPHER, NIGHT, PLASTER, Colour, mix, rgb

if TYPE_CHECKING:
    from pygments.token import _TokenType

KEYWORD, STRING, NUMBER, NAME, COMMENT, PLAIN = "keyword", "string", "number", "name", "comment", "plain"
COLOURS: dict[str, Colour] = {
    KEYWORD: GLOW,
    STRING: rgb("#a5d6a0"),
    NUMBER: COOKS[7],
    NAME: GOPHER,
    COMMENT: mix(PLASTER, NIGHT, 0.22),
    PLAIN: CREAM,
}
"""`name` is one that is defined here, a decorator, or one that Python brings along."""

CONTEXT = 60
"""So many lines before those asked for are read too: a string may have begun there."""
LONGEST = 200
"""Characters of a line that are read; what is behind them is plain."""


@dataclass(frozen=True)
class ColouredPart:
    """Characters of one line in one colour; `column` is where they begin, from 0."""

    column: int
    text: str
    kind: str


@lru_cache(maxsize=16)
def coloured(lines: tuple[str, ...], first: int, count: int) -> tuple[tuple[ColouredPart, ...], ...]:
    """The parts of `count` lines of a source from its `first` one on (from 0); blanks are in none.

    What is no Python is coloured as far as it can be.
    """
    from pygments.lexers.python import PythonLexer

    begin = max(0, first - CONTEXT)
    read = [line[:LONGEST] for line in lines[begin : first + count]]
    found: list[list[ColouredPart]] = [[] for _ in read]
    row = column = 0
    for token, value in PythonLexer(stripnl=False, ensurenl=False).get_tokens("\n".join(read)):
        kind = _kind(token)
        for n, text in enumerate(value.split("\n")):
            if n:
                row, column = row + 1, 0
            if text.strip() and row < len(found):
                bare = text.lstrip()
                found[row].append(ColouredPart(column + len(text) - len(bare), bare.rstrip(), kind))
            column += len(text)
    rest = [line[LONGEST:] for line in lines[begin : first + count]]
    for parts, more in zip(found, rest, strict=True):
        if more.strip():
            parts.append(ColouredPart(LONGEST, more, PLAIN))
    return tuple(tuple(parts) for parts in found[first - begin :])


def _kind(token: _TokenType) -> str:
    from pygments.token import Comment, Keyword, Name, Number, Operator, String

    kinds = (
        (Comment, COMMENT),
        (String.Interpol, PLAIN),
        (String, STRING),
        (Number, NUMBER),
        (Keyword, KEYWORD),
        (Operator.Word, KEYWORD),
        (Name.Function, NAME),
        (Name.Class, NAME),
        (Name.Decorator, NAME),
        (Name.Builtin, NAME),
        (Name.Exception, NAME),
    )
    return next((kind for group, kind in kinds if token[: len(group)] == group), PLAIN)


def load() -> None:
    """Have the lexer ready, which takes a tenth of a second. May be done in a thread of its own."""
    coloured(("def f(): return 1",), 0, 1)
