"""The PIN that ends a kiosk: compared here, so that no other program has to know it."""

from __future__ import annotations

import hmac

from api_stub.repeated_messages import RepeatedMessages

MAX_WRONG = 5
WITHIN_S = 60.0


def wrong_ones() -> RepeatedMessages:
    """Counts wrong PINs: at most MAX_WRONG in WITHIN_S seconds are looked at."""
    return RepeatedMessages(WITHIN_S, most=MAX_WRONG)


def right(wrong: RepeatedMessages, pin: str | None, tried: str) -> bool:
    """Whether it is the PIN, which None any is. A wrong one is counted; after too many, none is right."""
    if pin is None:
        return True
    if wrong.is_full:
        return False
    if hmac.compare_digest(pin.encode(), tried.encode()):
        return True
    wrong.due(tried)
    return False
