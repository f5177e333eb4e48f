"""Every body that crosses HTTP, as pydantic models: the contract between the API and its callers.

Requests are strict (an unknown field is refused and named); answers are plain. Times are RFC 3339 in UTC.
The game takes what it needs of worker.shared from here too: see ARCHITECTURE.md, the import rule.
"""

from api_stub.schema.base import Answer, Problem, Request
from api_stub.schema.challenge import Challenge, CodeProblem
from api_stub.schema.fleet import ExitCause, Fleet, LastExit, StartWorkerRequest, Worker, WorkerPhase
from api_stub.schema.house import (
    Checkpoint,
    CheckpointList,
    CheckpointSwitch,
    FleetHealth,
    Health,
    StreamSettings,
    TemporalHealth,
)
from api_stub.schema.orders import (
    MAX_BATCH,
    MAX_BATCH_BODY_BYTES,
    MAX_BODY_BYTES,
    MAX_RUN_ID_LENGTH,
    ActivityState,
    Custodian,
    Customer,
    HistoryEvent,
    Listing,
    Menu,
    Order,
    OrderId,
    OrderList,
    OrderRequest,
    StageView,
    StatusItem,
    StatusRequest,
    Topping,
    WorkflowState,
)
from api_stub.schema.records import (
    Audit,
    Curves,
    HeartbeatTimeout,
    Latency,
    OrderEnd,
    OrderStats,
    Rates,
    Receipt,
    ReceiptOrder,
    Spread,
    Stats,
    Takeovers,
    WorkerStats,
)
from worker.shared import (
    ID_PATTERN,
    MAX_CUSTOMER_LENGTH,
    MAX_ID_LENGTH,
    MAX_TOPPINGS,
    TOPPINGS,
    Cheese,
    Crust,
    OrderStatus,
    Stage,
)

__all__ = [
    "ActivityState", "Answer", "Audit", "Challenge", "Checkpoint", "CheckpointList", "CheckpointSwitch",
    "Cheese", "CodeProblem", "Crust", "Curves", "Custodian", "Customer", "ExitCause", "Fleet",
    "FleetHealth", "Health", "HeartbeatTimeout", "HistoryEvent", "ID_PATTERN", "LastExit", "Latency",
    "Listing", "MAX_BATCH", "MAX_BATCH_BODY_BYTES", "MAX_BODY_BYTES", "MAX_CUSTOMER_LENGTH",
    "MAX_ID_LENGTH", "MAX_RUN_ID_LENGTH", "MAX_TOPPINGS", "Menu", "Order", "OrderEnd", "OrderId",
    "OrderList", "OrderRequest", "OrderStats", "OrderStatus", "Problem", "Rates", "Receipt",
    "ReceiptOrder", "Request", "Spread", "Stage", "StageView", "StartWorkerRequest", "Stats",
    "StatusItem", "StatusRequest", "StreamSettings", "TOPPINGS", "Takeovers", "TemporalHealth",
    "Topping", "Worker", "WorkerPhase", "WorkerStats", "WorkflowState",
]  # fmt: skip
