"""A script of inputs: each action, and errors that say where and what is accepted instead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from game.desktop import input_script as script
from game.desktop.input_script import (
    Action,
    EndGame,
    Screenshot,
    ScriptError,
    ScriptPlayer,
    ScriptStep,
    parse_script,
    read_script,
)
from game.inputs import (
    CloseWindow,
    KeyPress,
    KeyRelease,
    PointerMove,
    PointerPress,
    PointerRelease,
    TextTyped,
    Wheel,
)

ACTIONS: dict[str, tuple[Action, ...]] = {
    "key n": (KeyPress("n"), KeyRelease("n")),
    "key shift+2": (KeyPress("2", shift=True), KeyRelease("2")),
    "key ctrl+A": (KeyPress("a", ctrl=True), KeyRelease("a")),
    "key ctrl+shift+tab": (KeyPress("tab", shift=True, ctrl=True), KeyRelease("tab")),
    "key +": (KeyPress("+"), KeyRelease("+")),
    "down escape": (KeyPress("escape"),),
    "up escape": (KeyRelease("escape"),),
    "text Ada L": tuple(TextTyped(character) for character in "Ada L"),
    "text": (),
    "click 300 400.5": (PointerMove(300, 400.5), PointerPress(300, 400.5), PointerRelease(300, 400.5)),
    "move 3 4": (PointerMove(3, 4),),
    "wheel -2": (Wheel(-2),),
    "screenshot a b.png": (Screenshot(Path("a b.png")),),
    "close": (CloseWindow(),),
    "quit": (EndGame(),),
}


@pytest.mark.parametrize("text, actions", ACTIONS.items(), ids=ACTIONS)
def test_an_action(text: str, actions: tuple[Action, ...]) -> None:
    assert parse_script(f"at 1.5 {text}") == (ScriptStep(1.5, actions),)


def test_times_comments_and_order() -> None:
    steps = parse_script("# a talk\n\n  at 2 key n\n+0.5 key h\n  # more\nat 1 close\n+0 quit\n")
    assert [step.at for step in steps] == [1.0, 1.0, 2.0, 2.5]
    assert steps[0].actions == (CloseWindow(),) and steps[1].actions == (EndGame(),)


BAD = {
    "key n": "at SECONDS ACTION",
    "at": "at SECONDS ACTION",
    "+1": "at SECONDS ACTION",
    "at soon key n": "soon",
    "at -1 key n": "-1",
    "at nan key n": "nan",
    "at inf key n": "inf",
    "+x key n": "x",
    "at 1": "unknown action",
    "at 1 jump": "key, down, up, text, click, move, wheel, screenshot FILE, close, quit",
    "at 1 key": "one word",
    "at 1 key a b": "one word",
    "at 1 key alt+a": "shift+2",
    "at 1 key shift+": "shift+2",
    "at 1 click 3": "two numbers",
    "at 1 click a b": "a",
    "at 1 move 1 2 3": "two numbers",
    "at 1 wheel": "one word",
    "at 1 screenshot": "screenshot FILE",
    "at 1 quit now": "unknown action",
    "at 1 click nan 3": "nan",
    "at 1 wheel inf": "inf",
}


@pytest.mark.parametrize("line, said", BAD.items(), ids=BAD)
def test_a_bad_line_is_named_with_file_and_line(line: str, said: str) -> None:
    with pytest.raises(ScriptError) as error:
        parse_script(f"# fine\nat 0 close\n{line}\n", "talk.txt")
    assert str(error.value).startswith("talk.txt:3: ") and said in str(error.value)


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "talk.txt"
    file.write_text("at 1 text Žižkov 🍕\n", "utf-8")
    assert read_script(file)[0].actions[0] == TextTyped("Ž")
    with pytest.raises(ScriptError, match="missing.txt"):
        read_script(tmp_path / "missing.txt")
    file.write_bytes(b"at 1 text \xff\xfe\n")
    with pytest.raises(ScriptError, match=r"talk\.txt"):
        read_script(file)


def test_each_step_is_played_once_when_it_is_due() -> None:
    player = ScriptPlayer(parse_script("at 1 key a\nat 2 key b\nat 2 move 1 1\nat 9 quit"))
    assert player.due(0.99) == []
    assert player.due(1.0) == [KeyPress("a"), KeyRelease("a")]
    assert player.due(1.5) == []
    assert player.due(5.0) == [KeyPress("b"), KeyRelease("b"), PointerMove(1, 1)]
    assert player.due(99.0) == [EndGame()] and player.due(999.0) == []


def test_a_picture_that_is_late_shows_nothing_of_what_comes_after_it() -> None:
    player = ScriptPlayer(parse_script("at 1 screenshot a\nat 2 key h\nat 3 screenshot b\nat 4 quit"))
    assert player.due(99.0) == [Screenshot(Path("a"))]
    assert player.due(99.0) == [KeyPress("h"), KeyRelease("h"), Screenshot(Path("b"))]
    assert player.due(99.0) == [EndGame()]


def test_the_help_shows_every_action() -> None:
    shown = re.findall(r"^    (?:at\s+\S+|\+\S+)\s+(\w+)", script.__doc__ or "", re.MULTILINE)
    assert sorted(shown) == sorted({text.split()[0] for text in ACTIONS})
