"""Reading configs/*.yaml strictly: a typing error is told, with its file and line, and never ignored."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from api_stub.config import CheckpointConfig

CONFIGS = Path(__file__).resolve().parent.parent / "configs"
MAX_CONFIG_BYTES = 64 * 1024
Stamp = tuple[int, int, int]


class ConfigError(Exception):
    """A configuration file cannot be used; the message names file, line, key, value and what is accepted."""


class UnknownCheckpoint(ConfigError):
    """There is no checkpoint of this name; the message names those that there are."""


@dataclass(frozen=True)
class LoadedConfig:
    """A checkpoint, the file that it was read from, and the stamp that the file had just before."""

    config: CheckpointConfig
    file: Path
    stamp: Stamp | None = None


def stamp_of(file: Path) -> Stamp | None:
    """What changes when a file is edited or replaced; None: it is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def load(file: Path) -> LoadedConfig:
    """Read one config file. Raises ConfigError, which says what is wrong and where."""
    stamp = stamp_of(file)
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    if len(raw) > MAX_CONFIG_BYTES:
        raise ConfigError(f"{file}: {len(raw)} bytes; at most {MAX_CONFIG_BYTES} are accepted")
    try:
        text = raw.decode()
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{file}: a mapping with the key 'checkpoint' is expected, found {data!r}")
    problems = [
        f"{file}:{line_of(node, place)}: {problem}" if line_of(node, place) else f"{file}: {problem}"
        for place, problem in problems_in(data)
    ]
    if problems:
        raise ConfigError("; ".join(problems))
    return LoadedConfig(CheckpointConfig.model_validate(data), file, stamp)


def problems_in(data: dict[Any, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every problem of a parsed config: where (a path of keys), and the words for it."""
    twice = [key for key in data if not isinstance(key, str)]
    if twice:
        yield (twice[0],), f"{twice[0]!r}: a key is a word"
        return
    try:
        CheckpointConfig.model_validate(data)
    except ValidationError as error:
        for found in error.errors():
            place = tuple(found["loc"])
            name = ".".join(str(part) for part in place)
            value = found.get("input")
            if found["type"] == "extra_forbidden":
                yield place, f"{name}: unknown key (value {value!r}){_suggestion(place)}"
            elif found["type"] == "missing":
                yield place[:-1], f"{name}: this key is missing"
            elif found["type"] == "value_error" and isinstance(value, dict):
                yield place, f"{name + ': ' if name else ''}{found['ctx']['error']}"
            else:
                yield place, f"{name}: found {value!r}; {_accepted(found)}"


def _accepted(found: Any) -> str:
    message = str(found["msg"])
    message = message.removeprefix("Value error, ")
    return message[0].lower() + message[1:]


def _keys_at(place: tuple[str | int, ...]) -> list[str]:
    """The keys that are known where this path's last part stands."""
    model: type[BaseModel] = CheckpointConfig
    for part in place[:-1]:
        field = model.model_fields.get(str(part))
        kinds = [field.annotation, *get_args(field.annotation)] if field else []
        inner = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if not inner:
            return []
        model = inner[0]
    return list(model.model_fields)


def _suggestion(place: tuple[str | int, ...]) -> str:
    known = _keys_at(place)
    close = difflib.get_close_matches(str(place[-1]), known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known here: {', '.join(known)}"


def line_of(node: yaml.Node | None, place: tuple[str | int, ...]) -> int | None:
    """The line (from 1) of a key in the YAML text, or of the nearest one above it that is there."""
    line: int | None = None
    for part in place:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            if found is None:
                return line
            line = found[0].start_mark.line + 1
            node = found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            return line
    return line


def available(directory: Path = CONFIGS) -> list[LoadedConfig]:
    """Every shipped checkpoint, by name. Raises ConfigError for a file that cannot be used."""
    found = [load(file) for file in sorted(directory.glob("*.yaml"))]
    return sorted(found, key=lambda loaded: loaded.config.checkpoint)


def find(name: str, directory: Path = CONFIGS) -> LoadedConfig:
    """A checkpoint by its name in `directory`, or any YAML file by its path.

    Raises ConfigError when there is neither, naming the checkpoints that there are.
    """
    as_path = Path(name)
    if as_path.suffix in {".yaml", ".yml"} or as_path.is_file():
        return load(as_path)
    by_name = directory / f"checkpoint-{name}.yaml"
    if by_name.is_file():
        return load(by_name)
    names = sorted(file.stem.removeprefix("checkpoint-") for file in directory.glob("*.yaml"))
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise UnknownCheckpoint(
        f"no checkpoint {name!r}; there are {', '.join(names)}, or name a YAML file{hint}"
    )
