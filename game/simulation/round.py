"""A round as this window plays it: its clock between two answers, and the name that is typed. Pure.

What was killed, put at risk, taken over and lost is what the API's record says, never counted here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from api_stub.schema import Round, RoundKill
from game.api_state.failures_and_rounds import FailuresAndRounds

LEAST, MOST = 3, 8
"""Letters of a name."""
ANSWER_S = 4.0
"""After so long without an answer a name may be sent again."""
TOLD_WITHIN_S = 30.0
"""A round of whose end nothing was told for so long is given up: an API that began anew may not know it."""


class RoundPhase(StrEnum):
    """How far the round is."""

    STARTING = "starting"
    PLAYING = "playing"
    NAMING = "naming"
    TABLE = "table"
    REFUSED = "refused"


@dataclass(frozen=True)
class RoundPlay:
    """One round. Begin with the number of starts that were answered before it."""

    starts: int
    phase: RoundPhase = RoundPhase.STARTING
    told: Round | None = None
    """The API's record of it, as it was told last."""
    left: float = 0.0
    """Seconds to play, counted on from what was told."""
    overdue: float = 0.0
    """Seconds since it must have ended, without a word of that."""
    length: float = 0.0
    """How long it is, seconds: the most that was ever left."""
    waited: float = 0.0
    """Seconds since the start was asked for, or the name was sent."""
    why_not: str = ""
    name: str = ""
    names: int = 0
    """How many names were answered when this one was sent."""
    sending: bool = False
    refusal: str = ""
    """What is said of the name that was not taken."""

    @property
    def can_send(self) -> bool:
        """Whether the name is long enough, and none is on its way."""
        return len(self.name) >= LEAST and not self.sending

    @property
    def seconds(self) -> int:
        """What the clock shows."""
        return -int(-self.left // 1)


def later(play: RoundPlay, dt: float) -> RoundPlay:
    """The round after `dt` seconds."""
    waited = play.waited + dt
    left = max(0.0, play.left - dt)
    overdue = play.overdue + dt if play.phase is RoundPhase.PLAYING and play.told and not left else 0.0
    sending = play.sending and waited < ANSWER_S
    return replace(play, left=left, overdue=overdue, waited=waited, sending=sending)


def heard(play: RoundPlay, known: FailuresAndRounds) -> RoundPlay:
    """The round after what the API has told."""
    if play.phase is RoundPhase.STARTING:
        if known.starts <= play.starts:
            return play
        if known.rounds_lacking or known.not_started or known.round is None:
            why = "This API has no rounds." if known.rounds_lacking else known.not_started
            return replace(play, phase=RoundPhase.REFUSED, why_not=why)
        play = replace(play, phase=RoundPhase.PLAYING, names=known.names)
    told = known.round
    if told is not None and told is not play.told and (play.told is None or told.n == play.told.n):
        play = replace(play, told=told, left=told.left_s, length=max(play.length, told.left_s))
        if play.phase is RoundPhase.PLAYING and told.state != "running":
            play = replace(play, phase=RoundPhase.NAMING, left=0.0)
    if play.phase is RoundPhase.PLAYING and known.names > play.names and known.refused:
        # It was to be ended, and the API knows of none.
        return refused(play, known.refused)
    if play.phase is RoundPhase.NAMING and known.names > play.names:
        if known.refused:
            said = kindly(known.refused)
            play = replace(play, name="", sending=False, refusal=said, names=known.names)
        elif play.told is not None and play.told.name:
            play = replace(play, phase=RoundPhase.TABLE, sending=False, names=known.names)
        else:
            play = replace(play, sending=False, names=known.names)
    return play


def refused(play: RoundPlay, why: str) -> RoundPlay:
    """There is no round."""
    return replace(play, phase=RoundPhase.REFUSED, why_not=why)


def kindly(refusal: str) -> str:
    """What a visitor is told of a name that was not taken."""
    if "not shown" in refusal:
        return "Not that one, please: small children read along. Another name?"
    return refusal.removeprefix("name: ")


def typed(play: RoundPlay, letter: str) -> RoundPlay:
    """The name with a letter more, as far as it may be."""
    shown = letter.upper()
    if play.phase is not RoundPhase.NAMING or play.sending or not shown.isalpha():
        return play
    if len(play.name) + len(shown) > MOST:
        return play
    return replace(play, name=play.name + shown, refusal="")


def erased(play: RoundPlay) -> RoundPlay:
    """The name with a letter less."""
    return play if play.sending else replace(play, name=play.name[:-1], refusal="")


def sent(play: RoundPlay) -> RoundPlay:
    """The name is on its way."""
    return replace(play, sending=True, waited=0.0, refusal="")


def nameless(play: RoundPlay) -> RoundPlay:
    """Nobody says who played."""
    return replace(play, phase=RoundPhase.TABLE, sending=False)


def risk_of(kill: RoundKill) -> str:
    """What a kill put at risk, and what became of that, in a few words."""
    count = len(kill.at_risk)
    if not count:
        return "held no pizza"
    first = kill.at_risk[0]
    where = first.stage.value if len({one.stage for one in kill.at_risk}) == 1 else "on the way"
    words = f"{count} at risk ({where})"
    times = [one.taken_over_s for one in kill.at_risk if one.taken_over_s is not None]
    if len(times) < count:
        return f"{words}, {count - len(times)} waiting"
    return f"{words}, saved in {max(times):.1f} s"
