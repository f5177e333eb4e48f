"""Every body that crosses HTTP, as pydantic models: the contract between the API and its callers.

Requests are strict (an unknown field is refused and named); answers are plain. Times are RFC 3339 in UTC.
The game takes what it needs of worker.shared from here too: see ARCHITECTURE.md, the import rule.
"""

from api_stub.schema.base import Answer, Problem, Request
from api_stub.schema.challenge import Challenge, CodeProblem
from api_stub.schema.failures import (
    MAX_FAILURE_S,
    MAX_SIGHTINGS,
    Failure,
    FailureMenu,
    FailureRecord,
    FailureWanted,
    RetryInForce,
    Sighting,
    TimeoutsInForce,
)
from api_stub.schema.fleet import (
    ExitCause,
    Fleet,
    KilledBy,
    LastExit,
    StartWorkerRequest,
    Worker,
    WorkerPhase,
)
from api_stub.schema.health_and_checkpoints import (
    Checkpoint,
    CheckpointList,
    CheckpointSwitch,
    FleetHealth,
    Health,
    StreamSettings,
    TemporalHealth,
)
from api_stub.schema.kiosk import (
    AllDead,
    AttractSettings,
    DayTotals,
    KillTotals,
    Kiosk,
    KioskReset,
    KioskTotals,
    NotRestored,
    PinTried,
    PinVerdict,
    RiskedOrder,
    Round,
    RoundKill,
    RoundName,
    RoundNamed,
    RoundTable,
    RoundWanted,
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
    "ActivityState", "AllDead", "Answer", "AttractSettings", "Audit", "Challenge", "Checkpoint",
    "CheckpointList", "CheckpointSwitch", "Cheese", "CodeProblem", "Crust", "Curves", "Custodian", "Customer",
    "DayTotals", "ExitCause", "Failure", "FailureMenu", "FailureRecord", "FailureWanted", "Fleet",
    "FleetHealth", "Health", "HeartbeatTimeout", "HistoryEvent", "ID_PATTERN", "KillTotals", "KilledBy",
    "Kiosk", "KioskReset", "KioskTotals", "LastExit", "Latency", "Listing", "MAX_BATCH",
    "MAX_BATCH_BODY_BYTES", "MAX_BODY_BYTES", "MAX_CUSTOMER_LENGTH", "MAX_FAILURE_S", "MAX_ID_LENGTH",
    "MAX_RUN_ID_LENGTH", "MAX_SIGHTINGS", "MAX_TOPPINGS", "Menu", "NotRestored", "Order", "OrderEnd",
    "OrderId", "OrderList", "OrderRequest", "OrderStats", "OrderStatus", "PinTried", "PinVerdict", "Problem",
    "Rates", "Receipt", "ReceiptOrder", "Request", "RetryInForce", "RiskedOrder", "Round", "RoundKill",
    "RoundName", "RoundNamed", "RoundTable", "RoundWanted", "Sighting", "Spread", "Stage", "StageView",
    "StartWorkerRequest", "Stats", "StatusItem", "StatusRequest", "StreamSettings", "TOPPINGS", "Takeovers",
    "TemporalHealth", "TimeoutsInForce", "Topping", "Worker", "WorkerPhase", "WorkerStats", "WorkflowState",
]  # fmt: skip
