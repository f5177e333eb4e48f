"""The moments of a Pod's death, from the watch to the window: asked, container ended, Pod gone, taken over;
and which of its two births a worker had."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pygame
import pytest

from api_stub.fleet.actions import LeftNothing
from api_stub.fleet.events import End, HomeGone, RunEnded, Seen
from api_stub.fleet.kubernetes.known_pods import KnownPods
from api_stub.fleet.rules import FleetState, Open, Policy, Slot, decide
from api_stub.fleet.supervisor import FleetSetup, Supervisor
from api_stub.records.receipts import Receipts
from api_stub.schema import Receipt, Worker
from game.accessibility import PLAIN, Access
from game.api_state.death_moments import asked_before_s, end_words
from game.api_state.news import RecordsSeen
from game.api_state.receipt_words import words_of
from game.drawing.art import Art
from game.drawing.brush import Brush
from game.drawing.text import Pen
from game.drawing.view import View
from game.network.polling_rates import POD_GOES_WITHIN
from game.panels.replay_window import ReplayPanel
from game.replay.recording import AFTER
from game.scene import cooks
from game.scene.death_clocks import dead_words
from game.simulation.actors import Cook, CookPhase
from game.simulation.model import Model
from game.simulation.places.cook_spots import cook_spot
from game.simulation.receipt_layout import height_of
from tests.followed_deaths import death
from tests.pods_scene import NAMES
from tests.pods_scene import pod as pod_worker
from tests.serving import ScriptedHost
from tests.telling import at, kitchen_with, play, staffed, tell, worker
from tests.test_given_up import START, Kitchen, kitchen, quick
from tests.test_pods import NOW, ended, pod
from tests.test_receipt_strip import held, receipt
from tests.test_records_polling import Seen as Polled
from tests.test_records_polling import receipt as told_receipt
from worker.connection import Target

__all__ = ["kitchen", "quick"]  # fixtures

POD = "uid-cooks-1-abcde"
LEAVING = {"deletionTimestamp": NOW}
POLICY = Policy(slots=2, start=0, hosted=True)


def kinds(news: list[Any]) -> list[type]:
    return [type(one) for one in news]


def known(*records: Any) -> KnownPods:
    """The Pods of these records, as an API knows them that has seen them come."""
    book = KnownPods()
    book.listed([])
    for one in records:
        book.saw(one)
    return book


def over(*arguments: Any, **more: Any) -> Any:
    """The record of a Pod whose container has ended."""
    return pod(*arguments, state={"terminated": ended(0, "Completed")}, **more)


def gone(news: list[Any]) -> list[str]:
    return [one.worker for one in news if isinstance(one, HomeGone)]


def test_a_pod_that_drains_is_gone_later_than_its_container() -> None:
    book = known(pod())
    assert kinds(book.saw(over(metadata=LEAVING)))[0] is RunEnded
    told = book.gone(POD, over(metadata=LEAVING))
    assert gone(told) == ["cooks-1-abcde.0"]
    assert book.gone(POD, None) == [], "once"


def test_a_pod_that_is_over_first_and_deleted_then_is_gone_then() -> None:
    """Newer nodes write the Pod's end before they let it go; and an evicted one lies there for a while."""
    for end in ({"phase": "Succeeded", "metadata": LEAVING}, {"phase": "Failed", "reason": "Evicted"}):
        book = known(pod(restarts=2))
        assert RunEnded in kinds(book.saw(over(restarts=2, **end)))
        assert gone(book.gone(POD, None)) == ["cooks-1-abcde.2"] and book.gone(POD, None) == []


def test_a_panic_leaves_its_pod_and_a_forced_delete_tells_one_moment() -> None:
    book = known(pod())
    book.saw(over())
    assert gone(book.gone(POD, None)) == [], "it was deleted long after that, for another reason"
    assert gone(known(pod()).gone(POD, pod())) == [], "the death itself is told by it"


def test_when_a_pod_went_that_was_gone_after_a_gap_nobody_knows() -> None:
    for since, told in ((at(0), []), (None, ["cooks-1-abcde.0"])):
        book = known(pod())
        book.saw(over(metadata=LEAVING))
        assert gone(book.listed([], since)) == told
        assert gone(book.listed([])) == [], "nor later"


def test_the_rules_hand_it_on_with_the_moment() -> None:
    state, _ = decide(FleetState(), Open(), 0.0, POLICY, max)
    for now, event in enumerate(
        (Seen("a", "cooks-1-a.0", ready=True), RunEnded("a", "cooks-1-a.0", 0, End()))
    ):
        state, _ = decide(state, event, float(now), POLICY, max)
    after, actions = decide(state, HomeGone("a", "cooks-1-a.0"), 7.5, POLICY, max)
    assert after == state and actions == (LeftNothing("cooks-1-a.0", 7.5),)


def test_whoever_listens_hears_of_it_whatever_another_listener_does() -> None:
    fleet = Supervisor(ScriptedHost(), POLICY, FleetSetup(Target("127.0.0.1:1")))
    heard: list[str] = []

    def broken(worker: str, at: float) -> None:
        raise ValueError(worker)

    fleet.home_gone_listeners += [broken, lambda worker, at: heard.append(worker)]
    fleet._act(LeftNothing("cooks-1-a.0", 1.0))
    assert heard == ["cooks-1-a.0"]


def test_the_receipt_has_each_moment_and_keeps_it(kitchen: Kitchen) -> None:
    drained = replace(death("cooks-1-a.0"), seen="container")
    kitchen.follower.died(drained)
    kitchen.follower.died(replace(death("cooks-1-b.0"), seen="pod"))
    kitchen.follower.pod_gone("cooks-1-a.0", START + 3)
    for name in ("cooks-1-a.0", "cooks-1-b.0", "nobody"):
        kitchen.follower.pod_gone(name, START + 9)
    first, second = kitchen.receipts.after(0)
    assert first.container_ended_at == first.exit_observed_at and first.pod_gone_at is not None
    assert first.pod_gone_at.timestamp() == START + 3
    assert second.pod_gone_at == second.exit_observed_at and second.container_ended_at is None
    again = Receipts(kitchen.receipts._file)
    again.load()
    assert again.after(0) == [first, second], "also after a restart of the API"


def moments(
    *orders: Any,
    asked: float | None = None,
    container: float | None = None,
    gone: float | None = None,
    **more: Any,
) -> Receipt:
    """A receipt of a Pod's death, with these moments in seconds."""
    times = {"killed_at": asked, "container_ended_at": container, "pod_gone_at": gone}
    seen_at = container if container is not None else gone or 0.0
    fields = {name: None if when is None else at(when) for name, when in times.items()}
    return receipt(1, *orders, seconds=seen_at, **{**fields, **more})


@pytest.mark.parametrize(
    ("told", "lines"),
    [
        (moments(held(), asked=10.0, gone=10.4), ("asked 0.0 s · Pod gone 0.4 · taken over 2.1",)),
        (
            moments(held(delay=2.7), asked=10.0, container=10.4, gone=10.9),
            ("asked 0.0 s · container ended 0.4", "Pod gone 0.9 · taken over 3.1"),
        ),
        (
            moments(held(delay=0.2), asked=10.0, container=10.4, gone=12.0),
            ("asked 0.0 s · container ended 0.4", "taken over 0.6 · Pod gone 2.0"),
        ),
        (moments(held(), container=10.0), ("container ended 0.0 s · taken over 1.7",)),
        (moments(held(to=None), asked=10.0, gone=10.4), ("asked 0.0 s · Pod gone 0.4",)),
        (moments(asked=10.0, container=110.0), ("asked 0.0 s · container ended 100",)),
        (moments(container=10.0), ()),
        (moments(held(), asked=0.0, gone=9.0, unseen_since=at(2)), ()),
        (receipt(1, held(), killed_at=at(-1)), ()),
    ],
)
def test_the_line_has_what_is_known_and_nothing_else(told: Receipt, lines: tuple[str, ...]) -> None:
    words = words_of(told, 1.0)
    assert words.moments == lines
    assert height_of(words) - height_of(replace(words, moments=())) == 29.0 * len(lines)


def test_the_death_clock_says_which_moment_it_counts_from() -> None:
    names = [end_words(one) for one in (moments(gone=1.0), moments(container=1.0, gone=2.0), receipt(1))]
    assert names == ["Pod gone", "container ended", "process dead"]
    assert dead_words(1.54, "Pod gone") == (("Pod gone +1.5 s",), ("gone +1.5 s",), ("+1.5 s",))


def test_a_pods_ghost_says_dead_until_its_receipt_says_how() -> None:
    model = kitchen_with([pod_worker(1), pod_worker(2)], [], settle=1.0)
    tell(model, staffed(pod_worker(1), pod_worker(2, "dead")))
    play(model, 0.7)
    assert model.cooks[2].ended == "dead"
    tell(model, RecordsSeen(receipts=(moments(gone=0.0, asked=-0.1, worker=f"{NAMES[1]}.0", slot=2),)))
    play(model, 0.1)
    assert model.cooks[2].ended == "Pod gone"


def test_the_window_asks_again_until_the_pod_is_gone_and_not_for_ever() -> None:
    drained = {**told_receipt(1), "killed_at": NOW, "container_ended_at": NOW}
    polled = Polled(GET_receipts=[[drained]])
    polled.ask()
    assert polled.watcher.after == 0, "its Pod is still to go"
    polled.api.answers["GET /receipts"] = [[{**drained, "pod_gone_at": NOW}]]
    polled.ask(1.1)
    assert polled.watcher.after == 1 and polled.known.receipts[-1].pod_gone_at is not None
    for told, after in (
        ({**drained, "killed_at": None}, 1),  # a panic: its Pod stays
        ({**told_receipt(1), "killed_at": NOW, "pod_gone_at": NOW}, 1),
        (drained, 0),
    ):
        polled = Polled(GET_receipts=[[told]])
        polled.ask()
        assert polled.watcher.after == after
    polled.ask(POD_GOES_WITHIN + 1)
    assert polled.watcher.after == 1, "nobody has seen it go"


def test_a_slow_replay_tells_what_was_between_asked_and_gone() -> None:
    model = kitchen_with([pod_worker(1), pod_worker(2)], [], settle=8.0)
    tell(model, staffed(pod_worker(1, "dead", since=8), pod_worker(2)))
    slip = moments(asked=7.6, gone=8.0, worker=f"{NAMES[0]}.0", slot=1)
    assert asked_before_s(slip) == pytest.approx(0.4)
    assert asked_before_s(receipt(1, killed_at=at(-1))) is None, "a process is asked and dead at once"
    play(model, 2.0)
    tell(model, RecordsSeen(receipts=(slip,)))
    play(model, AFTER + 0.1)
    recording = model.recorder.done[-1]
    panel = ReplayPanel(recording, lambda: slip, lambda: None)
    said = []
    while panel.replay.at < recording.died + 0.1:
        panel.update(0.02)
        if not said or said[-1] != panel.saying():
            said.append(panel.saying())
    assert said == ["before the kill", "asked; its Pod is still there", "it held no order"]


def plate(told: Worker, access: Access = PLAIN, width: float = 190.0) -> str:
    """What stands under a living cook."""
    view = View(pygame.Surface((1920, 1080)), access=access)
    brush, written = Brush(view, Art(view.scale), Pen(view)), []
    cook = Cook(told.slot, CookPhase.WORKING, worker=told)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cooks, "_plate", lambda brush, slot, spot, text, *rest, **more: written.append(text))
        cooks._under(brush, cook, cook_spot(Model().floor.kitchen, 1, 4), 0.0, width)
    return str(written[0])


@pytest.mark.parametrize("access", [PLAIN, Access(large=True)])
def test_a_starting_cook_says_which_birth_it_is(access: Access) -> None:
    for restarts, words in ((0, "new Pod"), (1, "same Pod"), (12, "same Pod")):
        assert words in plate(pod_worker(1, "starting", restarts), access)
        assert plate(pod_worker(1, "starting", restarts), access, 100.0) == words
    assert plate(pod_worker(1, "ready", 1), access).startswith("x2k4q.1"), "its name tells it from then on"
    assert plate(worker(1, "starting")) == f"pid {worker(1).pid} starts", "processes as ever"


def test_the_api_tells_how_often_a_container_was_started_in_its_pod() -> None:
    fleet = Supervisor(ScriptedHost(), POLICY, FleetSetup(Target("127.0.0.1:1")))
    slot = Slot(1, 1, phase="starting", name="cooks-1-a.2", home="uid", run=2)
    assert fleet.view(slot).restarts == 2
    assert fleet.view(replace(slot, run=-1, name="")).restarts is None, "nothing has begun there yet"
    assert fleet.view(Slot(1, 1, phase="ready")).restarts is None, "a process"
