"""Any Temporal: TLS, client certificates and API keys at a real server, and a sentence for what is wrong."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.service import RPCError, RPCStatusCode

from api_stub.gateway.client import Gateway
from api_stub.gateway.temporal_calls import reason
from api_stub.kitchen import Kitchen
from tests.running import PATIENCE, ROOT, RunningStack, eventually, free_ports, quick_config
from tests.servers import a_server
from tests.serving import Api, api, kitchen_for
from tests.test_worker_by_hand import by_hand, says
from tests.tls_proxy import Certificates, TlsProxy, tls_proxy
from worker.connection import Target, connect
from worker.connection_problems import CannotConnect, Where, why_not

KEY = "key-that-nobody-may-see-0123456789"
CA = "TEMPORAL_TLS_SERVER_CA_CERT_PATH"
CERT, CERT_KEY = "TEMPORAL_TLS_CLIENT_CERT_PATH", "TEMPORAL_TLS_CLIENT_KEY_PATH"


@dataclass
class World:
    """A real Temporal, and ways to it: `plain`, TLS, with client certificates (`mutual`), with a key."""

    plain: str
    directory: Path
    ours: Certificates
    others: Certificates
    tls: TlsProxy
    mutual: TlsProxy
    keyed: TlsProxy
    expired: TlsProxy
    expired_ca: str

    def client(self, of: Certificates) -> dict[str, str]:
        """The environment of somebody with this client certificate."""
        return {CERT: str(of.cert_file), CERT_KEY: str(of.key_file)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("temporal")
    ours, others = Certificates(directory / "ours"), Certificates(directory / "others")
    old = Certificates(directory / "old", expired=True)
    with contextlib.ExitStack() as ways:
        plain = ways.enter_context(a_server(directory)).address
        yield World(
            plain,
            directory,
            ours,
            others,
            ways.enter_context(tls_proxy(plain, ours)),
            ways.enter_context(tls_proxy(plain, ours, mutual=True)),
            ways.enter_context(tls_proxy(plain, ours, key=KEY)),
            ways.enter_context(tls_proxy(plain, old)),
            str(old.ca_file),
        )


def set_environment(monkeypatch: pytest.MonkeyPatch, **environment: str) -> None:
    """These settings, and no other of Temporal's."""
    for name in [name for name in os.environ if name.startswith("TEMPORAL_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def sentence() -> str:
    """Why the environment's Temporal is not reached."""
    with pytest.raises(CannotConnect) as caught:
        asyncio.run(connect(Target(), "test"))
    said = str(caught.value)
    assert "\n" not in said and len(said) <= 300 and KEY not in said
    for trace in ("tonic", "hyper", "Custom", "Status {", "Some(", "Failed client"):
        assert trace not in said, said
    return said


def names(world: World) -> dict[str, tuple[dict[str, str], tuple[str, ...]]]:
    """What may be wrong: the environment, and words of the sentence that says so."""
    ca = {CA: str(world.ours.ca_file)}
    tls = {"TEMPORAL_ADDRESS": world.tls.address}
    keyed = {"TEMPORAL_ADDRESS": world.keyed.address, **ca}
    mutual = {"TEMPORAL_ADDRESS": world.mutual.address, **ca}
    return {
        "no namespace": (
            {"TEMPORAL_ADDRESS": world.plain, "TEMPORAL_NAMESPACE": "nope"},
            ("no namespace 'nope'", "namespace create -n nope", "TEMPORAL_NAMESPACE"),
        ),
        "no TLS spoken to TLS": (tls, ("wants TLS", "TEMPORAL_TLS=true")),
        "TLS spoken to none": (
            {"TEMPORAL_ADDRESS": world.plain, "TEMPORAL_TLS": "true"},
            ("does not speak TLS", "unset TEMPORAL_TLS"),
        ),
        "unknown authority": ({**tls, "TEMPORAL_TLS": "true"}, ("authority", CA)),
        "another authority": ({**tls, CA: str(world.others.ca_file)}, ("authority", CA)),
        "another name": (
            {**tls, **ca, "TEMPORAL_TLS_SERVER_NAME": "pizza.example"},
            ("is for localhost, 127.0.0.1", "TEMPORAL_TLS_SERVER_NAME"),
        ),
        "expired": (
            {"TEMPORAL_ADDRESS": world.expired.address, CA: world.expired_ca},
            ("is expired since 20", "renew it"),
        ),
        "no client certificate": (mutual, ("may want a client certificate", CERT, CERT_KEY)),
        "another's client certificate": (
            {**mutual, **world.client(world.others)},
            ("does not take our client certificate",),
        ),
        "no key": (keyed, ("does not let us in", "TEMPORAL_API_KEY")),
        "a wrong key": ({**keyed, "TEMPORAL_API_KEY": f"{KEY}x"}, ("does not let us in", "expired")),
        "nobody": ({"TEMPORAL_ADDRESS": f"127.0.0.1:{free_ports(1)[0]}"}, ("nothing listens", "check TEMP")),
        "no host": ({"TEMPORAL_ADDRESS": "pizza.invalid:7233"}, ("no host 'pizza.invalid'", "TEMPORAL_ADDR")),
    }


@pytest.mark.stack
def test_whatever_is_wrong_is_a_sentence_that_says_what_to_do(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, (environment, words) in names(world).items():
        set_environment(monkeypatch, **environment)
        said = sentence()
        assert all(word in said for word in words), (name, said)


@pytest.mark.stack
def test_each_way_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ca = {CA: str(world.ours.ca_file)}
    for environment in (
        {"TEMPORAL_ADDRESS": world.plain},
        {"TEMPORAL_ADDRESS": world.tls.address, **ca},
        {"TEMPORAL_ADDRESS": world.mutual.address, **ca, **world.client(world.ours)},
        {"TEMPORAL_ADDRESS": world.keyed.address, **ca, "TEMPORAL_API_KEY": KEY},
    ):
        set_environment(monkeypatch, **environment)
        assert asyncio.run(connect(Target(), "test")).namespace == "default"


@contextlib.contextmanager
def listener(answer: bytes | None) -> Iterator[str]:
    """Something that is no Temporal: it answers this to whatever comes, or (None) nothing at all."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = one.accept()
                    with connection:
                        connection.recv(1000)
                        connection.sendall(answer or b"")
                        connection.shutdown(socket.SHUT_WR)
                        connection.settimeout(0.3)
                        with contextlib.suppress(TimeoutError):
                            while connection.recv(1000):
                                pass  # what is left unread would make a reset of the end

        if answer is not None:
            threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"127.0.0.1:{one.getsockname()[1]}"
        finally:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def test_a_wrong_port(monkeypatch: pytest.MonkeyPatch) -> None:
    with listener(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n") as web:
        set_environment(monkeypatch, TEMPORAL_ADDRESS=web)
        assert "is no Temporal" in (said := sentence()) and "TEMPORAL_ADDRESS" in said
        set_environment(monkeypatch, TEMPORAL_ADDRESS=web, TEMPORAL_TLS="true")
        assert "does not speak TLS" in sentence()
    with listener(b"") as silent:
        set_environment(monkeypatch, TEMPORAL_ADDRESS=silent)
        assert "is no Temporal" in sentence()


def test_a_server_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.connection.CONNECT_S", 0.3)
    with listener(None) as silent:
        set_environment(monkeypatch, TEMPORAL_ADDRESS=silent, TEMPORAL_TLS="true")
        assert f"is {silent} the right address" in sentence()


def test_sentences_that_no_server_here_can_be_made_to_say() -> None:
    where = Where("a:1", "pizza", tls=True, ours=False)
    assert "clock" in why_not(RuntimeError("InvalidCertificate(NotValidYetContext { … })"), where)
    assert "client certificate" in why_not(RuntimeError("AlertReceived(CertificateRequired)"), where)
    assert "UnrecognisedName" in why_not(RuntimeError("AlertReceived(UnrecognisedName)"), where)
    assert "no way to a:1" in why_not(RuntimeError("kind: HostUnreachable"), where)
    assert "(BadEncoding)" in why_not(RuntimeError("InvalidCertificate(BadEncoding)"), where)
    assert "key cannot be used" in why_not(RuntimeError("Transport, PrivateKeyParseError"), where)
    assert "key cannot be used" in why_not(RuntimeError("InconsistentKeys(KeyMismatch)"), where)
    for status in (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED):
        refusal = RPCError("no", status, b"")
        assert "TEMPORAL_API_KEY" in why_not(refusal, where)
        assert "expired" in why_not(refusal, replace(where, key=True))
        assert "certificate may not be" in why_not(refusal, replace(where, certificate=True))
    assert "is no Temporal" in why_not(RPCError("unknown service", RPCStatusCode.UNIMPLEMENTED, b""), where)
    assert why_not(RPCError(f"odd {KEY}", RPCStatusCode.UNKNOWN, b""), where, (KEY,)) == "odd [removed]"
    assert len(why_not(RuntimeError("x" * 9000))) == 300
    assert why_not(RuntimeError()) == "RuntimeError"
    assert reason(TimeoutError()) == "Temporal did not answer in time", "of our own server: no advice"


@contextlib.contextmanager
def an_api() -> Iterator[Api]:
    """The API on the environment's Temporal, with a fleet that is made up and ready."""
    made_up = kitchen_for()
    with api(kitchen=Kitchen(Gateway(Target()), made_up.fleet, made_up.checkpoint)) as made:
        yield made


def health(made: Api) -> dict[str, Any]:
    answer: dict[str, Any] = made("GET", "/healthz").json()
    return answer


def until_told(made: Api, words: str) -> None:
    """Wait until its health says this; while Temporal is slow, it tells that instead."""
    eventually(lambda: words in (health(made)["temporal"]["problem"] or ""))
    assert health(made)["status"] == "degraded"


def until_taken(made: Api, order_id: str) -> None:
    """Order, again and again until it is taken; an earlier try may have arrived (200)."""
    eventually(lambda: made.post("/orders", {"id": order_id}).status_code in (201, 200), 20, 0.1)


@pytest.mark.stack
def test_the_api_serves_degraded_and_says_why_until_it_is_mended(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A namespace that somebody makes later, and a key that becomes good."""
    caplog.set_level(logging.DEBUG)
    set_environment(monkeypatch, TEMPORAL_ADDRESS=world.plain, TEMPORAL_NAMESPACE="later")
    with an_api() as made:
        until_told(made, "no namespace 'later'")

        def refused() -> bool:
            answer = made.post("/orders", {"id": "too-early"})
            assert answer.status_code == 503
            return "no namespace 'later'" in answer.json()["detail"]

        eventually(refused)
        client = made.run(connect(Target(world.plain), "test"))
        made.run(
            client.workflow_service.register_namespace(
                RegisterNamespaceRequest(
                    namespace="later", workflow_execution_retention_period=Duration(seconds=86400)
                ),
                timeout=timedelta(seconds=5 * PATIENCE),
            )
        )
        eventually(lambda: health(made)["temporal"]["problem"] is None)
        until_taken(made, "now")

    with tls_proxy(world.plain, world.ours, key="another") as proxy:
        set_environment(
            monkeypatch,
            TEMPORAL_ADDRESS=proxy.address,
            TEMPORAL_API_KEY=KEY,
            **{CA: str(world.ours.ca_file)},
        )
        with an_api() as made:
            until_told(made, "may be expired")
            assert KEY not in str(made("GET", "/healthz").text + made.post("/orders", {"id": "x"}).text)
            proxy.key = KEY  # somebody enables it
            eventually(lambda: health(made)["temporal"]["problem"] is None)
            until_taken(made, "let-in")
    assert KEY not in caplog.text and "Traceback" not in caplog.text


@pytest.mark.stack
def test_a_certificate_that_is_renewed_on_disk_is_used(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(world.others.ca_file.read_bytes())
    set_environment(monkeypatch, TEMPORAL_ADDRESS=world.tls.address, **{CA: str(ca)})
    with an_api() as made:
        until_told(made, "authority")
        ca.unlink()
        made.until(lambda: "does not exist" in (made.kitchen.temporal.problem or ""))
        ca.write_bytes(world.ours.ca_file.read_bytes())
        made.until(lambda: made.kitchen.temporal.problem is None)
        eventually(lambda: {"problem": None, "reachable": True}.items() <= health(made)["temporal"].items())


PATIENT = (
    "import sys; from api_stub.stack import __main__, readiness; readiness.PATIENCE_S = 50.0;"
    "sys.exit(__main__.main())"  # its API may take its time until it says why
)


@pytest.mark.stack
def test_a_start_that_waits_for_temporal_says_why(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The stack on the terminal, and each worker in its log; no stack trace anywhere."""
    set_environment(monkeypatch, TEMPORAL_ADDRESS=world.plain, TEMPORAL_NAMESPACE="nope")
    state = tmp_path / "state"
    words = f"{world.plain} has no namespace 'nope': create it (temporal operator namespace create -n nope)"
    stack = RunningStack(state, quick_config(tmp_path), "--no-game", command=[sys.executable, "-c", PATIENT])
    try:
        assert stack.process.stderr is not None
        said = stack.process.stderr.readline()
        for name in ("worker-1.log", "api.log"):  # each says so in a time of its own
            eventually(lambda log=state / "logs" / name: words in text_of(log))  # type: ignore[misc]
    finally:
        assert stack.stop() == 0
    assert said.startswith("gopherpizza: still starting: ") and words in said
    assert "Traceback" not in "".join(text_of(file) for file in (state / "logs").iterdir())


@pytest.mark.stack
def test_everything_by_profile_certificates_and_a_key_and_the_key_is_nowhere(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The stack, its fleet, a worker by hand; then every file, page, command line and the bundle."""
    with tls_proxy(world.plain, world.ours, mutual=True, key=KEY) as proxy:
        profiles = tmp_path / "temporal.toml"
        profiles.write_text(
            f"""[profile.booth]
address = "{proxy.address}"
api_key = "{KEY}"
[profile.booth.tls]
server_ca_cert_path = "{world.ours.ca_file}"
client_cert_path = "{world.ours.cert_file}"
client_key_path = "{world.ours.key_file}"
""",
            encoding="utf-8",
        )
        environment = {"TEMPORAL_CONFIG_FILE": str(profiles), "TEMPORAL_PROFILE": "booth"}
        set_environment(monkeypatch, **environment)
        state = tmp_path / "state"
        stack = RunningStack(state, quick_config(tmp_path), "--no-game")
        try:
            assert proxy.address in stack.until_ready()
            assert set(stack.pids()) == {"stack", "api"}
            stack.order("by-tls")
            stack.until("by-tls", "ORDER_DELIVERED")
            log = tmp_path / "log"
            with by_hand(log, "--slot", "7", **environment) as hand:
                says(log, f"w7.{hand.pid} polls")
            assert proxy.calls > 10 and proxy.refused == 0
            pages = "".join(
                stack.client.get(path).text
                for path in ("/healthz", "/openapi.json", "/docs", "/metrics", "/stats", "/orders", "/fleet")
            )
            eventually(lambda: stack.client.get("/healthz").json()["status"] == "ok")
        finally:
            assert stack.stop() == 0
        bundle = tmp_path / "bundle.tar.gz"
        subprocess.run(
            [sys.executable, "-m", "api_stub.stack.bundle", str(bundle), "--state-dir", str(state)],
            check=True,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
    with tarfile.open(bundle) as packed:
        packed.extractall(tmp_path / "unpacked", filter="data")
    texts = [pages, stack.errors, *(text_of(file) for file in [log, *everything(state)])]
    texts += [text_of(file) for file in everything(tmp_path / "unpacked")]
    assert len(texts) > 6 and not any(KEY in text or "PRIVATE KEY" in text for text in texts)
    assert "Traceback" not in "".join(text_of(file) for file in (state / "logs").iterdir())


def everything(directory: Path) -> list[Path]:
    return [file for file in directory.rglob("*") if file.is_file()]


def text_of(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "replace")
