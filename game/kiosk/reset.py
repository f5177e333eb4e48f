"""The reset between two visitors: asked of the API, looked at, told in the log, and tried until it is done.
Pure: time and answers go in, what is to be sent comes back. It begins when a visitor is taken for gone:
`visitor_presence.py` decides that. What the API does of it: `api_stub/kiosk/reset.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from api_stub.schema import KioskReset
from game.actions import ResetKiosk
from game.api_state.news import KioskResetDone

log = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 30.0
ANSWER_S = 20.0
"""After so long without any answer it is asked for again."""


@dataclass
class Reset:
    """One reset, from the moment at which a visitor is taken for gone until everything is as it was."""

    on: bool = False
    clean: bool = True
    began: float = 0.0
    tries: int = 0
    problem: str = ""
    """What is not as it should be yet, for the log."""
    _due: float = 0.0
    _answer: KioskReset | None = None

    def begin(self, now: float) -> None:
        """A visitor has gone."""
        self.on, self.clean, self.began, self.tries = True, False, now, 0
        self.problem, self._due, self._answer = "", now, None

    def stop(self) -> None:
        """Somebody plays already: nothing is taken away from them. The API goes on with what it has begun."""
        if self.on and not self.clean:
            log.warning("a visitor came before all was as it was set up: %s", self.problem or "no answer yet")
        self.on = False

    def heard(self, news: KioskResetDone, now: float) -> None:
        """The API has answered, or has not."""
        if not self.on or self.clean:
            return
        self._answer = news.answer
        if news.answer is None:
            self._fail(f"no reset: {news.why}", now)
        elif news.answer.not_restored:
            parts = (f"{part.what} ({part.why})" for part in news.answer.not_restored)
            self._fail("not restored: " + ", ".join(parts), now)

    def _fail(self, problem: str, now: float) -> None:
        pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(self.tries - 1, 8))
        self._due = now + max(pause, FIRST_PAUSE_S)
        self._answer = None
        if problem != self.problem:
            log.warning("the kiosk is not as it was set up yet; it is tried again: %s", problem)
        self.problem = problem

    def step(self, now: float, local: Sequence[str], checkpoint: str | None) -> ResetKiosk | None:
        """What is to be sent now. `local`: what of the window itself is not as it should be; `checkpoint`:
        the one that the window knows to be in force.
        """
        if not self.on or self.clean:
            return None
        answer = self._answer
        if answer is not None:
            wrong = [*local, *(["checkpoint"] if checkpoint != answer.checkpoint else [])]
            if not wrong:
                self.clean, self.problem = True, ""
                log.info(
                    "the kiosk is as it was set up, after %.1f s and %d tr%s: %s; checkpoint %s;"
                    " %d open orders drain",
                    now - self.began,
                    self.tries,
                    "y" if self.tries == 1 else "ies",
                    ", ".join(("window", *answer.restored)),
                    answer.checkpoint,
                    answer.open_orders,
                )
                return None
            if now < self._due:
                return None
            self._fail("in the window: " + ", ".join(wrong), now)
            return None
        if now < self._due:
            return None
        self.tries += 1
        self._due = now + ANSWER_S
        return ResetKiosk()
