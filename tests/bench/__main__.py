"""`python -m tests.bench [NAME …]`: run the benchmarks, all of them where none is named."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from api_stub.stack.options import CALLER
from tests.bench import (
    audit,
    chaos,
    clone,
    fleet,
    frame,
    heartbeats,
    kills,
    kiosk,
    many,
    orders,
    pod_watch,
    pods,
    reaction,
    scale,
    start,
    truth,
    watching,
    window,
)
from tests.bench.report import Bench, progress

BENCHES: dict[str, Bench] = {
    "frame": frame.frame,
    "render": frame.render,
    "start": start.start,
    "kill": fleet.kill,
    "reaction": reaction.reaction,
    "worker_start": fleet.worker_start,
    "status": orders.status,
    "takeover": orders.takeover,
    "server_kills": kills.server_kills,
    "heartbeats": heartbeats.heartbeats,
    "batch": many.batch,
    "throughput": many.throughput,
    "fleet": many.fleet,
    "polling": many.polling,
    "audit": audit.audit,
    "burst": watching.burst,
    "api_killed": watching.api_killed,
    "idle": watching.idle,
    "changes": watching.changes,
    "stops": start.stops,
    "clone": clone.clone,
    "pod_kills": pods.pod_kills,
    "pod_kill_told": pods.pod_kill_told,
    "pod_watch": pod_watch.pod_watch,
}

WATCHES = {
    "memory": frame.memory,
    "window": window.window,
    "chaos": chaos.chaos,
    "truth": truth.truth,
    "kiosk": kiosk.kiosk,
}
"""Those that take as long as is asked."""
LONG = ("scale", "pod_kills", "pod_kill_told", "pod_watch")
"""Only where it is named: long, or on a cluster that not everybody has."""


def main() -> int:
    """Run what was asked for; each line of stdout is one JSON object."""
    options = argparse.ArgumentParser(prog="./run_all.sh bench", description=__doc__)
    options.add_argument("names", nargs="*", metavar="NAME", help=", ".join([*BENCHES, *WATCHES]))
    options.add_argument(
        "--minutes",
        type=float,
        help="how long `memory`, `window`, `chaos`, `truth`, `kiosk` go on (default: 2), `scale` at the most "
        "(20; with --quick 8)",
    )
    options.add_argument("--quick", action="store_true", help="`scale`: fewer and shorter cells")
    options.add_argument(
        "--keep",
        type=Path,
        metavar="FILE",
        help="`scale`: what is measured, kept; the next run goes on there",
    )
    asked = options.parse_args()
    for name, watch in WATCHES.items():
        BENCHES[name] = partial(watch, asked.minutes or 2.0)
    limits = scale.QUICK if asked.quick else scale.Limits()
    limits = replace(limits, minutes=asked.minutes or limits.minutes)
    keep = Path(os.environ.get(CALLER, ".")) / asked.keep if asked.keep else None
    BENCHES["scale"] = partial(scale.scale, limits, keep)
    names = asked.names or [name for name in BENCHES if name not in LONG]
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        options.error(f"no benchmark {unknown[0]!r}; there are {', '.join(BENCHES)}")
    for name in names:
        progress(name)
        for line in BENCHES[name]():
            sys.stdout.write(line.text() + "\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
