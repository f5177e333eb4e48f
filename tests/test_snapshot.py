"""What is known never goes backwards, whatever order the news come in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_stub.schema import Checkpoint, FleetHealth, Health, Order, TemporalHealth
from game.api_state.diff import diff
from game.api_state.events import OrderFoundAgain
from game.api_state.news import ApiAway, FleetSeen, News, OrderPlaced, Said, WorldSeen
from game.api_state.order_merge import FINAL, RANK, merge_order, progress
from game.api_state.snapshot import KEPT_FINISHED, KEPT_VANISHED, VANISHED_AFTER, Snapshot, advance
from tests.telling import T0, S, at, fleet, order, seen, staffed, stages, worker

HEALTH = Health(
    status="ok",
    temporal=TemporalHealth(address="127.0.0.1:7233", reachable=True),
    fleet=FleetHealth(ready=1, slots=1),
    checkpoint="1",
)


def after(*news: News, known: Snapshot | None = None) -> Snapshot:
    snapshot = known or Snapshot()
    for item in news:
        snapshot = advance(snapshot, item)
    return snapshot


def life() -> list[Order]:
    """One order's life, as its truths followed each other; a worker dies in the oven."""
    return [
        order(status=S.RECEIVED),
        order(status=S.PREPARING, attempt=1, stages=stages(1)),
        order(status=S.PREPARING, attempt=1, worker="w1.1", stages=stages(1)),
        order(status=S.BAKING, attempt=1, worker="w1.1", stages=stages(2)),
        order(status=S.BAKING, attempt=2, stages=stages(2), last_failure="heartbeat timeout"),
        order(status=S.BAKING, attempt=2, worker="w2.1", stages=stages(2)),
        order(status=S.PENDING_PICKUP, stages=stages(2)),
        order(status=S.OUT_FOR_DELIVERY, attempt=1, worker="w2.1", stages=stages(3)),
        order(status=S.DELIVERED, stages=stages(3), finished_at=T0 + timedelta(seconds=9)),
    ]


def echo(of: Order) -> Order:
    """What the API says where it could not ask: the caller's last known, without details."""
    return order(of.id, of.status, fresh=False)


told_once = st.one_of(
    st.sampled_from(life()),
    st.sampled_from(life()).map(echo),
    st.just(order(status=S.UNKNOWN, fresh=False)),
    st.just(order(status=S.UNKNOWN, run_id=None, started_at=None)),
)


@given(st.lists(told_once, max_size=30))
def test_no_news_take_an_order_back_or_forget_its_stages(told: list[Order]) -> None:
    known = Snapshot()
    best, most_stages = -1, 0
    for item in told:
        before = known.orders.get("a")
        known = advance(known, seen(item))
        now = known.orders.get("a")
        best = max(best, RANK[item.status])
        if now is None:
            assert item.status is S.UNKNOWN
            continue
        assert RANK[now.status] == best
        if before is not None:
            assert progress(now) >= progress(before)
        assert len(now.stages) >= most_stages
        most_stages = len(now.stages)


@given(st.permutations(life()), st.lists(st.integers(0, 8), max_size=6))
def test_the_end_is_the_same_in_every_order_with_repetitions(told: list[Order], again: list[int]) -> None:
    known = after(*(seen(item) for item in told), *(seen(told[n]) for n in again))
    assert known.orders["a"].status is S.DELIVERED
    assert known.orders["a"].finished_at is not None


def test_a_repetition_is_no_news_at_all() -> None:
    known = after(seen(*life()[:6]), staffed(worker(1)), WorldSeen(HEALTH))
    for item in (seen(life()[5]), seen(life()[2]), staffed(worker(1)), Said("x")):
        assert advance(known, item) is known
    assert diff(known, advance(known, seen(life()[5]))) == ()


def test_an_echo_keeps_the_details_and_marks_them_unconfirmed() -> None:
    known = after(seen(order(status=S.BAKING, stages=stages(2), toppings=["ham"])))
    told = after(seen(order(status=S.BAKING, fresh=False)), known=known).orders["a"]
    assert not told.fresh and told.toppings == ["ham"] and len(told.stages) == 2
    assert after(seen(order(status=S.BAKING, stages=stages(2))), known=known).orders["a"].fresh


def test_the_hand_remembers_the_worker_that_temporal_has_let_go_of() -> None:
    known = after(*(seen(item) for item in life()[:5]))
    assert known.orders["a"].worker is None
    assert known.hands["a"].worker == "w1.1" and known.hands["a"].status is S.BAKING
    assert after(seen(life()[5]), known=known).hands["a"].worker == "w2.1"


@pytest.mark.parametrize("final", sorted(FINAL))
def test_nothing_follows_an_end(final: S) -> None:
    known = after(seen(order(status=final)))
    for item in (*life()[:8], order(status=S.UNKNOWN)):
        assert after(seen(item), known=known).orders["a"].status is final
    other = S.FAILED if final is S.DELIVERED else S.DELIVERED
    assert after(seen(order(status=other)), known=known).orders["a"].status is final


def test_of_two_runs_under_one_id_the_later_one_counts() -> None:
    first = order(status=S.DELIVERED, run_id="one")
    second = order(status=S.PREPARING, run_id="two", started_at=T0 + timedelta(minutes=1))
    for told in ((first, second), (second, first), (second, first, second)):
        assert after(*(seen(item) for item in told)).orders["a"].run_id == "two"
    assert merge_order(second, first) is second


def test_who_ordered_what_is_not_forgotten_when_an_api_lists_what_it_has_not_read_yet() -> None:
    known = order(status=S.BAKING, customer="Kim", toppings=["ham"])
    listed = order(status=S.BAKING, customer=None, toppings=[], seen_at=T0 + timedelta(minutes=9))
    merged = merge_order(known, listed)
    assert (merged.customer, merged.toppings) == ("Kim", ["ham"])


def test_an_order_has_vanished_when_temporal_has_not_known_it_again_and_again() -> None:
    unknown = order(status=S.UNKNOWN, run_id=None)
    known = after(seen(order(status=S.BAKING)))
    for n in range(1, VANISHED_AFTER + 1):
        assert not known.vanished("a")
        # What could not be asked is no evidence.
        known = after(seen(order(status=S.UNKNOWN, fresh=False)), seen(unknown), known=known)
        assert known.missing["a"] == n
    assert known.vanished("a") and known.orders["a"].status is S.BAKING
    found = after(seen(order(status=S.BAKING)), known=known)
    assert not found.vanished("a") and "a" not in found.missing


def test_that_an_order_is_still_unknown_is_no_news_and_rebuilds_nothing() -> None:
    unknown = seen(order(status=S.UNKNOWN, run_id=None))
    known = after(seen(order(status=S.BAKING), order("b", S.BAKING)))
    missed = after(unknown, known=known)
    assert missed.orders is known.orders and missed.hands is known.hands, "only the count is another"
    gone = after(*[unknown] * VANISHED_AFTER, known=known)
    assert after(unknown, known=gone) is gone


def test_vanished_orders_are_forgotten_beyond_a_limit_and_are_not_found_again_by_that() -> None:
    names = [f"o{n}" for n in range(2 * KEPT_VANISHED + 1)]
    known = after(seen(*(order(name, S.BAKING) for name in names), order("open", S.BAKING)))
    lost = after(*[seen(*(order(name, S.UNKNOWN, run_id=None) for name in names))] * 3, known=known)
    assert len(lost.missing) == KEPT_VANISHED and len(lost.orders) == KEPT_VANISHED + 1
    assert "open" in lost.orders and names[-1] in lost.orders and names[0] not in lost.orders
    others = [f"p{n}" for n in range(KEPT_VANISHED + 1)]
    more = after(seen(*(order(name, S.BAKING) for name in others)), known=lost)
    more = after(*[seen(*(order(name, S.UNKNOWN, run_id=None) for name in others))] * 2, known=more)
    last = after(seen(*(order(name, S.UNKNOWN, run_id=None) for name in others)), known=more)
    assert "o300" in more.missing and "o300" not in last.orders
    assert not any(isinstance(event, OrderFoundAgain) for event in diff(more, last))


def test_a_run_that_began_and_ended_unseen_takes_the_place_of_an_open_one() -> None:
    first = order(status=S.BAKING, run_id="one", worker="w1.1", attempt=1, seen_at=at(5))
    second = order(status=S.DELIVERED, run_id="two", started_at=at(60), seen_at=at(99))
    known = after(seen(first), seen(second))
    assert known.orders["a"].run_id == "two" and "a" not in known.hands
    late = order(status=S.FAILED, run_id="zero", started_at=at(-60), seen_at=at(99))
    assert after(seen(first), seen(late)).orders["a"].run_id == "one", "of an earlier one"
    late = order(status=S.DELIVERED, run_id="two", started_at=at(60), seen_at=at(1))
    assert after(seen(first), seen(late)).orders["a"].run_id == "one", "seen before what is known"


def test_one_answer_in_between_starts_the_count_anew() -> None:
    known = after(seen(order()))
    for _ in range(10):
        known = after(seen(order(status=S.UNKNOWN)), seen(order()), known=known)
        assert not known.vanished("a")


def test_only_what_was_known_can_vanish() -> None:
    unknown = seen(order(status=S.UNKNOWN))
    assert after(*[unknown] * 5).missing == {}
    delivered = after(seen(order(status=S.DELIVERED)))
    assert not after(*[unknown] * 5, known=delivered).vanished("a")


def test_a_late_fleet_answer_is_ignored() -> None:
    living, dead = worker(1, since=0), worker(1, "dead", since=5)
    old = FleetSeen(fleet(living, births=1))
    new = FleetSeen(fleet(dead, births=1, deaths=1))
    known = after(old, new)
    assert advance(known, old) is known
    born = FleetSeen(fleet(worker(1, generation=2, since=7), births=2, deaths=1))
    assert after(born, old, new, known=known).fleet == born.fleet


def test_a_smaller_kitchen_is_news_although_its_times_are_older() -> None:
    two = FleetSeen(fleet(worker(1, since=0), worker(2, since=60), births=2))
    one = FleetSeen(fleet(worker(1, since=0), births=2, deaths=1))
    assert after(two, one).fleet == one.fleet


def test_a_new_api_counts_from_the_beginning() -> None:
    old = FleetSeen(fleet(worker(1, since=100), births=9, deaths=8))
    new = FleetSeen(fleet(worker(1, since=50), births=1))
    assert after(old, ApiAway("gone"), new).fleet == new.fleet


def test_away_and_back() -> None:
    known = after(staffed(worker(1)), ApiAway("nobody answers there"))
    assert not known.online and known.why_offline == "nobody answers there" and known.fleet is not None
    assert advance(known, ApiAway("still")) is known
    back = after(WorldSeen(HEALTH), known=known)
    assert back.online and back.why_offline == "" and back.health == HEALTH
    assert after(Said("no answer at all")).online is False


def test_slow_news_keep_what_they_do_not_tell() -> None:
    checkpoint = Checkpoint(name="1", title="One cook", slots=1, file="x.yaml")
    known = after(WorldSeen(HEALTH, checkpoint), WorldSeen(HEALTH))
    assert known.checkpoint == checkpoint and known.health == HEALTH


def test_a_placed_order_is_known_at_once() -> None:
    assert after(OrderPlaced(order("mine"))).orders["mine"].status is S.RECEIVED


def test_a_day_of_orders_is_forgotten_but_no_open_one() -> None:
    known = after(seen(order("open", S.BAKING, attempt=1, worker="w1.1")))
    for n in range(60):
        told = [order(f"o{n}-{k}", S.BAKING, attempt=1, worker="w1.1") for k in range(200)]
        known = after(seen(*told), known=known)
        known = after(seen(*(order(o.id, S.DELIVERED) for o in told)), known=known)
        assert len(known.orders) <= 8000 and len(known.hands) <= 8000
    assert known.orders["open"].status is S.BAKING and "open" in known.hands
    assert known.orders["o59-199"].status is S.DELIVERED


def test_another_run_starts_with_empty_hands() -> None:
    known = after(seen(order(status=S.BAKING, attempt=1, worker="w1.1")))
    again = order(status=S.BAKING, attempt=1, run_id="two", started_at=T0 + timedelta(minutes=1))
    later = after(seen(again), known=known)
    assert later.orders["a"].run_id == "two" and "a" not in later.hands


def test_a_day_of_finished_orders_does_not_fill_the_memory_and_open_ones_are_never_forgotten() -> None:
    known = advance(Snapshot(), seen(order("open", S.BAKING, 1, worker="w1.1")))
    for n in range(5 * KEPT_FINISHED):
        known = advance(known, seen(order(f"o{n}", S.BAKING, 1, worker="w1.1")))
        known = advance(known, seen(order(f"o{n}", S.DELIVERED)))
        assert known.finished == sum(one.status in FINAL for one in known.orders.values())
        assert len(known.orders) <= 2 * KEPT_FINISHED + 2
        assert len(known.hands) <= len(known.orders)
    assert known.finished >= KEPT_FINISHED and "open" in known.orders
    assert f"o{5 * KEPT_FINISHED - 1}" in known.orders, "what was finished last is remembered"
