"""The main loop: inputs → update → commands → draw → flip, sixty times a second; nothing in it waits.

The application carries out what rules and panels return as data: it owns the window, the pictures, the
network thread and the stack of panels, and decides nothing about the kitchen itself.
"""

from __future__ import annotations

import gc
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pygame

from api_stub.schema import (
    MAX_CUSTOMER_LENGTH,
    MAX_ID_LENGTH,
    MAX_TOPPINGS,
    TOPPINGS,
    Cheese,
    Crust,
    Menu,
)
from game.access import SWITCHES, Access
from game.clock import GameClock
from game.commands import Command, ConfirmReset, Quit, ResetChallenge, StreamOrders
from game.controls import held_long_enough
from game.inputs import CloseWindow, Input, KeyPress, PointerMove, PointerPress
from game.model import (
    AskQuit,
    AskReset,
    Model,
    OpenBug,
    OpenCard,
    OpenChooser,
    OpenForm,
    OpenHelp,
    OpenReplay,
    OpenStats,
    Wish,
)
from game.net import Net
from game.pace import Pace
from game.panels.ask import AskPanel, Question
from game.panels.base import Close, Panel, Stay
from game.panels.bug import BugSlip
from game.panels.card import OrderCard, Telling
from game.panels.chooser import ChooserPanel
from game.panels.form import OrderForm
from game.panels.help import HelpPanel
from game.panels.quit import QuitPanel
from game.panels.replay import ReplayPanel
from game.panels.stats import StatsPanel
from game.replays import receipt_of
from game.scene.stage import Stage
from game.script import Action, Player, Screenshot, Step, Stop
from game.settings import Settings, load, save
from game.snapshot import News
from game.sound.cues import ambience_for, sounds_for
from game.sound.player import Loudspeaker
from game.stream import Stream
from game.update import update
from game.watch import Watch
from game.window import Window

log = logging.getLogger(__name__)

FRAMES_PER_SECOND = 60
SELDOM = 10_000, 20, 50
"""How seldom Python looks for circular garbage: a look at everything holds up a frame; there is little."""
POINTER_IDLE = 2.0
"""Seconds after which a kiosk hides the resting pointer."""


@dataclass(frozen=True)
class Options:
    """What the command line asked for; times in seconds."""

    api: str = "http://127.0.0.1:8000"
    everything: bool = False
    kiosk: bool = False
    size: tuple[int, int] | None = None
    screenshot: Path | None = None
    after: float = 3.0
    script: tuple[Step, ...] = ()
    cache_dir: Path | None = None
    settings: Path | None = None
    """The file in which switches are remembered; None: nowhere."""


def printed_menu() -> Menu:
    """The menu as this code knows it, until the API has sent its own."""
    return Menu(
        crusts=list(Crust),
        cheeses=list(Cheese),
        toppings=list(TOPPINGS),
        max_toppings=MAX_TOPPINGS,
        max_customer_length=MAX_CUSTOMER_LENGTH,
        max_id_length=MAX_ID_LENGTH,
        max_batch=2000,
    )


class App:
    """The game, from its first frame to its last."""

    def __init__(
        self,
        options: Options,
        window: Window,
        net: Net,
        watch: Watch,
        ended: Callable[[], bool],
        started: float,
    ) -> None:
        """`ended`: somebody outside wants us gone. `started`: the process's start on the monotonic clock."""
        self._options = options
        self._window = window
        self._net = net
        self._watch = watch
        self._ended = ended
        self._started = started
        self._clock = GameClock()
        self._pace = Pace()
        self._player = Player(options.script)
        self._panels: list[Panel] = []
        self._over = False
        self._shown_at: float | None = None
        self._settled = False
        # Ids must not repeat over restarts: the same id with another pizza would be refused.
        self._session = secrets.token_hex(3)
        self._ordered = 0
        self._held: StreamOrders | None = None
        self.model = Model(kiosk=options.kiosk, wall=time.time(), stream=Stream(session=self._session))
        kept = self._kept = load(options.settings)
        self.model.muted = kept.muted
        self.model.access = Access(kept.reduced_motion, kept.far_legible, kept.high_contrast)
        self.loudspeaker = Loudspeaker(self.model.muted)
        self.stage = Stage(window, options.cache_dir)

    def run(self) -> None:
        """Play until somebody leaves. Raises OSError or pygame.error where a screenshot cannot be written."""
        pace = pygame.time.Clock()
        last = time.monotonic()
        while not self._over and not self._ended():
            now = time.monotonic()
            self.frame(now - last)
            last = now
            pace.tick(FRAMES_PER_SECOND)
        self.loudspeaker.stop()
        if self._pace.frames:
            log.info("%s", self._pace.text())

    def frame(self, real_dt: float) -> None:
        """One frame, `real_dt` seconds after the one before."""
        if self._settled:
            self._pace.note(real_dt)
        self.stage.prepare(self.model)
        if self.stage.ready and self._shown_at is None and self.stage.kitchen is not None:
            self.model.kitchen = self.stage.kitchen
        inputs, pictures = self._inputs()
        self._advance(inputs, self._net.drain(), real_dt)
        self.stage.draw(self.model, self._panels)
        pygame.display.flip()
        if self.stage.ready and self._shown_at is None:
            self._shown_at = time.monotonic()
            log.info("first frame after %.2f s", self._shown_at - self._started)
            # Only now: making the sounds must not hold up the first picture.
            self.loudspeaker.start()
            # What is there now stays: looking for garbage in it, too, would hold up a frame now and then.
            gc.collect()
            gc.freeze()
            gc.set_threshold(*SELDOM)
        elif self._shown_at is not None:
            # What came once, with the first picture, says nothing of the frames.
            self._settled = True
        for picture in pictures:
            self._save(picture)
        self._maybe_last_picture()

    def _inputs(self) -> tuple[list[Input], list[Path]]:
        found: list[Action] = list(self._window.poll())
        if self._shown_at is not None:
            found += self._player.due(time.monotonic() - self._shown_at)
        inputs: list[Input] = []
        pictures: list[Path] = []
        for item in found:
            if isinstance(item, Screenshot):
                pictures.append(item.file)
            elif isinstance(item, Stop):
                self._over = True
            elif isinstance(item, KeyPress) and item.key == "f11":
                if not item.repeat:
                    self._window.toggle_fullscreen()
            else:
                inputs.append(item)
        return inputs, pictures

    def _advance(self, inputs: Sequence[Input], news: Sequence[News], real_dt: float) -> None:
        model = self.model
        if any(isinstance(item, PointerMove | PointerPress) for item in inputs):
            # Over a panel too: a kiosk must not hide the pointer of somebody who fills in the form.
            model.pointer_idle = 0.0
        rest = [item for item in inputs if not self._panel_takes(item)]
        model.wall = time.time()
        result = update(model, rest, news, self._clock.tick(real_dt), real_dt)
        if model.freeze:
            self._clock.hold(model.freeze)
            model.freeze = 0.0
        for command in result.commands:
            self._do(command)
        for wish in result.wishes:
            self._open(wish)
        if self._held is not None:
            self._do(self._held)
        for panel in self._panels:
            panel.update(real_dt)
        fixable = model.file_to_fix is not None
        self._panels = [p for p in self._panels if not isinstance(p, BugSlip) or fixable and not p.over]
        self._panels = [p for p in self._panels if not isinstance(p, ReplayPanel) or not p.over]
        self._watch.want_stats(any(isinstance(panel, StatsPanel) for panel in self._panels))
        card = self._open_card()
        model.card = card[0] if card is not None else ""
        self._watch.want_history(card)
        if model.muted != self.loudspeaker.muted:
            self.loudspeaker.mute(model.muted)
        chosen = Settings(model.muted, model.access.calm, model.access.large, model.access.strong)
        if chosen != self._kept:
            self._kept = chosen
            save(self._options.settings, chosen)
        self.loudspeaker.frame(sounds_for(result.events, model), ambience_for(model), real_dt)
        if model.kiosk:
            self._window.show_pointer(model.pointer_idle < POINTER_IDLE)
            self._over = self._over or held_long_enough(model)

    def _panel_takes(self, item: Input) -> bool:
        """Let the panels have an input, the topmost first; whether one took it."""
        if isinstance(item, CloseWindow):
            # Closing the window while it asks "really?" is an answer.
            self._over = self._over or any(isinstance(panel, QuitPanel) for panel in self._panels)
            return False
        if isinstance(item, KeyPress) and item.key in SWITCHES:
            # How it is shown is nobody's own: these keys work everywhere, above all over the help.
            return False
        for panel in reversed(self._panels):
            outcome = panel.handle(item)
            if isinstance(outcome, Stay):
                if outcome.used or panel.modal:
                    return True
                continue
            if isinstance(outcome, Close):
                self._panels.remove(panel)
            for command in outcome.commands:
                self._do(command)
            return True
        return False

    def _do(self, command: Command) -> None:
        if isinstance(command, Quit):
            self._over = True
        elif isinstance(command, ConfirmReset):
            self._open(AskReset())
        elif isinstance(command, StreamOrders):
            # Nobody must think that these were sent: they are offered again until there is room.
            self._held = None if self._net.send(command) else command
        elif not self._net.send(command):
            self.model.say("The API is busy: that was not sent.")

    def _open(self, wish: Wish) -> None:
        """Show a panel; a card or a question that is open already is replaced."""
        model, art = self.model, self.stage.art
        modal = [panel for panel in self._panels if panel.modal]
        if isinstance(wish, OpenForm) and not modal:
            self._panels.append(OrderForm(model.known.menu or printed_menu(), self._next_id, art=art))
        elif isinstance(wish, OpenHelp) and not modal:
            self._panels.append(HelpPanel(kiosk=model.kiosk))
        elif isinstance(wish, AskQuit):
            if not any(isinstance(panel, QuitPanel) for panel in self._panels):
                self._panels.append(QuitPanel(model.open_orders))
        elif isinstance(wish, OpenStats) and not modal:
            self._panels.append(StatsPanel(lambda: (self.model.known, self.model.wall)))
        elif isinstance(wish, OpenChooser) and not modal:
            current = model.known.checkpoint.name if model.known.checkpoint else ""
            self._panels.append(ChooserPanel(model.known.checkpoints, current))
        elif isinstance(wish, OpenReplay) and not modal:
            self._show_replay()
        elif isinstance(wish, OpenBug):
            self._show_bug(wish)
        elif isinstance(wish, AskReset) and not modal:
            question = ("Your edit of the file will be gone.", "R then restarts the cooks with the bug.")
            asked = Question("Put the bug back?", question, "Bug back", ResetChallenge())
            self._panels.append(AskPanel(asked))
        elif isinstance(wish, OpenCard):
            self._panels = [panel for panel in self._panels if not isinstance(panel, OrderCard)]
            ui = model.known.health.temporal.ui if model.known.health else None
            taken = any(isinstance(panel, BugSlip) for panel in self._panels)
            side = "right" if wish.right and not taken else "left"
            self._panels.insert(
                0,
                OrderCard(
                    wish.order,
                    lambda key: self.model.known.orders.get(key),
                    ui,
                    art=art,
                    side=side,
                    telling=lambda: self._telling(wish.order),
                ),
            )

    def _telling(self, order_id: str) -> Telling:
        known = self.model.known
        namespace = known.health.temporal.namespace if known.health else "default"
        history = known.histories.get(order_id, ())
        return Telling(history, known.receipts, self.model.wall, namespace)

    def _open_card(self) -> tuple[str, object] | None:
        """The order whose card is open, and what its history must be asked for again upon."""
        card = next((panel for panel in self._panels if isinstance(panel, OrderCard)), None)
        order = self.model.known.orders.get(card.order_id) if card is not None else None
        if order is None:
            return None
        return order.id, (order.run_id, order.status, order.attempt, order.worker)

    def _show_replay(self) -> None:
        """The newest kill again, over whatever is open on that side."""
        recording = self.model.recorder.done[-1]
        self._panels = [panel for panel in self._panels if not isinstance(panel, ReplayPanel)]
        self._panels.append(
            ReplayPanel(recording, lambda: receipt_of(self.model, recording), lambda: self.stage.art)
        )

    def _show_bug(self, wish: OpenBug) -> None:
        """The code beside the kitchen; uncalled for, only where nothing else is open on that side."""
        cards = [p for p in self._panels if isinstance(p, OrderCard) and p.frame[0] > 960]
        if any(isinstance(panel, BugSlip) for panel in self._panels) or (self._panels and not wish.asked):
            return
        for card in cards:
            self._panels.remove(card)
        slip = BugSlip(lambda: self.model.known.challenge, art=self.stage.art, asked=wish.asked)
        self._panels.insert(0, slip)

    def _next_id(self) -> str:
        self._ordered += 1
        return f"manual-{self._session}-{self._ordered}"

    def _save(self, file: Path) -> None:
        pygame.image.save(self._window.screen, file)
        log.info("picture %s", file)

    def _maybe_last_picture(self) -> None:
        file = self._options.screenshot
        if file is not None and self._shown_at is not None:
            if time.monotonic() - self._shown_at >= self._options.after:
                self._save(file)
                self._over = True
