"""Names, statuses and data types that both sides of Temporal agree on; nothing else (ids: ids.py).

This is the only definition: the API imports it, and the game sees it through `api_stub.schema`.
It imports nothing of temporalio, so that the game can read it without loading the SDK.

They are plain dataclasses. Temporal's pydantic converter (connection.py) checks what comes in against their
annotations, these limits included: no product's, only Temporal's own, so that a replay always agrees.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le, Lt

WORKFLOW_TYPE = "PizzaWorkflow"
TASK_QUEUE = "gopherpizza"
STATUS_QUERY = "getOrderStatus"

INVALID_ORDER = "InvalidOrder"
"""The type of the failure of a workflow that was started with nothing, or with what is no JSON. A body that
is no order fails it as a ValidationError, pydantic's own. No retry mends either."""

MAX_SECONDS = 30 * 86_400
Seconds = Annotated[float, Gt(0), Le(MAX_SECONDS)]
"""A time that Temporal accepts as a time-out or a wait between attempts."""
Span = Annotated[float, Ge(0), Le(MAX_SECONDS)]
"""A time that work may take."""


class OneFault:
    """Marks a list of which only the first wrong item is told: an error of megabytes could not be sent."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Pydantic's protocol for annotations; nothing of it is imported for that."""
        return {**handler(source), "fail_fast": True}


class OrderStatus(StrEnum):
    """Where an order is, in the original demo's words and order, and two of the API's own."""

    RECEIVED = "ORDER_RECEIVED"
    PREPARING = "ORDER_PREPARING"
    BAKING = "ORDER_BAKING"
    PENDING_PICKUP = "ORDER_PENDING_PICKUP"
    OUT_FOR_DELIVERY = "ORDER_OUT_FOR_DELIVERY"
    DELIVERED = "ORDER_DELIVERED"
    FAILED = "ORDER_FAILED"
    UNKNOWN = "ORDER_UNKNOWN"


class Stage(StrEnum):
    """The three things that workers do to a pizza, in order; each is one activity."""

    PREPARE = "prepare"
    BAKE = "bake"
    DELIVER = "deliver"


ACTIVITY_TYPES: dict[Stage, str] = {
    Stage.PREPARE: "PreparePizza",
    Stage.BAKE: "BakePizza",
    Stage.DELIVER: "Deliver",
}
STAGE_OF_ACTIVITY: dict[str, Stage] = {name: stage for stage, name in ACTIVITY_TYPES.items()}

STATUS_WHILE: dict[Stage, OrderStatus] = {
    Stage.PREPARE: OrderStatus.PREPARING,
    Stage.BAKE: OrderStatus.BAKING,
    Stage.DELIVER: OrderStatus.OUT_FOR_DELIVERY,
}


class Crust(StrEnum):
    """The original's crusts, by enum name; the first is what an absent field means."""

    NORMAL = "CRUST_NORMAL"
    THIN = "CRUST_THIN"
    GARLIC = "CRUST_GARLIC"
    STUFFED = "CRUST_STUFFED"
    GLUTEN_FREE = "CRUST_GLUTEN_FREE"
    PRETZEL = "CRUST_PRETZEL"


class Cheese(StrEnum):
    """The original's cheeses, by enum name; the first is what an absent field means."""

    MOZZARELLA = "CHEESE_MOZZARELLA"
    CHEDDAR = "CHEESE_CHEDDAR"
    NONE = "CHEESE_NONE"
    ALL = "CHEESE_ALL"


TOPPINGS: tuple[str, ...] = (
    "pepperoni",
    "mushroom",
    "onion",
    "olives",
    "basil",
    "peppers",
    "pineapple",
    "anchovies",
    "ham",
    "chili",
)

MAX_TOPPINGS = 8
MAX_TOPPING_LENGTH = 24
MAX_CUSTOMER_LENGTH = 24
"""Characters as people see them (grapheme clusters), in a topping's word and in a customer's name."""
MAX_TEXT_BYTES = 960
"""The same texts in UTF-8, at most: forty bytes for each of those characters. The longest emoji takes 35."""
REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories that no such text may have: controls, lone surrogates, line and paragraph breaks."""
MAX_ID_LENGTH = 64
MAX_WORKFLOW_ID_LENGTH = 1000
"""Temporal's own limit: a workflow that somebody else started may be called anything up to that."""
ID_PATTERN = r"^[A-Za-z0-9._-]{1,64}$"


@dataclass(frozen=True)
class OrderInfo:
    """What was ordered, as the original's PizzaOrderInfo, and the customer's name.

    Crust and cheese are plain strings here: the API knows the menu. A workflow that did would refuse at its
    next replay what was on the menu yesterday.
    """

    id: str
    crust: str = Crust.NORMAL
    cheese: str = Cheese.MOZZARELLA
    toppings: Annotated[list[str], OneFault()] = field(default_factory=list)
    customer: str | None = None


@dataclass(frozen=True)
class StageSettings:
    """How one activity behaves: how long it takes, in seconds, and how often it fails (0 to 1)."""

    duration_s: tuple[Span, Span] = (0.0, 10.0)
    failure_rate: Annotated[float, Ge(0), Lt(1)] = 0.0


@dataclass(frozen=True)
class KitchenSettings:
    """What the checkpoint in force asked for when the order was placed; times in seconds.

    It travels in the workflow's input: workflow code reads no file and no environment, so a replay next
    week decides exactly what this run decided.
    """

    prepare: StageSettings = field(default_factory=StageSettings)
    bake: StageSettings = field(default_factory=StageSettings)
    deliver: StageSettings = field(default_factory=StageSettings)
    heartbeat_s: Seconds = 1.0
    start_to_close_s: Seconds = 15.0
    retry_initial_s: Seconds = 0.2
    retry_backoff: Annotated[float, Ge(1), Le(100)] = 2.0
    retry_maximum_s: Seconds = 1.0
    seed: int = 0
    """What the chaos dice are thrown with; orders from before there were dice have 0."""

    def of(self, stage: Stage) -> StageSettings:
        """The settings of one stage."""
        return {Stage.PREPARE: self.prepare, Stage.BAKE: self.bake, Stage.DELIVER: self.deliver}[stage]


@dataclass(frozen=True)
class StageTask:
    """An activity's one argument."""

    order: OrderInfo
    stage: Stage
    settings: StageSettings
    seed: int = 0


@dataclass(frozen=True)
class PizzaOrder(OrderInfo):
    """The workflow's one argument: the order, and the settings it was placed under."""

    settings: KitchenSettings = field(default_factory=KitchenSettings)

    @property
    def info(self) -> OrderInfo:
        """The order without the settings."""
        return OrderInfo(self.id, self.crust, self.cheese, list(self.toppings), self.customer)

    def task(self, stage: Stage) -> StageTask:
        """What the activity of a stage is asked to do."""
        return StageTask(self.info, stage, self.settings.of(stage), self.settings.seed)


@dataclass(frozen=True)
class Custodian:
    """One attempt that is known to have had a stage in hand: which worker, the attempt's number (from 1), and
    when it began by Temporal's clock (RFC 3339, UTC)."""

    worker: str
    attempt: int
    started_at: str


MAX_CUSTODIANS = 50
"""The newest attempts that a stage's chain of custody keeps: a heartbeat's details are to stay small."""


@dataclass(frozen=True)
class StageProgress:
    """What an activity puts into its heartbeats: how much is done (0 to 1), by whom, in which attempt.

    `custody` is the chain of custody: every attempt that heartbeats told of, oldest first, this one last.
    Temporal hands the last heartbeat's details to the next attempt, which goes on from them. Until that has
    got as far as working, `worker` and `attempt` are still those of whoever did last (none: "", 0).
    """

    done: float
    worker: str
    attempt: int = 0
    custody: list[Custodian] = field(default_factory=list)


@dataclass(frozen=True)
class Placement:
    """Where one topping goes: its angle round the pizza in degrees, 0 to under 360."""

    topping: str
    angle: float


@dataclass(frozen=True)
class CodeFault:
    """Where code that a developer edits went wrong: file, line (from 1, if it is known), the exception.

    It is the detail of the failure that such code makes, so that Temporal's records tell it to everybody.
    """

    file: str
    line: int | None
    message: str


@dataclass(frozen=True)
class StageResult:
    """What an activity returns: who did it, in which attempt, begun when, and where it picked up (0 to 1).

    `custody`: see StageProgress. `finished_at`: when the work was done, by the clock of `started_at`; None in
    the results of before.
    """

    worker: str
    attempt: int
    started_at: str
    resumed_at: float = 0.0
    custody: list[Custodian] = field(default_factory=list)
    finished_at: str | None = None


@dataclass
class StageRecord:
    """The workflow's record of one stage. Times are RFC 3339 in UTC, as its activity told them."""

    stage: Stage
    worker: str | None = None
    attempts: int = 0
    started_at: str | None = None
    finished_at: str | None = None


@dataclass
class OrderProgress:
    """The answer to the query `getOrderStatus`; `runId` is the original's spelling."""

    status: OrderStatus
    order: OrderInfo
    runId: str
    stages: list[StageRecord] = field(default_factory=list)
