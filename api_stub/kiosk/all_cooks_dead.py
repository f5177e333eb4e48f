"""No dead exhibit: when every worker is dead, some are started after a while; pure."""

from __future__ import annotations

from dataclasses import dataclass

from api_stub.fleet.state import FleetState


def is_dead(state: FleetState) -> bool:
    """Whether nobody works, and nobody is going to come by itself."""
    return not state.closing and not any(slot.alive or slot.phase == "backoff" for slot in state.slots)


@dataclass
class Countdown:
    """Since when nobody lives. Moments are seconds of a monotonic clock."""

    since: float | None = None

    def look(self, dead: bool, now: float, after_s: float) -> bool:
        """Note whether the kitchen is dead now; whether workers are due, which is said once a death."""
        if not dead:
            self.since = None
            return False
        if self.since is None:
            self.since = now
        if now - self.since < after_s:
            return False
        self.since = None
        return True

    def left_s(self, now: float, after_s: float) -> float | None:
        """Seconds until workers are due; None: somebody lives."""
        return None if self.since is None else max(0.0, self.since + after_s - now)


class KillDebounce:
    """One kill in a slot at a time: whoever mashes a key hits the worker that it meant, not the next one."""

    def __init__(self) -> None:
        self._last: dict[int, float] = {}

    def takes(self, slot: int, now: float, pause_s: float) -> bool:
        """Whether a kill by the slot's number is meant for who is there now."""
        return now - self._last.get(slot, -pause_s) >= pause_s

    def killed(self, slot: int, now: float) -> None:
        """A kill in this slot was carried out."""
        self._last[slot] = now
