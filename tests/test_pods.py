"""Pods as records, their reasons as words, and the book of births and deaths: pure."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_stub.fleet.events import Adopted, HostNews, RunEnded, Seen, Vacated, Waits
from api_stub.fleet.kubernetes.known_pods import MAX_PODS, KnownPods
from api_stub.fleet.kubernetes.pods import Pod, read
from api_stub.fleet.kubernetes.reasons import end_of_pod, end_of_run, pause, trouble
from api_stub.fleet.rules import FleetState, Open, Policy, decide

LABELS = {"app.kubernetes.io/name": "gopherpizza", "app.kubernetes.io/component": "cook"}
NOW = "2026-01-01T00:00:00Z"
RUNNING = {"running": {"startedAt": NOW}}


def record(name: str = "cooks-1-abcde", restarts: int = 0, **more: Any) -> dict[str, Any]:
    """A Pod's record. `state`, `last`: of its container; others go into its status, or over `metadata`."""
    meta = {"name": name, "uid": f"uid-{name}", "namespace": "ours", "labels": LABELS}
    meta |= more.pop("metadata", {})
    state, last = more.pop("state", RUNNING), more.pop("last", None)
    container: dict[str, Any] = {"name": "worker", "restartCount": restarts, "state": state}
    container["ready"] = more.pop("ready", "running" in state)
    if last is not None:
        container["lastState"] = {"terminated": last}
    status = {"phase": "Running", "containerStatuses": [container]} | more
    return {"metadata": meta, "spec": {"nodeName": "here"}, "status": status}


def pod(*arguments: Any, **more: Any) -> Pod:
    found = read(record(*arguments, **more), "ours", None)
    assert found is not None
    return found


def ended(code: int, reason: str = "Error", **more: Any) -> dict[str, Any]:
    return {"exitCode": code, "reason": reason, "finishedAt": NOW, **more}


@pytest.mark.parametrize(
    "change",
    [
        {"namespace": "theirs"},
        {"labels": {}},
        {"labels": {**LABELS, "app.kubernetes.io/component": "api"}},
        {"labels": {**LABELS, "gopherpizza/booth": "left"}},
        {"uid": None},
        {"name": 7},
        {"labels": None},
    ],
)
def test_what_is_not_ours_is_never_taken(change: dict[str, Any]) -> None:
    assert read(record(metadata=change), "ours", None) is None
    assert read(record(), "ours", "left") is not None, "no booth's label: any booth's"


@pytest.mark.parametrize("raw", [None, [], {}, {"metadata": 3}, {"metadata": {"name": "x"}}, "pod"])
def test_what_is_no_pod_is_left_out(raw: Any) -> None:
    assert read(raw, "ours", None) is None


def test_parts_that_cannot_be_read_do_no_harm() -> None:
    odd = record()
    odd["status"] = {
        "phase": 5,
        "conditions": [None, 3, {"type": []}],
        "containerStatuses": [{"name": "worker"}],
    }
    found = read(odd, "ours", None)
    assert found is not None and found.run == 0 and not found.ready


def test_runs_are_counted_by_restarts() -> None:
    assert (pod().run, pod().ended) == (0, -1)
    dead = pod(state={"terminated": ended(1)})
    assert (dead.run, dead.ended) == (None, 0)
    waiting = pod(state={"waiting": {"reason": "CrashLoopBackOff"}}, last=ended(134), restarts=2)
    assert (waiting.run, waiting.ended, waiting.named(2)) == (None, 2, "cooks-1-abcde.2")
    again = pod(restarts=3, last=ended(134))
    assert (again.run, again.ended) == (3, 2)
    pending = pod(state={"waiting": {"reason": "ContainerCreating"}})
    assert (pending.run, pending.doing) == (0, "waiting")


def test_causes_and_signals_of_ends() -> None:
    found = {
        code: end_of_run(pod(state={"terminated": ended(code)}).last, removed=False)
        for code in (0, 1, 134, 137)
    }
    assert [(end.signal, end.code, end.cause) for end in found.values()] == [
        (None, 0, None),
        (None, 1, None),
        (6, None, "panic"),
        (9, None, None),
    ]
    out = end_of_run(pod(state={"terminated": ended(137, "OOMKilled")}).last, removed=False)
    assert out.signal == 9 and out.reason is not None and "memory" in out.reason
    by_number = end_of_run(pod(state={"terminated": ended(0, signal=11)}).last, removed=False)
    assert (by_number.signal, by_number.code) == (11, None)
    assert end_of_run(None, removed=False).reason == "it ended while Kubernetes could not be heard"


def condition(kind: str, status: str, **more: str) -> dict[str, str]:
    return {"type": kind, "status": status, **more}


WAITING = [
    (
        {"state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image x"}}},
        "its image",
    ),
    ({"state": {"waiting": {"reason": "ErrImagePull"}}}, r"its image cannot be had \(ErrImagePull\)"),
    ({"state": {"waiting": {"reason": "CreateContainerConfigError", "message": "no s"}}}, "settings .* no s"),
    ({"state": {"waiting": {"reason": "RunContainerError"}}}, "cannot be started"),
    ({"state": {"waiting": {"reason": "ContainerCreating", "message": "no disk"}}}, "being made: no disk"),
    ({"phase": "Unknown"}, "its node does not answer"),
    ({"conditions": [condition("Ready", "False")]}, "its node does not answer"),
    ({"metadata": {"deletionTimestamp": NOW}, "reason": "NodeLost"}, "does not answer; its Pod cannot"),
]


@pytest.mark.parametrize(("change", "words"), WAITING)
def test_why_it_is_not_at_work(change: dict[str, Any], words: str) -> None:
    assert re.search(words, trouble(pod(**change), was_ready=True) or "")


def test_a_pod_that_no_node_takes_says_so_in_the_schedulers_words() -> None:
    raw = record()
    raw["spec"] = {}
    why = "0/1 nodes are available: 1 Insufficient memory."
    raw["status"] = {
        "phase": "Pending",
        "conditions": [condition("PodScheduled", "False", reason="Unschedulable", message=why)],
    }
    found = read(raw, "ours", None)
    assert found is not None and trouble(found, False) == f"no node has room: {why}"
    raw["status"] = {"phase": "Pending"}
    found = read(raw, "ours", None)
    assert found is not None and trouble(found, False) is None
    assert trouble(pod(state={"waiting": {"reason": "ContainerCreating"}}), False) is None, "as usual"
    assert trouble(pod(metadata={"deletionTimestamp": NOW}), True) is None


def test_words_are_one_bounded_line() -> None:
    long = "many\nwords " * 1000
    found = pod(state={"waiting": {"reason": "ImagePullBackOff", "message": long}})
    words = trouble(found, False) or ""
    assert len(words) < 300 and "\n" not in words


def test_a_pause_of_kubernetes_has_its_time() -> None:
    def waits(message: str) -> tuple[str | None, float | None]:
        state = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
        return pause(pod(state=state, last=ended(1)))

    assert waits("back-off 10s restarting failed container=worker pod=x")[1] == 10
    assert waits("back-off 2m40s restarting failed")[1] == 160
    assert waits("back-off 5m0s restarting failed")[1] == 300
    assert waits("back-off 99999m0s restarting")[1] == 300
    assert waits("something else")[1] is None
    assert "within 10 s (CrashLoopBackOff)" in (waits("back-off 10s restarting")[0] or "")
    assert pause(pod(state={"terminated": ended(1)})) == (None, None), "at once"


def test_who_took_a_pod_away_is_told_apart() -> None:
    assert end_of_pod(pod(), asked=True).reason is None
    gone = end_of_pod(pod(metadata={"deletionTimestamp": NOW}), asked=False)
    assert gone.reason == "somebody else deleted its Pod" and gone.removed and gone.home_gone
    evicted = end_of_pod(pod(phase="Failed", reason="Evicted", message="low on memory"), asked=False)
    assert evicted.reason == "its node put it out (Evicted): low on memory" and not evicted.home_gone
    assert "when Kubernetes could be heard again" in (end_of_pod(pod(), False, missed=True).reason or "")
    assert end_of_pod(pod(phase="Unknown"), asked=False).reason == "its node is lost"


def test_what_was_there_before_is_adopted_without_its_past() -> None:
    book = KnownPods()
    told = book.listed(
        [pod(restarts=7, last=ended(134)), pod("cooks-1-zzzzz", phase="Failed", reason="Evicted")]
    )
    assert [type(one) for one in told] == [Adopted]
    assert isinstance(told[0], Adopted) and told[0].seen.name == "cooks-1-abcde.7"
    later = book.listed([pod(restarts=7, last=ended(134)), pod("cooks-1-new", restarts=1, last=ended(1))])
    assert [type(one) for one in later] == [RunEnded, Seen], "what came since has its whole past told"


def test_the_same_again_is_no_news() -> None:
    book = KnownPods()
    book.listed([])
    assert book.saw(pod()) and book.saw(pod()) == []
    assert book.gone("uid-cooks-1-abcde", pod()) and book.gone("uid-cooks-1-abcde", pod()) == []
    assert book.saw(pod()) == [], "nobody rises from the dead"


def test_a_crowd_is_bounded() -> None:
    book = KnownPods()
    book.listed([pod(f"cooks-{n}") for n in range(MAX_PODS + 5)])
    assert book.left_out == 5


class TruePod:
    """A Pod as it really is: each step of its life makes the next record."""

    def __init__(self, number: int) -> None:
        self.name, self.number = f"cooks-{number}", number
        self.restarts, self.running, self.gone = 0, False, False
        self.last: dict[str, Any] | None = None
        self.born: set[str] = set()
        self.dead: set[str] = set()

    def step(self, what: str) -> None:
        """One thing that happens to it, if it can."""
        if what == "crash at once":
            self.step("run")
            self.step("die")
        elif what == "run" and not self.running:
            self.restarts += self.last is not None
            self.running = True
            self.born.add(f"{self.name}.{self.restarts}")
        elif what == "die" and self.running:
            self.running, self.last = False, ended(1)
            self.dead.add(f"{self.name}.{self.restarts}")
        elif what == "delete":
            self.gone = True
            if self.running:
                self.dead.add(f"{self.name}.{self.restarts}")

    def seen(self) -> Pod:
        """Its record now."""
        waiting = {"waiting": {"reason": "CrashLoopBackOff" if self.last else "ContainerCreating"}}
        state = RUNNING if self.running else waiting
        return pod(self.name, self.restarts, state=state, last=self.last)


STEPS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["run", "die", "crash at once", "delete", "cut", "heard", "again"]),
    ),
    max_size=80,
)
POLICY = Policy(slots=3, start=0, hosted=True)


@settings(max_examples=300)
@given(steps=STEPS)
def test_whatever_is_cut_each_birth_and_each_death_is_told_once(steps: list[tuple[int, str]]) -> None:
    """Pods live and die; the watch is cut and begins anew with a list at any moment. What can be known of
    those that were ever seen is known in the end: none twice, none missed; and the fleet's books agree."""
    book, cut, numbers = KnownPods(), False, iter(range(1000))
    pods: list[TruePod] = [TruePod(next(numbers)) for _ in range(2)]
    everybody = list(pods)
    seen: set[str] = {one.name for one in pods}
    news: list[HostNews] = list(book.listed([one.seen() for one in pods]))
    for which, what in steps:
        if what == "cut":
            cut = True
        elif what == "heard":
            cut = False
            news += book.listed([one.seen() for one in pods])
            seen |= {one.name for one in pods}
        elif what == "again" and pods and not cut:
            news += book.saw(pods[which % len(pods)].seen())
        elif which >= len(pods):
            pods.append(TruePod(next(numbers)))
            everybody.append(pods[-1])
            if not cut:
                news += book.saw(pods[-1].seen())
                seen.add(pods[-1].name)
        else:
            one = pods[which]
            one.step(what)
            if one.gone:
                pods.remove(one)
            if not cut:
                news += book.gone(one.seen().uid, one.seen()) if one.gone else book.saw(one.seen())
    news += book.listed([one.seen() for one in pods])
    seen |= {one.name for one in pods}

    state, _ = decide(FleetState(), Open(), 0.0, POLICY, max)
    died: list[str] = []
    for now, one_news in enumerate(news):
        state, actions = decide(state, one_news, float(now), POLICY, max)
        died += [action.slot.id or "" for action in actions if hasattr(action, "exit")]
        again, more = decide(state, one_news, float(now), POLICY, max)  # the same handle told twice
        assert more == () and (again.births, again.deaths) == (state.births, state.deaths)
        assert state.births - state.deaths == sum(slot.born for slot in state.slots)
        assert len({slot.home for slot in state.slots if slot.home}) == sum(bool(s.home) for s in state.slots)
    known = [one for one in everybody if one.name in seen]
    assert len(died) == len(set(died)), "none twice"
    dead = set().union(*(one.dead for one in known))
    born = set().union(*(one.born for one in known))
    # A run of a Pod that was deleted in the gap, and had begun in it, nobody can know of.
    assert set(died) <= dead
    for one in known:
        missed = one.dead - set(died)
        assert not missed or one.gone, missed
    living = {slot.id for slot in state.slots if slot.born}
    assert living == {f"{one.name}.{one.restarts}" for one in pods if one.running}
    assert living <= born
    assert all(isinstance(one, Adopted | Seen | RunEnded | Waits | Vacated) for one in news)
