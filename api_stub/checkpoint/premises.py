"""What a kitchen cannot change while it runs: its booth, and how long a namespace of others keeps orders. A
config that asks for anything else is refused, by the name of its key. Pure."""

from __future__ import annotations

from api_stub.checkpoint.files import ConfigError, LoadedConfig
from api_stub.oneline import shown_path


def misfit(loaded: LoadedConfig, booth: str | None, keeps_s: float | None) -> ConfigError | None:
    """Why this config cannot be in force at this booth; None: it can.

    `keeps_s`: how long the namespace keeps closed workflows, in seconds; None: for as long as is needed, or
    nobody can tell. An order that Temporal has forgotten before we let it go would look lost.
    """
    config, file = loaded.config, shown_path(loaded.file)
    if config.booth is not None and config.booth != booth:
        running = "no booth" if booth is None else f"booth {booth!r}"
        accepted = "null" if booth is None else f"{booth!r} or null"
        return ConfigError(
            f"{file}: booth: found {config.booth!r}; this kitchen is {running} for as long as it runs; "
            f"{accepted} is accepted"
        )
    if keeps_s is not None and config.retention_s > keeps_s:
        return ConfigError(
            f"{file}: retention_s: found {plain(config.retention_s)}; Temporal's namespace keeps closed "
            f"workflows for {plain(keeps_s)} s; up to that is accepted"
        )
    return None


def plain(seconds: float) -> str:
    """Seconds as a config has them: 2592000, not 2.592e+06."""
    return f"{seconds:.3f}".rstrip("0").rstrip(".")
