"""Which key does what, and what the help prints of it: `api_stub/schema/default_keys.py` has the keys that a
checkpoint's `bindings` may change; what each action does is `simulation/controls/key_actions.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from api_stub.schema.default_keys import DEFAULT_KEYS, table_of

TO = "–"
OR = "/"
"""Words between the caps of a row: from one to the other, or one of them."""


@dataclass(frozen=True)
class HelpRow:
    """A line of the help, and the keys that are meant by it."""

    caps: tuple[str, ...]
    """As printed on the keys; `TO` and `OR` between them. What is done with the pointer stands in words."""
    words: str
    does: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Each action with its keys, by the names that `KeyPress` has for them."""


def does(*actions: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """These actions with their keys."""
    return tuple((action, DEFAULT_KEYS[action]) for action in actions)


NO_ACTION = ""
"""Of keys that do something where no config has given them an action."""

PLAY: tuple[HelpRow, ...] = (
    HelpRow(("G",), "a round: lose a pizza in time", does("round")),
    HelpRow(("N",), "order a pizza", does("order")),
    HelpRow(("1", TO, "9"), "kill that cook: SIGKILL to its process", does("cook")),
    HelpRow(("Shift", "1", TO, "9"), "start a worker at that place"),
    HelpRow(("Up", OR, "Down"), "choose a cook; Enter kills or starts it", ((NO_ACTION, ("up", "down")),)),
    HelpRow(("Click a cook",), "kill its process, or start one"),
    HelpRow(("Click a gopher",), "see its order"),
    HelpRow(("Space",), "let orders stream in, or pause them", does("stream")),
    HelpRow(
        ("+", OR, "−"),
        "more or fewer of them a minute",
        does("faster", "slower"),
    ),
    HelpRow(("U",), "Temporal's Web UI, in the browser", does("web ui")),
    HelpRow(("K",), "the last kill again, in slow motion", does("replay")),
    HelpRow(
        ("F7", OR, "F8", OR, "F9"),
        "less motion, large text, contrast",
        does("calm", "large", "strong"),
    ),
    HelpRow(("Gamepad",), "stick points, A clicks, R1: a round"),
)
"""What people play with."""

LOOK: tuple[HelpRow, ...] = (
    HelpRow(("Tab",), "the figures, and the audit", does("figures")),
    HelpRow(
        ("C", OR, "F1", TO, "F6"),
        "the checkpoints (F5 in a talk: C first)",
        does("chooser", "checkpoint"),
    ),
    HelpRow(("F",), "failures: what can go wrong, done", does("failures")),
    HelpRow(("B",), "the code with the bug, if it has one", does("bug")),
    HelpRow(("E",), "edit that file", does("edit")),
    HelpRow(("R",), "restart every cook: the code on disk", does("restart")),
    HelpRow(("X",), "put the bug back (asks first)", does("bug back")),
    HelpRow(("M",), "no sound, and sound again", does("mute")),
    HelpRow(
        ("Left", OR, "Right", OR, "L"),
        "the speaker's lines: step, hide",
        does("line back", "line on", "lines"),
    ),
    HelpRow(("PgUp", OR, "PgDn"), "the same, by a presenter's remote"),
    HelpRow(("H",), "this help", does("help")),
    HelpRow(("F11",), "full screen, and back", does("full screen")),
)
"""What a speaker needs."""

ACTIONS: dict[str, str] = table_of({})
"""What each key does where no config says otherwise; what a gamepad's buttons stand for, always."""


@dataclass(frozen=True)
class Bindings:
    """What each key does, and the two columns of the help that tell of it."""

    actions: Mapping[str, str]
    play: tuple[HelpRow, ...]
    look: tuple[HelpRow, ...]

    def cap(self, action: str) -> str:
        """What is printed on a key that does this."""
        keys = [key for key in DEFAULT_KEYS[action] if self.actions.get(key) == action]
        keys += [key for key, does in self.actions.items() if does == action]
        return cap_of(keys[0])


def in_kiosk(bindings: Bindings, failures_open: bool) -> Bindings:
    """The keys as a kiosk's help prints them: without those that are shut there, and what the others do
    there. What each key does stays in the table: a shut one's action says so by itself.
    """
    shut = SHUT_IN_KIOSK if failures_open else SHUT_IN_KIOSK | {"failures"}

    def kept(rows: tuple[HelpRow, ...]) -> tuple[HelpRow, ...]:
        found = []
        for row in rows:
            actions = {action for action, _ in row.does}
            if not actions or actions - shut:
                words = next((IN_KIOSK[one] for one in actions if one in IN_KIOSK), row.words)
                found.append(replace(row, words=words))
        return tuple(found)

    return replace(bindings, play=kept(bindings.play), look=kept(bindings.look))


def bound(changes: Mapping[str, str]) -> Bindings:
    """The keys with a config's changes, as the API tells them. A change to an action that this window does
    not know (the API may be newer) is left out.
    """
    return _bound(tuple((key, action) for key, action in changes.items() if action in DEFAULT_KEYS))


@lru_cache(maxsize=16)
def _bound(changes: tuple[tuple[str, str], ...]) -> Bindings:
    table = dict(changes)
    return Bindings(
        table_of(table),
        tuple(row for row in (_changed(row, table) for row in PLAY) if row.caps),
        tuple(_changed(row, table) for row in LOOK),
    )


SHUT_IN_KIOSK = frozenset({"edit", "full screen"})
"""Actions that would lead out of a kiosk; `failures` is one more where its config does not open them."""
IN_KIOSK: Mapping[str, str] = {
    "web ui": "an order's history",
}
"""What an action does in a kiosk, where that is another thing."""

CAPS = {"page up": "PgUp", "page down": "PgDn", "return": "Enter", "escape": "Esc", "-": "−"}


def cap_of(key: str) -> str:
    """What is printed on a key."""
    return CAPS.get(key, key.upper() if len(key) == 1 or key[1:].isdecimal() else key.capitalize())


def _changed(row: HelpRow, table: Mapping[str, str]) -> HelpRow:
    """The row with the caps of its actions' keys as they are now."""
    actions = {action for action, _ in row.does}
    gone = {
        cap_of(key)
        for _, keys in row.does
        for key in keys
        if table.get(key, NO_ACTION) not in {NO_ACTION, *actions}
    }
    more = [cap_of(key) for key, action in table.items() if action in actions]
    if not gone and not more:
        return row
    groups: list[list[str]] = [[]]
    for cap in row.caps:
        if cap == OR:
            groups.append([])
        else:
            groups[-1].append(cap)
    groups = [group for group in groups if not (len(group) == 1 and group[0] in gone)]
    groups += [[cap] for cap in more if [cap] not in groups]
    caps = [cap for group in groups for cap in (OR, *group)][1:]
    return replace(row, caps=tuple(caps))


EVERYWHERE = frozenset({"f7", "f8", "f9", "page up", "page down"})
"""Keys that no panel takes: how all is shown is nobody's own, and a speaker's remote has no other use."""

REMOTE_START = "f5"
"""What a presenter's remote sends to begin the show, with Shift or without. In a talk with lines it does
nothing: checkpoint 5 is chosen by C there. The others of its keys do no harm: "." does nothing anywhere, and
"b" shows or hides the code with the bug, where there is one."""

PAD_PRESS = "a"
"""The gamepad's button that presses what is under its pointer."""
PAD_BUTTONS: dict[str, str] = {
    "b": "escape", "start": "n", "back": "h", "x": "k", "y": "tab", "left": "f", "right": "g",
}  # fmt: skip
"""The key that each other button of a gamepad stands for; "left" and "right" are those at its shoulders."""

DEFAULT = bound({})
"""The keys where no config says otherwise."""
