"""The only place of the API that speaks Temporal: a client for orders, and the embedded server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from api_stub.gateway.client import Gateway

__all__ = ["Gateway"]


def __getattr__(name: str) -> Any:
    """`Gateway` when it is asked for: whoever starts the server must not load the SDK, which takes longer
    than anything else at a start."""
    if name == "Gateway":
        from api_stub.gateway.client import Gateway

        return Gateway
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
