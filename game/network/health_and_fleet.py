"""Whether the API is there, what it is, and who works: what everything else on screen hangs on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import httpx
from pydantic import ValidationError

from api_stub.schema import Checkpoint, Health, Menu
from game.api_state.news import FleetSeen, News, WorldSeen
from game.network.api_clock import ApiClock
from game.network.lenient_reading import M, fleet_of, read, told


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


@dataclass
class HealthAndFleet:
    """Asks over `client`, which must have the API's base URL; what was answered is told by `put`."""

    client: httpx.Client
    put: Callable[[News], None]
    clock: ApiClock = field(default_factory=ApiClock)
    """The API's clock, which every answer here sets right."""
    monotonic: Callable[[], float] = time.monotonic
    since: datetime | None = None
    """The API's own time at its first answer; to the second, so that nothing of that second is missed."""
    ui: str | None = None
    namespace: str = "default"
    checkpoint: str | None = None
    has_menu: bool = False

    def health(self) -> None:
        """Ask how everything is; note the API's own time at the first answer."""
        response = self._get("/healthz")
        if self.since is None:
            self.since = self.clock.date or self.clock.ago(self.monotonic())
        try:
            health = read(Health, response.content)
        except ValidationError:
            if not response.is_success:
                raise
            # Whether the API is there is for the other answers to say then.
            told.left_out("/healthz", "its answer cannot be read")
            return
        self.ui, self.namespace = health.temporal.ui, health.temporal.namespace
        checkpoint = menu = None
        if health.checkpoint != self.checkpoint:
            checkpoint = self._asked("/checkpoint", Checkpoint)
            if checkpoint is not None:
                self.checkpoint = health.checkpoint
        if not self.has_menu:
            menu = self._asked("/menu", Menu)
            self.has_menu = menu is not None
        self.put(WorldSeen(health, checkpoint, menu))

    def _asked(self, path: str, model: type[M]) -> M | None:
        """The answer of another route; None: it has none that can be read. What is known stands then."""
        answer = self._get(path)
        if not answer.is_success:
            return None
        try:
            return read(model, answer.content)
        except ValidationError:
            told.left_out(path, "its answer cannot be read")
            return None

    def fleet(self) -> None:
        """Ask who works."""
        self.put(FleetSeen(fleet_of(self._get("/fleet").raise_for_status().content)))

    def _get(self, path: str) -> httpx.Response:
        """An answer, by whose date the API's clock is known."""
        sent = self.monotonic()
        response = self.client.get(path)
        self.clock.heard(response.headers.get("date"), sent)
        return response
