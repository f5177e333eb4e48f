"""The SDK's environment configuration, checked before anything uses it: what can never work is one sentence.

Read are TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS… and the TOML file with profiles
(TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE). The SDK itself takes a file that is missing for an empty one, waits
for ever at a pipe in a certificate's place, and quotes the line of the file, key and all, in its errors.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from temporalio.envconfig import ClientConfigProfile, ClientConfigTLS

FILE, PROFILE, ADDRESS = "TEMPORAL_CONFIG_FILE", "TEMPORAL_PROFILE", "TEMPORAL_ADDRESS"
MAX_FILE_BYTES = 1_000_000
MAX_KEY_LENGTH = 16_384
TRUTHS = ("true", "false", "1", "0")
_ADDRESS = re.compile(
    r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})"
)
_PLACE = re.compile(r"at line (\d+), column (\d+)")


class BadConnectionSettings(RuntimeError):
    """The settings can never lead to a Temporal; the message says what is wrong and what to do."""


def from_environment(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Keyword arguments for Client.connect, as far as the environment has them.

    An empty variable is as good as none. Raises BadConnectionSettings.
    """
    known = {name: value for name, value in environment.items() if value or not name.startswith("TEMPORAL_")}
    _check_plain(known)
    try:
        profile = ClientConfigProfile.load(override_env_vars=known)
    except RuntimeError as error:
        raise BadConnectionSettings(_not_loaded(str(error), known)) from None  # it quotes the file's lines
    source = _source(known)
    if not profile.address and (known.get(PROFILE) or known.get(FILE)):
        raise BadConnectionSettings(
            f'{source} has no address: add address = "host:port" there, or set {ADDRESS}'
        )
    if profile.address and not is_address(profile.address):
        named = ADDRESS if known.get(ADDRESS) else f"the address of {source}"
        raise BadConnectionSettings(
            f"{named}: found {profile.address[:80]!r}; host:port is accepted, for instance localhost:7233"
        )
    _check_key(profile.api_key, known)
    if profile.tls is not None and profile.tls.disabled is not True:
        _check_tls(profile.tls, source)
    try:
        return dict(profile.to_client_connect_config())
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or type(error).__name__
        raise BadConnectionSettings(f"a certificate of {source} cannot be read: {words}") from None


def is_address(text: str) -> bool:
    """Whether this is host:port, the port from 1 to 65535."""
    found = _ADDRESS.fullmatch(text)
    return found is not None and 1 <= int(found[1]) <= 65535


def _source(known: Mapping[str, str]) -> str:
    """Where settings come from, in words."""
    if not (known.get(FILE) or known.get(PROFILE)):
        return "the environment"
    profile = f"profile {known.get(PROFILE, 'default')[:80]!r}"
    return f"{profile} of {known[FILE]}" if known.get(FILE) else profile


def _check_plain(known: Mapping[str, str]) -> None:
    truth = known.get("TEMPORAL_TLS")
    if truth is not None and truth.lower() not in TRUTHS:
        raise BadConnectionSettings(f"TEMPORAL_TLS: found {truth[:20]!r}; true or false is accepted")
    if known.get(FILE):
        _check_file(FILE, Path(known[FILE]), "make it, or unset the variable")


def _check_file(what: str, file: Path, remedy: str) -> None:
    """It is there, a regular file (nothing else may hold us up), and of a bearable size."""
    try:
        if not file.is_file():
            found = "is no regular file" if file.exists() else "does not exist"
            raise BadConnectionSettings(f"{what} names {file}, which {found}: {remedy}")
        if file.stat().st_size > MAX_FILE_BYTES:
            raise BadConnectionSettings(f"{what} names {file}, which is too large (1 MB is accepted)")
        with file.open("rb"):
            pass
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or "no name of a file"
        raise BadConnectionSettings(
            f"{what} names {str(file)[:200]}, which cannot be read: {words}"
        ) from None


def _not_loaded(text: str, known: Mapping[str, str]) -> str:
    """What the SDK could not load, without the file's own words, which may be secrets."""
    profile = known.get(PROFILE, "default")[:80]
    file = known.get(FILE, "the SDK's default file")
    if "not found" in text:
        return f"{PROFILE}: there is no profile {profile!r} in {file}; name one that is there, or unset it"
    if "both" in text and (names := re.findall(r"\b(?:TEMPORAL_[A-Z_]+|\w+_(?:path|data))\b", text)):
        return f"{' and '.join(names)} are both set: give the certificate's path or its data, not both"
    place = _PLACE.search(text)
    where = (
        f"line {place[1]}, column {place[2]}" if place else "it is no UTF-8 text" if "utf-8" in text else ""
    )
    return (
        f"{file} cannot be used as a TOML file with profiles{f' ({where})' if where else ''}: mend it there"
    )


def _check_key(key: str | None, known: Mapping[str, str]) -> None:
    if key is None:
        return
    named = "TEMPORAL_API_KEY" if known.get("TEMPORAL_API_KEY") else f"api_key of {_source(known)}"
    if not key or len(key) > MAX_KEY_LENGTH or not all("!" <= one <= "~" for one in key):
        raise BadConnectionSettings(
            f"{named} cannot be an API key: it is empty, too long, or has a space, a line break or the like"
        )


def _check_tls(tls: ClientConfigTLS, source: str) -> None:
    """Files that are there and hold what they should; a certificate of ours comes with its key."""
    parts = {
        "TEMPORAL_TLS_SERVER_CA_CERT": tls.server_root_ca_cert,
        "TEMPORAL_TLS_CLIENT_CERT": tls.client_cert,
        "TEMPORAL_TLS_CLIENT_KEY": tls.client_private_key,
    }
    for name, part in parts.items():
        if isinstance(part, Path):
            _check_file(f"{name}_PATH, or its key in {source},", part, "copy it there, or name another")
    if bool(tls.client_cert) != bool(tls.client_private_key):
        there, missing = ("certificate", "KEY") if tls.client_cert else ("key", "CERT")
        raise BadConnectionSettings(
            f"a client {there} is set without its other half: set TEMPORAL_TLS_CLIENT_{missing}_PATH, too"
        )
    for name, part, kind in (
        ("SERVER_CA_CERT", tls.server_root_ca_cert, b"CERTIFICATE"),
        ("CLIENT_CERT", tls.client_cert, b"CERTIFICATE"),
        ("CLIENT_KEY", tls.client_private_key, b"PRIVATE KEY"),
    ):
        data = part.read_bytes() if isinstance(part, Path) else part
        data = data.encode() if isinstance(data, str) else data
        if data is not None and not re.search(rb"-----BEGIN [A-Z ]*" + kind + rb"-----", data):
            raise BadConnectionSettings(
                f"TEMPORAL_TLS_{name}: there is no {kind.decode().lower()} in PEM format in it"
            )
    if isinstance(tls.client_cert, Path) and isinstance(tls.client_private_key, Path):
        try:
            # An encrypted key gets an empty password: nobody is asked on a terminal that may not be there.
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(
                tls.client_cert, tls.client_private_key, password=lambda: ""
            )
        except (ssl.SSLError, OSError, ValueError):
            raise BadConnectionSettings(
                f"{tls.client_private_key} is not the key of {tls.client_cert}, or is encrypted, or damaged: "
                "an unencrypted PEM key that fits is accepted"
            ) from None
