"""A fleet's rules played event by event, on a clock of the test's own."""

from __future__ import annotations

import signal

from api_stub.fleet.rules import (
    Action,
    BecameReady,
    Event,
    Exited,
    FleetState,
    Open,
    Policy,
    Reshape,
    Spawned,
    decide,
)

MANUAL = Policy(slots=3, start=2)
HELD = Policy(slots=3, start=3, respawn_after_s=(1.0, 1.0), backoff_initial_s=0.5, backoff_maximum_s=4.0)


def low(span: tuple[float, float]) -> float:
    return span[0]


class Run:
    """A fleet and a clock, without any process."""

    def __init__(self, policy: Policy = MANUAL) -> None:
        self.policy = policy
        self.now = 100.0
        self.state = FleetState()
        self.pid = 1000
        self.do(Open())

    def do(self, event: Event) -> tuple[Action, ...]:
        self.state, actions = decide(self.state, event, self.now, self.policy, low)
        return actions

    def up(self, slot: int) -> None:
        generation = self.state.slot(slot).generation
        self.pid += 1
        self.do(Spawned(slot, generation, str(self.pid), self.pid))
        self.do(BecameReady(slot, generation))

    def die(self, slot: int, number: int = signal.SIGKILL) -> None:
        self.do(Exited(slot, self.state.slot(slot).generation, number, None))


def reshape(run: Run, policy: Policy) -> tuple[Action, ...]:
    """The supervisor's part: the event is decided under the old policy, what follows under the new one."""
    actions = run.do(Reshape(policy))
    run.policy = policy
    return actions
