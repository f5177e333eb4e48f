"""Start everything, say when it serves, keep it up, and stop it in order."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import signal
import time
import uuid
from collections.abc import Callable

from api_stub.background import keep_running, reason_of
from api_stub.gateway.database import is_missing, mark_served
from api_stub.gateway.failed_disk import FailedDisk
from api_stub.stack import leftovers, ports, programs
from api_stub.stack.child import CannotStart, Child, Program
from api_stub.stack.health import StartHealth, ask_health
from api_stub.stack.options import StackOptions, StartError
from api_stub.stack.output_log import BoundedLog
from api_stub.stack.readiness import START_LIMIT_S, until_ready
from api_stub.stack.restarter import Budget, Restarter, Verdict
from api_stub.stack.signals import FORCED_S, listen
from api_stub.stack.start_checks import check_api_port, check_config, has_pin, lost_port, wants_own_server
from api_stub.stack.state_directory import StateDir
from api_stub.stack.terminal import Terminal
from api_stub.stack.watching import Watching
from worker.show.outputs import BoundedHandler

STARTS = 3
"""So often is a part started at most until all is ready: it may be killed; and Temporal's services take ports
of their own, which another program may have taken between their look and their use."""
PORT_LOST = "address already in use"
BAD_START = 2
"""The API's exit status for a config that cannot be used; its last line is a sentence for people."""
GAME_NO_DISPLAY = 3
GAME_CRASHES = 10
"""So many crashes of the game within a minute end a stack that somebody sits at; a kiosk never gives up."""
STOP_LIMITS_S = {"game": 0.8, "api": 2.3, "temporal": 1.0}
"""Together under the 5 s that a stop may take; in this order, so that Temporal hears every farewell."""
ENDED_S = 2.0
"""A killed API is gone within this."""
TIDY_EVERY_S = 0.5
LEFTOVERS_S = 0.5


class Stack:
    """One run of the whole demo."""

    def __init__(self, options: StackOptions, terminal: Terminal) -> None:
        self._options = options
        self._terminal = terminal
        self._state = StateDir(options.state_dir)
        self._run_id = uuid.uuid4().hex
        self._stopping = asyncio.Event()
        self._children: dict[str, Child] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._own_server = False
        self._status = 0
        self._ready = False
        self._pids_told = True
        self._served: int | None = None
        """The pid of the server that was last seen to serve."""
        self._disk = FailedDisk(self._state.path)
        self._budgets = {"game": Budget(None if options.kiosk else GAME_CRASHES)}
        self._starts = dict.fromkeys(STOP_LIMITS_S, 1)

    async def run(self) -> int:
        """Run until told to stop; the exit status. Raises StartError, with nothing left running."""
        hangup = self._outlived if self._options.kiosk else None
        listen(asyncio.get_running_loop(), self._stopping.set, self._kill_all, hangup)
        if leftovers.adopt_orphans():
            asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._sweep)
        try:
            await self._start()
            if not self._stopping.is_set() and self._options.for_seconds is not None:
                asyncio.get_running_loop().call_later(self._options.for_seconds, self._stopping.set)
            await self._stopping.wait()
        finally:
            await self._stop()
        return self._status

    def _kill_all(self) -> None:
        for child in self._children.values():
            child.kill()

    def _outlived(self) -> None:
        self._terminal.say("the terminal is gone; a kiosk goes on without it")

    async def _start(self) -> None:
        options = self._options
        self._state.take(make_way_for_lock=self._options.kiosk)
        self._log_to_state_dir()
        check_api_port(options)
        self._own_server = await wants_own_server(options, self._terminal.say)
        if options.fresh:
            check_config(options.checkpoint)
            self._state.forget()
        self._state.prepare(room=not options.again)
        where = programs.addresses(options)
        if options.again:
            self._serves()  # it is watched, and started again, from the beginning
        if self._own_server:
            await self._launch(programs.temporal(options, self._state, self._end_api))
        await self._launch(programs.api(options, self._state, where, self._run_id, self._own_server))
        if not options.no_game:
            pin = options.kiosk and has_pin(options.checkpoint)
            await self._launch(programs.game(options, where, pin))
        self._tasks.append(asyncio.create_task(keep_running("tidying", self._tidy)))
        say, heard = self._terminal.say, self._note_served
        limit_s = math.inf if options.again else START_LIMIT_S
        await until_ready(self._ask_health, self._state.logs, self._stopping, say, heard, limit_s)
        if not self._stopping.is_set():
            self._serves()
            self._terminal.announce(where.ready_line())

    def _serves(self) -> None:
        """From now on whatever ends, or hangs, is started again."""
        if not self._ready:
            self._ready = True
            # Mostly everything serves: it was just announced.
            began = None if self._options.again else StartHealth(reachable=True)
            say, heard = self._terminal.say, self._note_served
            watching = Watching(self._children, self._ask_health, heard, say, began)
            for name, watch in (
                ("the watchdog", watching.answers),
                ("signs of life", watching.signs),
                ("stopped parts", watching.stopped),
            ):
                self._tasks.append(asyncio.create_task(keep_running(name, watch)))

    def _log_to_state_dir(self) -> None:
        log = BoundedLog(self._state.logs / "stack.log")
        self._terminal.log = log.line
        formatter = logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S")
        formatter.converter = time.gmtime  # as the terminal's lines in the same file
        handler = BoundedHandler(log)
        handler.setFormatter(formatter)
        logging.raiseExceptions = False
        logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)

    async def _launch(self, program: Program) -> None:
        """Start a child, and a task that starts it again when it ends unasked. Raises StartError where it
        cannot be started, unless that is to be tried on."""
        if self._stopping.is_set():
            return
        heard = self._disk_heard if program.name == "temporal" else None
        child = Child(program, self._state.logs, heard)
        failed = None
        try:
            await child.start()
        except CannotStart as error:
            failed = StartError(str(error))
        except OSError as error:
            failed = StartError(f"{program.name} cannot be started: {reason_of(error)}")
        if failed is not None and not self._options.again:
            raise failed
        self._children[program.name] = child
        if failed is None:
            self._started()
        keeper = Restarter(
            child,
            judge=self._judge_of(child),
            on_given_up=lambda status: self._fail(child, status),
            on_done=self._stopping.set,
            on_started=self._started,
            say=self._terminal.say_seldom,
            runs=failed is None,
        )

        async def keep() -> None:
            await keeper.keep()
            await asyncio.Event().wait()  # it is over; whoever stops everything cancels this

        self._tasks.append(asyncio.create_task(keep_running(f"the keeper of {program.name}", keep)))

    def _judge_of(self, child: Child) -> Callable[[int], Verdict]:
        """What an exit status of this child means."""

        def judge(status: int) -> Verdict:
            if self._stopping.is_set() or (child.name == "game" and status == 0):
                return "done"
            if not self._ready:
                return "restart" if self._had_bad_luck(child, status) else "give up"
            budget = self._budgets.get(child.name)
            return "restart" if budget is None or budget.spend(time.monotonic()) else "give up"

        return judge

    def _had_bad_luck(self, child: Child, status: int) -> bool:
        """Whether it was killed, or is Temporal, ended over a port that is none of those that it was told to
        take; and may try once more."""
        if self._starts[child.name] >= STARTS:
            return False
        self._starts[child.name] += 1
        lost = child.name == "temporal" and any(PORT_LOST in line for line in child.last_words)
        told = self._options.temporal_port, self._options.ui_port
        return status < 0 or (lost and all(map(ports.is_free, told)))

    def _started(self) -> None:
        """A child has another pid."""
        self._pids_told = False
        self._tell_pids()
        self._sweep()

    def _ask_health(self, limit_s: float = 1.0) -> StartHealth | None:
        return ask_health(self._options.api_port, lambda: self._children["api"].pid, limit_s)

    def _known(self) -> set[int]:
        return {child.pid for child in self._children.values() if child.pid is not None}

    def _sweep(self) -> None:
        """One of our children is gone, or a new one is there: end what nobody else will."""
        api = self._children.get("api")
        if not self._stopping.is_set() and api is not None and api.pid is not None:
            leftovers.sweep(self._known(), api.pid)

    def _tell_pids(self) -> None:
        pids = {name: child.pid for name, child in self._children.items() if child.pid is not None}
        try:
            self._state.write_pids({"stack": os.getpid(), **pids})
            self._pids_told = True
        except OSError as error:
            self._terminal.say_seldom(f"{self._state.pids} cannot be written: {error.strerror}")

    def _end_api(self) -> None:
        """The database is about to be set aside: nobody may have the ledger (called in a thread)."""
        api = self._children.get("api")
        if api is None or api.pid is None:
            return
        pid = api.pid
        self._terminal.say(
            "the database is damaged or gone; a new one is begun, and the API is started again"
        )
        api.kill()
        deadline = time.monotonic() + ENDED_S
        while api.pid == pid and time.monotonic() < deadline:
            time.sleep(0.02)

    def _disk_heard(self, piece: bytes) -> None:
        self._disk.heard(piece.decode(errors="replace"))

    async def _tidy(self) -> None:
        """Make up for what could not be written, by us or by the server."""
        while True:
            await asyncio.sleep(TIDY_EVERY_S)
            try:
                self._state.keep_lock()
            except OSError as error:
                self._terminal.say_seldom(f"{self._state.path}: its lock is gone: {error.strerror}")
            if not self._pids_told or not os.path.exists(self._state.pids):
                self._tell_pids()
            if self._disk.restart_due() and "temporal" in self._children:
                self._terminal.say("temporal's disk failed under it, and works again; it is killed")
                self._children["temporal"].kill()
            elif self._served is not None and is_missing(self._state.database):
                # What it takes from now on would be gone with it.
                self._terminal.say(f"{self._state.database} was removed under temporal; it is killed")
                self._served = None
                self._children["temporal"].kill()

    def _note_served(self, health: StartHealth | None) -> None:
        """Our server serves: its database is whole from now on."""
        child = self._children.get("temporal")
        if child is not None and health is not None and health.reachable and child.pid != self._served:
            self._served = child.pid
            mark_served(self._state.database)

    def _fail(self, child: Child, status: int) -> None:
        lost, words = lost_port(self._options, child.name), child.reason or "it said nothing"
        if lost is not None or (child.name == "api" and status == BAD_START):
            self._terminal.say(lost or words)
        else:
            self._terminal.say(f"{child.name} ended with status {status}: {words} (see {self._state.logs})")
        self._status = 1
        self._stopping.set()

    async def _stop(self) -> None:
        """Stop every child, in order, each for sure; then the state directory is free."""
        self._stopping.set()
        for task in self._tasks:
            task.cancel()  # first: whoever has just died would be started again behind our back
        for name, limit_s in STOP_LIMITS_S.items():
            child = self._children.get(name)
            if child is not None:
                await child.stop(limit_s)
        await asyncio.to_thread(leftovers.end_all, self._known(), LEFTOVERS_S)
        await asyncio.wait(self._tasks, timeout=FORCED_S) if self._tasks else None
