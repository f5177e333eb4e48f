"""The API's own process: options, logging, signals, and an exit status that is true."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from pathlib import Path

from api_stub import lifeline
from api_stub.app import create_app
from api_stub.checkpoint.files import ConfigError, find
from api_stub.checkpoint.memory import Memory
from api_stub.errors import LedgerUnwritable
from api_stub.fleet.host import ProcessHost
from api_stub.fleet.launch import Launched, Launcher
from api_stub.fleet.processes import adopt_orphans
from api_stub.fleet.supervisor import FleetSetup, Supervisor
from api_stub.gateway.client import Gateway
from api_stub.http.server import CannotServe, listening, server_for
from api_stub.kitchen import Kitchen, policy_of
from api_stub.records.service import Records
from api_stub.records.temporal_source import TemporalSource
from api_stub.state_files import MEMORY, RUN_VARIABLE
from api_stub.working_copies import WorkingCopies
from worker.connection import Target
from worker.connection_settings import BadConnectionSettings
from worker.show.outputs import BoundedFile, log_to

logger = logging.getLogger(__name__)
LOG_BYTES = 2_000_000
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
    options.add_argument("--ui", metavar="URL", help="the Temporal Web UI's base address")
    options.add_argument("--state-dir", type=Path, default=Path(STATE_DIR))
    options.add_argument(
        "--records-dir",
        type=Path,
        help="ledger and receipts; they belong to one Temporal (default: the state directory)",
    )
    options.add_argument(
        "--log-to-stderr", action="store_true", help="log here, not to STATE_DIR/logs/api.log"
    )
    return options


def set_up_logging(file: Path | None) -> None:
    """Log to a bounded file, or to stderr; what cannot be written is dropped."""
    format_ = "%(asctime)s %(levelname)s %(name)s %(message)s"
    log_to(None if file is None else BoundedFile(file, LOG_BYTES), format_)
    logging.getLogger("httpx").setLevel(logging.WARNING)


async def serve(options: argparse.Namespace, host: ProcessHost) -> int:
    """Serve until a signal comes or the parent is gone; the process's exit status."""
    # Absolute: the code that a visitor edits may change its process's working directory.
    state = Path(os.path.abspath(options.state_dir))
    memory = Memory(state / MEMORY, os.environ.get(RUN_VARIABLE))
    recalled = memory.recall()
    loaded = recalled or find(options.checkpoint)
    target = Target(options.temporal, options.namespace)
    code = WorkingCopies(state / "challenge")
    setup = FleetSetup(target, state / "logs", code.ensured, state / "generations.json")
    kitchen = Kitchen(
        gateway=Gateway(target),
        fleet=Supervisor(host, policy_of(loaded.config), setup, troubles=host.troubles),
        checkpoint=loaded,
        ui=options.ui,
        code=code,
        memory=memory,
        troubles=host.troubles,
    )
    if recalled is not None:
        with contextlib.suppress(ConfigError):
            kitchen.know(find(options.checkpoint))
    records = TemporalSource(kitchen.gateway)
    records_dir: Path = options.records_dir or state
    records_dir.mkdir(parents=True, exist_ok=True)
    kitchen.records = Records(
        records_dir,
        kitchen.gateway,
        records,
        kitchen.fleet,
        lambda: kitchen.checkpoint.config.retention_s,
        kitchen.troubles,
    )
    kitchen.records.load()
    sockets = listening(options.host, options.port)
    server = server_for(create_app(kitchen))
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
            loop.add_signal_handler(number, stop)
    broken: list[str] = []

    def cannot_start(reason: str) -> None:
        broken.append(reason)
        stop()

    host.on_broken = cannot_start
    host.open()

    def parent_gone() -> None:
        loop.call_soon_threadsafe(stop)

    lifeline.watch(parent_gone)
    await server.run_on(sockets)
    if broken:
        say(broken[0])
        return 1
    return 0


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
    except (ConfigError, BadConnectionSettings) as error:
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
