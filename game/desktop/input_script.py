"""A script of inputs: lines of `at SECONDS ACTION`, played into the game as if somebody had done it.

    # the checkpoint 1 talk, in short
    at 1.0 key n            a key by its name; shift+2, ctrl+a, escape, return, tab, f11, space
    at 1.5 text Ada         characters into a text field
    at 2   click 300 400    the primary button, at a logical point of the 1920x1080 canvas
    at 2.5 move 300 400     the pointer
    at 3   down escape      a key that stays down ...
    at 6.5 up escape        ... until here
    at 7   wheel -2         the wheel
    at 8   screenshot a.png a picture of the frame
    +0.5   close            half a second after the line before: the window's close button
    +0     quit             end at once, exit status 0

Empty lines and lines that begin with # count for nothing. What follows a picture is played after it, in a
later frame, also where the machine is slow. A bad line is an error that names file and line.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from game.inputs import (
    CloseWindow,
    Input,
    KeyPress,
    KeyRelease,
    PointerMove,
    PointerPress,
    PointerRelease,
    TextTyped,
    Wheel,
)


class ScriptError(ValueError):
    """A script that cannot be played; the text names file, line, and what is accepted."""


@dataclass(frozen=True)
class Screenshot:
    """Write the frame to a PNG file."""

    file: Path


@dataclass(frozen=True)
class EndGame:
    """End the game at once."""


Action = Input | Screenshot | EndGame


@dataclass(frozen=True)
class ScriptStep:
    """What happens `at` seconds after the first frame."""

    at: float
    actions: tuple[Action, ...]


def _key(word: str) -> KeyPress:
    *marks, key = word.lower().split("+") if word != "+" else ["+"]
    unknown = [mark for mark in marks if mark not in ("shift", "ctrl")]
    if unknown or not key:
        raise ValueError(f"unknown key {word!r}; for instance n, shift+2, escape")
    return KeyPress(key, "shift" in marks, "ctrl" in marks)


def _number(word: str) -> float:
    number = float(word)
    if not math.isfinite(number):
        raise ValueError(f"{word!r} is not a number that can be played")
    return number


def _point(words: list[str]) -> tuple[float, float]:
    if len(words) != 2:
        raise ValueError("expected two numbers, x and y")
    return _number(words[0]), _number(words[1])


def _only(words: list[str]) -> str:
    if len(words) != 1:
        raise ValueError("expected one word")
    return words[0]


def parse_action(verb: str, rest: str) -> tuple[Action, ...]:
    """The inputs that one action means. Raises ValueError with what is accepted."""
    words = rest.split()
    if verb == "key":
        press = _key(_only(words))
        return press, KeyRelease(press.key)
    if verb == "down":
        return (_key(_only(words)),)
    if verb == "up":
        return (KeyRelease(_key(_only(words)).key),)
    if verb == "text":
        return tuple(TextTyped(character) for character in rest)
    if verb == "click":
        x, y = _point(words)
        return PointerMove(x, y), PointerPress(x, y), PointerRelease(x, y)
    if verb == "move":
        return (PointerMove(*_point(words)),)
    if verb == "wheel":
        return (Wheel(_number(_only(words))),)
    if verb == "screenshot" and rest:
        return (Screenshot(Path(rest)),)
    if verb == "close" and not rest:
        return (CloseWindow(),)
    if verb == "quit" and not rest:
        return (EndGame(),)
    raise ValueError(
        f"unknown action {verb!r}; known: "
        "key, down, up, text, click, move, wheel, screenshot FILE, close, quit"
    )


def parse_script(text: str, name: str = "script") -> tuple[ScriptStep, ...]:
    """The steps of a script, in the order of their times. Raises ScriptError."""
    steps: list[ScriptStep] = []
    last = 0.0
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split(maxsplit=1)
        if not words or words[0].startswith("#"):
            continue
        try:
            if words[0] == "at" and len(words) == 2:
                when, _, rest = words[1].partition(" ")
                last = float(when)
            elif words[0].startswith("+") and len(words) == 2:
                rest = words[1]
                last += float(words[0])
            else:
                raise ValueError("a line is `at SECONDS ACTION …` or `+SECONDS ACTION …`")
            if not 0 <= last < 1e6:
                raise ValueError(f"a time of {last:g} seconds")
            verb, _, rest = rest.strip().partition(" ")
            steps.append(ScriptStep(last, parse_action(verb, rest.strip())))
        except ValueError as error:
            raise ScriptError(f"{name}:{number}: {line.strip()!r}: {error}") from None
    return tuple(sorted(steps, key=lambda step: step.at))


def read_script(file: Path) -> tuple[ScriptStep, ...]:
    """Read and parse a script. Raises ScriptError, also where the file cannot be read."""
    try:
        return parse_script(file.read_text("utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptError(f"{file}: cannot be read: {error}") from None


@dataclass
class ScriptPlayer:
    """Plays steps by a clock that starts with the first frame."""

    steps: tuple[ScriptStep, ...]
    played: int = 0

    def due(self, now: float) -> list[Action]:
        """What has become due by `now` seconds, each only once. What follows a picture waits for the next
        call, however late this one is: it is not to be seen there yet."""
        found: list[Action] = []
        while self.played < len(self.steps) and self.steps[self.played].at <= now:
            found += self.steps[self.played].actions
            self.played += 1
            if any(isinstance(action, Screenshot) for action in found):
                break
        return found
