"""How long the namespace keeps closed workflows: ours for as long as is needed, another's as it does."""

from __future__ import annotations

import asyncio
import logging
import math
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    AddSearchAttributesResponse,
    ListSearchAttributesResponse,
)
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeNamespaceResponse,
    UpdateNamespaceRequest,
    UpdateNamespaceResponse,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from api_stub.checkpoint import switching
from api_stub.checkpoint.files import load
from api_stub.errors import TemporalUnreachable
from api_stub.gateway import namespace as module
from api_stub.gateway.booths import at_booth
from api_stub.gateway.namespace import SPARE_S, Namespace
from tests.running import (
    PATIENCE,
    ROOT,
    RunningStack,
    as_yaml,
    eventually,
    free_ports,
    processes_naming,
    until,
)
from tests.servers import a_server
from tests.serving import api, kitchen_for
from tests.test_booths import Recorded
from worker.ids import BOOTH_ATTRIBUTE

DAY_S = 86_400.0
REFUSED = RPCError("you may not", RPCStatusCode.PERMISSION_DENIED, b"")


def keeps(seconds: float) -> DescribeNamespaceResponse:
    return DescribeNamespaceResponse(
        config=NamespaceConfig(workflow_execution_retention_ttl=Duration(seconds=int(seconds)))
    )


def on(
    *answers: Message | RPCError, own: bool = False, booth: str | None = None
) -> tuple[Namespace, Recorded]:
    service = Recorded(*answers)
    client = at_booth(Client(service, namespace="shop"), booth)
    return Namespace(lambda: client, own=own), service


def test_ours_is_made_to_keep_orders_for_longer_than_they_are_needed() -> None:
    ours, server = on(keeps(DAY_S), UpdateNamespaceResponse(), own=True)
    asyncio.run(ours.fit(30 * DAY_S))
    asked: UpdateNamespaceRequest = server.asked[1]
    assert asked.namespace == "shop"
    assert asked.config.workflow_execution_retention_ttl.seconds == 30 * DAY_S + SPARE_S == ours.keeps_s
    assert ours.limit_s is None, "any retention_s can be had"


@pytest.mark.parametrize("kept_s", [SPARE_S + 1800, 40 * DAY_S, 0])
def test_ours_never_keeps_them_for_shorter(kept_s: float) -> None:
    ours, server = on(keeps(kept_s), own=True)
    asyncio.run(ours.fit(1800))
    assert len(server.asked) == 1 and ours.keeps_s == (kept_s or math.inf)


def test_anothers_is_only_read() -> None:
    theirs, server = on(keeps(DAY_S))
    asyncio.run(theirs.fit(30 * DAY_S))
    assert theirs.limit_s == DAY_S
    assert [type(each) for each in server.asked] == [DescribeNamespaceRequest]


def test_a_refusal_is_told_once_and_things_go_on(caplog: pytest.LogCaptureFixture) -> None:
    theirs, _ = on(REFUSED, REFUSED)
    ours, _ = on(keeps(DAY_S), REFUSED, keeps(DAY_S), REFUSED, own=True)

    async def twice() -> None:
        for _ in range(2):
            await theirs.fit(1800)
            await ours.fit(1800)

    asyncio.run(twice())
    assert theirs.limit_s is None and ours.limit_s is None
    assert caplog.text.count("is not told: you may not") == 1
    assert caplog.text.count("it keeps closed workflows for 86400 s, not for") == 1


@pytest.mark.parametrize("status", [RPCStatusCode.UNAVAILABLE, RPCStatusCode.NOT_FOUND])
def test_a_server_that_is_not_there_yet_is_asked_again(status: RPCStatusCode) -> None:
    theirs, _ = on(RPCError("not now", status, b""), keeps(DAY_S))
    with pytest.raises(TemporalUnreachable):
        asyncio.run(theirs.fit(1800))
    asyncio.run(theirs.fit(1800))
    assert theirs.keeps_s == DAY_S


def test_the_checkpoint_in_force_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that comes late, then a switch to a longer retention; meanwhile nothing is asked."""
    monkeypatch.setattr(module, "LOOK_S", 0.001)
    monkeypatch.setattr(module, "AWAY_S", 0.001)
    away = RPCError("not now", RPCStatusCode.UNAVAILABLE, b"")
    answers = (away, keeps(DAY_S), UpdateNamespaceResponse(), keeps(SPARE_S + 60), UpdateNamespaceResponse())
    ours, server = on(*answers, own=True)
    wanted = 60.0

    async def live() -> None:
        nonlocal wanted
        watching = asyncio.create_task(ours.watch(lambda: wanted))
        async with asyncio.timeout(20 * PATIENCE):
            while len(server.asked) < 3:
                await asyncio.sleep(0.001)
            for _ in range(20):
                await asyncio.sleep(0.001)
            assert len(server.asked) == 3
            wanted = 120.0
            while ours.keeps_s != SPARE_S + 120:
                await asyncio.sleep(0.001)
        watching.cancel()
        await asyncio.wait([watching])

    asyncio.run(live())


# --- the search attribute ---


def test_the_attribute_is_had_where_it_is_allowed() -> None:
    namespace, server = on(ListSearchAttributesResponse(), AddSearchAttributesResponse(), booth="left")
    asyncio.run(namespace.have_attribute())
    asyncio.run(namespace.have_attribute())
    added: AddSearchAttributesRequest = server.asked[1]
    assert dict(added.search_attributes) == {BOOTH_ATTRIBUTE: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD}
    assert len(server.asked) == 2 and service_of(namespace).has_attribute


@pytest.mark.parametrize("kind", ["KEYWORD", "INT"])
def test_one_that_is_there_is_used_if_it_is_of_our_kind(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    there = {BOOTH_ATTRIBUTE: IndexedValueType.Value(f"INDEXED_VALUE_TYPE_{kind}")}
    namespace, server = on(ListSearchAttributesResponse(custom_attributes=there), booth="left")
    asyncio.run(namespace.have_attribute())
    assert service_of(namespace).has_attribute == (kind == "KEYWORD") == (caplog.text == "")
    assert len(server.asked) == 1


def test_where_it_is_refused_orders_go_without(caplog: pytest.LogCaptureFixture) -> None:
    namespace, server = on(REFUSED, booth="left")
    asyncio.run(namespace.have_attribute())
    asyncio.run(namespace.have_attribute())
    assert not service_of(namespace).has_attribute and len(server.asked) == 1
    assert caplog.text.count("orders go without the search attribute GopherPizzaBooth: you may not") == 1


def test_without_a_booth_nothing_is_asked() -> None:
    namespace, server = on()
    asyncio.run(namespace.have_attribute())
    assert server.asked == []


def service_of(namespace: Namespace) -> Any:
    return namespace._client().service_client


# --- configs that ask for more than a namespace keeps ---


def written(directory: Path, name: str, retention_s: float) -> Path:
    file = directory / f"{name}.yaml"
    file.write_text(as_yaml({"checkpoint": name, "retention_s": retention_s}), encoding="utf-8")
    return file


def test_a_longer_retention_is_refused_by_name(tmp_path: Path) -> None:
    kitchen = kitchen_for()
    kitchen.namespace, _ = on(REFUSED, *[keeps(DAY_S)] * 50)
    long, fits = written(tmp_path, "long", 2 * DAY_S), written(tmp_path, "fits", DAY_S)
    with api(kitchen=kitchen) as made:
        assert made("PUT", "/checkpoint", json={"name": str(long)}).status_code == 200, "nobody can tell yet"
        assert made("PUT", "/checkpoint", json={"name": "1"}).status_code == 200
        made.run(kitchen.namespace.look())
        answer = made("PUT", "/checkpoint", json={"name": str(long)})
        words = "retention_s: found 172800; Temporal's namespace keeps closed workflows for 86400 s"
        assert answer.status_code == 422 and words in answer.json()["detail"]
        assert str(long) in answer.json()["detail"] and "\n" not in answer.json()["detail"]
        assert made("GET", "/checkpoint").json()["name"] == "1"
        listed = {one["name"]: one for one in made("GET", "/checkpoints").json()["checkpoints"]}
        assert words in listed["long"]["problem"] and listed["3"]["problem"] is None
        assert made("PUT", "/checkpoint", json={"name": str(fits)}).status_code == 200
        written(tmp_path, "fits", DAY_S + 1)
        made.run(switching.look(kitchen))
        assert "retention_s: found 86401" in made("GET", "/checkpoint").json()["problem"]


def test_orders_leave_before_temporal_forgets_them(tmp_path: Path) -> None:
    """Also where the config was in force before anybody could tell how long that takes."""
    kitchen = kitchen_for()
    kitchen.namespace, _ = on(keeps(DAY_S))
    kitchen.put_in_force(load(written(tmp_path, "long", 2 * DAY_S)))
    assert kitchen.retention_s == 2 * DAY_S
    asyncio.run(kitchen.namespace.look())
    assert kitchen.retention_s == DAY_S


async def fitted(namespace: Namespace, retention_s: float) -> bool:
    """Whether the server has answered in time; it may have been too busy."""
    try:
        await namespace.fit(retention_s)
    except TemporalUnreachable:
        return False
    return True


@pytest.mark.stack
def test_the_real_server(tmp_path: Path) -> None:
    """Ours: on a new database, on the same one again, and after a switch to a longer retention. Another's: a
    config that asks for more ends the start with one line."""

    async def kept_after(address: str, *retentions: float) -> list[float | None]:
        client = await Client.connect(address)
        ours = Namespace(lambda: client, own=True)
        found = []
        for retention_s in retentions:
            await until(lambda retention_s=retention_s: fitted(ours, retention_s))
            found.append(await kept_by(address))
        return found

    with a_server(tmp_path) as server:
        (tmp_path / "configs").mkdir()
        long = written(tmp_path / "configs", "long", 2 * DAY_S)
        port, state = free_ports(1)[0], tmp_path / "state"
        answer = subprocess.run(
            [
                *(sys.executable, "-m", "api_stub", "--temporal", server.address, "--server-is", "shared"),
                *("--checkpoint", str(long), "--port", str(port), "--state-dir", str(state)),
            ],
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=timedelta(minutes=3).total_seconds(),
        )
        assert answer.returncode == 2, answer.stderr
        (line,) = answer.stderr.splitlines()
        assert str(long) in line and "retention_s: found 172800" in line and "86400 s" in line
        assert asyncio.run(kept_after(server.address, 1800)) == [1800 + SPARE_S]
    with a_server(tmp_path) as server:
        kept = asyncio.run(kept_after(server.address, 1800, 30 * DAY_S, 60))
        assert kept == [1800 + SPARE_S, 30 * DAY_S + SPARE_S, 30 * DAY_S + SPARE_S]


async def kept_by(address: str) -> float | None:
    client = await Client.connect(address)
    read = Namespace(lambda: client)
    await read.look(20.0 * PATIENCE)
    return read.keeps_s


@pytest.mark.stack
def test_a_stack_sees_to_its_own_servers_namespace_and_asks_no_other_for_more(
    session_stack: RunningStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keeps_at_least(seconds: float) -> bool:
        return (asyncio.run(kept_by(session_stack.temporal)) or 0) >= seconds

    before = session_stack.client.get("/checkpoint").json()["name"]
    eventually(lambda: keeps_at_least(3600 + SPARE_S))
    longer = written(tmp_path, "longer", 2 * DAY_S)
    answer = session_stack.client.put("/checkpoint", json={"name": str(longer)})
    assert answer.status_code == 200, answer.text
    eventually(lambda: keeps_at_least(2 * DAY_S + SPARE_S))
    session_stack.client.put("/checkpoint", json={"name": before})

    monkeypatch.setenv("TEMPORAL_ADDRESS", session_stack.temporal)
    far_longer = written(tmp_path, "far-longer", 30 * DAY_S)
    other = RunningStack(tmp_path / "state", far_longer, "--no-game")
    with pytest.raises(AssertionError, match="no ready line"):
        other.until_ready()
    assert other.process.returncode == 1
    (line,) = other.errors.splitlines()
    assert f"{far_longer}: retention_s: found 2592000" in line
    eventually(lambda: not processes_naming(str(tmp_path / "state")), 5)


@pytest.fixture(autouse=True)
def warnings_are_heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
