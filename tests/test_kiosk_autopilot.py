"""A kiosk that plays by itself: whom it kills, what it orders, how it is reset. Pure."""

from __future__ import annotations

import logging
import random
from dataclasses import replace

import pytest

from api_stub.schema import (
    AttractSettings,
    DayTotals,
    Health,
    KillTotals,
    Kiosk,
    KioskReset,
    KioskTotals,
    NotRestored,
    RoundTable,
    StreamSettings,
    Worker,
)
from game.actions import KillWorker, ResetKiosk, StartWorker
from game.api_state.news import KioskResetDone
from game.api_state.snapshot import Snapshot
from game.inputs import Device
from game.kiosk.attract import KILL, ORDERING, AttractCard, record_lines, turn, words
from game.kiosk.autopilot import BACK_S, WAIT_FOR_BUSY_S, Autopilot
from game.kiosk.calm_words import countdown, outage
from game.kiosk.house_orders import OPEN_ALONE, OPEN_WITH_GUEST, HouseOrders
from game.kiosk.reset import ANSWER_S, Reset
from game.simulation.order_stream import OrderStream
from tests.telling import T0, fleet, worker

SETTINGS = Kiosk(
    on=True,
    idle_s=45,
    attract=AttractSettings(enabled=True, panel_s=12, kill_every_s=(12, 20)),
    round_s=60,
    all_dead_restart_s=10,
    has_pin=False,
    failures_open=False,
)
HEALTH = Health.model_validate(
    {
        "status": "ok",
        "temporal": {"address": "x", "reachable": True, "ui": None, "namespace": "default"},
        "fleet": {"ready": 1, "slots": 1},
        "checkpoint": "1",
    }
)
EVERY = (12.0, 20.0)
OK = KioskReset(
    restored=["failures", "checkpoint", "code", "fleet"],
    checkpoint="1",
    stream=StreamSettings(),
    open_orders=2,
    took_s=0.1,
)


def known(*workers: Worker, kiosk: bool = True) -> Snapshot:
    """A kitchen that answers."""
    settings = SETTINGS.model_copy(update={"on": kiosk})
    return Snapshot(online=True, fleet=fleet(*workers), health=HEALTH, kiosk=settings)


def holds(slot: int, generation: int = 1) -> Worker:
    """A cook with a pizza in its hands."""
    return worker(slot, generation=generation, orders=["a"])


# --- the autopilot ---


def test_it_kills_a_busy_cook_now_and_then_and_brings_it_back() -> None:
    pilot = Autopilot(random.Random(1))
    kitchen = known(worker(1), holds(2), worker(3))
    assert pilot.act(kitchen, 0.0, EVERY) == () == pilot.act(kitchen, 11.9, EVERY)
    assert pilot.act(kitchen, 20.0, EVERY) == (KillWorker(2, by_house=True),) and pilot.killed == "w2.1"
    after = known(worker(1), worker(2, "dead"), holds(3))
    assert pilot.act(after, 20.0 + BACK_S - 0.1, EVERY) == ()
    assert pilot.act(after, 20.0 + BACK_S, EVERY) == (StartWorker(2),)
    assert pilot.act(after, 50.0, EVERY) == (StartWorker(2),), "again, where nobody came"
    whole = known(worker(1), worker(2, generation=2), holds(3))
    assert pilot.act(whole, 50.1, EVERY) == (KillWorker(3, by_house=True),)


def test_over_a_long_day_some_cook_is_always_alive() -> None:
    """Whatever the dice say, and whether or not the checkpoint brings cooks back."""
    for seed in range(20):
        pilot, states = Autopilot(random.Random(seed)), {1: 1, 2: 1}
        dead: dict[int, int] = {}
        kills = 0
        for tick in range(6000):
            workers = [holds(n, g) if n not in dead else worker(n, "dead", g) for n, g in states.items()]
            for command in pilot.act(known(*workers), tick * 0.1, EVERY):
                if isinstance(command, KillWorker):
                    kills += 1
                    dead[command.slot] = tick
                elif isinstance(command, StartWorker):
                    del dead[command.slot]
                    states[command.slot] += 1
            assert len(dead) < 2
        assert 20 <= kills <= 50


def test_an_idle_cook_is_killed_only_where_none_gets_busy() -> None:
    pilot = Autopilot(random.Random(1))
    idle = known(worker(1), worker(2))
    pilot.act(idle, 0.0, (12.0, 12.0))
    assert pilot.act(idle, 12.0 + WAIT_FOR_BUSY_S - 0.1, (12.0, 12.0)) == ()
    assert len(pilot.act(idle, 12.0 + WAIT_FOR_BUSY_S, (12.0, 12.0))) == 1


@pytest.mark.parametrize(
    "kitchen",
    [
        known(holds(1), worker(2, "dead")),
        known(holds(1), worker(2, "starting")),
        known(holds(1), kiosk=False),
        known(holds(1), worker(2, "ready", stopped=True)),
        replace(known(holds(1), holds(2)), online=False),
        replace(known(holds(1), holds(2)), health=None),
        Snapshot(),
    ],
)
def test_it_kills_nobody_where_nobody_would_be_left_or_nothing_would_be_seen(kitchen: Snapshot) -> None:
    pilot = Autopilot(random.Random(1))
    assert not any(pilot.act(kitchen, float(now), EVERY) for now in range(200))


def test_the_only_place_of_a_kitchen_is_emptied_where_the_api_fills_it_again() -> None:
    pilot = Autopilot(random.Random(1))
    assert [pilot.act(known(holds(1)), now, EVERY) for now in (0.0, 20.0)] == [
        (),
        (KillWorker(1, by_house=True),),
    ]


def test_the_only_cook_of_a_kitchen_with_places_to_spare_is_killed_too() -> None:
    pilot = Autopilot(random.Random(1))
    kitchen = known(holds(1), worker(2, "empty"), worker(3, "empty"))
    assert pilot.act(kitchen, 0.0, EVERY) == ()
    assert pilot.act(kitchen, 20.0, EVERY) == (KillWorker(1, by_house=True),)


def test_a_cook_that_an_api_under_load_kills_late_is_brought_back_too() -> None:
    pilot = Autopilot(random.Random(1))
    health = HEALTH.model_copy(update={"fleet": HEALTH.fleet.model_copy(update={"start": 3})})

    def at(now: float, *workers: Worker) -> tuple[object, ...]:
        return pilot.act(replace(known(*workers), health=health), now, (60.0, 60.0))

    whole = worker(1), holds(2), worker(3)
    assert at(0.0, *whole) == () and at(60.0, *whole) == (KillWorker(2, by_house=True),)
    assert at(60.0 + BACK_S, *whole) == (), "it lives: taken for refused"
    late = worker(1), worker(2, "dead"), worker(3)
    assert at(70.0, *late) == () and at(70.0 + BACK_S, *late) == (StartWorker(2),)
    assert at(77.0, worker(1), worker(2, generation=2), worker(3)) == ()
    drained = worker(1), worker(2, "dead"), worker(3), worker(4)
    assert not any(at(80.0 + n, *drained) for n in range(20)), "as many as it starts with"


def test_a_visitor_finds_every_place_as_it_was() -> None:
    pilot = Autopilot(random.Random(1))
    pilot.act(known(holds(1), holds(2)), 0.0, EVERY)
    ((killed,)) = pilot.act(known(holds(1), holds(2)), 20.0, EVERY)
    assert isinstance(killed, KillWorker)
    assert pilot.rest() == (StartWorker(killed.slot),) and pilot.rest() == ()


# --- orders of the house ---


def test_a_kitchen_without_a_stream_is_not_empty() -> None:
    house, dice, stream = HouseOrders("ab12"), random.Random(1), OrderStream()
    kitchen, ids = known(holds(1)), []
    for second in range(60):
        order = house.due(kitchen, stream, len(ids), float(second), True, dice)
        ids += [one.id for one in order.orders] if order else []
    assert ids == [f"house-ab12-{n + 1}" for n in range(OPEN_ALONE)]
    assert house.due(kitchen, stream, OPEN_WITH_GUEST, 99.0, False, dice) is None
    assert house.due(kitchen, stream, OPEN_WITH_GUEST - 1, 99.0, False, dice) is not None


def test_where_orders_stream_in_or_a_person_minds_the_stream_the_house_orders_nothing() -> None:
    house, dice = HouseOrders("x"), random.Random(1)
    for stream in (OrderStream(running=True), OrderStream(shown=True)):
        assert house.due(known(holds(1)), stream, 0, 9.0, True, dice) is None
    assert house.due(replace(known(), online=False), OrderStream(), 0, 9.0, True, dice) is None


# --- the reset ---


def test_a_reset_is_looked_at_and_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    reset = Reset()
    assert reset.step(0.0, [], "1") is None, "nobody has gone"
    reset.begin(10.0)
    assert reset.step(10.0, [], "1a") == ResetKiosk() and reset.step(11.0, [], "1a") is None
    reset.heard(KioskResetDone(OK), 11.0)
    assert reset.step(11.1, [], "1a") is None and not reset.clean, "the window knows of another checkpoint"
    assert reset.step(11.2, ["open panels"], "1") is None and not reset.clean
    assert reset.step(11.3, [], "1") is None and reset.clean
    assert "as it was set up, after 1.3 s and 1 try" in caplog.text and "2 open orders drain" in caplog.text


def test_what_is_not_restored_is_tried_again_for_ever_but_ever_more_seldom() -> None:
    reset, sent = Reset(), []
    left = OK.model_copy(update={"not_restored": [NotRestored(what="fleet", why="1 of 3 polls")]})
    reset.begin(0.0)
    for tick in range(6000):
        now = tick * 0.1
        if reset.step(now, [], "1") is not None:
            sent.append(now)
            reset.heard(
                KioskResetDone(None, "nobody answers") if len(sent) % 2 else KioskResetDone(left), now
            )
    gaps = [b - a for a, b in zip(sent, sent[1:], strict=False)]
    assert not reset.clean and 15 < len(sent) < 40 and gaps == sorted(gaps) and 29 < gaps[-1] < 31
    reset.heard(KioskResetDone(OK), 600.0)
    reset.step(600.0, [], "1")
    assert reset.clean


def test_an_answer_that_never_comes_is_not_waited_for_for_ever() -> None:
    reset = Reset()
    reset.begin(0.0)
    assert reset.step(0.0, [], "1") and not reset.step(ANSWER_S - 0.1, [], "1")
    assert reset.step(ANSWER_S, [], "1")


def test_nothing_is_reset_once_somebody_plays() -> None:
    reset = Reset()
    reset.begin(0.0)
    reset.stop()
    assert reset.step(1.0, [], "1") is None


# --- what is said ---


@pytest.mark.parametrize("device", list(Device))
def test_every_device_is_told_the_rule_and_how_to_order_in_its_own_words(device: Device) -> None:
    rule, order = (words(card, device, None, None) for card in (AttractCard.RULE, AttractCard.ORDER))
    assert rule.head == "Try to lose a pizza!" and rule.lines == (KILL[device],)
    assert order.lines == tuple(line.format(key="N") for line in ORDERING[device]) and rule.begin
    keyboard = device in (Device.KEYBOARD, Device.MOUSE)
    assert ("number" in rule.lines[0]) == keyboard and ("Press N" in order.lines[0]) == keyboard


def test_only_cards_with_something_to_show_take_their_turn() -> None:
    assert set(turn(False, False)) == {AttractCard.RULE, AttractCard.ORDER}
    assert set(turn(True, True)) == set(AttractCard)
    assert record_lines(None, None) == () == record_lines(None, RoundTable())


def test_the_record_of_today_is_told() -> None:
    auto = KillTotals(kills=7, kills_survived=7, at_risk=3)
    today = DayTotals(day=T0.date(), orders=1, kills=2, at_risk=1, lost=0, auto=auto)
    rounds = RoundTable.model_validate(
        {"today": [{"n": 1, "name": "ADA", "state": "done", "day": T0.date(), "started_at": T0, "kills": 1,
                    "at_risk": 4}]}
    )  # fmt: skip
    told = record_lines(KioskTotals(today=today, all_time=today), rounds)
    assert told[0] == "1 order · 0 pizzas lost"
    assert told[1] == "2 cooks killed by visitors · 7 by the house (AUTO) · 4 pizzas in their hands"
    assert told[2] == "Today's record: ADA, 4 pizzas put at risk, 1 kill, 0 lost"
    both = today.model_copy(update={"kills": 0, "at_risk": 0, "auto": KillTotals(), "undivided": auto})
    assert record_lines(KioskTotals(today=both, all_time=both), None)[1] == (
        "0 cooks killed by visitors · 0 by the house (AUTO) · 7 by either · 3 pizzas in their hands"
    )
    nobody = DayTotals(day=T0.date(), orders=2)
    assert record_lines(KioskTotals(today=nobody, all_time=nobody), None) == ("2 orders · 0 pizzas lost",)


def test_the_countdown_and_outages_are_told_calmly() -> None:
    kitchen = known(worker(1, "dead"))
    assert countdown(kitchen) is None and kitchen.fleet is not None
    for left, text in ((6.2, "in 7 seconds"), (0.4, "in 1 second"), (0.0, "any moment now")):
        counting = replace(kitchen, fleet=kitchen.fleet.model_copy(update={"restart_in_s": left}))
        told = countdown(counting)
        assert told is not None and told[0] == f"New cooks {text}"
    assert outage(kitchen, None) == "" == outage(kitchen, 0.5)
    for said in (outage(kitchen, 3.0), outage(known(worker(1, trouble="no fork")), None)):
        assert said and not any(word in said for word in ("API", "Temporal", "fork", "slot"))
