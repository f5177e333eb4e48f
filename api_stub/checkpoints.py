"""Which checkpoint is in force: switching by name, and following edits of its file. Open orders are not
touched: each lives on with the settings that it was placed with."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from api_stub.configfile import CONFIGS, ConfigError, LoadedConfig, UnknownCheckpoint, load, stamp_of
from api_stub.kitchen import Kitchen, policy_of
from api_stub.schema import Checkpoint, StreamSettings

logger = logging.getLogger(__name__)

WATCH_S = 0.5


def known(kitchen: Kitchen, directory: Path = CONFIGS) -> dict[str, Checkpoint]:
    """Every checkpoint by name: those of the directory, and the one in force, wherever it came from.

    A file that cannot be used is listed by the name that its file name gives, with its problem.
    """
    found: dict[str, Checkpoint] = {}
    for file in sorted(directory.glob("*.yaml")):
        try:
            loaded = load(file)
            found[loaded.config.checkpoint] = view(loaded)
        except ConfigError as error:
            name = file.stem.removeprefix("checkpoint-")
            found[name] = Checkpoint(name=name, title="", slots=0, file=file.name, problem=str(error))
    for loaded in (*kitchen.named_by_path.values(), kitchen.checkpoint):
        found[loaded.config.checkpoint] = view(loaded)
    current = kitchen.checkpoint.config.checkpoint
    found[current] = found[current].model_copy(update={"problem": kitchen.problem})
    return dict(sorted(found.items()))


def switch(kitchen: Kitchen, name: str) -> LoadedConfig:
    """Put another checkpoint in force: one of configs/, one that a file was named for before, or a YAML
    file's path. Raises UnknownCheckpoint, ConfigError; then nothing changed.
    """
    before = kitchen.named_by_path.get(name)
    if before is not None:
        loaded = load(before.file)
    elif Path(name).suffix in (".yaml", ".yml"):
        loaded = load(Path(name).resolve())
    else:
        loaded = named(name)
    kitchen.put_in_force(loaded)
    kitchen.fleet.reshape(policy_of(loaded.config))
    logger.info("checkpoint %s, from %s", loaded.config.checkpoint, loaded.file)
    return loaded


def named(name: str, directory: Path = CONFIGS) -> LoadedConfig:
    """The checkpoint of the directory that has this name. Raises UnknownCheckpoint, ConfigError."""
    names = [file.stem.removeprefix("checkpoint-") for file in sorted(directory.glob("*.yaml"))]
    if name not in names:
        raise UnknownCheckpoint(f"no checkpoint {name!r}; there are {', '.join(names)}")
    return load(directory / f"checkpoint-{name}.yaml")


def look(kitchen: Kitchen) -> bool:
    """Take an edit of the file in force, if it was edited; whether it was.

    An edit that cannot be used, or a file that is gone, is `kitchen.problem`, and what runs, runs on.
    A fleet whose part of the file is what it was is left alone: a worker that was just killed stays dead.
    """
    now = kitchen.checkpoint
    stamp = stamp_of(now.file)
    if stamp == kitchen.seen:
        return False
    kitchen.seen = stamp
    try:
        loaded = load(now.file)
    except ConfigError as error:
        kitchen.problem = str(error)
        logger.warning("the edited checkpoint is not taken: %s", error)
        return True
    kitchen.put_in_force(loaded)
    if policy_of(loaded.config) != kitchen.fleet.policy:
        kitchen.fleet.reshape(policy_of(loaded.config))
    logger.info("%s was edited, and is in force", loaded.file)
    return True


async def watch(kitchen: Kitchen) -> None:
    """Look at the file in force twice a second, for as long as this runs."""
    while True:
        await asyncio.sleep(WATCH_S)
        try:
            look(kitchen)
        except Exception:
            logger.exception("%s cannot be watched", kitchen.checkpoint.file)


def view(loaded: LoadedConfig) -> Checkpoint:
    """A config as the API tells it."""
    config = loaded.config
    return Checkpoint(
        name=config.checkpoint,
        title=config.title,
        story=list(config.story),
        slots=config.fleet.slots,
        file=loaded.file.name,
        bug=config.bug,
        stream=StreamSettings(**config.stream.model_dump()),
    )


def current(kitchen: Kitchen) -> Checkpoint:
    """The checkpoint in force, and why an edit of its file was not taken, if one was not."""
    return view(kitchen.checkpoint).model_copy(update={"problem": kitchen.problem})
