"""The panels over the kitchen, the topmost last: what opens which, and who gets an input first."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from api_stub.schema import Menu
from game.actions import (
    AskQuit,
    AskReset,
    Command,
    OpenBug,
    OpenCard,
    OpenChooser,
    OpenFailures,
    OpenForm,
    OpenHelp,
    OpenReplay,
    OpenRound,
    OpenStats,
    ResetChallenge,
    Wish,
)
from game.bindings import EVERYWHERE
from game.drawing.art import Art
from game.geometry import Box
from game.inputs import CloseWindow, Input, KeyPress, KeyRelease, PointerGone, PointerRelease
from game.panels.bug_code import BugSlip
from game.panels.checkpoint_chooser import ChooserPanel
from game.panels.failures.failures_panel import FailuresPanel
from game.panels.help import HelpPanel
from game.panels.order_card.card import OrderCard, OrderContext
from game.panels.order_form.form import OrderForm
from game.panels.panel import Close, Panel, Stay
from game.panels.question import AskPanel, Question
from game.panels.quit_question import QuitPanel
from game.panels.replay_window import ReplayPanel
from game.panels.round.round_panel import RoundPanel
from game.panels.stats.figures import KnownFigures
from game.panels.stats.panel import StatsPanel
from game.replay.playback_list import receipt_of, recorded
from game.replay.recorder import Recorder
from game.scene.panel_placement import panel_box, panel_input
from game.simulation.header_numbers import open_now
from game.simulation.model import Model


@dataclass(frozen=True)
class InputOutcome:
    """What became of an input: whether a panel took it, what is to be done for it (`action` by the kitchen),
    and whether to leave.
    """

    used: bool = True
    commands: tuple[Command, ...] = ()
    leave: bool = False
    action: str = ""


class PanelStack:
    """All open panels. `model` is only read; `art` gives the pictures in use, None while there are none;
    `recordings` are the kills that can be shown again, the newest last, as they are when one is asked for.
    """

    def __init__(self, model: Model, art: Callable[[], Art | None], recorder: Recorder | None = None) -> None:
        self._model = model
        self._art = art
        self._recorder = recorder or Recorder()
        self.panels: list[Panel] = []
        # Ids must not repeat over restarts: the same id with another pizza would be refused.
        self._session = secrets.token_hex(3)
        self._ordered = 0

    def take(self, item: Input) -> InputOutcome:
        """Let the panels have an input, the topmost first."""
        if isinstance(item, CloseWindow):
            # Closing the window while it asks "really?" is an answer.
            return InputOutcome(False, leave=any(isinstance(panel, QuitPanel) for panel in self.panels))
        if isinstance(item, KeyPress) and item.key in EVERYWHERE and item.plain:
            # How it is shown is nobody's own: these keys work everywhere, above all over the help.
            return InputOutcome(False)
        if isinstance(item, KeyRelease | PointerRelease | PointerGone):
            # Whoever saw it go down must see it go up: a panel may have opened or closed in between.
            for panel in self.panels:
                panel.handle(self._on(panel, item))
            return InputOutcome(False)
        for panel in reversed(self.panels):
            outcome = panel.handle(self._on(panel, item))
            if isinstance(outcome, Stay):
                if outcome.used or panel.modal:
                    return InputOutcome()
                continue
            if isinstance(outcome, Close):
                self.panels.remove(panel)
                return InputOutcome(commands=outcome.commands, action=outcome.action)
            return InputOutcome(commands=outcome.commands)
        return InputOutcome(False)

    def _on(self, panel: Panel, item: Input) -> Input:
        """An input as this panel is to take it, wherever the display's shape has put it."""
        return panel_input(item, panel, self._model.setup.composition, self._model.setup.access)

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass; panels that are over leave by themselves."""
        art = self._art()
        for panel in self.panels:
            # It may have opened before there were any pictures, and the window may have another size by now.
            panel.art = art or panel.art
            panel.update(dt)
        self.panels = [panel for panel in self.panels if not panel.over]

    @property
    def text_box(self) -> Box | None:
        """Where text is typed now, in logical pixels; None: what is on top takes none."""
        top = self.panels[-1] if self.panels else None
        box = top.text_box if isinstance(top, OrderForm) else None
        if top is None or box is None:
            return None
        return panel_box(box, top, self._model.setup.composition, self._model.setup.access)

    @property
    def stats_open(self) -> bool:
        """Whether the figures are shown."""
        return any(isinstance(panel, StatsPanel) for panel in self.panels)

    @property
    def failures_open(self) -> bool:
        """Whether the failures, or what was seen of one, are shown."""
        return any(isinstance(panel, FailuresPanel) for panel in self.panels)

    @property
    def round_open(self) -> bool:
        """Whether a round is on, or its result is shown."""
        return any(isinstance(panel, RoundPanel) for panel in self.panels)

    @property
    def open_card(self) -> tuple[str, object] | None:
        """The order whose card is open, and what its history must be asked for again upon."""
        card = next((panel for panel in self.panels if isinstance(panel, OrderCard)), None)
        order = self._model.known.orders.get(card.order_id) if card is not None else None
        if order is None:
            return None
        return order.id, (order.run_id, order.status, order.attempt, order.worker)

    def open(self, wish: Wish) -> None:
        """Show a panel; a card or a question that is open already is replaced."""
        model = self._model
        modal = any(panel.modal for panel in self.panels)
        if isinstance(wish, OpenCard):
            self._show_card(wish)
        elif isinstance(wish, OpenBug):
            self._show_bug(wish)
        elif isinstance(wish, AskQuit):
            if not any(isinstance(panel, QuitPanel) for panel in self.panels):
                self.panels.append(QuitPanel(lambda: open_now(model)))
        elif modal:
            return
        elif isinstance(wish, OpenForm):
            menu = model.known.menu or Menu.printed()
            device, kiosk = model.setup.device, model.kiosk.on
            form = OrderForm(menu, self._next_id, art=self._art(), device=device, kiosk=kiosk)
            self.panels.append(form)
        elif isinstance(wish, OpenHelp):
            self.panels.append(
                HelpPanel(
                    kiosk=model.kiosk.on,
                    bindings=model.setup.bindings,
                    failures_open=not model.failures_shut,
                    device=model.setup.device,
                )
            )
        elif isinstance(wish, OpenStats):
            self.panels.append(
                StatsPanel(lambda: KnownFigures(model.known, model.audit_age, model.stats_age))
            )
        elif isinstance(wish, OpenChooser):
            current = model.known.checkpoint.name if model.known.checkpoint else ""
            self.panels.append(ChooserPanel(model.checkpoints, current))
        elif isinstance(wish, OpenFailures):
            others = [panel for panel in self.panels if not isinstance(panel, FailuresPanel)]
            shown = FailuresPanel(lambda: model.known.failures_and_rounds, lambda: model.time.wall)
            self.panels = [*others, shown]
        elif isinstance(wish, OpenRound):
            if not self.round_open:
                self.panels.append(
                    RoundPanel(
                        lambda: model.known.failures_and_rounds, model.known.failures_and_rounds.starts
                    )
                )
        elif isinstance(wish, OpenReplay):
            self._show_replay(wish.receipt)
        elif isinstance(wish, AskReset):
            question = ("Your edit of the file will be gone.", "R then restarts the cooks with the bug.")
            asked = Question("Put the bug back?", question, "Bug back", ResetChallenge())
            self.panels.append(AskPanel(asked))

    def _show_card(self, wish: OpenCard) -> None:
        known = self._model.known
        self.panels = [panel for panel in self.panels if not isinstance(panel, OrderCard)]
        ui = known.health.temporal.ui if known.health else None
        taken = any(isinstance(panel, BugSlip) for panel in self.panels)
        card = OrderCard(
            wish.order,
            lambda key: self._model.known.orders.get(key),
            ui,
            art=self._art(),
            side="right" if wish.right and not taken else "left",
            context=lambda: self._context_of(wish.order),
            closed=self._model.kiosk.on,
            public_url=known.kiosk.public_url if known.kiosk else None,
        )
        self.panels.insert(0, card)

    def _context_of(self, order_id: str) -> OrderContext:
        known = self._model.known
        namespace = known.health.temporal.namespace if known.health else "default"
        history, wall = known.histories.get(order_id, ()), self._model.time.wall
        return OrderContext(history, known.receipts, wall, known.timeouts, namespace)

    def _show_replay(self, receipt: int) -> None:
        """The kill of this receipt again, or (0) the newest, over whatever is open on that side."""
        if not self._recorder.done:
            return
        recording = recorded(self._recorder, self._model.known.receipts, receipt)
        self.panels = [panel for panel in self.panels if not isinstance(panel, ReplayPanel)]
        model = self._model
        again = ReplayPanel(
            recording, lambda: receipt_of(model.known.receipts, recording), self._art, model.setup.access
        )
        self.panels.append(again)

    def _show_bug(self, wish: OpenBug) -> None:
        """The code beside the kitchen; uncalled for, only where nothing else is open on that side."""
        if any(isinstance(panel, BugSlip) for panel in self.panels) or (self.panels and not wish.asked):
            return
        for card in [p for p in self.panels if isinstance(p, OrderCard) and p.frame[0] > 960]:
            self.panels.remove(card)
        model = self._model
        slip = BugSlip(
            lambda: model.known.challenge,
            art=self._art(),
            asked=wish.asked,
            fixable=lambda: model.file_to_fix is not None,
            closed=model.kiosk.on,
        )
        self.panels.insert(0, slip)

    def _next_id(self) -> str:
        self._ordered += 1
        return f"manual-{self._session}-{self._ordered}"
