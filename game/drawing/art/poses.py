"""What gophers, cooks and pizzas can look like at a moment, by name."""

from __future__ import annotations

from enum import StrEnum


class GopherPose(StrEnum):
    """An order gopher's poses; `walk1` and `walk2` alternate."""

    IDLE = "idle"
    BLINK = "blink"
    WORRIED = "worried"
    HAPPY = "happy"
    JUMP = "jump"
    WALK1 = "walk1"
    WALK2 = "walk2"
    ASLEEP = "asleep"


class CookPose(StrEnum):
    """A cook's poses; `ghost` is what stands in the place of a process that is no more."""

    IDLE = "idle"
    BLINK = "blink"
    KNEAD = "knead"
    PEEL = "peel"
    PHONE = "phone"
    HIT = "hit"
    ARRIVE = "arrive"
    GHOST = "ghost"


class PizzaState(StrEnum):
    """What an order carries, from the first slip of paper to the box."""

    TICKET = "ticket"
    DOUGH = "dough"
    TOPPED = "topped"
    PEEL = "peel"
    BAKED = "baked"
    BOX = "box"
