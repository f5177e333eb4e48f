"""The protocol of a panel: something that lies over the kitchen until it is left.

A panel's methods return data. It never draws in `handle`, never changes anything in `draw`, and knows
neither the network nor the other panels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from game.actions import Command
from game.drawing.view import View
from game.inputs import Input


@dataclass(frozen=True)
class Stay:
    """Nothing changed that anybody else must know of; `used` tells that the input is spent."""

    used: bool = True


@dataclass(frozen=True)
class Close:
    """Take this panel away; first carry out its commands."""

    commands: tuple[Command, ...] = ()


@dataclass(frozen=True)
class Do:
    """Carry out commands; the panel stays."""

    commands: tuple[Command, ...]


Outcome = Stay | Close | Do


class Panel(Protocol):
    """What the application asks of a panel; classes that inherit from it say only what they do otherwise."""

    modal: bool
    """True: the kitchen gets no input while it is open (form, quit, help). False: a card beside it."""

    @property
    def over(self) -> bool:
        """Whether it has nothing more to show, and is to be taken away without anybody closing it."""
        return False

    def room_for_messages(self, x: float, top: float) -> tuple[float, float]:
        """Where messages cover nothing of it that is to be read: around which x, and from where down. Most
        panels leave both as they are.
        """
        return x, top

    def handle(self, item: Input) -> Outcome:
        """Take one input."""

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass (cursor blink, slide-in)."""

    def draw(self, view: View) -> None:
        """Draw in logical pixels; reads only."""
