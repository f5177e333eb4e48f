"""The code that a developer edits: working copies on disk, made from the pristine, buggy ones."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from api_stub.fleet.rules import FleetState
from api_stub.fleet.views import code_problem
from api_stub.schema import Challenge
from worker.shared import CodeFault
from worker.show.challenges import pristine
from worker.show.edited_code import MAX_SOURCE_BYTES, digest_of
from worker.show.files import read_bounded, write_whole

logger = logging.getLogger(__name__)

MAX_SHOWN_BYTES = 64 * 1024


class WorkingCopies:
    """The working copies in one directory, a file for each bug."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def path(self, bug: str) -> Path:
        """The file that a developer edits."""
        return self._directory / f"{bug}.py"

    def ensured(self, bug: str) -> Path:
        """The file, made from the pristine copy where it is missing.

        A directory that cannot be written is told in the log, and by the workers, which find no file.
        """
        path = self.path(bug)
        if not path.exists():
            try:
                self.reset(bug)
            except OSError as error:
                logger.error("%s cannot be made: %s", path, error)
        return path

    def reset(self, bug: str) -> None:
        """Put the pristine copy in place of whatever is there; a directory is set aside. Raises OSError."""
        path = self.path(bug)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir() and not path.is_symlink():
            aside = path.with_suffix(".aside")  # somebody's work may be in it; one such is kept
            if aside.is_dir():
                shutil.rmtree(aside)
            path.replace(aside)
        write_whole(path, pristine(bug).read_bytes())

    def read(self, bug: str) -> bytes | None:
        """What is on disk now; None: nothing that can be read."""
        try:
            return read_bounded(self.path(bug), MAX_SOURCE_BYTES)
        except OSError:
            return None


def challenge(
    bug: str | None, copies: WorkingCopies | None, fleet: FleetState, faults: Sequence[CodeFault]
) -> Challenge:
    """How the working copy of the bug in force fares; an empty answer where there is none.

    `faults`: how open orders failed in edited code, the longest waiting first.
    """
    if bug is None or copies is None:
        return Challenge(bug=bug)
    file = str(copies.path(bug))
    source = copies.read(bug)
    digest = None if source is None else digest_of(source)
    alive = [slot for slot in fleet.slots if slot.alive]
    unloadable = [slot.fault for slot in alive if slot.fault is not None]
    here = [fault for fault in faults if fault.file == file]
    return Challenge(
        bug=bug,
        file=file,
        source=(source or b"")[:MAX_SHOWN_BYTES].decode("utf-8", "replace"),
        changed=source != pristine(bug).read_bytes(),
        deployed=all(slot.code == digest for slot in alive),
        load_problem=code_problem(unloadable[-1]) if unloadable else None,
        failure=code_problem(here[0]) if here else None,
        stuck=len(here),
    )
