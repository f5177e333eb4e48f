"""The OpenAPI description: every route, every field, every example, and the limits."""

from __future__ import annotations

from typing import Any

from api_stub import schema
from api_stub.http.examples import EXAMPLES
from tests.serving import Api
from tests.test_api import BODY_ROUTES

HAS_BODY = {("post", path) for path in BODY_ROUTES}


def operations(away: Api) -> list[tuple[str, str, dict[str, Any]]]:
    paths = away("GET", "/openapi.json").json()["paths"]
    return [(method, path, found) for path, methods in paths.items() for method, found in methods.items()]


def test_the_description_has_every_route_of_the_contract(away: Api) -> None:
    known = {(method, path) for method, path, _ in operations(away)}
    assert known >= {
        ("get", "/healthz"),
        ("get", "/menu"),
        ("post", "/orders"),
        ("get", "/orders/{order_id}"),
        ("get", "/orders/{order_id}/history"),
        ("post", "/orders/status"),
        ("get", "/fleet"),
        ("post", "/fleet/workers"),
        ("delete", "/fleet/workers/{worker}"),
        ("get", "/checkpoints"),
        ("get", "/checkpoint"),
        ("post", "/orderPizza"),
        ("post", "/orderStatus"),
    }
    assert away("GET", "/docs").status_code == 200


def test_every_route_is_described(away: Api) -> None:
    schemas = away("GET", "/openapi.json").json()["components"]["schemas"]
    for method, path, found in operations(away):
        assert found["summary"] and found["description"], path
        responses = found["responses"]
        for status, answer in responses.items():
            assert answer["description"], (path, status)
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (path, status)
                assert answer["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")
        if (method, path) in HAS_BODY:
            assert {"400", "413", "422"} <= set(responses), path
            content = found["requestBody"]["content"]["application/json"]
            named = str(content["schema"])
            assert "examples" in {**content, **content["schema"]} or any(
                name in named and schemas[name].get("examples") for name in schemas
            ), path
        for parameter in found.get("parameters", []):
            assert parameter.get("description") or parameter["schema"].get("description"), (path, parameter)


def test_every_field_is_described_and_every_example_is_one(away: Api) -> None:
    schemas = away("GET", "/openapi.json").json()["components"]["schemas"]
    assert "HTTPValidationError" not in schemas
    for name, found in schemas.items():
        if found.get("type") != "object":
            continue
        assert found["description"], name
        for field, described in found["properties"].items():
            part = schemas.get(described.get("$ref", "").rsplit("/", 1)[-1], {})
            assert described.get("description") or part.get("description"), f"{name}.{field}"
    for name, example in EXAMPLES.items():
        assert name in schemas, name
        getattr(schema, name).model_validate(example)
    assert schema.OrderRequest.model_validate(schemas["OrderRequest"]["examples"][0])


def test_the_limits_are_described(away: Api) -> None:
    schemas = away("GET", "/openapi.json").json()["components"]["schemas"]
    assert schemas["StatusRequest"]["properties"]["orders"]["maxItems"] == 2000
    assert schemas["OrderRequest"]["properties"]["toppings"]["maxItems"] == 8
    assert schemas["OrderRequest"]["additionalProperties"] is False
