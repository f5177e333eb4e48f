"""Deaths while no API lived: the next one tells each of them once, with what can be known and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_stub.background import Troubles
from api_stub.fleet.kubernetes.known_pods import MAX_RUNS, KnownPods
from api_stub.fleet.kubernetes.pods import Pod
from api_stub.fleet.roster import KEPT_S, Lived, Roster, RosterFile, workers_of
from api_stub.fleet.rules import Exit, FleetState, Open, Policy, Slot, decide
from api_stub.fleet.supervisor import FleetSetup, Supervisor
from tests.test_pods import RUNNING, TruePod, ended, pod
from worker.connection import Target

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)
POLICY = Policy(slots=5, start=0, hosted=True)


class PodHost:
    """A host of Pods that a test lists and tells of by hand, with the book that the real one has."""

    def __init__(self, where: str = "ours") -> None:
        self.where = where
        self.heard_at: datetime | None = None
        self.troubles = Troubles()
        self.book = KnownPods()
        self.tell: Callable[[Any], None] = lambda news: None

    def open(self) -> None:
        """Nothing to begin."""

    def follow(self, on_news: Callable[[Any], None], before: Roster | None = None) -> None:
        """From now on."""
        self.tell = on_news
        self.book.remember(before)

    def list(self, *pods: Pod, at: datetime = T0) -> None:
        """These are there."""
        for news in self.book.listed(pods):
            self.tell(news)
        self.heard_at = at

    def saw(self, one: Pod) -> None:
        """This one is so now."""
        for news in self.book.saw(one):
            self.tell(news)

    def stop(self, handle: str, at_once: bool, on_failed: Any) -> None:
        """Asked for, and nothing comes of it yet."""
        self.book.asked(handle)

    def scale(self, one_more: bool, at_least: int, on_failed: Any) -> None:
        """There are enough."""

    def explain(self, on_reason: Callable[[str], None]) -> None:
        """There is nothing to explain."""

    def reform(self, policy: Policy, anew: bool, on_changed: Callable[[], None], on_failed: Any) -> None:
        """At once, where all are to be replaced."""
        if anew:
            on_changed()

    async def close(self) -> None:
        """Nothing to end."""


class Life:
    """The life of one API after the other, on one state directory."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "state" / "roster.json"
        self.now = T0
        self.died: list[tuple[Slot, Exit]] = []

    async def api(self, host: PodHost) -> Supervisor:
        """One more; the one before it was killed, and had no last word."""
        self.died.clear()
        setup = FleetSetup(Target("127.0.0.1:1"), roster_file=self.file)
        fleet = Supervisor(host, POLICY, setup, wall=lambda: self.now)
        fleet.listeners.append(lambda slot, end: self.died.append((slot, end)))
        await fleet.open()
        return fleet

    def told(self) -> dict[str | None, tuple[str, str | None]]:
        """Whose death was told: cause and words."""
        assert len({slot.id for slot, _ in self.died}) == len(self.died), "nobody dies twice"
        return {slot.id: (end.cause, end.why) for slot, end in self.died}


def cook(name: str, restarts: int = 0, **more: Any) -> Pod:
    return pod(f"cooks-{name}", restarts, **more)


async def a_moment() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def test_the_next_api_tells_who_died_meanwhile_and_why_as_far_as_that_is_known(tmp_path: Path) -> None:
    life = Life(tmp_path)

    async def play() -> None:
        first = PodHost()
        fleet = await life.api(first)
        first.list(*map(cook, "abcdef"))
        fleet.kill("cooks-d.0")
        await a_moment()
        assert life.died == []

        life.now = T0 + timedelta(seconds=90)
        second = PodHost()
        fleet = await life.api(second)
        assert fleet.state.births == 0 and life.died == [], "nothing is said before it is known"
        panicked = cook("b", 1, last=ended(134))
        evicted = cook("e", phase="Failed", reason="Evicted", message="low on memory")
        gone_on = cook(
            "f", 3, state={"waiting": {"reason": "CrashLoopBackOff"}}, last=ended(137, "OOMKilled")
        )
        second.list(panicked, cook("c"), evicted, gone_on, cook("new"))
        assert life.told() == {
            "cooks-a.0": ("crash", "its Pod was gone when an API watched again"),
            "cooks-b.0": ("panic", "it panicked while no API watched"),
            "cooks-d.0": ("player", None),
            "cooks-e.0": ("crash", "its node put it out (Evicted): low on memory; no API watched then"),
            "cooks-f.0": ("crash", "it ended while no API watched"),
            "cooks-f.1": ("crash", "it ended while no API watched"),
            "cooks-f.2": ("crash", "it ended while no API watched"),
            "cooks-f.3": (
                "crash",
                "it took more memory than its limit (OOMKilled); no API watched then",
            ),
        }
        assert {end.unseen_since for _, end in life.died} == {T0}
        state = fleet.state
        assert (state.births, state.deaths, state.panics, state.kills) == (11, 8, 1, 0)
        assert state.births - state.deaths == sum(slot.born for slot in state.slots)
        places = {slot.id: slot.number for slot in state.slots if slot.alive}
        assert places == {"cooks-new.0": 1, "cooks-b.1": 2, "cooks-c.0": 3}, "each has its place again"
        assert state.slot(6).phase == "backoff" and state.slot(6).home == "uid-cooks-f"

        third = PodHost()
        await a_moment()
        await life.api(third)
        third.list(panicked, cook("c"), gone_on, cook("new"))
        assert life.died == [], "told once"

    asyncio.run(play())


def test_who_was_not_born_when_it_vanished_did_not_die(tmp_path: Path) -> None:
    life = Life(tmp_path)

    async def play() -> None:
        first = PodHost()
        await life.api(first)
        pulling = {"waiting": {"reason": "ContainerCreating"}}
        first.list(cook("a", state=pulling), cook("b", state=pulling))
        await a_moment()
        second = PodHost()
        fleet = await life.api(second)
        second.list(cook("b", 1, last=ended(1)))
        assert life.told() == {"cooks-b.0": ("crash", "it ended while no API watched")}
        assert (fleet.state.births, fleet.state.deaths) == (2, 1)

    asyncio.run(play())


def test_who_was_being_replaced_was_and_who_was_being_killed_and_still_is_there_is_the_players(
    tmp_path: Path,
) -> None:
    life = Life(tmp_path)

    async def play() -> None:
        first = PodHost()
        fleet = await life.api(first)
        first.list(cook("a"), cook("b"))
        fleet.kill("cooks-b.0")
        fleet.redeploy()
        await a_moment()
        second = PodHost()
        fleet = await life.api(second)
        leaving = cook("b", metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"})
        second.list(leaving, cook("c"))
        assert life.told() == {"cooks-a.0": ("redeploy", None)}
        for news in second.book.gone(leaving.uid, leaving):
            second.tell(news)
        assert life.told()["cooks-b.0"] == ("player", None)
        assert life.died[1][1].unseen_since is None, "that one was seen"
        assert fleet.state.slot(2).phase == "dead"

    asyncio.run(play())


def test_deaths_that_were_told_are_not_told_again(tmp_path: Path) -> None:
    life = Life(tmp_path)

    async def play() -> None:
        first = PodHost()
        await life.api(first)
        first.list(cook("a"), cook("b"))
        for news in first.book.gone("uid-cooks-a", cook("a")):
            first.tell(news)
        first.saw(cook("b", state={"terminated": ended(1)}))
        assert len(life.died) == 2
        second = PodHost()
        await life.api(second)
        second.list(cook("b", 1, last=ended(1)))
        assert life.died == []

    asyncio.run(play())


def test_what_was_long_ago_or_elsewhere_or_cannot_be_read_is_nobodys_news(tmp_path: Path) -> None:
    life = Life(tmp_path)

    async def play() -> None:
        host = PodHost()
        fleet = await life.api(host)
        host.list(cook("a"), at=life.now)
        await a_moment()
        for where, later_s in (("theirs", 1.0), ("ours", KEPT_S + 1)):
            life.now += timedelta(seconds=later_s)
            other = PodHost(where)
            await life.api(other)
            other.list(at=life.now)
            assert life.died == [], where
        # An orderly end notes until when somebody watched.
        host.heard_at = life.now
        await fleet.close()
        again = PodHost()
        await life.api(again)
        again.list()
        assert len(life.died) == 1
        for text in ("", "{", "[]", '{"where": "ours", "at": "soon", "workers": []}', "\x00", "[" * 9999):
            life.file.write_text(text, encoding="utf-8")
            spoilt = PodHost()
            await life.api(spoilt)
            spoilt.list(cook("a"))
            assert life.died == []

    asyncio.run(play())


def test_a_roster_is_read_only_as_far_as_it_makes_sense(tmp_path: Path) -> None:
    def lived(**more: Any) -> Lived:
        return Lived(**{"home": "u", "name": "a.0", "run": 0, "slot": 1, "born": True, "over": False} | more)

    file = RosterFile(tmp_path / "roster.json", "ours", Troubles())
    later = T0 + timedelta(hours=9)
    assert file.write((lived(), lived(home=""), lived(run=-1), lived(slot=0), lived(slot=10**9)), later)
    found = file.recall(T0)
    assert found is not None and found.workers == (lived(),)
    assert found.at == T0, "the clock was set back: nothing is known of the time to come"
    assert RosterFile(None, "ours", Troubles()).recall(T0) is None


def test_a_roster_that_is_ahead_of_the_pods_is_not_believed() -> None:
    book, state = KnownPods(), decide(FleetState(), Open(), 0.0, POLICY, max)[0]
    wrong = Lived("uid-cooks-a", "cooks-a.9", 9, 2, born=True, over=False)
    over = Lived("uid-cooks-b", "cooks-b.9", 9, 1, born=False, over=True)
    book.remember(Roster("ours", T0, (wrong, over)))
    for news in book.listed([cook("a", 1, last=ended(1)), cook("b")]):
        state, actions = decide(state, news, 0.0, POLICY, max)
        assert not actions
    assert {slot.id: slot.phase for slot in state.slots if slot.id} == {
        "cooks-a.1": "ready",
        "cooks-b.0": "ready",
    }


def test_a_roster_that_cannot_be_written_is_told_and_written_when_it_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    troubles = Troubles()
    file = RosterFile(tmp_path / "file" / "roster.json", "ours", troubles)
    assert not file.write((), T0) and "roster" in troubles.sentences[0]
    (tmp_path / "file").unlink()
    assert file.write((), T0) and troubles.sentences == []


def test_a_pod_that_says_it_was_started_ever_so_often_costs_no_more_than_others() -> None:
    book = KnownPods()
    book.listed([])
    news = book.saw(cook("odd", 2**31, last=ended(1)))
    assert len(news) == MAX_RUNS + 1


STEPS = st.lists(
    st.tuples(
        st.integers(0, 3), st.sampled_from(["run", "die", "crash at once", "delete", "api dies", "api lives"])
    ),
    max_size=80,
)


@settings(max_examples=300)
@given(steps=STEPS)
def test_however_often_the_api_dies_each_death_that_can_be_known_is_told_once(
    steps: list[tuple[int, str]],
) -> None:
    """Pods live and die, with an API and without one. Whoever was ever seen alive is told to have died once,
    by that API or by a later one, and nobody who lives."""
    everybody = [TruePod(n) for n in range(2)]
    book, state, roster = KnownPods(), FleetState(), Roster("ours", T0)
    died: list[str] = []
    seen_alive: set[str] = set()

    def hear(news: list[Any]) -> None:
        nonlocal state
        for one in news:
            state, actions = decide(state, one, 0.0, POLICY, max)
            died.extend(action.slot.id or "" for action in actions if hasattr(action, "exit"))
        assert state.births - state.deaths == sum(slot.born for slot in state.slots)
        seen_alive.update(slot.id or "" for slot in state.slots if slot.born)

    def there() -> list[TruePod]:
        return [one for one in everybody if not one.gone]

    def begin() -> None:
        nonlocal book, state
        book, (state, _) = KnownPods(), decide(FleetState(), Open(), 0.0, POLICY, max)
        book.remember(roster)
        hear(book.listed([one.seen() for one in there()]))

    begin()
    alive = True
    for which, what in steps:
        if what == "api dies":
            roster, alive = Roster("ours", T0, workers_of(state)) if alive else roster, False
        elif what == "api lives" and not alive:
            alive = True
            begin()
        elif what.startswith("api"):
            continue
        elif which >= len(there()):
            everybody.append(TruePod(len(everybody)))
            if alive:
                hear(book.saw(everybody[-1].seen()))
        else:
            one = there()[which]
            one.step(what)
            if alive:
                hear(book.gone(one.seen().uid, one.seen()) if one.gone else book.saw(one.seen()))
    if not alive:
        begin()
    dead = set().union(*(one.dead for one in everybody))
    assert len(died) == len(set(died)), "none twice"
    assert set(died) <= dead, "and nobody who lives"
    assert seen_alive & dead <= set(died), "and nobody is forgotten"
    assert {slot.id for slot in state.slots if slot.born} == {
        f"{one.name}.{one.restarts}" for one in there() if one.running
    }


@pytest.mark.parametrize("state", [{"terminated": ended(1)}, RUNNING])
def test_an_end_with_an_api_has_no_word_of_none(state: dict[str, Any]) -> None:
    book = KnownPods()
    book.remember(Roster("ours", T0))
    book.listed([cook("a")])
    news = [*book.saw(cook("a", state=state)), *book.gone("uid-cooks-a", cook("a", state=state))]
    assert not any("API" in str(one) for one in news)
