"""The original demo's wire: proto3 JSON as its Flutter UI speaks it. Pure functions, no HTTP.

Readers of proto3 JSON accept an enum's number as well as its name, an absent field is the first value, an
unknown field is ignored, and both spellings of a field (runId, run_id) are read. Writers write names.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

from api_stub.schema import Order
from worker.shared import (
    ID_PATTERN,
    MAX_ID_LENGTH,
    MAX_TOPPING_LENGTH,
    MAX_TOPPINGS,
    Cheese,
    Crust,
    OrderInfo,
    OrderStatus,
)

Word = TypeVar("Word", bound=StrEnum)

STATUSES: list[OrderStatus] = [
    OrderStatus.UNKNOWN,
    OrderStatus.RECEIVED,
    OrderStatus.PREPARING,
    OrderStatus.BAKING,
    OrderStatus.PENDING_PICKUP,
    OrderStatus.OUT_FOR_DELIVERY,
    OrderStatus.DELIVERED,
]
