"""Bugs to be fixed by whoever walks by: the pristine copy of each, and the names they go by."""

from __future__ import annotations

from pathlib import Path

SPREAD_TOPPINGS = "spread_toppings"
NAMES = (SPREAD_TOPPINGS,)
"""What a config's `bug` may name."""


def pristine(name: str) -> Path:
    """The file of this package that working copies of the bug are made from. Raises KeyError."""
    if name not in NAMES:
        raise KeyError(name)
    return Path(__file__).with_name(f"{name}.py")
