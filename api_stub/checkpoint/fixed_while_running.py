"""What a kitchen cannot change while it runs: its booth, what runs its workers, and how long a namespace of
others keeps orders. A config that asks for anything else is refused, by the name of its key. Pure."""

from __future__ import annotations

from api_stub.checkpoint.files import ConfigError, LoadedConfig
from api_stub.checkpoint.fleet_section import FleetConfig
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


def other_host(loaded: LoadedConfig, running: FleetConfig) -> ConfigError | None:
    """Why this config cannot be in force where workers run as `running` says; None: it can.

    Whoever leaves the place out (`fleet.kubernetes`) means the one that is in use.
    """
    fleet, file = loaded.config.fleet, shown_path(loaded.file)
    if fleet.hosted_on != running.hosted_on:
        return ConfigError(
            f"{file}: fleet.hosted_on: found {fleet.hosted_on!r}; this kitchen's workers are "
            f"{running.hosted_on} for as long as it runs; {running.hosted_on!r} is accepted"
        )
    if fleet.kubernetes is not None and fleet.kubernetes != running.kubernetes:
        return ConfigError(
            f"{file}: fleet.kubernetes: this kitchen's workers are elsewhere while it runs; the same "
            "place as at its start is accepted, or null"
        )
    return None


def plain(seconds: float) -> str:
    """Seconds as a config has them: 2592000, not 2.592e+06."""
    return f"{seconds:.3f}".rstrip("0").rstrip(".")
