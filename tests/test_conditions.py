"""Paused, cancelled, terminated, reset, stuck in code: each is told as that; and who had what, and lives."""

from __future__ import annotations

from typing import Any

import pytest

from api_stub.schema import Custodian, HeartbeatTimeout, Order, Stage, StageView
from game.api_state.audit_words import audit_line
from game.api_state.conditions import WORDS, Condition, condition_of, wait_text
from game.api_state.diff import diff
from game.api_state.events import OrderHandedOn, OrderPaused, OrderReset, OrderResumed, OrderTakenOver
from game.api_state.news import FleetSeen, RecordsSeen
from game.api_state.order_merge import merge_order
from game.api_state.receipt_words import unheard_text
from game.api_state.snapshot import Snapshot, advance
from game.network.polling_rates import ASK_LACKING_AGAIN
from game.network.records_polling import RecordsPoller
from game.panels.order_card.life import life_of
from game.panels.order_card.text import card_text, kill_text, now_text
from game.panels.stats.figures import tiles
from game.simulation.actors import CookPhase, Mood
from game.simulation.failure_bubbles import saying, speakers
from game.simulation.places.stage_places import Place
from tests.standin import Line
from tests.telling import T0, S, at, fleet, kitchen_with, order, play, seen, staffed, tell, worker
from tests.test_receipt_strip import held, receipt
from tests.test_stats_view import audit, stats

PAIR = (worker(1), worker(2))
WALL = T0.timestamp()
CODE = "the workflow's code fails: KeyError: 'oven'"


def baking(attempt: int = 1, by: str | None = "w1.1", **more: Any) -> Order:
    return order("a", S.BAKING, attempt, worker=by, **more)


ODD: dict[Condition, Order] = {
    Condition.PAUSED: baking(2, None, activity_state="paused"),
    Condition.CANCELLING: baking(activity_state="cancelling"),
    Condition.CODE: order("a", S.PENDING_PICKUP, last_failure=CODE),
    Condition.CANCELLED: order("a", S.FAILED, workflow_state="canceled"),
    Condition.TERMINATED: order("a", S.FAILED, workflow_state="terminated"),
    Condition.TIMED_OUT: order("a", S.FAILED, workflow_state="timed_out"),
    Condition.FAILED: order("a", S.FAILED, workflow_state="failed"),
}


@pytest.mark.parametrize("condition", Condition)
def test_each_has_words_and_a_sign_of_its_own(condition: Condition) -> None:
    told = ODD[condition]
    slip = card_text(told, wall=WALL)
    assert condition_of(told) is condition
    assert (slip.status, slip.icon) == (WORDS[condition], condition.value)
    assert "nobody" not in slip.now.lower() and "waiting for a worker" not in slip.now.lower()


def test_a_workflow_that_is_paused_is_paused_too_and_an_ordinary_order_is_nothing() -> None:
    assert condition_of(baking(workflow_state="paused")) is Condition.PAUSED
    assert condition_of(baking()) is condition_of(order("a", S.DELIVERED, workflow_state="completed")) is None
    assert condition_of(baking(workflow_state="unknown", last_failure="Undercooked pizza")) is None
    (line,) = [line for line in card_text(ODD[Condition.PAUSED]).stages if line.stage is Stage.BAKE]
    assert line.step == "paused" and "paused" in line.times


def test_a_paused_gopher_stands_with_its_sign_and_waits_for_no_cook() -> None:
    model = kitchen_with(PAIR, [baking()], settle=6.0)
    play(model, 1.0, news=[seen(ODD[Condition.PAUSED])])
    gopher = model.gophers["a"]
    assert gopher.mood is Mood.HELD and model.head_count.paused == 1 and model.open_orders == 1
    # The cook that had it dies: nobody takes over what is paused.
    dead = FleetSeen(fleet(worker(1, "dead", since=8.0), worker(2), deaths=1))
    play(model, 20.0, news=[dead])
    assert gopher.mood is Mood.HELD and model.cooks[1].waiting == 0
    play(model, 5.0, news=[seen(baking(2, "w2.1"))])
    assert gopher.mood is Mood.WORKED and model.head_count.paused == 0


def test_a_cancelled_one_leaves_and_is_no_loss_and_one_that_timed_out_stands_aside() -> None:
    model = kitchen_with(PAIR, [baking(), order("b", S.BAKING, 1)], settle=6.0)
    tell(model, seen(ODD[Condition.CANCELLED], order("b", S.FAILED, workflow_state="timed_out")))
    play(model, 0.5)
    assert model.gophers["a"].mood is Mood.LEAVE and (model.outcomes.cancelled, model.outcomes.lost) == (1, 1)
    assert [message.icon for message in model.notices.messages] == ["cancelled", "timed_out"]
    play(model, 8.0)
    assert "a" not in model.gophers and model.gophers["b"].mood is Mood.SAD
    assert model.gophers["b"].place is Place.ASIDE


def test_who_hangs_on_the_workflows_code_says_so_in_the_first_attempt() -> None:
    model = kitchen_with(PAIR, [ODD[Condition.CODE]], settle=20.0)
    gopher = model.gophers["a"]
    assert gopher.mood is Mood.HELD and speakers(model) == [gopher]
    assert saying(gopher) == ("the workflow's code fails", "KeyError: 'oven'")


# Answers that overtake each other


def test_of_two_answers_the_longer_history_wins_then_the_later_look_then_the_attempt() -> None:
    known = baking(3, history_length=9, seen_at=at(5))
    assert merge_order(known, baking(4, history_length=8, seen_at=at(6))) is known
    longer = order("a", S.PENDING_PICKUP, history_length=12, seen_at=at(4))
    assert merge_order(known, longer) is longer
    assert merge_order(known, baking(4, history_length=9, seen_at=at(4))) is known
    reset = baking(1, None, history_length=9, seen_at=at(6), resets=1)
    assert merge_order(known, reset) is reset, "an operator's reset is shown"
    assert merge_order(known, baking(2, seen_at=at(5), history_length=9)) is known
    final = order("a", S.FAILED, workflow_state="terminated", history_length=9, seen_at=at(1))
    assert merge_order(known, final) is final and merge_order(final, longer) is final


def test_after_a_clock_was_set_back_new_answers_are_still_new() -> None:
    known = baking(3, history_length=9, seen_at=at(3600))
    later = baking(4, history_length=9, seen_at=at(2))
    assert merge_order(known, later) is later
    begun = order("a", S.RECEIVED, run_id="two", started_at=at(-3000))
    over = order("a", S.DELIVERED, run_id="one", started_at=at(0))
    assert merge_order(over, begun) is begun and merge_order(begun, over) is begun


def test_an_api_without_these_fields_and_one_that_has_seen_no_reset_are_heard() -> None:
    known = baking(3)
    assert merge_order(known, baking(2)) is known
    assert merge_order(known, baking(1, None, resets=1)).resets == 1
    after = baking(3, resets=1)
    restarted = baking(4, "w2.1", resets=0)
    assert merge_order(after, restarted) is restarted


def test_what_an_operator_did_is_an_event() -> None:
    known = advance(Snapshot(), seen(baking(3, history_length=9, seen_at=at(1))))
    reset = advance(known, seen(baking(1, history_length=9, seen_at=at(2), resets=1)))
    assert OrderReset("a", 1) in diff(known, reset)
    paused = advance(reset, seen(baking(1, None, history_length=9, seen_at=at(3), activity_state="paused")))
    assert OrderPaused("a") in diff(reset, paused)
    again = advance(paused, seen(baking(1, history_length=9, seen_at=at(4), activity_state="running")))
    assert OrderResumed("a") in diff(paused, again)


# Who lives, and who had it


def test_a_cook_that_lives_is_nobodys_victim() -> None:
    model = kitchen_with(PAIR, [baking()], settle=6.0)
    before = model.gophers["a"].taken_at
    events = tell(model, seen(baking(2, "w2.1", last_failure="activity Heartbeat timeout")))
    assert OrderHandedOn("a", "w1.1", "w2.1", 2) in events
    gopher = model.gophers["a"]
    assert gopher.hop is None and gopher.taken_at == before, "no leap, no line, no ghost"
    assert gopher.tag_since == model.time.now, "its tag has another number"
    assert all(cook.phase is not CookPhase.GHOST for cook in model.cooks.values())


def test_who_is_told_to_live_after_an_order_went_on_has_not_lost_it_by_its_later_death() -> None:
    alive, dead = staffed(*PAIR), staffed(worker(1, "dead", since=9.0), worker(2))
    model = kitchen_with(PAIR, [baking()], settle=6.0)
    assert not any(isinstance(event, OrderTakenOver) for event in tell(model, seen(baking(2, "w2.1"))))
    assert OrderTakenOver("a", "w1.1", "w2.1", 2) in tell(model, dead), "the death was only told later"
    model = kitchen_with(PAIR, [baking()], settle=6.0)
    tell(model, seen(baking(2, "w2.1")), alive)
    assert not any(isinstance(event, OrderTakenOver) for event in tell(model, dead))


def test_after_a_death_it_is_a_takeover_but_not_of_what_was_given_up_before() -> None:
    given_up = HeartbeatTimeout(n=1, order="a", stage=Stage.BAKE, worker="w1.1", attempt=1, seen_at=T0)
    for timeouts, kind in (((), OrderTakenOver), ((given_up,), OrderHandedOn)):
        model = kitchen_with(PAIR, [baking()], settle=6.0)
        tell(model, RecordsSeen(timeouts=timeouts))
        tell(model, staffed(worker(1, "dead", since=6.0), worker(2)))
        assert kind("a", "w1.1", "w2.1", 2) in tell(model, seen(baking(2, "w2.1")))


def test_a_false_time_out_is_told_in_words_once_it_is_known_who_goes_on() -> None:
    told = HeartbeatTimeout(
        n=1, order="a", customer="Ada", stage=Stage.BAKE, worker="w3.1", attempt=1, seen_at=T0
    )
    on = told.model_copy(update={"to": "w4.1"})
    text = "w3.1 was not heard of in time; it lives. Bake for Ada goes on with w4.1."
    assert unheard_text(on) == text
    frozen = told.model_copy(update={"to": "w3.1"})
    assert unheard_text(frozen).endswith("it lives. Bake for Ada was handed to it again.")
    model = kitchen_with(PAIR)
    play(model, 0.5, news=[RecordsSeen(timeouts=(told,))])
    assert model.notices.messages == []
    play(model, 0.5, news=[RecordsSeen(timeouts=(on,))])
    assert [message.text for message in model.notices.messages] == [text]
    play(model, 9.0, news=[RecordsSeen(timeouts=(on,))])
    assert model.notices.messages == [] and model.notices.untold_timeouts == [], "once"
    many = tuple(on.model_copy(update={"n": n}) for n in range(2, 72))
    play(model, 0.2, news=[RecordsSeen(timeouts=many)])
    assert len(model.notices.messages) == 1 and model.notices.messages[0].text.startswith("70 attempts")


def test_an_older_api_has_no_such_route_and_is_left_alone() -> None:
    line = Line()
    watcher = RecordsPoller(line.client, line.told.append, line.clock)
    watcher.ask_due()
    line.now += ASK_LACKING_AGAIN / 2
    watcher.ask_due()
    assert line.api.paths().count("GET /timeouts") == 1


def test_false_time_outs_are_asked_for_until_somebody_goes_on() -> None:
    line = Line()
    one = {"n": 3, "order": "a", "stage": "bake", "worker": "w1.1", "attempt": 1, "seen_at": T0.isoformat()}
    line.api.answers["GET /timeouts"] = [[one], [{**one, "to": "w2.1"}], []]
    watcher = RecordsPoller(line.client, line.told.append, line.clock)
    for _ in range(3):
        watcher.ask_due()
        line.now += 2.0
    after = [r.url.params["after"] for r in line.api.asked if r.url.path == "/timeouts"]
    assert after == ["0", "2", "3"]


def custody(*hands: tuple[str, int, float]) -> list[Custodian]:
    return [Custodian(worker=name, attempt=n, started_at=at(began)) for name, n, began in hands]


def in_the_oven(*hands: tuple[str, int, float], attempt: int, by: str | None, **more: Any) -> Order:
    view = StageView(
        stage=Stage.BAKE, worker=hands[-1][0], attempts=attempt, started_at=at(hands[-1][2]),
        custody=custody(*hands),
    )  # fmt: skip
    done = StageView(stage=Stage.PREPARE, worker="w9.1", attempts=1, started_at=at(0), finished_at=at(1))
    return baking(attempt, by, stages=[done, view], **more)


def test_the_card_draws_who_had_it_from_the_chain_of_custody() -> None:
    mine = in_the_oven(("w1.1", 1, 2.0), ("w2.1", 2, 6.0), ("w3.1", 3, 9.0), attempt=3, by="w3.1")
    given_up = HeartbeatTimeout(
        n=1, order="a", stage=Stage.BAKE, worker="w1.1", attempt=1, to="w2.1", seen_at=at(5)
    )
    life = life_of(mine, (), (), WALL + 12.0, (given_up,))
    assert life is not None
    lane = life.lanes[1]
    assert [(one.worker, one.fate, one.timed) for one in lane.attempts] == [
        ("w1.1", "unheard", True),
        ("w2.1", "failed", True),
        ("w3.1", "working", True),
    ]
    assert [one.start - WALL for one in lane.attempts] == [2.0, 6.0, 9.0]
    assert life.unheard == (given_up,) and life.kills == ()
    (line,) = [line for line in card_text(mine).stages if line.stage is Stage.BAKE]
    assert line.chain == ("w1.1", "w2.1") and line.worker == "w3.1"


def test_a_receipt_belongs_to_the_attempt_that_the_chain_names_whatever_the_clocks_say() -> None:
    mine = in_the_oven(("w1.1", 1, 2.0), ("w2.1", 2, 6.0), attempt=2, by="w2.1")
    mark = {"from": "w1.1", "stage": "bake"}
    right = receipt(1, held("a", to="w2.1", **mark), seconds=-3600.0, worker="w1.1", slot=1)
    other = receipt(2, held("a", to="w2.1", **{**mark, "from": "w7.1"}), seconds=4.0, worker="w7.1", slot=7)
    life = life_of(mine, (), (right, other), WALL + 12.0)
    assert life is not None
    assert [kill.worker for kill in life.kills] == ["w1.1"], "not of an earlier run under this id"
    assert life.lanes[1].attempts[0].fate == "killed"


def test_after_a_reset_the_lane_begins_anew_and_the_chain_is_kept() -> None:
    mine = in_the_oven(("w1.1", 1, 2.0), ("w2.1", 2, 4.0), ("w3.1", 1, 8.0), attempt=1, by="w3.1", resets=1)
    life = life_of(mine, (), (), WALL + 12.0)
    assert life is not None and [one.worker for one in life.lanes[1].attempts] == ["w3.1"]
    (line,) = [line for line in card_text(mine).stages if line.stage is Stage.BAKE]
    assert line.chain == ("w1.1", "w2.1")


def test_of_a_paused_one_nobody_says_that_nobody_goes_on() -> None:
    mine = in_the_oven(("w1.1", 1, 2.0), attempt=2, by=None, activity_state="paused")
    death = receipt(1, held("a", to=None, stage="bake", **{"from": "w1.1"}), worker="w1.1", slot=1)
    life = life_of(mine, (), (death,), WALL + 12.0)
    assert life is not None
    (kill,) = life.kills
    assert kill_text(kill, paused=True).endswith("; it is paused.")
    assert kill_text(kill).endswith("; nobody has gone on yet.")


# What is counted down, and figures


def test_the_next_attempt_is_counted_down_by_the_apis_clock() -> None:
    waiting = baking(3, None, activity_state="backing_off", next_attempt_at=at(10.0))
    said = [wait_text(waiting, WALL + seconds) for seconds in (6.7, 9.1, 10.5, -600.0)]
    assert said == [
        "next attempt in 4 s",
        "next attempt in 1 s",
        "next attempt is due",
        "next attempt in 11 min",
    ]
    assert now_text(waiting, WALL + 6.7) == "Next attempt in 4 s."
    assert wait_text(baking(3, next_attempt_at=at(10.0)), WALL) == "", "somebody works on it"
    (line,) = [line for line in card_text(waiting, wall=WALL + 6.7).stages if line.stage is Stage.BAKE]
    assert line.times == "next attempt in 4 s"


def test_the_figures_tell_what_was_given_up_how_old_the_oldest_is_and_what_does_not_fit() -> None:
    counts = {"started": 9, "open": 2, "delivered": 7, "failed": 1, "retries": 3}
    more = stats(orders={**counts, "heartbeat_timeouts": 12, "oldest_open_s": 83.4})
    shown = {tile.label: tile for tile in tiles(more, audit(failed=3, temporal={"Canceled": 2}))}
    assert shown["retries"].more == "12 not heard of"
    assert (shown["on their way"].more, shown["on their way"].aside) == (
        "1 failed · 2 cancelled",
        "oldest 83 s",
    )
    odd = audit_line(audit(balanced=False, differences=["the ledger has 3, Temporal 2"]), 0.0)
    assert odd.text == "the ledger has 3, Temporal 2" and odd.verdict == "does not add up" and not odd.good
    explained = audit_line(audit(differences=["1 was placed by hand"]), 0.0)
    assert explained.good and explained.text.endswith("failed; 1 was placed by hand")
