"""Really leave? Says what becomes of the open orders, and which key answers what."""

from __future__ import annotations

from collections.abc import Callable

from game.actions import Quit
from game.panels.question import FRAME, YES, AskPanel, Question

__all__ = ["FRAME", "QuitPanel", "meaning"]


def meaning(open_orders: int) -> tuple[str, str]:
    """What leaving means, in two lines."""
    if open_orders == 0:
        return "No order is open.", "Nothing is lost either way."
    if open_orders == 1:
        return "1 order is open. It lives on in Temporal", "and goes on when you come back."
    return f"{open_orders:,} orders are open. They live on in Temporal", "and go on when you come back."


class QuitPanel(AskPanel):
    """Modal. Enter or Y leaves, Esc or N stays."""

    def __init__(self, open_orders: int | Callable[[], int]) -> None:
        """`open_orders` is asked in every frame: orders come and go while somebody thinks it over."""
        self._count = open_orders if callable(open_orders) else lambda: open_orders
        said = meaning(self._count())
        super().__init__(Question("Leave the pizzeria?", said, "Leave", Quit(), "Stay", likely=YES))

    @property
    def lines(self) -> tuple[str, str]:
        """What leaving means, now."""
        return meaning(self._count())
