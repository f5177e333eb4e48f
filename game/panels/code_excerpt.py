"""The lines of code that are shown of the file to be fixed, and what its state is in words: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api_stub.schema import Challenge, CodeProblem
from game.panels.code_colours import ColouredPart, coloured

AROUND = 4
"""Lines shown before and after the marked one."""
TAB = "    "


@dataclass(frozen=True)
class CodeLine:
    """One line: its number from 1, how far it is indented (in characters), its text, whether it failed, and
    its parts by syntax, with columns in that text.
    """

    number: int
    indent: int
    text: str
    marked: bool
    parts: tuple[ColouredPart, ...] = ()


def problem_of(challenge: Challenge) -> CodeProblem | None:
    """What to show: a copy that no worker can load before a failure of one that they could."""
    return challenge.load_problem or challenge.failure


def excerpt(challenge: Challenge, lines: int = 2 * AROUND + 1) -> tuple[CodeLine, ...]:
    """The lines around the failing one; where none is known, those from the first function on.

    The source is what is on disk now: after an edit, the marked line may read differently from what failed.
    """
    source = [text.replace("\t", TAB) for text in challenge.source.splitlines()]
    problem = problem_of(challenge)
    line = problem.line if problem is not None else None
    if line is None or not 1 <= line <= len(source):
        first = next((n for n, text in enumerate(source, 1) if text.startswith(("def ", "async def "))), 1)
        line, begin = None, first
    else:
        begin = line - lines // 2
    begin = max(1, min(begin, len(source) - lines + 1))
    end = min(begin + lines, len(source) + 1)
    found = []
    for number, parts in zip(range(begin, end), coloured(tuple(source), begin - 1, end - begin), strict=True):
        text = source[number - 1]
        indent = len(text) - len(text.lstrip())
        moved = tuple(ColouredPart(one.column - indent, one.text, one.kind) for one in parts)
        found.append(CodeLine(number, indent, text.strip(), number == line, moved))
    return tuple(found)


def rows_of(text: str, columns: int) -> tuple[tuple[int, int], ...]:
    """Where a line of code is broken that is wider than so many columns: begin and end of its rows, two at
    most; broken before a blank if there is one in the second half of a row.
    """
    columns = max(2, columns)
    if len(text) <= columns:
        return ((0, len(text)),)
    at = text.rfind(" ", columns // 2, columns + 1)
    at = columns if at < 0 else at
    more = at + len(text[at:]) - len(text[at:].lstrip())
    return (0, at), (more, len(text))


def in_sight(heights: Sequence[int], marked: int, rows: int) -> range:
    """Which lines are shown of some that take so many rows each: as many as fit around the marked one, which
    is always there.
    """
    first = end = marked
    left = rows
    while True:
        after = end < len(heights) and heights[end] <= left
        before = first > 0 and heights[first - 1] <= left
        if not (after or before):
            return range(first, end)
        if after and (not before or end - marked <= marked - first):
            left -= heights[end]
            end += 1
        else:
            first -= 1
            left -= heights[first]


def state_of(challenge: Challenge) -> tuple[str, bool]:
    """How the copy fares, and whether that is good news."""
    if challenge.load_problem is not None:
        return "The file cannot be loaded: every pizza fails until it can.", False
    if not challenge.deployed:
        return "Changed on disk. R: restart the cooks with it.", True
    if not challenge.changed:
        return "The buggy original, and the cooks run it.", False
    if challenge.stuck:
        return "Your edit runs, and pizzas still fail in it.", False
    return "Your edit runs, and no pizza fails in it.", True
