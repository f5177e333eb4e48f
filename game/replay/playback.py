"""A recorded kill again, in slow motion: the recorded truths go through the same rules as the live ones.

Between two truths the picture interpolates as it does live; what it shows happens when it was recorded.
"""

from __future__ import annotations

import random

from game.accessibility import PLAIN, Access
from game.api_state.diff import alive
from game.api_state.events import Event
from game.api_state.order_merge import FINAL
from game.replay.recording import AFTER, Recording
from game.simulation.actors import Cook, CookPhase, Gopher, phase_for
from game.simulation.model import Model
from game.simulation.model_parts import FrameTime, KitchenFloor
from game.simulation.motion import SmoothPoint
from game.simulation.particles import Particles
from game.simulation.places.stage_places import PLACE_OF
from game.simulation.reactions import sync
from game.simulation.update import become, move

SLOW = 0.25
USUAL = 1.0
"""Speeds: around the kill and the takeovers, and while everybody waits between them."""
SLOW_AFTER = 1.0
SLOW_BEFORE = 0.4
"""Seconds after the kill, and before the first takeover, that are shown slowly."""
STEP = 1 / 60
"""Recorded seconds that one step of the rules may take."""


def speed_at(recording: Recording, at: float) -> float:
    """How fast the recording is shown at a moment of it: `SLOW` or `USUAL`."""
    if at < recording.killed + SLOW_AFTER:
        return SLOW
    times = [taken.at for taken in recording.taken]
    if times and min(times) - SLOW_BEFORE <= at <= max(times) + AFTER + STEP:
        return SLOW
    return USUAL


def opening(recording: Recording, access: Access = PLAIN) -> Model:
    """The kitchen as it was when the recording begins: everybody in their places, shown as people want it."""
    model = Model(
        floor=KitchenFloor(kitchen=recording.kitchen),
        time=FrameTime(wall=recording.wall(recording.begin), real=recording.begin),
    )
    model.setup.access = access
    model.effects.particles = Particles(random.Random(recording.slot))
    model.effects.particles.few = access.calm
    if recording.floor is not None:
        model.floor.plan, model.floor.fixed = recording.floor, True
    if not recording.frames:
        return model
    known = model.known = recording.frames[0].snapshot
    fleet = known.fleet
    for worker in fleet.workers if fleet is not None else ():
        cook = Cook(worker.slot, age=9.0, phase_shift=phase_for(f"cook {worker.slot}"))
        cook.phase = CookPhase.WORKING if alive(worker) else CookPhase.EMPTY
        model.cooks[worker.slot] = cook
    for key, stand in recording.stands.items():
        order = known.orders.get(key)
        if order is None or order.status in FINAL:
            continue
        body = SmoothPoint(stand.x, stand.y)
        gopher = Gopher(order, body, PLACE_OF[order.status], stand.seat, phase=phase_for(key))
        gopher.place, gopher.height = stand.place, stand.height
        model.gophers[key] = gopher
    # Those it is about are kept in sight, as one's own are.
    model.own.newest_orders = recording.held
    sync(model)
    return model


class Replay:
    """A recording being shown. `at` is the moment of it that is on screen."""

    def __init__(self, recording: Recording, access: Access = PLAIN) -> None:
        """`access`: how people want it shown; it may change meanwhile, as `model.setup.access`."""
        self.recording = recording
        self.model = opening(recording, access)
        self.at = recording.begin
        self._next = 1
        # What the window has known since before the beginning is no news.
        self._catch_up()

    @property
    def over(self) -> bool:
        """Whether its end is reached."""
        return self.at >= self.recording.end

    @property
    def speed(self) -> float:
        """How fast it runs now, of real time."""
        return speed_at(self.recording, self.at)

    @property
    def wall(self) -> float:
        """The true Unix time of what is on screen."""
        return self.recording.wall(self.at)

    def advance(self, seconds: float) -> tuple[Event, ...]:
        """Let real seconds pass; the events of the recording that this brought."""
        events: list[Event] = []
        self.model.effects.particles.few = self.model.setup.access.calm
        left = seconds
        while left > 1e-9 and not self.over:
            speed = self.speed
            step = min(left * speed, STEP, self.recording.end - self.at)
            left -= step / speed
            self.at += step
            self.model.time.wall, self.model.time.real = self.wall, self.at
            events += self._catch_up()
            move(self.model, step)
        return tuple(events)

    def _catch_up(self) -> list[Event]:
        events: list[Event] = []
        frames = self.recording.frames
        while self._next < len(frames) and frames[self._next].at <= self.at + 1e-9:
            events += become(self.model, frames[self._next].snapshot)
            self._next += 1
        cook = self.model.cooks.get(self.recording.slot)
        if cook is not None and cook.fallen == self.recording.worker:
            cook.died_real = self.recording.died
        return events
