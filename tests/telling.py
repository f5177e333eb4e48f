"""Orders, fleets and news for tests of the game, as the API would tell them; and time that passes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from api_stub.schema import Fleet, LastExit, Order, OrderStatus, StageView, Worker
from game.actions import LeaveKiosk
from game.api_state.events import Event
from game.api_state.news import FleetSeen, News, OrdersSeen
from game.replay.recorder import Recorder, record
from game.simulation.model import Model
from game.simulation.model_parts import FrameTime
from game.simulation.update import update

T0 = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
S = OrderStatus


def at(seconds: float) -> datetime:
    """A moment of the test's story."""
    return T0 + timedelta(seconds=seconds)


def order(order_id: str = "a", status: OrderStatus = S.RECEIVED, attempt: int = 0, **more: Any) -> Order:
    """An order; by default of run `run-<id>`, begun at the story's start."""
    more.setdefault("run_id", f"run-{order_id}")
    more.setdefault("started_at", T0)
    return Order(id=order_id, status=status, attempt=attempt, **more)


def stages(count: int) -> list[StageView]:
    """The views of so many begun stages."""
    names = ("prepare", "bake", "deliver")
    return [StageView.model_validate({"stage": name, "attempts": 1}) for name in names[:count]]


def worker(slot: int, state: str = "ready", generation: int = 1, since: float = 0.0, **more: Any) -> Worker:
    """The process of a slot; `since` is when its state began, in seconds of the story."""
    living = state in ("starting", "ready", "stopping")
    fields: dict[str, Any] = {
        "id": f"w{slot}.{generation}" if generation else None,
        "slot": slot,
        "generation": generation,
        "state": state,
        "pid": 1000 + 100 * slot + generation if living else None,
        "started_at": at(since) if living else None,
        "ready_at": at(since) if state == "ready" else None,
    }
    if state in ("dead", "backoff"):
        fields["last_exit"] = LastExit(signal="SIGKILL", cause="player", at=at(since))
    return Worker(**{**fields, **more})


def fleet(*workers: Worker, births: int = 0, deaths: int = 0) -> Fleet:
    """A fleet of these workers."""
    return Fleet(slots=len(workers), births=births, deaths=deaths, workers=list(workers))


def seen(*orders: Order) -> OrdersSeen:
    """News of orders."""
    return OrdersSeen(orders)


def staffed(*workers: Worker) -> FleetSeen:
    """News of the fleet."""
    return FleetSeen(fleet(*workers))


@dataclass
class Filmed(Model):
    """A model whose kills are recorded, as the application has them."""

    recorder: Recorder = field(default_factory=Recorder)


def frame(model: Model, news: Sequence[News], dt: float) -> tuple[Event, ...]:
    """One frame of that many seconds; what it saw happen."""
    events = update(model, (), news, dt).events
    if isinstance(model, Filmed):
        record(model.recorder, model, events)
    return events


def tell(model: Model, *news: News) -> tuple[Event, ...]:
    """Let the model hear the news in a frame of no length; what it saw happen."""
    return frame(model, news, 0.0)


def play(model: Model, seconds: float, dt: float = 1 / 60, news: Sequence[News] = ()) -> tuple[Event, ...]:
    """Let game time pass, the news in the first frame."""
    events: list[Event] = []
    left = seconds
    while left > 1e-9:
        step = min(dt, left)
        model.time.wall += step
        events += frame(model, news, step)
        news, left = (), left - step
    return tuple(events)


def leaves(model: Model, seconds: float) -> bool:
    """Whether a kiosk is to be left while nothing but so many real seconds pass, a tenth at a time."""
    frames = range(round(seconds * 10))
    asked = [update(model, (), (), 0.1).commands.count(LeaveKiosk()) for _ in frames]
    assert sum(asked) <= 1, "once for each time that Esc is held"
    return bool(sum(asked))


def kitchen_with(workers: Iterable[Worker], orders: Iterable[Order] = (), settle: float = 0.0) -> Filmed:
    """A model that has heard of these, and that many seconds later."""
    model = Filmed(time=FrameTime(wall=T0.timestamp()))
    tell(model, staffed(*workers), OrdersSeen(tuple(orders)))
    play(model, settle)
    return model
