"""How this API was started, as far as the kiosk and the failure menu must know."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from api_stub.fleet.frozen import Announced


@dataclass(frozen=True)
class StartSetup:
    """`kiosk`: nobody looks after it. `state`: the state directory; None: nothing is kept there.

    `own_server`: Temporal is ours alone. `under_stack`: what ends is started again. `announced`: workers that
    are stopped on purpose.
    """

    kiosk: bool = False
    state: Path | None = None
    own_server: bool = False
    under_stack: bool = False
    announced: Announced = field(default_factory=Announced)
