"""A monkey with every device at a kiosk: nothing is raised, and only the long Esc leaves.

Keyboard, mouse, fingers and a gamepad in one process, by SDL's own events: hundreds, in bursts too, over
every panel there is. `Hands` are those that `bench kiosk` puts into the process of the real window.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pygame
import pytest

from api_stub.schema import Challenge
from game.actions import EditFile, KillWorker, OpenWebUI
from game.api_state.news import KioskSeen, OrdersSeen, RecordsSeen
from game.drawing.view import View
from game.scene.panel_placement import panel_view
from tests.bench.hands import COUNT, PLAY, Hands, Pad, Played, write_hands
from tests.desk import virtual_display, window_on
from tests.running import eventually
from tests.telling import S, order, staffed, worker
from tests.test_kiosk_autopilot import SETTINGS
from tests.test_kiosk_window import BUGGY, CHALLENGE, HOUSE, TALK, Booth, booth
from tests.test_receipt_strip import held, receipt

__all__ = ["booth"]

NAMES = (
    *"abcdefghijklmnopqrstuvwxyz0123456789", "return", "escape", "backspace", "tab", "space", "left", "right",
    "up", "down", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f11", "delete", "home", "end",
)  # fmt: skip
STEPS, BURST, BURST_EVERY = 700, 60, 40
LEAST_EVENTS = 2000


def post(kind: int, **told: object) -> None:
    """Have SDL tell of something."""
    pygame.event.post(pygame.event.Event(kind, told))


class Monkey:
    """Keyboard, mouse and the window's own events, by dice. No Esc is held: it goes up in the same moment."""

    def __init__(self, dice: random.Random, size: tuple[int, int]) -> None:
        self._dice = dice
        self._size = size

    def act(self) -> None:
        """One thing."""
        does: tuple[Callable[[], None], ...] = (
            self._key,
            self._key,
            self._key,
            self._click,
            self._drag,
            self._odd,
        )
        self._dice.choice(does)()

    def _key(self) -> None:
        name = self._dice.choice(NAMES)
        code, mod = (
            pygame.key.key_code(name),
            self._dice.choice((0, 0, 0, pygame.KMOD_SHIFT, pygame.KMOD_CTRL)),
        )
        place = getattr(pygame, f"KSCAN_{name.upper()}", 40)
        post(pygame.KEYDOWN, key=code, scancode=place, mod=mod, unicode=name if len(name) == 1 else "")
        if len(name) == 1 and not mod:
            post(pygame.TEXTINPUT, text=name)
        post(pygame.KEYUP, key=code, scancode=place, mod=mod)

    def _at(self) -> tuple[int, int]:
        return self._dice.randrange(self._size[0]), self._dice.randrange(self._size[1])

    def _click(self) -> None:
        at, button = self._at(), self._dice.choice((1, 1, 1, 2, 3))
        post(pygame.MOUSEMOTION, pos=at, rel=(0, 0), buttons=(0, 0, 0))
        post(pygame.MOUSEBUTTONDOWN, pos=at, button=button)
        post(pygame.MOUSEBUTTONUP, pos=at, button=button)

    def _drag(self) -> None:
        post(pygame.MOUSEBUTTONDOWN, pos=self._at(), button=1)
        post(pygame.MOUSEMOTION, pos=self._at(), rel=(3, 3), buttons=(1, 0, 0))
        post(pygame.MOUSEBUTTONUP, pos=self._at(), button=1)

    def _odd(self) -> None:
        kind = self._dice.randrange(5)
        if kind == 0:
            post(pygame.QUIT)
        elif kind == 1:
            post(pygame.WINDOWCLOSE)
        elif kind == 2:
            post(pygame.WINDOWFOCUSLOST)
        elif kind == 3:
            post(pygame.MOUSEWHEEL, x=0, y=self._dice.choice((-1, 1)), flipped=False)
        else:
            post(pygame.TEXTEDITING, text=self._dice.choice(("", "ni", "にほ")), start=0, length=0)


def frame(booth: Booth, seconds: float) -> int:
    """One frame with whatever SDL has told; how many inputs that were."""
    app = booth.app
    vars(app._window).pop("poll", None)  # the booth's own, which tells of nothing
    inputs, _ = app._inputs()
    app._advance(inputs, booth.api.drain(), seconds)
    return len(inputs)


def paint(booth: Booth) -> None:
    """Draw what lies over the kitchen."""
    app = booth.app
    view = View(pygame.Surface((960, 540)), app.model.setup.access)
    for panel in app._desk.overlays:
        panel.draw(panel_view(view, panel, app.model.setup.composition, app.model.setup.access))


def world(booth: Booth, dice: random.Random) -> None:
    """What the API tells meanwhile: other checkpoints, dead cooks, orders, receipts, a kiosk that opens
    and shuts its failures.
    """
    news = (
        RecordsSeen(checkpoint=dice.choice((HOUSE, TALK, BUGGY))),
        RecordsSeen(challenge=Challenge.model_validate(CHALLENGE)),
        RecordsSeen(receipts=(receipt(dice.randrange(1, 9), held(), by_house=dice.random() < 0.5),)),
        staffed(*(worker(n, dice.choice(("ready", "ready", "dead", "starting"))) for n in range(1, 4))),
        OrdersSeen(
            (
                order(
                    "a", dice.choice((S.BAKING, S.PREPARING, S.DELIVERED)), 1, run_id="r", workflow_id="a--1"
                ),
            )
        ),
        KioskSeen(kiosk=SETTINGS.model_copy(update={"failures_open": dice.random() < 0.5})),
    )
    booth.api.news.append(dice.choice(news))


@pytest.mark.parametrize("seed", [1, 3, 4])
def test_no_device_breaks_a_kiosk_or_leads_out_of_it(booth: Booth, seed: int) -> None:
    dice, app = random.Random(seed), booth.app
    monkey, hands = Monkey(dice, app._window.screen.get_size()), Hands(dice, plugged(booth))
    assert app._window.reader.gamepads._pads, "the gamepad is there"
    inputs, seen = 0, set()
    for step in range(STEPS):
        for _ in range(BURST if step % BURST_EVERY == BURST_EVERY - 1 else dice.choice((0, 1, 2, 3))):
            dice.choice((monkey.act, hands.act))()
        if dice.random() < 0.2:
            world(booth, dice)
        # Now and then everybody has left for long enough.
        inputs += frame(
            booth, SETTINGS.idle_s + 1.0 if dice.random() < 0.004 else dice.choice((0.004, 0.02, 0.4))
        )
        seen |= {type(panel).__name__ for panel in app._panel_stack.panels} | {app.model.setup.device.value}
        assert not app._over, step
        if step % 10 == 0:
            paint(booth)
    assert inputs > LEAST_EVENTS and {"keyboard", "mouse", "touch", "gamepad"} <= seen
    assert {"OrderForm", "HelpPanel", "ChooserPanel", "StatsPanel"} <= seen
    assert booth.sent(OpenWebUI) == [] == booth.sent(EditFile)
    assert booth.sent(KillWorker)
    only_the_long_esc_ends(booth, hands)


def only_the_long_esc_ends(booth: Booth, hands: Hands) -> None:
    """A gamepad's button that stands for Esc never does; the key does, after its time."""
    hands.rest()
    pygame.event.clear()
    post(pygame.WINDOWFOCUSLOST)
    frame(booth, 0.02)
    app = booth.app
    assert hands._pad is not None
    hands._pad.button(1, True)
    for _ in range(30):
        frame(booth, 0.2)
    assert not app._over
    hands._pad.button(1, False)
    for _ in range(20):
        code = {"key": pygame.K_ESCAPE, "scancode": pygame.KSCAN_ESCAPE, "mod": 0}
        post(pygame.KEYDOWN, **code, unicode="")
        frame(booth, 0.1)
        post(pygame.KEYUP, **code)
        frame(booth, 0.1)
    assert not app._over, "each closes a panel at the most"
    post(pygame.KEYDOWN, **code, unicode="")
    for _ in range(14):
        assert not app._over
        frame(booth, 0.2)
    frame(booth, 0.5)
    frame(booth, 0.02)
    assert app._over


def plugged(booth: Booth) -> Pad:
    """A gamepad of SDL's own kind in this process, known to the application."""
    booth.app._window.reader.gamepads.start()
    pad = Pad()
    eventually(lambda: frame(booth, 0.01) >= 0 and booth.app._window.reader.gamepads._pads, 5)
    return pad


def test_hands_never_hold_a_finger_and_do_all_that_there_is(booth: Booth) -> None:
    dice = random.Random(5)
    hands = Hands(dice, plugged(booth))
    for _ in range(300):
        hands.act()
        frame(booth, 0.01)
    assert not booth.app._window.reader._fingers
    assert hands.touches > 90 and hands.presses > 90
    hands.rest()


@pytest.mark.window
def test_fingers_and_a_gamepad_play_in_the_real_windows_own_process(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("", encoding="utf-8")
    write_hands(tmp_path)
    with (
        virtual_display() as display,
        window_on(
            display, "http://127.0.0.1:9", tmp_path, options=("--kiosk",), PYTHONPATH=str(tmp_path)
        ) as desk,
    ):
        with Played(tmp_path) as played:
            assert (tmp_path / PLAY).exists()
            eventually(
                lambda: desk.game.poll() is not None or (played.touches > 20 and played.presses > 20), 60
            )
        assert desk.game.poll() is None, desk.log.read_text(encoding="utf-8")
        assert "Traceback" not in desk.log.read_text(encoding="utf-8")
    assert (tmp_path / COUNT).stat().st_size > 0
