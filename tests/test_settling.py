"""The last look of the long benches: what was delivered, what Temporal has forgotten, and what is stuck."""

from __future__ import annotations

import json
from types import SimpleNamespace

import httpx

from tests.bench.settling import PORTION, all_delivered_or_forgotten


def test_what_temporal_has_deleted_is_forgotten_and_what_stands_still_is_waited_for() -> None:
    ids = [f"o{n}" for n in range(2 * PORTION)]
    deleted, stuck = set(ids[::3]), {"o1"}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(404 if request.url.path.rsplit("/", 1)[-1] in deleted else 200)
        asked = [one["id"] for one in json.loads(request.content)["orders"]]
        words = {True: "ORDER_UNKNOWN", False: "ORDER_DELIVERED"}
        told = [
            {"id": one, "status": "ORDER_BAKING" if one in stuck else words[one in deleted]} for one in asked
        ]
        return httpx.Response(200, json={"orders": told})

    client = httpx.Client(base_url="http://kitchen", transport=httpx.MockTransport(answer))
    stack = SimpleNamespace(client=client)
    waiting, forgotten = list(ids), list[str]()
    for _ in range(4):
        assert not all_delivered_or_forgotten(stack, waiting, forgotten)
    assert (waiting, set(forgotten)) == (["o1"], deleted)
    stuck.clear()
    assert all_delivered_or_forgotten(stack, waiting, forgotten)
    client.close()
