"""Failures and rounds: asked for while somebody looks at them, done where somebody wants them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
from pydantic import TypeAdapter, ValidationError

from api_stub.schema import FailureMenu, FailureRecord, Round, RoundTable
from game.actions import DoFailure, FinishRound, StartRound
from game.api_state.failures_and_rounds import KEPT_RECORDS, ExhibitNews, FailuresSeen, RoundsSeen
from game.api_state.news import News, Said
from game.network.lenient_reading import fit, read, told
from game.network.order_sending import reason
from game.network.polling_rates import ASK_LACKING_AGAIN, EXHIBIT_EVERY, IDLE
from game.network.polling_thread import PollingThread, connect

log = logging.getLogger(__name__)

LACKING = frozenset({404, 405})
OF_FAILURES = ("failures", "failures/log")
OF_ROUNDS = "kiosk/rounds"
_ANYTHING = TypeAdapter(list[object])

ExhibitCommand = DoFailure | StartRound | FinishRound


def records_of(content: bytes) -> list[FailureRecord]:
    """The records of a body; those that do not fit are left out."""
    found = []
    for entry in _ANYTHING.validate_json(content)[-KEPT_RECORDS:]:
        try:
            found.append(fit(FailureRecord, entry))
        except ValidationError as error:
            told.left_out("failure record", f"left out: {error.errors()[0]['msg']}")
    return found


@dataclass
class FailuresAndRoundsPoller:
    """What is asked when: everything but the waiting. `clock` is monotonic, in seconds."""

    client: httpx.Client
    put: Callable[[News], None]
    clock: Callable[[], float] = time.monotonic
    failures: bool = False
    """Whether somebody looks at the failures; set by any thread."""
    rounds: bool = False
    """Whether a round is on, or its table is looked at; set by any thread."""
    due: dict[str, float] = field(default_factory=lambda: dict.fromkeys(EXHIBIT_EVERY, 0.0))
    after: int = 0
    """Records with higher numbers may be news: those that are not over are asked for again."""

    def wanted(self, what: str) -> bool:
        """Whether anybody needs this now."""
        return self.failures if what in OF_FAILURES else self.rounds

    def ask_due(self) -> float:
        """Ask for what is due; seconds until the next question."""
        for what, when in self.due.items():
            if self.wanted(what) and self.clock() >= when:
                wait = EXHIBIT_EVERY[what]
                try:
                    wait = self._ask(what)
                except (httpx.HTTPError, ValidationError) as error:
                    log.debug("%s: no answer: %r", what, error)
                self.due[what] = self.clock() + wait
        waits = [when - self.clock() for what, when in self.due.items() if self.wanted(what)]
        return max(0.0, min([IDLE, *waits]))

    def _ask(self, what: str) -> float:
        response = self.client.get(
            f"/{what}", params={"after": self.after} if what == OF_FAILURES[1] else None
        )
        lacking = response.status_code in LACKING
        if what == OF_ROUNDS:
            if not lacking:
                self.put(RoundsSeen(table=read(RoundTable, response.raise_for_status().content)))
            return ASK_LACKING_AGAIN if lacking else EXHIBIT_EVERY[what]
        if lacking:
            self.put(FailuresSeen(lacking=True))
            return ASK_LACKING_AGAIN
        body = response.raise_for_status().content
        if what == "failures":
            self.put(FailuresSeen(menu=read(FailureMenu, body)))
        elif records := records_of(body):
            on = [one.n for one in records if one.state == "running"]
            self.after = min([max(one.n for one in records), *(n - 1 for n in on)])
            self.put(FailuresSeen(records=tuple(records)))
        return EXHIBIT_EVERY[what]


class FailuresAndRoundsThread(PollingThread):
    """The thread. What is wanted may be said from the game's thread; that never waits."""

    def __init__(
        self, api: str, put: Callable[[News], None], transport: httpx.BaseTransport | None = None
    ) -> None:
        client = connect(api, transport)
        self.poller = FailuresAndRoundsPoller(client, put)
        super().__init__("failures and rounds", client, self.poller.ask_due)

    def want(self, failures: bool, rounds: bool) -> None:
        """What somebody looks at now. Whoever begins to look is told all at once."""
        poller = self.poller
        if (poller.failures, poller.rounds) == (failures, rounds):
            return
        begun = failures and not poller.failures, rounds and not poller.rounds
        for what in poller.due:
            if begun[what not in OF_FAILURES]:
                poller.due[what] = 0.0
        poller.failures, poller.rounds = failures, rounds
        self.poke()


def run(client: httpx.Client, put: Callable[[News], None], command: ExhibitCommand) -> None:
    """Have it done, and tell what came of it. Raises httpx.TransportError where the API is away."""
    if isinstance(command, DoFailure):
        response = client.post(f"/failures/{command.failure}", json={})
        if response.is_success:
            put(FailuresSeen(records=(read(FailureRecord, response.content),)))
        else:
            put(Said(reason(response)))
    elif isinstance(command, StartRound):
        put(_started(client))
    else:
        response = client.post(f"/kiosk/rounds/{command.n}/finish", json={"name": command.name})
        if response.is_success:
            put(RoundsSeen(named=read(Round, response.content)))
        else:
            put(RoundsSeen(refused=reason(response)))


def _started(client: httpx.Client) -> ExhibitNews:
    """What came of a start; a round that is on already is joined."""
    response = client.post("/kiosk/rounds", json={})
    if response.is_success:
        return RoundsSeen(started=read(Round, response.content))
    if response.status_code in LACKING:
        return RoundsSeen(lacking=True)
    if response.status_code == 409:
        table = read(RoundTable, client.get("/kiosk/rounds").raise_for_status().content)
        if table.current is not None and table.current.state == "running":
            return RoundsSeen(started=table.current)
    return RoundsSeen(not_started=reason(response))
