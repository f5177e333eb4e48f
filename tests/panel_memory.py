"""A process that opens every panel once, one after the other, and tells what that cost: a line of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import psutil
import pygame

from api_stub.schema import Menu
from game.drawing import shapes
from game.drawing.art import Art
from game.panels.bug_code import BugSlip
from game.panels.checkpoint_chooser import ChooserPanel
from game.panels.help import HelpPanel
from game.panels.order_card.card import OrderCard, OrderContext
from game.panels.order_form.form import OrderForm
from game.panels.panel import Panel
from game.panels.quit_question import QuitPanel
from game.panels.replay_window import ReplayPanel
from game.panels.stats.figures import KnownFigures
from game.panels.stats.panel import StatsPanel
from game.scene.renderer import Renderer, frame_figures
from game.simulation.model import Model
from tests.gallery import a_window
from tests.gallery_scenes import Props, figures, killed
from tests.telling import play
from tests.test_bug_view import challenge, checkpoint
from tests.test_replay_panel import killed as recorded

FRAMES = 30


def panels(model: Model, art: Art) -> dict[str, Callable[[], Panel]]:
    """How each panel is made, by its name."""
    replayed = recorded().recorder.done[-1]
    known = figures(Props(art, model.setup.access))[0].known
    order = next(iter(known.orders.values()))
    order = order.model_copy(update={"workflow_id": "a--0001", "run_id": "0190d3c2-aaaa-bbbb"})
    page = "http://127.0.0.1:8233"
    return {
        "form": lambda: OrderForm(Menu.printed(), lambda: "manual-1", art=art),
        "help": lambda: HelpPanel(kiosk=False),
        "stats": lambda: StatsPanel(lambda: KnownFigures(known)),
        "chooser": lambda: ChooserPanel([checkpoint(str(n)) for n in range(1, 7)], "1"),
        "card": lambda: OrderCard(
            order.id,
            lambda _: order,
            page,
            art=art,
            side="right",
            context=lambda: OrderContext(wall=model.time.wall),
        ),
        "card at the left": lambda: OrderCard(order.id, lambda _: order, page, art=art, side="left"),
        "bug": lambda: BugSlip(challenge, art=art, asked=True),
        "replay": lambda: ReplayPanel(replayed, lambda: None, lambda: art),
        "question": lambda: QuitPanel(3),
    }


def main(width: int) -> None:
    """Measure at a display of this width."""
    process = psutil.Process()

    def rss() -> float:
        return process.memory_info().rss / 1e6

    with a_window((width, width * 9 // 16)) as window:
        renderer = Renderer(window)
        while not renderer.ready:
            renderer.prepare()
        art = renderer.art
        assert art is not None
        model = killed(1.0, taken_over=True)(Props(art, Model().setup.access))[0]
        made = panels(model, art)

        def show(panel: Panel | None) -> None:
            for _ in range(FRAMES):
                if panel is not None:
                    panel.update(1 / 30)
                renderer.draw(frame_figures(model), (panel,) if panel is not None else ())
                pygame.display.flip()

        show(None)
        play(model, 1.0)
        show(None)
        before, shapes_before = rss(), shapes.kept_bytes()
        after: dict[str, float] = {}
        for name, make in made.items():
            show(make())
            after[name] = round(rss() - before, 1)
        show(None)
        told = {
            "grown_mb": round(rss() - before, 1),
            "shapes_mb": round((shapes.kept_bytes() - shapes_before) / 1e6, 1),
            "after_each_mb": after,
        }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
