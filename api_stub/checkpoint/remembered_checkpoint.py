"""Which checkpoint is in force, remembered on disk.

An API that was killed is started again in the same run of the stack; it must not fall back to the checkpoint
that the run began with, nor trip over a broken edit.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from api_stub.background import reason_of
from api_stub.checkpoint.config import CheckpointConfig
from api_stub.checkpoint.files import NEVER_SEEN, LoadedConfig
from api_stub.oneline import shown, shown_path
from worker.ids import checked_booth
from worker.show.files import read_bounded, write_whole

logger = logging.getLogger(__name__)

MAX_BYTES = 512 * 1024
"""More than any two configs take."""


class RememberedCheckpoint:
    """What is in force in this run. `run` None: an API that nobody starts again; it remembers nothing."""

    def __init__(self, file: Path, run: str | None) -> None:
        self._file = file
        self._run = run
        self._trouble: str | None = None
        self._unwritten: str | None = None
        self.booth: str | None = None
        """Which booth this run is: to be set before anything is remembered; `recall` finds it again."""
        self.home: LoadedConfig | None = None
        """The checkpoint that the run began with, as it was last in force, where `recall` found it."""

    def remember(self, loaded: LoadedConfig, home: LoadedConfig | None = None) -> None:
        """Write it down, with the checkpoint that the run began with. A file that cannot be written is told
        in the log, once; the show goes on, and `make_up` tries again."""
        if self._run is None:
            return
        kept = {
            "run": self._run,
            **_kept(loaded),
            "booth": self.booth,
            "home": None if home is None else _kept(home),
        }
        self._unwritten = json.dumps(kept)
        self.make_up()

    def make_up(self) -> None:
        """Write what could not be written yet."""
        if self._unwritten is None:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._file, self._unwritten.encode())
            self._unwritten = None
        except Exception as error:
            # A run without it goes on well, until its API dies: whatever the reason, it ends nothing.
            trouble = reason_of(error)
            if trouble != self._trouble:
                logger.warning("%s cannot be written: %s", shown_path(self._file), trouble)
            self._trouble = trouble
        else:
            self._trouble = None

    def recall(self) -> LoadedConfig | None:
        """What was in force in this run when the last API ended; None: this is the run's first, or the file
        cannot be used, which is told in the log.

        Its stamp says that the file was never seen, so that an edit made meanwhile is looked at.
        """
        if self._run is None:
            return None
        try:
            raw = read_bounded(self._file, MAX_BYTES)
            if len(raw) > MAX_BYTES:
                raise ValueError(f"more than {MAX_BYTES} bytes")
            kept = json.loads(raw.decode("utf-8"))
            if kept["run"] != self._run:
                return None
            loaded, home = _read(kept), kept.get("home")
            self.home = None if home is None else _read(home)
            booth = kept.get("booth")
            self.booth = None if booth is None else checked_booth(booth)
            return loaded
        except FileNotFoundError:
            return None
        except Exception as error:
            # Damaged, foreign, of another version, nested too deep: the run begins as if it were not there.
            logger.warning("%s is ignored: %s", shown_path(self._file), reason_of(error))
            return None


def _kept(loaded: LoadedConfig) -> dict[str, Any]:
    return {"file": str(loaded.file.absolute()), "config": loaded.config.model_dump(mode="json")}


def _read(kept: Any) -> LoadedConfig:
    """The inverse; it may raise anything."""
    file = Path(kept["file"])
    if not file.is_absolute():
        raise ValueError(f"{shown(kept['file'])} is no absolute path")
    return LoadedConfig(CheckpointConfig.model_validate(kept["config"]), file, NEVER_SEEN)
