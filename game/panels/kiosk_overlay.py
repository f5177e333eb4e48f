"""What a kiosk shows over everything, as the picture wants it: attract's cards, the countdown, calm signs."""

from __future__ import annotations

from collections.abc import Callable

from game.drawing.view import View
from game.inputs import Input
from game.kiosk.attendant import Attraction
from game.kiosk.calm_words import countdown, outage
from game.panels.panel import Outcome, Panel, Stay
from game.scene.attract_cards import draw_attraction, draw_countdown, draw_outage
from game.simulation.model import Model


class KioskOverlay(Panel):
    """Takes no input and is never closed; it draws nothing where there is nothing to say."""

    modal = False

    def __init__(self, model: Model, shown: Callable[[], Attraction | None]) -> None:
        """Both are looked at in every frame; the model is only read."""
        self._model = model
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
        return countdown(self._model.known)

    @property
    def _outage(self) -> str:
        since = self._model.api_contact.offline_since
        return outage(self._model.known, None if since is None else self._model.real - since)

    def draw(self, view: View) -> None:
        """Draw in logical pixels; reads only."""
        shown, counting, out = self._shown(), self._counting, self._outage
        if shown is not None:
            draw_attraction(view, shown)
        if counting is not None:
            draw_countdown(view, counting)
        if out:
            draw_outage(view, out)
