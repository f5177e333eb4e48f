"""What is to be done, as data: panels and rules return these, and the application carries them out."""

from __future__ import annotations

from dataclasses import dataclass

from api_stub.schema import OrderRequest


@dataclass(frozen=True)
class PlaceOrder:
    """Send a new order to the API; its id is already set, so that sending it twice is safe."""

    order: OrderRequest


@dataclass(frozen=True)
class KillWorker:
    """SIGKILL to the process in this slot. `by_house`: the autopilot wants it, and nobody else."""

    slot: int
    by_house: bool = False


@dataclass(frozen=True)
class StartWorker:
    """Start a worker in this slot."""

    slot: int


@dataclass(frozen=True)
class OpenWebUI:
    """Show the Temporal Web UI in the browser: at one order, or at the list."""

    order_id: str | None = None


@dataclass(frozen=True)
class StreamOrders:
    """Send one burst of the stream; settled, one by one, by `StreamSettled`."""

    orders: tuple[OrderRequest, ...]


@dataclass(frozen=True)
class SwitchCheckpoint:
    """Put another checkpoint in force."""

    name: str


@dataclass(frozen=True)
class Redeploy:
    """Replace every worker by one with the code as it is on disk now."""


@dataclass(frozen=True)
class ResetChallenge:
    """Put the pristine, buggy code back into the file."""


@dataclass(frozen=True)
class EditFile:
    """Show a file in an editor."""

    file: str


@dataclass(frozen=True)
class AskReset:
    """Ask whether the buggy code shall really come back: a panel's command, and a wish."""


@dataclass(frozen=True)
class Quit:
    """Leave the game; the answer to "really?" was yes."""


@dataclass(frozen=True)
class LeaveKiosk:
    """Leave a kiosk, or ask for its PIN first: Esc was held for long enough."""


@dataclass(frozen=True)
class ResetKiosk:
    """Have the API put everything back as the kiosk has it."""


@dataclass(frozen=True)
class TryPin:
    """Ask whether this is the PIN that ends the kiosk; digits."""

    pin: str


@dataclass(frozen=True)
class DoFailure:
    """Have the API do a failure of its menu."""

    failure: str


@dataclass(frozen=True)
class StartRound:
    """Begin a round."""


@dataclass(frozen=True)
class FinishRound:
    """End a round that is on; one that is over gets the name, where there is one."""

    n: int
    name: str | None = None


Command = (
    PlaceOrder
    | KillWorker
    | StartWorker
    | OpenWebUI
    | StreamOrders
    | SwitchCheckpoint
    | Redeploy
    | ResetChallenge
    | EditFile
    | AskReset
    | LeaveKiosk
    | ResetKiosk
    | TryPin
    | DoFailure
    | StartRound
    | FinishRound
    | Quit
)


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
class OpenReplay:
    """Wish: show a recorded kill again: that of the receipt with this number, or (0) the newest one."""

    receipt: int = 0


@dataclass(frozen=True)
class OpenFailures:
    """Wish: show the failures that can be done."""


@dataclass(frozen=True)
class OpenRound:
    """Wish: begin a round, and show its clock."""


Wish = (
    OpenReplay
    | OpenForm
    | OpenCard
    | OpenHelp
    | AskQuit
    | OpenStats
    | OpenChooser
    | OpenBug
    | AskReset
    | OpenFailures
    | OpenRound
)
