"""The thread that asks what the system proves about itself, so that slow answers hold up nothing else.

Audit, receipts, the checkpoint's state, the challenge, and the statistics while somebody looks at them.
A route that an older API lacks is left alone for a minute: what it would tell is simply not shown.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from api_stub.schema import Audit, Challenge, Checkpoint, CheckpointList, HeartbeatTimeout, Receipt, Stats
from game.api_state.death_moments import still_to_go
from game.api_state.news import HistorySeen, News, RecordsSeen
from game.api_state.receipts import waits
from game.api_state.snapshot import KEPT_RECEIPTS, KEPT_TIMEOUTS
from game.network.lenient_reading import events_of, read, receipts_of, timeouts_of
from game.network.polling_rates import (
    ASK_LACKING_AGAIN,
    AUDIT_AGAIN,
    AUDIT_LATER,
    POD_GOES_WITHIN,
    RECORDS_EVERY,
)
from game.network.polling_thread import PollingThread, connect
from game.told_once import ToldOnce

log = logging.getLogger(__name__)

LACKING = frozenset({404, 405})

WatchedOrder = tuple[str, object]
"""The order whose card is open, and something that is different when the order is."""


@dataclass
class RecordsPoller:
    """What is asked when, and how: everything but the waiting. `clock` is monotonic, in seconds."""

    client: httpx.Client
    put: Callable[[News], None]
    clock: Callable[[], float] = time.monotonic
    stats_wanted: bool = False
    has_bug: bool = False
    due: dict[str, float] = field(default_factory=lambda: dict.fromkeys(RECORDS_EVERY, 0.0))
    unsettled: dict[int, None] = field(default_factory=dict)
    """Numbers of the newest receipts with orders that nobody has taken over yet."""
    pods_to_go: dict[int, float] = field(default_factory=dict)
    """Numbers of receipts whose Pods are still to go, and since when that is known, by the clock."""
    newest: int = 0
    receipts_told: bool = False
    """Whether this API has told of its receipts, even that there are none."""
    unheard_open: dict[int, None] = field(default_factory=dict)
    """Numbers of the newest false time-outs after which nobody goes on yet."""
    unheard_newest: int = 0
    instance: str = ""
    """Which API was asked last."""
    instance_wanted: str = ""
    """Which API there is now, as the fleet's answers name it; set by any thread."""
    orders_seen: object = None
    """Another one whenever orders came or went; set by any thread."""
    orders_counted: object = None
    """What of that an audit is asked for, or was."""
    audit_at: float = -AUDIT_AGAIN
    """When an audit was asked for last, by the clock."""
    history_wanted: WatchedOrder | None = None
    history_known: WatchedOrder | None = None
    told: ToldOnce = field(default_factory=lambda: ToldOnce(log))

    def wanted(self, what: str) -> bool:
        """Whether anybody needs this now."""
        if what == "history":
            return self.history_wanted is not None and self.history_wanted != self.history_known
        return (what != "stats" or self.stats_wanted) and (what != "challenge" or self.has_bug)

    @property
    def after(self) -> int:
        """Receipts with higher numbers than this may be news."""
        return min([self.newest, *(n - 1 for n in self.unsettled)])

    @property
    def unheard_after(self) -> int:
        """As much for false time-outs."""
        return min([self.unheard_newest, *(n - 1 for n in self.unheard_open)])

    def begin_anew(self) -> None:
        """There is another API, or may be: it may number receipts anew, and numbers time-outs from 1."""
        self.newest = self.unheard_newest = 0
        self.receipts_told = False
        self.unsettled.clear()
        self.pods_to_go.clear()
        self.unheard_open.clear()
        # Each route may be another one's: what was lacking is asked for again, too.
        self.due = dict.fromkeys(RECORDS_EVERY, self.clock())
        self.history_known = None

    def ask_due(self) -> None:
        """Ask for all that is due; an answer that does not come is simply no news."""
        if self.instance != self.instance_wanted:
            self.instance = self.instance_wanted
            self.begin_anew()
        self._mind_orders()
        for what, when in list(self.due.items()):
            if self.clock() < when or not self.wanted(what):
                continue
            wait = RECORDS_EVERY[what]
            try:
                wait = self._ask(what)
            except httpx.ConnectError:
                # The next one there may be another API, with another state, that numbers receipts anew.
                self.begin_anew()
                self.due = dict.fromkeys(RECORDS_EVERY, self.clock() + wait)
                return
            except (httpx.HTTPError, ValidationError) as error:
                log.debug("%s: no answer: %r", what, error)
            except Exception as error:
                # One kind of question must not stop the others.
                self.told.failed(f"GET /{what}", error)
            self.due[what] = self.clock() + wait

    def _mind_orders(self) -> None:
        """Have an audit soon where orders came or went: the figures on screen are the audit's."""
        if self.orders_seen != self.orders_counted:
            self.orders_counted = self.orders_seen
            soon = max(self.audit_at + AUDIT_AGAIN, self.clock() + AUDIT_LATER)
            self.due["audit"] = min(self.due["audit"], soon)

    def _ask(self, what: str) -> float:
        if what == "history":
            return self._history()
        if what == "audit":
            self.audit_at = self.clock()
        after = {"receipts": self.after, "timeouts": self.unheard_after}.get(what)
        params = {"after": after} if after is not None else None
        response = self.client.get(f"/{what}", params=params)
        if response.status_code in LACKING:
            return ASK_LACKING_AGAIN
        body = response.raise_for_status().content
        if what == "audit":
            self.put(RecordsSeen(audit=read(Audit, body)))
        elif what == "stats":
            self.put(RecordsSeen(stats=read(Stats, body)))
        elif what == "challenge":
            self.put(RecordsSeen(challenge=read(Challenge, body)))
        elif what == "checkpoint":
            checkpoint = read(Checkpoint, body)
            self.has_bug = checkpoint.bug is not None
            self.put(RecordsSeen(checkpoint=checkpoint))
        elif what == "checkpoints":
            self.put(RecordsSeen(checkpoints=read(CheckpointList, body)))
        elif what == "timeouts":
            self._timeouts(timeouts_of(body))
        else:
            self._receipts(receipts_of(body))
        return RECORDS_EVERY[what]

    def _history(self) -> float:
        wanted = self.history_wanted
        if wanted is None:
            return 0.0
        response = self.client.get(f"/orders/{quote(wanted[0], safe='')}/history")
        if response.status_code not in LACKING:
            events = events_of(response.raise_for_status().content)
            self.put(HistorySeen(wanted[0], tuple(events)))
        self.history_known = wanted
        return RECORDS_EVERY["history"]

    def _receipts(self, told: list[Receipt]) -> None:
        for receipt in told:
            self.newest = max(self.newest, receipt.n)
            self.unsettled.pop(receipt.n, None)
            if any(map(waits, receipt.orders)) or self._pod_to_go(receipt):
                self.unsettled[receipt.n] = None
        for n in sorted(self.unsettled)[:-KEPT_RECEIPTS]:
            del self.unsettled[n]
        if told or not self.receipts_told:
            self.receipts_told = True
            self.put(RecordsSeen(receipts=tuple(told), listed=True))

    def _pod_to_go(self, receipt: Receipt) -> bool:
        """Whether it will soon be told that its Pod is gone; not for ever, for nobody may have seen that."""
        if not still_to_go(receipt):
            self.pods_to_go.pop(receipt.n, None)
            return False
        since = self.pods_to_go.setdefault(receipt.n, self.clock())
        while len(self.pods_to_go) > KEPT_RECEIPTS:
            del self.pods_to_go[next(iter(self.pods_to_go))]
        return self.clock() - since < POD_GOES_WITHIN

    def _timeouts(self, told: list[HeartbeatTimeout]) -> None:
        for one in told:
            self.unheard_newest = max(self.unheard_newest, one.n)
            self.unheard_open.pop(one.n, None)
            if one.to is None:
                self.unheard_open[one.n] = None
        for n in sorted(self.unheard_open)[:-KEPT_TIMEOUTS]:
            del self.unheard_open[n]
        if told:
            self.put(RecordsSeen(timeouts=tuple(told)))

    @property
    def wait(self) -> float:
        """Seconds until the next question."""
        return max(0.0, min(when for what, when in self.due.items() if self.wanted(what)) - self.clock())


class RecordsThread(PollingThread):
    """The thread. What is wanted may be said from the game's thread; that never waits."""

    def __init__(
        self, api: str, put: Callable[[News], None], transport: httpx.BaseTransport | None = None
    ) -> None:
        client = connect(api, transport)
        super().__init__("watch", client, self._ask)
        self.watcher = RecordsPoller(client, put)

    def want_stats(self, wanted: bool) -> None:
        """Whether somebody looks at the statistics."""
        if self.watcher.stats_wanted != wanted:
            self.watcher.stats_wanted = wanted
            self.poke()

    def know_orders(self, seen: object) -> None:
        """Anything that is another one whenever orders came or went: an audit is asked for soon."""
        if self.watcher.orders_seen != seen:
            self.watcher.orders_seen = seen
            self.poke()

    def know_api(self, instance: str) -> None:
        """Which API there is, as the fleet's answers name it: another one is asked for everything anew."""
        if self.watcher.instance_wanted != instance:
            self.watcher.instance_wanted = instance
            self.poke()

    def want_history(self, card: WatchedOrder | None) -> None:
        """Whose card is open, if any; asked for once, and again whenever the second part differs."""
        if self.watcher.history_wanted != card:
            self.watcher.history_wanted = card
            self.poke()

    def _ask(self) -> float:
        self.watcher.ask_due()
        return min(self.watcher.wait, 0.5)
