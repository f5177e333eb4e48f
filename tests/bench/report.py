"""What a benchmark says: one JSON object a line."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Line:
    """One figure, and the floor that was measured beside it, in the same unit; `floor` None: it has none."""

    bench: str
    value: float
    unit: str
    floor: float | None
    detail: dict[str, object] = field(default_factory=dict)

    def text(self) -> str:
        """The line of JSON."""
        ratio = round(self.value / self.floor, 2) if self.floor else None
        said = {
            "bench": self.bench,
            "value": round(self.value, 4),
            "unit": self.unit,
            "floor": None if self.floor is None else round(self.floor, 4),
            "ratio": ratio,
            **self.detail,
        }
        return json.dumps(said)


Bench = Callable[[], Iterator[Line]]


def percentile(values: Sequence[float], part: float) -> float:
    """The value that `part` (0 to 1) of all values do not exceed; of the values themselves."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(part * len(ordered) + 0.5) - 1))]


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def progress(text: str) -> None:
    """Tell on stderr what is going on: a benchmark may take minutes."""
    sys.stderr.write(f"bench: {text}\n")
    sys.stderr.flush()
