"""The main loop: inputs → update → commands → draw → flip, sixty times a second; nothing in it waits.

The application carries out what rules and panels return as data: it owns the window, the pictures, the
network thread and the stack of panels, and decides nothing about the kitchen itself.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pygame

from game.accessibility import Access
from game.actions import Command, OpenReplay, Quit, StreamOrders, Wish
from game.api_state.news import News
from game.desktop.frame_clock import GameClock
from game.desktop.frame_pulse import FramePulse
from game.desktop.gc_tuning import keep_what_is_here, sweep
from game.desktop.input_script import Action, EndGame, Screenshot, ScriptPlayer, ScriptStep
from game.desktop.late_frames import FrameTimes
from game.desktop.settings import Settings, load, save
from game.desktop.window import Window
from game.drawing.text import warm_up
from game.inputs import Device, Input, KeyPress, PointerMove, PointerPress
from game.network.network import Network
from game.network.news_intake import NewsIntake
from game.network.records_polling import RecordsThread
from game.panels import code_colours
from game.panels.input_routing import InputRouter
from game.panels.kiosk_actions import KioskActions
from game.panels.panel_stack import PanelStack
from game.replay.playback_list import not_the_newest, recorded, why_none
from game.replay.recorder import Recorder, record
from game.scene.renderer import Renderer, busy, frame_figures
from game.simulation.model import Model
from game.simulation.model_parts import FrameTime, KioskState
from game.simulation.order_stream import OrderStream
from game.simulation.update import update
from game.sound.cues import ambience_for, sounds_for
from game.sound.loudspeaker import Loudspeaker

log = logging.getLogger(__name__)

FRAMES_PER_SECOND = 60
POINTER_IDLE = 2.0
"""Seconds after which a kiosk hides the resting pointer."""


@dataclass(frozen=True)
class GameOptions:
    """What the command line asked for; times in seconds."""

    api: str = "http://127.0.0.1:8000"
    everything: bool = False
    kiosk: bool = False
    pin: bool = False
    """Whether the kiosk was started with a PIN."""
    size: tuple[int, int] | None = None
    screenshot: Path | None = None
    after: float = 3.0
    script: tuple[ScriptStep, ...] = ()
    cache_dir: Path | None = None
    settings: Path | None = None
    """The file in which switches are remembered; None: nowhere."""


class App:
    """The game, from its first frame to its last."""

    def __init__(
        self,
        options: GameOptions,
        window: Window,
        net: Network,
        watch: RecordsThread,
        ended: Callable[[], bool],
        started: float,
    ) -> None:
        """`ended`: somebody outside wants us gone. `started`: the process's start on the monotonic clock."""
        self._options = options
        self._window = window
        self._net = net
        self._records = watch
        self._ended = ended
        self._started = started
        self._clock = GameClock()
        self._intake = NewsIntake()
        self._pace = FrameTimes()
        self._player = ScriptPlayer(options.script)
        self._over = False
        self._shown_at: float | None = None
        self._settled = False
        self._held: StreamOrders | None = None
        self._fonts: Iterator[None] = iter(())
        self.model = Model(
            kiosk=KioskState(options.kiosk, options.pin),
            time=FrameTime(wall=net.clock.now()),
            stream=OrderStream(session=secrets.token_hex(3)),
        )
        kept = self._kept = load(options.settings)
        self.model.setup.muted = kept.muted
        self.model.setup.access = Access(kept.reduced_motion, kept.far_legible, kept.high_contrast)
        self.loudspeaker = Loudspeaker(self.model.setup.muted)
        self.renderer = Renderer(window, options.cache_dir)
        self.recorder = Recorder()
        self._panel_stack = PanelStack(self.model, lambda: self.renderer.art, self.recorder)
        self._router = InputRouter(self.model, self._panel_stack, self._do, self._open)
        self._desk = KioskActions(self.model, self._panel_stack, self.recorder, net.send, self._leave)

    def run(self) -> None:
        """Play until somebody leaves. Raises OSError or pygame.error where a screenshot cannot be written."""
        pace = pygame.time.Clock()
        pulse, last = FramePulse(os.environ), time.monotonic()
        while not self._over and not self._ended():
            now = time.monotonic()
            self.frame(now - last)
            pulse.beat(now)
            last = now
            pace.tick(FRAMES_PER_SECOND)
        self.loudspeaker.stop()
        if self._pace.frames:
            log.info("%s", self._pace.text())

    def frame(self, real_dt: float) -> None:
        """One frame, `real_dt` seconds after the one before."""
        if self._settled:
            self._pace.note(real_dt)
        self._window.renew()
        self.renderer.prepare(lambda: busy(self.model))
        if self.renderer.ready and self._shown_at is None and self.renderer.kitchen is not None:
            self.model.floor.kitchen = self.renderer.kitchen
        inputs, pictures = self._inputs()
        self.model.setup.composition = self._window.composition
        self._advance(inputs, self._intake.let_in(self._net.drain()), real_dt)
        # Full screen, too, makes another surface, and a panel that opens may have asked for it meanwhile.
        self._window.renew()
        self.renderer.draw(frame_figures(self.model), self._desk.overlays)
        if self.model.setup.device is Device.GAMEPAD:
            self.renderer.draw_pointer(self.model.setup.access, *self._window.reader.gamepads.pointer)
        pygame.display.flip()
        if self.renderer.ready and self._shown_at is None:
            self._shown_at = time.monotonic()
            log.info("first frame after %.2f s", self._shown_at - self._started)
            # Only now: making the sounds must not hold up the first picture.
            self.loudspeaker.start()
            self._window.reader.gamepads.start()
            self._warm_up()
            keep_what_is_here()
        elif self._shown_at is not None:
            # What came once, with the first picture, says nothing of the frames.
            self._settled = True
            next(self._fonts, None)
            sweep(lambda: self.model.still)
        for picture in pictures:
            self._save(picture)
        self._maybe_last_picture()

    def _warm_up(self) -> None:
        """Have ready what names in any script need, and code in colours, before somebody needs it."""
        threading.Thread(target=_load_modules, name="modules", daemon=True).start()
        warm_up.open_slowest()
        self._fonts = warm_up.open_fonts()

    def _inputs(self) -> tuple[list[Input], list[Path]]:
        found: list[Action] = list(self._window.poll())
        if self._shown_at is not None:
            found += self._player.due(time.monotonic() - self._shown_at)
        inputs: list[Input] = []
        pictures: list[Path] = []
        for item in found:
            if isinstance(item, Screenshot):
                pictures.append(item.file)
            elif isinstance(item, EndGame):
                self._over = True
            elif (
                isinstance(item, KeyPress)
                and item.plain
                and self._does(item.key) == "full screen"
                and not self.model.kiosk.on
            ):
                if not item.repeat:
                    self._toggle_fullscreen()
            else:
                inputs.append(item)
        return inputs, pictures

    def _does(self, key: str) -> str | None:
        return self.model.setup.bindings.actions.get(key)

    def _toggle_fullscreen(self) -> None:
        """Full screen or back, or tell why that cannot be had."""
        trouble = self._window.toggle_fullscreen()
        if trouble:
            self.model.say(trouble)

    def _advance(self, inputs: Sequence[Input], news: Sequence[News], real_dt: float) -> None:
        model = self.model
        if any(isinstance(item, PointerMove | PointerPress) for item in inputs):
            # Over a panel too: a kiosk must not hide the pointer of somebody who fills in the form.
            model.pointing.idle = 0.0
        model.time.wall = self._net.clock.now()
        result = update(model, (), news, self._clock.tick(real_dt), real_dt)
        if result.hit_stop:
            self._clock.hold(result.hit_stop)
        record(self.recorder, model, result.events)
        self._panel_stack.update(real_dt)
        inputs = self._desk.attend(inputs, news, real_dt)
        # After the time that has passed: what is pressed now has not been held, and no panel open, during it.
        self._router.route(inputs)
        self._router.know_gamepads(self._window.reader.gamepads.plugged)
        for command in result.commands:
            self._do(command)
        for wish in result.wishes:
            self._open(wish)
        if self._held is not None:
            self._do(self._held)
        self._window.take_text(self._panel_stack.text_box)
        self._records.want_stats(self._panel_stack.stats_open)
        self._net.want_failures_and_rounds(self._panel_stack.failures_open, self._panel_stack.round_open)
        if model.known.fleet is not None:
            self._records.know_api(model.known.fleet.instance)
        self._records.know_orders(
            (model.open_orders, model.outcomes.delivered, model.outcomes.cancelled, model.outcomes.lost)
        )
        card = self._panel_stack.open_card
        model.own.card = card[0] if card is not None else ""
        self._records.want_history(card)
        setup, access = model.setup, model.setup.access
        if setup.muted != self.loudspeaker.muted:
            self.loudspeaker.mute(setup.muted)
        chosen = Settings(setup.muted, access.calm, access.large, access.strong)
        if chosen != self._kept and not model.kiosk.on:
            # What a visitor switches is gone with them, over a restart too.
            self._kept = chosen
            save(self._options.settings, chosen)
        self.loudspeaker.frame(sounds_for(result.events, model), ambience_for(model), real_dt)
        if model.kiosk.on:
            self._window.show_pointer(model.pointing.idle < POINTER_IDLE)

    def _leave(self) -> None:
        self._over = True

    def _do(self, wanted: Command) -> None:
        command = self._desk.inside(wanted)
        if command is None:
            return
        if isinstance(command, Wish):
            self._open(command)
        elif isinstance(command, Quit):
            self._over = True
        elif isinstance(command, StreamOrders):
            # Nobody must think that these were sent: they are offered again until there is room.
            self._held = None if self._net.send(command) else command
        elif not self._net.send(command):
            self.model.say("The API is busy: that was not sent.")

    def _open(self, wish: Wish) -> None:
        if isinstance(wish, OpenReplay):
            missing = why_none(self.recorder)
            if missing:
                self.model.say(missing)
                return
            shown = recorded(self.recorder, self.model.known.receipts, wish.receipt)
            told = not_the_newest(self.recorder, shown)
            if told:
                self.model.say(told, icon="retry")
        self._panel_stack.open(wish)

    def _save(self, file: Path) -> None:
        # The flip before may have had SDL make another surface.
        self._window.renew()
        pygame.image.save(self._window.screen, file)
        log.info("picture %s", file)

    def _maybe_last_picture(self) -> None:
        file = self._options.screenshot
        if file is not None and self._shown_at is not None:
            if time.monotonic() - self._shown_at >= self._options.after:
                self._save(file)
                self._over = True


def _load_modules() -> None:
    warm_up.load_modules()
    code_colours.load()
