"""The thread that asks for the kiosk's settings, totals and rounds, and has it reset.

It has a connection of its own: a reset verifies itself, which takes seconds, and must hold up nothing else.
"""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable

import httpx
from pydantic import ValidationError

from api_stub.schema import Kiosk, KioskReset, KioskTotals, PinVerdict, RoundTable
from game.actions import ResetKiosk, TryPin
from game.api_state.news import KioskResetDone, KioskSeen, News, PinJudged
from game.network.health_and_fleet import describe
from game.network.lenient_reading import read
from game.network.polling_rates import CONNECT_WITHIN, KIOSK_EVERY, RESET_WITHIN
from game.network.polling_thread import PollingThread, connect
from game.told_once import ToldOnce

log = logging.getLogger(__name__)

MOST_WAITING = 4


class KioskThread(PollingThread):
    """The thread. What is wanted may be said from the game's thread; that never waits."""

    def __init__(
        self, api: str, put: Callable[[News], None], transport: httpx.BaseTransport | None = None
    ) -> None:
        self._http = connect(api, transport)
        super().__init__("kiosk", self._http, self.step)
        self._put = put
        self._wanted: queue.Queue[ResetKiosk | TryPin] = queue.Queue(maxsize=MOST_WAITING)
        self._due = 0.0
        self._once = ToldOnce(log)

    def send(self, command: ResetKiosk | TryPin) -> bool:
        """Queue it; False where a few are waiting already."""
        try:
            self._wanted.put_nowait(command)
        except queue.Full:
            return False
        self.poke()
        return True

    def step(self) -> float:
        """Do what is wanted, or ask what is due; the seconds until there is something to ask."""
        try:
            wanted = self._wanted.get_nowait()
        except queue.Empty:
            if time.monotonic() >= self._due:
                self._ask()
                self._due = time.monotonic() + KIOSK_EVERY
            return max(0.0, self._due - time.monotonic())
        if isinstance(wanted, TryPin):
            self._try_pin(wanted.pin)
        else:
            self._reset()
        # The settings of the checkpoint that is in force now.
        self._due = 0.0
        return 0.0

    def _reset(self) -> None:
        within = httpx.Timeout(RESET_WITHIN, connect=CONNECT_WITHIN)
        try:
            answer = self._http.post("/kiosk/reset", timeout=within).raise_for_status()
            self._put(KioskResetDone(read(KioskReset, answer.content)))
        except (httpx.HTTPError, ValidationError) as error:
            self._put(KioskResetDone(None, describe(error)))
        except Exception as error:
            self._once.failed("POST /kiosk/reset", error)
            self._put(KioskResetDone(None, type(error).__name__))

    def _try_pin(self, pin: str) -> None:
        try:
            answer = self._http.post("/kiosk/pin", json={"pin": pin}).raise_for_status()
            self._put(PinJudged(read(PinVerdict, answer.content).right))
        except (httpx.HTTPError, ValidationError) as error:
            log.warning("the PIN could not be judged: %s", describe(error))
            self._put(PinJudged(None))

    def _ask(self) -> None:
        """Each by itself: one that an API lacks keeps none of the others from being told."""
        routes: dict[str, Callable[[bytes], KioskSeen]] = {
            "/kiosk": lambda body: KioskSeen(kiosk=read(Kiosk, body)),
            "/kiosk/totals": lambda body: KioskSeen(totals=read(KioskTotals, body)),
            "/kiosk/rounds": lambda body: KioskSeen(rounds=read(RoundTable, body)),
        }
        for path, told in routes.items():
            try:
                self._put(told(self._http.get(path).raise_for_status().content))
            except (httpx.HTTPError, ValidationError) as error:
                log.debug("%s: no answer: %r", path, error)
            except Exception as error:
                self._once.failed(f"GET {path}", error)
