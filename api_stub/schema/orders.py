"""Orders: what is asked for, and what is told about them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema

from api_stub.schema.base import Answer, Instant, Request
from api_stub.schema.text import SCHEMA, blank, complaint, normal
from worker.shared import (
    ID_PATTERN,
    MAX_CUSTOMER_LENGTH,
    MAX_ID_LENGTH,
    MAX_TEXT_BYTES,
    MAX_TOPPINGS,
    MAX_WORKFLOW_ID_LENGTH,
    TOPPINGS,
    Cheese,
    Crust,
    OrderStatus,
    Stage,
)

MAX_BATCH = 2000
MAX_RUN_ID_LENGTH = 64
MAX_BODY_BYTES = 64 * 1024
MAX_BATCH_BODY_BYTES = 8 * 1024 * 1024
"""MAX_BATCH orders with ids as long as Temporal allows, as JSON writes them."""


def _known_topping(word: str) -> str:
    if word not in TOPPINGS:
        raise ValueError(f"unknown topping {word!r}; the menu has {', '.join(TOPPINGS)}")
    return word


def _name(text: str) -> str:
    text = normal(text)
    wrong = complaint(text, MAX_CUSTOMER_LENGTH)
    if wrong is not None:
        raise ValueError(wrong)
    if blank(text):
        raise ValueError("an empty name; leave the field out instead")
    return text


OrderId = Annotated[
    str,
    Field(
        pattern=ID_PATTERN,
        max_length=MAX_ID_LENGTH,
        description="The client's name for the order: 1 to 64 of A-Z a-z 0-9 . _ -",
        examples=["manual-1"],
    ),
]
Topping = Annotated[
    str, AfterValidator(_known_topping), WithJsonSchema({"type": "string", "enum": list(TOPPINGS)})
]
Customer = Annotated[
    str,
    AfterValidator(_name),
    WithJsonSchema(
        {
            **SCHEMA,
            "description": (
                f"Who ordered it: up to {MAX_CUSTOMER_LENGTH} characters as people see them (grapheme "
                f"clusters; `maxLength` here counts code points, and one that is longer is accepted where it "
                f"is made of no more characters than that) and up to {MAX_TEXT_BYTES} bytes of UTF-8. In "
                f"Unicode's normal form C. No control characters, no line breaks, not only blanks."
            ),
            "examples": ["Zoë"],
        }
    ),
]


class Menu(Answer):
    """What can be ordered, and the limits."""

    crusts: list[Crust] = Field(description="Crusts; the first is the default.")
    cheeses: list[Cheese] = Field(description="Cheeses; the first is the default.")
    toppings: list[str] = Field(description="Toppings of POST /orders.")
    max_toppings: int = Field(description="Toppings on one pizza at most, repeats counted.")
    max_customer_length: int = Field(
        description="Characters in a customer's name at most, as people see them (grapheme clusters)."
    )
    max_id_length: int = Field(description="Characters in an order's id at most.")
    max_batch: int = Field(description="Orders in one POST /orders/status at most.")

    @classmethod
    def printed(cls) -> Self:
        """The menu as this code has it."""
        return cls(
            crusts=list(Crust),
            cheeses=list(Cheese),
            toppings=list(TOPPINGS),
            max_toppings=MAX_TOPPINGS,
            max_customer_length=MAX_CUSTOMER_LENGTH,
            max_id_length=MAX_ID_LENGTH,
            max_batch=MAX_BATCH,
        )


class OrderRequest(Request):
    """A new order. Every field may be left out."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"id": "manual-1", "crust": "CRUST_THIN", "toppings": ["basil", "olives"], "customer": "Ada"}
            ]
        },
    )

    id: OrderId | None = Field(default=None, description="Left out: the API makes one up.")
    crust: Crust = Field(default=Crust.NORMAL, description="One of GET /menu's crusts.")
    cheese: Cheese = Field(default=Cheese.MOZZARELLA, description="One of GET /menu's cheeses.")
    toppings: list[Topping] = Field(
        default_factory=list, max_length=MAX_TOPPINGS, description="Up to 8 from the menu; repeats allowed."
    )
    customer: Customer | None = Field(default=None, description="The name the gopher wears.")


class Custodian(Answer):
    """One attempt that had a stage in hand, by the chain of custody that the heartbeats carry."""

    worker: str = Field(description="The worker.")
    attempt: int = Field(ge=0, description="The attempt's number, from 1.")
    started_at: Instant | None = Field(default=None, description="When it began, by Temporal's clock.")


WorkflowState = Literal[
    "running", "paused", "completed", "failed", "canceled", "terminated", "timed_out", "unknown"
]
"""A workflow's state in Temporal's own words. `unknown`: one that a newer server has, still open."""
ActivityState = Literal["waiting", "running", "backing_off", "paused", "cancelling"]
"""What the stage's activity does: waits for a worker, is worked on, waits for its next attempt, is paused by
an operator, or is asked to stop."""


class StageView(Answer):
    """One stage of an order, as Temporal's records tell it."""

    stage: Stage = Field(description="prepare, bake or deliver.")
    worker: str | None = Field(default=None, description="Who did it, or was last known to be doing it.")
    attempts: int = Field(default=0, ge=0, description="Attempts so far; 0: not yet begun.")
    started_at: Instant | None = Field(default=None, description="When the last attempt began.")
    finished_at: Instant | None = Field(default=None, description="When it was done; null: not yet.")
    custody: list[Custodian] = Field(
        default_factory=list,
        description="Every attempt that is known to have had it in hand, oldest first: the chain of custody.",
    )


class Order(Answer):
    """One order, as Temporal tells it (`fresh`) or as it was last known (not `fresh`)."""

    id: str = Field(description="The id it was asked for by.", examples=["manual-1"])
    run_id: str | None = Field(default=None, description="Temporal's run id.")
    workflow_id: str | None = Field(default=None, description="Temporal's name for it, as in its Web UI.")
    seen_at: Instant | None = Field(
        default=None, description="When Temporal told all this; null: it told nothing of it yet."
    )
    status: OrderStatus = Field(description="The original's vocabulary, and ORDER_FAILED.")
    crust: Crust = Field(default=Crust.NORMAL, description="The crust.")
    cheese: Cheese = Field(default=Cheese.MOZZARELLA, description="The cheese.")
    toppings: list[str] = Field(default_factory=list, description="The toppings, in the order asked.")
    customer: str | None = Field(default=None, description="Who ordered it, if a name was given.")
    attempt: int = Field(default=0, description="The attempt of the stage it is in; 0: none is pending.")
    worker: str | None = Field(default=None, description="Who works on it now, as Temporal says.")
    last_failure: str | None = Field(default=None, description="Why the last attempt failed, if one did.")
    fresh: bool = Field(
        default=True,
        description="True: told as it is. Of a finished order always; of an open one, if Temporal told this"
        " at most 5 s ago (`seen_at`), or if Temporal has told within 5 s which orders started and closed,"
        " the order is in the hands of a living worker of this fleet (or in nobody's), and every change that"
        " the fleet's workers told of was seen in Temporal as well. A change that nobody tells of, such as an"
        " operator's in Temporal's Web UI, is found by a sweep that reads 10 open orders a second. False:"
        " last known.",
    )
    started_at: Instant | None = Field(default=None, description="When Temporal took it.")
    finished_at: Instant | None = Field(default=None, description="When it ended; null: not yet.")
    stages: list[StageView] = Field(default_factory=list, description="The stages begun so far, in order.")
    workflow_state: WorkflowState = Field(default="running", description="Temporal's state of the workflow.")
    activity_state: ActivityState | None = Field(
        default=None, description="What the stage's activity does; null: none is pending."
    )
    next_attempt_at: Instant | None = Field(
        default=None, description="When the next attempt is due; null: none is waited for."
    )
    history_length: int = Field(
        default=0, ge=0, description="Events in its history: of two answers, the one with more is newer."
    )
    resets: int = Field(default=0, ge=0, description="How often an operator was seen to reset its activity.")


class OrderList(Answer):
    """Orders: oldest first in a listing, in the order asked in a batch."""

    orders: list[Order] = Field(description="The orders.")


class Listing(OrderList):
    """Orders that were asked for by their time, oldest first."""

    complete: bool = Field(
        description="False: Temporal did not list them in time. These are those that the API has read itself;"
        " others may have placed more, so ask again."
    )
    more: str | None = Field(
        default=None,
        exclude_if=lambda page: page is None,
        description="Only where Temporal has more: ask again with this as `page`, and the same other"
        " parameters.",
    )
    left_out: int = Field(
        default=0,
        exclude_if=lambda count: count == 0,
        description="Only where there are any: orders that Temporal lists and that nobody can read. The API's"
        " log names each once.",
    )


class StatusItem(Request):
    """One order that a caller follows, with what it last knew of it."""

    id: Annotated[str, Field(min_length=1, max_length=MAX_WORKFLOW_ID_LENGTH)] = Field(
        description="Its id: any that a listing has."
    )
    run_id: Annotated[str, Field(max_length=MAX_RUN_ID_LENGTH)] | None = Field(
        default=None, description="Its run id."
    )
    status: OrderStatus | None = Field(default=None, description="The caller's last known status.")


class StatusRequest(Request):
    """The batch: up to 2,000 orders in one request. Whoever follows more sends several."""

    orders: list[StatusItem] = Field(max_length=MAX_BATCH, description="What the caller follows.")


class HistoryEvent(Answer):
    """One event of an order's Temporal history."""

    n: int = Field(description="The event's number, from 1.")
    at: Instant = Field(description="When Temporal recorded it.")
    type: str = Field(description="Temporal's event type, for instance ActivityTaskStarted.")
    worker: str | None = Field(default=None, description="The identity of the worker, where one is recorded.")
    attempt: int | None = Field(default=None, description="The attempt, where the event has one.")
    stage: Stage | None = Field(default=None, description="The stage, where the event belongs to one.")
    failure: str | None = Field(default=None, description="The failure's message, where there is one.")
