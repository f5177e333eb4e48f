"""Joins the rules with a host: events in, actions out, on one event loop. No polling anywhere."""

from __future__ import annotations

import asyncio
import logging
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from api_stub import clocks
from api_stub.background import Troubles, reason_of
from api_stub.fleet.generations import Generations
from api_stub.fleet.host import AnyHost, Host, SeesStopped, SendsSignals
from api_stub.fleet.rules import (
    Action,
    AlreadyDead,
    BecameReady,
    CloseDown,
    Dice,
    Died,
    End,
    Event,
    Exit,
    Exited,
    FleetRefusal,
    FleetState,
    Frozen,
    HostNews,
    KillWanted,
    Open,
    Policy,
    Redeploy,
    Reform,
    Reformed,
    Reshape,
    Scale,
    Slot,
    Spawn,
    Spawned,
    SpawnFailed,
    StartWanted,
    Stop,
    StopFailed,
    Stopped,
    Tick,
    decide,
    next_due,
)
from api_stub.fleet.views import worker_view
from api_stub.schema import Fleet, Worker
from api_stub.seldom import Seldom
from worker.connection import Target
from worker.shared import task_queue_of, worker_id
from worker.show.hints import Hint
from worker.show.spec import Readiness, WorkerSpec

logger = logging.getLogger(__name__)

NO_EDITED_CODE = Readiness()
PART = "fleet"
REWRITE_AFTER_S = 5.0
AFTER_A_BUG_S = 1.0
"""So long is nothing due after a moment that could not be dealt with."""
MAX_REASON = 300


@dataclass(frozen=True)
class FleetSetup:
    """What every worker of this fleet is given, whatever the policy."""

    target: Target
    logs: Path | None = None
    code_of: Callable[[str], Path] | None = None
    """The file that workers with this bug load; called for each of them, so that it can be made where it is
    missing."""
    generations_file: Path | None = None
    """Where the used-up generations are kept, so that w1.4 is one process only, also after an API restart."""


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
        self.listeners: list[Callable[[Slot, Exit], None]] = []
        """Called with every death: the slot as its process left it, and how it ended (times: see `wall`)."""
        self.hint_listeners: list[Callable[[str, Hint], None]] = []
        """Called with every hint of a worker: its id, and what it told. The hints of a worker that died are
        all told before its death is."""
        self.dress: Callable[[WorkerSpec], WorkerSpec] = lambda spec: spec
        """What else a new worker is told; set by whoever has more to tell it."""
        self.troubles = troubles or Troubles()
        """What is wrong just now: starts that fail, under the name PART, and the file of generations."""
        self._seldom = Seldom()
        self._state = FleetState()
        self._generations = Generations(setup.generations_file, self.troubles)
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        self._rewrite: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()
        self._spawning: set[asyncio.Task[None]] = set()
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
        self.handle(Open(self._generations.recall()))
        if not isinstance(self.host, Host):
            self.host.follow(self._heard)

    def _heard(self, news: HostNews) -> None:
        before = self._state.slots
        self.handle(news)
        if any(new.generation > old.generation for new, old in zip(self._state.slots, before, strict=False)):
            self._remember_generations()

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

    def kill(self, worker: str) -> Worker:
        """End this worker (id or slot number), now and without grace. Raises FleetRefusal."""
        number = self._state.named(worker).number
        self.handle(KillWanted(worker))
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
        await self.host.close()

    async def _all_gone(self, host: Host, limit_s: float) -> None:
        deadline = self._clock() + limit_s
        while any(slot.alive for slot in self._state.slots) and self._clock() < deadline:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), max(0.0, deadline - self._clock()))
            except TimeoutError:
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
        match action:
            case Spawn():
                task = asyncio.get_running_loop().create_task(self._spawn(action))
                self._spawning.add(task)
                task.add_done_callback(self._spawning.discard)
            case Stop():
                self.host.stop(
                    action.handle,
                    action.at_once,
                    lambda reason: self.handle(
                        StopFailed(action.slot, action.generation, reason[:MAX_REASON])
                    ),
                )
            case Scale() if not isinstance(self.host, Host):
                self.host.scale(action.slot is not None, action.at_least or 0, self._not_scaled(action))
            case Reform() if not isinstance(self.host, Host):
                self.host.reform(
                    action.policy, action.anew, lambda: self.handle(Reformed()), self._not_reformed
                )
            case Died():
                self._tell(action.slot, action.exit)

    def _not_scaled(self, action: Scale) -> Callable[[str], None]:
        def failed(reason: str) -> None:
            if action.slot is not None:
                self.handle(SpawnFailed(action.slot, action.generation, reason[:MAX_REASON]))
            else:
                self._not_reformed(reason)

        return failed

    @staticmethod
    def _not_reformed(reason: str) -> None:
        """The host tries again, and knows when it is done; its troubles tell it until then."""
        logger.error("the workers cannot be made as they are to be: %s", reason)

    def _tell(self, slot: Slot, end: Exit) -> None:
        logger.info("%s died: signal %s, status %s, cause %s", slot.id, end.signal, end.code, end.cause)
        for listener in self.listeners:
            try:
                listener(slot, end)
            except Exception:
                logger.exception("the death of %s could not be taken note of", slot.id)

    def _hinted(self, worker: str, hint: Hint) -> None:
        for listener in self.hint_listeners:
            try:
                listener(worker, hint)
            except Exception as error:
                if self._seldom.due(type(error).__name__):  # there may be hundreds of them a second
                    logger.exception("a hint of %s could not be taken note of", worker)

    @property
    def _queue(self) -> str:
        return task_queue_of(self._setup.target.booth)

    def _spec(self, action: Spawn) -> WorkerSpec:
        slot = action.slot
        spec = WorkerSpec(
            slot=slot,
            generation=action.generation,
            target=self._setup.target,
            task_queue=self._queue,
            concurrency=action.concurrency,
            drain_s=self._policy.drain_s * 0.6,
            lifespan_s=action.lifespan_s,
            log_file=self._setup.logs / f"worker-{slot}.log" if self._setup.logs else None,
            code=self._setup.code_of(action.bug) if action.bug and self._setup.code_of else None,
        )
        return self.dress(spec)

    async def _spawn(self, action: Spawn) -> None:
        slot, generation = action.slot, action.generation
        self._remember_generations()

        def ready(readiness: Readiness = NO_EDITED_CODE) -> None:
            self.handle(BecameReady(slot, generation, readiness.code, readiness.fault))

        def exited(end: End) -> None:
            self.handle(Exited(slot, generation, end.signal, end.code))

        def hinted(hint: Hint) -> None:
            self._hinted(worker_id(slot, generation), hint)

        try:
            if not isinstance(self.host, Host):
                raise OSError("this host makes its workers by itself")
            made = await self.host.spawn(self._spec(action), ready, exited, hinted)
        except Exception as error:
            words = str(error) if isinstance(error, OSError) else ""
            self.handle(SpawnFailed(slot, generation, (words or reason_of(error))[:MAX_REASON]))
            return
        self.handle(Spawned(slot, generation, made.handle, made.pid))

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

    def _remember_generations(self) -> None:
        """Before a process has the name. A full disk must not keep a cook from starting."""
        slots = {slot.number: slot.generation for slot in self._state.slots if slot.generation}
        written = self._generations.remember({**self._state.used, **slots})
        if self._rewrite is not None:
            self._rewrite.cancel()
            self._rewrite = None
        if not written:  # nobody may be born for hours, and the trouble would be told for as long
            loop = asyncio.get_running_loop()
            self._rewrite = loop.call_later(REWRITE_AFTER_S, self._remember_generations)

    def wall(self, moment: float | None) -> datetime | None:
        """What time it was (UTC) at a moment of the fleet's clock."""
        if moment is None or isinstance(moment, clocks.Moment):
            return None if moment is None else moment.wall
        return self._wall() - timedelta(seconds=self._clock() - moment)

    def view(self, slot: Slot, orders: tuple[str, ...] = ()) -> Worker:
        """A slot as the API tells it."""
        return worker_view(slot, orders, self._queue, self.wall, self._wall)

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
