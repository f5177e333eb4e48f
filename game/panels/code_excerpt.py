"""The lines of code that are shown of the file to be fixed, and what its state is in words: pure."""

from __future__ import annotations

from dataclasses import dataclass

from api_stub.schema import Challenge, CodeProblem

AROUND = 4
"""Lines shown before and after the marked one."""
TAB = "    "


@dataclass(frozen=True)
class CodeLine:
    """One line: its number from 1, how far it is indented (in characters), its text, whether it failed."""

    number: int
    indent: int
    text: str
    marked: bool


def problem_of(challenge: Challenge) -> CodeProblem | None:
    """What to show: a copy that no worker can load before a failure of one that they could."""
    return challenge.load_problem or challenge.failure


def excerpt(challenge: Challenge, lines: int = 2 * AROUND + 1) -> tuple[CodeLine, ...]:
    """The lines around the failing one; where none is known, those from the first function on.

    The source is what is on disk now: after an edit, the marked line may read differently from what failed.
    """
    source = challenge.source.splitlines()
    problem = problem_of(challenge)
    line = problem.line if problem is not None else None
    if line is None or not 1 <= line <= len(source):
        first = next((n for n, text in enumerate(source, 1) if text.startswith(("def ", "async def "))), 1)
        line, begin = None, first
    else:
        begin = line - lines // 2
    begin = max(1, min(begin, len(source) - lines + 1))
    found = []
    for number in range(begin, min(begin + lines, len(source) + 1)):
        text = source[number - 1].replace("\t", TAB)
        bare = text.strip()
        found.append(CodeLine(number, len(text) - len(text.lstrip()), bare, number == line))
    return tuple(found)


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
