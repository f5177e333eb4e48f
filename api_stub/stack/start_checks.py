"""What has to be so before anything is started: free ports, and a checkpoint that can be used."""

from __future__ import annotations

from collections.abc import Callable

from api_stub.stack import ports
from api_stub.stack.options import StackOptions, StartError


def check_api_port(options: StackOptions) -> None:
    """Raises StartError where another program has it, and it is not to be waited for."""
    if not options.again:
        check_ports([("--api-port", options.api_port)])


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
    if not options.again:
        check_ports([("--ui-port", options.ui_port)])
    return True


def lost_port(options: StackOptions, part: str) -> str | None:
    """Which port another program has taken between our look and the start of this part, which has ended; in
    a sentence. None: none that it was told to take."""
    told = {
        "api": [("--api-port", options.api_port)],
        "temporal": [("--temporal-port", options.temporal_port), ("--ui-port", options.ui_port)],
    }
    try:
        check_ports(told.get(part, []))
    except StartError as error:
        return str(error)
    return None


def check_ports(told: list[tuple[str, int]]) -> None:
    """Raises StartError where another program has one of these."""
    for option, port in told:
        if not ports.is_free(port):
            raise StartError(f"{option} {port} is taken by {ports.holder(port)}; choose another")


def has_pin(checkpoint: str) -> bool:
    """Whether this checkpoint's kiosk has a PIN; False where it cannot be read, which the API tells."""
    from api_stub.checkpoint.files import ConfigError, find

    try:
        return find(checkpoint).config.kiosk.pin is not None
    except ConfigError:
        return False


def check_config(checkpoint: str) -> None:
    """Whether this checkpoint can be used: nothing is forgotten for a typing error. Raises StartError."""
    from api_stub.checkpoint.files import ConfigError, find

    try:
        find(checkpoint)
    except ConfigError as error:
        raise StartError(str(error)) from error
