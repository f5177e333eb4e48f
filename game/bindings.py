"""Which key does what: one table, which the rules look keys up in and the help is printed from."""

from __future__ import annotations

from dataclasses import dataclass

TO = "–"
OR = "/"
"""Words between the caps of a row: from one to the other, or one of them."""


@dataclass(frozen=True)
class Row:
    """A line of the help, and the keys that are meant by it."""

    caps: tuple[str, ...]
    """As printed on the keys; `TO` and `OR` between them. What is done with the pointer stands in words."""
    words: str
    does: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Each action with its keys, by the names that `KeyPress` has for them."""


PLAY: tuple[Row, ...] = (
    Row(("N",), "order a pizza", (("order", ("n",)),)),
    Row(("1", TO, "9"), "kill that cook: SIGKILL to its process", (("cook", tuple("123456789")),)),
    Row(("Shift", "1", TO, "9"), "start a worker at that place"),
    Row(("Click a cook",), "kill its process"),
    Row(("Click an empty place",), "start a worker there"),
    Row(("Click a gopher",), "see its order"),
    Row(("Space",), "let orders stream in, or pause them", (("stream", ("space",)),)),
    Row(
        ("+", OR, "−"),
        "more or fewer of them a minute",
        (("faster", ("+", "=", "[+]", "keypad +")), ("slower", ("-", "[-]", "keypad -"))),
    ),
    Row(("U",), "Temporal's Web UI, in the browser", (("web ui", ("u",)),)),
    Row(("K",), "the last kill again, in slow motion", (("replay", ("k",)),)),
    Row(
        ("F7", OR, "F8", OR, "F9"),
        "less motion, large text, contrast",
        (("calm", ("f7",)), ("large", ("f8",)), ("strong", ("f9",))),
    ),
    Row(("Gamepad",), "the stick points, A clicks, B is Esc"),
)
"""What people play with."""

LOOK: tuple[Row, ...] = (
    Row(("Tab",), "the figures, and the audit", (("figures", ("tab",)),)),
    Row(
        ("C", OR, "F1", TO, "F6"),
        "the checkpoints (F5 in a talk: C first)",
        (("chooser", ("c",)), ("checkpoint", ("f1", "f2", "f3", "f4", "f5", "f6"))),
    ),
    Row(("B",), "the code with the bug, if it has one", (("bug", ("b",)),)),
    Row(("E",), "edit that file", (("edit", ("e",)),)),
    Row(("R",), "restart every cook: the code on disk", (("restart", ("r",)),)),
    Row(("X",), "put the bug back (asks first)", (("bug back", ("x",)),)),
    Row(("M",), "no sound, and sound again", (("mute", ("m",)),)),
    Row(
        ("Left", OR, "Right", OR, "L"),
        "the speaker's lines: step, hide",
        (("line back", ("left", "page up")), ("line on", ("right", "page down")), ("lines", ("l",))),
    ),
    Row(("PgUp", OR, "PgDn"), "the same, by a presenter's remote"),
    Row(("H",), "this help", (("help", ("h",)),)),
    Row(("F11",), "full screen, and back", (("full screen", ("f11",)),)),
)
"""What a speaker needs."""

ACTIONS: dict[str, str] = {
    key: action for row in (*PLAY, *LOOK) for action, keys in row.does for key in keys
} | {"escape": "leave"}
"""What each key does."""

EVERYWHERE = frozenset({"f7", "f8", "f9", "page up", "page down"})
"""Keys that no panel takes: how all is shown is nobody's own, and a speaker's remote has no other use."""

REMOTE_START = "f5"
"""What a presenter's remote sends to begin the show, with Shift or without. In a talk with lines it does
nothing: checkpoint 5 is chosen by C there. The others of its keys do no harm: "." does nothing anywhere, and
"b" shows or hides the code with the bug, where there is one."""

PAD_PRESS = "a"
"""The gamepad's button that presses what is under its pointer."""
PAD_BUTTONS: dict[str, str] = {"b": "escape", "start": "n", "back": "h", "x": "k", "y": "tab"}
"""The key that each other button of a gamepad stands for."""
