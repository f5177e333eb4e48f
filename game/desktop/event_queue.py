"""SDL's queue of events, emptied: what pygame cannot tell, and what had no room, ends nobody's game."""

from __future__ import annotations

import logging

import pygame

from game.told_once import ToldOnce

FULL = 65_535
"""Events that SDL keeps at most; whatever comes then is lost."""
TRIES = 100
"""So many events that cannot be told are passed over at once; the rest waits for the next time."""
UNREAD = (pygame.DROPBEGIN, pygame.DROPFILE, pygame.DROPTEXT, pygame.DROPCOMPLETE)
"""What nobody here reads, and what may be of any bytes: SDL need not tell of it."""

_told = ToldOnce(logging.getLogger(__name__))


def leave_out_unread() -> None:
    """Have SDL not tell of what nobody reads, for as long as its display is not started anew."""
    pygame.event.set_blocked(UNREAD)


def read_queue() -> tuple[list[pygame.event.Event], bool]:
    """What SDL has told since the last call, and whether some of it is lost: nobody knows what of that went
    up again.
    """
    lost = False
    for _ in range(TRIES):
        try:
            found = pygame.event.get()
        except (SystemError, UnicodeError) as error:
            # Text that is no UTF-8. What was read together with it is gone, too.
            _told.failed("an event that cannot be told", error.__cause__ or error)
            lost = True
            continue
        return found, lost or len(found) >= FULL
    return [], True
