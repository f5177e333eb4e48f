"""Hints: what a worker tells its fleet of its attempts, through a pipe that must never hold anybody up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from api_stub.fleet import news_from_worker as fleet_end
from api_stub.fleet.events import End
from api_stub.fleet.process_host import ProcessHost, _Child
from api_stub.fleet.rules import Policy
from api_stub.fleet.supervisor import FleetSetup, Supervisor
from tests.serving import ScriptedHost
from worker.connection import Target
from worker.shared import ACTIVITY_TYPES, WORKFLOW_TYPE, CodeFault, Stage
from worker.show.hints import MAX_HINT_BYTES, Hint
from worker.show.news_to_fleet import HintingInterceptor, NewsToFleet
from worker.show.spec import Readiness

HINT = Hint("started", "o1--x", "run-1", Stage.BAKE, 2)
READY = Readiness("digest", CodeFault("kitchen.py", 3, "KeyError: 'x'"))


@dataclass
class Pipe:
    """Both ends of a worker's pipe."""

    worker: NewsToFleet
    fleet: fleet_end.NewsFromWorker
    far: int

    def told(self) -> list[Readiness | Hint]:
        """What the fleet hears now."""
        self.fleet.read()
        return list(self.fleet.told())


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    near, far = os.pipe()
    yield Pipe(NewsToFleet(far), fleet_end.NewsFromWorker(near, "w1.1"), far)
    for end in (near, far):
        with contextlib.suppress(OSError):
            os.close(end)


def test_readiness_and_hints_come_as_they_were_told(pipe: Pipe) -> None:
    """An attempt may begin before the worker tells that it polls; both are told as they are."""
    pipe.worker.hint(HINT)
    pipe.worker.ready(READY)
    ended = replace(HINT, kind="completed", attempt=3)
    pipe.worker.hint(ended)
    assert pipe.told() == [HINT, READY, ended]


def test_a_pipe_that_nobody_reads_drops_hints_and_goes_on_when_it_is_read(
    pipe: Pipe, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(5000):
        pipe.worker.hint(replace(HINT, attempt=number))
    assert 0 < pipe.worker.dropped < 5000
    assert 1 <= len(caplog.records) <= 6, "said once in a while"
    heard: list[Readiness | Hint] = []
    while told := pipe.told():
        heard += told
    assert [hint.attempt for hint in heard if isinstance(hint, Hint)] == list(range(len(heard)))
    pipe.worker.hint(HINT)
    assert pipe.told() == [HINT]


def test_hints_longer_than_a_pipe_takes_at_once_come_whole_or_not_at_all(pipe: Pipe) -> None:
    long = replace(HINT, workflow_id="o" * 3900)
    for _ in range(40):
        pipe.worker.hint(long)
    heard = 0
    for _ in range(100):
        told = pipe.told()
        assert all(hint == long for hint in told)
        heard += len(told)
        pipe.worker.hint(long)
    assert heard >= 100
    pipe.worker.hint(replace(HINT, workflow_id="o" * MAX_HINT_BYTES))
    assert all(hint == long for hint in pipe.told())


def test_a_fleet_that_is_gone_is_nothing_to_a_hint(pipe: Pipe, caplog: pytest.LogCaptureFixture) -> None:
    os.close(pipe.fleet.pipe)
    for _ in range(3):
        pipe.worker.hint(HINT)
    assert len(caplog.records) == 1
    with pytest.raises(OSError):
        pipe.worker.ready(READY)


def test_nothing_is_written_where_the_pipes_number_is_another_file_by_now(pipe: Pipe) -> None:
    """A visitor's code has closed it, and the next connection has got its number."""
    other_near, other_far = os.pipe()
    os.dup2(other_far, pipe.far)
    pipe.worker.hint(HINT)
    with pytest.raises(OSError):
        pipe.worker.ready(READY)
    os.set_blocking(other_near, False)
    with pytest.raises(BlockingIOError):
        os.read(other_near, 100)
    os.close(other_near)
    os.close(other_far)


GARBAGE = [
    b"\n",
    b"no json\n",
    b'{"hint": 3}\n',
    b'{"hint": {"kind": "sung", "workflow_id": "a", "run_id": "b", "stage": "bake", "attempt": 1}}\n',
    b'{"hint": {"kind": "started"}}\n',
    b'{"hint": {"kind": "started", "workflow_id": "a", "run_id": "b", "stage": "x", "attempt": 1}}\n',
    b'{"hint": {"kind": "started", "workflow_id": "a", "run_id": "b", "stage": "bake", "attempt": {}}}\n',
    b'{"hint": {"kind": [], "workflow_id": "a"}}\n',
    b'{"hint": {"kind": "started", "attempt": NaN}}\n',
    b"\xff\xfe\n",
    b'{"hint": {"kind": "started", "workflow_id": "a", "run_id": "b", "stage": "bake", "attempt": 1e999}}\n',
    b'{"hint":' + b"[" * 50_000 + b"\n",
    b"[" * 50_000 + b"\n",
    b"x" * 300_000 + b"\n",
]


@pytest.mark.parametrize("line", GARBAGE, ids=lambda line: repr(line[:30]))
def test_a_line_that_nobody_can_read_takes_no_other_one_with_it(
    pipe: Pipe, line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    pipe.worker.ready(READY)
    assert pipe.told() == [READY]
    for _ in range(3):
        rest = line
        while rest:
            with contextlib.suppress(BlockingIOError):
                rest = rest[os.write(pipe.far, rest) :]
            assert pipe.told() == []
    pipe.worker.hint(HINT)
    assert pipe.told() == [HINT]
    assert sum("cannot be read" in record.getMessage() for record in caplog.records) == 1, "told seldom"


def test_one_that_babbles_is_not_listened_to_any_more(pipe: Pipe) -> None:
    os.write(pipe.far, b"babble\n" * 1000)
    assert pipe.told() == [Readiness()]
    assert not pipe.fleet.read()


def test_what_a_dead_worker_left_is_read_to_a_limit_and_never_waited_for(pipe: Pipe) -> None:
    """Somebody else still has the other end."""
    pipe.worker.ready(READY)
    for number in range(100):
        pipe.worker.hint(replace(HINT, attempt=number))
    os.write(pipe.far, b'{"hint": {"kind": "sta')
    pipe.fleet.drain()
    told = list(pipe.fleet.told())
    assert told[0] == READY and len(told) == 101


def test_all_hints_of_a_dead_worker_come_before_its_death(pipe: Pipe) -> None:
    heard: list[object] = []

    async def main() -> None:
        host = ProcessHost()
        child = _Child(heard.append, lambda *end: heard.append(end), heard.append, pipe.fleet, "w1.1")
        host._children[4711] = child
        pipe.worker.ready(READY)
        pipe.worker.hint(HINT)
        host._ended(4711, -9)
        assert heard == [], "spawn() has not returned yet"
        host._deliver(child)

    asyncio.run(main())
    assert heard == [READY, HINT, (End(9),)]


def test_listeners_get_the_worker_and_one_that_fails_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[tuple[str, Hint]] = []

    def fails(worker: str, hint: Hint) -> None:
        raise KeyError(worker)

    async def main() -> None:
        host = ScriptedHost()
        fleet = Supervisor(host, Policy(slots=1, start=1), FleetSetup(Target("127.0.0.1:1")))
        fleet.hint_listeners += [fails, lambda worker, hint: heard.append((worker, hint))]
        await fleet.open()
        while not host.specs:
            await asyncio.sleep(0)
        for pid in host.specs:
            host.hint(pid, HINT)
            host.hint(pid, HINT)

    with caplog.at_level(logging.ERROR):
        asyncio.run(main())
    assert heard == [("w1.1", HINT)] * 2
    assert len(caplog.records) == 1


class Attempt(ActivityInboundInterceptor):
    """The innermost of the chain: it ends as it is told to."""

    def __init__(self, end: BaseException | None) -> None:
        self._end = end

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        """Answer or raise."""
        if self._end is not None:
            raise self._end
        return "done"


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (None, "completed"),
        (ApplicationError("the dough was dropped"), "failed"),
        (KeyError("x"), "failed"),
        (asyncio.CancelledError(), "cancelled"),
    ],
    ids=str,
)
def test_each_attempt_is_told_when_it_begins_and_when_it_ends(end: BaseException | None, kind: str) -> None:
    told: list[Hint] = []
    chain = HintingInterceptor(told.append).intercept_activity(Attempt(end))
    environment = ActivityEnvironment()
    environment.info = replace(
        environment.info,
        activity_type=ACTIVITY_TYPES[Stage.BAKE],
        workflow_id="o1--x",
        workflow_run_id="run-1",
        workflow_type=WORKFLOW_TYPE,
        attempt=2,
    )
    put_in = ExecuteActivityInput(lambda: None, [], None, {})

    async def run() -> Any:
        return await environment.run(chain.execute_activity, put_in)

    if end is None:
        assert asyncio.run(run()) == "done"
    else:
        with pytest.raises(type(end)):
            asyncio.run(run())
    assert told == [HINT, replace(HINT, kind=kind)]


@pytest.mark.parametrize("kind", ["unknown", ACTIVITY_TYPES[Stage.BAKE]], ids=["no stage", "no order's"])
def test_an_activity_that_is_no_stage_of_an_order_is_not_told(kind: str) -> None:
    told: list[Hint] = []
    chain = HintingInterceptor(told.append).intercept_activity(Attempt(None))
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, activity_type=kind, workflow_type="Catering")
    asyncio.run(environment.run(chain.execute_activity, ExecuteActivityInput(lambda: None, [], None, {})))
    assert told == []
