"""The window's keys: what each does by itself, and which of them a config may give to something else."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

DEFAULT_KEYS: dict[str, tuple[str, ...]] = {
    "order": ("n",),
    "cook": tuple("123456789"),
    "round": ("g",),
    "stream": ("space",),
    "faster": ("+", "=", "[+]", "keypad +"),
    "slower": ("-", "[-]", "keypad -"),
    "web ui": ("u",),
    "replay": ("k",),
    "calm": ("f7",),
    "large": ("f8",),
    "strong": ("f9",),
    "figures": ("tab",),
    "failures": ("f",),
    "chooser": ("c",),
    "checkpoint": ("f1", "f2", "f3", "f4", "f5", "f6"),
    "bug": ("b",),
    "edit": ("e",),
    "restart": ("r",),
    "bug back": ("x",),
    "mute": ("m",),
    "line back": ("left", "page up"),
    "line on": ("right", "page down"),
    "lines": ("l",),
    "help": ("h",),
    "full screen": ("f11",),
    "leave": ("escape",),
}
"""Every action of the window, with its keys where no config says otherwise."""

FIXED = frozenset({"cook", "checkpoint", "leave"})
"""Actions that have to do with what is printed on their keys: they get no other ones."""
KEPT_KEYS = frozenset(
    {key for action in FIXED for key in DEFAULT_KEYS[action]} | {"f7", "f8", "f9", "page up", "page down"}
)
"""Keys that stay what they are: of those actions, and those that work over every panel."""
NAMED_KEYS = frozenset(
    {"space", "tab", "return", "backspace", "delete", "insert", "home", "end"}
    | {"left", "right", "up", "down", "f10", "f11", "f12"}
)
"""Keys that type no character, by name."""
CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0+-=")
OTHER_NAMES = {"enter": "return", "ins": "insert", "del": "delete", "−": "-"}


def key_named(key: str) -> str:
    """A key's name as it is compared: `K` is `k`, `Enter` is `return`."""
    name = " ".join(key.lower().split()) or key
    return OTHER_NAMES.get(name, name)


def table_of(changes: Mapping[str, str]) -> dict[str, str]:
    """What each key does, with these changes (key → action). They must have been checked."""
    table = {key: action for action, keys in DEFAULT_KEYS.items() for key in keys}
    return table | {key_named(key): action for key, action in changes.items()}


def checked_bindings(changes: Mapping[str, str]) -> dict[str, str]:
    """The changes with each key's one name. Raises ValueError, which names the key and what is accepted, for
    unknown keys and actions, for a key that is given twice, and for an action that would have no key left.
    """
    named: dict[str, str] = {}
    for key, action in changes.items():
        name = key_named(key)
        _check_key(key, name)
        _check_action(key, action)
        if name in named:
            raise ValueError(f"the key {key[:20]!r} is there twice: {named[name]!r} and {action!r}")
        named[name] = action
    with_keys = set(table_of(named).values())
    for action, keys in DEFAULT_KEYS.items():
        if action not in with_keys:
            taken = ", ".join(f"{key!r} is given to {named[key]!r}" for key in keys if key in named)
            raise ValueError(f"{action!r} would have no key: {taken}; give {action!r} another one")
    return named


def _check_key(key: str, name: str) -> None:
    if name in KEPT_KEYS:
        raise ValueError(f"the key {key[:20]!r} stays what it is, as do {', '.join(sorted(KEPT_KEYS))}")
    if name not in CHARACTERS and name not in NAMED_KEYS:
        raise ValueError(
            f"{key[:20]!r} is no key; a letter, 0, +, -, = and {', '.join(sorted(NAMED_KEYS))} are accepted"
        )


def _check_action(key: str, action: str) -> None:
    free = [name for name in DEFAULT_KEYS if name not in FIXED]
    if action in free:
        return
    close = difflib.get_close_matches(action[:20], free, n=1)
    guess = f"did you mean {close[0]!r}?" if close else f"accepted are {', '.join(free)}"
    raise ValueError(f"{key[:20]!r} is given {action[:20]!r}, which is no action of the window; {guess}")
