"""The picture follows the truth and nothing else: what each event does, and what may never happen."""

from __future__ import annotations

import math

import pytest

from api_stub.schema import LastExit
from game.api_state.events import OrderTakenOver
from game.api_state.news import ApiAway, FleetSeen, OrderPlaced, Said
from game.inputs import KeyPress
from game.simulation.actors import CookPhase, Mood
from game.simulation.cook_update import FALL_SECONDS
from game.simulation.particles import LIMIT
from game.simulation.places.cook_spots import cook_spot
from game.simulation.places.stage_places import Place
from game.simulation.reactions import hit_stop
from game.simulation.update import update
from tests.pair_of_cooks import PAIR, baking, until_settled, where
from tests.telling import S, at, fleet, kitchen_with, order, play, seen, staffed, tell, worker


def test_an_order_comes_in_at_the_door_and_walks_to_its_place() -> None:
    model = kitchen_with(PAIR)
    tell(model, seen(order()))
    gopher = model.gophers["a"]
    assert where(gopher) == model.floor.kitchen.door and gopher.mood is Mood.WALK
    until_settled(model)
    assert math.dist(where(gopher), model.floor.plan.stand(Place.COUNTER, 0)) < 2
    assert gopher.mood is Mood.WAIT and model.open_orders == 1


@pytest.mark.parametrize(
    "status, place",
    [
        (S.RECEIVED, Place.COUNTER),
        (S.PREPARING, Place.BENCH),
        (S.BAKING, Place.OVEN),
        (S.PENDING_PICKUP, Place.SHELF),
        (S.OUT_FOR_DELIVERY, Place.SCOOTER),
    ],
)
def test_a_stage_is_a_place(status: S, place: Place) -> None:
    model = kitchen_with(PAIR, [order("a"), order("b")])
    tell(model, seen(order("a", status)))
    until_settled(model)
    assert model.gophers["a"].place is place
    assert math.dist(where(model.gophers["a"]), model.floor.plan.stand(place, model.gophers["a"].index)) < 2


def test_a_delivered_order_is_joyful_and_leaves() -> None:
    model = kitchen_with(PAIR, [order(status=S.OUT_FOR_DELIVERY)], settle=6.0)
    tell(model, seen(order(status=S.DELIVERED, finished_at=at(5))))
    assert (model.outcomes.delivered, model.open_orders, model.per_minute, model.outcomes.lost) == (
        1,
        0,
        1,
        0,
    )
    moods = []
    for _ in range(600):
        play(model, 1 / 60)
        moods += [gopher.mood for gopher in model.gophers.values()]
    assert Mood.JOY in moods and Mood.LEAVE in moods and moods.index(Mood.JOY) < moods.index(Mood.LEAVE)
    assert model.gophers == {}


def test_an_order_that_was_over_before_it_was_seen_counts_but_does_not_walk_in() -> None:
    model = kitchen_with(PAIR, [order("a", S.DELIVERED), order("b", S.FAILED)])
    assert (model.gophers, model.outcomes.delivered, model.outcomes.lost) == ({}, 1, 1)


def test_the_same_id_again_walks_in_again() -> None:
    model = kitchen_with(PAIR, [order()], settle=4.0)
    tell(model, seen(order(status=S.DELIVERED)))
    play(model, 20.0, 0.1)
    assert model.gophers == {}
    tell(model, seen(order(status=S.PREPARING, run_id="two", started_at=at(60))))
    assert model.gophers["a"].place is Place.BENCH and not model.gophers["a"].delivered


def test_ones_own_order_has_an_arrow_for_a_while() -> None:
    model = kitchen_with(PAIR)
    tell(model, OrderPlaced(order("mine", customer="Ada")), seen(order("other")))
    assert model.gophers["mine"].own and model.gophers["mine"].arrow > 0
    assert not model.gophers["other"].own and model.gophers["other"].arrow == 0
    play(model, 10.0, 1 / 20)
    assert model.gophers["mine"].own and model.gophers["mine"].arrow == 0


def test_a_long_wait_without_anybody_ends_in_sleep() -> None:
    model = kitchen_with([worker(1, "empty", 0)], [order()], settle=0)
    play(model, 30.0, 1 / 10)
    assert model.gophers["a"].mood is Mood.ASLEEP
    tell(model, seen(order(status=S.PREPARING, attempt=1)))
    play(model, 0.5)
    assert model.gophers["a"].mood is not Mood.ASLEEP


def test_a_cook_falls_only_when_the_fleet_says_dead() -> None:
    model = kitchen_with(PAIR, [baking()], settle=6.0)
    until_settled(model)
    assert model.cooks[1].phase is CookPhase.WORKING and model.gophers["a"].mood is Mood.WORKED
    assert model.cooks[1].holding == ["a"] and model.cooks[1].task == S.BAKING
    result = update(model, [KeyPress("1")], (), 1 / 60)
    assert len(result.commands) == 1
    assert model.cooks[1].phase is CookPhase.WORKING, "a key is a wish, not a death"
    events = tell(model, staffed(worker(1, "dead", since=9), PAIR[1]))
    cook = model.cooks[1]
    assert cook.phase is CookPhase.FALLING and cook.fallen == "w1.1" and cook.died_of == "SIGKILL"
    assert cook.died_at == at(9).timestamp()
    assert 0 < hit_stop(model, events) <= 0.1 and 0 < model.effects.shake <= 6
    play(model, 1.0)
    assert cook.phase is CookPhase.GHOST and model.cooks[2].phase is CookPhase.WORKING


def test_its_order_is_worried_and_hops_only_when_temporal_says_that_another_has_it() -> None:
    model = kitchen_with(PAIR, [baking(), baking("b", "w2.1")], settle=8.0)
    tell(model, staffed(worker(1, "dead", since=9), PAIR[1]))
    gopher, other = model.gophers["a"], model.gophers["b"]
    assert gopher.lift_speed > 0 and other.lift_speed == 0
    play(model, 3.0)
    assert gopher.mood is Mood.WORRIED and other.mood is Mood.WORKED
    spot = cook_spot(model.floor.kitchen, 1, 2)
    assert abs(gopher.body.x - spot.x) < 130, "it stands by its dead cook"
    tell(model, seen(baking(by=None, attempt=2, last_failure="heartbeat timeout")))
    play(model, 1.0)
    assert gopher.mood is Mood.WORRIED and gopher.hop is None
    events = tell(model, seen(baking(by="w2.1", attempt=2)))
    assert OrderTakenOver("a", "w1.1", "w2.1", 2) in events
    assert gopher.hop is not None and (gopher.hop.before, gopher.hop.after) == ("w1.1", "w2.1")
    heights = []
    for _ in range(90):
        play(model, 1 / 60)
        heights.append(gopher.lift)
    assert max(heights) > 60, "a hop goes through the air"
    until_settled(model)
    assert gopher.hop is None and gopher.mood is Mood.WORKED and gopher.lift == 0
    assert model.cooks[2].holding == ["a", "b"] and model.cooks[1].holding == []
    assert model.outcomes.lost == 0


def test_with_nobody_alive_the_orders_stay_where_they_are() -> None:
    model = kitchen_with([worker(1)], [baking()], settle=8.0)
    before = where(model.gophers["a"])
    tell(model, staffed(worker(1, "dead", since=9)))
    play(model, 3.0)
    assert math.dist(where(model.gophers["a"]), before) < 3
    assert model.gophers["a"].mood is Mood.WAIT and not model.anyone_alive


def test_a_new_process_in_the_slot_does_not_have_the_dead_ones_order() -> None:
    model = kitchen_with([worker(1)], [baking()], settle=8.0)
    tell(model, staffed(worker(1, "dead", since=9)))
    play(model, 1.0)
    tell(model, staffed(worker(1, generation=2, since=10)))
    play(model, 1.5)
    assert model.cooks[1].phase is CookPhase.WORKING and model.cooks[1].generation == 2
    assert model.cooks[1].holding == [] and model.gophers["a"].mood is Mood.WORRIED
    tell(model, seen(baking(by="w1.2", attempt=2)))
    assert model.gophers["a"].hop is not None
    until_settled(model)
    assert model.cooks[1].holding == ["a"] and model.gophers["a"].mood is Mood.WORKED


def test_an_unseen_death_and_birth_are_both_shown() -> None:
    model = kitchen_with([worker(1)], settle=2.0)
    end = LastExit(signal="SIGKILL", cause="player", at=at(9))
    tell(model, staffed(worker(1, generation=2, since=10, last_exit=end)))
    cook = model.cooks[1]
    # First the one that has died, as it was, then the other one; never one with what is true of the other.
    assert cook.phase is CookPhase.FALLING and cook.generation == 1 and not cook.standing
    assert cook.living and model.anyone_alive, "the next process is there, and can be killed"
    assert cook.fallen == "w1.1" and cook.died_of == "SIGKILL"
    assert any(particle.kind == "hat" for particle in model.effects.particles.flying)
    play(model, FALL_SECONDS + 0.05)
    assert cook.phase is CookPhase.ARRIVING and cook.generation == 2 and cook.standing


def test_who_was_dead_before_the_window_opened_does_not_fall_again() -> None:
    model = kitchen_with([worker(1, "dead", since=1), worker(2)])
    assert model.cooks[1].phase is CookPhase.GHOST and model.cooks[1].died_of == "SIGKILL"
    assert model.effects.shake == 0


def test_a_planned_end_is_no_blow() -> None:
    model = kitchen_with(PAIR, settle=2.0)
    gone = worker(1, "dead", since=9, last_exit=LastExit(code=0, cause="redeploy", at=at(9)))
    events = tell(model, staffed(gone, PAIR[1]))
    assert (
        model.cooks[1].phase is CookPhase.FALLING
        and hit_stop(model, events) == 0
        and model.effects.shake == 0
    )


def test_an_order_may_be_with_somebody_who_is_not_of_the_fleet() -> None:
    model = kitchen_with(PAIR, [baking(by="somebody@laptop")], settle=8.0)
    assert model.gophers["a"].mood is Mood.WORKED
    assert all(cook.holding == [] for cook in model.cooks.values())
    tell(model, seen(baking(by="w7.1", attempt=2)))
    assert model.gophers["a"].hop is None and model.gophers["a"].lift_speed > 0
    until_settled(model)
    assert model.gophers["a"].lift == 0


def test_a_smaller_kitchen_has_fewer_cooks() -> None:
    model = kitchen_with((*PAIR, worker(3)))
    tell(model, FleetSeen(fleet(worker(1), deaths=2)))
    assert list(model.cooks) == [1] and model.floor.slots == 1


def test_the_api_away_is_a_state_and_everything_stays() -> None:
    model = kitchen_with(PAIR, [baking()], settle=8.0)
    tell(model, ApiAway("nobody answers there"))
    since = model.api_contact.offline_since
    play(model, 5.0)
    tell(model, ApiAway("nobody answers there"))
    assert since is not None and model.api_contact.offline_since == since
    assert "a" in model.gophers and model.cooks[1].living
    tell(model, seen(baking()))
    assert model.api_contact.offline_since is None


def test_lost_is_failed_or_vanished_and_nothing_else() -> None:
    model = kitchen_with(PAIR, [baking(), baking("b"), baking("c", "w2.1"), baking("d")])
    unknown = [order(name, S.UNKNOWN, run_id=None) for name in "abcd"]
    tell(
        model,
        staffed(worker(1, "dead", since=1), worker(2, "dead", since=1)),
        ApiAway("gone"),
        seen(*(order(o.id, S.UNKNOWN, fresh=False) for o in unknown)),
        seen(*unknown),
        seen(*unknown),
        seen(*(baking(name, None, 9) for name in "abcd")),
        Said("anything"),
    )
    play(model, 60.0, 0.1)
    assert model.outcomes.lost == 0 and all(not gopher.delivered for gopher in model.gophers.values())
    tell(model, seen(order("a", S.FAILED, last_failure="no such crust")))
    assert model.outcomes.lost == 1 and "no such crust" in model.notices.messages[-1].text
    tell(model, seen(order("a", S.FAILED)), seen(order("b", S.DELIVERED)))
    assert model.outcomes.lost == 1 and model.outcomes.delivered == 1
    tell(model, seen(unknown[2]), seen(unknown[2]), seen(unknown[2]), seen(unknown[2]))
    assert model.outcomes.lost == 2 and model.open_orders == 1
    until_settled(model)
    assert model.gophers["a"].mood is Mood.SAD and model.gophers["c"].mood is Mood.SAD
    tell(model, seen(baking("c", "w2.1", 9)))
    assert model.outcomes.lost == 1 and model.gophers["c"].place is Place.OVEN


def test_found_again_and_delivered_at_once() -> None:
    model = kitchen_with(PAIR, [baking()])
    tell(model, *[seen(order(status=S.UNKNOWN))] * 3)
    assert model.outcomes.lost == 1
    tell(model, seen(order(status=S.DELIVERED)))
    assert (model.outcomes.lost, model.outcomes.delivered, model.gophers["a"].place) == (0, 1, Place.SCOOTER)
    play(model, 20.0, 0.1)
    assert model.gophers == {}


def test_messages_are_few_and_go() -> None:
    model = kitchen_with(PAIR)
    tell(model, *(Said(str(n)) for n in range(9)), *(seen(order(f"f{n}", S.FAILED)) for n in range(9)))
    assert len(model.notices.messages) == 3 and "f8" in model.notices.messages[-1].text
    play(model, 6.0, 0.1)
    assert model.notices.messages == []


def test_a_kitchen_of_two_hundred() -> None:
    names = [f"o{n}" for n in range(200)]
    crew = [worker(n) for n in range(1, 10)]
    model = kitchen_with(crew, [baking(name, f"w{1 + n % 9}.1") for n, name in enumerate(names)])
    until_settled(model)
    assert len(model.gophers) == 200 and sum(len(cook.holding) for cook in model.cooks.values()) == 200
    tell(model, staffed(*(worker(n, "dead", since=9) for n in range(1, 9)), crew[8]))
    assert len(model.effects.particles.flying) <= LIMIT
    play(model, 1.0, 1 / 30)
    tell(model, seen(*(baking(name, "w9.1", 2) for name in names)))
    assert all(g.hop is None or g.hop.delay <= 0.5 for g in model.gophers.values())
    until_settled(model)
    assert len(model.cooks[9].holding) == 200 and all(g.hop is None for g in model.gophers.values())
    tell(model, seen(*(order(name, S.DELIVERED) for name in names)))
    play(model, 20.0, 0.1)
    assert model.gophers == {} and model.outcomes.delivered == 200 and model.outcomes.lost == 0


def test_failed_orders_do_not_fill_the_room() -> None:
    names = [f"o{n}" for n in range(60)]
    model = kitchen_with(PAIR, [order(name) for name in names])
    tell(model, seen(*(order(name, S.FAILED) for name in names)))
    play(model, 30.0, 0.1)
    assert model.outcomes.lost == 60 and 0 < len(model.gophers) <= 24
