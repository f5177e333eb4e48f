"""Reading configs/*.yaml strictly: a typing error is told, with its file and line, and never ignored.

Whatever a file holds, and whatever kind of file it is, ends as a config, or as a ConfigError of one bounded
line.
"""

from __future__ import annotations

import itertools
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from api_stub.checkpoint.accepted_values import NAME, YAML_SUFFIXES
from api_stub.checkpoint.config import CheckpointConfig
from api_stub.checkpoint.problems import did_you_mean, problems_in
from api_stub.checkpoint.yaml_text import Document, NotAccepted
from api_stub.oneline import one_line, shown, shown_key, shown_path
from worker.show.files import read_bounded

CONFIGS = Path(__file__).resolve().parent.parent.parent / "configs"
MAX_CONFIG_BYTES = 64 * 1024
MAX_ERROR = 500
"""Characters of an error's text."""
MAX_SAID = 10
"""Problems of one file that there may be room for."""
MAX_LISTED = 100
"""Checkpoints of one directory."""
TALKS = ("1", "1-pair", "1a", "2", "3", "2-kubernetes", "3-kubernetes", "failures")
"""The talks' own: the five that the F-keys have always begun with, then the two whose cooks are Pods, and the
one with all of the failure menu."""
_FILE_NAME = re.compile(r"checkpoint-(.*)\.yaml", re.DOTALL)
Stamp = tuple[int, int, int, int]
NEVER_SEEN: Stamp = (0, 0, 0, 0)
"""The stamp of a file that is to be read, whether it is edited or not."""


class ConfigError(Exception):
    """A configuration file cannot be used; the message names file, line, key, value and what is accepted, in
    one line of at most MAX_ERROR characters."""

    def __init__(self, words: str) -> None:
        super().__init__(one_line(words, MAX_ERROR))


class ConfigUnreadable(ConfigError):
    """The file could not be read just now, whatever it holds; it may be worth another try."""


class UnknownCheckpoint(ConfigError):
    """There is no checkpoint of this name; the message names those that there are."""


@dataclass(frozen=True)
class LoadedConfig:
    """A checkpoint, the file that it was read from, and the stamp that the file had just before."""

    config: CheckpointConfig
    file: Path
    stamp: Stamp | None = None


def stamp_of(file: Path) -> Stamp | None:
    """What changes when a file is edited, replaced or locked away; None: it is not there."""
    try:
        found = file.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns


def load(file: Path, named: str | None = None) -> LoadedConfig:
    """Read one config file. Raises ConfigError, which says what is wrong and where.

    `named`: the name that its checkpoint must have, where the file's own name promises one.
    """
    stamp = stamp_of(file)
    path = shown_path(file)
    try:
        raw = read_bounded(file, MAX_CONFIG_BYTES)
    except OSError as error:
        raise ConfigUnreadable(f"{path}: cannot be read: {error.strerror}") from error
    if len(raw) > MAX_CONFIG_BYTES:
        size = max(len(raw), stamp[1] if stamp else 0)
        raise ConfigError(f"{path}: {size} bytes; at most {MAX_CONFIG_BYTES} are accepted")
    try:
        document = Document(_text_of(raw))
        config = _config_in(file, document)
    except NotAccepted as error:
        raise ConfigError(_told(file, [(error.line, error.words)])) from error
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(f"{path}: cannot be used: {type(error).__name__}: {error}") from error
    if named is not None and config.checkpoint != named:
        words = f"checkpoint: found {config.checkpoint!r}; in a file of this name it is {shown(named)}"
        raise ConfigError(_told(file, [(document.line_of(("checkpoint",)), words)]))
    return LoadedConfig(config, file, stamp)


def _text_of(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")):
        bits = 32 if raw.startswith((b"\xff\xfe\0\0", b"\0\0")) else 16
        raise NotAccepted(None, f"not YAML: this is UTF-{bits}; UTF-8 is accepted")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        words = f"not YAML: the byte 0x{raw[error.start]:02x} is not UTF-8, and only that is accepted"
        raise NotAccepted(line, words) from error


def _config_in(file: Path, document: Document) -> CheckpointConfig:
    data = document.data
    if not isinstance(data, dict):
        found = "nothing" if data is None else shown(data)
        raise NotAccepted(None, f"a mapping with the key 'checkpoint' is expected, found {found}")
    try:
        return CheckpointConfig.model_validate(data)
    except ValidationError as error:
        # Words are found only for those that there may be room for.
        first = itertools.islice(problems_in(error), MAX_SAID)
        problems = [(document.line_of(place), words) for place, words in first]
        raise ConfigError(_told(file, problems, error.error_count())) from error


def _told(file: Path, problems: list[tuple[int | None, str]], count: int = 1) -> str:
    """`file:line: words; file:line: words; and 7 more`, bounded; `count`: how many there are in all."""
    parts: list[str] = []
    room = MAX_ERROR - len("; and 9999 more")
    for line, words in problems:
        # The whole path is told once.
        where = one_line(file.name, 60) if parts else shown_path(file)
        part = one_line(f"{where}: {words}" if line is None else f"{where}:{line}: {words}", room)
        if parts and len(part) + 2 > room:
            break
        parts.append(part)
        room -= len(part) + 2
    unsaid = count - len(parts)
    return "; ".join(parts) + (f"; and {unsaid} more" if unsaid else "")


def checkpoint_files(directory: Path = CONFIGS) -> dict[str, Path]:
    """The checkpoints of a directory: each one's name, and its file, whatever that holds; MAX_LISTED at most.

    A checkpoint is a file `checkpoint-NAME.yaml`. What editors and file systems leave beside it is named
    otherwise; a directory or a pipe is none, a link that leads nowhere is a broken one. The talks' own come
    first, and names that none can have last, so that stray files move no F-key. Raises ConfigError.
    """
    found = {}
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                matched = _FILE_NAME.fullmatch(entry.name)
                if matched and _may_be_a_file(directory / entry.name):
                    found[matched[1]] = directory / entry.name
    except (OSError, ValueError) as error:
        words = error.strerror if isinstance(error, OSError) else error
        raise ConfigUnreadable(
            f"{shown_path(directory)}: its checkpoints cannot be listed: {words}"
        ) from error
    return {name: found[name] for name in sorted(found, key=_position)[:MAX_LISTED]}


def _may_be_a_file(file: Path) -> bool:
    try:
        return stat.S_ISREG(os.stat(file).st_mode)
    except OSError:
        return True  # a file that cannot be reached is told, not passed over


def _position(name: str) -> tuple[Any, ...]:
    """Where a name stands among others: `2` before `10`, `1` before `1-pair`."""
    of_the_talks = TALKS.index(name) if name in TALKS else len(TALKS)
    parts = re.split(r"([0-9]+)", name)
    natural = [int(part) if at % 2 else part for at, part in enumerate(parts)]
    return of_the_talks, re.fullmatch(NAME, name) is None, natural, name


def name_in(directory: Path, file: Path) -> str | None:
    """The name that a checkpoint of this file has by lying in this directory; None: it is not one of its."""
    matched = _FILE_NAME.fullmatch(file.name)
    try:
        here = file.parent == directory or os.path.realpath(file.parent) == os.path.realpath(directory)
        return matched[1] if matched and here else None
    except (OSError, ValueError, RuntimeError):
        return None


def available(directory: Path = CONFIGS) -> list[LoadedConfig]:
    """Every checkpoint of a directory, in their order. Raises ConfigError for one that cannot be used."""
    return [load(file, name) for name, file in checkpoint_files(directory).items()]


def named(name: str, directory: Path = CONFIGS) -> LoadedConfig:
    """The checkpoint of a directory that has this name. Raises UnknownCheckpoint, ConfigError."""
    files = checkpoint_files(directory)
    if name not in files:
        raise UnknownCheckpoint(_unknown(name, list(files)))
    return load(files[name], name)


def _unknown(name: str, names: list[str]) -> str:
    listed, rest = "", len(names)
    for each in names:
        longer = f"{listed}, {shown_key(each)}" if listed else shown_key(each)
        if len(longer) > MAX_ERROR // 2:
            break
        listed, rest = longer, rest - 1
    there_are = f"there are {listed}{f' and {rest} more' if rest else ''}" if names else "there is none"
    return f"no checkpoint {shown(name)}; {there_are}, or name a YAML file{did_you_mean(name, names)}"


def at_path(path: str, directory: Path = CONFIGS) -> LoadedConfig:
    """The config in a YAML file; `~` is home. Raises ConfigError."""
    # The links of a path are followed anew each time, so that a link put in place of another is an edit.
    file = Path(os.path.expanduser(path)).absolute()
    return load(file, name_in(directory, file))


def is_yaml(name: str) -> bool:
    """Whether this is a file's name: no checkpoint may be named so."""
    return name.lower().endswith(YAML_SUFFIXES)


def find(name: str, directory: Path = CONFIGS) -> LoadedConfig:
    """A checkpoint by its name in `directory`, or any YAML file by its path.

    What ends as YAML files do, or has a separator in it, is a path. Else a checkpoint's name comes before a
    file of that name. Raises ConfigError when there is neither, naming the checkpoints that there are.
    """
    if is_yaml(name) or os.sep in name:
        return at_path(name, directory)
    try:
        return named(name, directory)
    except UnknownCheckpoint:
        if not os.path.isfile(name):
            raise
    return at_path(name, directory)
