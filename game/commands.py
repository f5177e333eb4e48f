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
class Quit:
    """Leave the game; the answer to "really?" was yes."""


Command = PlaceOrder | KillWorker | StartWorker | OpenWebUI | Quit
