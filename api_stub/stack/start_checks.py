"""What has to be so before anything is started: free ports, and a checkpoint that can be used."""

from __future__ import annotations

from collections.abc import Callable

from api_stub.stack import ports
from api_stub.stack.options import StackOptions, StartError


def check_api_port(options: StackOptions) -> None:
    """Raises StartError where another program has it, and it is not to be waited for."""
    if not options.again and not ports.is_free(options.api_port):
        raise StartError(
            f"--api-port {options.api_port} is taken by {ports.holder(options.api_port)}; choose another"
        )


async def wants_own_server(options: StackOptions, say: Callable[[str], None]) -> bool:
    """Whether to start a Temporal server: not where one is named, or a healthy one is up already. Raises
    StartError where another program has its ports, and they are not to be waited for."""
    if options.external is not None:
        return False
    if not ports.is_free(options.temporal_port):
        from api_stub.gateway.devserver import is_temporal

        if await is_temporal(f"127.0.0.1:{options.temporal_port}"):
            say(f"using the Temporal server that is up on port {options.temporal_port}")
            return False
        if options.again:
            return True
        raise StartError(
            f"--temporal-port {options.temporal_port} is taken by "
            f"{ports.holder(options.temporal_port)}, which is no healthy Temporal server; choose another"
        )
    if not options.again and not ports.is_free(options.ui_port):
        raise StartError(
            f"--ui-port {options.ui_port} is taken by {ports.holder(options.ui_port)}; choose another"
        )
    return True


def check_config(checkpoint: str) -> None:
    """Whether this checkpoint can be used: nothing is forgotten for a typing error. Raises StartError."""
    from api_stub.checkpoint.files import ConfigError, find

    try:
        find(checkpoint)
    except ConfigError as error:
        raise StartError(str(error)) from error
