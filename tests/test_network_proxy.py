"""The proxy between a worker and Temporal: passes, holds, delays, and is in nobody's way otherwise."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import pytest

from api_stub.failures.network_proxy import MAX_WAITING, MAX_WIRES, Link, NetworkProxy
from tests.running import PATIENCE, free_ports

T = TypeVar("T")


@contextlib.asynccontextmanager
async def echo() -> AsyncIterator[tuple[str, int]]:
    """A server that sends back what it gets; its address."""

    answering: list[asyncio.Task[None] | None] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.append(asyncio.current_task())
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        await ended(writer)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[:2]
    finally:
        server.close()
        await asyncio.gather(*(task for task in answering if task is not None))


async def ended(writer: asyncio.StreamWriter) -> None:
    """Close it, and wait until it is."""
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


Talk = Callable[[Link, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def through_a_link(talk: Talk) -> None:
    """Run this with a link before an echo server, and a connection through it."""

    async def run() -> None:
        async with asyncio.timeout(20 * PATIENCE), echo() as upstream:
            link = Link(upstream)
            reader, writer = await asyncio.open_connection(*address(link))
            try:
                await talk(link, reader, writer)
            finally:
                await ended(writer)
                await link.close()

    asyncio.run(run())


def address(link: Link) -> tuple[str, int]:
    host, port = link.address.split(":")
    return host, int(port)


async def says_nothing(reader: asyncio.StreamReader) -> bool:
    """Whether nothing comes for a while."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.1)
        return False
    return True


def test_what_goes_in_comes_back_whole() -> None:
    async def talk(link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent = bytes(range(256)) * 20_000  # more than any buffer on the way
        writer.write(sent)
        assert await reader.readexactly(len(sent)) == sent

    through_a_link(talk)


def test_nothing_gets_through_while_it_is_held_and_all_of_it_after_that() -> None:
    async def talk(link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"before")
        assert await reader.readexactly(6) == b"before"
        link.hold()
        writer.write(b"meanwhile")
        assert await says_nothing(reader)
        late_reader, late_writer = await asyncio.open_connection(*address(link))
        late_writer.write(b"new")
        assert await says_nothing(late_reader), "a connection that is made meanwhile is held, too"
        link.release()
        assert await reader.readexactly(9) == b"meanwhile"
        assert await late_reader.readexactly(3) == b"new"
        await ended(late_writer)

    through_a_link(talk)


def test_a_slow_link_is_late_and_keeps_the_order_also_when_it_becomes_quick_again() -> None:
    async def talk(link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link.delay_s = 0.2
        loop = asyncio.get_running_loop()
        writer.write(b"1")
        await asyncio.sleep(0.01)
        link.delay_s = 0.0
        writer.write(b"2")
        assert await reader.readexactly(2) == b"12"
        link.delay_s = 0.2
        began = loop.time()
        writer.write(b"3")
        assert await reader.readexactly(1) == b"3"
        assert loop.time() - began >= 0.4 - 0.02, "once in each direction"

    through_a_link(talk)


def test_a_slow_link_holds_a_bounded_number_of_bytes() -> None:
    async def talk(link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link.delay_s = 0.05
        sent = b"x" * (3 * MAX_WAITING)
        writer.write(sent)
        assert await reader.readexactly(len(sent)) == sent
        assert all(end._bytes <= MAX_WAITING + 2**18 for wire in link._wires for end in (wire.near, wire.far))

    through_a_link(talk)


def test_an_end_of_one_side_is_the_end_of_the_other() -> None:
    async def talk(link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x")
        await reader.readexactly(1)
        assert len(link._wires) == 1
        writer.close()
        while link._wires:
            await asyncio.sleep(0.01)

    through_a_link(talk)


def test_where_nobody_listens_the_worker_is_let_go() -> None:
    async def run() -> None:
        async with asyncio.timeout(20 * PATIENCE):
            link = Link(("127.0.0.1", free_ports(1)[0]))
            reader, writer = await asyncio.open_connection(*address(link))
            assert await reader.read() == b""
            await ended(writer)
            await link.close()

    asyncio.run(run())


def test_connections_through_one_link_are_bounded() -> None:
    async def run() -> None:
        async with asyncio.timeout(20 * PATIENCE), echo() as upstream:
            link = Link(upstream)
            link.hold()
            made = [await asyncio.open_connection(*address(link)) for _ in range(MAX_WIRES + 5)]
            while len(link._wires) < MAX_WIRES:
                await asyncio.sleep(0.01)
            refused = [await asyncio.wait_for(reader.read(), 5 * PATIENCE) for reader, _ in made[MAX_WIRES:]]
            assert refused == [b""] * 5 and len(link._wires) == MAX_WIRES
            for _, writer in made:
                await ended(writer)
            await link.close()

    asyncio.run(run())


def test_each_slot_has_a_link_of_its_own_and_a_new_worker_finds_it_open() -> None:
    async def run() -> None:
        async with echo() as (host, port):
            network = NetworkProxy(f"{host}:{port}")
            one, two = network.address_for(1, "w1.1"), network.address_for(2, "w2.1")
            assert one is not None and two is not None and one != two
            link = network.link_of(1, "w1.1")
            assert link is not None and network.link_of(1, "w1.9") is None
            link.hold()
            assert network.address_for(1, "w1.2") == one
            assert not link.held and network.link_of(1, "w1.1") is None
            await network.close()

    asyncio.run(run())


@pytest.mark.parametrize("upstream", [None, "", "nowhere", "host:port"])
def test_where_a_proxy_cannot_stand_there_is_none(upstream: str | None) -> None:
    network = NetworkProxy(upstream)
    assert not network.possible and network.address_for(1, "w1.1") is None
