"""What could not be done is told where it was asked for, and no longer than it holds: on both hosts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api_stub.background import Troubles
from api_stub.checkpoint.fleet_section import MAX_SLOTS
from api_stub.fleet.actions import AskWhy
from api_stub.fleet.events import Explained
from api_stub.fleet.hosted_rules import ASK_WHY_S
from api_stub.fleet.kubernetes.known_pods import MAX_PODS, KnownPods
from api_stub.fleet.kubernetes.template import trouble
from api_stub.fleet.kubernetes.watch import Watch
from api_stub.fleet.refusals import TOLD_S
from api_stub.fleet.rules import (
    Adopted,
    CloseDown,
    Event,
    FleetState,
    KillWanted,
    Open,
    Policy,
    Reform,
    Reshape,
    Seen,
    SpawnFailed,
    StartWanted,
    StopFailed,
    Tick,
    Vacated,
    decide,
    next_due,
)
from api_stub.fleet.supervisor import FleetSetup, Supervisor
from api_stub.fleet.views import worker_view
from tests.test_fleet_hosted import POLICY, Run
from tests.test_pods import pod, record
from worker.connection import Target

WORDS = "could not be started: we may not patch deployment cooks"


def told(run: Run, number: int) -> str | None:
    """What a slot tells of its trouble, as the window gets it."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return worker_view(run.state.slot(number), (), "q", lambda moment: moment and at, lambda: at).trouble


def refused(*slots: int) -> Run:
    """One Pod is there; more were wished for in these slots, and the wishes were refused."""
    run = Run(Policy(slots=5, start=1, hosted=True))
    run.up("a")
    for number in slots:
        run.do(StartWanted(number))
        run.do(SpawnFailed(number, 1, "we may not patch deployment cooks"))
        assert told(run, number) == WORDS and run.state.slot(number).phase == "empty"
    return run


def late(*slots: int) -> Run:
    """The wishes were granted, and nothing came in time."""
    run = refused()
    for number in slots:
        run.do(StartWanted(number))
    run.now += POLICY.start_timeout_s
    run.do(Tick())
    assert all("nothing came of it within 60 s" in (told(run, number) or "") for number in slots)
    return run


def test_a_refusal_is_told_for_a_while_and_wakes_the_fleet_when_it_is_over() -> None:
    run = refused(3)
    due = next_due(run.state)
    assert due == run.now + TOLD_S
    run.now = due - 1
    run.do(Tick())
    assert told(run, 3) == WORDS
    run.now = due
    run.do(Tick())
    assert told(run, 3) is None and next_due(run.state) is None


def test_a_start_that_came_elsewhere_proves_that_starts_work_again() -> None:
    run = refused(3, 4)
    run.do(StartWanted(2))
    assert told(run, 3) == WORDS, "nothing is known yet"
    run.up("b")
    assert run.state.slot(2).id == "b.0" and (told(run, 3), told(run, 4)) == (None, None)


def test_a_pod_that_was_not_waited_for_proves_nothing_of_a_refused_wish() -> None:
    run = refused(3)
    run.do(Vacated("a"))
    run.up("b")
    assert run.state.slot(1).id == "b.0" and told(run, 3) == WORDS, "the ReplicaSet's own successor"


def test_while_one_is_waited_for_the_host_is_asked_why_and_its_words_are_told() -> None:
    run = refused()
    run.do(StartWanted(2))
    asked = 0
    while run.state.slot(2).phase == "starting":
        due = next_due(run.state)
        assert due is not None and due - run.now <= ASK_WHY_S
        run.now = due
        asked += run.do(Tick()) == (AskWhy(2, 1),)
        run.do(Explained(2, 1, "Kubernetes refuses to make its Pod: exceeded quota"))
        if asked == 1:
            assert told(run, 2) == "Kubernetes refuses to make its Pod: exceeded quota"
    assert asked == 11 and run.now == 100 + POLICY.start_timeout_s, "not for ever"
    assert told(run, 2) == "could not be started: Kubernetes refuses to make its Pod: exceeded quota"
    run.do(Explained(2, 1, "something else"))
    run.do(Explained(2, 1, None))
    assert "exceeded quota" in (told(run, 2) or "")


def test_what_the_host_does_not_say_any_more_is_told_no_more() -> None:
    run = refused()
    run.do(StartWanted(2))
    run.do(Explained(2, 1, "Kubernetes refuses to make its Pod"))
    run.do(Explained(2, 1, None))
    assert told(run, 2) is None and run.state.slot(2).phase == "starting"


def test_whoever_came_has_its_own_words() -> None:
    run = refused()
    run.do(StartWanted(2))
    run.do(Explained(2, 1, "Kubernetes refuses to make its Pod"))
    run.up("b")
    assert told(run, 2) is None
    run.do(Explained(2, 1, "Kubernetes refuses to make its Pod"))
    assert told(run, 2) is None


def says(**more: str) -> dict[str, list[dict[str, str]]]:
    """A Deployment's status with this condition."""
    return {"conditions": [{"type": "ReplicaFailure", **more}]}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (says(status="True", message="exceeded\nquota"), "exceeded quota"),
        (says(status="True", reason="FailedCreate"), "FailedCreate"),
        (says(status="True"), "it does not say why"),
        (says(status="False", message="old"), None),
        ({"conditions": [{"type": "Available", "status": "True"}, None, 3]}, None),
        ({"conditions": {"type": "ReplicaFailure"}}, None),
        (None, None),
    ],
)
def test_what_a_deployment_says_of_pods_that_it_cannot_have(status: object, words: str | None) -> None:
    found = trouble({"status": status})
    assert found == (words and f"Kubernetes refuses to make its Pod: {words}")


def test_one_that_comes_late_ends_the_trouble_of_one_place_only() -> None:
    run = late(3, 4)
    run.up("b")
    assert run.state.slot(2).id == "b.0", "it has the lowest place, not the one that was meant for it"
    assert told(run, 3) is None and "nothing came" in (told(run, 4) or "")
    run.up("c")
    assert run.state.slot(3).id == "c.0" and told(run, 4) is None


def test_one_that_comes_late_to_its_own_place_leaves_the_others_alone() -> None:
    run = late(2, 3)
    run.up("b")
    assert run.state.slot(2).id == "b.0" and told(run, 2) is None
    assert "nothing came" in (told(run, 3) or "")


@pytest.mark.parametrize(
    "event", [Reshape(Policy(slots=4, start=1, hosted=True)), CloseDown()], ids=["checkpoint", "end"]
)
def test_another_checkpoint_and_the_end_begin_with_places_that_tell_nothing(event: Event) -> None:
    run = refused(3)
    run.do(event)
    assert told(run, 3) is None


def test_who_asks_again_hears_of_that_try_only() -> None:
    run = refused(2)
    run.do(StartWanted(2))
    assert told(run, 2) is None and run.state.slot(2).phase == "starting"
    run.do(SpawnFailed(2, 1, "the API server does not answer"))
    assert told(run, 2) == "could not be started: the API server does not answer"


def test_a_kill_that_was_refused_is_told_for_a_while_and_hides_nothing_for_longer() -> None:
    run = refused()
    run.do(KillWanted("1"))
    run.do(StopFailed(1, 1, "we may not delete pod a"))
    run.do(Seen("a", "a.0", ready=True, trouble="its node does not answer"))
    assert told(run, 1) == "could not be stopped: we may not delete pod a", "news of the Pod does not hide it"
    run.now += TOLD_S
    run.do(Tick())
    assert told(run, 1) == "its node does not answer"


def test_the_next_kill_hears_of_that_try_only() -> None:
    run = refused()
    run.do(KillWanted("1"))
    run.do(StopFailed(1, 1, "we may not delete pod a"))
    run.do(KillWanted("1"))
    assert told(run, 1) is None and run.state.slot(1).phase == "stopping"


def test_a_process_that_nobody_tries_to_make_any_more_has_no_trouble() -> None:
    run = Run(Policy(slots=2, start=1))
    run.do(SpawnFailed(1, 1, "cannot fork"))
    assert told(run, 1) == "could not be started: cannot fork"
    run.do(CloseDown())
    assert (told(run, 1), run.state.slot(1).phase) == (None, "empty")


def test_pods_without_a_place_are_a_trouble_only_while_they_are_there() -> None:
    fleet = Supervisor(Told(), Policy(hosted=True, slots=2), FleetSetup(Target("127.0.0.1:1")))
    fleet._state, _ = decide(FleetState(), Open(), 0.0, fleet.policy, max)

    def take(event: Event) -> list[str]:
        fleet._state, _ = decide(fleet._state, event, 1.0, fleet.policy, max)
        fleet._note_failed_starts()
        return fleet.troubles.sentences

    for n in range(MAX_SLOTS):
        assert take(Seen(f"h{n}", f"h{n}.0", ready=True)) == []
    for _ in range(3):  # told again and again, it is one Pod
        words = take(Seen("one", "one.0", ready=True))
    assert words == ["slots: 1 Pods more than the window has places for"]
    assert "2 Pods" in take(Adopted(Seen("two", "two.0", ready=True)))[0]
    assert "1 Pods" in take(Vacated("two"))[0]
    assert "1 Pods" in take(Vacated("h7"))[0], "nobody has told of the other since"
    assert take(Seen("one", "one.0", ready=True)) == []
    assert fleet.state.slot(8).id == "one.0"


def test_pods_that_nobody_follows_are_taken_in_when_there_is_room() -> None:
    book = KnownPods()
    book.listed([pod(f"cooks-{n}") for n in range(MAX_PODS)])
    for _ in range(3):
        assert book.saw(pod("cooks-left")) == []
    assert book.left_out == 1
    news = book.gone("uid-cooks-3", pod("cooks-3"))
    assert [type(one) for one in news] == [Vacated, Seen] and book.left_out == 0
    book.saw(pod("cooks-more"))
    assert book.left_out == 1
    book.gone("uid-cooks-more", pod("cooks-more"))
    assert book.left_out == 0
    book.saw(pod("cooks-other"))
    book.listed([pod(f"cooks-{n}") for n in range(MAX_PODS)])
    assert book.left_out == 0, "it was gone when all were listed"


def test_the_trouble_of_too_many_pods_goes_when_they_do() -> None:
    book, troubles = KnownPods(), Troubles()
    watch = Watch(NoServer(), book, lambda news: None, troubles)
    watch._news(book.listed([pod(f"cooks-{n}") for n in range(MAX_PODS + 1)]))
    assert troubles.sentences == ["Pods: 1 Pods are more than can be followed"]
    watch._take("DELETED", record("cooks-0"))
    assert troubles.sentences == []


def test_what_the_deployment_could_not_be_made_is_the_hosts_to_tell_and_to_take_back() -> None:
    """Where nothing had to be changed in the end no news comes of it, and nothing of ours may stay."""
    host = Told()
    fleet = Supervisor(host, Policy(hosted=True), FleetSetup(Target("127.0.0.1:1")))
    fleet._act(Reform(fleet.policy))
    host.failed("we may not patch deployment cooks")
    assert fleet.troubles.sentences == []


class NoServer:
    """Nothing is asked of it."""

    namespace = "ours"

    async def pods(self) -> tuple[list[object], str]:
        raise AssertionError

    def watched(self, version: str) -> object:
        raise AssertionError


class Told:
    """A host of Pods that keeps what it is asked."""

    where, heard_at = "here", None

    def __init__(self) -> None:
        self.troubles = Troubles()
        self.failed = lambda reason: None

    def open(self) -> None:
        """Nothing to begin."""

    def stop(self, handle, at_once, on_failed) -> None:
        self.failed = on_failed

    def follow(self, on_news, before=None) -> None:
        """Nothing is told."""

    def scale(self, one_more, at_least, on_failed) -> None:
        self.failed = on_failed

    def explain(self, on_reason) -> None:
        """Nobody knows."""

    def reform(self, policy, anew, on_changed, on_failed) -> None:
        self.failed = on_failed

    async def close(self) -> None:
        """Nothing to end."""
