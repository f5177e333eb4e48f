"""What a kiosk shows over everything, as the picture wants it: attract's cards, the countdown, calm signs."""

from __future__ import annotations

from collections.abc import Callable

from game.accessibility import Access
from game.api_state.snapshot import Snapshot
from game.drawing.view import View
from game.geometry import Box
from game.inputs import Input
from game.kiosk.attendant import Attraction
from game.kiosk.attract import AttractCard
from game.kiosk.calm_words import countdown, outage
from game.panels.panel import Outcome, Panel, Stay
from game.panels.replay_window import FRAME as REPLAY
from game.scene.attract_cards import (
    draw_attraction,
    draw_auto,
    draw_countdown,
    draw_outage,
    portrait_sheet,
)


class KioskOverlay(Panel):
    """Takes no input and is never closed; it draws nothing where there is nothing to say."""

    modal = False

    def __init__(
        self,
        known: Callable[[], Snapshot],
        silent_s: Callable[[], float | None],
        shown: Callable[[], Attraction | None],
    ) -> None:
        """All are asked in every frame. `silent_s`: for how long the API has not answered; None: it does."""
        self._known = known
        self._silent_s = silent_s
        self._shown = shown

    def handle(self, item: Input) -> Outcome:
        """None of it is for this."""
        return Stay(used=False)

    def update(self, dt: float) -> None:
        """Time is the attendant's."""

    @property
    def wanted(self) -> bool:
        """Whether there is anything to draw."""
        return bool(self._shown() or self._counting or self._outage)

    @property
    def _counting(self) -> tuple[str, str] | None:
        return countdown(self._known())

    @property
    def _outage(self) -> str:
        return outage(self._known(), self._silent_s())

    def sheet_for(self, access: Access) -> Box:
        """Where it lies on the canvas, logical pixels. A portrait display magnifies it, so there a card is
        alone: signs are more urgent."""
        shown = self._shown()
        if not access.upright or shown is None or self._counting or self._outage:
            return super().sheet_for(access)
        return REPLAY if shown.card is AttractCard.REPLAY else portrait_sheet(shown.words)

    def draw(self, view: View) -> None:
        """Draw in logical pixels; reads only."""
        shown, counting, out = self._shown(), self._counting, self._outage
        if shown is not None and view.access.upright and (counting or out):
            draw_auto(view, shown.killed)
        elif shown is not None:
            draw_attraction(view, shown)
        if counting is not None:
            draw_countdown(view, counting)
        if out:
            draw_outage(view, out)
