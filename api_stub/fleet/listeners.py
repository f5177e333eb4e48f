"""Who wants to know of deaths and of the workers' hints; whatever one of them does, the others hear it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from api_stub.fleet.state import Exit, Slot
from api_stub.repeated_messages import RepeatedMessages
from worker.show.hints import Hint

logger = logging.getLogger(__name__)


class Listeners:
    """All listeners of one fleet."""

    def __init__(self) -> None:
        self.deaths: list[Callable[[Slot, Exit], None]] = []
        self.homes_gone: list[Callable[[str, float], None]] = []
        self.hints: list[Callable[[str, Hint], None]] = []
        self._seldom = RepeatedMessages()

    def died(self, slot: Slot, end: Exit) -> None:
        """Tell of a death: the slot as its worker left it, and how it ended."""
        logger.info("%s died: signal %s, status %s, cause %s", slot.id, end.signal, end.code, end.cause)
        for listener in self.deaths:
            try:
                listener(slot, end)
            except Exception:
                logger.exception("the death of %s could not be taken note of", slot.id)

    def home_gone(self, worker: str, at: float) -> None:
        """Tell that the home is gone which this worker, whose death was told, died in."""
        for listener in self.homes_gone:
            try:
                listener(worker, at)
            except Exception:
                logger.exception("that the home of %s is gone could not be taken note of", worker)

    def hinted(self, worker: str, hint: Hint) -> None:
        """Tell of what a worker told."""
        for listener in self.hints:
            try:
                listener(worker, hint)
            except Exception as error:
                if self._seldom.due(type(error).__name__):  # there may be hundreds of them a second
                    logger.exception("a hint of %s could not be taken note of", worker)
