"""What each key does while no panel takes it: `game/bindings.py` says which key means which action."""

from __future__ import annotations

from collections.abc import Callable

from api_stub.schema.default_keys import DEFAULT_KEYS
from game.accessibility import SWITCHES, switched
from game.actions import (
    AskQuit,
    AskReset,
    Command,
    EditFile,
    OpenBug,
    OpenChooser,
    OpenFailures,
    OpenForm,
    OpenHelp,
    OpenReplay,
    OpenStats,
    OpenWebUI,
    Redeploy,
    SwitchCheckpoint,
    Wish,
)
from game.bindings import DEFAULT, REMOTE_START
from game.inputs import Device, KeyPress
from game.simulation.controls import hold_to_leave
from game.simulation.controls.app_requests import AppRequests, begin_round, kill_cook, start_cook
from game.simulation.controls.chosen_cook import PRESS, STEPS, choose, press_chosen
from game.simulation.model import Model
from game.simulation.model_parts import KioskState
from game.simulation.order_stream import STEP, paced, toggled
from game.simulation.speaker_lines import SpeakerLines, hidden_or_shown, stepped

WISHES: dict[str, Wish] = {
    "order": OpenForm(),
    "help": OpenHelp(),
    "figures": OpenStats(),
    "chooser": OpenChooser(),
    "replay": OpenReplay(),
    "failures": OpenFailures(),
}
COMMANDS: dict[str, Command] = {"web ui": OpenWebUI(), "restart": Redeploy()}
"""Actions that open something, or have something done, whatever the kitchen is like."""
FAILURES_SHUT = "That key is the speaker's. Yours: press a cook's number!"
SPEAKER_LINES: dict[str, Callable[[SpeakerLines], SpeakerLines]] = {
    "line back": lambda lines: stepped(lines, -1),
    "line on": lambda lines: stepped(lines, 1),
    "lines": hidden_or_shown,
}
"""The speaker's lines: back, on, hidden or shown."""


def _switch(model: Model, item: KeyPress, out: AppRequests) -> None:
    """A checkpoint each, in the order of GET /checkpoints; not for what a presenter's remote may send."""
    if item.shift or item.key == REMOTE_START and model.notices.speaker.lines:
        return
    index = int(item.key[1:]) - 1
    found = model.checkpoints
    if index < len(found):
        out.commands.append(SwitchCheckpoint(found[index].name))


def _pace(model: Model, factor: float) -> None:
    if model.stream.shown:
        model.stream = paced(model.stream, model.stream.per_minute * factor)


def _challenge(file: str | None, action: str, out: AppRequests) -> None:
    """Edit, bug back and bug: only where there is a bug."""
    if file is None:
        return
    if action == "edit":
        out.commands.append(EditFile(file))
    elif action == "bug back":
        out.wishes.append(AskReset())
    else:
        out.wishes.append(OpenBug())


def _leave(kiosk: KioskState, item: KeyPress, out: AppRequests) -> None:
    """Esc with nothing open: a question, or in a kiosk the beginning of a hold."""
    if not kiosk.on:
        out.wishes.append(AskQuit())
    else:
        hold_to_leave.begin(kiosk, item)


def _act(model: Model, action: str, item: KeyPress, out: AppRequests) -> None:
    if action == "checkpoint":
        _switch(model, item, out)
    elif action in SWITCHES:
        model.setup.access, said = switched(model.setup.access, action, item.key)
        model.say(said, good=True)
    elif action == "leave":
        _leave(model.kiosk, item, out)
    elif action == "cook":
        (start_cook if item.shift else kill_cook)(model, int(item.key), out)
    elif action == "stream":
        model.stream = toggled(model.stream)
    elif action == "mute":
        model.setup.muted = not model.setup.muted
    elif action in SPEAKER_LINES:
        model.notices.speaker = SPEAKER_LINES[action](model.notices.speaker)
    elif action in ("bug", "edit", "bug back"):
        _challenge(model.file_to_fix, action, out)
    elif action == "round":
        begin_round(out)
    elif action == "failures" and model.failures_shut:
        model.say(FAILURES_SHUT)
    elif action in WISHES:
        out.wishes.append(WISHES[action])
    elif action in COMMANDS:
        out.commands.append(COMMANDS[action])


def do_action(model: Model, action: str, out: AppRequests) -> None:
    """Do an action of the table of keys for who has no key for it. Raises KeyError for an unknown one."""
    _act(model, action, KeyPress(DEFAULT_KEYS[action][0]), out)


def press_key(model: Model, item: KeyPress, out: AppRequests) -> None:
    """Do what a key does; what the application must do is added to `out`."""
    # A gamepad's buttons stand for the keys of before.
    bindings = DEFAULT if item.device is Device.GAMEPAD else model.setup.bindings
    action = bindings.actions.get(item.key)
    if not item.plain:
        return
    if action is None:
        # Arrows and Enter are no actions of the table: a config may have given them away.
        if item.key in STEPS:
            choose(model, STEPS[item.key])
        elif item.key == PRESS and not item.repeat:
            press_chosen(model, out)
    elif action in ("faster", "slower"):
        # These repeat: a key that is held down goes on.
        _pace(model, STEP if action == "faster" else 1 / STEP)
    elif not item.repeat:
        _act(model, action, item, out)
