"""Start everything, say when it serves, keep it up, and stop it in order."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import os
import signal
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from api_stub.configfile import ConfigError, find
from api_stub.memory import RUN_VARIABLE
from api_stub.stack import ports
from api_stub.stack.child import Child
from api_stub.stack.options import Options, StartError
from api_stub.stack.state import StateDir

logger = logging.getLogger(__name__)

START_LIMIT_S = 60.0
RESTART_MIN_S = 0.2
RESTART_MAX_S = 5.0
GAME_STARTS = 3
SERVER_STARTS = 3
"""So often is Temporal started at most until it is ready: its services take ports of their own, which another
program may have taken between their look and their use."""
PORT_LOST = "address already in use"
GAME_NO_DISPLAY = 3
HEAP = {"MALLOC_MMAP_THRESHOLD_": "16384", "MALLOC_ARENA_MAX": "2"}
"""For the game, whose pictures come and go all day: glibc then gives the large ones back to the system, where
it would keep holes of every size. Other C libraries do not know these names."""
STOP_LIMITS_S = {"game": 1.0, "api": 2.3, "temporal": 1.2}
"""Together under the 5 s that a stop may take; in this order, so that Temporal hears every farewell."""


def say(text: str) -> None:
    """A line of progress, for whoever looks at the terminal."""
    sys.stderr.write(f"gopherpizza: {text}\n")
    sys.stderr.flush()


@dataclass(frozen=True)
class Addresses:
    """Where everything is."""

    api: str
    temporal: str
    ui: str | None

    def ready_line(self) -> str:
        """The one line on stdout that other programs wait for."""
        return f"ready api={self.api} temporal={self.temporal} ui={self.ui or 'unknown'}"


class Stack:
    """One run of the whole demo."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._state = StateDir(options.state_dir)
        self._run_id = uuid.uuid4().hex
        self._stopping = asyncio.Event()
        self._children: dict[str, Child] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._own_server = False
        self._status = 0
        self._ready = False

    async def run(self) -> int:
        """Run until told to stop; the exit status. Raises StartError, with nothing left running."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stopping.set)
        try:
            await self._start()
            if not self._stopping.is_set() and self._options.for_seconds is not None:
                loop.call_later(self._options.for_seconds, self._stopping.set)
            await self._stopping.wait()
        finally:
            await self._stop()
        return self._status

    async def _start(self) -> None:
        options = self._options
        try:
            loaded = find(options.checkpoint)
        except ConfigError as error:
            raise StartError(str(error)) from error
        self._state.take()
        if not ports.is_free(options.api_port):
            raise StartError(
                f"--api-port {options.api_port} is taken by {ports.holder(options.api_port)}; choose another"
            )
        self._own_server = options.external is None and await self._port_for_own_server()
        if options.fresh:
            self._state.forget()
        self._state.logs.mkdir(exist_ok=True)
        where = self._addresses()
        if self._own_server:
            await self._launch("temporal", self._temporal_command())
        await self._launch("api", self._api_command(where), self._api_environment())
        if not options.no_game:
            await self._launch("game", self._game_command(where), self._game_environment())
        await self._until_ready(where, loaded.config.fleet.start)
        if not self._stopping.is_set():
            self._ready = True
            sys.stdout.write(where.ready_line() + "\n")
            sys.stdout.flush()

    async def _port_for_own_server(self) -> bool:
        """Whether to start a server: not where a healthy one is up already. Raises StartError."""
        options = self._options
        if not ports.is_free(options.temporal_port):
            from api_stub.gateway.devserver import is_temporal

            if await is_temporal(f"127.0.0.1:{options.temporal_port}"):
                say(f"using the Temporal server that is up on port {options.temporal_port}")
                return False
            raise StartError(
                f"--temporal-port {options.temporal_port} is taken by "
                f"{ports.holder(options.temporal_port)}, which is no healthy Temporal server; choose another"
            )
        if not ports.is_free(options.ui_port):
            raise StartError(
                f"--ui-port {options.ui_port} is taken by {ports.holder(options.ui_port)}; choose another"
            )
        return True

    def _addresses(self) -> Addresses:
        options = self._options
        ui: str | None = f"http://127.0.0.1:{options.ui_port}"
        if options.external is not None:
            cloud = options.external.rsplit(":", 1)[0].endswith((".tmprl.cloud", ".api.temporal.io"))
            ui = "https://cloud.temporal.io" if cloud else os.environ.get("TEMPORAL_UI")
        return Addresses(
            api=f"http://127.0.0.1:{options.api_port}",
            temporal=options.external or f"127.0.0.1:{options.temporal_port}",
            ui=ui,
        )

    def _temporal_command(self) -> list[str]:
        # The fallbacks need the SDK; the ordinary case must not wait for it to load.
        program = os.path.join(os.path.dirname(sys.executable), "temporal")
        options = self._options
        if os.path.exists(program):
            return [
                *(program, "server", "start-dev", "--ip", "127.0.0.1", "--log-level", "error"),
                *("--port", str(options.temporal_port), "--ui-port", str(options.ui_port)),
                *("--db-filename", str(self._state.database)),
            ]
        from api_stub.gateway.devserver import server_command

        return server_command(options.temporal_port, options.ui_port, self._state.database)

    def _api_command(self, where: Addresses) -> list[str]:
        options = self._options
        command = [sys.executable, "-m", "api_stub", "--checkpoint", options.checkpoint, "--log-to-stderr"]
        command += ["--port", str(options.api_port), "--state-dir", str(self._state.path)]
        if options.external is None:
            command += ["--temporal", where.temporal]
        if not self._own_server:
            # A ledger of one Temporal, counted in another, would find every order lost.
            command += ["--records-dir", str(self._state.records_of(where.temporal, namespace()))]
        return [*command, *(("--ui", where.ui) if where.ui else ())]

    def _api_environment(self) -> dict[str, str]:
        # An API that is started again in this run goes on with the checkpoint that was switched to.
        return {"PYTHONUNBUFFERED": "1", RUN_VARIABLE: self._run_id}

    def _game_command(self, where: Addresses) -> list[str]:
        return [
            sys.executable,
            "-m",
            "game",
            "--api",
            where.api,
            *(["--kiosk"] if self._options.kiosk else []),
        ]

    def _game_environment(self) -> dict[str, str]:
        if self._options.headless:
            return {**HEAP, "SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}
        return dict(HEAP)

    async def _launch(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> None:
        """Start a child, and a task that starts it again when it ends unasked."""
        if self._stopping.is_set():
            return
        child = Child(name, command, self._state.logs, environment)
        self._children[name] = child
        await child.start()
        self._write_pids()
        keep: Callable[[Child], Awaitable[None]] = self._keep_game if name == "game" else self._keep
        self._keepers.append(asyncio.ensure_future(keep(child)))

    def _write_pids(self) -> None:
        pids = {name: child.pid for name, child in self._children.items() if child.pid is not None}
        self._state.write_pids({"stack": os.getpid(), **pids})

    async def _keep(self, child: Child) -> None:
        """Temporal and the API come back whenever they die; only a first start may fail."""
        wait_s, starts = RESTART_MIN_S, 1
        while True:
            began = time.monotonic()
            status = await child.wait()
            if self._stopping.is_set():
                return
            if not self._ready and (starts >= SERVER_STARTS or not self._lost_a_port(child)):
                self._fail(child, status)
                return
            starts += 1
            if time.monotonic() - began > 30:
                wait_s = RESTART_MIN_S
            say(f"{child.name} ended (status {status}); starting it again")
            await asyncio.sleep(wait_s)
            wait_s = min(RESTART_MAX_S, wait_s * 2)
            await child.start()
            self._write_pids()

    def _lost_a_port(self, child: Child) -> bool:
        """Whether it is Temporal, and ended over a port that is none of those that it was told to take."""
        told = self._options.temporal_port, self._options.ui_port
        said = any(PORT_LOST in line for line in child.last_words)
        return child.name == "temporal" and said and all(map(ports.is_free, told))

    async def _keep_game(self, child: Child) -> None:
        """Closing the window ends everything; a crash of the game does not, a few times."""
        for _ in range(GAME_STARTS):
            status = await child.wait()
            if self._stopping.is_set():
                return
            if status == 0:
                self._stopping.set()
                return
            if status == GAME_NO_DISPLAY or not self._ready:
                break
            say(f"game ended (status {status}); starting it again")
            await child.start()
            self._write_pids()
        self._fail(child, status)

    def _fail(self, child: Child, status: int) -> None:
        words = next((line for line in reversed(child.last_words) if line.strip()), "it said nothing")
        say(f"{child.name} ended with status {status}: {words.strip()} (see {self._state.logs})")
        self._status = 1
        self._stopping.set()

    async def _until_ready(self, where: Addresses, workers: int) -> None:
        """Poll the API's own word until Temporal answers and the first workers poll. Raises StartError."""
        deadline = time.monotonic() + START_LIMIT_S
        health: Any = None
        while not self._stopping.is_set():
            health = await asyncio.to_thread(ask_health, self._options.api_port)
            if health and health["temporal"]["reachable"] and health["fleet"]["ready"] >= workers:
                return
            if time.monotonic() > deadline:
                raise StartError(f"not ready after {START_LIMIT_S:.0f} s; last heard of the API: {health}")
            await asyncio.sleep(0.02)

    async def _stop(self) -> None:
        """Stop every child, in order, each for sure; then the state directory is free."""
        self._stopping.set()
        for name, limit_s in STOP_LIMITS_S.items():
            child = self._children.get(name)
            if child is not None:
                await child.stop(limit_s)
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)


def namespace() -> str:
    """The namespace that the environment names."""
    return os.environ.get("TEMPORAL_NAMESPACE") or "default"


def ask_health(port: int) -> Any:
    """GET /healthz, or None where nothing answers yet."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
