"""News of many orders are spread over a few frames: taken in at once they would make one frame late."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import ceil

from game.api_state.news import ApiAway, News, OrdersSeen

LEAST = 16
"""Orders that are let in in one frame at least. Fewer would only hold up more frames: the room is
counted anew after each."""
SOON = 2
"""Frames after which all that had come are in, as long as they are not too many for a frame."""
MOST = 96
"""More than this are let in in one frame only if it would take longer than `WITHIN`."""
WITHIN = 20
"""Frames after which all that had come are in, however many."""


class NewsIntake:
    """Stands between the network's queue and the frame. Whatever is no answer about orders passes at once: a
    death is shown in the frame in which it became known.
    """

    def __init__(self) -> None:
        self._waiting: deque[OrdersSeen] = deque()
        self._share = LEAST

    @property
    def waiting(self) -> int:
        """Orders that have not been let in."""
        return sum(len(news.orders) for news in self._waiting)

    def let_in(self, news: Sequence[News]) -> list[News]:
        """What a frame may take in of what waits and of `news`, which have come since the last one."""
        passing: list[News] = []
        before = len(self._waiting)
        for item in news:
            if isinstance(item, OrdersSeen):
                self._waiting.append(item)
            else:
                if isinstance(item, ApiAway):
                    # Answers say that the API is there: none may be heard after the word that it is not.
                    passing += self._waiting
                    self._waiting.clear()
                passing.append(item)
        if not before:
            self._share = LEAST
        if len(self._waiting) > before:
            waiting = self.waiting
            self._share = max(self._share, min(ceil(waiting / SOON), MOST), ceil(waiting / WITHIN))
        return [*passing, *self._portion()]

    def _portion(self) -> list[News]:
        left = self._share
        portion: list[News] = []
        while self._waiting:
            first = self._waiting[0]
            if len(first.orders) > left:
                if left:
                    portion.append(OrdersSeen(first.orders[:left], first.asked))
                    self._waiting[0] = OrdersSeen(first.orders[left:], first.asked)
                break
            # Answers about nobody count for nothing, and still say that the API is there.
            left -= len(first.orders)
            portion.append(self._waiting.popleft())
        return portion
