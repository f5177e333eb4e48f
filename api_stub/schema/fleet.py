"""The fleet: slots, the processes in them, and how they ended."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from api_stub.schema.base import Answer, Instant, Request
from api_stub.schema.challenge import CodeProblem

WorkerPhase = Literal["empty", "starting", "ready", "stopping", "dead", "backoff"]
ExitCause = Literal["player", "panic", "crash", "redeploy", "shutdown"]
KilledBy = Literal["player", "house"]
"""Who wants a worker killed: a person, or a kiosk's autopilot."""


class LastExit(Answer):
    """How the last process in a slot ended, as the operating system reported it."""

    signal: str | None = Field(default=None, description="The signal's name, for instance SIGKILL.")
    code: int | None = Field(default=None, description="The exit status, where it was not a signal.")
    cause: ExitCause = Field(description="Why: player, panic, crash, redeploy or shutdown.")
    at: Instant = Field(description="When the exit was observed.")
    why: str | None = Field(
        default=None,
        description="The cause in words, where there is more to say than its name does: frozen, OOMKilled, "
        "Evicted …",
    )


class Worker(Answer):
    """One slot of the fleet and the process in it."""

    id: str | None = Field(
        description="w<slot>.<generation>, or in a Pod <pod>.<restarts>: its Temporal identity (at a booth, "
        "after BOOTH/); null: none, or not known yet."
    )
    label: str | None = Field(
        default=None, description="A short name, where the worker is a Pod's: x2k4q.1; else null."
    )
    restarts: int | None = Field(
        default=None,
        description="In a Pod: how often its container was started there before. 0: the Pod is a new one; "
        "more: Kubernetes has started it again in the same Pod. Null: it is no Pod's.",
    )
    slot: int = Field(ge=1, description="The slot's number, and the key that kills it.")
    generation: int = Field(ge=0, description="How many processes this slot has had.")
    pid: int | None = Field(
        default=None, description="The process id, while it is a process of this machine."
    )
    state: WorkerPhase = Field(description="empty, starting, ready, stopping, dead or backoff.")
    queues: list[str] = Field(default_factory=list, description="The task queues it polls.")
    started_at: Instant | None = Field(default=None, description="When it was told to start.")
    ready_at: Instant | None = Field(default=None, description="When it began to poll.")
    orders: list[str] = Field(
        default_factory=list, description="Ids of the orders that Temporal last said are in its hands."
    )
    last_exit: LastExit | None = Field(
        default=None, description="How the last process here ended; null: none has."
    )
    problem: CodeProblem | None = Field(
        default=None, description="Why it could not load the code that a developer edits, if it could not."
    )
    stopped: bool = Field(
        default=False,
        description="The process is there, but stopped (SIGSTOP): it does nothing and answers nobody.",
    )
    trouble: str | None = Field(
        default=None,
        description="What is wrong with it just now, in a sentence: why no process could be made, what its "
        "Pod waits for, why it could not be stopped.",
    )
    again_at: Instant | None = Field(
        default=None, description="backoff on Kubernetes: at the latest then it is started again."
    )


class Fleet(Answer):
    """All slots, and the counts since the API started."""

    slots: int = Field(description="How many slots there are.")
    births: int = Field(description="Processes made; a start that failed is none.")
    deaths: int = Field(description="Processes that ended, however.")
    kills: int = Field(
        default=0, description="Of them: killed on purpose, by a player or a kiosk's autopilot."
    )
    workers: list[Worker] = Field(description="One for each slot, by number.")
    restart_in_s: float | None = Field(
        default=None,
        description="A kiosk whose workers are all dead starts some after so many seconds; null: no need.",
    )
    instance: str = Field(
        default="", description="Names this API process: with another name, all counts begin anew."
    )


def _a_number(value: Any) -> Any:
    if isinstance(value, (bool, str)):
        raise ValueError(f"found {str(value)[:20]!r}; a whole number is accepted")
    return value


class StartWorkerRequest(Request):
    """Which slot to start a worker in."""

    slot: Annotated[int, Field(ge=1), BeforeValidator(_a_number)] | None = Field(
        default=None, description="Left out: the lowest free one."
    )
