"""Which checkpoint is in force, remembered on disk.

An API that was killed is started again in the same run of the stack; it must not fall back to the checkpoint
that the run began with, nor trip over a broken edit.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

from api_stub.config import CheckpointConfig
from api_stub.configfile import LoadedConfig

logger = logging.getLogger(__name__)

RUN_VARIABLE = "GOPHERPIZZA_RUN"
"""Names one run of the stack; its API finds it in the environment."""
FILE = "in-force.json"
NEVER_SEEN = (0, 0, 0)


class Memory:
    """What is in force in this run. `run` None: an API that nobody starts again; it remembers nothing."""

    def __init__(self, file: Path, run: str | None) -> None:
        self._file = file
        self._run = run

    def remember(self, loaded: LoadedConfig) -> None:
        """Write it down. A file that cannot be written is told in the log; the show goes on."""
        if self._run is None:
            return
        kept = {
            "run": self._run,
            "file": str(loaded.file.resolve()),
            "config": loaded.config.model_dump(mode="json"),
        }
        scratch = self._file.with_suffix(".new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            scratch.write_text(json.dumps(kept), encoding="utf-8")
            scratch.replace(self._file)
        except OSError as error:
            logger.warning("%s cannot be written: %s", self._file, error)

    def recall(self) -> LoadedConfig | None:
        """What was in force in this run when the last API ended; None: this is the run's first.

        Its stamp says that the file was never seen, so that an edit made meanwhile is looked at.
        """
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            if self._run is None or kept["run"] != self._run:
                return None
            config = CheckpointConfig.model_validate(kept["config"])
            return LoadedConfig(config, Path(kept["file"]), NEVER_SEEN)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            logger.warning("%s is not readable: %s", self._file, error)
            return None
