"""Which host a kitchen has, by its config."""

from __future__ import annotations

from api_stub.checkpoint.fleet_section import FleetConfig, KubernetesConfig
from api_stub.fleet.host import AnyHost
from api_stub.fleet.process_host import ProcessHost


class NoHost(Exception):
    """The workers cannot be had as the config says; the message says why, and what to do."""


async def chosen(config: FleetConfig, booth: str | None, processes: ProcessHost) -> AnyHost:
    """The host of this config. `processes` was made before anything was known of it, with its fork server
    under way: it is closed where it is not wanted. Raises NoHost."""
    if config.hosted_on == "processes":
        return processes
    await processes.close()
    # Nobody else pays for loading this, or needs it installed.
    from api_stub.fleet.kubernetes.client import NoAccess
    from api_stub.fleet.kubernetes.host import KubernetesHost

    try:
        return KubernetesHost(config.kubernetes or KubernetesConfig(), booth, processes.troubles)
    except NoAccess as error:
        raise NoHost(str(error)) from None
