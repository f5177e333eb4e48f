"""Joins the rules with a host: events in, actions out, on one event loop. No polling anywhere."""

from __future__ import annotations

import asyncio
import logging
import random
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from api_stub import clocks
from api_stub.background import Troubles, woken
from api_stub.fleet.actions import Action, Died, LeftNothing
from api_stub.fleet.events import Event, HostNews
from api_stub.fleet.host import AnyHost, Host, SeesStopped, SendsSignals
from api_stub.fleet.host_calls import HostCalls
from api_stub.fleet.listeners import Listeners
from api_stub.fleet.memory import Memory
from api_stub.fleet.rules import (
    AlreadyDead,
    CloseDown,
    Dice,
    FleetRefusal,
    FleetState,
    Frozen,
    KillWanted,
    Open,
    Policy,
    Redeploy,
    Reshape,
    Slot,
    Spawn,
    StartWanted,
    Stopped,
    Tick,
    decide,
    next_due,
)
from api_stub.fleet.setup import FleetSetup
from api_stub.fleet.views import worker_view
from api_stub.schema import Fleet, Worker
from worker.show.spec import WorkerSpec

__all__ = ["FleetSetup", "Supervisor"]

logger = logging.getLogger(__name__)

PART = "fleet"
AFTER_A_BUG_S = 1.0
"""So long is nothing due after a moment that could not be dealt with."""


class Supervisor:
    """Owns the fleet's state; the only place that changes it."""

    def __init__(
        self,
        host: AnyHost,
        policy: Policy,
        setup: FleetSetup,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = clocks.wall,
        dice: Dice | None = None,
        troubles: Troubles | None = None,
    ) -> None:
        self.host = host
        self._policy = policy
        self._setup = setup
        self._clock = clock
        self._wall = wall
        self._dice = dice or (lambda span: random.uniform(*span))
        self._listeners = Listeners()
        self.listeners = self._listeners.deaths
        """Called with every death: the slot as its process left it, and how it ended (times: see `wall`)."""
        self.home_gone_listeners = self._listeners.homes_gone
        """Called when the home that a worker died in is gone, later than it: its id, and when that was."""
        self.hint_listeners = self._listeners.hints
        """Called with every hint of a worker: its id, and what it told. The hints of a worker that died are
        all told before its death is."""
        self.dress: Callable[[WorkerSpec], WorkerSpec] = lambda spec: spec
        """What else a new worker is told; set by whoever has more to tell it."""
        self.troubles = troubles or Troubles()
        """What is wrong just now: starts that fail, under the name PART, and the file of generations."""
        self._state = FleetState()
        self._memory = Memory(host, setup, self.troubles, wall, lambda: self._state)
        self._calls = HostCalls(
            host, self.handle, self._spec, self._listeners.hinted, self._memory.note_generations
        )
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        self._changed = asyncio.Event()
        self.instance = uuid.uuid4().hex[:12]
        """Names this fleet: the next API's has another name, and its counts begin anew."""

    @property
    def state(self) -> FleetState:
        """The fleet as it is now (immutable)."""
        return self._state

    @property
    def policy(self) -> Policy:
        """What should run."""
        return self._policy

    async def open(self) -> None:
        """Begin: fill the first slots, or take over what the host has."""
        if isinstance(self.host, SeesStopped):
            self.host.on_stopped = self._see_stopped
            self.host.on_frozen = lambda handle: self.handle(Frozen(handle))
        self.handle(Open(self._memory.generations()))
        if not isinstance(self.host, Host):
            self.host.follow(self._heard, self._memory.roster())
            self._memory.keep_signing()

    def _heard(self, news: HostNews) -> None:
        before = self._state.slots
        self.handle(news)
        if any(new.generation > old.generation for new, old in zip(self._state.slots, before, strict=False)):
            self._memory.note_generations()
        # After a list, which is told one by one: before its end not all are known.
        asyncio.get_running_loop().call_soon(self._memory.note_workers)

    def _see_stopped(self, handles: frozenset[str]) -> None:
        """Which workers are stopped, where that is another thing than was known."""
        known = frozenset(slot.handle for slot in self._state.slots if slot.stopped)
        if handles != known:
            self.handle(Stopped(handles))

    def start(self, slot: int | None) -> Worker:
        """Start a worker in this slot, or the lowest free one. Raises FleetRefusal."""
        before = self._state
        self.handle(StartWanted(slot))
        born = next(
            new
            for new, old in zip(self._state.slots, before.slots, strict=True)
            if new.generation > old.generation
        )
        return self.view(born)

    def kill(self, worker: str, by_house: bool = False) -> Worker:
        """End this worker (id or slot number), now and without grace. `by_house`: no person wants it, but the
        kiosk's autopilot. Raises FleetRefusal."""
        number = self._state.named(worker).number
        self.handle(KillWanted(worker, by_house=by_house))
        return self.view(self._state.slot(number))

    def signal(self, worker: str, number: int) -> int:
        """Send a signal to a worker that polls, which is not meant to end it as a kill does; its pid. Raises
        FleetRefusal."""
        slot = self._state.named(worker)
        if slot.phase != "ready" or slot.handle is None:
            raise AlreadyDead(f"{slot.id or f'slot {slot.number}'} does not poll; its slot is {slot.phase}")
        if slot.pid is None or not isinstance(self.host, SendsSignals):
            raise FleetRefusal(f"{slot.id} is no process of this machine: no signal can be sent to it")
        self.host.signal(slot.handle, number)
        return slot.pid

    def redeploy(self) -> None:
        """Replace every living worker: each drains, and its next generation loads the code as it is then."""
        if isinstance(self.host, Host):
            self.host.renew()
        self.handle(Redeploy())

    def reshape(self, policy: Policy) -> None:
        """Follow another policy from now on; the counts go on."""
        self.handle(Reshape(policy))

    async def close(self, limit_s: float = 3.0) -> None:
        """Drain everybody, wait until all are gone (at most `limit_s`), and let the host go. Whom the host
        keeps by itself lives on, and the next API takes it over."""
        self.handle(CloseDown())
        if isinstance(self.host, Host):
            await self._all_gone(self.host, limit_s)
        if self._timer is not None:
            self._timer.cancel()
        self._memory.close()
        await self.host.close()

    async def _all_gone(self, host: Host, limit_s: float) -> None:
        deadline = self._clock() + limit_s
        while any(slot.alive for slot in self._state.slots) and self._clock() < deadline:
            self._changed.clear()
            if not await woken(self._changed, max(0.0, deadline - self._clock())):
                break
        for slot in self._state.slots:
            if slot.alive and slot.handle is not None:
                host.stop(slot.handle, True, logger.warning)

    def handle(self, event: Event) -> None:
        """Take one event: decide, then act. Raises FleetRefusal for a wish that cannot be met."""
        # Each event's time of day is noted with it: one that is worked out later is wrong by whatever the
        # clock was set meanwhile, and by the machine's sleep.
        now = clocks.Moment(self._clock(), self._wall())
        self._state, actions = decide(self._state, event, now, self._policy, self._dice)
        if isinstance(event, Reshape):
            self._policy = event.policy
        for action in actions:
            try:
                self._act(action)
            except Exception:
                # One that fails must not keep the others from being done: the state says that they are.
                logger.exception("the fleet could not do %s", action)
        self._memory.note_workers()
        self._note_failed_starts()
        self._changed.set()
        self._set_timer()

    def _note_failed_starts(self) -> None:
        if self._state.crowded:
            more = len(self._state.crowded)
            self.troubles.tell("slots", f"{more} Pods more than the window has places for")
        else:
            self.troubles.clear("slots")
        failed = [slot for slot in self._state.slots if slot.trouble is not None]
        if not failed:
            self.troubles.clear(PART)
        elif self.troubles.tell(PART, f"workers could not be started: {failed[0].trouble}"):
            logger.error("a worker could not be started in slot %s: %s", failed[0].number, failed[0].trouble)

    def _act(self, action: Action) -> None:
        if isinstance(action, Died):
            self._listeners.died(action.slot, action.exit)
        elif isinstance(action, LeftNothing):
            self._listeners.home_gone(action.worker, action.at)
        else:
            self._calls.do(action)

    def _spec(self, action: Spawn) -> WorkerSpec:
        return self.dress(self._setup.spec(action, self._policy.drain_s))

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = next_due(self._state)
        if due is not None:
            loop = asyncio.get_running_loop()
            self._timer_due = due
            self._timer = loop.call_later(max(0.0, due - self._clock()), self._tick)

    def _tick(self) -> None:
        """What is due is done; a bug in that must not be the last that the clock does."""
        try:
            self.handle(Tick(late_s=max(0.0, self._clock() - self._timer_due)))
        except Exception:
            logger.exception("what was due in the fleet could not be done")
            self._timer = asyncio.get_running_loop().call_later(AFTER_A_BUG_S, self._tick)

    def wall(self, moment: float | None) -> datetime | None:
        """What time it was (UTC) at a moment of the fleet's clock."""
        if moment is None or isinstance(moment, clocks.Moment):
            return None if moment is None else moment.wall
        return self._wall() - timedelta(seconds=self._clock() - moment)

    def view(self, slot: Slot, orders: tuple[str, ...] = ()) -> Worker:
        """A slot as the API tells it."""
        return worker_view(slot, orders, self._setup.queue, self.wall, self._wall)

    def fleet(self, holding: dict[str, tuple[str, ...]] | None = None) -> Fleet:
        """All slots as the API tells them; `holding` maps a worker's id to the orders in its hands."""
        holding = holding or {}
        return Fleet(
            slots=self._state.places,
            births=self._state.births,
            deaths=self._state.deaths,
            kills=self._state.kills,
            workers=[self.view(slot, holding.get(slot.id or "", ())) for slot in self._state.slots],
            instance=self.instance,
        )

    @property
    def ready(self) -> int:
        """How many workers poll."""
        return sum(slot.phase == "ready" for slot in self._state.slots)
