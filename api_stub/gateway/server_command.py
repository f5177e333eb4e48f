"""How the embedded Temporal server is run: its program, its settings, and what it finds around it.

Nothing heavy is imported: the stack starts the server before anything else.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

PRAGMAS = ("journal_mode=wal", "synchronous=normal")
"""SQLite's settings. Bare workflows of three activities, two workers, file database: 10 done a second with
the defaults (rollback journal, `synchronous=full`), 26 with these; 86 to 109 ms of the server's processor
time an order became 44 to 69. 300 orders through the API were placed in 10.5 s instead of 23.6 s. Nothing is
lost when the process is killed; a power cut may take the last transactions, and never damages the file."""
DYNAMIC_CONFIG: tuple[str, ...] = (
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
    'history.cacheTTL="2m"',
    'history.cacheBackgroundEvict={"Enabled": true, "LoopInterval": "30s", "MaxEntryPerCall": 1024}',
)
"""A task queue in one piece instead of four, which are for many servers. Measured side by side, four turns
each: no difference with two workers, 30 instead of 32 ms of the server's time an order with eight.

The state of an order that the server keeps in memory is dropped after two minutes. By its own defaults that
is an hour, and nothing goes before 128,000 orders are there: 110 KB each, a gigabyte after a kiosk's day.
Measured with six orders a second: 270 MB from the 2,000th order on."""
MAX_PATH = 504
"""Bytes of the database's whole path: SQLite takes 512, with the longest of its endings."""


def find_program(beside: Path | None = None) -> str | None:
    """The `temporal` program: beside this python, else on the PATH, else None."""
    directory = beside or Path(sys.executable).parent
    return shutil.which("temporal", path=str(directory)) or shutil.which("temporal")


def server_settings() -> list[str]:
    """The options of `temporal server start-dev` that make it quick; the same wherever it comes from."""
    pragmas = [word for pragma in PRAGMAS for word in ("--sqlite-pragma", pragma)]
    return [*pragmas, *(word for value in DYNAMIC_CONFIG for word in ("--dynamic-config-value", value))]


def server_command(port: int, ui_port: int, database: Path, namespace: str = "default") -> list[str]:
    """The command that serves Temporal on loopback with its Web UI, keeping its state in `database`.

    Run it in the directory of `database`, with `server_environment`: the program puts the path as it is into
    a URI, in which `#`, `?` and `%` mean something. A bare file name has none of them.
    """
    program = find_program()
    if program is None:
        module = "api_stub.gateway.devserver"
        return [sys.executable, "-m", module, str(port), str(ui_port), str(database.absolute()), namespace]
    return [
        *(program, "server", "start-dev", "--ip", "127.0.0.1", "--namespace", namespace),
        *("--port", str(port), "--ui-port", str(ui_port), "--db-filename", database.name),
        *("--log-level", "error"),
        *server_settings(),
    ]


def server_environment(database: Path, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The server's whole environment: this process's (or `base`), its home the directory of `database`.

    The program reads a settings file under its home, and ends where that cannot be read, where HOME is no
    directory or where TEMPORAL_ENV names settings that are not there. Nothing in them is meant for ours. Each
    variable of that kind is empty rather than left out, so that merging with an environment works as well.
    """
    found = dict(os.environ if base is None else base)
    ours = {name: "" for name in found if name.startswith("TEMPORAL_")}
    home = str(database.absolute().parent)
    return {**found, **ours, "HOME": home, "XDG_CONFIG_HOME": home}
