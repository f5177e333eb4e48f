"""The sentences under the top band: how many are shown at once, and for how long each stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_MESSAGES = 3
"""So many are shown at once; of more the oldest goes."""
LIFE_SECONDS = 4.5
"""For so long each is shown."""


@dataclass
class Message:
    """A sentence that is shown for a while."""

    text: str
    good: bool
    icon: str = ""
    """The sign before it; empty: what fits good or bad news."""
    age: float = 0.0
    """Real seconds since it came."""
    life: float = LIFE_SECONDS


def with_message(shown: Sequence[Message], message: Message) -> list[Message]:
    """Those that are shown once another one has come. What is said already is said anew, not twice."""
    return [*(one for one in shown if one.text != message.text), message][-MOST_MESSAGES:]


def later(shown: Sequence[Message], seconds: float) -> list[Message]:
    """Those that are still shown so many real seconds later."""
    for message in shown:
        message.age += seconds
    return [message for message in shown if message.age < message.life]
