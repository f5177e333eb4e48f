"""HTTP as it goes over the wire: refusals that their clients can read, and requests that are no HTTP."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator

import pytest

from api_stub.schema import MAX_BODY_BYTES
from tests.listening import Served, all_of, answer, served

MIB = 1024 * 1024
TYPE = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def one() -> Iterator[Served]:
    """A real server; Temporal is away."""
    with served() as made:
        yield made


def request(one: Served, line: bytes, *headers: bytes, body: bytes = b"", host: bytes | None = None) -> bytes:
    """A request, whole."""
    named = b"Host: " + (one.host.encode() if host is None else host)
    return b"\r\n".join([line + b" HTTP/1.1", named, *headers, b"", body])


def status(said: bytes) -> int:
    """The status of the first answer; problems are told as such."""
    code = int(said.split(b" ", 2)[1])
    assert code < 400 or b"application/problem+json" in said, said
    assert b"Traceback" not in said and b".py" not in said
    return code


# --- refusals before the body was read ---


def test_413_reaches_a_client_that_sends_all_of_its_body_first(one: Served) -> None:
    for size in (MAX_BODY_BYTES + 1, 1 * MIB, 8 * MIB):
        for _ in range(20 if size == MIB else 5):
            code, problem = one.ask("POST", "/orders", b"x" * size, TYPE)
            assert code == 413 and problem["status"] == 413


def test_413_reaches_one_that_will_close_and_one_that_sends_chunks(one: Served) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(64):
            yield b"x" * 65_536

    for _ in range(20):
        assert one.ask("POST", "/orders", b"x" * MIB, {"connection": "close", **TYPE})[0] == 413
        assert one.ask("POST", "/orders", chunks(), TYPE)[0] == 413


def test_413_reaches_a_raw_client_that_reads_only_when_all_is_sent(one: Served) -> None:
    line = request(one, b"POST /orders", b"Content-Length: %d" % (4 * MIB), b"Content-Type: application/json")
    for _ in range(5):
        assert status(one.say(line + b"x" * (4 * MIB))) == 413


def test_who_asks_before_sending_is_told_at_once(one: Served) -> None:
    for path, host in ((b"/orders", None), (b"/orders", b"evil.example"), (b"/healthz", None)):
        line = request(one, b"POST " + path, b"Content-Length: 99999999", b"Expect: 100-continue", host=host)
        with one.connect() as client:
            client.sendall(line)
            said = all_of(client)
        assert status(said) in (403, 413) and b"100 Continue" not in said
        assert b"connection: close" in said.lower()


def test_who_asks_and_fits_may_send(one: Served) -> None:
    line = request(
        one,
        b"POST /orderStatus",
        b"Content-Length: 2",
        b"Expect: 100-continue",
        *[b"Content-Type: application/json"],
    )
    with one.connect() as client:
        client.sendall(line)
        assert client.recv(65_536).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"{}")
        assert answer(client)[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "headers", "code"),
    [
        ("POST", "/orders", {"host": "evil.example"}, 403),
        ("POST", "/orders", {"origin": "http://evil.example"}, 403),
        ("POST", "/nowhere", {}, 413),
        ("PATCH", "/orders", {}, 413),
        ("GET", "/nowhere", {}, 404),
        ("GET", "/orderPizza", {}, 405),
        ("DELETE", "/fleet/workers/77", {}, 413),
    ],
)
def test_any_early_refusal_reaches_a_client_with_a_large_body(
    one: Served, method: str, path: str, headers: dict[str, str], code: int
) -> None:
    for _ in range(5):
        assert one.ask(method, path, b"x" * (2 * MIB), headers)[0] == code


def test_more_than_is_read_and_dropped_ends_the_connection(one: Served) -> None:
    line = request(one, b"POST /orders", b"Content-Length: 999999999999")
    with one.connect() as client, pytest.raises(ConnectionError):
        client.sendall(line)
        for _ in range(1000):
            client.sendall(b"x" * MIB)


def test_a_body_that_fits_keeps_the_connection(one: Served) -> None:
    line = request(
        one, b"POST /orderStatus", b"Content-Length: 2", b"Content-Type: application/json", body=b"{}"
    )
    with one.connect() as client:
        for _ in range(3):
            client.sendall(line)
            assert answer(client)[0] == 200


# --- hosts and targets ---


@pytest.mark.parametrize(
    "host", [b"evil.example", b"", b"localhost", b"user@localhost:%d", b"localhost.:%d", b"127.0.0.1:1"]
)
def test_a_foreign_host_is_403(one: Served, host: bytes) -> None:
    named = host.replace(b"%d", str(one.port).encode())
    for line in (
        b"GET /healthz",
        b"OPTIONS /orderPizza",
        b"DELETE /fleet/workers/1",
        b"GET /nowhere",
        b"OPTIONS *",
    ):
        assert status(one.say(request(one, line, b"Connection: close", host=named))) == 403


@pytest.mark.parametrize("host", [b"localhost:%d", b"LOCALHOST:%d", b"[::1]:%d", b"127.0.0.1:%d"])
def test_our_own_names_are_let_in(one: Served, host: bytes) -> None:
    named = host.replace(b"%d", str(one.port).encode())
    assert status(one.say(request(one, b"GET /healthz", b"Connection: close", host=named))) == 200


def test_no_host_or_two_of_them(one: Served) -> None:
    ours = b"Host: " + one.host.encode() + b"\r\n"
    for said in (
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + ours + b"Host: evil.example\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + ours + ours + b"\r\n",
    ):
        assert status(one.say(said)) == 403
    assert status(one.say(b"GET /healthz HTTP/1.0\r\n" + ours + b"\r\n")) == 200


def test_a_target_with_a_host_of_its_own(one: Served) -> None:
    ours = one.host.encode()
    for target, code in (
        (b"http://evil.example/healthz", 403),
        (b"http://evil.example", 403),
        (b"http://" + ours + b"@evil.example/healthz", 403),
        (b"http:///healthz", 403),
        (b"http://" + ours + b"/healthz", 200),
        (b"HTTP://" + ours + b"/orders/a%20b", 503),
        (b"http://" + ours, 404),
        (b"healthz", 400),
        (b"evil.example:80", 400),
        (b"//evil.example/healthz", 404),
    ):
        assert status(one.say(request(one, b"GET " + target, b"Connection: close"))) == code, target
    assert (
        status(
            one.say(request(one, b"CONNECT evil.example:80", b"Connection: close", host=b"evil.example:80"))
        )
        == 403
    )


# --- no HTTP, or odd HTTP ---


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 600, 400),
        (b"garbage\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\nHost: HOST\r\nConnection: close\r\n\r\n", 505),
        (b"GET /\xff HTTP/1.1\r\nHost: HOST\r\n\r\n", 400),
        (b"GET /\x00 HTTP/1.1\r\nHost: HOST\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: HOST\r\nBad Header: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: HOST\r\nX: a\x00b\r\n\r\n", 400),
        (b"POST /orders HTTP/1.1\r\nHost: HOST\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /orders HTTP/1.1\r\nHost: HOST\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST /orders HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", 400),
        (b"POST /orders HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2\r\n"
         b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /orders HTTP/1.0\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /orders HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST /orders HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST /orders HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 70_000, 431),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n", 414),
        (b"GET /orders/" + b"%41" * 10_000 + b" HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n", 414),
        (b"GET /?" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n", 414),
        (b"GET /" + b"a" * 500_000, 431),
        (b"GET / HTTP/1.1\r\nHost: HOST\r\nX: " + b"a" * 40_000 + b"\r\nConnection: close\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: HOST\r\n" + b"X: y\r\n" * 20_000, 431),
        (b"GET /healthz HTTP/1.1\r\nHost: HOST\r\nUpgrade: websocket\r\n"
         b"Connection: Upgrade, close\r\n\r\n", 200),
    ],
    ids=lambda value: repr(value[:60]) if isinstance(value, bytes) else str(value),
)  # fmt: skip
def test_what_is_not_http_is_answered_politely(
    one: Served, said: bytes, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert status(one.say(said.replace(b"HOST", one.host.encode()))) == code
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert one.ask("GET", "/healthz")[0] == 200


def test_pipelined_requests_are_answered_in_order(one: Served) -> None:
    asked = b"".join(request(one, b"GET /orders/a-%d" % n) for n in range(5)) + request(one, b"GET /menu")
    with one.connect() as client:
        client.sendall(asked + request(one, b"GET /fleet", b"Connection: close"))
        said = all_of(client)
    heads = [part[:3] for part in said.split(b"HTTP/1.1 ")[1:]]
    assert heads == [b"503"] * 5 + [b"200"] * 2


def test_a_client_that_has_sent_all_may_close_its_half(one: Served) -> None:
    with one.connect() as client:
        client.sendall(request(one, b"GET /healthz"))
        client.shutdown(socket.SHUT_WR)
        assert status(all_of(client)) == 200


def test_head_is_get_without_its_body(one: Served) -> None:
    for path in (b"/healthz", b"/menu", b"/nowhere", b"/docs", b"/openapi.json"):
        said = one.say(request(one, b"HEAD " + path, b"Connection: close"))
        asked = one.say(request(one, b"GET " + path, b"Connection: close"))
        assert said.endswith(b"\r\n\r\n")
        assert said.split(b" ", 2)[1] == asked.split(b" ", 2)[1]
        assert len(asked.split(b"\r\n\r\n", 1)[1]) > 2
    assert status(one.say(request(one, b"HEAD /orderPizza", b"Connection: close"))) == 405


def test_the_answer_to_a_bad_host_is_a_whole_problem(one: Served) -> None:
    said = one.say(b"GET / HTTP/1.1\r\n\r\n")
    head, body = said.split(b"\r\n\r\n", 1)
    assert f"content-length: {len(body)}".encode() in head
    assert json.loads(body)["type"] == "/problems/foreign-host"
