"""The OpenAPI page says what really comes back: errors as problem details, and an example of every body."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from api_stub.original import MAX_KNOWN_ID_LENGTH, STATUSES
from api_stub.schema import MAX_ID_LENGTH, MAX_RUN_ID_LENGTH, MAX_TOPPINGS, Cheese, Crust

MEDIA_TYPE = "application/problem+json"
PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}
UNREADABLE = {
    "400": "The body is not JSON",
    "408": "The request came too slowly",
    "413": "The body is too large",
    "422": "A field does not fit; the detail names it",
}
"""What a route that takes a body may answer; of them, 422 is for parameters, too."""
ALWAYS = {
    "403": "The Host header is not one that this API answers to, or a foreign web page sent it",
    "405": "The path has other methods; Allow names them",
    "503": "Too many requests at once, or something is away that this needs; the detail names it",
}
"""What any route may answer."""

_WORD = {"type": "string", "pattern": r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,24}$"}
_CRUSTS: dict[str, Any] = {"enum": [*Crust, *range(len(Crust)), None], "description": "A name or its number."}
_CHEESES: dict[str, Any] = {"enum": [*Cheese, *range(len(Cheese)), None], "description": "As with the crust."}
_STATUSES = {"enum": [*STATUSES, *range(len(STATUSES)), None], "description": "The last known status."}
_INFO: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": ["string", "null"], "pattern": f"^[A-Za-z0-9._-]{{0,{MAX_ID_LENGTH}}}$"},
        "crust": _CRUSTS,
        "cheese": _CHEESES,
        "toppings": {"type": ["array", "null"], "items": _WORD, "maxItems": MAX_TOPPINGS},
    },
}
_KNOWN_INFO = {
    **_INFO,
    "properties": {
        **_INFO["properties"],
        "id": {"type": ["string", "null"], "pattern": f"^[A-Za-z0-9._-]{{0,{MAX_KNOWN_ID_LENGTH}}}$"},
    },
}
_KNOWN: dict[str, Any] = {
    "type": "object",
    "required": ["order"],
    "properties": {
        "order": _KNOWN_INFO,
        "status": _STATUSES,
        "runId": {"type": ["string", "null"], "pattern": f"^[ -~]{{0,{MAX_RUN_ID_LENGTH}}}$"},
    },
}
ORIGINALS: dict[str, dict[str, Any]] = {
    "/orderPizza": {"title": "PizzaOrderInfo", **_INFO},
    "/orderStatus": {
        "title": "PizzaOrderStatus",
        "anyOf": [
            _KNOWN,
            {"type": "object", "properties": {"order": {"type": "null"}}},
            {"type": ["array", "boolean", "null", "number", "string"]},
        ],
    },
}
"""The bodies of the original's routes, as original.py reads them; where there is no order, anything goes."""

_STAGES = [
    {
        "stage": "prepare",
        "worker": "w1.1",
        "attempts": 1,
        "started_at": "2026-01-01T12:00:00.1Z",
        "finished_at": "2026-01-01T12:00:04.2Z",
    },
    {"stage": "bake", "worker": "w2.1", "attempts": 2, "started_at": "2026-01-01T12:00:06Z"},
]
_ORDER = {
    "id": "manual-1",
    "run_id": "0199c0de-0000-7000-8000-000000000001",
    "workflow_id": "manual-1--00000000-0000-4000-8000-000000000000",
    "seen_at": "2026-01-01T12:00:07.3Z",
    "status": "ORDER_BAKING",
    "crust": "CRUST_THIN",
    "cheese": "CHEESE_ALL",
    "toppings": ["basil", "olives"],
    "customer": "Ada",
    "attempt": 2,
    "worker": "w2.1",
    "last_failure": "activity Heartbeat timeout",
    "fresh": True,
    "started_at": "2026-01-01T12:00:00Z",
    "finished_at": None,
    "stages": _STAGES,
}
_WORKER = {
    "id": "w2.1",
    "slot": 2,
    "generation": 1,
    "pid": 4242,
    "state": "ready",
    "queues": ["gopherpizza"],
    "started_at": "2026-01-01T11:59:59Z",
    "ready_at": "2026-01-01T11:59:59.05Z",
    "orders": ["manual-1"],
    "last_exit": None,
}
_DEAD = {
    **_WORKER,
    "id": "w1.1",
    "slot": 1,
    "pid": None,
    "state": "dead",
    "queues": [],
    "orders": [],
    "last_exit": {"signal": "SIGKILL", "code": None, "cause": "player", "at": "2026-01-01T12:00:05Z"},
}
_CHECKPOINT = {
    "name": "1-pair",
    "title": "Two cooks, kill the busy one",
    "story": ["Two cooks, two ordinary processes, one task queue."],
    "slots": 2,
    "file": "checkpoint-1-pair.yaml",
}
_FAULT = {
    "file": "/home/ada/gopherpizza/.gopherpizza/challenge/spread_toppings.py",
    "line": 18,
    "message": "ZeroDivisionError: division by zero",
}
EXAMPLES: dict[str, dict[str, Any]] = {
    "Order": _ORDER,
    "OrderList": {"orders": [_ORDER]},
    "Listing": {"orders": [_ORDER], "complete": True},
    "StatusRequest": {"orders": [{"id": "manual-1", "status": "ORDER_PREPARING"}, {"id": "auto-7"}]},
    "HistoryEvent": {
        "n": 6,
        "at": "2026-01-01T12:00:04.2Z",
        "type": "ActivityTaskStarted",
        "worker": "w1.1",
        "attempt": 1,
        "stage": "prepare",
    },
    "Menu": {
        "crusts": ["CRUST_NORMAL", "CRUST_THIN"],
        "cheeses": ["CHEESE_MOZZARELLA", "CHEESE_NONE"],
        "toppings": ["pepperoni", "basil"],
        "max_toppings": 8,
        "max_customer_length": 24,
        "max_id_length": 64,
        "max_batch": 2000,
    },
    "Worker": _WORKER,
    "Fleet": {"slots": 2, "births": 2, "deaths": 1, "workers": [_DEAD, _WORKER]},
    "StartWorkerRequest": {"slot": 1},
    "Health": {
        "status": "ok",
        "temporal": {
            "address": "127.0.0.1:7233",
            "reachable": True,
            "ui": "http://127.0.0.1:8233",
            "namespace": "default",
        },
        "fleet": {"ready": 1, "slots": 2},
        "checkpoint": "1-pair",
    },
    "Checkpoint": _CHECKPOINT,
    "CheckpointSwitch": {"name": "1a"},
    "Challenge": {
        "bug": "spread_toppings",
        "file": _FAULT["file"],
        "source": "def spread(toppings):\n    ...\n",
        "changed": False,
        "deployed": True,
        "failure": _FAULT,
        "stuck": 3,
    },
    "CodeProblem": _FAULT,
    "CheckpointList": {"current": "1-pair", "checkpoints": [_CHECKPOINT]},
    "Audit": {
        "started": 1534,
        "delivered": 1497,
        "in_flight": 36,
        "failed": 1,
        "lost": 0,
        "balanced": True,
        "counted_at": "2026-01-01T12:00:07Z",
        "lost_ids": [],
        "carried": 412,
    },
    "Receipt": {
        "n": 1,
        "worker": "w1.1",
        "slot": 1,
        "cause": "player",
        "signal": "SIGKILL",
        "killed_at": "2026-01-01T12:00:04.995Z",
        "exit_observed_at": "2026-01-01T12:00:05Z",
        "orders": [
            {
                "id": "manual-1",
                "stage": "bake",
                "from": "w1.1",
                "to": "w2.1",
                "attempt": 1,
                "taken_over_at": "2026-01-01T12:00:06.7Z",
                "delay_s": 1.7,
                "kept_stages": ["prepare"],
                "customer": "Ada",
            }
        ],
    },
    "Stats": {
        "orders": {"started": 1534, "open": 36, "delivered": 1497, "failed": 1, "retries": 260},
        "latency_s": {"p50": 9.1, "p95": 13.4, "edges": [0, 5, 10, 15], "counts": [3, 1044, 38]},
        "rate_per_s": {"started": 2.95, "delivered": 3.0},
        "workers": {"ready": 7, "births": 130, "deaths": 122, "kills": 9, "panics": 113},
        "takeover_s": {"p50": 1.8, "p95": 2.6, "n": 301},
        "curves": {
            "step_s": 5,
            "started": [15, 14],
            "delivered": [14, 16],
            "open": [38, 36],
            "deaths": [1, 0],
            "ready": [7, 7],
        },
        "counted_at": "2026-01-01T12:00:07Z",
    },
    "FailureWanted": {"worker": "w2.1", "seconds": 5},
    "FailureRecord": {
        "n": 7,
        "failure": "freeze",
        "worker": "w2.1",
        "seconds": 5,
        "state": "over",
        "started_at": "2026-01-01T12:00:00Z",
        "ended_at": "2026-01-01T12:00:06Z",
        "noticed_at": "2026-01-01T12:00:01.2Z",
        "noticed_by": "Temporal: heartbeat time-out",
        "delay_s": 1.2,
        "seen": [
            {
                "at": "2026-01-01T12:00:01.2Z",
                "after_s": 1.2,
                "by": "Temporal: heartbeat time-out",
                "what": "manual-1 (bake, attempt 1) was given up; w1.1 has the next one",
            }
        ],
    },
    "RoundWanted": {"name": "ADA"},
    "RoundNamed": {"name": "ADA"},
    "Round": {
        "n": 3,
        "name": "ADA",
        "state": "done",
        "day": "2026-01-01",
        "started_at": "2026-01-01T12:00:00Z",
        "kills": 4,
        "at_risk": 9,
        "takeovers": 9,
        "lost": 0,
    },
    "KioskTotals": {
        "today": {
            "day": "2026-01-01",
            "orders": 812,
            "delivered": 800,
            "kills": 40,
            "kills_survived": 40,
            "auto": {"kills": 96, "kills_survived": 96, "at_risk": 120},
        },
        "all_time": {"day": "2025-12-30", "orders": 2410, "delivered": 2398, "kills": 131},
    },
    "PinTried": {"pin": "2468"},
    "Problem": {
        "type": "/problems/no-such-worker",
        "title": "No such worker",
        "status": 404,
        "detail": "there is no worker 'w9.1'; there are slots 1 to 2, workers w1.1, w2.1",
    },
}
"""A body of each kind, by its model's name; a test reads each with the model."""


def install(app: FastAPI) -> None:
    """Make the app describe itself this way."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = mended(plain())
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def mended(description: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's description with our errors in place of its own, and the examples."""
    schemas = description["components"]["schemas"]
    for own in ("HTTPValidationError", "ValidationError"):
        schemas.pop(own, None)
    for name, example in EXAMPLES.items():
        if name in schemas:
            schemas[name]["examples"] = [example]
    for path, body in ORIGINALS.items():
        content = description["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        content["schema"] = body
    for operations in description["paths"].values():
        for operation in operations.values():
            responses = operation["responses"]
            takes_a_body = "requestBody" in operation
            for status, words in ALWAYS.items():
                responses.setdefault(status, {"description": words})
            for status, words in UNREADABLE.items():
                if takes_a_body or (status == "422" and operation.get("parameters")):
                    responses[status] = {"description": words}
                else:
                    responses.pop(status, None)
            for status, answer in responses.items():
                if int(status) >= 400:
                    answer["content"] = {MEDIA_TYPE: {"schema": PROBLEM_REF}}
    return description
