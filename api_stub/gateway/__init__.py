"""The only place of the API that speaks Temporal: a client for orders, and the embedded server."""

from api_stub.gateway.client import Gateway

__all__ = ["Gateway"]
