"""Which Host and Origin headers are ours: this keeps foreign web pages from an API that kills processes.

A page on the web can have its own name resolve to 127.0.0.1 ("DNS rebinding"); its requests then reach this
API and look like its own to the browser. They still carry that name as their Host: it is looked at first.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""Names of this machine that nobody else can have resolved to something of theirs."""
MAX_LENGTH = 260
HOSTS_VARIABLE = "GOPHERPIZZA_HOSTS"
"""Names further hosts in the environment, beside a checkpoint's `hosts`: in a cluster, the Pod's own."""
MAX_HOSTS = 20
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_AUTHORITY = re.compile(
    rf"(?P<name>{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{{0,4}}))?", re.ASCII
)
_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<authority>.+)", re.ASCII)


@dataclass(frozen=True)
class Authority:
    """A host name or address in lower case, and its port; None: none was given."""

    name: str
    port: int | None


def read_authority(text: str) -> Authority | None:
    """`host` or `host:port`; None for anything else (userinfo, a path, a dot at the end, two ports)."""
    if len(text) > MAX_LENGTH:
        return None
    found = _AUTHORITY.fullmatch(text.lower())
    if found is None or not text.isascii():
        return None
    port = int(found["port"]) if found["port"] else None
    if port is not None and port > 65_535:
        return None
    if found["name"].startswith("["):
        try:
            ipaddress.IPv6Address(found["name"][1:-1])
        except ValueError:
            return None
    return Authority(found["name"], port)


def host_entry(text: str) -> str:
    """A host of a config, in lower case. Raises ValueError with what is accepted."""
    if read_authority(text) is None:
        raise ValueError(
            "a host name or address is accepted, with or without :port, for instance pizza.local, "
            "192.168.1.5:8000 or [fe80::1]"
        )
    return text.lower()


def hosts_in(text: str) -> tuple[str, ...]:
    """The hosts of a list with commas; a bare IPv6 address gets its brackets. Raises ValueError with the one
    that is none, and what is accepted."""
    found: list[str] = []
    for each in filter(None, (part.strip() for part in text.split(","))):
        if len(found) == MAX_HOSTS:
            raise ValueError(f"more than {MAX_HOSTS} hosts")
        try:
            found.append(
                host_entry(f"[{each}]" if each.count(":") > 1 and not each.startswith("[") else each)
            )
        except ValueError as error:
            raise ValueError(f"found {each[:80]!r}; {error}") from None
    return tuple(found)


def is_ours(text: str, port: int, further: Sequence[str], default_port: int = 80) -> bool:
    """Whether a Host header of this text is for the server on `port`.

    The loopback names are, with that port (without any where it is the default), and so are the `further`
    hosts: one with a port as it stands, one without with our port or none.
    """
    found = read_authority(text)
    if found is None:
        return False
    asked = found.port or default_port
    if found.name in LOOPBACK and asked == port:
        return True
    for entry in further:
        listed = read_authority(entry)
        if listed is None or listed.name != found.name:
            continue
        if listed.port == asked or (listed.port is None and found.port in (None, port)):
            return True
    return False


def is_own_page(origin: str, port: int, further: Sequence[str]) -> bool:
    """Whether an Origin header names a page of ours; `null` does not."""
    found = _ORIGIN.fullmatch(origin.lower())
    if found is None:
        return False
    return is_ours(found["authority"], port, further, 443 if found["scheme"] == "https" else 80)


def accepted(port: int, further: Sequence[str]) -> str:
    """What is accepted, in words."""
    return ", ".join([*(f"{name}:{port}" for name in LOOPBACK), *further])
