"""Where everything in the order form is, and where an arrow key leads from each place. Data, no drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from game.layout import Box
from game.panels.choice import Card, Choice, word
from game.panels.widgets import Hit
from game.text.setting import set_line
from game.theme import SIZE_BODY

FRAME: Box = (110, 40, 1700, 1000)
LEFT, WIDE = 164.0, 1060.0
PREVIEW: Box = (1264, 142, 490, 690)

CHIP = 60.0
TILE_WIDE, TILE_HIGH = 200.0, 132.0
TILES_A_ROW = 5
GAP = 15.0
FEWER = 48.0

CRUST_Y, CHEESE_Y, TOPPINGS_Y, NAME_Y = 184.0, 300.0, 416.0, 752.0
"""Tops of the four groups' chips; their labels stand over them."""
LABEL = 42.0

SURPRISE, CANCEL, ORDER = 0, 1, 2
BUTTONS: tuple[Box, ...] = (
    (LEFT, 862, 400, 70),
    (1264, 862, 210, 70),
    (1494, 862, 260, 70),
)
NAME_BOX: Box = (LEFT, NAME_Y, WIDE - 290, 66)
HINT_Y = 974.0
GROUPS = ("crust", "cheese", "toppings", "name", "buttons")


@dataclass(frozen=True)
class Plan:
    """The boxes that can have the focus, in the order of Tab; `fewer` boxes lie on toppings' tiles."""

    hits: tuple[Hit, ...]

    def of(self, group: str) -> list[Hit]:
        """A group's boxes."""
        return [hit for hit in self.hits if hit.group == group]

    def box(self, spot: tuple[str, int]) -> Box:
        """The box of a group's n-th thing. Raises StopIteration for an unknown one."""
        return next(hit.box for hit in self.hits if hit.spot == spot)


def _row(group: str, words: Sequence[str], y: float) -> list[Hit]:
    """Chips side by side, as wide as their words need."""
    x, hits = LEFT, []
    for n, text in enumerate(words):
        # Type is a little wider at some display sizes than at others.
        width = 70.0 + 1.03 * set_line(text, "bold", SIZE_BODY).width
        hits.append(Hit((x, y, width, CHIP), group, n))
        x += width + 10
    return hits


def plan_for(card: Card) -> Plan:
    """The form's boxes for a menu."""
    hits = _row("crust", [word(crust) for crust in card.crusts], CRUST_Y)
    hits += _row("cheese", [word(cheese) for cheese in card.cheeses], CHEESE_Y)
    for n in range(len(card.toppings)):
        row, column = divmod(n, TILES_A_ROW)
        x, y = LEFT + column * (TILE_WIDE + GAP), TOPPINGS_Y + row * (TILE_HIGH + GAP)
        hits.append(Hit((x, y, TILE_WIDE, TILE_HIGH), "toppings", n))
    hits.append(Hit(NAME_BOX, "name"))
    hits += [Hit(box, "buttons", n) for n, box in enumerate(BUTTONS)]
    return Plan(tuple(hits))


def fewer_box(tile: Box) -> Box:
    """Where a topping's minus is: the tile's left upper corner."""
    return tile[0] + 6, tile[1] + 6, FEWER, FEWER


def pressable(plan: Plan, choice: Choice) -> tuple[Hit, ...]:
    """Every box that a press does something in. A tile with a minus on it is cut in two, beside and under
    the minus, so that no two boxes overlap.
    """
    found: list[Hit] = []
    for hit in plan.hits:
        if hit.group != "toppings" or not choice.count(choice.card.toppings[hit.index]):
            found.append(hit)
            continue
        x, y, w, h = hit.box
        cut = 6 + FEWER + 4
        found.append(Hit(fewer_box(hit.box), "fewer", hit.index))
        found.append(Hit((x + cut, y, w - cut, cut), "toppings", hit.index))
        found.append(Hit((x, y + cut, w, h - cut), "toppings", hit.index))
    return tuple(found)


def next_group(group: str, step: int) -> str:
    """The group that Tab (step 1) or Shift+Tab (step -1) leads to."""
    return GROUPS[(GROUPS.index(group) + step) % len(GROUPS)]


def neighbour(plan: Plan, spot: tuple[str, int], key: str) -> tuple[str, int]:
    """Where an arrow key leads: left and right within the group, up and down to the nearest row."""
    group, index = spot
    if key in ("left", "right"):
        last = len(plan.of(group)) - 1
        return group, max(0, min(last, index + (1 if key == "right" else -1)))
    x, y, w, h = plan.box(spot)
    middle = x + w / 2, y + h / 2
    way = 1 if key == "down" else -1
    best, far = spot, float("inf")
    for hit in plan.hits:
        hx, hy, hw, hh = hit.box
        dx, dy = abs(hx + hw / 2 - middle[0]), (hy + hh / 2 - middle[1]) * way
        # Rows count far more than columns: the next row first, then the nearest thing in it.
        if dy > 20 and dy * 20 + dx < far:
            best, far = hit.spot, dy * 20 + dx
    return best
