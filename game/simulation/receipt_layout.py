"""Where the receipts lie at the right edge, and the tab on one that shows its kill again. Pure geometry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from api_stub.schema import Receipt
from game.accessibility import PLAIN, Access
from game.api_state.receipt_words import ReceiptText, words_of
from game.geometry import Box
from game.simulation.model_parts import ReceiptSlip
from game.simulation.motion import ease_out
from game.simulation.receipt_slips import LEAVE, LIFE

LEFT, TOP, WIDE = 1464.0, 146.0, 440.0
LINE = 29.0
PAD = 9.0
GAP = 10.0
TAB_WIDE, TAB_HIGH = 92.0, 52.0
WIDER = 96.0
"""By so much a slip is wider with large text."""
MOST_LARGE = 2
"""So many slips with large text: more would cover the kitchen."""


class PlacedSlip(NamedTuple):
    """A receipt that is shown: what it says, and where its upper left corner is now."""

    note: ReceiptSlip
    words: ReceiptText
    x: float
    y: float


def frame_of(access: Access) -> tuple[float, float]:
    """A slip's left edge and its width."""
    return (LEFT - WIDER, WIDE + WIDER) if access.large else (LEFT, WIDE)


def height_of(words: ReceiptText, access: Access = PLAIN) -> float:
    """How high a slip is: its head, what was held, what became of that, and the moments of a Pod."""
    rows = 2 + bool(words.outcome) + bool(words.kept) + len(words.moments)
    return 2 * PAD + LINE * access.text * rows


_said: dict[int, tuple[int, ReceiptText]] = {}
"""What slips say, by their `telling`, and at which tenth of a second."""


def _words(note: ReceiptSlip, tenth: int) -> ReceiptText:
    """What a slip says so many tenths of a second after the death; worked out anew only while that may be
    another thing.
    """
    known = _said.get(note.telling)
    if known is not None and (known[0] == tenth or not known[1].waiting):
        return known[1]
    if len(_said) > 8:
        _said.clear()
    made = words_of(note.receipt, tenth / 10)
    _said[note.telling] = tenth, made
    return made


def placed_slips(notes: Sequence[ReceiptSlip], access: Access, heard: float) -> list[PlacedSlip]:
    """The slips that are shown, the newest first. `heard`: when (`real`) the API told anything last:
    while it is away nobody tells who took over, and "no one yet" stands at that moment.
    """
    most = MOST_LARGE if access.large else len(notes)
    at, y, found = frame_of(access)[0], TOP, []
    for note in list(reversed(notes))[:most]:
        room = ease_out(note.shown / 0.25)
        come = ease_out((note.shown - 0.12) / 0.35)
        if access.calm:
            room = come = 1.0
        words = _words(note, int(max(0.0, heard - note.died_real) * 10))
        found.append(PlacedSlip(note, words, at + (1 - come) * (1920 - at), y))
        # What is below makes room softly while this one comes.
        y += (height_of(words, access) + GAP) * room
    return found


def replayable(notes: Sequence[ReceiptSlip]) -> Receipt | None:
    """The newest receipt on screen of a kill by a player that can be shown again."""
    for note in reversed(notes):
        if note.receipt.cause == "player" and note.recorded:
            return note.receipt
    return None


def replay_tab(slips: Sequence[PlacedSlip]) -> Box | None:
    """The tab at a slip's left edge that shows its kill again; None: there is no such slip."""
    receipt = replayable([slip.note for slip in reversed(slips)])
    for note, _, x, y in slips if receipt is not None else ():
        if note.receipt is receipt and note.age < LIFE - LEAVE:
            return x - TAB_WIDE, y + 10.0, TAB_WIDE + 20.0, TAB_HIGH
    return None
