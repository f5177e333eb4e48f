"""The API's own process: options, logging, signals, and an exit status that is true."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from api_stub import lifeline, loop_pulse
from api_stub.background import reason_of
from api_stub.booth import BadBooth, booth_of
from api_stub.checkpoint.files import ConfigError, LoadedConfig, find
from api_stub.checkpoint.remembered_checkpoint import RememberedCheckpoint
from api_stub.errors import LedgerUnwritable, TemporalUnreachable
from api_stub.fleet.host_choice import NoHost, chosen
from api_stub.fleet.launch import Launched, Launcher
from api_stub.fleet.process_host import ProcessHost
from api_stub.fleet.processes import adopt_orphans
from api_stub.fleet.supervisor import FleetSetup, Supervisor
from api_stub.gateway.client import Gateway
from api_stub.gateway.namespace import Namespace
from api_stub.http.host_headers import HOSTS_VARIABLE, hosts_in
from api_stub.http.sockets import CannotServe, listening
from api_stub.kitchen import Kitchen, policy_of
from api_stub.metrics.metrics import Metrics
from api_stub.opening import opened
from api_stub.records.service import Records
from api_stub.records.temporal_source import TemporalSource
from api_stub.start_setup import StartSetup
from api_stub.state_files import BOOTH, BOOTHS, MEMORY, ROSTER, RUN_VARIABLE
from api_stub.working_copies import WorkingCopies
from worker.connection import Target
from worker.connection_settings import BadConnectionSettings
from worker.show.outputs import BoundedFile, log_to

if TYPE_CHECKING:
    from api_stub.http.server import Server

logger = logging.getLogger(__name__)
LOG_BYTES = 2_000_000
LOOK_AT_START_S = 3.0
STATE_DIR = ".gopherpizza"


def parser() -> argparse.ArgumentParser:
    """The options of `python -m api_stub`."""
    options = argparse.ArgumentParser(
        prog="python -m api_stub", description="The GopherPizza API and its fleet."
    )
    options.add_argument("--checkpoint", default="1", metavar="NAME|FILE")
    options.add_argument("--host", default="127.0.0.1", help="address to serve on (default: loopback only)")
    options.add_argument("--port", type=int, default=8000)
    options.add_argument(
        "--temporal",
        metavar="HOST:PORT",
        help="default: the SDK's environment configuration, else localhost:7233",
    )
    options.add_argument("--namespace", default="default")
    options.add_argument(
        "--server-is",
        choices=("own", "shared"),
        help="own: nobody else uses this Temporal, and its namespace is set up as it is needed; shared: "
        "others may, so this kitchen gets a booth's name (default: shared where the environment names it)",
    )
    options.add_argument("--ui", metavar="URL", help="the Temporal Web UI's base address")
    options.add_argument("--state-dir", type=Path, default=Path(STATE_DIR))
    options.add_argument(
        "--records-dir",
        type=Path,
        help="ledger and receipts; they belong to one Temporal (default: the state directory)",
    )
    options.add_argument("--kiosk", action="store_true", help="an exhibit that nobody looks after")
    options.add_argument(
        "--log-to-stderr", action="store_true", help="log here, not to STATE_DIR/logs/api.log"
    )
    return options


def set_up_logging(file: Path | None) -> None:
    """Log to a bounded file, or to stderr; what cannot be written is dropped."""
    format_ = "%(asctime)s %(levelname)s %(name)s %(message)s"
    log_to(None if file is None else BoundedFile(file, LOG_BYTES), format_)
    logging.getLogger("httpx").setLevel(logging.WARNING)


async def serve(options: argparse.Namespace, processes: ProcessHost) -> int:
    """Serve until a signal comes or the parent is gone; the process's exit status."""
    # Absolute: the code that a visitor edits may change its process's working directory.
    state = Path(os.path.abspath(options.state_dir))
    memory = RememberedCheckpoint(state / MEMORY, os.environ.get(RUN_VARIABLE))
    recalled = memory.recall()
    loaded = recalled or find(options.checkpoint)
    target = Target(options.temporal, options.namespace)
    own, shared = options.server_is == "own", options.server_is == "shared" or target.from_environment
    if recalled is None:
        memory.booth = booth_of(loaded.config.booth, shared and not own, state / BOOTH)
    target = replace(target, booth=memory.booth)
    host = await chosen(loaded.config.fleet, target.booth, processes)
    gateway = Gateway(target)
    namespace = Namespace(lambda: gateway.client, own=own)
    code = WorkingCopies(state / "challenge")
    setup = FleetSetup(target, state / "logs", code.ensured, state / "generations.json", state / ROSTER)
    kitchen = Kitchen(
        gateway=gateway,
        fleet=Supervisor(host, policy_of(loaded.config), setup, troubles=host.troubles),
        checkpoint=loaded,
        ui=options.ui,
        code=code,
        memory=memory,
        namespace=namespace,
        troubles=host.troubles,
        start_setup=StartSetup(
            kiosk=options.kiosk,
            state=state,
            own_server=own,
            under_stack=RUN_VARIABLE in os.environ,
            announced=processes.announced,
        ),
    )
    if recalled is not None:
        kitchen.home = home_of(options.checkpoint, memory.home or recalled)
        kitchen.know(kitchen.home)
        memory.remember(recalled, kitchen.home)
    if recalled is None:
        await refuse_misfit(kitchen)
    records = TemporalSource(kitchen.gateway)
    records_dir: Path = options.records_dir or state
    if target.booth is not None:
        logger.info("this is booth %s; by hand: python -m worker --booth %s", target.booth, target.booth)
        records_dir = records_dir / BOOTHS / target.booth
    records_dir.mkdir(parents=True, exist_ok=True)
    kitchen.records = Records(
        records_dir,
        kitchen.gateway,
        records,
        kitchen.fleet,
        lambda: kitchen.retention_s,
        kitchen.troubles,
    )
    kitchen.records.load()
    hosts = hosts_of(os.environ)
    sockets = listening(options.host, options.port)
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
            loop.add_signal_handler(number, stopping.set)
    broken: list[str] = []

    def cannot_start(reason: str) -> None:
        broken.append(reason)
        stopping.set()

    processes.on_broken = cannot_start
    host.open()

    def parent_gone() -> None:
        loop.call_soon_threadsafe(stopping.set)

    lifeline.watch(parent_gone)
    figures = Metrics(kitchen)
    async with contextlib.AsyncExitStack() as end:
        try:
            await end.enter_async_context(opened(kitchen, figures))
        except Exception as error:
            raise CannotServe(f"the API cannot start: {reason_of(error)}") from error
        # What answers requests takes as long to load as all the rest. It comes in a thread, so that meanwhile
        # the first workers start, and are heard.
        server = await asyncio.to_thread(http_server, kitchen, figures, hosts)
        gc.freeze()
        gc.enable()
        loop_pulse.tell_of(loop, os.environ)
        await server.run_until(stopping, sockets)
    if broken:
        say(broken[0])
        return 1
    return 0


def home_of(checkpoint: str, before: LoadedConfig) -> LoadedConfig:
    """The checkpoint that this run began with; where its file cannot be used now, as it was `before`."""
    try:
        return find(checkpoint)
    except ConfigError:
        return before


def hosts_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Further hosts that the environment names. Raises CannotServe."""
    try:
        return hosts_in(environment.get(HOSTS_VARIABLE, ""))
    except ValueError as error:
        raise CannotServe(f"{HOSTS_VARIABLE}: {error}") from None


def http_server(kitchen: Kitchen, figures: Metrics, hosts: tuple[str, ...]) -> Server:
    """The HTTP server of a kitchen that is open."""
    from api_stub.app import create_app
    from api_stub.http.server import server_for

    return server_for(create_app(kitchen, figures=figures, hosts=hosts))


async def refuse_misfit(kitchen: Kitchen) -> None:
    """Raises ConfigError where the first checkpoint asks for more than a namespace of others keeps.

    A Temporal that does not answer now is no reason not to start: then orders are kept for as long as it
    turns out to keep them.
    """
    if kitchen.namespace is None or kitchen.namespace.own:
        return
    await kitchen.gateway.open()
    try:
        await kitchen.namespace.look(LOOK_AT_START_S)
    except TemporalUnreachable as error:
        logger.info("the namespace cannot be asked yet: %s", error)
    if (problem := kitchen.misfit(kitchen.checkpoint)) is not None:
        raise problem


def say(text: str) -> None:
    """A line on stderr, for whoever started this; one that nobody can read is no error."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def main(launcher: Launcher | None = None, launched: Launched | None = None) -> None:
    """Read the options, serve, and leave without finalizing: the SDK may crash a dying interpreter.

    `launched` is the fork server that `launcher` has started already.
    """
    options = parser().parse_args()
    set_up_logging(None if options.log_to_stderr else options.state_dir / "logs" / "api.log")
    try:
        adopt_orphans()
        status = asyncio.run(serve(options, ProcessHost(launcher, launched)))
    except (ConfigError, BadBooth, BadConnectionSettings, NoHost) as error:
        say(str(error))
        status = 2
    except (LedgerUnwritable, CannotServe) as error:
        say(str(error))
        status = 1
    except Exception:
        logger.exception("the API failed")
        status = 1
    logging.shutdown()
    os._exit(status)
