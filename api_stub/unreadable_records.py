"""Records that cannot be read: each is told once in the log, and keeps nobody from the others."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from api_stub.background import reason_of
from api_stub.errors import GopherPizzaError, RecordUnreadable
from api_stub.repeated_messages import NEVER_AGAIN, RepeatedMessages

logger = logging.getLogger(__name__)

MOST_TOLD = 500
"""Records and reasons that are told by name; then once that there are more."""


class UnreadableRecords:
    """What could not be read, by its name and the reason. Bounded; a process has one for each border."""

    def __init__(self, what: str, most: int = MOST_TOLD) -> None:
        self._what = what
        self._repeated = RepeatedMessages(NEVER_AGAIN, most=most)
        self._all_told = False

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """What goes wrong inside, with this record, is told and goes no further. Raises what is everybody's
        trouble: TemporalUnreachable, LedgerUnwritable, and NoSuchOrder, which is an answer."""
        try:
            yield
        except RecordUnreadable as error:
            self.tell(name, error)
        except GopherPizzaError:
            raise
        except Exception as error:
            self.tell(name, error)

    def tell(self, name: str, error: BaseException) -> None:
        """Log that this record could not be read, unless that was told before for the same reason."""
        reason = reason_of(error)
        kind = f"{name}: {reason}"
        if self._repeated.due(kind):
            logger.warning("%s %.1100r cannot be read: %s", self._what, name, reason, exc_info=error)
        elif not self._all_told and not self._repeated.knows(kind):
            self._all_told = True
            logger.warning("more %ss cannot be read than are told here by name", self._what)
