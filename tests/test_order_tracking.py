"""Which orders the game asks for, finds and forgets; and that a slow answer holds up nothing but them."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from game.api_state.news import OrdersSeen
from game.api_state.snapshot import VANISHED_AFTER
from game.network.api_clock import ApiClock
from game.network.order_tracking import OrderTracker
from game.network.polling_rates import LISTING_PAUSE, MISSING_TRIES, orders_every
from tests.standin import Line, as_json, problem
from tests.telling import T0, S, at, order


@dataclass
class Scene(Line):
    """A follower of orders since the story's beginning."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.follower = OrderTracker(self.client, self.told.append, clock=self.clock, since=T0)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_nothing_is_looked_for_before_the_beginning_is_known(scene: Scene) -> None:
    scene.follower.since = None
    scene.follower.discover()
    assert scene.api.asked == []


def test_a_look_asks_for_what_is_known_and_for_what_is_new(scene: Scene) -> None:
    scene.follower.placed.append(order("mine"))
    assert scene.follower.look() == orders_every(1)
    assert scene.api.paths() == ["POST /orders/status", "GET /orders"]


def test_an_order_placed_while_the_listing_was_on_its_way_is_no_discovery(scene: Scene) -> None:
    scene.api.list(order("mine", started_at=at(1)))
    scene.follower.placed.append(order("mine", started_at=at(1)))
    scene.follower.discover()
    assert scene.told == [] and list(scene.follower.orders) == ["mine"]


def test_only_orders_placed_since_are_discovered(scene: Scene) -> None:
    scene.api.list(
        order("before", started_at=at(-60)), order("a", started_at=at(1)), order("b", started_at=at(30))
    )
    scene.follower.discover()
    asked = scene.api.asked[-1].url.params
    assert asked["open"] == "true" and "started_after" not in asked, "no time decides which are new"
    assert [o.id for o in scene.told[-1].orders] == ["a", "b"]  # type: ignore[union-attr]
    told = len(scene.told)
    scene.follower.discover()
    assert scene.api.asked[-1].url.params["started_after"] == "2026-05-01T12:00:25Z", "overlapping a little"
    assert len(scene.told) == told, "known orders are no discovery, nor are those of before"


def test_orders_of_others_are_found_also_if_nothing_could_be_listed_while_ours_were_placed(
    scene: Scene,
) -> None:
    scene.api.answers["GET /orders"] = problem(503, "Temporal did not answer in time")
    scene.follower.discover()
    scene.follower.placed.append(order("ours", started_at=at(60)))
    scene.follower.follow()
    scene.now += LISTING_PAUSE
    scene.api.list(order("theirs", started_at=at(2)), order("ours", started_at=at(60)))
    scene.follower.discover()
    assert [o.id for o in scene.told[-1].orders] == ["theirs"]  # type: ignore[union-attr]


class Clock:
    """Clocks to set: this machine's, the API's, and the monotonic one that nobody sets."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.own, self.api = scene, T0.timestamp(), T0.timestamp()
        self.clock = ApiClock(lambda: self.own, scene.clock)
        scene.follower.api_clock = self.clock
        self.hear()

    def hear(self) -> None:
        self.clock.heard(formatdate(int(self.api), usegmt=True), self.scene.now)

    def pass_time(self, seconds: float) -> None:
        self.scene.now += seconds
        self.own += seconds
        self.api += seconds
        self.hear()


@pytest.mark.parametrize("told", [True, False], ids=["the API's clock", "Temporal's clock alone"])
def test_a_clock_that_is_set_back_hides_no_new_order(scene: Scene, told: bool) -> None:
    clock = Clock(scene)
    scene.follower.everything = True
    scene.api.list(order("a", started_at=at(3600)))
    scene.follower.discover()
    clock.pass_time(0.25)
    scene.follower.discover()
    if told:
        clock.api -= 7200.0
        clock.hear()
    # Placed after that: it began, by the clock of now, long before the newest that is known.
    scene.api.answers["GET /orders"] = None
    found = [order("new", started_at=at(-3000)), order("a", started_at=at(3600))]

    def listing(request: httpx.Request) -> httpx.Response:
        scene.api.asked.append(request)
        after = request.url.params.get("started_after", "")
        late = [one for one in found if one.started_at and one.started_at.isoformat() > after]
        return httpx.Response(200, json={**as_json(*late), "complete": True})

    scene.follower.client = httpx.Client(base_url="http://api", transport=httpx.MockTransport(listing))
    for _ in range(24):
        clock.pass_time(0.25)
        scene.follower.discover()
    assert set(scene.follower.orders) == {"a", "new"}
    # And one more, sooner: times are not trusted for a while.
    found.insert(0, order("newer", started_at=at(-2990)))
    for _ in range(6):
        clock.pass_time(0.25)
        scene.follower.discover()
    assert "newer" in scene.follower.orders


def test_orders_of_before_stay_out_also_when_a_clock_is_set(scene: Scene) -> None:
    clock = Clock(scene)
    scene.follower.since_at = scene.now
    clock.api -= 7200.0
    clock.hear()
    assert clock.clock.steps == 1
    scene.api.list(order("before", started_at=at(-7260)), order("new", started_at=at(-7190)))
    clock.pass_time(10.0)
    scene.follower.discover()
    assert list(scene.follower.orders) == ["new"]


def test_thousands_are_listed_a_page_at_a_time(scene: Scene) -> None:
    scene.follower.everything = True
    many = [order(f"o{n}", started_at=at(n)) for n in range(30)]
    pages = {"": (many[20:], "two"), "two": (many[10:20], "three"), "three": (many[:10], None)}

    def listing(request: httpx.Request) -> httpx.Response:
        found, more = pages[request.url.params.get("page", "")]
        assert request.url.params["open"] == "true"
        return httpx.Response(200, json={**as_json(*found), "complete": True, "more": more})

    scene.follower.client = httpx.Client(base_url="http://api", transport=httpx.MockTransport(listing))
    scene.follower.discover()
    assert len(scene.follower.orders) == 30 and scene.follower.listed == at(29)


def test_a_page_without_an_answer_leaves_the_listing_undone(scene: Scene) -> None:
    scene.follower.everything = True
    scene.api.answers["GET /orders"] = [
        {**as_json(order("a", started_at=at(1))), "complete": True, "more": "two"},
        problem(503, "Temporal did not answer in time"),
        {**as_json(order("a", started_at=at(1)), order("b", started_at=at(2))), "complete": True},
    ]
    scene.follower.discover()
    assert list(scene.follower.orders) == ["a"]
    scene.now += LISTING_PAUSE
    scene.follower.discover()
    assert scene.api.asked[-1].url.params["open"] == "true" and set(scene.follower.orders) == {"a", "b"}


def test_what_the_api_knows_while_temporal_lists_nothing_is_taken_and_everything_asked_for_again(
    scene: Scene,
) -> None:
    scene.follower.everything = True
    scene.api.list(order("ours", started_at=at(60)), complete=False)
    scene.follower.discover()
    assert list(scene.follower.orders) == ["ours"]
    scene.follower.discover()
    assert len(scene.api.asked) == 1, "not asked again at once"
    scene.now += LISTING_PAUSE
    scene.api.list(order("theirs", started_at=at(2)), order("ours", started_at=at(60)))
    scene.follower.discover()
    assert scene.api.asked[-1].url.params["open"] == "true", "theirs may be as old as any"
    assert list(scene.follower.orders) == ["ours", "theirs"]
    # Later on: from the newest that was listed, not from the newest that is known.
    scene.api.list(order("newest", started_at=at(300)), complete=False)
    for _ in range(2):
        scene.now += LISTING_PAUSE
        scene.follower.discover()
    assert scene.api.asked[-1].url.params["started_after"] == "2026-05-01T12:00:55Z"


def test_who_stands_still_is_told_once(scene: Scene) -> None:
    scene.follower.orders = {"a": order("a"), "b": order("b")}
    baking, waiting = order("a", S.BAKING, 1), order("b")
    scene.api.answers["POST /orders/status"] = as_json(baking, waiting)
    scene.follower.follow()
    assert scene.told == [OrdersSeen((baking, waiting), True)]
    scene.follower.follow()
    assert len(scene.told) == 1, "nothing new"
    later = order("b", S.PREPARING, 1)
    scene.api.answers["POST /orders/status"] = as_json(baking, later)
    scene.follower.follow()
    assert scene.told[1:] == [OrdersSeen((later,), True)]
    scene.api.answers["POST /orders/status"] = as_json(order("a", S.UNKNOWN, run_id=None), later)
    for _ in range(2):
        scene.follower.follow()
    assert [n.orders[0].id for n in scene.told[2:]] == ["a", "a"], "it is counted how often"  # type: ignore[union-attr]


@pytest.mark.parametrize("answer", [{}, [], 3, {"orders": [{"id": 1}]}, {"orders": 3}, {"orders": [[]]}])
def test_an_answer_of_another_shape_is_an_error_and_nothing_is_told(scene: Scene, answer: Any) -> None:
    scene.follower.orders = {"a": order("a")}
    scene.api.answers["POST /orders/status"] = httpx.Response(200, json=answer)
    with pytest.raises(ValidationError):
        scene.follower.follow()
    assert scene.told == [] and scene.follower.heard == {}


def test_everything_open_is_adopted_at_first_and_only_then(scene: Scene) -> None:
    scene.follower.everything = True
    scene.api.list(order("old", S.BAKING, started_at=at(-9999)))
    scene.follower.discover()
    asked = scene.api.asked[-1].url.params
    assert asked["open"] == "true" and "started_after" not in asked
    assert list(scene.follower.orders) == ["old"]
    scene.follower.discover()
    assert "open" not in scene.api.asked[-1].url.params


def test_a_new_run_under_a_known_id_is_discovered(scene: Scene) -> None:
    scene.api.list(order("auto-1", S.DELIVERED, run_id="one"))
    scene.follower.discover()
    scene.api.list(order("auto-1", S.RECEIVED, run_id="two", started_at=at(60)))
    scene.follower.discover()
    assert scene.follower.orders["auto-1"].run_id == "two"
    assert scene.told[-1].orders[0].run_id == "two"  # type: ignore[union-attr]


def test_temporal_away_is_not_the_api_away(scene: Scene) -> None:
    scene.api.answers["GET /orders"] = problem(503, "Temporal does not answer")
    scene.follower.discover()
    asked = len(scene.api.asked)
    scene.follower.discover()
    assert len(scene.api.asked) == asked, "not asked again at once"
    scene.now += LISTING_PAUSE
    scene.api.list(order())
    scene.follower.discover()
    assert list(scene.follower.orders) == ["a"]


def test_open_orders_are_followed_in_one_request_with_what_was_last_known(scene: Scene) -> None:
    scene.follower.follow()
    assert scene.api.asked == [], "nothing to ask"
    scene.follower.orders = {
        o.id: o for o in (order("a", S.BAKING), order("b", S.DELIVERED), order("c", S.FAILED), order("d"))
    }
    answer = (order("a", S.OUT_FOR_DELIVERY), order("d", S.UNKNOWN, run_id=None))
    scene.api.answers["POST /orders/status"] = as_json(*answer)
    scene.follower.follow()
    (body,) = scene.bodies("/orders/status")
    assert body == {
        "orders": [
            {"id": "a", "run_id": "run-a", "status": "ORDER_BAKING"},
            {"id": "d", "run_id": "run-d", "status": "ORDER_RECEIVED"},
        ]
    }
    assert scene.told == [OrdersSeen(answer, asked=True)]
    assert scene.follower.orders["a"].status is S.OUT_FOR_DELIVERY
    assert scene.follower.orders["d"].status is S.RECEIVED, "unknown teaches nothing"


def test_no_request_is_larger_than_the_api_takes_and_nobody_is_left_out(scene: Scene) -> None:
    scene.follower.orders = {f"o{n}": order(f"o{n}") for n in range(5000)}
    scene.follower.follow()
    sizes = [len(body["orders"]) for body in scene.bodies("/orders/status")]
    assert sizes == [2000, 2000, 1000]


def test_what_one_request_told_is_told_although_the_next_has_no_answer(scene: Scene) -> None:
    scene.follower.orders = {f"o{n}": order(f"o{n}") for n in range(2001)}
    baking = order("o0", S.BAKING, 1)
    scene.api.answers["POST /orders/status"] = [as_json(baking), httpx.ReadTimeout("late")]
    with pytest.raises(httpx.ReadTimeout):
        scene.follower.follow()
    assert scene.told == [OrdersSeen((baking,), True)]


def test_old_finished_orders_are_forgotten_and_open_ones_never(scene: Scene) -> None:
    kept = {f"open{n}": order(f"open{n}") for n in range(5)}
    scene.follower.orders = kept | {f"o{n}": order(f"o{n}", S.DELIVERED) for n in range(5000)}
    scene.follower.forget()
    assert len(scene.follower.orders) == 205 and kept.keys() <= scene.follower.orders.keys()
    assert "o4999" in scene.follower.orders
    scene.follower.forget()
    assert len(scene.follower.orders) == 205


def test_many_orders_are_asked_for_less_often() -> None:
    assert orders_every(0) == orders_every(100) == 0.25
    assert 0.25 < orders_every(300) < orders_every(700) < 2.0 == orders_every(5000)


def test_that_an_order_was_looked_at_again_is_no_news(scene: Scene) -> None:
    mine = order("mine", started_at=at(1), seen_at=at(2))
    scene.follower.placed.append(mine)
    for moment in (3, 4, 5):
        again = as_json(mine.model_copy(update={"seen_at": at(moment)}))
        scene.api.answers["POST /orders/status"] = again
        scene.follower.look()
    assert sum(isinstance(news, OrdersSeen) for news in scene.told) == 1


def deleted(scene: Scene, *names: str) -> None:
    """Orders that are followed, and that Temporal does not know any more."""
    scene.follower.orders = {name: order(name, S.BAKING) for name in names}
    unknown = [order(name, S.UNKNOWN, run_id=None, started_at=None) for name in names]
    scene.api.answers["POST /orders/status"] = as_json(*unknown)


def asked_in(scene: Scene, seconds: float) -> int:
    """How often the orders' status is asked for in that time, four looks a second."""
    before = scene.api.paths().count("POST /orders/status")
    for _ in range(round(seconds * 4)):
        scene.follower.follow()
        scene.now += 0.25
    return scene.api.paths().count("POST /orders/status") - before


def test_a_deleted_order_is_asked_for_ever_less_often_and_then_no_more(scene: Scene) -> None:
    deleted(scene, "a")
    assert asked_in(scene, 4.0) == VANISHED_AFTER, "often until it is certain"
    assert asked_in(scene, 60.0) <= 4
    assert asked_in(scene, 900.0) <= MISSING_TRIES
    assert scene.follower.orders == {} and scene.follower.unknown == {}
    assert asked_in(scene, 60.0) == 0
    assert len(scene.told) <= VANISHED_AFTER + MISSING_TRIES


def test_a_listing_does_not_bring_a_deleted_order_back_but_another_run_of_it_comes(scene: Scene) -> None:
    scene.follower.earlier_runs = set()
    deleted(scene, "a")
    asked_in(scene, 1000.0)
    scene.api.list(order("a", S.BAKING, started_at=at(9)))
    scene.follower.discover()
    assert scene.follower.orders == {}
    scene.now += 100.0
    scene.api.list(order("a", S.RECEIVED, started_at=at(90), run_id="another"))
    scene.follower.discover()
    assert scene.follower.orders["a"].run_id == "another"


def test_an_order_that_is_known_again_is_asked_for_as_often_as_others(scene: Scene) -> None:
    deleted(scene, "a")
    asked_in(scene, 10.0)
    scene.api.answers["POST /orders/status"] = as_json(order("a", S.BAKING))
    asked_in(scene, 60.0)
    assert asked_in(scene, 2.0) == 8


def test_what_could_not_be_asked_is_asked_again_at_once(scene: Scene) -> None:
    scene.follower.orders = {"a": order("a", S.BAKING)}
    away = order("a", S.UNKNOWN, run_id=None, started_at=None, fresh=False)
    scene.api.answers["POST /orders/status"] = as_json(away)
    assert asked_in(scene, 5.0) == 20
