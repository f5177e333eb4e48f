"""The network: threads between the game and the API, with a bounded queue each way.

The frame only ever puts a command into `commands` and takes news out of `news`; neither waits. The thread
here asks for the fleet ten times a second and carries out what a person wants. Orders take longer and have
threads of their own: one follows them (`order_tracking`), one offers a person's (`order_placing`), one the
stream's (`order_sending`). While the API is away all of them keep asking, more slowly.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time

import httpx
from pydantic import ValidationError

from game.actions import Command, PlaceOrder, ResetKiosk, StreamOrders, TryPin
from game.api_state.news import ApiAway, News, Said
from game.network.api_actions import ApiActions, OutsidePrograms, nothing_outside
from game.network.api_clock import ApiClock
from game.network.failures_and_rounds_polling import FailuresAndRoundsThread
from game.network.health_and_fleet import HealthAndFleet, describe
from game.network.kiosk_calls import KioskThread
from game.network.order_placing import OrderPlacingThread
from game.network.order_sending import StreamSendingThread
from game.network.order_tracking import OrderTrackingThread
from game.network.polling_rates import AWAY_PAUSE, FLEET_EVERY, HEALTH_EVERY, TROUBLE_PAUSE
from game.network.polling_thread import PollingThread, connect
from game.told_once import ToldOnce

log = logging.getLogger(__name__)


class Network:
    """The threads and the queues."""

    def __init__(
        self,
        api: str,
        everything: bool = False,
        transport: httpx.BaseTransport | None = None,
        outside: OutsidePrograms | None = None,
        kiosk: bool = False,
    ) -> None:
        """`outside`: what opens a page or a file for a person; None: nothing does. `kiosk`: its settings,
        totals and rounds are asked for, too.
        """
        self.news: queue.Queue[News] = queue.Queue(maxsize=400)
        self.commands: queue.Queue[Command] = queue.Queue(maxsize=100)
        self._ending = threading.Event()
        self._told = ToldOnce(log)
        self._client = connect(api, transport)
        self.clock = ApiClock()
        self.order_tracking = OrderTrackingThread(api, self.put, everything, transport, self.clock)
        placed = self.order_tracking.tracker.placed
        self._health = HealthAndFleet(self._client, self.put, self.clock)
        self._actions = ApiActions(self._client, self.put, outside or nothing_outside())
        self._placing = OrderPlacingThread(api, self.put, placed, transport)
        self._stream = StreamSendingThread(api, self.put, placed, transport)
        self._kiosk = KioskThread(api, self.put, transport) if kiosk else None
        self.failures_and_rounds = FailuresAndRoundsThread(api, self.put, transport)
        others = (self._placing, self._stream, self.failures_and_rounds)
        self._threads: tuple[PollingThread, ...] = (self.order_tracking, *others)
        if self._kiosk is not None:
            self._threads += (self._kiosk,)
        self._thread = threading.Thread(target=self._run, name="net", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End; does not wait for a request that is under way."""
        self._ending.set()
        for thread in self._threads:
            thread.stop()

    @property
    def alive(self) -> bool:
        """Whether any of the threads runs."""
        return self._thread.is_alive() or any(thread.alive for thread in self._threads)

    def send(self, command: Command) -> bool:
        """Queue a command; False (and nothing sent) where a hundred are waiting already."""
        if isinstance(command, StreamOrders):
            return self._stream.send(command.orders)
        if isinstance(command, PlaceOrder):
            return self._placing.place(command)
        if isinstance(command, ResetKiosk | TryPin):
            return self._kiosk is not None and self._kiosk.send(command)
        try:
            self.commands.put_nowait(command)
        except queue.Full:
            return False
        return True

    def want_failures_and_rounds(self, failures: bool, rounds: bool) -> None:
        """Whether somebody looks at the failures, and whether a round or its table is shown; never waits."""
        self.failures_and_rounds.want(failures, rounds)

    def drain(self) -> list[News]:
        """All news that have come in; never waits."""
        found: list[News] = []
        while len(found) < 400:
            try:
                found.append(self.news.get_nowait())
            except queue.Empty:
                break
        return found

    def put(self, news: News) -> None:
        """Hand over news from any thread; waits while the game is behind, until the end."""
        while not self._ending.is_set():
            try:
                self.news.put(news, timeout=0.2)
                return
            except queue.Full:
                continue

    def _command(self, command: Command) -> None:
        try:
            self._actions.run(command, self._health.ui, self._health.namespace)
        except (httpx.HTTPError, ValidationError) as error:
            log.debug("command not answered: %r", error)
            if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                self.put(Said("The API is away: nothing was done."))
            else:
                self.put(Said(f"The API has not said whether that was done: {describe(error)}."))
        except Exception as error:
            self._told.failed(type(command).__name__, error)
            self.put(Said(f"That could not be done: {type(error).__name__}."))

    def _run(self) -> None:
        due = {"health": 0.0, "fleet": 0.0}
        while not self._ending.is_set():
            try:
                self._turn(due)
            except Exception as error:
                self._told.failed("the thread 'net'", error)
                for name in due:
                    due[name] = max(due[name], time.monotonic() + TROUBLE_PAUSE)
        with contextlib.suppress(Exception):
            self._client.close()

    def _turn(self, due: dict[str, float]) -> None:
        """Wait for a command, carry it out, or ask for what is due; `due` are moments of the clock."""
        wait = max(0.0, min(due.values()) - time.monotonic())
        try:
            self._command(self.commands.get(timeout=wait) if wait > 0 else self.commands.get_nowait())
            due["fleet"] = 0.0
            return
        except queue.Empty:
            pass
        now = time.monotonic()
        try:
            if now >= due["health"]:
                self._health.health()
                self.order_tracking.begin_at(self._health.since)
                due["health"] = time.monotonic() + HEALTH_EVERY
            if now >= due["fleet"]:
                self._health.fleet()
                due["fleet"] = time.monotonic() + FLEET_EVERY
        except (httpx.HTTPError, ValidationError) as error:
            log.debug("no answer: %r", error)
            self.put(ApiAway(describe(error)))
            for name in due:
                due[name] = max(due[name], time.monotonic() + AWAY_PAUSE)
