"""A thread of the network: one thing again and again, over a connection of its own."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable

import httpx

from game.network.polling_rates import ANSWER_WITHIN, CONNECT_WITHIN, TROUBLE_PAUSE
from game.told_once import ToldOnce

log = logging.getLogger(__name__)

TIMEOUT = httpx.Timeout(ANSWER_WITHIN, connect=CONNECT_WITHIN)


def connect(api: str, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """A client of the API at that address; `transport` stands in for the network in tests."""
    # trust_env off: a proxy of the environment has no business between us and the loopback.
    # Without https no certificates are looked at: SSLKEYLOGFILE may name what cannot be written.
    verify = api.lower().startswith("https:")
    return httpx.Client(base_url=api, timeout=TIMEOUT, transport=transport, trust_env=False, verify=verify)


class PollingThread:
    """Calls `step` until `stop`; it returns the seconds to wait for the next time, which `poke` cuts short.
    What `step` raises is told once and does not end the thread. The client is closed at the end.
    """

    def __init__(self, name: str, client: httpx.Client, step: Callable[[], float]) -> None:
        self._client = client
        self._name = name
        self._step = step
        self._told = ToldOnce(log)
        self._ending = threading.Event()
        self._poked = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; does not wait for a request that is under way."""
        self._ending.set()
        self._poked.set()

    def poke(self) -> None:
        """There is something to do now."""
        self._poked.set()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                wait = self._step()
            except Exception as error:
                self._told.failed(f"the thread {self._name!r}", error)
                # Whoever pokes meanwhile does not make it fail more often.
                self._ending.wait(TROUBLE_PAUSE)
                wait = 0.0
            self._poked.wait(wait)
            self._poked.clear()
        with contextlib.suppress(Exception):
            self._client.close()
