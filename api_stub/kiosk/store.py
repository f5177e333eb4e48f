"""A small file that is kept whole: read once, written where it has changed; trouble with it ends nothing."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, Field, ValidationError

from api_stub.background import reason_of
from api_stub.kept_values import check
from worker.show.files import read_bounded, write_whole

logger = logging.getLogger(__name__)

T = TypeVar("T", bound=BaseModel)
MAX_BYTES = 4 << 20


class WithUnfit(BaseModel):
    """A file of entries, each read by itself."""

    unfit: list[str] = Field(default=[], exclude=True)
    """Why entries were left out, a line each."""


class Store(Generic[T]):
    """One model in one file. `file` None: nothing is kept."""

    def __init__(self, file: Path | None, model: type[T]) -> None:
        self._file = file
        self._model = model
        self._written = b""
        self.problem: str | None = None
        """Why it cannot be written now."""

    def read(self) -> T | None:
        """What is in the file; None: nothing, or nothing of ours: that is set aside, and told in the log."""
        if self._file is None:
            return None
        try:
            raw = read_bounded(self._file, MAX_BYTES)
            if len(raw) > MAX_BYTES:
                raise ValueError(f"more than {MAX_BYTES} bytes")
            found = self._model.model_validate_json(raw)
            check(found)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, ValidationError) as error:
            logger.warning("%s cannot be used and is set aside: %s", self._file, reason_of(error))
            self._set_aside(self._file)
            return None
        if isinstance(found, WithUnfit) and found.unfit:
            self._keep_copy(self._file, raw, found.unfit)
        self._written = raw
        return found

    @staticmethod
    def _keep_copy(file: Path, raw: bytes, unfit: list[str]) -> None:
        """Some of it is left out, and the next write forgets it: the file as it was is kept beside it."""
        logger.warning("%s: %d entries cannot be used and are left out: %s", file, len(unfit), unfit[0])
        try:
            write_whole(file.with_name(f"{file.name}.damaged"), raw, file.with_suffix(".new"))
        except OSError as error:
            logger.warning("%s cannot be copied: %s", file, reason_of(error))

    @staticmethod
    def _set_aside(file: Path) -> None:
        try:
            file.replace(file.with_name(f"{file.name}.damaged"))
        except OSError as error:
            logger.warning("%s cannot be set aside: %s", file, reason_of(error))

    def write(self, model: T) -> None:
        """Have this in the file. Never raises: what cannot be written is tried again with the next write."""
        data = model.model_dump_json().encode()
        if self._file is None or data == self._written:
            return
        try:
            write_whole(self._file, data)
        except OSError as error:
            if self.problem != (words := f"{self._file.name}: {error.strerror or error}"):
                logger.warning("%s", words)
            self.problem = words
        else:
            self._written, self.problem = data, None
