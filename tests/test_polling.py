"""When a worker is ready: nothing that a server says or refuses keeps one that polls from being so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, cast

import pytest
from temporalio.api.taskqueue.v1 import PollerInfo
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeTaskQueueResponse
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from tests.running import PATIENCE, RunningStack, until
from worker.connection import Target
from worker.show import polling, process
from worker.show.polling import FIRST_PAUSE_S, LONGEST_PAUSE_S, StartPauses, until_polling
from worker.show.process import run_worker
from worker.show.spec import Readiness, WorkerSpec

LISTED = DescribeTaskQueueResponse(pollers=[PollerInfo(identity="w2.1"), PollerInfo(identity="w3.1")])
OTHERS = DescribeTaskQueueResponse(pollers=[PollerInfo(identity="w3.10")])
SPEC = WorkerSpec(3, 1)
PARTITIONS = ["gopherpizza", *(f"/_sys/gopherpizza/{n}" for n in (1, 2, 3))]


def refusal(status: RPCStatusCode) -> RPCError:
    return RPCError("you may not", status, b"")


class Server:
    """A client whose server answers with these, the last one again and again."""

    namespace, identity = "default", "w3.1"

    def __init__(self, *answers: DescribeTaskQueueResponse | RPCError | None) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    @property
    def workflow_service(self) -> Server:
        return self

    async def describe_task_queue(self, request: DescribeTaskQueueRequest) -> DescribeTaskQueueResponse:
        """None: it never answers."""
        self.asked.append(request.task_queue.name)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, RPCError):
            raise answer
        return answer or LISTED


class Sdk:
    """A worker that runs."""

    def __init__(self, is_running: bool = True) -> None:
        self.is_running = is_running


async def polls(server: Server, sdk: Sdk | None = None) -> None:
    await until_polling(cast(Client, server), cast(Worker, sdk or Sdk()), SPEC)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "ASK_S", 0.03)
    # A busy machine is no server that does not tell.
    monkeypatch.setattr(polling, "SEEN_S", 60.0 * PATIENCE)


REFUSALS = [
    status for status in RPCStatusCode if status not in polling.PASSING and status is not RPCStatusCode.OK
]


@pytest.mark.parametrize("status", REFUSALS, ids=lambda status: status.name)
def test_a_refusal_is_told_as_one_and_the_worker_is_ready(
    status: RPCStatusCode, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(refusal(status))
    asyncio.run(polls(server))
    assert server.asked == PARTITIONS, "asking again would change nothing"
    (said,) = [record.getMessage() for record in caplog.records]
    assert status.name in said and "no Temporal" not in said


@pytest.mark.parametrize(
    "answers",
    [
        [LISTED],
        [OTHERS, LISTED],
        [refusal(RPCStatusCode.UNAVAILABLE), refusal(RPCStatusCode.DEADLINE_EXCEEDED), LISTED],
        [None, LISTED],
        [refusal(RPCStatusCode.INVALID_ARGUMENT), LISTED],
    ],
    ids=["at once", "a moment later", "busy at first", "silent at first", "one partition refused"],
)
def test_the_servers_own_word_is_waited_for(answers: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    server = Server(*answers)
    asyncio.run(polls(server))
    assert len(server.asked) == len(answers) and caplog.records == []
    assert server.asked == PARTITIONS[: len(answers)]


@pytest.mark.parametrize(
    "answer", [OTHERS, refusal(RPCStatusCode.UNAVAILABLE), None], ids=["no", "busy", "silent"]
)
def test_a_server_that_never_tells_is_not_waited_for_for_ever(
    answer: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "SEEN_S", 0.1)
    asyncio.run(polls(Server(answer)))
    assert len(caplog.records) == 1


def test_a_worker_that_the_sdk_does_not_start_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "STARTING_S", 0.01)
    with pytest.raises(TimeoutError):
        asyncio.run(polls(Server(LISTED), Sdk(is_running=False)))


ABSENT: list[Exception] = [
    RuntimeError("Failed client connect: Server connection error: tonic::transport::Error(…)"),
    refusal(RPCStatusCode.UNAVAILABLE),
    TimeoutError(),
]
REFUSING: list[Exception] = [
    RuntimeError("Failed client connect: `get_system_info` call error: Status { code: PermissionDenied }"),
    RuntimeError("Worker validation failed: Namespace nope was not found"),
    refusal(RPCStatusCode.PERMISSION_DENIED),
    refusal(RPCStatusCode.UNAUTHENTICATED),
]


@pytest.mark.parametrize("error", ABSENT, ids=str)
def test_a_server_that_is_not_there_is_asked_soon_again(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    pauses = StartPauses("w3.1")
    assert {pauses.after(error) for _ in range(20)} == {FIRST_PAUSE_S}
    assert len(caplog.records) == 1 and "no Temporal yet" in caplog.records[0].getMessage()


@pytest.mark.parametrize("error", REFUSING, ids=str)
def test_one_that_refuses_is_asked_ever_later_and_told_as_that(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    pauses = StartPauses("w3.1")
    waited = [pauses.after(error) for _ in range(20)]
    assert waited == sorted(waited) and waited[0] == FIRST_PAUSE_S and waited[-1] == LONGEST_PAUSE_S
    (said,) = [record.getMessage() for record in caplog.records]
    assert "no Temporal yet" not in said and str(error) in said
    pauses.reset()
    assert pauses.after(error) == FIRST_PAUSE_S and len(caplog.records) == 2


# --- on a real server ---


async def worker_in_here(spec: WorkerSpec, so: Callable[[list[Readiness]], bool]) -> list[Readiness]:
    """Run the worker in this process until that is so, then have it stop."""
    told: list[Readiness] = []
    stop = asyncio.Event()
    running = asyncio.create_task(run_worker(spec, stop, told.append))
    async with asyncio.timeout(30 * PATIENCE):
        await until(lambda: so(told), 30.0)
        stop.set()
        await running
    return told


@pytest.mark.stack
@pytest.mark.parametrize("status", [RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED])
def test_a_real_worker_starts_once_where_the_server_will_not_tell_who_polls(
    session_stack: RunningStack, monkeypatch: pytest.MonkeyPatch, status: RPCStatusCode
) -> None:
    clients = []
    connect = process.connect

    async def connecting(*arguments: Any) -> Client:
        client = await connect(*arguments)
        clients.append(client)

        async def refused(*_: Any, **__: Any) -> Any:
            raise refusal(status)

        for call in ("list_workers", "describe_task_queue"):
            monkeypatch.setattr(client.workflow_service, call, refused)
        return client

    monkeypatch.setattr(process, "connect", connecting)
    spec = WorkerSpec(3, 1, Target(session_stack.temporal), task_queue="refused", drain_s=0.1)
    assert asyncio.run(worker_in_here(spec, bool)) == [Readiness()]
    assert len(clients) == 1


@pytest.mark.stack
def test_a_namespace_that_is_not_there_is_told_by_its_name(
    session_stack: RunningStack, caplog: pytest.LogCaptureFixture
) -> None:
    spec = WorkerSpec(3, 1, Target(session_stack.temporal, "nowhere"), drain_s=0.1)
    with caplog.at_level(logging.WARNING, "worker"):
        asyncio.run(worker_in_here(spec, lambda told: any("nowhere" in line for line in caplog.messages)))
    # A server that takes long to say so is, truly, not there yet.
    (said,) = [line for line in caplog.messages if "w3.1" in line and "nowhere" in line]
    assert "no Temporal yet" not in said
