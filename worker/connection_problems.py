"""Why Temporal cannot be reached or does not let us in, in one sentence that says what to do. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from temporalio.service import RPCError, RPCStatusCode

MAX_LENGTH = 300
REMOVED = "[removed]"


class CannotConnect(RuntimeError):
    """Temporal was not reached, or did not let us in; the message is why_not's sentence."""


@dataclass(frozen=True)
class Where:
    """What was tried to reach. `ours`: the address came by an option, not from the environment."""

    address: str = "the server"
    namespace: str = ""
    tls: bool = False
    certificate: bool = False
    """A client certificate is sent."""
    key: bool = False
    """An API key is sent."""
    ours: bool = True

    @staticmethod
    def of(settings: dict[str, Any], ours: bool) -> Where:
        """From keyword arguments for Client.connect."""
        tls = settings.get("tls")
        return Where(
            address=str(settings.get("target_host", "localhost:7233")),
            namespace=str(settings.get("namespace", "default")),
            tls=bool(tls),
            certificate=bool(getattr(tls, "client_cert", None)),
            key=bool(settings.get("api_key")),
            ours=ours,
        )


def why_not(error: BaseException, where: Where | None = None, secrets: tuple[str, ...] = ()) -> str:
    """One bounded line: what is wrong, and, where the environment named the server, what to do."""
    where = where or Where()
    text = " ".join(str(error).split())
    if isinstance(error, CannotConnect):
        return text[:MAX_LENGTH]
    found = _by_status(error, text, where) or _by_words(text, where)
    if found is None:
        for secret in secrets:
            text = text.replace(secret, REMOVED) if secret else text
        found = text or type(error).__name__
    return found[:MAX_LENGTH]


def _do(where: Where, advice: str) -> str:
    """What to do, where it was the user who named the server."""
    return "" if where.ours else f": {advice}"


def _by_status(error: BaseException, text: str, where: Where) -> str | None:
    """What the server itself answered."""
    if isinstance(error, TimeoutError):
        return "Temporal did not answer in time" + _do(
            where, f"is {where.address} the right address, and does every firewall let us through?"
        )
    status = error.status if isinstance(error, RPCError) else None
    if status in (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED) or re.search(
        r"code: (PermissionDenied|Unauthenticated)", text
    ):
        return _refused(where)
    missing = re.search(r"[Nn]amespace (\S{1,80}) (?:is |was )?not found", text)
    if missing or (status == RPCStatusCode.NOT_FOUND and text.lower().startswith("namespace")):
        name = where.namespace or (missing[1] if missing else "")
        return f"{where.address} has no namespace {name!r}" + _do(
            where, f"create it (temporal operator namespace create -n {name}), or set TEMPORAL_NAMESPACE"
        )
    if status == RPCStatusCode.UNIMPLEMENTED or "code: Unimplemented" in text:
        return _no_temporal(where)
    if status in (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED):
        return "Temporal did not answer in time"
    return None


def _refused(where: Where) -> str:
    name = f" in namespace {where.namespace!r}" if where.namespace else ""
    if where.key:
        advice = "the API key may be expired, disabled or another namespace's; make a new one"
    elif where.certificate:
        advice = "the client certificate may not be one of that namespace's"
    else:
        advice = "set TEMPORAL_API_KEY, or a client certificate (TEMPORAL_TLS_CLIENT_CERT_PATH, …_KEY_PATH)"
    return f"{where.address} does not let us in{name}" + _do(where, advice)


def _no_temporal(where: Where) -> str:
    return f"what answers at {where.address} is no Temporal" + _do(
        where, "TEMPORAL_ADDRESS needs the port of Temporal's gRPC frontend, mostly 7233, not of its Web UI"
    )


def _by_words(text: str, where: Where) -> str | None:
    """What the connection failed at, by the transport's own words (they are no interface: see the tests)."""
    return next((tell(text, where) for pattern, tell in _WORDS if re.search(pattern, text)), None)


def _unresolved(text: str, where: Where) -> str:
    host = where.address.rpartition(":")[0] or where.address
    return f"no host {host!r} is known here" + _do(where, "check TEMPORAL_ADDRESS, and the network")


def _nobody(text: str, where: Where) -> str:
    return f"nothing listens at {where.address}" + _do(
        where, "start that Temporal, or check TEMPORAL_ADDRESS"
    )


def _no_way(text: str, where: Where) -> str:
    return f"there is no way to {where.address}" + _do(where, "check TEMPORAL_ADDRESS, and the network")


def _expired(text: str, where: Where) -> str:
    at = re.search(r"not_after: UnixTime\((\d{1,11})\)", text)
    since = f" since {datetime.fromtimestamp(int(at[1]), UTC):%Y-%m-%d %H:%M} UTC" if at else ""
    return f"the certificate of {where.address} is expired{since}" + _do(
        where, "renew it there, or set this machine's clock"
    )


def _not_yet(text: str, where: Where) -> str:
    return f"the certificate of {where.address} is not valid yet" + _do(where, "set this machine's clock")


def _unknown_issuer(text: str, where: Where) -> str:
    return f"the certificate of {where.address} is by an authority that is unknown here" + _do(
        where, "name that authority's certificate with TEMPORAL_TLS_SERVER_CA_CERT_PATH"
    )


def _other_name(text: str, where: Where) -> str:
    names = re.findall(r"(?:DnsName\(|IpAddress\()[\\\"]*([\w.:*-]{1,80})", text.partition("presented")[2])
    return f"the certificate of {where.address} is for {', '.join(names[:3]) or 'another name'}" + _do(
        where, "use that name in TEMPORAL_ADDRESS, or set TEMPORAL_TLS_SERVER_NAME"
    )


def _other_certificate(text: str, where: Where) -> str:
    kind = re.search(r"InvalidCertificate\((\w{1,40})", text)
    return f"the certificate of {where.address} is not accepted ({kind[1] if kind else 'for some reason'})"


def _own_certificate(text: str, where: Where) -> str:
    return "our own client certificate and its key cannot be used" + _do(
        where, "an unencrypted PEM key that fits TEMPORAL_TLS_CLIENT_CERT_PATH (or …_DATA) is accepted"
    )


def _not_tls(text: str, where: Where) -> str:
    return f"{where.address} does not speak TLS" + _do(
        where, "check its port; for a server without TLS unset TEMPORAL_TLS… and TEMPORAL_API_KEY"
    )


def _no_tls_with(text: str, where: Where) -> str:
    kind = re.search(r"AlertReceived\((\w{1,40})", text)
    return f"{where.address} refuses our TLS ({kind[1] if kind else 'for some reason'})" + _do(
        where, "check the name in TEMPORAL_ADDRESS, or set TEMPORAL_TLS_SERVER_NAME"
    )


def _cut(text: str, where: Where) -> str:
    """Connected, and closed before anything was answered."""
    if not where.tls:
        return f"{where.address} closes the connection: it wants TLS, or is no Temporal" + _do(
            where, "set TEMPORAL_TLS=true, or check the port in TEMPORAL_ADDRESS"
        )
    if where.certificate:
        return f"{where.address} does not take our client certificate" + _do(
            where, "it must be by an authority that is known there, and not be expired"
        )
    return (
        f"{where.address} closes the connection: it may want a client certificate, or is no Temporal"
        + _do(where, "set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH")
    )


_Tell = Callable[[str, Where], str]
_WORDS: tuple[tuple[str, _Tell], ...] = (
    (r"dns error|failed to lookup address", _unresolved),
    (r"ConnectionRefused|Connection refused", _nobody),
    (r"HostUnreachable|NetworkUnreachable|No route to host|code: 110\b|TimedOut", _no_way),
    (r"InvalidCertificate\(\"?(ExpiredContext|Expired)|certificate expired", _expired),
    (r"InvalidCertificate\((NotValidYet)", _not_yet),
    (r"InvalidCertificate\(UnknownIssuer", _unknown_issuer),
    (r"InvalidCertificate\(NotValidForName", _other_name),
    (r"InvalidCertificate\(", _other_certificate),
    (r"PrivateKeyParseError|InconsistentKeys|CertificateParseError", _own_certificate),
    (r"InvalidMessage\(", _not_tls),
    (r"AlertReceived\((?:UnrecognisedName|HandshakeFailure|ProtocolVersion|InternalError)", _no_tls_with),
    (r"AlertReceived\(", _cut),
    (
        r"FRAME_SIZE_ERROR|h2 protocol error|http2 error|PROTOCOL_ERROR",
        lambda text, where: _no_temporal(where),
    ),
    (r"UnexpectedEof|BrokenPipe|broken pipe|ConnectionReset|Connection reset|connection closed", _cut),
)
