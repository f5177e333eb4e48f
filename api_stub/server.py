"""The API's own process: options, logging, signals, and an exit status that is true."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import logging.handlers
import os
import signal
import sys
from pathlib import Path

from api_stub import lifeline
from api_stub.app import create_app
from api_stub.challenge import WorkingCopies
from api_stub.configfile import ConfigError, find
from api_stub.errors import LedgerUnwritable
from api_stub.fleet.host import ProcessHost
from api_stub.fleet.supervisor import FleetSetup, Supervisor
from api_stub.gateway.client import Gateway
from api_stub.gateway.records import TemporalRecords
from api_stub.http_server import CannotServe, listening, server_for
from api_stub.kitchen import Kitchen, policy_of
from api_stub.memory import Memory
from api_stub.records.keeper import Records
from api_stub.run_names import MEMORY, RUN_VARIABLE
from worker.connection import Target

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
    """Log to a bounded file, or to stderr."""
    handler: logging.Handler = logging.StreamHandler()
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(file, maxBytes=LOG_BYTES, backupCount=2)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        handlers=[handler],
        force=True,
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)


async def serve(options: argparse.Namespace) -> int:
    """Serve until a signal comes or the parent is gone; the process's exit status."""
    state: Path = options.state_dir
    memory = Memory(state / MEMORY, os.environ.get(RUN_VARIABLE))
    recalled = memory.recall()
    loaded = recalled or find(options.checkpoint)
    target = Target(options.temporal, options.namespace)
    host = ProcessHost()
    code = WorkingCopies(state.resolve() / "challenge")
    setup = FleetSetup(target, state / "logs", code.ensured, state / "generations.json")
    kitchen = Kitchen(
        gateway=Gateway(target),
        fleet=Supervisor(host, policy_of(loaded.config), setup),
        checkpoint=loaded,
        ui=options.ui,
        code=code,
        memory=memory,
    )
    if recalled is not None:
        with contextlib.suppress(ConfigError):
            kitchen.know(find(options.checkpoint))
    records = TemporalRecords(kitchen.gateway)
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

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)

    def parent_gone() -> None:
        loop.call_soon_threadsafe(stop)

    lifeline.watch(parent_gone)
    await server.run_on(sockets)
    return 0


def main() -> None:
    """Read the options, serve, and leave without finalizing: the SDK may crash a dying interpreter."""
    options = parser().parse_args()
    set_up_logging(None if options.log_to_stderr else options.state_dir / "logs" / "api.log")
    try:
        status = asyncio.run(serve(options))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        status = 2
    except (LedgerUnwritable, CannotServe) as error:
        sys.stderr.write(f"{error}\n")
        status = 1
    except Exception:
        logger.exception("the API failed")
        status = 1
    logging.shutdown()
    sys.stderr.flush()
    os._exit(status)
