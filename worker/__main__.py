"""`python -m worker --slot 3`: one worker by hand, for the speaker who wants it in a terminal.
`python -m worker --pod`: the worker of a Pod."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import NoReturn

from worker.connection import Target
from worker.connection_settings import BadConnectionSettings
from worker.ids import BOOTH_VARIABLE, checked_booth, task_queue_of
from worker.shared import TASK_QUEUE
from worker.show.outputs import fill_standard_streams, log_to
from worker.show.pod import BadPodSettings, pod_main
from worker.show.process import serve
from worker.show.spec import WorkerSpec


class Parser(argparse.ArgumentParser):
    """Options whose refusal is one line; --help has the rest."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and leave with status 2."""
        self.exit(2, f"{self.prog}: {message} (--help tells more)\n")


def main() -> None:
    """Read the options and serve until Ctrl-C or SIGTERM (drains; a second one is not needed)."""
    fill_standard_streams()
    parser = Parser(
        prog="python -m worker",
        description="Run one GopherPizza worker in this terminal. Ctrl-C drains it; kill -9 is the demo.",
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--slot", type=int, metavar="N", help="its number, 1 or more")
    where.add_argument(
        "--pod", action="store_true", help="the worker of a Pod: all its settings come from the environment"
    )
    parser.add_argument(
        "--generation",
        type=int,
        default=os.getpid(),
        metavar="G",
        help="the G of its name wN.G (default: its process id, so that no two have the same name)",
    )
    parser.add_argument(
        "--temporal",
        metavar="HOST:PORT",
        help="the server (default: TEMPORAL_ADDRESS and the SDK's other settings, else localhost:7233)",
    )
    parser.add_argument("--namespace", default="default")
    parser.add_argument(
        "--booth",
        default=os.environ.get(BOOTH_VARIABLE) or None,
        metavar="NAME",
        help=f"the booth whose orders it takes, as GET /healthz of its API tells (default: {BOOTH_VARIABLE}, "
        "else none)",
    )
    parser.add_argument("--task-queue", help=f"default: {TASK_QUEUE}, at a booth {TASK_QUEUE}-BOOTH")
    parser.add_argument("--concurrency", type=int, default=4, help="pizzas in hand at the most (default 4)")
    parser.add_argument(
        "--code",
        type=Path,
        metavar="FILE",
        help="the code that a developer edits, as checkpoint 1a has it (default: the right code)",
    )
    options = parser.parse_args()
    if options.pod:
        log_to(None)
        try:
            pod_main()
        except (BadPodSettings, BadConnectionSettings) as error:
            parser.error(str(error))
    if options.slot < 1:
        parser.error(f"--slot {options.slot}: a slot is 1 or more")
    if options.generation < 0:
        parser.error(f"--generation {options.generation}: a generation is 0 or more")
    try:
        booth = checked_booth(options.booth) if options.booth is not None else None
    except ValueError as error:
        parser.error(f"--booth (or {BOOTH_VARIABLE}) {options.booth[:40]!r}: {error}")
    if not 1 <= options.concurrency <= 1000:
        parser.error(f"--concurrency {options.concurrency}: 1 to 1000 is accepted")
    target = Target(options.temporal, options.namespace, booth)
    try:
        target.settings()
    except BadConnectionSettings as error:
        parser.error(str(error))
    log_to(None)
    serve(
        WorkerSpec(
            slot=options.slot,
            generation=options.generation,
            target=target,
            task_queue=options.task_queue or task_queue_of(booth),
            concurrency=options.concurrency,
            code=options.code.absolute() if options.code else None,
        )
    )


if __name__ == "__main__":
    main()
