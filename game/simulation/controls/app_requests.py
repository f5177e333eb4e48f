"""What a frame's inputs ask for, collected; and what starts and kills a cook, by key or by click."""

from __future__ import annotations

from dataclasses import dataclass, field

from game.actions import Command, KillWorker, OpenRound, StartRound, StartWorker, Wish
from game.simulation.model import Model


@dataclass
class AppRequests:
    """Collects what a frame's inputs ask for."""

    commands: list[Command] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)


def kill_cook(model: Model, slot: int, out: AppRequests) -> None:
    """SIGKILL to the cook in a slot, once in its life; where there is none, say so."""
    cook = model.cooks.get(slot)
    if cook is None:
        model.say(f"There is no place {slot}: this kitchen has {model.floor.slots}.")
    elif not cook.living:
        model.say(f"Nobody works at place {slot}. Shift+{slot} starts a cook there.")
    elif model.own.kills.takes(
        model.setup.device, slot, cook.worker.id or "" if cook.worker else "", model.time.real
    ):
        out.commands.append(KillWorker(slot))


def start_cook(model: Model, slot: int, out: AppRequests) -> None:
    """Start a cook in a slot; where one is at work, say so."""
    cook = model.cooks.get(slot)
    if cook is None:
        model.say(f"There is no place {slot}: this kitchen has {model.floor.slots}.")
    elif cook.living:
        model.say(f"Place {slot} is taken: cook {slot} is at work.")
    else:
        out.commands.append(StartWorker(slot))


def begin_round(out: AppRequests) -> None:
    """Begin a round, and show its clock; where one is on, nothing new begins."""
    out.commands.append(StartRound())
    out.wishes.append(OpenRound())
