"""The three programs of the stack: their commands and what each is told in its environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

from api_stub.gateway.database import DatabaseDamaged, DatabaseProblem, is_gone, prepare_database
from api_stub.gateway.server_command import server_command, server_environment
from api_stub.loop_pulse import VARIABLE as LOOP
from api_stub.stack.child import CannotStart, Program
from api_stub.stack.options import ROOT, StackOptions
from api_stub.stack.state_directory import StateDir
from api_stub.state_files import RUN_VARIABLE

FEW_ARENAS = {"MALLOC_ARENA_MAX": "2"}
"""For the API, whose Temporal client has 30 threads: glibc would keep a heap with holes for many of them.
Other C libraries do not know this name."""
HEAP = {**FEW_ARENAS, "MALLOC_MMAP_THRESHOLD_": "16384"}
"""For the game, whose pictures come and go all day: glibc then gives the large ones back to the system, where
it would keep holes of every size."""

WINDOW_FIRST = 5
"""By so much Temporal, the API and its workers are nicer than the window, which draws a frame each 17 ms.
With two processors, 500 orders and little else to do, 0.15 % of the frames were late without this and 0.02 %
with it (`bench window`); beside other programs 1.4 % and 0.2 %.
"""

FRAMES = "GOPHERPIZZA_FRAMES"
"""The environment variable that names the pipe into which the game writes while it draws frames
(`game/desktop/frame_pulse.py`)."""


@dataclass(frozen=True)
class Addresses:
    """Where everything is."""

    api: str
    temporal: str
    ui: str | None

    def ready_line(self) -> str:
        """The one line on stdout that other programs wait for."""
        return f"ready api={self.api} temporal={self.temporal} ui={self.ui or 'unknown'}"


def addresses(options: StackOptions) -> Addresses:
    """Where everything is going to be."""
    ui: str | None = f"http://127.0.0.1:{options.ui_port}"
    if options.external is not None:
        cloud = options.external.rsplit(":", 1)[0].endswith((".tmprl.cloud", ".api.temporal.io"))
        ui = "https://cloud.temporal.io" if cloud else os.environ.get("TEMPORAL_UI")
    return Addresses(
        api=f"http://127.0.0.1:{options.api_port}",
        temporal=options.external or f"127.0.0.1:{options.temporal_port}",
        ui=ui,
    )


def niceness(options: StackOptions) -> int:
    """How far the parts that nobody sees step back: not at all where there is no window."""
    return 0 if options.no_game else WINDOW_FIRST


def temporal(options: StackOptions, state: StateDir, on_set_aside: Callable[[], None]) -> Program:
    """The embedded Temporal server; its database is looked at before each start.

    In a kiosk one that is damaged is set aside, as is what is left of one that is gone, and a new one begun:
    `on_set_aside` ends the API before that (it is called in a thread, and returns when the API is gone).
    """

    started = False

    def prepare() -> None:
        nonlocal started
        try:
            try:
                if options.kiosk and is_gone(state.path, started):
                    raise DatabaseDamaged(f"{state.database} is gone")
                prepare_database(state.database)
                started = True
            except DatabaseDamaged as damage:
                if not options.kiosk:
                    raise
                with state.set_aside_lock:
                    on_set_aside()
                    # Only here: it reads ledgers, with much that a start need not wait for.
                    from api_stub.stack.damaged_files import set_database_aside

                    set_database_aside(state.path, str(damage))
                prepare_database(state.database)
                started = True
        except DatabaseProblem as error:
            raise CannotStart(str(error)) from error
        except OSError as error:
            raise CannotStart(f"{error.filename or state.database}: {error.strerror}") from error

    return Program(
        "temporal",
        server_command(options.temporal_port, options.ui_port, state.database),
        server_environment(state.database),
        state.path,
        prepare,
        niceness=niceness(options),
    )


def api(options: StackOptions, state: StateDir, where: Addresses, run_id: str, own_server: bool) -> Program:
    """The API with its fleet. `run_id`: one that is started again in this run goes on with the checkpoint
    that was switched to."""
    command = [sys.executable, "-m", "api_stub", "--checkpoint", options.checkpoint, "--log-to-stderr"]
    command += ["--port", str(options.api_port), "--state-dir", str(state.path)]
    if options.external is None:
        command += ["--temporal", where.temporal]
    command += ["--server-is", "own" if own_server else "shared"]
    if not own_server:
        # A ledger of one Temporal, counted in another, would find every order lost.
        command += ["--records-dir", str(state.records_of(where.temporal, options.namespace))]
    if where.ui:
        command += ["--ui", where.ui]
    if options.kiosk:
        command.append("--kiosk")

    def prepare() -> None:
        with state.set_aside_lock:  # what is being set aside must not be opened
            if options.kiosk and own_server:
                try:
                    from api_stub.stack.damaged_files import set_bad_ledgers_aside

                    set_bad_ledgers_aside(state.path)
                except OSError as error:
                    raise CannotStart(f"{error.filename or state.path}: {error.strerror}") from error

    told = {"PYTHONUNBUFFERED": "1", RUN_VARIABLE: run_id, **FEW_ARENAS}
    return Program("api", command, told, ROOT, prepare, LOOP, niceness(options))


def game(options: StackOptions, where: Addresses, pin: bool = False) -> Program:
    """The game's window. `pin`: a kiosk has a PIN, which a window without an API could not know."""
    command = [sys.executable, "-m", "game", "--api", where.api]
    if options.kiosk:
        command += ["--kiosk", "--pin"] if pin else ["--kiosk"]
    if options.display is not None:
        command += ["--display", str(options.display)]
    dummy = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"} if options.headless else {}
    return Program("game", command, {**HEAP, **dummy}, ROOT, pulse=FRAMES)
