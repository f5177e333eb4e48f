"""Python's search for circular garbage, out of the way of the frames.

What is no circle is given back at once, as always. A frame makes no circles, the network's threads a few; to
look for them costs tens of milliseconds, wherever in the middle of a frame Python decides to do it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

FEW = 20_000
"""So many new objects are looked through when nobody sees a frame that comes late."""
MANY = 250_000
"""So many are looked through in any case: at a busy booth once in some minutes."""


def keep_what_is_here() -> None:
    """What is there now stays and is not looked at again; what comes is looked at by `sweep` only. To be
    called once, when all is loaded.
    """
    gc.collect()
    gc.freeze()
    gc.disable()


def sweep(still: Callable[[], bool]) -> bool:
    """Look for circular garbage if it is time to, which it is sooner where the picture is `still`; whether
    it was. To be called once a frame.
    """
    new = gc.get_count()[0]
    if new < FEW or new < MANY and not still():
        return False
    gc.collect()
    return True


def as_before() -> None:
    """Python decides again, and looks at everything."""
    gc.unfreeze()
    gc.enable()
