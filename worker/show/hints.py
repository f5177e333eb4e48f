"""What a worker tells its fleet while it works: the API asks Temporal about what changed, and only then.

A hint is no truth: Temporal's word is. It says where to look, and which attempt a process had in its hands
when it died. Lost hints cost seconds (a slow sweep finds what was missed), never an order.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from worker.shared import Stage

HintKind = Literal["started", "completed", "failed", "cancelled"]
"""`started`: an attempt is in this process's hands. The others: it is no longer, and how it ended here; the
server learns of that a moment after the hint."""
MAX_HINT_BYTES = 4096


@dataclass(frozen=True)
class Hint:
    """One attempt of one stage of one order began or ended in a worker."""

    kind: HintKind
    workflow_id: str
    run_id: str
    stage: Stage
    attempt: int
    refused: bool = False
    """`cancelled`: since the server knows this attempt no more. It was given up, and this process lives."""

    def told(self) -> bytes:
        """As one line of JSON."""
        return json.dumps({"hint": asdict(self)}).encode() + b"\n"

    @staticmethod
    def read(line: bytes) -> Hint:
        """What `told` made. Raises ValueError for anything else."""
        found = json.loads(line)
        hint = found.get("hint") if isinstance(found, dict) else None
        if not isinstance(hint, dict) or hint.get("kind") not in get_args(HintKind):
            raise ValueError(f"no hint: {line[:80]!r}")
        try:
            return Hint(
                hint["kind"],
                str(hint["workflow_id"]),
                str(hint["run_id"]),
                Stage(hint["stage"]),
                int(hint["attempt"]),
                bool(hint.get("refused", False)),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"no hint: {error}") from error


OnHint = Callable[[Hint], None]
