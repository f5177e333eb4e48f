"""`./run_all.sh rounds --csv`: every round that is kept, as CSV."""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from api_stub.kiosk.rounds import rank
from api_stub.kiosk.stored_rounds import StoredRounds
from api_stub.stack.options import CALLER, STATE_DIR, at_caller
from api_stub.state_files import ROUNDS
from worker.show.files import read_bounded

COLUMNS = ("n", "day", "started_at", "name", "state", "kills", "at_risk", "takeovers", "lost")
MAX_BYTES = 4 << 20


def write_csv(kept: StoredRounds, to: TextIO) -> None:
    """A head and a row for each round, best first; times are RFC 3339 in UTC."""
    rows = csv.writer(to, lineterminator="\n")
    rows.writerow(COLUMNS)
    for told in sorted((played.told for played in kept.rounds), key=rank):
        found = told.model_dump(mode="json")
        rows.writerow(["" if found[column] is None else found[column] for column in COLUMNS])


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table to stdout, or to a file; the exit status."""
    options = argparse.ArgumentParser(prog="./run_all.sh rounds", description="The rounds that were played.")
    options.add_argument(
        "--csv", nargs="?", const="-", default="-", metavar="FILE", help="where to (default: stdout)"
    )
    options.add_argument("--state-dir", default=str(STATE_DIR), metavar="DIR", help="default .gopherpizza")
    found = options.parse_args(arguments)
    caller = Path(os.environ.get(CALLER) or os.getcwd())
    file = at_caller(found.state_dir, caller) / ROUNDS
    if found.state_dir != str(STATE_DIR) and not file.parent.is_dir():
        sys.stderr.write(f"gopherpizza: --state-dir {file.parent} is no directory; name the run's own\n")
        return 1
    try:
        kept = (
            StoredRounds.model_validate_json(read_bounded(file, MAX_BYTES))
            if file.exists()
            else StoredRounds()
        )
    except (OSError, ValueError) as error:
        sys.stderr.write(f"gopherpizza: {file} cannot be read: {type(error).__name__}\n")
        return 1
    try:
        if found.csv == "-":
            write_csv(kept, sys.stdout)
        else:
            with open(at_caller(found.csv, caller), "w", encoding="utf-8", newline="") as to:
                write_csv(kept, to)
    except OSError as error:
        sys.stderr.write(f"gopherpizza: {found.csv}: {error.strerror}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
