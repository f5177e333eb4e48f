"""One thing in an answer that does not fit is left out and told once; everything else is shown."""

from __future__ import annotations

import copy
import json
import logging
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from api_stub.schema import Audit, Checkpoint, CheckpointList, Fleet, Health, Order, OrderRequest
from game.api_state.news import FleetSeen, OrdersSeen, RecordsSeen, WorldSeen
from game.api_state.snapshot import Snapshot, advance
from game.network import lenient_reading as lenient
from game.network.health_and_fleet import HealthAndFleet
from game.network.lenient_reading import (
    MOST_TEXT,
    MOST_TOPPINGS,
    MOST_WORKERS,
    events_of,
    fit,
    fleet_of,
    orders_of,
    read,
    receipts_of,
)
from game.network.order_sending import offer
from game.network.order_tracking import MOST_REFUSED, OrderTracker
from game.network.records_polling import RecordsPoller
from game.panels.order_card.text import card_text
from game.simulation import update as updates
from game.simulation.model import Model
from game.told_once import MOST, ToldOnce
from tests.standin import CHECKPOINT, Line, as_json, problem
from tests.telling import T0, S, fleet, order, tell, worker
from tests.test_receipt_strip import receipt


@pytest.fixture(autouse=True)
def unheard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was told before."""
    for told in (lenient.told, updates._told):
        monkeypatch.setattr(told, "_kinds", {})


def plain(model: Any) -> Any:
    """A model as it comes over the wire."""
    return json.loads(model.model_dump_json(by_alias=True))


def body(answer: Any) -> bytes:
    """An answer's body."""
    return json.dumps(answer).encode()


ODD_ORDERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a status of a newer API": ({"status": "ORDER_PAUSED"}, {"status": S.UNKNOWN, "fresh": False}),
    "no status but null": ({"status": None}, {"status": S.UNKNOWN}),
    "a crust of a newer menu": ({"crust": "CRUST_SOURDOUGH"}, {"crust": "CRUST_NORMAL"}),
    "toppings that are none": ({"toppings": "ham"}, {"toppings": []}),
    "one topping that is none": ({"toppings": ["ham", 3]}, {"toppings": ["ham"]}),
    "a time that is none": ({"started_at": "yesterday"}, {"started_at": None}),
    "an attempt that is none": ({"attempt": "many"}, {"attempt": 0}),
    "a stage of a newer API": (
        {"stages": [{"stage": "prepare", "attempts": 1}, {"stage": "garnish", "attempts": 1}]},
        {"status": S.BAKING},
    ),
    "a customer that is none": ({"customer": {"name": "Ada"}}, {"customer": None}),
    "an id of a thousand letters": ({"id": "x" * 1000}, {"id": "x" * 1000}),
}


@pytest.mark.parametrize("change, found", ODD_ORDERS.values(), ids=ODD_ORDERS)
def test_an_odd_order_is_read_as_far_as_it_goes(change: dict[str, Any], found: dict[str, Any]) -> None:
    entry = {**plain(order("a", S.BAKING, 1)), **change}
    before = copy.deepcopy(entry)
    told = fit(Order, entry)
    for name, value in found.items():
        assert getattr(told, name) == value
    assert [view.stage for view in told.stages] == (["prepare"] if "stages" in change else [])
    assert entry == before, "what came in is compared with what comes next"


@pytest.mark.parametrize("entry", [{}, None, 3, [], "a", {"id": 1, "status": "ORDER_BAKING"}, {"id": "a"}])
def test_what_is_no_order_is_left_out_and_the_others_are_read(entry: Any) -> None:
    found = orders_of([plain(order("a")), entry, plain(order("b"))])
    assert [one.id for one in found] == ["a", "b"]


def test_it_is_told_once_for_each_kind(caplog: pytest.LogCaptureFixture) -> None:
    odd = {**plain(order("a")), "status": "ORDER_PAUSED"}
    for _ in range(50):
        orders_of([odd, {"id": "b"}, {**odd, "crust": 7}])
    assert len(caplog.records) == 3 and all(len(r.getMessage()) < 700 for r in caplog.records)


def test_a_worker_in_a_state_of_a_newer_api_is_starting_and_the_others_are_as_they_are() -> None:
    answer = plain(fleet(worker(1), worker(2, "dead", since=1), worker(3)))
    answer["workers"][0]["state"] = "hibernating"
    answer["workers"][1]["last_exit"]["cause"] = "meteor"
    answer["workers"].append({"slot": "the last"})
    found = read(Fleet, body(answer))
    assert [one.state for one in found.workers] == ["starting", "dead", "ready"]
    assert found.workers[1].last_exit is not None and found.workers[1].last_exit.cause == "crash"


def test_receipts_and_events_that_do_not_fit_are_left_out() -> None:
    one = {"n": 1, "worker": "w1.1", "slot": 1, "cause": "player", "exit_observed_at": "2026-05-01T12:00:00Z"}
    held = {"id": "a", "stage": "bake", "from": "w1.1", "attempt": 1, "kept_stages": ["prepare", "wash"]}
    told = [one, {**one, "n": None}, {**one, "n": 3, "cause": "meteor", "orders": [held, {"id": "b"}]}, 7]
    found = receipts_of(body(told))
    assert [(r.n, r.cause) for r in found] == [(1, "player"), (3, "crash")]
    assert [(o.id, [str(s) for s in o.kept_stages]) for o in found[1].orders] == [("a", ["prepare"])]
    event = {"n": 1, "at": "2026-05-01T12:00:00Z", "type": "WorkflowExecutionStarted"}
    assert [e.n for e in events_of(body([event, {"n": 2}, {**event, "n": 3, "stage": "garnish"}]))] == [1, 3]


def test_one_checkpoint_that_does_not_fit_leaves_the_list() -> None:
    answer = {"current": "1", "checkpoints": [CHECKPOINT, {"name": "2"}, {**CHECKPOINT, "stream": 3}]}
    assert [one.stream.enabled for one in read(CheckpointList, body(answer)).checkpoints] == [False, False]


@pytest.mark.parametrize("content", [b"", b"<html>", b"\xff", b"3", b"null", b"[]", b"{}", b"[" * 5000])
def test_an_answer_of_which_nothing_fits_is_an_error(content: bytes) -> None:
    for model in (Fleet, Health, Checkpoint):
        with pytest.raises(ValidationError):
            read(model, content)


@dataclass
class Scene(Line):
    """A follower, a pulse and a watcher of an odd API."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.follower = OrderTracker(self.client, self.told.append, clock=self.clock, since=T0)
        self.pulse = HealthAndFleet(self.client, self.told.append)
        self.watcher = RecordsPoller(self.client, self.told.append, clock=self.clock)

    def seen(self) -> list[str]:
        """The ids of all orders that were told of."""
        return [one.id for news in self.told if isinstance(news, OrdersSeen) for one in news.orders]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_listing_with_odd_orders_shows_the_others_and_goes_on(scene: Scene) -> None:
    listed = [
        plain(order("a")),
        {"status": "x"},
        {"id": "odd"},
        {**plain(order("new")), "status": "ORDER_PAUSED"},
    ]
    last = {"id": "last", "status": 7, "started_at": []}
    scene.api.answers["GET /orders"] = {"orders": [*listed, {**last, "crust": {}}, None], "complete": True}
    scene.follower.discover()
    assert scene.seen() == ["a", "new", "last"]
    assert scene.follower.listed == T0, "from the newest one whose time is known"


def test_answers_with_odd_orders_are_heard(scene: Scene) -> None:
    scene.follower.orders = {name: order(name) for name in "abc"}
    answers = [plain(order("a", S.BAKING, 1)), {"id": "b"}, {**plain(order("c")), "status": "ORDER_PAUSED"}]
    scene.api.answers["POST /orders/status"] = {"orders": answers}
    scene.follower.follow()
    assert scene.seen() == ["a", "c"] and set(scene.follower.orders) == set("abc")
    assert scene.follower.orders["c"].status is S.RECEIVED, "what was known stands"


def test_an_order_that_cannot_be_asked_about_does_not_stop_the_others(scene: Scene) -> None:
    long = "x" * 5000
    scene.follower.orders = {name: order(name) for name in ("a", long, "b")}
    scene.api.answers["POST /orders/status"] = as_json(order("a", S.BAKING, 1), order("b", S.BAKING, 1))
    scene.follower.look()
    assert [item["id"] for item in scene.bodies("/orders/status")[0]["orders"]] == ["a", "b"]
    assert scene.seen() == ["a", "b"]


def test_an_order_that_the_api_refuses_to_tell_of_does_not_stop_the_others(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        ids = [item["id"] for item in json.loads(request.content)["orders"]]
        asked.append(ids)
        if "odd" in ids:
            return problem(422, "an id of 144 characters")
        return httpx.Response(200, json=as_json(*(order(one, S.BAKING, 1) for one in ids)))

    names = [f"o{n}" for n in range(20)]
    scene.follower.client = httpx.Client(base_url="http://api", transport=httpx.MockTransport(answer))
    scene.follower.orders = {name: order(name) for name in (*names[:7], "odd", *names[7:])}
    scene.follower.follow()
    assert sorted(scene.seen()) == sorted(names)
    asked.clear()
    scene.follower.follow()
    assert asked == [names], "from then on it is not asked about"


def test_an_api_that_refuses_them_all_is_another_api(scene: Scene) -> None:
    scene.follower.orders = {f"o{n}": order(f"o{n}") for n in range(200)}
    scene.api.answers["POST /orders/status"] = problem(422, "no")
    with pytest.raises(httpx.HTTPStatusError):
        scene.follower.follow()
    assert len(scene.follower.unasked) <= MOST_REFUSED and len(scene.api.asked) < 200


def test_the_fleet_and_the_world_are_told_of_whatever_else_is_odd(scene: Scene) -> None:
    scene.api.answers["GET /healthz"]["status"] = "splendid"
    scene.api.answers["GET /checkpoint"] = {"name": 1}
    scene.api.answers["GET /menu"] = httpx.Response(200, json=[])
    scene.api.answers["GET /fleet"]["workers"][0]["state"] = "hibernating"
    scene.pulse.health()
    scene.pulse.fleet()
    world, staff = scene.told
    assert isinstance(world, WorldSeen) and world.health is not None and world.checkpoint is None
    assert isinstance(staff, FleetSeen) and staff.fleet.workers[0].state == "starting"
    scene.api.answers["GET /healthz"] = {"status": "ok"}
    scene.pulse.health()
    assert len(scene.told) == 2, "and a health that cannot be read does not take the API away"


def test_an_order_that_was_placed_is_placed_however_it_is_told(scene: Scene) -> None:
    scene.api.answers["POST /orders"] = {**plain(order("mine")), "status": "ORDER_PAUSED", "cheese": "BRIE"}
    response, placed = offer(scene.client, OrderRequest(id="mine"))
    assert response.is_success and placed is not None and placed.id == "mine"


def test_one_route_of_the_records_that_breaks_does_not_stop_the_others(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scene.api.answers |= {"GET /audit": ZeroDivisionError("odd"), "GET /checkpoint": CHECKPOINT}
    scene.watcher.ask_due()
    scene.now += 60
    scene.watcher.ask_due()
    assert scene.api.paths().count("GET /checkpoint") == 2 and scene.api.paths().count("GET /audit") == 2
    assert sum("GET /audit" in record.getMessage() for record in caplog.records) == 1


def test_an_order_of_unknown_state_is_shown_open_and_never_counts_as_lost() -> None:
    (paused,) = orders_of([{**plain(order("p")), "status": "ORDER_PAUSED"}])
    known = Snapshot()
    for _ in range(9):
        known = advance(known, OrdersSeen((paused, order("a"))))
    assert set(known.orders) == {"p", "a"} and not known.vanished("p") and known.finished == 0
    baking = advance(known, OrdersSeen((order("p", S.BAKING, 1),)))
    again = advance(baking, OrdersSeen((paused,)))
    assert again.orders["p"].status is S.BAKING, "what was known stands"
    model = Model()
    tell(model, OrdersSeen((paused, order("a"))))
    assert set(model.gophers) == {"p", "a"}


def test_times_that_cannot_be_compared_end_neither_game_nor_search(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    model = Model()
    counts = {"started": 1, "delivered": 0, "in_flight": 1, "failed": 0, "lost": 0, "balanced": True}
    for at in ("2026-05-01T12:00:00Z", "2026-05-01T12:00:05", "2026-05-01T12:00:09Z"):
        tell(model, RecordsSeen(audit=read(Audit, body({**counts, "counted_at": at}))))
    assert model.known.audit is not None and model.known.audit.counted_at.second == 9
    assert len(caplog.records) <= 1, "of a time without a zone it is told, once"
    for at in ("2026-05-01T12:00:00Z", "2026-05-01T12:00:05", "2026-05-01T12:00:09Z"):
        scene.api.answers["GET /orders"] = {
            "orders": [{**plain(order("a")), "started_at": at}],
            "complete": True,
        }
        scene.follower.discover()
    assert scene.follower.listed is not None and scene.follower.listed.second == 9


def test_what_was_told_is_remembered_within_bounds() -> None:
    log = logging.getLogger("test.told")
    told = ToldOnce(log)
    assert told.is_new("first") and not told.is_new("first")
    for n in range(3 * MOST):
        assert told.is_new(n)
    assert told.is_new("first")


def test_a_time_without_a_zone_is_taken_for_utc() -> None:
    naive = T0.replace(tzinfo=None).isoformat()
    (read_order,) = orders_of([{**plain(order("a")), "started_at": naive, "seen_at": naive}])
    assert read_order.started_at == T0 == read_order.seen_at
    assert [
        one.exit_observed_at for one in receipts_of(body([{**plain(receipt(1)), "exit_observed_at": naive}]))
    ] == [T0]


ODD_TIMES = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
]


@pytest.mark.parametrize("odd", ODD_TIMES)
def test_a_time_that_no_clock_here_can_show_is_none(odd: str) -> None:
    """With a card open it ended the game: such a time has no local one, and no difference to others."""
    stage = {"stage": "prepare", "attempts": 1, "started_at": odd, "finished_at": T0.isoformat()}
    told = {**plain(order("a", S.BAKING, 1, stages=[])), "started_at": odd, "stages": [stage]}
    (read_order,) = orders_of([told])
    assert read_order.started_at is None and read_order.stages[0].started_at is None
    assert read_order.stages[0].finished_at == T0
    assert card_text(read_order, None, T0.timestamp()).stages
    good, bad = plain(receipt(1)), {**plain(receipt(2)), "exit_observed_at": odd}
    assert [one.n for one in receipts_of(body([good, bad]))] == [1]


@pytest.mark.parametrize("number", ["1e400", "-1e400"])
def test_a_number_without_end_is_none(number: str) -> None:
    raw = body({**plain(fleet(worker(1))), "restart_in_s": 8.5}).replace(b"8.5", number.encode())
    assert read(Fleet, raw).restart_in_s is None


def test_more_workers_than_a_kitchen_has_places_for_are_left_out() -> None:
    one = plain(worker(1))
    many = [{**one, "slot": n, "id": f"w{n}.1"} for n in range(1, 5000)]
    seen = fleet_of(body({"slots": 5000, "births": 0, "deaths": 0, "workers": many}))
    assert [each.slot for each in seen.workers] == [*range(1, MOST_WORKERS + 1)]


def test_texts_that_nobody_can_read_to_their_end_are_cut() -> None:
    told = {**plain(order("a")), "last_failure": "x " * 500_000, "customer": "Z" * 500_000}
    (cut,) = orders_of([{**told, "toppings": ["ham"] * 50_000}])
    assert cut.last_failure is not None and len(cut.last_failure) == MOST_TEXT == len(cut.customer or "")
    assert cut.toppings == ["ham"] * MOST_TOPPINGS


@pytest.mark.parametrize("digits", [17, 40, 400, 4000])
def test_a_number_that_no_float_holds_is_taken_for_the_largest_that_can_be_counted_with(digits: int) -> None:
    raw = body({**plain(fleet(worker(1))), "births": 77}).replace(b": 77", b": " + b"9" * digits)
    raw = raw.replace(b'"deaths": 0', b'"deaths":-' + b"9" * digits)
    seen = read(Fleet, raw)
    assert (seen.births, seen.deaths) == (2**53, -(2**53))
    assert read(Fleet, raw.replace(b"9" * digits, b"9")).births == 9
