"""Which checkpoint is in force: switching by name, and following edits of its file. Open orders are not
touched: each lives on with the settings that it was placed with."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from pathlib import Path

from api_stub.background import reason_of
from api_stub.checkpoint.files import (
    NEVER_SEEN,
    ConfigError,
    ConfigUnreadable,
    LoadedConfig,
    Stamp,
    at_path,
    is_yaml,
    named,
    stamp_of,
)
from api_stub.kitchen import Kitchen, policy_of
from api_stub.oneline import one_line
from api_stub.schema import Checkpoint, StreamSettings

logger = logging.getLogger(__name__)

WATCH_S = 0.5


async def known(kitchen: Kitchen) -> dict[str, Checkpoint]:
    """Every checkpoint by its name: the directory's in their order, then those that a file was named for.

    A file that cannot be used is listed in its place, with its problem; what has none can be switched to.
    """
    files = await kitchen.reader.files()
    by_path = {name: loaded.file for name, loaded in kitchen.named_by_path.items()}
    # A name that was given to a file outside of the directory is that file's.
    named_files = {**files, **by_path}
    read = await kitchen.reader.all_of(list(named_files.values()))
    found = {
        name: _listed(name, file, _as_usable_here(kitchen, read[file])) for name, file in named_files.items()
    }
    found[kitchen.checkpoint.config.checkpoint] = current(kitchen)
    return found


def _as_usable_here(kitchen: Kitchen, read: LoadedConfig | ConfigError) -> LoadedConfig | ConfigError:
    return read if isinstance(read, ConfigError) else kitchen.misfit(read) or read


def _listed(name: str, file: Path, read: LoadedConfig | ConfigError) -> Checkpoint:
    name, shown_file = one_line(name, 255), one_line(file.name, 255)
    if isinstance(read, ConfigError):
        return Checkpoint(name=name, title="", slots=0, file=shown_file, problem=str(read))
    # A file that was given another name since is still called by the one that it was known by.
    return view(read).model_copy(update={"name": name})


async def switch(kitchen: Kitchen, name: str) -> LoadedConfig:
    """Put another checkpoint in force: one of the directory, one that a file was named for before, or a YAML
    file's path. Raises UnknownCheckpoint, ConfigError; then nothing changed.
    """
    directory = kitchen.reader.directory
    async with kitchen.switching:
        before = kitchen.named_by_path.get(name)
        if before is not None:
            file, work = before.file, partial(kitchen.reader.read, before.file)
        elif is_yaml(name):
            file, work = Path(name), partial(at_path, name, directory)
        else:
            file, work = directory, partial(named, name, directory)
        loaded = await kitchen.reader.aside(object(), file, work)
        if (problem := kitchen.misfit(loaded)) is not None:
            raise problem
        kitchen.put_in_force(loaded)
        kitchen.fleet.reshape(policy_of(loaded.config))
    logger.info("checkpoint %s, from %s", loaded.config.checkpoint, loaded.file)
    return loaded


async def look(kitchen: Kitchen) -> bool:
    """Take an edit of the file in force, if it was edited; whether it was.

    An edit that cannot be used, or a file that is gone, is `kitchen.problem`, and what runs, runs on.
    A fleet whose part of the file is what it was is left alone: a worker that was just killed stays dead.
    """
    now, seen = kitchen.checkpoint, kitchen.seen
    try:
        edited = await kitchen.reader.aside("watch", now.file, partial(_edited, kitchen, now.file, seen))
    except Exception as error:
        # Whatever it is: an edit that is not taken is told.
        edited = (
            NEVER_SEEN,
            ConfigUnreadable(str(error) if isinstance(error, ConfigError) else reason_of(error)),
        )
    if edited is None or kitchen.checkpoint is not now:
        return False
    kitchen.seen, read = edited
    read = _as_usable_here(kitchen, read)
    if isinstance(read, ConfigError):
        return _not_taken(kitchen, read)
    try:
        kitchen.put_in_force(read)
        if policy_of(read.config) != kitchen.fleet.policy:
            kitchen.fleet.reshape(policy_of(read.config))
    except Exception as error:
        kitchen.seen, kitchen.problem = NEVER_SEEN, reason_of(error)
        raise
    # Saved as it was, or seen for the first time by an API that follows one that was killed.
    same = read.config == now.config
    logger.info("%s %s", read.file, "says what it said" if same else "was edited, and is in force")
    return True


def _edited(
    kitchen: Kitchen, file: Path, seen: Stamp | None
) -> tuple[Stamp | None, LoadedConfig | ConfigError] | None:
    """The stamp that the file has, and what it holds; None: it is as it was seen (for a thread)."""
    stamp = stamp_of(file)
    if stamp == seen:
        return None
    try:
        return stamp, kitchen.reader.read(file)
    except ConfigError as error:
        return stamp, error


def _not_taken(kitchen: Kitchen, error: ConfigError) -> bool:
    if isinstance(error, ConfigUnreadable) and kitchen.seen is not None:
        kitchen.seen = NEVER_SEEN  # it may be readable next time, though nobody edits it
    if kitchen.problem == str(error):
        return False
    kitchen.problem = str(error)
    logger.warning("the edited checkpoint is not taken: %s", error)
    return True


async def watch(kitchen: Kitchen) -> None:
    """Look at the file in force twice a second, for ever. To be run by keep_running: a look may raise."""
    while True:
        await asyncio.sleep(WATCH_S)
        if kitchen.memory is not None:
            kitchen.memory.make_up()
        await look(kitchen)


def view(loaded: LoadedConfig) -> Checkpoint:
    """A config as the API tells it."""
    config = loaded.config
    return Checkpoint(
        name=config.checkpoint,
        title=config.title,
        story=list(config.story),
        slots=config.fleet.slots,
        file=one_line(loaded.file.name, 255),
        bug=config.bug,
        stream=StreamSettings(**config.stream.model_dump()),
        bindings=config.bindings,
    )


def current(kitchen: Kitchen) -> Checkpoint:
    """The checkpoint in force, and why an edit of its file was not taken, if one was not."""
    return view(kitchen.checkpoint).model_copy(update={"problem": kitchen.problem})
