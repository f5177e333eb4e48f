"""How often what is asked of the API, and how long an answer is waited for: every such number is here.

All times are seconds.
"""

from __future__ import annotations

FLEET_EVERY = 0.06
"""GET /fleet: who works. A death is on screen within a tenth of a second, the frame included."""
HEALTH_EVERY = 2.0
"""GET /healthz; the checkpoint and the menu are asked for with it when they are another."""
RECORDS_EVERY: dict[str, float] = {
    "audit": 2.0,
    "receipts": 1.0,
    "timeouts": 1.0,
    "stats": 1.0,
    "challenge": 1.0,
    "checkpoint": 2.0,
    "checkpoints": 30.0,
    "history": 0.5,
}
"""What the system proves about itself, by route: statistics only while somebody looks at them, the challenge
only where the kitchen has a bug, a history only while that order's card is open."""

KIOSK_EVERY = 3.0
"""GET /kiosk, its totals and its rounds, of a window that runs as a kiosk."""
RESET_WITHIN = 12.0
"""POST /kiosk/reset verifies what it did, which takes up to 6 s."""
EXHIBIT_EVERY: dict[str, float] = {"failures": 2.0, "failures/log": 0.4, "kiosk/rounds": 0.5}
"""Failures only while their panel is open, rounds only while one is on or its table is shown."""

AUDIT_AGAIN, AUDIT_LATER = 1.0, 0.6
"""Where orders came or went: from one GET /audit to the next, and until it is asked for, since an answer of
the API's may be half a second old."""
SWEEP_EVERY = 5.0
"""GET /orders?open=true, all that is open, whenever it began: what was placed after a clock was set back is
found by no time. With thousands open it is less often (`sweep_every`)."""
SWEEP_SOON = 1.0
"""The same while times are known to tell nothing."""
LISTING_PAUSE = 1.5
"""Until new orders are looked for again after Temporal could not list them."""
MISSING_EVERY, MISSING_SELDOM = 5.0, 60.0
"""POST /orders/status about an order that Temporal has repeatedly not known: after 5 s, then after twice as
long each time, up to a minute."""
MISSING_TRIES = 12
"""After so many of those questions, ten minutes in all, an order that was deleted is asked for no more."""

STREAM_RETRY = 0.5
"""Until an order of the stream that got no answer is offered again."""
PLACE_FOR = 30.0
"""For so long a person's order that the API does not answer is offered again."""

ANSWER_WITHIN, CONNECT_WITHIN = 2.0, 0.5
"""How long an answer, and a connection, is waited for."""
AWAY_PAUSE = 0.4
"""Until something is asked again after there was no answer."""
TROUBLE_PAUSE = 1.0
"""Until something is tried again that failed in a way that nobody has thought of."""
IDLE = 0.5
"""Between two looks for something to do, beside those at which somebody pokes."""
ASK_LACKING_AGAIN = 60.0
"""Until a route that an older API lacks is tried again: it may have been replaced by a newer one."""

POD_GOES_WITHIN = 60.0
"""For so long a receipt is asked for anew whose container has ended, and whose Pod was asked to go, too."""


def sweep_every(followed: int) -> float:
    """Seconds between two listings of all that is open, with so many orders."""
    return min(30.0, max(SWEEP_EVERY, followed / 100))


def missing_every(tries: int) -> float:
    """Seconds until an order is asked for again that Temporal does not know, after so many tries (from 0)."""
    return min(MISSING_SELDOM, MISSING_EVERY * 2.0 ** min(tries, 10))


def orders_every(followed: int) -> float:
    """Seconds between two looks (POST /orders/status, and GET /orders for new ones) at so many orders that
    are followed: four a second up to 100, then ever less often.
    """
    return 0.25 if followed <= 100 else min(2.0, 0.25 * followed / 100)
