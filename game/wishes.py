"""What a person wants to see, as data: the rules say so, and the application opens it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OpenForm:
    """Wish: show the order form."""


@dataclass(frozen=True)
class OpenCard:
    """Wish: show an order's card, at the side away from the gopher."""

    order: str
    right: bool = True


@dataclass(frozen=True)
class OpenHelp:
    """Wish: show the help."""


@dataclass(frozen=True)
class AskQuit:
    """Wish: ask whether to leave."""


@dataclass(frozen=True)
class OpenStats:
    """Wish: show the figures."""


@dataclass(frozen=True)
class OpenChooser:
    """Wish: show the checkpoints, to choose one."""


@dataclass(frozen=True)
class OpenBug:
    """Wish: show the code that is to be fixed; `asked`: a person wants it, not an event."""

    asked: bool = True


@dataclass(frozen=True)
class AskReset:
    """Wish: ask whether the bug shall come back."""


@dataclass(frozen=True)
class OpenReplay:
    """Wish: show the newest recorded kill again."""


Wish = OpenReplay | OpenForm | OpenCard | OpenHelp | AskQuit | OpenStats | OpenChooser | OpenBug | AskReset
