"""One kill a worker's lifetime, and no bounce of a key or a finger kills the next one. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from game.inputs import Device

BOUNCE_S = 0.5
"""So long after a kill, the same device's next press at that place means the same cook."""
REFUSED_S = 3.0
"""A cook that lives so long after it was to be killed was not killed: it can be tried again."""


@dataclass
class KillGuard:
    """Which kills were asked for. Times are the model's `real`, in seconds."""

    _asked: dict[int, tuple[str, float]] = field(default_factory=dict)
    """By place: which worker, and when."""
    _pressed: dict[tuple[Device, int], float] = field(default_factory=dict)
    """When each device asked for a kill at each place last."""

    def takes(self, device: Device, slot: int, worker: str, now: float) -> bool:
        """Whether this press is to kill; it is taken note of then."""
        asked, at = self._asked.get(slot, ("", -REFUSED_S))
        if asked == worker and now - at < REFUSED_S:
            return False
        if now - self._pressed.get((device, slot), -BOUNCE_S) < BOUNCE_S:
            return False
        self._asked[slot] = worker, now
        self._pressed[device, slot] = now
        return True
