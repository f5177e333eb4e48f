"""What the game wants done, as data: panels and rules return these, the application carries them out."""

from __future__ import annotations

from dataclasses import dataclass

from api_stub.schema import OrderRequest


@dataclass(frozen=True)
class PlaceOrder:
    """Send a new order to the API; its id is already set, so that sending it twice is safe."""

    order: OrderRequest


@dataclass(frozen=True)
class KillWorker:
    """SIGKILL to the process in this slot."""

    slot: int


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
class ConfirmReset:
    """Ask whether the buggy code shall really come back."""


@dataclass(frozen=True)
class Quit:
    """Leave the game; the answer to "really?" was yes."""


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
    | ConfirmReset
    | Quit
)
