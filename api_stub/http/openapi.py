"""The OpenAPI page says what really comes back: errors as problem details, and an example of every body."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from api_stub.http.examples import EXAMPLES
from api_stub.original import MAX_KNOWN_ID_LENGTH, STATUSES
from api_stub.schema import MAX_ID_LENGTH, MAX_RUN_ID_LENGTH, MAX_TOPPINGS, Cheese, Crust

MEDIA_TYPE = "application/problem+json"
PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}
UNREADABLE = {
    "400": "The body is not JSON",
    "408": "The request came too slowly",
    "413": "The body is too large",
    "415": "The body is packed (Content-Encoding)",
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
