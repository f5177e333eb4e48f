"""What a person has chosen and finds again next time: a small JSON file in the user's config directory."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

log = logging.getLogger(__name__)

LARGEST = 16 * 1024
"""Bytes of a settings file that is read; a larger one is not ours."""

_told: set[Path] = set()
"""Files that could not be written, as was said already; they are tried again at the next choice."""


@dataclass(frozen=True)
class Settings:
    """The choices; every one is a switch."""

    muted: bool = False
    reduced_motion: bool = False
    far_legible: bool = False
    high_contrast: bool = False


def user_directory(environment: Mapping[str, str], variable: str, under: str) -> Path | None:
    """The directory that an XDG variable names, else `under` in the user's home; None: there is no home.

    The XDG rules: a relative path counts as none.
    """
    base = environment.get(variable, "")
    if os.path.isabs(base):
        return Path(base)
    try:
        home = Path.home()
    except RuntimeError:
        return None
    # An empty or relative HOME is somebody's mistake, and no place to write to.
    return home / under if home.is_absolute() and home != Path(home.anchor) else None


def settings_file(environment: Mapping[str, str]) -> Path | None:
    """Where the choices are kept: `$XDG_CONFIG_HOME/gopherpizza/settings.json`, else under ~/.config; None:
    nowhere.
    """
    base = user_directory(environment, "XDG_CONFIG_HOME", ".config")
    return base / "gopherpizza" / "settings.json" if base is not None else None


def _read(file: Path) -> dict[str, object]:
    try:
        with file.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
        found = json.loads(raw) if len(raw) <= LARGEST else None
    except (OSError, ValueError, RecursionError) as error:
        log.debug("settings: %s", error)
        return {}
    return found if isinstance(found, dict) else {}


def load(file: Path | None) -> Settings:
    """The choices of before. A missing or broken file, or one value of a wrong kind, counts as none."""
    found = _read(file) if file is not None else {}
    names = [field.name for field in fields(Settings)]
    return Settings(**{name: value for name in names if isinstance(value := found.get(name), bool)})


def save(file: Path | None, settings: Settings) -> bool:
    """Keep the choices, all or nothing, and leave what a newer version has written beside them.

    Returns whether it worked: a disk that is full or read-only is no reason to stop.
    """
    if file is None:
        return False
    text = json.dumps({**_read(file), **asdict(settings)}, indent=2) + "\n"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".settings-", dir=file.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
            os.replace(name, file)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        if file not in _told:
            _told.add(file)
            log.warning("choices are not kept in %s: %s", file, error)
        return False
    _told.discard(file)
    return True
