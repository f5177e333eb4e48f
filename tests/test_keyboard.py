"""What each key of each keyboard layout does: as SDL 2.32 under X tells of it, and as other systems do.

SDL tells a key's place, a code (what it types alone; for the row of numbers a digit, also where that row
types none), the modifiers, and pygame adds what it types.
"""

from __future__ import annotations

from dataclasses import dataclass

import pygame
import pytest

from game.actions import KillWorker, OpenCard, OpenForm, OpenHelp, Redeploy, StartWorker
from game.desktop.key_names import translate, types
from game.inputs import Input, KeyPress, KeyRelease, TextTyped
from game.panels.order_form.form import OrderForm
from game.panels.panel import Stay
from game.panels.panel_stack import PanelStack
from game.panels.quit_question import QuitPanel
from game.panels.widgets import pressed_key
from game.simulation.order_stream import OrderStream
from game.simulation.update import update
from tests.telling import kitchen_with, worker

SHIFT, CAPS, NUM = pygame.KMOD_LSHIFT, pygame.KMOD_CAPS, pygame.KMOD_NUM
ALT_GR, ALT, CTRL, CMD = pygame.KMOD_RALT, pygame.KMOD_LALT, pygame.KMOD_LCTRL, pygame.KMOD_LGUI
DEAD = 1 << 30
"""SDL's code of a key that types nothing by itself."""


def place(name: str) -> int:
    """The place of a key, by what it is on an American keyboard."""
    names = {"-": "MINUS", "=": "EQUALS", "'": "APOSTROPHE", ";": "SEMICOLON", "]": "RIGHTBRACKET"}
    return int(getattr(pygame, f"KSCAN_{names.get(name, name.upper())}"))


@dataclass(frozen=True)
class Key:
    """One key press: its place, what SDL takes it for (a character, or a code), what it types, modifiers."""

    place: str
    code: str | int
    typed: str
    mod: int = 0

    def event(self) -> pygame.event.Event:
        """As pygame tells of it."""
        code = ord(self.code) if isinstance(self.code, str) else self.code
        return pygame.event.Event(
            pygame.KEYDOWN, key=code, scancode=place(self.place), mod=self.mod, unicode=self.typed
        )


def pressed(event: pygame.event.Event) -> KeyPress:
    """The press that an event means."""
    item = translate(event, lambda pos: pos)
    assert isinstance(item, KeyPress)
    return item


def does(*presses: Input) -> str:
    """What key presses do in a kitchen in which nine cooks work, or in one in which they all are dead."""
    living = kitchen_with([worker(n) for n in range(1, 10)], settle=1)
    dead = kitchen_with([worker(n, "dead", since=1) for n in range(1, 10)], settle=1)
    told = []
    for model in (living, dead):
        model.stream = OrderStream(shown=True)
        before, muted = model.stream.per_minute, model.setup.muted
        result = update(model, presses, (), 1 / 60)
        for command in result.commands:
            if isinstance(command, KillWorker):
                told.append(f"kill {command.slot}")
            elif isinstance(command, StartWorker):
                told.append(f"start {command.slot}")
            elif isinstance(command, Redeploy):
                told.append("restart")
        for wish in result.wishes:
            told.append({OpenForm: "order", OpenHelp: "help", OpenCard: "card"}.get(type(wish), "other"))
        if model.stream.per_minute != before:
            told.append("faster" if model.stream.per_minute > before else "slower")
        if model.setup.muted != muted:
            told.append("mute")
    return " ".join(dict.fromkeys(told)) or "nothing"


TABLE: dict[str, list[tuple[Key, str]]] = {
    "us": [
        (Key("1", "1", "1"), "kill 1"),
        (Key("6", "6", "6"), "kill 6"),
        (Key("1", "1", "!", SHIFT), "start 1"),
        (Key("6", "6", "^", SHIFT), "start 6"),
        (Key("0", "0", "0"), "nothing"),
        (Key("-", "-", "-"), "slower"),
        (Key("-", "-", "_", SHIFT), "slower"),
        (Key("=", "=", "="), "faster"),
        (Key("=", "=", "+", SHIFT), "faster"),
        (Key("n", "n", "n"), "order"),
        (Key("n", "n", "N", SHIFT), "order"),
        (Key("n", "n", "N", CAPS), "order"),
        (Key("r", "r", "r"), "restart"),
        (Key("m", "m", "m"), "mute"),
    ],
    "us, dead keys": [
        (Key("6", "6", "6", SHIFT), "start 6"),
        (Key("n", "n", "ñ"), "order"),
        (Key("'", DEAD, ""), "nothing"),
    ],
    "fr": [
        (Key("1", "1", "&"), "kill 1"),
        (Key("2", "2", "é"), "kill 2"),
        (Key("2", "2", "É", CAPS), "kill 2"),
        (Key("3", "3", '"'), "kill 3"),
        (Key("4", "4", "'"), "kill 4"),
        (Key("5", "5", "("), "kill 5"),
        (Key("6", "6", "-"), "slower"),
        (Key("7", "7", "è"), "kill 7"),
        (Key("8", "8", "_"), "kill 8"),
        (Key("9", "9", "ç"), "kill 9"),
        (Key("0", "0", "à"), "nothing"),
        (Key("1", "1", "1", SHIFT), "start 1"),
        (Key("6", "6", "6", SHIFT), "start 6"),
        (Key("6", "6", "6", CAPS), "kill 6"),
        (Key("-", ")", ")"), "nothing"),
        (Key("-", ")", "°", SHIFT), "nothing"),
        (Key("=", "=", "="), "faster"),
        (Key("=", "=", "+", SHIFT), "faster"),
        (Key(";", "m", "m"), "mute"),
        (Key("m", ",", ","), "nothing"),
        (Key("1", "1", "¹", ALT_GR), "nothing"),
        (Key("6", "6", "|", ALT_GR), "nothing"),
        (Key("e", "e", "€", ALT_GR), "nothing"),
    ],
    "fr, as another SDL or system tells of it": [
        (Key("1", "&", "&"), "kill 1"),
        (Key("1", "&", ""), "kill 1"),
        (Key("6", "-", "-"), "slower"),
        (Key("6", "-", ""), "slower"),
        (Key("6", "-", "6", SHIFT), "start 6"),
        (Key("8", "_", "_"), "kill 8"),
    ],
    "be": [
        (Key("1", "1", "&"), "kill 1"),
        (Key("6", "6", "§"), "kill 6"),
        (Key("8", "8", "!"), "kill 8"),
        (Key("=", "-", "-"), "slower"),
        (Key("1", "1", "1", SHIFT), "start 1"),
    ],
    "fr, BÉPO": [
        (Key("1", "1", '"'), "kill 1"),
        (Key("7", "7", "+"), "faster"),
        (Key("8", "8", "-"), "slower"),
        (Key("7", "7", "7", SHIFT), "start 7"),
        (Key("e", "p", "&", ALT_GR), "nothing"),
        (Key(";", "n", "n"), "order"),
        (Key("n", "'", "'"), "nothing"),
    ],
    "de": [
        (Key("1", "1", "1"), "kill 1"),
        (Key("1", "1", "!", SHIFT), "start 1"),
        (Key("7", "7", "/", SHIFT), "start 7"),
        (Key("0", "0", "=", SHIFT), "nothing"),
        (Key("]", "+", "+"), "faster"),
        (Key("-", "ß", "ß"), "nothing"),
        (Key("=", DEAD, ""), "nothing"),
        (Key("n", "n", "ń"), "order"),
        (Key("2", "2", "²", ALT_GR), "nothing"),
        (Key(";", "ö", "ö"), "nothing"),
    ],
    "cz": [
        (Key("1", "1", "+"), "faster"),
        (Key("2", "2", "ě"), "kill 2"),
        (Key("3", "3", "š"), "kill 3"),
        (Key("6", "6", "ž"), "kill 6"),
        (Key("9", "9", "í"), "kill 9"),
        (Key("1", "1", "1", SHIFT), "start 1"),
        (Key("2", "2", "2", SHIFT), "start 2"),
        (Key("2", "2", "Ě", CAPS), "kill 2"),
        (Key("-", "=", "="), "faster"),
        (Key("-", "=", "%", SHIFT), "faster"),
        (Key("1", "1", "!", ALT_GR), "nothing"),
        (Key("1", "+", "+"), "faster"),
        (Key("1", "+", ""), "faster"),
    ],
    "ch": [
        (Key("1", "1", "1"), "kill 1"),
        (Key("1", "1", "+", SHIFT), "faster"),
        (Key("2", "2", '"', SHIFT), "start 2"),
        (Key("6", "6", "&", SHIFT), "start 6"),
        (Key("1", "1", "|", ALT_GR), "nothing"),
        (Key("-", "'", "'"), "nothing"),
        (Key("n", "n", ""), "order"),
    ],
    "ru": [
        (Key("1", "1", "1"), "kill 1"),
        (Key("1", "1", "!", SHIFT), "start 1"),
        (Key("6", "6", ":", SHIFT), "start 6"),
        (Key("-", "-", "-"), "slower"),
        (Key("=", "=", "="), "faster"),
        (Key("n", "т", "т"), "order"),
        (Key("n", "т", "Т", SHIFT), "order"),
        (Key("n", "т", ""), "order"),
        (Key("r", "к", "к"), "restart"),
        (Key("h", "р", "р"), "help"),
        (Key("m", "ь", "ь"), "mute"),
        (Key("r", "к", "к", CTRL), "nothing"),
    ],
    "gr": [
        (Key("1", "1", "1"), "kill 1"),
        (Key("1", "1", "!", SHIFT), "start 1"),
        (Key("n", "ν", "ν"), "order"),
        (Key("n", "ν", "Ν", SHIFT), "order"),
        (Key("r", "ρ", "ρ"), "restart"),
        (Key("m", "μ", "μ"), "mute"),
        (Key("2", "2", "½", ALT_GR), "nothing"),
        (Key("-", "-", "-"), "slower"),
    ],
    "ar": [
        (Key("1", "1", "1"), "kill 1"),
        (Key("1", "1", "١"), "kill 1"),
        (Key("1", "١", "١"), "kill 1"),
        (Key("6", "6", "۶"), "kill 6"),
        (Key("1", "1", "!", SHIFT), "start 1"),
        (Key("1", "1", "١", ALT_GR), "nothing"),
        (Key("n", "ى", "ى"), "order"),
        (Key("n", "ى", "آ", SHIFT), "order"),
        (Key("r", "ق", "ق"), "restart"),
        (Key("h", "ا", "ا"), "help"),
        (Key("b", DEAD, "لا"), "nothing"),
        (Key("-", "-", "-"), "slower"),
    ],
    "tr": [
        (Key("1", "1", "1"), "kill 1"),
        (Key("4", "4", "+", SHIFT), "faster"),
        (Key("1", "1", "!", SHIFT), "start 1"),
        (Key("=", "-", "-"), "slower"),
        (Key("-", "*", "*"), "nothing"),
        (Key("n", "n", "n"), "order"),
        (Key("i", "ı", "ı"), "nothing"),
        (Key("'", "i", "İ", SHIFT), "nothing"),
        (Key("1", "1", ">", ALT_GR), "nothing"),
    ],
    "dvorak": [
        (Key("1", "1", "1"), "kill 1"),
        (Key("1", "1", "!", SHIFT), "start 1"),
        (Key("l", "n", "n"), "order"),
        (Key("n", "b", "b"), "nothing"),
        (Key("o", "r", "r"), "restart"),
        (Key("r", "p", "p"), "nothing"),
        (Key("'", "-", "-"), "slower"),
        (Key("-", "[", "["), "nothing"),
        (Key("]", "=", "+", SHIFT), "faster"),
        (Key("e", ".", "."), "nothing"),
    ],
    "programmer's dvorak": [
        (Key("2", "2", "["), "nothing"),
        (Key("2", "2", "7", SHIFT), "start 7"),
        (Key("9", "9", "+"), "faster"),
        (Key("6", "6", "="), "faster"),
    ],
    "th": [
        (Key("1", "1", "ๅ"), "kill 1"),
        (Key("1", "1", "+", SHIFT), "faster"),
        (Key("3", "3", "-"), "slower"),
        (Key("n", "ื", "ื"), "order"),
    ],
    "jp, wide letters": [
        (Key("n", "n", "ｎ"), "order"),
        (Key("1", "1", "１"), "kill 1"),
        (Key("-", "-", "－"), "slower"),
    ],
}
CASES = [(layout, key, action) for layout, rows in TABLE.items() for key, action in rows]


@pytest.mark.parametrize("layout, key, action", CASES, ids=[f"{a}: {k}" for a, k, _ in CASES])
def test_what_a_key_does_on_a_layout(layout: str, key: Key, action: str) -> None:
    assert does(pressed(key.event())) == action


def keypad(name: str, typed: str = "", mod: int = 0) -> pygame.event.Event:
    """A key of the keypad."""
    code, where = getattr(pygame, f"K_KP_{name}"), getattr(pygame, f"KSCAN_KP_{name}")
    return pygame.event.Event(pygame.KEYDOWN, key=code, scancode=where, mod=mod, unicode=typed)


@pytest.mark.parametrize("digit", range(1, 10))
def test_the_keypad_kills_where_it_types_digits_and_nowhere_else(digit: int) -> None:
    name = str(digit)
    assert does(pressed(keypad(name, name, NUM))) == f"kill {digit}"
    # macOS has no Num Lock; an input method may keep back what is typed.
    assert does(pressed(keypad(name, name))) == does(pressed(keypad(name, "", NUM))) == f"kill {digit}"
    for mod in (0, SHIFT, NUM | SHIFT):
        assert does(pressed(keypad(name, "", mod))) == "nothing"


@pytest.mark.parametrize(
    "name, does_instead", [("4", "left"), ("6", "right"), ("8", "up"), ("2", "down"), ("PERIOD", "delete")]
)
def test_without_num_lock_the_keypad_moves(name: str, does_instead: str) -> None:
    assert pressed(keypad(name)).key == does_instead


def test_the_keypads_signs_and_enter() -> None:
    assert does(pressed(keypad("PLUS", "+"))) == "faster"
    assert does(pressed(keypad("MINUS", "-", NUM))) == "slower"
    assert pressed(keypad("ENTER", "\r")).key == "return"


@pytest.mark.parametrize(
    "mod", [ALT, ALT_GR, CTRL, CMD, pygame.KMOD_MODE, CTRL | SHIFT, CMD | SHIFT], ids=str
)
@pytest.mark.parametrize("key", list("1nrmhkube") + ["-", "="])
def test_with_alt_ctrl_or_cmd_no_key_is_a_shortcut(key: str, mod: int) -> None:
    for typed in (key, ""):
        assert does(pressed(Key(key, key, typed, mod).event())) == "nothing"


SPECIAL = {"escape": pygame.K_ESCAPE, "tab": pygame.K_TAB, "space": pygame.K_SPACE, "f3": pygame.K_F3}


@pytest.mark.parametrize("mod", [ALT, CTRL, CMD])
@pytest.mark.parametrize("name, code", SPECIAL.items(), ids=SPECIAL)
def test_with_them_the_other_keys_are_the_systems_too(name: str, code: int, mod: int) -> None:
    scancode = getattr(pygame, f"KSCAN_{name.upper()}")
    press = pressed(pygame.event.Event(pygame.KEYDOWN, key=code, scancode=scancode, mod=mod, unicode=""))
    assert press.key == name and not press.plain
    model = kitchen_with([worker(1)], settle=1)
    before = model.stream
    result = update(model, [press], (), 1 / 60)
    assert result.commands == () and result.wishes == () and model.stream == before
    assert pressed_key(press) == ""


def test_a_panel_takes_no_shortcut_of_the_systems_either() -> None:
    model = kitchen_with([worker(1)], settle=1)
    panel_stack = PanelStack(model, lambda: None)
    panel_stack.panels.append(QuitPanel(1))
    for key in ("y", "return", "escape", "space"):
        for press in (KeyPress(key, meta=True), KeyPress(key, alt=True), KeyPress(key, ctrl=True)):
            assert not panel_stack.take(press).leave and panel_stack.panels
    assert panel_stack.take(KeyPress("f8", meta=True)).used, "a modal panel keeps it from the kitchen"


def test_in_the_form_alt_gr_types_and_does_nothing_else() -> None:
    panel_stack = PanelStack(kitchen_with([worker(1)], settle=1), lambda: None)
    panel_stack.open(OpenForm())
    (form,) = panel_stack.panels
    assert isinstance(form, OrderForm)
    form.handle(KeyRelease("n"))
    for press in (KeyPress("return", alt=True), KeyPress("escape", meta=True), KeyPress("r", alt=True)):
        assert form.handle(press) == Stay()
    before = form.choice.request("x")
    form.handle(KeyPress("e", alt=True))
    form.handle(TextTyped("€"))
    assert form.choice.request("x").customer == (before.customer or "") + "€"


@pytest.mark.parametrize(
    "mod, platform, typing",
    [
        (0, "linux", True),
        (SHIFT | NUM | CAPS, "linux", True),
        (CTRL, "linux", False),
        (CMD, "darwin", False),
        (ALT, "linux", False),
        (ALT, "darwin", True),
        (ALT_GR, "linux", True),
        (pygame.KMOD_MODE, "linux", True),
        (CTRL | ALT_GR, "win32", True),
    ],
)
def test_text_that_comes_with_a_shortcut_of_the_systems_is_not_typed(
    mod: int, platform: str, typing: bool
) -> None:
    assert types(mod, platform) is typing


def test_the_release_of_a_key_has_the_name_of_its_press() -> None:
    for code, scancode in ((pygame.K_ESCAPE, pygame.KSCAN_ESCAPE), (pygame.K_n, pygame.KSCAN_N)):
        down = pygame.event.Event(pygame.KEYDOWN, key=code, scancode=scancode, mod=0, unicode="")
        up = pygame.event.Event(pygame.KEYUP, key=code, scancode=scancode, mod=0)
        assert translate(up, lambda pos: pos) == KeyRelease(pressed(down).key)


def test_any_event_has_a_name_or_none() -> None:
    for code in (0, 1, 8, 13, 27, 127, DEAD, DEAD | 58, 0xD800, 0x10FFFF, 0x110000, 1 << 29):
        for typed in ("", "\x00", "\x12", "\ud800", "\u200d", "\u0301", "é", "😀", "️"):
            event = pygame.event.Event(pygame.KEYDOWN, key=code, scancode=9999, mod=0, unicode=typed)
            assert isinstance(pressed(event).key, str)
