"""Carries out in the window what a kiosk's attendant wants, and keeps everything that leads out shut."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from game.actions import Command, LeaveKiosk, OpenReplay, Wish
from game.api_state.news import News, PinJudged
from game.inputs import Input
from game.kiosk.attendant import Attendant, AttendantStep, ClearAway, ShowAgain
from game.kiosk.blocked_commands import answered_inside
from game.kiosk.local_state import OwnSwitches
from game.panels.bug_code import BugSlip
from game.panels.kiosk_overlay import KioskOverlay
from game.panels.panel import Panel
from game.panels.panel_stack import PanelStack
from game.panels.pin_entry import PinPanel
from game.panels.replay_window import ReplayPanel
from game.replay.recorder import Recorder
from game.simulation.controls import hold_to_leave
from game.simulation.model import Model

log = logging.getLogger(__name__)


class KioskActions:
    """The kiosk's part of the application. Where the model is of no kiosk, it lets everything pass."""

    def __init__(
        self,
        model: Model,
        panel_stack: PanelStack,
        recorder: Recorder,
        send: Callable[[Command], bool],
        leave: Callable[[], None],
    ) -> None:
        """`send` hands a command to the network, `leave` ends the game."""
        self._model = model
        self._panel_stack = panel_stack
        self._recorder = recorder
        self._send = send
        self._leave = leave
        self.attendant = Attendant(model, OwnSwitches(model.setup.muted, model.setup.access))
        self._overlay = KioskOverlay(lambda: model.known, lambda: model.silent_s, self.attendant.attraction)

    @property
    def overlays(self) -> Sequence[Panel]:
        """What lies over the kitchen, the topmost last."""
        over = (self._overlay,) if self._model.kiosk.on and self._overlay.wanted else ()
        return (*self._panel_stack.panels, *over)

    def attend(self, inputs: Sequence[Input], news: Sequence[News], seconds: float) -> Sequence[Input]:
        """Look after the kiosk for so long; the inputs that go on to the game."""
        if not self._model.kiosk.on:
            return inputs
        for item in news:
            if isinstance(item, PinJudged):
                self._pin_judged(item.right)
        self.attendant.hear(news)
        passed, steps = self.attendant.admit(inputs)
        for step in steps:
            self._do(step)
        panels = self._panel_stack.panels
        visitors = [one for one in panels if not isinstance(one, ReplayPanel | BugSlip)]
        for step in self.attendant.later(seconds, panels, visitors, bool(self._recorder.done)):
            self._do(step)
        self._model.kiosk.attracting = self.attendant.attraction() is not None
        return passed

    def _do(self, step: AttendantStep) -> None:
        if isinstance(step, ClearAway):
            self._panel_stack.panels.clear()
        elif isinstance(step, ShowAgain):
            self._panel_stack.open(OpenReplay())
        elif not self._send(step):
            # Nobody waits for these: what is still wanted is asked for again.
            log.info("the API is busy: %s was not sent", type(step).__name__)

    def inside(self, command: Command) -> Command | Wish | None:
        """What is done for a command: itself, a panel instead of what would lead out, or nothing."""
        if not self._model.kiosk.on:
            return command
        if isinstance(command, LeaveKiosk):
            self._leave_or_ask()
            return None
        answer = answered_inside(command, self._model)
        if isinstance(answer, str):
            self._model.say(answer)
            return None
        return answer

    def _leave_or_ask(self) -> None:
        """Esc was held for long enough: end, or ask for the PIN first."""
        if not hold_to_leave.asks_pin(self._model.kiosk, self._model.known.kiosk):
            self._leave()
        elif not any(isinstance(panel, PinPanel) for panel in self._panel_stack.panels):
            self._panel_stack.panels.append(PinPanel())

    def _pin_judged(self, right: bool | None) -> None:
        for panel in self._panel_stack.panels:
            if isinstance(panel, PinPanel):
                panel.judged(right)
                if right:
                    self._leave()
