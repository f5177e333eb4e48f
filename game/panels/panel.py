"""The protocol of a panel: something that lies over the kitchen until it is left.

A panel's methods return data. It never draws in `handle`, never changes anything in `draw`, and knows
neither the network nor the other panels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from game.accessibility import Access
from game.actions import Command
from game.drawing.art import Art
from game.drawing.view import View
from game.geometry import Box
from game.inputs import Input, PointerPress
from game.panels.widgets import Hit, press_at
from game.scene.hud.free_room import FreeRoom
from game.theme import CANVAS


@dataclass(frozen=True)
class Stay:
    """Nothing changed that anybody else must know of; `used` tells that the input is spent."""

    used: bool = True


@dataclass(frozen=True)
class Close:
    """Take this panel away, and carry out its commands. `action`: one of the table of keys, which the kitchen
    is to do as if its key had been pressed.
    """

    commands: tuple[Command, ...] = ()
    action: str = ""


@dataclass(frozen=True)
class Do:
    """Carry out commands; the panel stays."""

    commands: tuple[Command, ...]


Outcome = Stay | Close | Do


class Panel(Protocol):
    """What the application asks of a panel; classes that inherit from it say only what they do otherwise."""

    modal: bool
    """True: the kitchen gets no input while it is open (form, quit, help). False: a card beside it."""
    art: Art | None = None
    """The pictures in use; None: none are made yet. Whoever opens panels keeps it the newest."""

    @property
    def over(self) -> bool:
        """Whether it has nothing more to show, and is to be taken away without anybody closing it."""
        return False

    def sheet_for(self, access: Access) -> Box:
        """Where its paper lies on the canvas, logical pixels."""
        return 0, 0, *CANVAS

    @property
    def wide(self) -> bool:
        """Whether its sheet is about as wide as the canvas: where that is small its text is large instead."""
        return False

    @property
    def is_rule(self) -> bool:
        """Whether it says what to do, and is to lie where a portrait display has the rule."""
        return False

    def room_for_messages(self, free: FreeRoom) -> FreeRoom:
        """What it leaves of the room in which signs and messages cover nothing that is to be read. Most
        panels leave it as it is.
        """
        return free

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The boxes that can be pressed now."""
        return ()

    def target(self, item: PointerPress) -> Hit | None:
        """What a press on its sheet lands on; a finger's on what is near enough."""
        return press_at(self.hits, item)

    def handle(self, item: Input) -> Outcome:
        """Take one input."""

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass (cursor blink, slide-in)."""

    def draw(self, view: View) -> None:
        """Draw in logical pixels; reads only."""
