"""Python's search for circular garbage among what is old, out of the way of the frames.

What is no circle is given back at once, as always. The circles that come up are the network's, and nearly all
are found among the newest few hundred objects, which takes no time. To look through everything takes tens of
milliseconds, wherever in the middle of a frame Python decides to do it: that is done by `sweep`.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable

YOUNG = 700
"""New objects among which Python looks by itself."""
FEW = 150
"""After so many of those looks everything is looked through when nobody sees a frame that comes late."""
MANY = 200
"""After so many, at a busy booth about three times in a minute, what has come since the last time is looked
through in any case. That takes little more than half as long as everything does.
"""
SELDOM = 20
"""After so many of those everything is looked through, whoever sees it."""
NEVER = 1_000_000


def keep_what_is_here() -> None:
    """What is there now stays and is not looked at again; what comes and grows old is looked at by `sweep`
    only. To be called once, when all is loaded.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, NEVER, NEVER)


def sweep(still: Callable[[], bool]) -> bool:
    """Look for circular garbage, and give back memory that lies idle between what is in use, if it is time
    to, which it is sooner, and done more thoroughly, where the picture is `still`; whether it was. To be
    called once a frame.
    """
    _, looks, parts = gc.get_count()
    if looks < FEW:
        return False
    unseen = still()
    if looks < MANY and not unseen:
        return False
    gc.collect(2 if unseen or parts >= SELDOM else 1)
    _give_back()
    return True


def _give_back() -> None:
    """Pictures of all sizes come and go: glibc keeps the gaps until it is told not to."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def as_before(threshold: tuple[int, int, int]) -> None:
    """Look at everything again, as often as `threshold` (of `gc.get_threshold`) says."""
    gc.unfreeze()
    gc.set_threshold(*threshold)
