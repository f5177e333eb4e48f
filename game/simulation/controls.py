"""Keys and clicks on the kitchen: what a person can do while no panel takes the input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from game.accessibility import SWITCHES, switched
from game.actions import (
    AskQuit,
    AskReset,
    Command,
    EditFile,
    KillWorker,
    OpenBug,
    OpenCard,
    OpenChooser,
    OpenForm,
    OpenHelp,
    OpenReplay,
    OpenStats,
    OpenWebUI,
    Quit,
    Redeploy,
    StartWorker,
    SwitchCheckpoint,
    Wish,
)
from game.inputs import (
    CloseWindow,
    Input,
    KeyPress,
    KeyRelease,
    PointerMove,
    PointerPress,
    PointerRelease,
)
from game.replay.playback_list import NO_KILL, NOT_YET, not_the_newest, recorded, replayable
from game.scene.hud.receipt_slips import replay_tab
from game.simulation.actors import Cook, Gopher
from game.simulation.bottom_strip import strip_for
from game.simulation.model import Model
from game.simulation.order_stream import STEP, paced, toggled
from game.simulation.places import TITLE, cook_spot, inside
from game.simulation.speaker_lines import Story, hidden_or_shown, stepped
from game.simulation.stream_slider import SIGN, SWITCH, bug_sign, on_track, rate_at

HOLD_TO_QUIT = 3.0
"""Seconds for which Esc must be held to leave a kiosk."""
WIDEST = 160.0
"""Nobody is to be met further to its side than this; logical pixels."""

MANY = 60
LOOK_EVERY = 0.045
"""Seconds until it is looked again who of more than `MANY` is under a pointer that moves on and on."""


@dataclass
class Wishes:
    """Collects what a frame's inputs ask for."""

    commands: list[Command] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)


def gopher_at(model: Model, x: float, y: float) -> Gopher | None:
    """The foremost gopher at a point; a little generous, since they are small and move."""
    best: Gopher | None = None
    left, right, above = x - WIDEST, x + WIDEST, y - 12.0
    # Nobody has its feet over its head: most of a crowd is ruled out by one comparison or two.
    for gopher in [g for g in model.gophers.values() if left < g.body.x < right and g.body.y >= above]:
        body = gopher.body
        reach = max(26.0, gopher.height * 0.4)
        feet = body.y - gopher.lift
        hit = abs(x - body.x) <= reach and feet - gopher.height - 12 <= y <= feet + 12
        if hit and (best is None or gopher.body.y > best.body.y):
            best = gopher
    return best


def cook_at(model: Model, x: float, y: float) -> Cook | None:
    """The cook, or the empty place, at a point; those in front first."""
    for slot, cook in model.cooks.items():
        if (cook.spot or cook_spot(model.kitchen, slot, model.slots)).contains(x, y):
            return cook
    return None


def _kill(model: Model, slot: int, out: Wishes) -> None:
    cook = model.cooks.get(slot)
    if cook is None:
        model.say(f"There is no place {slot}: this kitchen has {model.slots}.")
    elif not cook.living:
        model.say(f"Nobody works at place {slot}. Shift+{slot} starts a cook there.")
    else:
        out.commands.append(KillWorker(slot))


def _start(model: Model, slot: int, out: Wishes) -> None:
    cook = model.cooks.get(slot)
    if cook is None:
        model.say(f"There is no place {slot}: this kitchen has {model.slots}.")
    elif cook.living:
        model.say(f"Place {slot} is taken: cook {slot} is at work.")
    else:
        out.commands.append(StartWorker(slot))


FASTER = frozenset({"+", "=", "[+]", "keypad +"})
SLOWER = frozenset({"-", "[-]", "keypad -"})
STORY_KEYS: dict[str, Callable[[Story], Story]] = {
    "left": lambda story: stepped(story, -1),
    "right": lambda story: stepped(story, 1),
    "l": hidden_or_shown,
}
"""The speaker's lines: back, on, hidden or shown."""
F_KEYS = tuple(f"f{n}" for n in range(1, 7))
"""A checkpoint each, in the order of GET /checkpoints."""


def _switch(model: Model, index: int, out: Wishes) -> None:
    found = model.known.checkpoints
    if index < len(found):
        out.commands.append(SwitchCheckpoint(found[index].name))


def _pace(model: Model, factor: float) -> None:
    if model.stream.shown:
        model.stream = paced(model.stream, model.stream.per_minute * factor)


def _challenge_key(model: Model, key: str, out: Wishes) -> None:
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


def _key(model: Model, item: KeyPress, out: Wishes) -> None:
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
        (_start if item.shift else _kill)(model, int(item.key), out)
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
        _replay(model, out)
    elif item.key in STORY_KEYS:
        model.story = STORY_KEYS[item.key](model.story)
    elif item.key in ("b", "e", "x"):
        _challenge_key(model, item.key, out)


def _replay(model: Model, out: Wishes) -> None:
    """The newest kill again; where there is none, why not."""
    if model.recorder.done:
        _show_kill(model, 0, out)
    else:
        model.say(NOT_YET if model.recorder.reels else NO_KILL)


def _show_kill(model: Model, receipt: int, out: Wishes) -> None:
    """Show the kill of a receipt again, or (0) the newest; say it where that is not the newest there was."""
    out.wishes.append(OpenReplay(receipt))
    said = not_the_newest(model, recorded(model, receipt))
    if said:
        model.say(said, icon="retry")


def _dial(model: Model, x: float, y: float) -> bool:
    """A press on the stream's sign; whether it was one."""
    if not model.stream.shown or not inside(SIGN, x, y):
        return False
    if inside(SWITCH, x, y):
        model.stream = toggled(model.stream)
    elif on_track(x, y):
        model.dragging = True
        model.stream = paced(model.stream, rate_at(x))
    return True


def _strip(model: Model, x: float, y: float, out: Wishes) -> bool:
    """A press on one of the strip's buttons; whether it was one."""
    plan = strip_for(bool(model.story.line), model.kiosk, model.muted)
    if inside(plan.order, x, y):
        out.wishes.append(OpenForm())
    elif inside(plan.help, x, y):
        out.wishes.append(OpenHelp())
    elif model.muted and inside(plan.muted, x, y):
        model.muted = False
    elif inside(plan.ui, x, y):
        out.commands.append(OpenWebUI())
    else:
        return False
    return True


def _press(model: Model, x: float, y: float, out: Wishes) -> None:
    if _dial(model, x, y):
        return
    replay = replay_tab(model)
    if replay is not None and inside(replay, x, y):
        receipt = replayable(model)
        newest = receipt is None or recorded(model, receipt.n) is model.recorder.done[-1]
        _show_kill(model, 0 if newest or receipt is None else receipt.n, out)
    elif model.file_to_fix is not None and inside(bug_sign(model.stream), x, y):
        out.wishes.append(OpenBug())
    elif inside(TITLE, x, y):
        out.wishes.append(OpenChooser())
    elif _strip(model, x, y, out):
        return
    elif (cook := cook_at(model, x, y)) is not None and (
        y > model.kitchen.front or not gopher_at(model, x, y)
    ):
        # Where a cook's head and a gopher overlap on the floor, the small one is the harder target: it wins.
        (_kill if cook.living else _start)(model, cook.slot, out)
    elif (gopher := gopher_at(model, x, y)) is not None:
        out.wishes.append(OpenCard(gopher.id, right=gopher.body.x < 960))


def handle(model: Model, item: Input, out: Wishes) -> None:
    """Take one input into the model; commands and wishes are added to `out`."""
    if isinstance(item, KeyPress):
        _key(model, item, out)
    elif isinstance(item, KeyRelease):
        if item.key == "escape":
            model.escape_held = None
    elif isinstance(item, PointerMove):
        model.pointer, model.pointer_idle = (item.x, item.y), 0.0
        if model.dragging:
            model.stream = paced(model.stream, rate_at(item.x))
        model.pointed = True
    elif isinstance(item, PointerRelease):
        model.dragging = False
    elif isinstance(item, PointerPress):
        model.pointer_idle = 0.0
        _press(model, item.x, item.y, out)
    elif isinstance(item, CloseWindow):
        if model.kiosk:
            out.commands.append(Quit())
        else:
            out.wishes.append(AskQuit())


def look(model: Model) -> None:
    """See who is under the pointer, if that has moved: of more than `MANY` not in every frame."""
    if not model.pointed or len(model.gophers) > MANY and model.real < model.look_again:
        return
    (x, y), model.pointed, model.look_again = model.pointer, False, model.real + LOOK_EVERY
    found = gopher_at(model, x, y) if y <= model.kitchen.front + 12 else None
    model.hover = found.id if found else ""


def held_long_enough(model: Model) -> bool:
    """Whether a kiosk's Esc was held long enough to leave."""
    return model.escape_held is not None and model.escape_held >= HOLD_TO_QUIT
