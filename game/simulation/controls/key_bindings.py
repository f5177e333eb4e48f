"""Which key does what while no panel takes it."""

from __future__ import annotations

from collections.abc import Callable

from game.accessibility import SWITCHES, switched
from game.actions import (
    AskQuit,
    AskReset,
    EditFile,
    OpenBug,
    OpenChooser,
    OpenForm,
    OpenHelp,
    OpenReplay,
    OpenStats,
    OpenWebUI,
    Redeploy,
    SwitchCheckpoint,
)
from game.inputs import KeyPress
from game.simulation.controls.app_requests import AppRequests, kill_cook, start_cook
from game.simulation.model import Model
from game.simulation.order_stream import STEP, paced, toggled
from game.simulation.speaker_lines import SpeakerLines, hidden_or_shown, stepped

FASTER = frozenset({"+", "=", "[+]", "keypad +"})
SLOWER = frozenset({"-", "[-]", "keypad -"})
STORY_KEYS: dict[str, Callable[[SpeakerLines], SpeakerLines]] = {
    "left": lambda story: stepped(story, -1),
    "right": lambda story: stepped(story, 1),
    "l": hidden_or_shown,
}
"""The speaker's lines: back, on, hidden or shown."""
F_KEYS = tuple(f"f{n}" for n in range(1, 7))
"""A checkpoint each, in the order of GET /checkpoints."""


def _switch(model: Model, index: int, out: AppRequests) -> None:
    found = model.known.checkpoints
    if index < len(found):
        out.commands.append(SwitchCheckpoint(found[index].name))


def _pace(model: Model, factor: float) -> None:
    if model.stream.shown:
        model.stream = paced(model.stream, model.stream.per_minute * factor)


def _challenge_key(model: Model, key: str, out: AppRequests) -> None:
    """E, X and B: only where there is a bug."""
    file = model.file_to_fix
    if file is None:
        return
    if key == "e":
        out.commands.append(EditFile(file))
    elif key == "x":
        out.wishes.append(AskReset())
    else:
        out.wishes.append(OpenBug())


def press_key(model: Model, item: KeyPress, out: AppRequests) -> None:
    """Do what a key does; what the application must do is added to `out`."""
    if not item.plain:
        return
    if item.key in FASTER or item.key in SLOWER:
        # These repeat: a key that is held down goes on.
        _pace(model, STEP if item.key in FASTER else 1 / STEP)
        return
    if item.repeat:
        return
    if item.key in F_KEYS:
        _switch(model, F_KEYS.index(item.key), out)
        return
    if item.key in SWITCHES:
        model.access, said = switched(model.access, item.key)
        model.say(said, good=True)
        return
    if item.key == "escape":
        if model.kiosk:
            model.escape_held = 0.0 if model.escape_held is None else model.escape_held
        else:
            out.wishes.append(AskQuit())
    elif len(item.key) == 1 and item.key in "123456789":
        (start_cook if item.shift else kill_cook)(model, int(item.key), out)
    elif item.key == "n":
        out.wishes.append(OpenForm())
    elif item.key == "h":
        out.wishes.append(OpenHelp())
    elif item.key == "u":
        out.commands.append(OpenWebUI())
    elif item.key == "space":
        model.stream = toggled(model.stream)
    elif item.key == "tab":
        out.wishes.append(OpenStats())
    elif item.key == "m":
        model.muted = not model.muted
    elif item.key == "c":
        out.wishes.append(OpenChooser())
    elif item.key == "r":
        out.commands.append(Redeploy())
    elif item.key == "k":
        out.wishes.append(OpenReplay())
    elif item.key in STORY_KEYS:
        model.speaker = STORY_KEYS[item.key](model.speaker)
    elif item.key in ("b", "e", "x"):
        _challenge_key(model, item.key, out)
