"""What a person has chosen and finds again next time: a small JSON file in the user's config directory."""

from __future__ import annotations

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


@dataclass(frozen=True)
class Settings:
    """The choices; every one is a switch."""

    muted: bool = False
    reduced_motion: bool = False
    far_legible: bool = False
    high_contrast: bool = False


def settings_file(environment: Mapping[str, str]) -> Path:
    """Where the choices are kept: `$XDG_CONFIG_HOME/gopherpizza/settings.json`, else under ~/.config."""
    base = environment.get("XDG_CONFIG_HOME", "")
    # The XDG rules: a relative path counts as none.
    return (Path(base) if os.path.isabs(base) else Path.home() / ".config") / "gopherpizza" / "settings.json"


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
            os.unlink(name)
            raise
    except OSError as error:
        log.debug("settings are not kept: %s", error)
        return False
    return True
