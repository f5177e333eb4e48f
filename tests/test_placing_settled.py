"""Whether an order is placed: known, not known, and settled by the same request; on a made-up server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from temporalio.api.common.v1 import GrpcStatus
from temporalio.api.errordetails.v1 import WorkflowExecutionAlreadyStartedFailure
from temporalio.api.workflowservice.v1 import StartWorkflowExecutionResponse
from temporalio.converter import DataConverter
from temporalio.service import RPCError, RPCStatusCode

from api_stub import kitchen
from api_stub.errors import NoSuchOrder, NotKnownWhetherPlaced, OrderConflict, TemporalUnreachable
from api_stub.gateway import placer
from api_stub.gateway.client import Gateway
from api_stub.records.temporal_source import TemporalSource
from api_stub.schema import Order, OrderStatus
from tests.made_up_server import MadeUpServer, execution, gateway_on, started_with
from tests.serving import api
from worker.ids import workflow_id_for
from worker.shared import KitchenSettings, OrderInfo

ADA = OrderInfo("z", customer="Ada", toppings=["ham"])
KEY = workflow_id_for("z")
BUSY = RPCError("busy", RPCStatusCode.RESOURCE_EXHAUSTED, b"")


class Starting(MadeUpServer):
    """Takes orders as the server does: one run for a workflow id. `loses`: what it answers after it took
    one, or (`takes` False) instead of taking it."""

    identity = "test"
    data_converter = DataConverter.default

    def __init__(self) -> None:
        super().__init__()
        self.requests: dict[str, str] = {}
        self.loses: BaseException | None = None
        self.takes = True

    async def start_workflow_execution(
        self, request: Any, retry: bool, timeout: Any
    ) -> StartWorkflowExecutionResponse:
        self.calls["start", request.workflow_id] += 1
        key, lost = request.workflow_id, self.loses
        self.loses = None
        if not self.takes and lost is not None:
            raise lost
        if key in self.requests:
            raise already(self.requests[key], f"run-{key}")
        self.requests[key] = request.request_id
        self.executions.append(execution(key, run=f"run-{key}"))
        event = started_with({})
        event.workflow_execution_started_event_attributes.input.CopyFrom(request.input)
        self.histories[key] = [event]
        if lost is not None:
            raise lost
        return StartWorkflowExecutionResponse(run_id=f"run-{key}", started=True)


def already(request_id: str, run_id: str) -> RPCError:
    """What the server says of a workflow that runs."""
    detail = AnyMessage()
    detail.Pack(WorkflowExecutionAlreadyStartedFailure(start_request_id=request_id, run_id=run_id))
    status = GrpcStatus(code=RPCStatusCode.ALREADY_EXISTS.value, details=[detail])
    return RPCError("already started", RPCStatusCode.ALREADY_EXISTS, status.SerializeToString())


def on(server: Starting, work: Callable[[Gateway], Any]) -> Any:
    return asyncio.run(work(gateway_on(server)))


UNANSWERED: list[BaseException] = [
    TimeoutError(),
    RPCError("late", RPCStatusCode.DEADLINE_EXCEEDED, b""),
    RPCError("late", RPCStatusCode.CANCELLED, b""),
    RPCError("connection reset", RPCStatusCode.UNAVAILABLE, b""),
    RPCError("oops", RPCStatusCode.INTERNAL, b""),
    RPCError("oops", RPCStatusCode.UNKNOWN, b""),
    BUSY,
]


@pytest.mark.parametrize("error", UNANSWERED, ids=repr)
@pytest.mark.parametrize("takes", [True, False], ids=["taken", "not taken"])
@pytest.mark.parametrize("fresh", [True, False], ids=["original's wire", "ours"])
def test_after_no_answer_it_is_not_known_and_the_same_request_settles_it(
    error: BaseException, takes: bool, fresh: bool
) -> None:
    server = Starting()
    server.loses, server.takes = error, takes

    async def work(gateway: Gateway) -> None:
        with pytest.raises(NotKnownWhetherPlaced, match="not known whether the order was placed") as told:
            await gateway.place(ADA, KitchenSettings(), fresh=fresh)
        assert "was not placed" not in str(told.value)
        # It runs, and Temporal has no time to be asked about it: all the same it is told.
        for key in list(server.requests):
            server.broken["describe", key] = server.broken["history", key] = BUSY
        order, is_new = await gateway.place(ADA, KitchenSettings(), fresh=fresh)
        assert (order.customer, order.toppings, is_new) == ("Ada", ["ham"], not takes)
        assert order.run_id == f"run-{order.workflow_id}" and len(server.requests) == 1, "one order"
        again, is_new = await gateway.place(ADA, KitchenSettings(), fresh=fresh)
        assert len(server.requests) == (2 if fresh else 1) and is_new is fresh

    on(server, work)


@pytest.mark.parametrize(
    "error",
    [
        RPCError("not allowed", RPCStatusCode.PERMISSION_DENIED, b""),
        RPCError("Namespace default is not found.", RPCStatusCode.NOT_FOUND, b""),
        RPCError("too long", RPCStatusCode.INVALID_ARGUMENT, b""),
        RuntimeError("Failed client connect: connection refused"),
    ],
    ids=repr,
)
def test_a_refusal_is_known(error: BaseException) -> None:
    server = Starting()
    server.loses, server.takes = error, False

    async def work(gateway: Gateway) -> None:
        with pytest.raises(TemporalUnreachable, match="was not placed") as told:
            await gateway.place(ADA, KitchenSettings())
        assert not isinstance(told.value, NotKnownWhetherPlaced)

    on(server, work)


def test_another_body_is_a_conflict_and_an_earlier_versions_order_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(placer, "READ_BACK_S", 0.0)
    server = Starting()

    async def work(gateway: Gateway) -> None:
        await gateway.place(ADA, KitchenSettings())
        with pytest.raises(OrderConflict):
            await gateway.place(OrderInfo("z", customer="Eve"), KitchenSettings())
        server.requests[KEY] = "as the SDK makes them"
        order, is_new = await gateway.place(ADA, KitchenSettings())
        assert order.customer == "Ada" and not is_new
        server.broken["describe", KEY] = BUSY
        assert (await gateway.place(ADA, KitchenSettings()))[0].run_id == order.run_id, "it was read before"
        with pytest.raises(TemporalUnreachable, match="is placed, and whether it is this one"):
            await gateway_on(server).place(ADA, KitchenSettings())

    on(server, work)


def test_what_is_no_order_is_never_told_as_one_and_its_id_is_taken() -> None:
    """A workflow of another program in the same namespace, under the very id of an order."""
    server = Starting()
    server.requests[KEY] = "another program's"
    server.executions.append(execution(KEY))
    server.executions[0].type.name = "Report"
    server.histories[KEY] = [started_with(None)]

    async def work(gateway: Gateway) -> None:
        with pytest.raises(OrderConflict, match=r"'z' is taken .*'Report'.*; choose another id"):
            await gateway.place(OrderInfo("z"), KitchenSettings())
        for name in ("z", KEY):
            with pytest.raises(NoSuchOrder):
                await gateway.order(name)
            with pytest.raises(NoSuchOrder):
                await gateway.history(name)
        assert await TemporalSource(gateway).row(KEY) is None
        assert gateway.open_now() == []

    on(server, work)


def test_an_order_that_somebody_deletes_while_it_is_placed_again_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(placer, "READ_BACK_S", 0.0)
    server = Starting()
    server.requests[KEY] = "as the SDK makes them"

    async def work(gateway: Gateway) -> None:
        with pytest.raises(TemporalUnreachable, match="the same request again settles it"):
            await gateway.place(ADA, KitchenSettings())

    on(server, work)


def test_an_order_that_nobody_asks_for_again_is_told_when_it_is_seen() -> None:
    server = Starting()
    server.loses = TimeoutError()

    async def work(gateway: Gateway) -> None:
        settled: list[Order] = []
        gateway.settled_listeners.append(settled.append)
        with pytest.raises(NotKnownWhetherPlaced):
            await gateway.place(ADA, KitchenSettings())
        await gateway._changes.look()
        await gateway._view(KEY, None)
        assert [(order.workflow_id, order.status) for order in settled] == [(KEY, OrderStatus.RECEIVED)]
        await gateway._view(KEY, None)
        assert len(settled) == 1

    on(server, work)


@pytest.mark.parametrize("when", ["start", "describe"])
@pytest.mark.parametrize("fresh", [True, False], ids=["original's wire", "ours"])
def test_an_order_whose_request_was_cancelled_is_told_when_it_is_seen(fresh: bool, when: str) -> None:
    class Silent(Starting):
        """Takes orders, and tells nobody."""

        async def start_workflow_execution(self, request: Any, retry: bool, timeout: Any) -> Any:
            answer = await super().start_workflow_execution(request, retry, timeout)
            return await self._silence("start", answer)

        async def describe_workflow_execution(self, request: Any, timeout: Any) -> Any:
            return await self._silence(
                "describe", await super().describe_workflow_execution(request, timeout)
            )

        async def _silence(self, what: str, answer: Any) -> Any:
            if what == when and not silence.is_set():
                silence.set()
                await asyncio.Event().wait()
            return answer

    server, silence = Silent(), asyncio.Event()

    async def work(gateway: Gateway) -> None:
        settled: list[Order] = []
        gateway.settled_listeners.append(settled.append)
        placing = asyncio.ensure_future(gateway.place(ADA, KitchenSettings(), fresh=fresh))
        await silence.wait()
        placing.cancel()
        await asyncio.wait([placing])
        assert placing.cancelled()
        (workflow_id,) = server.requests
        await gateway._changes.look()
        await gateway._view(workflow_id, None)
        assert [order.workflow_id for order in settled] == [workflow_id]
        await gateway.place(ADA, KitchenSettings(), fresh=fresh)
        assert list(server.requests) == [workflow_id], "one order"

    on(server, work)


class FullDisk:
    """The records of a disk that becomes full when somebody looks at it."""

    async def require_writable(self) -> None:
        """Nothing is known yet."""

    async def problem_now(self) -> str | None:
        """It is full."""
        return "the disk is full"


@pytest.mark.parametrize("path", ["/orders", "/orderPizza"])
def test_a_disk_that_becomes_full_while_temporal_is_asked(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(kitchen, "PROMPT_S", 0.0)
    with api() as house:
        house.kitchen.records = FullDisk()  # type: ignore[assignment]
        monkeypatch.setattr(house.kitchen.gateway, "place", silent)
        answer = house.post(path, {"id": "z"})
        house.kitchen.records = None
    assert answer.status_code == 503 and answer.json()["type"] == "/problems/ledger-unwritable"
    detail = answer.json()["detail"]
    assert detail.startswith("it is not known whether the order was placed (the disk is full);")


def test_both_wires_say_that_it_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unanswered(*_: Any, **__: Any) -> None:
        raise NotKnownWhetherPlaced(
            "it is not known whether the order was placed; the same request settles it"
        )

    with api() as house:
        monkeypatch.setattr(house.kitchen.gateway, "place", unanswered)
        for path in ("/orders", "/orderPizza"):
            answer = house.post(path, {"id": "z"})
            assert answer.status_code == 503 and "not known" in answer.json()["detail"]


class Ledger:
    """Takes orders down, in the records' place."""

    def __init__(self) -> None:
        self.taken: list[str | None] = []

    async def take(self, order: Order) -> None:
        """One more."""
        self.taken.append(order.workflow_id)


def test_what_turns_out_to_be_placed_comes_into_the_ledger() -> None:
    kept = Ledger()
    with api() as house:
        house.kitchen.records = kept  # type: ignore[assignment]
        placing = house.kitchen.gateway._placer
        placing._unanswered[KEY] = None
        found = Order(id="z", workflow_id=KEY, run_id="r", status=OrderStatus.RECEIVED)
        house.tell(placing.seen, found)
        house.tell(placing.seen, found)
        house.until(lambda: kept.taken)
        assert kept.taken == [KEY]
