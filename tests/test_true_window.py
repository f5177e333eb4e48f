"""What the window says is true, and nothing that it says contradicts another thing that it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pygame
import pytest

from api_stub.schema import Receipt
from game.accessibility import LARGE, PLAIN, Access
from game.actions import AskQuit
from game.api_state.audit_words import audit_line
from game.api_state.events import WorkerDied
from game.api_state.news import ApiAway, FleetSeen, OrdersSeen, RecordsSeen
from game.api_state.receipt_words import words_of
from game.api_state.receipts import last_takeover
from game.drawing.art import CookPose
from game.drawing.brush import Brush
from game.drawing.text import Pen
from game.drawing.view import View
from game.panels.help import HelpPanel
from game.panels.order_card.life import Kill
from game.panels.order_card.text import kill_text
from game.panels.panel_stack import PanelStack
from game.panels.replay_window import FRAME as REPLAY_FRAME
from game.panels.replay_window import ReplayPanel
from game.panels.stats.figures import KnownFigures, ends, sums, tiles
from game.panels.stats.layout import frame_of
from game.panels.stats.panel import BELOW, StatsPanel
from game.replay.playback_list import not_the_newest, recorded
from game.replay.receipt_facts import held_of, taken_of
from game.scene.cooks import draw_cooks, pose_of
from game.scene.hud.draw import alert_figures, draw_hud, draw_over_panels, hud_figures
from game.scene.hud.free_room import LOWEST, MessageRoom
from game.scene.hud.trouble_signs import draw_trouble_signs, trouble_signs
from game.scene.renderer import room_for_messages
from game.scene.room_figures import moment_of, placed_cooks
from game.simulation.actors import CookPhase
from game.simulation.cook_update import FALL_SECONDS
from game.simulation.crowd.resting import READ_SECONDS
from game.simulation.header_numbers import numbers_of, open_now
from game.simulation.model import Model
from game.simulation.model_parts import FrameTime
from tests.gallery import a_window, pictures_at
from tests.panelling import texts_of, writing
from tests.telling import T0, S, at, fleet, kitchen_with, order, play, seen, staffed, tell, worker
from tests.test_receipt_strip import held, receipt
from tests.test_records_polling import Seen
from tests.test_replay_panel import a_panel, at_moment, killed
from tests.test_stats_view import audit, stats

BOTH = pytest.mark.parametrize("access", [PLAIN, Access(large=True)], ids=["plain", "large"])


@pytest.fixture
def brush(access: Access) -> Iterator[Brush]:
    """Something to draw a kitchen with."""
    with a_window((960, 540)) as window:
        view = View(window.canvas, access)
        yield Brush(view, pictures_at(view.scale), Pen(view))


# Figures


def delivered_here(count: int) -> Model:
    """A window that saw so many delivered, and one on its way."""
    model = kitchen_with([worker(1)], [order("open", S.BAKING, 1, worker="w1.1")])
    tell(model, OrdersSeen(tuple(order(f"o{n}", S.DELIVERED, finished_at=T0) for n in range(count))))
    return model


def test_the_band_counts_what_the_audit_counts() -> None:
    model = delivered_here(2)
    said = numbers_of(model)
    assert (said.delivered, said.open, said.counts[0]) == (2, 1, "seen delivered"), "nobody has counted yet"
    tell(model, RecordsSeen(audit=audit()))
    said = numbers_of(model)
    assert (said.delivered, said.open, said.counts[0]) == (1180, 24, "delivered in all")
    assert open_now(model) == 24


def test_band_tiles_and_audit_tell_the_same_numbers_whatever_was_counted_when() -> None:
    model = delivered_here(2)
    told = audit(started=1210, in_flight=24, failed=3, cancelled=1, lost=2, delivered=1181)
    older = stats(orders={"started": 1200, "open": 30, "delivered": 1170, "failed": 0, "retries": 9})
    tell(model, RecordsSeen(audit=told), RecordsSeen(stats=older))
    shown = {tile.label: tile for tile in tiles(older, told)}
    band = numbers_of(model)
    assert shown["delivered"].value == f"{band.delivered:,}" == "1,181"
    assert shown["on their way"].value == f"{band.open:,}" == "24"
    line = audit_line(told, 0.0).text
    assert line == "1,210 started = 1,181 delivered + 24 on their way + 2 failed + 1 cancelled + 2 lost"
    counted = sums(older, told)
    assert counted.started == sum(counted[1:])


def test_lost_failed_and_cancelled_are_told_apart() -> None:
    told = audit(started=1210, failed=3, cancelled=1, lost=2)
    assert ends(sums(stats(), told)) == "2 lost · 2 failed · 1 cancelled"
    assert ends(sums(stats(), audit(lost=1))) == "1 lost"
    assert ends(sums(stats(), audit())) == "0 failed"


@BOTH
def test_no_tile_is_cut_however_orders_ended(access: Access) -> None:
    now = audit(started=1310, in_flight=24, failed=120, cancelled=20, lost=12)
    more = stats(
        orders={
            "started": 1310, "open": 24, "delivered": 1154, "failed": 120, "retries": 9,
            "oldest_open_s": 99.0,
        }
    )  # fmt: skip
    model = Model(time=FrameTime(wall=T0.timestamp()))
    tell(model, RecordsSeen(audit=now, stats=more))
    panel = StatsPanel(lambda: KnownFigures(model.known))
    texts = texts_of(panel, access=access)
    said = " ".join(text for text, _, _ in texts)
    assert all(words in said for words in ("12 lost", "100 failed", "20 cancelled"))
    for text, box, (_, _) in texts:
        if any(text.endswith(word) for word in ("lost", "failed", "cancelled")):
            assert not cut(text, box, access), text


def cut(text: str, box: tuple[float, float, float, float], access: Access) -> bool:
    """Whether a line in the least size that a text may have does not fit the box that it was written in."""
    pen = Pen(View(pygame.Surface((1920, 1080)), replace(access, large=False)))
    return pen.measure(text, 22, tabular=True)[0] > box[2] + 3


def test_an_audit_is_asked_for_soon_after_orders_came_or_went_and_else_seldom() -> None:
    watch = Seen()
    watch.ask()
    asked = [path for _ in range(10) for path in watch.ask(0.1)]
    assert "/audit" not in asked
    watch.watcher.orders_seen = (1, 0)
    assert "/audit" in [path for _ in range(8) for path in watch.ask(0.1)]
    busy = []
    for n in range(100):
        watch.watcher.orders_seen = (n, 9)
        busy += watch.ask(0.1)
    assert busy.count("/audit") <= 11, "however much happens"


def test_the_question_whether_to_leave_counts_on() -> None:
    model = delivered_here(0)
    panel_stack = PanelStack(model, lambda: None)
    panel_stack.open(AskQuit())
    assert any("1 order is open" in text for text, _, _ in texts_of(panel_stack.panels[-1]))
    tell(model, OrdersSeen((order("b"), order("c"))))
    assert any("3 orders are open" in text for text, _, _ in texts_of(panel_stack.panels[-1]))
    tell(model, RecordsSeen(audit=audit(in_flight=0)))
    assert any("No order is open" in text for text, _, _ in texts_of(panel_stack.panels[-1]))


# Signs and messages


def boxes(draw: Any, words: str) -> list[tuple[float, float, float, float]]:
    """Where a text that begins so is written."""
    return [box for text, box, _ in writing(draw) if text.startswith(words)]


@BOTH
def test_a_sign_is_beside_a_replay_and_whole(brush: Brush, access: Access) -> None:
    model = kitchen_with([worker(1)], settle=1.0)
    play(model, 3.0, news=[ApiAway("gone")])
    clear = room_for_messages((a_panel(),), access.large)
    written = writing(lambda: draw_trouble_signs(brush, trouble_signs(model), clear))
    assert "showing what was last known" in " ".join(text for text, _, _ in written).replace("  ", " ")
    right, under = REPLAY_FRAME[0] + REPLAY_FRAME[2], REPLAY_FRAME[1] + REPLAY_FRAME[3]
    assert all(box[0] >= right or box[1] >= under for _, box, _ in written)
    assert not any(text.endswith("…") for text, _, _ in written)


@BOTH
def test_signs_lie_over_panels_and_under_no_other_sign(brush: Brush, access: Access) -> None:
    """They are drawn after the panels, and where none of these has anything to say."""
    model = kitchen_with([worker(1)], settle=1.0)
    play(model, 3.0, news=[ApiAway("gone")])
    assert not boxes(lambda: draw_hud(brush, hud_figures(model)), "The API")
    assert boxes(lambda: draw_over_panels(brush, alert_figures(model), MessageRoom()), "The API")
    panel = StatsPanel(lambda: KnownFigures(model.known))
    panel.draw(brush.view)
    end = frame_of(access)[1] + frame_of(access)[3] + BELOW
    free = room_for_messages((panel,), access.large)
    (sign,) = boxes(lambda: draw_over_panels(brush, alert_figures(model), free), "The API")
    assert sign[1] > end


@BOTH
@pytest.mark.parametrize("age", [0.02, 0.1, 1.0])
def test_no_message_lies_over_the_figures_age_or_the_help(brush: Brush, access: Access, age: float) -> None:
    model = kitchen_with([worker(1)], settle=1.0)
    for text in ("first", "w3.1 was not heard of in time; it lives. Bake for Ada goes on with w2.1."):
        model.say(text)
    model.notices.messages[0].age = model.notices.messages[1].age = age
    panel = StatsPanel(lambda: KnownFigures(model.known, 9.0, 9.0))
    panel.draw(brush.view)
    old = frame_of(access)[1] + frame_of(access)[3] + BELOW
    found = writing(
        lambda: draw_over_panels(brush, alert_figures(model), room_for_messages((panel,), access.large))
    )
    assert found and all(box[1] >= old for _, box, _ in found)
    helping = room_for_messages((HelpPanel(kiosk=False),), access.large)
    assert helping.top >= LOWEST
    over = writing(lambda: draw_over_panels(brush, alert_figures(model), helping))
    assert len(over) == 1 and over[0][1][1] >= LOWEST, "the newest, in one line under the help"


def test_help_is_as_large_as_the_other_buttons_of_the_strip() -> None:
    with a_window((1920, 1080)) as window:
        view = View(window.canvas, Access(large=True))
        brush = Brush(view, pictures_at(view.scale), Pen(view))
        model = kitchen_with([worker(1)])
        model.setup.access = view.access
        high = {text: box[3] for text, box, _ in writing(lambda: draw_hud(brush, hud_figures(model)))}
    assert high["Help"] == high["Temporal"] and LARGE > 1


# Cooks


def cooks_of(brush: Brush, model: Model) -> None:
    """Draw a model's cooks."""
    draw_cooks(brush, placed_cooks(model).values(), moment_of(model))


@pytest.mark.parametrize("access", [PLAIN])
def test_a_stopped_cook_does_not_work_and_says_so(brush: Brush) -> None:
    model = kitchen_with([worker(1), worker(2)], [order("a", S.BAKING, 1, worker="w1.1")], settle=2.0)
    assert pose_of(model.cooks[1], model.time.now) is CookPose.PEEL
    tell(model, staffed(worker(1, stopped=True), worker(2)))
    play(model, 0.1)
    cook = model.cooks[1]
    assert cook.stopped and cook.living and pose_of(cook, model.time.now) is CookPose.BLINK
    assert boxes(lambda: cooks_of(brush, model), "not answering")
    tell(model, staffed(worker(1), worker(2)))
    assert not model.cooks[1].stopped


def test_a_frozen_cooks_death_is_told_as_that() -> None:
    why = "frozen: killed by the kitchen"
    model = kitchen_with([worker(1, stopped=True), worker(2)], settle=2.0)
    end = {"signal": "SIGKILL", "cause": "crash", "at": at(9), "why": why}
    (died,) = tell(model, staffed(worker(1, "dead", last_exit=end), worker(2)))
    assert died == WorkerDied(1, "w1.1", "crash", "SIGKILL", why)
    assert model.cooks[1].died_of == why
    words = words_of(receipt(1, held(), cause="crash", why=why), 3.0)
    assert (words.head, words.signal) == (why, "")


@pytest.mark.parametrize("access", [PLAIN])
def test_after_another_api_came_nobody_falls_with_the_next_ones_pid(brush: Brush) -> None:
    model = kitchen_with([worker(1)], settle=2.0)
    another = fleet(worker(1, generation=2)).model_copy(update={"instance": "another"})
    tell(model, FleetSeen(another))
    cook = model.cooks[1]
    while cook.phase is CookPhase.FALLING:
        assert not boxes(lambda: cooks_of(brush, model), "pid")
        play(model, 0.1)
    assert cook.phase is CookPhase.ARRIVING and boxes(lambda: cooks_of(brush, model), "pid 1102")
    assert abs(cook.lean.value) < 20 and FALL_SECONDS < 1


@pytest.mark.parametrize("ended", ["terminated", "canceled"])
def test_whom_somebody_ended_leaves_when_that_was_read(ended: str) -> None:
    model = kitchen_with([worker(1)], [order("a", S.BAKING, 1, worker="w1.1")], settle=5.0)
    tell(model, seen(order("a", S.FAILED, workflow_state=ended)))
    message = model.notices.messages[-1]
    play(model, 4.0)
    assert ended == "canceled" or "a" in model.gophers and message.life > 4.0
    play(model, READ_SECONDS + 30.0)
    assert "a" not in model.gophers


def test_a_lost_one_stays() -> None:
    model = kitchen_with([worker(1)], [order("a", S.BAKING, 1, worker="w1.1")], settle=5.0)
    tell(model, seen(order("a", S.FAILED, workflow_state="timed_out")))
    play(model, READ_SECONDS + 60.0)
    assert "a" in model.gophers


# Receipts


def test_a_receipt_waits_for_nobody_whose_order_has_ended() -> None:
    words = words_of(receipt(1, held(to=None, ended="cancelled")), 9.0)
    assert (words.outcome, words.waiting, words.bad) == ("cancelled: nobody needs to", False, False)
    words = words_of(receipt(1, held(delay=2.1), held("b", to=None, ended="terminated")), 9.0)
    assert (words.outcome, words.waiting) == ("cook 2 after 2.1 s; 1 terminated", False)
    words = words_of(receipt(1, held(to=None, ended="gone")), 9.0)
    assert (words.outcome, words.bad) == ("not in Temporal any more", True)
    words = words_of(receipt(1, held(), held("b", to=None), held("c", to=None, ended="cancelled")), 9.0)
    assert words.waiting and words.outcome == "1 of 2 taken over · +9.0 s"
    assert last_takeover(receipt(1, held(delay=2.0), held(to=None, ended="cancelled"))) == 2.0


def test_a_settled_receipt_is_not_asked_for_again() -> None:
    watch = Seen()
    told = receipt(1, held(to=None)).model_dump(mode="json", by_alias=True)
    watch.api.answers["GET /receipts"] = [[told]]
    watch.ask(), watch.ask(1.1)
    assert watch.watcher.unsettled == {1: None}
    told["orders"][0]["ended"] = "terminated"
    watch.ask(1.1)
    assert watch.watcher.unsettled == {}


def test_the_card_of_an_order_that_has_ended_waits_for_nobody() -> None:
    kill = Kill("w1.1", at(3), None, None, True)
    assert kill_text(kill, over=True).endswith("; nobody needs to go on.")


# A kill again


def of_receipt(model: Model, *orders: Any) -> Receipt:
    """What the API says of the kill of `killed`, with these orders."""
    return model.known.receipts[-1].model_copy(update={"orders": list(receipt(1, *orders).orders)})


def test_a_replay_takes_whom_and_when_from_the_receipt() -> None:
    model = killed()
    recording = model.recorder.done[-1]
    assert held_of(recording, None) == recording.held and taken_of(recording, None) == recording.taken
    true = of_receipt(model, held("a", to="w2.1", delay=0.8), held("b", to="w2.1", delay=0.4))
    assert held_of(recording, true) == ("a", "b")
    first, second = taken_of(recording, true)
    assert (first.order, first.at) == ("b", pytest.approx(recording.died + 0.4))
    assert (second.order, second.at) == ("a", pytest.approx(recording.died + 0.8))
    panel = ReplayPanel(recording, lambda: true, lambda: None)
    at_moment(panel, recording.died + 0.2)
    assert panel.saying() == "Temporal takes over …"
    at_moment(panel, recording.died + 0.5)
    assert panel.saying() == "1 of 2 taken over …"
    at_moment(panel, recording.died + 0.9)
    assert panel.saying() == "cook 2 took over: 0.4–0.8 s", "though this window heard of it a second later"


def test_a_replay_names_nobody_who_is_not_on_the_receipt() -> None:
    model = killed()
    recording = model.recorder.done[-1]
    nobody = of_receipt(model)
    panel = at_moment(ReplayPanel(recording, lambda: nobody, lambda: None), recording.died + 0.3)
    assert panel.saying() == "it held no order"
    assert recording.held and held_of(recording, nobody) == ()


def test_a_replay_says_which_kill_it_is_and_k_says_that_there_was_a_newer_one() -> None:
    model = killed()
    recording = model.recorder.done[-1]
    assert any(text.startswith("w1.1: SIGKILL") for text, _, _ in texts_of(a_panel(model)))
    assert not_the_newest(model.recorder, recording) == ""
    tell(model, seen(order("a", S.BAKING, 2, worker="w2.1", customer="Ada")))
    tell(model, staffed(worker(1, "dead", since=8), worker(2, "dead", since=13)))
    play(model, 0.3)
    assert model.recorder.reels and recorded(model.recorder, model.known.receipts, 0) is recording
    said = not_the_newest(model.recorder, recording)
    assert "the kill of w1.1 at" in said and said.endswith("that of w2.1 is still being recorded.")
