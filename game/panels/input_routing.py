"""One input at a time, each to its end: what it opens is open before the next one is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from game.actions import Command, Quit, Wish
from game.inputs import Device, Input, PointerGone, device_of
from game.panels.panel_stack import PanelStack
from game.simulation.controls.app_requests import AppRequests
from game.simulation.controls.dispatch import handle
from game.simulation.controls.key_actions import do_action
from game.simulation.model import Model

POINTING = frozenset({Device.MOUSE, Device.GAMEPAD})
"""Devices whose pointer stays where it was left."""


class InputRouter:
    """Hands each input to the topmost panel, else to the kitchen, and does at once what comes of it."""

    def __init__(
        self,
        model: Model,
        panel_stack: PanelStack,
        do: Callable[[Command], None],
        show: Callable[[Wish], None],
    ) -> None:
        """`do` carries out a command, `show` opens a panel in `panel_stack`, or says why it cannot be."""
        self._model = model
        self._panel_stack = panel_stack
        self._do = do
        self._open = show
        self._plugged = False
        self._before = model.setup.device
        """What was used before a gamepad."""

    def route(self, inputs: Sequence[Input]) -> None:
        """Take these inputs, in their order."""
        for item in inputs:
            device = device_of(item)
            if device is not None and device is not self._model.setup.device:
                if self._model.setup.device in POINTING:
                    # Nobody holds that pointer any more: nothing is "under" it.
                    self._one(PointerGone())
                if device is Device.GAMEPAD:
                    self._before = self._model.setup.device
                self._model.setup.device = device
            self._one(item)

    def know_gamepads(self, plugged: bool) -> None:
        """Whether there are any now. With the last one its pointer goes, and hints are for what was used
        before it.
        """
        gone, self._plugged = self._plugged and not plugged, plugged
        if gone and self._model.setup.device is Device.GAMEPAD:
            self._one(PointerGone())
            self._model.setup.device = self._before

    def _one(self, item: Input) -> None:
        taken = self._panel_stack.take(item)
        for command in taken.commands:
            self._do(command)
        out = AppRequests()
        if taken.leave:
            self._do(Quit())
        elif taken.action:
            do_action(self._model, taken.action, out)
        elif not taken.used:
            handle(self._model, item, out)
        for command in out.commands:
            self._do(command)
        for wish in out.wishes:
            self._open(wish)
