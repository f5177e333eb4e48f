"""What somebody has picked so far in the order form. Pure rules: it cannot hold what the API would refuse."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from api_stub.schema import (
    MAX_CUSTOMER_LENGTH,
    MAX_TOPPINGS,
    TOPPINGS,
    Cheese,
    Crust,
    Menu,
    OrderRequest,
)

SURPRISES = 4
"""Toppings of a surprise: as many as the original's automatic orders had."""


@dataclass(frozen=True)
class Card:
    """The menu as far as it can be ordered: what both the API and this game's own schema know."""

    crusts: tuple[Crust, ...]
    cheeses: tuple[Cheese, ...]
    toppings: tuple[str, ...]
    max_toppings: int
    max_name: int


def card_of(menu: Menu) -> Card:
    """The part of a menu that this game can order."""
    return Card(
        crusts=tuple(dict.fromkeys(menu.crusts)) or tuple(Crust),
        cheeses=tuple(dict.fromkeys(menu.cheeses)) or tuple(Cheese),
        toppings=tuple(word for word in dict.fromkeys(menu.toppings) if word in TOPPINGS),
        max_toppings=max(0, min(menu.max_toppings, MAX_TOPPINGS)),
        max_name=max(0, min(menu.max_customer_length, MAX_CUSTOMER_LENGTH)),
    )


@dataclass
class Choice:
    """An order in the making. `hint` says why the last change was not made; empty: it was."""

    card: Card
    crust: int = 0
    cheese: int = 0
    toppings: list[str] = field(default_factory=list)
    name: str = ""
    cursor: int = 0
    """Characters of the name before the cursor."""
    hint: str = ""

    def count(self, topping: str) -> int:
        """How often a topping is on the pizza."""
        return self.toppings.count(topping)

    def add(self, topping: str) -> None:
        """Put a topping on, again if it is there already."""
        full = len(self.toppings) >= self.card.max_toppings
        self.hint = f"{self.card.max_toppings} toppings at most: take one off first" if full else ""
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
        self.crust = dice.randrange(len(self.card.crusts))
        self.cheese = dice.randrange(len(self.card.cheeses))
        count = min(SURPRISES, self.card.max_toppings, len(self.card.toppings))
        self.toppings = dice.sample(self.card.toppings, count)

    def type(self, text: str) -> None:
        """Put characters at the cursor, as far as there is room for them; only printable ones."""
        self.hint = ""
        for character in text:
            if not character.isprintable():
                continue
            if len(self.name) >= self.card.max_name:
                self.hint = f"{self.card.max_name} characters at most"
                return
            self.name = self.name[: self.cursor] + character + self.name[self.cursor :]
            self.cursor += 1

    def edit(self, key: str) -> bool:
        """What an editing key does to the name; whether it was one."""
        before, after = self.name[: self.cursor], self.name[self.cursor :]
        if key == "backspace":
            self.name, self.cursor = before[:-1] + after, max(0, self.cursor - 1)
        elif key == "delete":
            self.name = before + after[1:]
        elif key == "left":
            self.cursor = max(0, self.cursor - 1)
        elif key == "right":
            self.cursor = min(len(self.name), self.cursor + 1)
        elif key == "home":
            self.cursor = 0
        elif key == "end":
            self.cursor = len(self.name)
        else:
            return False
        self.hint = ""
        return True

    def request(self, order_id: str) -> OrderRequest:
        """The order, complete with its id. A blank name is none."""
        return OrderRequest(
            id=order_id,
            crust=self.card.crusts[self.crust],
            cheese=self.card.cheeses[self.cheese],
            toppings=list(self.toppings),
            customer=self.name.strip() or None,
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
