"""A Temporal of the user's own: where the environment says that it is; the stack asks before it starts."""

from __future__ import annotations

from collections.abc import Mapping

from worker.connection_settings import BadConnectionSettings, from_environment

__all__ = ["BadConnectionSettings", "address_and_namespace"]


def address_and_namespace(environment: Mapping[str, str]) -> tuple[str, str]:
    """host:port and namespace. Raises BadConnectionSettings, whose text is one sentence."""
    found = from_environment(environment)
    return str(found["target_host"]), str(found.get("namespace") or "default")
