"""Which booth this kitchen is: as its config or the environment names it. On a server that others may use as
well, a name is made up and kept in the state directory; on a server of our own there is none."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import socket
import uuid
from collections.abc import Mapping
from pathlib import Path

from worker.ids import BOOTH_VARIABLE, checked_booth
from worker.show.files import read_bounded, write_whole

logger = logging.getLogger(__name__)

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""None that is easily taken for another."""
DRAWN = 4
LONGEST_HOST = 20
MAX_BYTES = 256


class BadBooth(Exception):
    """The environment names a booth that none can be called; the message names variable, value and what is
    accepted."""


def booth_of(
    configured: str | None, shared: bool, file: Path, environment: Mapping[str, str] = os.environ
) -> str | None:
    """The booth's name. `configured` is the config's; `shared`: others may use the server; `file` keeps a
    name that was made up. Raises BadBooth.
    """
    if configured is not None:
        return configured
    named = environment.get(BOOTH_VARIABLE)
    if named:
        try:
            return checked_booth(named)
        except ValueError as error:
            raise BadBooth(f"{BOOTH_VARIABLE}: found {named[:60]!r}; {error}") from error
    return kept_name(file) if shared else None


def kept_name(file: Path, host: str | None = None) -> str:
    """The name that is kept in this file; made up, and kept there, where there is none that can be used."""
    host = socket.gethostname() if host is None else host
    try:
        return checked_booth(read_bounded(file, MAX_BYTES).decode().strip())
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        logger.warning("%s cannot be used (%s); a name is made up", file, error)
    name = made_up(host, "".join(secrets.choice(LETTERS) for _ in range(DRAWN)))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, f"{name}\n".encode())
        return name
    except OSError as error:
        # Nothing can be kept: then the one that this machine and this directory always give.
        logger.warning("%s cannot be written: %s", file, error)
        digest = hashlib.sha256(f"{host} {uuid.getnode()} {file.absolute()}".encode()).digest()
        return made_up(host, "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:DRAWN]))


def made_up(host: str, ending: str) -> str:
    """`<host>-<ending>`: of the host's name, what a booth may be called by."""
    parts = re.findall(r"[a-z0-9]+", host.split(".", 1)[0].lower())
    safe = "-".join(parts)[:LONGEST_HOST].strip("-")
    return checked_booth(f"{safe or 'booth'}-{ending}")
