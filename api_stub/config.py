"""configs/*.yaml: one file a checkpoint, read strictly, so that a typing error is told and not ignored."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from worker.shared import KitchenSettings, StageSettings

CONFIGS = Path(__file__).resolve().parent.parent / "configs"
MAX_CONFIG_BYTES = 64 * 1024
Stamp = tuple[int, int, int]


class ConfigError(Exception):
    """A configuration file cannot be used; the message names file, line, key, value and what is accepted."""


class UnknownCheckpoint(ConfigError):
    """There is no checkpoint of this name; the message names those that there are."""


def _ordered(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] > pair[1]:
        raise ValueError(f"the minimum {pair[0]:g} is over the maximum {pair[1]:g}")
    return pair


Seconds = Annotated[float, Field(strict=True, ge=0, le=86_400, allow_inf_nan=False)]
PositiveSeconds = Annotated[float, Field(strict=True, gt=0, le=86_400, allow_inf_nan=False)]
Range = Annotated[tuple[Seconds, Seconds], AfterValidator(_ordered)]
PositiveRange = Annotated[tuple[PositiveSeconds, PositiveSeconds], AfterValidator(_ordered)]


class Section(BaseModel):
    """A part of a config: unknown keys are refused, values are taken as they are, never converted."""

    # Strict, but YAML has no tuples and writes 1 for 1.0: those two are allowed.
    model_config = ConfigDict(extra="forbid", frozen=True)


class FleetConfig(Section):
    """Who cooks: how many slots, how many of them are up at the start, and what happens to a dead one."""

    hosted_on: Literal["processes", "kubernetes"] = Field(
        default="processes", description="What runs the workers."
    )
    slots: int = Field(default=1, ge=1, le=64, strict=True, description="Places for workers.")
    start: int = Field(default=1, ge=0, le=64, strict=True, description="How many are up at the beginning.")
    respawn_after_s: Range | None = Field(
        default=None, description="Null: a dead worker stays dead until somebody starts one."
    )
    lifespan_s: PositiveRange | None = Field(default=None, description="Null: no worker kills itself.")
    concurrency: int = Field(
        default=4, ge=1, le=1000, strict=True, description="Pizzas that one worker holds at once."
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.start > self.slots:
            raise ValueError(f"start: {self.start} is more than slots: {self.slots}")
        if self.hosted_on == "kubernetes":
            raise ValueError("hosted_on: kubernetes is not supported yet; accepted: processes")
        return self


class ActivityConfig(Section):
    """How one activity behaves."""

    duration_s: Range = Field(default=(0.0, 10.0), description="The range that its duration is drawn from.")
    failure_rate: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        strict=True,
        description="How often an attempt fails; it is retried without limit.",
    )

    def settings(self) -> StageSettings:
        """As the workflow's input has it."""
        return StageSettings(self.duration_s, self.failure_rate)


class ActivitiesConfig(Section):
    """The three activities."""

    prepare: ActivityConfig = ActivityConfig()
    bake: ActivityConfig = ActivityConfig()
    deliver: ActivityConfig = ActivityConfig()


class TimeoutsConfig(Section):
    """When Temporal gives an attempt up."""

    heartbeat_s: float = Field(
        default=1.0, ge=0.5, le=60, strict=True, description="A worker silent for so long is taken for dead."
    )
    start_to_close_s: float = Field(
        default=15.0, gt=0, le=3600, strict=True, description="The longest attempt allowed."
    )


class RetryConfig(Section):
    """How long Temporal waits before the next attempt; the number of attempts is not limited."""

    initial_s: float = Field(default=0.2, gt=0, le=60, strict=True)
    backoff: float = Field(default=2.0, ge=1, le=10, strict=True)
    maximum_s: float = Field(default=1.0, gt=0, le=600, strict=True)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.maximum_s < self.initial_s:
            raise ValueError(f"maximum_s: {self.maximum_s:g} is under initial_s: {self.initial_s:g}")
        return self


class StreamConfig(Section):
    """Orders that come by themselves, sent by the game."""

    enabled: bool = Field(default=False, strict=True, description="Whether they come from the start on.")
    every_s: PositiveRange = Field(
        default=(2.0, 6.0), description="The range that the time to the next is drawn from."
    )
    burst: int = Field(default=1, ge=1, le=100, strict=True, description="Orders sent at once each time.")
    max_open: int = Field(
        default=500, ge=1, le=2000, strict=True, description="None is sent while so many are open."
    )
    total: int | None = Field(
        default=None, ge=1, strict=True, description="It ends after so many; null: it does not."
    )


class CheckpointConfig(Section):
    """One checkpoint, whole."""

    checkpoint: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$", strict=True)
    title: str = Field(default="", max_length=48)
    story: tuple[Annotated[str, Field(max_length=120)], ...] = Field(default=(), max_length=20)
    fleet: FleetConfig = FleetConfig()
    activities: ActivitiesConfig = ActivitiesConfig()
    timeouts: TimeoutsConfig = TimeoutsConfig()
    retry: RetryConfig = RetryConfig()
    bug: Literal["spread_toppings"] | None = Field(
        default=None, description="The bug that its workers have, to be fixed by a developer; null: none."
    )
    stream: StreamConfig = StreamConfig()
    seed: int = Field(
        default=0, ge=0, le=2**53, strict=True, description="What the chaos dice are thrown with."
    )
    retention_s: float = Field(
        default=3600.0,
        ge=60,
        le=30 * 86_400,
        strict=True,
        allow_inf_nan=False,
        description="How long finished orders are kept.",
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        limit = self.timeouts.start_to_close_s
        for name in ActivitiesConfig.model_fields:
            activity: ActivityConfig = getattr(self.activities, name)
            longest = activity.duration_s[1]
            if longest >= limit:
                raise ValueError(
                    f"activities.{name}.duration_s: {longest:g} would never end within "
                    f"timeouts.start_to_close_s: {limit:g}"
                )
        return self

    def kitchen(self) -> KitchenSettings:
        """What travels with every order that is placed under this checkpoint."""
        return KitchenSettings(
            prepare=self.activities.prepare.settings(),
            bake=self.activities.bake.settings(),
            deliver=self.activities.deliver.settings(),
            heartbeat_s=self.timeouts.heartbeat_s,
            start_to_close_s=self.timeouts.start_to_close_s,
            retry_initial_s=self.retry.initial_s,
            retry_backoff=self.retry.backoff,
            retry_maximum_s=self.retry.maximum_s,
            seed=self.seed,
        )


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
