"""Looks after a kiosk: joins presence, attract, autopilot, orders of the house and the reset. What the
application must do comes back as data.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from game.actions import Command
from game.api_state.news import KioskResetDone, News
from game.inputs import Input, device_of
from game.kiosk.attract import AttractCard, AttractText, record_lines, turn, words
from game.kiosk.autopilot import Autopilot
from game.kiosk.house_orders import HouseOrders
from game.kiosk.local_state import OwnSwitches, differences, put_back
from game.kiosk.reset import Reset
from game.kiosk.visitor_presence import Presence
from game.simulation.model import Model

LONGEST_REPLAY_S = 40.0
LEAST_PANEL_S = 2.0
"""However short the settings want a picture: nothing may flash (WCAG 2.3.1)."""
AUTO_SHOWN_S = 4.0
"""For so long it is said whom the autopilot killed."""


@dataclass(frozen=True)
class ClearAway:
    """Close every panel, and forget what was typed."""


@dataclass(frozen=True)
class ShowAgain:
    """Show the newest recorded kill."""


AttendantStep = Command | ClearAway | ShowAgain


@dataclass(frozen=True)
class Attraction:
    """What lies over the kitchen while nobody is there: the card, whom the autopilot killed, and whether the
    kitchen is still being made ready.
    """

    card: AttractCard
    words: AttractText
    killed: str = ""
    tidying: bool = False


@dataclass
class Attendant:
    """Owned by the application; `model` is its own, `own` how the kiosk was set up."""

    model: Model
    own: OwnSwitches
    dice: random.Random = field(default_factory=random.Random)
    presence: Presence = field(default_factory=Presence)
    autopilot: Autopilot = field(init=False)
    house: HouseOrders = field(init=False)
    reset: Reset = field(default_factory=Reset)
    card: AttractCard = AttractCard.RULE
    """What is shown while nobody is there."""
    _turn_began: float = 0.0
    _n: int = -1
    """How many cards were shown since everybody left; -1: none yet."""

    def __post_init__(self) -> None:
        """The dice are everybody's."""
        self.autopilot = Autopilot(self.dice)
        self.house = HouseOrders(self.model.stream.session)

    @property
    def away(self) -> bool:
        """Whether nobody is there."""
        return self.presence.away

    def admit(self, inputs: Sequence[Input]) -> tuple[list[Input], list[AttendantStep]]:
        """The inputs that go on to the game, and what is done where one of them takes over."""
        passed: list[Input] = []
        steps: list[AttendantStep] = []
        for item in inputs:
            was_away = self.away
            if self.presence.passes(item):
                passed.append(item)
            if was_away and not self.away:
                self.reset.stop()
                # Hints are for whoever took over from here on.
                self.model.setup.device = device_of(item) or self.model.setup.device
                steps += [ClearAway(), *self.autopilot.rest()]
        return passed, steps

    def hear(self, news: Sequence[News]) -> None:
        """Take what the API says of a reset."""
        for item in news:
            if isinstance(item, KioskResetDone):
                self.reset.heard(item, self.model.time.real)

    def later(
        self, seconds: float, panels: Collection[object], visitors: Collection[object], replays: bool
    ) -> list[AttendantStep]:
        """Let time pass. `panels`: those that are open, and `visitors`: of them, those that only a person
        opens; `replays`: whether a kill of today can be shown.
        """
        model, known = self.model, self.model.known
        kiosk = known.kiosk
        if kiosk is None:
            # What the kiosk wants is not known yet: nothing is taken away from anybody.
            return []
        steps: list[AttendantStep] = []
        if self.presence.later(seconds, kiosk.idle_s):
            self._n = -1
            put_back(model, self.own)
            steps.append(ClearAway())
            self.reset.begin(model.time.real)
            return steps
        attract = kiosk.attract.enabled
        order = self.house.due(
            known, model.stream, model.open_everywhere, model.time.real, alone=self.away, dice=self.dice
        )
        if attract and order is not None:
            steps.append(order)
        if not self.away:
            return steps
        checkpoint = known.checkpoint.name if known.checkpoint is not None else None
        wanted = self.reset.step(model.time.real, differences(model, self.own, visitors), checkpoint)
        if wanted is not None:
            if self.reset.tries > 1:
                # What the window has of the last visitor's is put back again, too.
                put_back(model, self.own)
                steps.append(ClearAway())
            steps.append(wanted)
        if not attract:
            return steps
        if self.reset.clean:
            steps += self.autopilot.act(known, model.time.real, kiosk.attract.kill_every_s)
        if self._turn_is_over(kiosk.attract.panel_s, panels):
            steps += self._next_card(replays)
        return steps

    def _turn_is_over(self, panel_s: float, panels: Collection[object]) -> bool:
        panel_s = max(panel_s, LEAST_PANEL_S)
        lasted = self.model.time.real - self._turn_began
        if self._n < 0 or lasted >= panel_s + LONGEST_REPLAY_S:
            return True
        if self.card is AttractCard.REPLAY:
            # It is shown to its end, and goes by itself.
            return lasted >= 1.0 and not panels
        return lasted >= panel_s

    def _next_card(self, replays: bool) -> list[AttendantStep]:
        self._n += 1
        self._turn_began = self.model.time.real
        cards = turn(replays, bool(record_lines(self.model.known.totals, self.model.known.rounds)))
        self.card = cards[self._n % len(cards)]
        return [ClearAway(), ShowAgain()] if self.card is AttractCard.REPLAY else [ClearAway()]

    def attraction(self) -> Attraction | None:
        """What is shown over the kitchen; None: somebody plays."""
        model, kiosk = self.model, self.model.known.kiosk
        if not self.away or kiosk is None or not kiosk.attract.enabled:
            return None
        setup = model.setup
        key = setup.bindings.cap("order")
        said = words(self.card, setup.device, model.known.totals, model.known.rounds, key)
        pilot = self.autopilot
        killed = pilot.killed if model.time.real - pilot.killed_at < AUTO_SHOWN_S else ""
        return Attraction(
            self.card, said, killed, not self.reset.clean and model.time.real - self.reset.began > 3.0
        )
