"""The network: one thread between the game and the API, with a bounded queue each way.

The frame only ever puts a command into `commands` and takes news out of `news`; neither waits. The thread
asks for the fleet ten times a second, for the orders as often as their number allows, and for the rest
now and then. While the API is away it keeps asking, more slowly, and keeps new orders for half a minute.
"""

from __future__ import annotations

import logging
import queue
import threading
import time

import httpx
from pydantic import ValidationError

from game.commands import (
    Command,
    StreamOrders,
)
from game.follower import Follower
from game.news import ApiAway, News, Said
from game.sender import TIMEOUT, Sender
from game.snapshot import FINAL

log = logging.getLogger(__name__)

FLEET_EVERY = 0.1
HEALTH_EVERY = 2.0
AWAY_PAUSE = 0.4


def orders_every(followed: int) -> float:
    """Seconds between two looks at the orders: four a second up to 100, then ever less often."""
    return 0.25 if followed <= 100 else min(2.0, 0.25 * followed / 100)


class Net:
    """The thread and its queues."""

    def __init__(
        self, api: str, everything: bool = False, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.news: queue.Queue[News] = queue.Queue(maxsize=400)
        self.commands: queue.Queue[Command] = queue.Queue(maxsize=100)
        self._ending = threading.Event()
        # trust_env off: a proxy of the environment has no business between us and the loopback.
        self._client = httpx.Client(base_url=api, timeout=TIMEOUT, transport=transport, trust_env=False)
        self.follower = Follower(self._client, self.put, everything)
        self._sender = Sender(api, self.put, self.follower.streamed, transport)
        self._thread = threading.Thread(target=self._run, name="net", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self._sender.start()

    def stop(self) -> None:
        """End; does not wait for a request that is under way."""
        self._ending.set()
        self._sender.stop()

    def send(self, command: Command) -> bool:
        """Queue a command; False (and nothing sent) where a hundred are waiting already."""
        if isinstance(command, StreamOrders):
            return self._sender.send(command.orders)
        try:
            self.commands.put_nowait(command)
        except queue.Full:
            return False
        return True

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
            self.follower.carry_out(command)
        except (httpx.HTTPError, ValidationError) as error:
            log.debug("command not answered: %r", error)
            if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                self.put(Said("The API is away: nothing was done."))
            else:
                self.put(Said(f"The API has not said whether that was done: {describe(error)}."))

    def _run(self) -> None:
        due = {"health": 0.0, "fleet": 0.0, "orders": 0.0}
        follower = self.follower
        while not self._ending.is_set():
            wait = max(0.0, min(due.values()) - time.monotonic())
            try:
                self._command(self.commands.get(timeout=wait) if wait > 0 else self.commands.get_nowait())
                due["fleet"] = 0.0
                continue
            except queue.Empty:
                pass
            now = time.monotonic()
            try:
                if now >= due["health"]:
                    follower.health()
                    due["health"] = time.monotonic() + HEALTH_EVERY
                if follower.pending:
                    follower.retry_places()
                if now >= due["fleet"]:
                    follower.fleet()
                    due["fleet"] = time.monotonic() + FLEET_EVERY
                if now >= due["orders"]:
                    follower.follow()
                    follower.discover()
                    follower.forget()
                    due["orders"] = time.monotonic() + orders_every(
                        sum(1 for o in follower.orders.values() if o.status not in FINAL)
                    )
            except (httpx.HTTPError, ValidationError) as error:
                log.debug("no answer: %r", error)
                self.put(ApiAway(describe(error)))
                for name in due:
                    due[name] = max(due[name], time.monotonic() + AWAY_PAUSE)
                if follower.pending:
                    follower.retry_places()
        self._client.close()


def describe(error: Exception) -> str:
    """Why the API counts as away, in a few words."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return "nobody answers there"
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx.HTTPStatusError):
        return f"it answers {error.response.status_code}"
    if isinstance(error, ValidationError):
        return "it answers something else"
    return type(error).__name__
