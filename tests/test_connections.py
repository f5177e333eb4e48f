"""Connections that wait: each has a limit, and there is always room for an honest one."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import logging
import resource
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from api_stub.http import server as http_server
from api_stub.http.connections import ConnectionPhase, Limits, to_close
from api_stub.http.server import AcceptTroubles
from api_stub.http.sockets import CannotServe, listening
from tests.listening import Served, all_of, answer, is_closed, served
from tests.running import PATIENCE, eventually

SHORT = Limits(
    seconds={
        ConnectionPhase.LEAVING: 0.6,
        ConnectionPhase.HEAD: 0.6,
        ConnectionPhase.BODY: 0.6,
        ConnectionPhase.SENDING: 0.6,
        ConnectionPhase.IDLE: 0.6,
        ConnectionPhase.ANSWERING: 60.0,
    }
)
SLOW = dict.fromkeys(ConnectionPhase, 60.0)
"""No limit is reached, however long a busy machine takes for the next step of a test."""


def short(*phases: ConnectionPhase) -> Limits:
    """These phases are short; who is slow in another one is in time."""
    return Limits(seconds={**SLOW, **dict.fromkeys(phases, 0.6)})


@dataclass
class One:
    """A connection, as far as making room looks at it."""

    phase: ConnectionPhase
    since: float


def test_nobody_goes_while_there_is_room() -> None:
    crowd = [One(ConnectionPhase.HEAD, 0.0) for _ in range(5)]
    assert to_close(crowd, 100.0, Limits(comfortable=5)) == []


def test_the_lowest_phases_go_first_and_of_each_the_oldest() -> None:
    crowd = [One(phase, since) for phase in reversed(ConnectionPhase) for since in (2.0, 1.0)]
    gone = to_close(crowd, 100.0, Limits(comfortable=len(crowd) - 5))
    assert [(one.phase, one.since) for one in gone] == [
        (ConnectionPhase.LEAVING, 1.0),
        (ConnectionPhase.LEAVING, 2.0),
        (ConnectionPhase.HEAD, 1.0),
        (ConnectionPhase.HEAD, 2.0),
        (ConnectionPhase.BODY, 1.0),
    ]


def test_who_has_just_come_and_who_is_worked_on_stay() -> None:
    limits = Limits(comfortable=1, most=100, grace_s=0.5)
    crowd = [
        One(ConnectionPhase.ANSWERING, 0.0),
        One(ConnectionPhase.HEAD, 9.8),
        One(ConnectionPhase.HEAD, 9.0),
    ]
    assert to_close(crowd, 10.0, limits) == [crowd[2]]


def test_over_the_most_the_young_go_too() -> None:
    limits = Limits(comfortable=1, most=2, grace_s=0.5)
    crowd = [One(ConnectionPhase.HEAD, 9.9), One(ConnectionPhase.HEAD, 9.8), One(ConnectionPhase.HEAD, 9.7)]
    assert to_close(crowd, 10.0, limits) == [crowd[2]]


# --- a real server ---


@pytest.fixture(scope="module")
def quick() -> Iterator[Served]:
    """A server with short limits."""
    with served(SHORT) as one:
        yield one


def head(one: Served, line: bytes, *headers: bytes) -> bytes:
    """A request's head."""
    return b"\r\n".join([line + b" HTTP/1.1", b"Host: " + one.host.encode(), *headers, b"", b""])


def test_silent_and_half_sent_connections_shut_nobody_out() -> None:
    waits = (ConnectionPhase.HEAD, ConnectionPhase.BODY)
    seconds = {**Limits().seconds, **dict.fromkeys(waits, 2.0 * PATIENCE)}
    with served(Limits(seconds=seconds)) as one:
        silent = [one.connect() for _ in range(250)]
        assert one.ask("GET", "/healthz")[0] == 200
        halves = itertools.cycle(
            [
                b"GET /heal",
                head(one, b"GET /healthz")[:-2],
                head(one, b"POST /orders", b"Content-Length: 9") + b"{",
            ]
        )
        half = []
        for part in itertools.islice(halves, 250):
            half.append(one.connect())
            half[-1].sendall(part)
        for _ in range(3):
            assert one.ask("GET", "/healthz")[0] == 200
        eventually(lambda: all(is_closed(held) for held in silent + half), 20)
        eventually(lambda: not one.connections(), 5)


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\n", b"\r\n"])
def test_a_head_that_does_not_come_whole_is_given_up(quick: Served, sent: bytes) -> None:
    with quick.connect() as one:
        one.sendall(sent)
        said = all_of(one)
    assert said == b"" or said.startswith((b"HTTP/1.1 408 ", b"HTTP/1.1 400 "))


def drip(one: socket.socket) -> Any:
    """Send a byte; what says whether the other side has closed."""
    try:
        one.send(b"a")
    except ConnectionError:
        return True
    return is_closed(one)


def test_one_byte_at_a_time_keeps_nothing_open(quick: Served) -> None:
    for begun in (
        b"GET /",
        head(quick, b"POST /orders", b"Content-Length: 60000"),
        head(quick, b"GET /healthz")[:-2],
    ):
        with quick.connect() as one:
            one.sendall(begun)
            eventually(lambda: drip(one), 10, 0.05)


def test_a_body_that_does_not_come_is_408() -> None:
    for length in (b"Content-Length: 10", b"Transfer-Encoding: chunked"):
        with served(short(ConnectionPhase.BODY)) as one:
            said = one.say(head(one, b"POST /orders", length) + b"1\r\n{")
        assert said.startswith(b"HTTP/1.1 408 ") and b"application/problem+json" in said


def test_an_idle_connection_is_kept_for_a_while_only() -> None:
    seconds = dict(SLOW)
    with served(Limits(seconds=seconds)) as server, server.connect() as one:
        for idle_s in (60.0, 60.0, 0.3):
            seconds[ConnectionPhase.IDLE] = idle_s  # after the next answer
            one.sendall(head(server, b"GET /menu"))
            assert answer(one)[0] == 200
        assert all_of(one) == b""


def test_an_answer_that_nobody_reads_is_given_up() -> None:
    with served(short(ConnectionPhase.SENDING)) as server, server.connect() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        (other,) = eventually(server.connections, 10)
        with contextlib.suppress(ConnectionError):  # it may be given up before all was asked for
            one.sendall(head(server, b"GET /openapi.json") * 300)
        eventually(lambda: other.gone, 20)
        assert other.phase is ConnectionPhase.SENDING


def test_where_there_is_no_room_a_waiting_one_goes() -> None:
    with served(Limits(SLOW, comfortable=16, most=16, grace_s=60.0)) as one:
        kept = one.connect()
        kept.sendall(head(one, b"GET /menu"))
        assert answer(kept)[0] == 200
        silent = [one.connect() for _ in range(30)]
        eventually(lambda: sum(is_closed(held) for held in silent) >= 15)
        assert one.ask("GET", "/healthz")[0] == 200
        assert not is_closed(kept), "who has asked before is closed last"


def test_a_server_that_stops_waits_for_no_silent_client() -> None:
    with served(Limits(SLOW)) as one:
        held = [one.connect() for _ in range(5)]
        held[0].sendall(head(one, b"POST /orders", b"Content-Length: 10"))
        eventually(lambda: len(one.connections()) == 5)
        one.stop()
        assert all(is_closed(each) for each in held)


def test_without_a_file_for_a_new_connection_waiting_ones_go(caplog: pytest.LogCaptureFixture) -> None:
    with served(Limits(SLOW)) as one:
        held = [one.connect() for _ in range(20)]
        eventually(lambda: len(one.connections()) == 20)
        handler = AcceptTroubles(one.server)
        loop = one.connections()[0].loop
        context = {
            "message": "socket.accept() out of system resource",
            "exception": OSError(errno.EMFILE, "Too many open files"),
        }
        in_a_moment: Any = SimpleNamespace(time=lambda: 7.0)  # all of them, however long that takes
        with caplog.at_level(logging.WARNING):
            for _ in range(500):
                loop.call_soon_threadsafe(handler, in_a_moment, context)
            eventually(lambda: sum(is_closed(each) for each in held) == 10)
        told = [record for record in caplog.records if "no new connection" in record.getMessage()]
        assert len(told) == 1, "asyncio says it for each that waits; once is enough"
        assert one.ask("GET", "/healthz")[0] == 200


def test_any_other_trouble_of_the_loop_is_told_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.new_event_loop()
    with caplog.at_level(logging.ERROR):
        AcceptTroubles(object())(loop, {"message": "something else", "exception": OSError(errno.EMFILE, "x")})  # type: ignore[arg-type]
    loop.close()
    assert "something else" in caplog.text


def test_connections_leave_files_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for files, most in ((256, 32), (1024, 416), (4096, 1024), (60, 16)):
        monkeypatch.setattr(http_server, "open_files_allowed", lambda files=files: files)
        config = http_server.server_for(object()).config  # type: ignore[arg-type]
        assert config.http.limits.most == most  # type: ignore[union-attr]
        assert most + config.backlog + http_server.FILES_FOR_OTHERS <= files or files < 256


def test_more_files_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
    assert http_server.open_files_allowed() == 4096 and asked == [(4096, resource.RLIM_INFINITY)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 1024))
    assert http_server.open_files_allowed() == 1024
    monkeypatch.setattr(resource, "setrlimit", lambda *_: (_ for _ in ()).throw(OSError("no")))
    assert http_server.open_files_allowed() == 256


def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotServe, match=rf"listen on 127.0.0.1:{port}: .*in use"):
            listening("127.0.0.1", port)
    for host in ("256.0.0.1", "no such host", "x" * 300, "\ud800"):
        with pytest.raises(CannotServe):
            listening(host, 0)
