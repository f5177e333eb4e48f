"""A stranger's first minute: a fresh clone, nothing cached, one command, until `ready`."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.report import Line
from tests.running import ROOT, free_ports


def clone() -> Iterator[Line]:
    """Seconds from `./run_all.sh --no-game` to `ready`; the floor is the installing in it."""
    api, temporal, ui = free_ports(3)
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "gopherpizza"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(copy)], check=True, timeout=60)
        environment = {**os.environ, "PIP_NO_CACHE_DIR": "1", "UV_NO_CACHE": "1"}
        began = time.monotonic()
        process = subprocess.Popen(
            [
                *(str(copy / "run_all.sh"), "--no-game", "--api-port", str(api)),
                *("--temporal-port", str(temporal), "--ui-port", str(ui)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            took = time.monotonic() - began
        finally:
            process.terminate()
            process.wait(15)
        assert line.startswith("ready "), line
        stamp = copy / ".venv" / "installed-run"
        installing = stamp.stat().st_mtime - (time.time() - (time.monotonic() - began))
    yield Line("clone", took, "s", installing, {"status": process.returncode})
