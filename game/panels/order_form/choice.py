"""What somebody has picked so far in the order form. Pure rules: it cannot hold what the API would refuse."""

from __future__ import annotations

import random
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate

from api_stub.schema import (
    MAX_CUSTOMER_LENGTH,
    MAX_TOPPINGS,
    TOPPINGS,
    Cheese,
    Crust,
    Menu,
    OrderRequest,
)
from api_stub.schema.text import blank, characters, length, normal, too_large, wanted

SURPRISES = 4
"""Toppings of a surprise: as many as the original's automatic orders had."""


@dataclass(frozen=True)
class OrderableMenu:
    """The menu as far as it can be ordered: what both the API and this game's own schema know."""

    crusts: tuple[Crust, ...]
    cheeses: tuple[Cheese, ...]
    toppings: tuple[str, ...]
    max_toppings: int
    max_name: int


def orderable(menu: Menu) -> OrderableMenu:
    """The part of a menu that this game can order."""
    return OrderableMenu(
        crusts=tuple(dict.fromkeys(menu.crusts)) or tuple(Crust),
        cheeses=tuple(dict.fromkeys(menu.cheeses)) or tuple(Cheese),
        toppings=tuple(word for word in dict.fromkeys(menu.toppings) if word in TOPPINGS),
        max_toppings=max(0, min(menu.max_toppings, MAX_TOPPINGS)),
        max_name=max(0, min(menu.max_customer_length, MAX_CUSTOMER_LENGTH)),
    )


@dataclass
class Choice:
    """An order in the making. `hint` says why the last change was not made; empty: it was."""

    menu: OrderableMenu
    crust: int = 0
    cheese: int = 0
    toppings: list[str] = field(default_factory=list)
    name: str = ""
    cursor: int = 0
    """Code points of the name before the cursor, which never stands inside of a character that people see."""
    hint: str = ""

    def count(self, topping: str) -> int:
        """How often a topping is on the pizza."""
        return self.toppings.count(topping)

    def add(self, topping: str) -> None:
        """Put a topping on, again if it is there already."""
        full = len(self.toppings) >= self.menu.max_toppings
        self.hint = f"{self.menu.max_toppings} toppings at most: take one off first" if full else ""
        if not full:
            self.toppings.append(topping)

    def remove(self, topping: str) -> None:
        """Take off the piece that was put on last; nothing where there is none."""
        self.hint = ""
        if topping in self.toppings:
            del self.toppings[len(self.toppings) - 1 - self.toppings[::-1].index(topping)]

    def surprise(self, dice: random.Random) -> None:
        """Other toppings, drawn at random, and another crust and cheese."""
        self.hint = ""
        self.crust = dice.randrange(len(self.menu.crusts))
        self.cheese = dice.randrange(len(self.menu.cheeses))
        count = min(SURPRISES, self.menu.max_toppings, len(self.menu.toppings))
        self.toppings = dice.sample(self.menu.toppings, count)

    def type(self, text: str) -> None:
        """Put text at the cursor, as far as there is room for it: without line breaks and the like.

        It may come in pieces, an accent after its letter, or a cook after a joiner after a woman.
        """
        self.hint = ""
        for character in wanted(text):
            before, after = self.name[: self.cursor] + character, self.name[self.cursor :]
            name = normal(before + after)
            if length(name) > self.menu.max_name:
                self.hint = f"{self.menu.max_name} characters at most"
                return
            if too_large(name):
                self.hint = "no room for more of this"
                return
            self._put(name, len(normal(before)))

    def edit(self, key: str) -> bool:
        """What an editing key does to the name, one character as people see it; whether it was such a key."""
        if self.reads_from_right:
            # The cursor goes the way the arrow points.
            key = {"left": "right", "right": "left"}.get(key, key)
        places = self.places()
        at = bisect_right(places, self.cursor) - 1
        left, right = places[max(0, at - 1)], places[min(len(places) - 1, at + 1)]
        if key == "backspace":
            self._put(normal(self.name[:left] + self.name[self.cursor :]), left)
        elif key == "delete":
            self._put(normal(self.name[: self.cursor] + self.name[right:]), self.cursor)
        elif key == "left":
            self.cursor = left
        elif key == "right":
            self.cursor = right
        elif key == "home":
            self.cursor = 0
        elif key == "end":
            self.cursor = len(self.name)
        else:
            return False
        self.hint = ""
        return True

    @property
    def reads_from_right(self) -> bool:
        """Whether the name is read from right to left, by its first letter."""
        ways = (unicodedata.bidirectional(one) for one in self.name)
        return next((way != "L" for way in ways if way in ("L", "R", "AL")), False)

    def places(self) -> list[int]:
        """Where the cursor can stand: between the characters of the name, in code points, from 0."""
        return [0, *accumulate(map(len, characters(self.name)))]

    @property
    def left(self) -> int:
        """How many more characters fit."""
        return self.menu.max_name - length(self.name)

    def _put(self, name: str, cursor: int) -> None:
        self.name = name
        # What was put beside it may have become one with it.
        self.cursor = next(place for place in self.places() if place >= min(cursor, len(name)))

    def request(self, order_id: str) -> OrderRequest:
        """The order, complete with its id. A blank name is none."""
        return OrderRequest(
            id=order_id,
            crust=self.menu.crusts[self.crust],
            cheese=self.menu.cheeses[self.cheese],
            toppings=list(self.toppings),
            customer=None if blank(self.name) else self.name.strip(),
        )


def word(value: Crust | Cheese) -> str:
    """An enum's value as it stands on a menu."""
    return _WORDS[value]


_WORDS: dict[Crust | Cheese, str] = {
    Crust.NORMAL: "Normal",
    Crust.THIN: "Thin",
    Crust.GARLIC: "Garlic",
    Crust.STUFFED: "Stuffed",
    Crust.GLUTEN_FREE: "Gluten free",
    Crust.PRETZEL: "Pretzel",
    Cheese.MOZZARELLA: "Mozzarella",
    Cheese.CHEDDAR: "Cheddar",
    Cheese.NONE: "No cheese",
    Cheese.ALL: "All cheeses",
}
