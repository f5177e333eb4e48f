"""Listening sockets, taken before anything of the HTTP server is loaded."""

from __future__ import annotations

import logging
import socket

logger = logging.getLogger(__name__)


class CannotServe(Exception):
    """The server did not start; the message says why in one line."""


def listening(host: str, port: int) -> list[socket.socket]:
    """Sockets bound to each address that `host` stands for; clients are let in later, when all is up.
    Raises CannotServe."""
    found: list[socket.socket] = []
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(infos):
            one = socket.socket(family, kind, protocol)
            found.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind(address)
            one.setblocking(False)
    except (OSError, OverflowError, UnicodeError) as error:
        for one in found:
            one.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise CannotServe(f"the API cannot listen on {host}:{port}: {reason}") from error
    logger.info("serving on %s", ", ".join(str(one.getsockname()) for one in found))
    return found
