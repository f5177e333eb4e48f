"""What has been told of which Pod; pure. A list or a single record goes in, and what is new comes out: each
birth and each death once, whatever was missed between."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from api_stub.fleet.events import Adopted, End, HomeGone, HostNews, RunEnded, Seen, Vacated, Waits
from api_stub.fleet.kubernetes.pods import Pod, as_known
from api_stub.fleet.kubernetes.reasons import end_of_pod, end_of_run, pause, trouble, unwatched
from api_stub.fleet.roster import Roster
from api_stub.schema import ExitCause

MAX_PODS = 500
MAX_GONE = 1000
MAX_LEFT_OUT = 2000
MAX_RUNS = 100
"""Of one Pod's runs that were missed, so many are told: the newest."""


@dataclass
class _Known:
    pod: Pod
    ended: int = -1
    ready_run: int = -1
    told: HostNews | None = None
    asked: bool = False
    """We have asked for its deletion."""
    cause: ExitCause | None = None
    """Why an earlier API was having it taken away; None: it was not."""


@dataclass(frozen=True)
class _Gap:
    """What a list tells of was not seen as it happened, but some time after `since`. `api`: there was no API
    to see it; else Kubernetes could not be heard."""

    since: datetime
    api: bool

    def of(self, end: End) -> End:
        """This end, as one in the gap."""
        return replace(unwatched(end) if self.api else end, unseen_since=self.since)


class KnownPods:
    """The Pods that are there, by uid, which is the home's name. The first list is of those that were there
    before: they are adopted, and what they went through earlier is nobody's news."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._gone: OrderedDict[str, None] = OrderedDict()
        self._leaving: OrderedDict[str, str] = OrderedDict()
        """Pods that were being taken away when the last worker in them ended, and which worker that was."""
        self._listed = False
        self._before: Roster | None = None
        self._gap: _Gap | None = None
        self._left_out: dict[str, Pod] = {}

    @property
    def left_out(self) -> int:
        """How many Pods there are that there is no room for."""
        return len(self._left_out)

    def pod(self, uid: str) -> Pod | None:
        """The Pod of this uid, if it is there, and ours."""
        known = self._known.get(uid)
        return known.pod if known is not None else None

    def asked(self, uid: str, asked: bool = True) -> None:
        """Note that its deletion was asked for by us, or that this failed."""
        if (known := self._known.get(uid)) is not None:
            known.asked = asked

    def remember(self, before: Roster | None) -> None:
        """What an earlier API knew; the first list tells what became of them since."""
        self._before = before

    def listed(self, pods: Iterable[Pod], gap_since: datetime | None = None) -> list[HostNews]:
        """Everything that there is now. `gap_since`: what is new came unseen, at some time after that; None:
        it came just now."""
        there = {pod.uid: pod for pod in pods}
        first, self._listed = not self._listed, True
        news: list[HostNews] = []
        if first and self._before is not None:
            gap_since = self._before.at
            news += self._recalled(self._before, there)
        with self._in_gap(gap_since, api=first):
            for uid in [uid for uid in self._known if uid not in there]:
                news += self._vanished(uid, missed=True)
            for uid in [uid for uid in self._leaving if uid not in there]:
                news += self._left_nothing(uid)
            self._left_out = {uid: pod for uid, pod in self._left_out.items() if uid in there}
            for pod in there.values():
                news += self._saw(pod, adopt=first)
        return news + self._taken_in()

    def _recalled(self, before: Roster, there: Mapping[str, Pod]) -> list[HostNews]:
        """Those that an earlier API knew, as it knew them. Runs only go up: where a Pod's record is behind
        what was written down, that is wrong, and forgotten."""
        news: list[HostNews] = []
        for one in before.workers:
            stub = as_known(one.name.rpartition(".")[0], one.home, one.run - (not one.over))
            if one.home in there and there[one.home].ended < stub.ended:
                continue
            self._known[one.home] = _Known(stub, stub.ended, asked=one.cause == "player", cause=one.cause)
            if one.over:
                news.append(Waits(one.home, one.run, None, slot=one.slot))
            else:
                news.append(Adopted(Seen(one.home, one.name, one.run, born=one.born), one.slot))
        return news

    def saw(self, pod: Pod, gap_since: datetime | None = None) -> list[HostNews]:
        """A Pod as it is now. `gap_since`: see `listed`."""
        with self._in_gap(gap_since):
            return self._saw(pod) + self._taken_in()

    @contextlib.contextmanager
    def _in_gap(self, since: datetime | None, api: bool = False) -> Iterator[None]:
        """What is told within this came unseen, after that time; None: it came just now."""
        self._gap = None if since is None else _Gap(since, api)
        try:
            yield
        finally:
            self._gap = None

    def _taken_in(self) -> list[HostNews]:
        """Of those that were left out, as many as there is room for now."""
        news: list[HostNews] = []
        while self._left_out and len(self._known) < MAX_PODS:
            news += self._saw(self._left_out.pop(next(iter(self._left_out))))
        return news

    def _saw(self, pod: Pod, adopt: bool = False) -> list[HostNews]:
        if pod.uid in self._gone:
            return []
        known = self._known.get(pod.uid)
        if known is None:
            if adopt and pod.over:
                self._forget(pod.uid)
                return []
            if len(self._known) >= MAX_PODS:
                if len(self._left_out) < MAX_LEFT_OUT or pod.uid in self._left_out:
                    self._left_out[pod.uid] = pod
                return []
            known = self._known[pod.uid] = _Known(pod, pod.ended if adopt else -1)
        elif pod.ended < known.ended:
            return []  # what was so earlier
        known.pod = pod
        news: list[HostNews] = []
        for run in range(max(known.ended, pod.ended - MAX_RUNS) + 1, pod.ended + 1):
            how = pod.last if run == pod.ended else None
            end = end_of_run(how, removed=pod.deleting)
            if pod.over and run == pod.ended and end.reason is None:
                # The node ended the whole Pod; of the container it tells no more than a signal.
                end = replace(end, reason=end_of_pod(pod, known.asked).reason, removed=True)
            news.append(RunEnded(pod.uid, pod.named(run), run, self._as_seen(end)))
            if run == pod.ended and (pod.over or pod.deleting):
                self._leaves(pod)
        known.ended = max(known.ended, pod.ended)
        if pod.over:
            self._forget(pod.uid)
            return [*news, Vacated(pod.uid, self._end_of(known))]
        now = self._now(pod, known)
        if now != known.told:
            known.told = now
            news.append(Adopted(now) if adopt and isinstance(now, Seen) else now)
        return news

    @staticmethod
    def _now(pod: Pod, known: _Known) -> Seen | Waits:
        if pod.run is None:
            reason, for_s = pause(pod)
            return Waits(pod.uid, pod.ended, reason, for_s)
        was_ready = known.ready_run == pod.run
        if pod.ready:
            known.ready_run = pod.run
        return Seen(
            home=pod.uid,
            name=pod.named(pod.run),
            run=pod.run,
            born=pod.doing == "running",
            ready=pod.ready,
            ending=pod.deleting,
            trouble=trouble(pod, was_ready),
        )

    def gone(self, uid: str, pod: Pod | None, gap_since: datetime | None = None) -> list[HostNews]:
        """The Pod is gone; this is how it was in the end. None: it is none of ours any more. `gap_since`: see
        `listed`."""
        with self._in_gap(gap_since):
            if uid in self._gone:
                return self._left_nothing(uid)
            news = self._saw(pod) if pod is not None else []
            return news + self._vanished(uid) + self._left_nothing(uid) + self._taken_in()

    def _leaves(self, pod: Pod) -> None:
        """Its last worker has ended, and it will be gone itself."""
        self._leaving[pod.uid] = pod.named(pod.ended)
        while len(self._leaving) > MAX_GONE:
            self._leaving.popitem(last=False)

    def _left_nothing(self, uid: str) -> list[HostNews]:
        """The Pod is gone. What was found out after a gap happened at a time that nobody knows."""
        worker = self._leaving.pop(uid, None)
        return [HomeGone(uid, worker)] if worker is not None and self._gap is None else []

    def _vanished(self, uid: str, missed: bool = False) -> list[HostNews]:
        known = self._known.get(uid)
        self._forget(uid)
        return [] if known is None else [Vacated(uid, self._end_of(known, missed))]

    def _end_of(self, known: _Known, missed: bool = False) -> End:
        """The end of whatever still lived in a Pod that is gone, or over."""
        return self._as_seen(replace(end_of_pod(known.pod, known.asked, missed), cause=known.cause))

    def _as_seen(self, end: End) -> End:
        return end if self._gap is None else self._gap.of(end)

    def _forget(self, uid: str) -> None:
        self._known.pop(uid, None)
        self._left_out.pop(uid, None)
        self._gone[uid] = None
        while len(self._gone) > MAX_GONE:
            self._gone.popitem(last=False)
