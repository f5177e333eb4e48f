"""One frame of the model: inputs, news and time go in; what the application must do comes back as data.

Deterministic for a given model, inputs, news and `dt`. Nothing is shown before it is known: a cook
falls when the fleet says that its process is dead, a gopher changes place when its order did.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from game.actions import Command, OpenBug, StreamOrders, Wish
from game.api_state.diff import diff
from game.api_state.events import Event
from game.api_state.news import (
    ApiAway,
    FleetSeen,
    News,
    OrderPlaced,
    OrdersSeen,
    RecordsSeen,
    Said,
    StreamSettled,
)
from game.api_state.snapshot import Snapshot, advance
from game.bindings import bound
from game.inputs import Input
from game.simulation import messages
from game.simulation.controls import hold_to_leave
from game.simulation.controls.app_requests import AppRequests
from game.simulation.controls.dispatch import handle
from game.simulation.controls.picking import look
from game.simulation.cook_update import update_cooks
from game.simulation.gopher_update import update_gophers
from game.simulation.model import Model
from game.simulation.order_outcomes import audit_alarm
from game.simulation.order_stream import configured, due, settled
from game.simulation.reactions import hit_stop, react
from game.simulation.receipt_slips import take_receipts, take_timeouts, update_notes
from game.simulation.speaker_lines import later, told
from game.told_once import ToldOnce

MOST_OWN = 500
"""With more orders of this window in mind than this, those that are over for long are forgotten."""
SHAKE_HALF_LIFE = 0.06

_told = ToldOnce(logging.getLogger(__name__))


@dataclass(frozen=True)
class Result:
    """What a frame's update asks of the application, and what it saw happen."""

    commands: tuple[Command, ...] = ()
    wishes: tuple[Wish, ...] = ()
    events: tuple[Event, ...] = ()
    hit_stop: float = 0.0
    """Seconds for which game time shall stand still from now: a cook was hit."""


def _advanced(known: Snapshot, news: News) -> Snapshot:
    """What is known after the news; what cannot be taken in (times that cannot be compared) ends no game."""
    try:
        return advance(known, news)
    except Exception as error:
        _told.failed(f"news: {type(news).__name__}", error)
        return known


def take(model: Model, news: News) -> tuple[Event, ...]:
    """Take one piece of news into the model and let everything react to what it changed."""
    if isinstance(news, Said):
        model.say(news.text, news.good)
        return ()
    if isinstance(news, OrderPlaced):
        model.own.orders.add(news.order.id)
        if len(model.own.orders) > MOST_OWN:
            # Whoever is not known any more is not shown either. Its own order comes with this news.
            model.own.orders &= model.known.orders.keys() | {news.order.id}
    if isinstance(news, ApiAway) and model.api_contact.offline_since is None:
        model.api_contact.offline_since = model.time.real
    if isinstance(news, StreamSettled):
        _settle_stream(model, news)
    old, model.known = model.known, _advanced(model.known, news)
    if isinstance(news, RecordsSeen):
        _note_ages(model, old)
        take_receipts(model, old)
        take_timeouts(model.notices, model.known, old, model.time.real)
        audit_alarm(model.outcomes, old.audit, model.known.audit)
    if model.known.checkpoint is not old.checkpoint and model.known.checkpoint is not None:
        checkpoint = model.known.checkpoint
        model.stream = configured(model.stream, checkpoint.stream, checkpoint.name)
        model.notices.speaker = told(model.notices.speaker, checkpoint.story)
        model.setup.bindings = bound(checkpoint.bindings)
    if model.known.online:
        model.api_contact.offline_since = None
    events = _reacted(model, old)
    if isinstance(news, FleetSeen):
        model.api_contact.fleet_at = model.time.real
    elif isinstance(news, OrdersSeen):
        model.api_contact.orders_at = model.time.real
    return events


def _note_ages(model: Model, old: Snapshot) -> None:
    """How old audit and statistics are is asked of the clock once, when they come."""
    audit, stats = model.known.audit, model.known.stats
    if audit is not None and (old.audit is None or old.audit.counted_at != audit.counted_at):
        model.api_contact.audit_at = model.time.real_of(audit.counted_at.timestamp())
    if stats is not None and (old.stats is None or old.stats.counted_at != stats.counted_at):
        model.api_contact.stats_at = model.time.real_of(stats.counted_at.timestamp())


def _reacted(model: Model, old: Snapshot) -> tuple[Event, ...]:
    events = diff(old, model.known)
    react(model, events)
    return events


def become(model: Model, known: Snapshot) -> tuple[Event, ...]:
    """Let the model know exactly this, and react to what it changed: for what was recorded."""
    old, model.known = model.known, known
    return _reacted(model, old)


def move(model: Model, dt: float) -> None:
    """Let `dt` seconds of game time pass for all that moves in the kitchen."""
    model.time.now += dt
    update_cooks(model, dt)
    update_gophers(model, dt)
    model.effects.particles.update(dt)
    model.effects.shake *= 0.5 ** (dt / SHAKE_HALF_LIFE)
    model.outcomes.pulse = max(0.0, model.outcomes.pulse - dt * 2.0)


def _settle_stream(model: Model, news: StreamSettled) -> None:
    model.stream = settled(model.stream, news.order_id)
    if news.refusal:
        model.stream = replace(model.stream, running=False)
        model.say(f"The stream has stopped: {news.refusal}")


def _stream(model: Model, out: AppRequests) -> None:
    """Send the stream's next burst, if it is due."""
    if not model.stream.running:
        return
    checkpoint = model.known.checkpoint
    bug = checkpoint is not None and checkpoint.bug is not None
    model.stream, orders = due(model.stream, model.time.real, model.open_everywhere, model.known.online, bug)
    if orders:
        out.commands.append(StreamOrders(orders))


def _mind_the_bug(model: Model, out: AppRequests) -> None:
    """Show the code by itself when orders begin to hang on it; say it when they go on."""
    challenge = model.known.challenge
    checkpoint = model.known.checkpoint
    stuck = challenge.stuck if challenge and checkpoint and checkpoint.bug else 0
    if stuck and not model.notices.stuck:
        out.wishes.append(OpenBug(asked=False))
    if model.notices.stuck and not stuck and checkpoint and checkpoint.bug:
        model.say("The stuck orders go on, from the very step they were in.", good=True)
    model.notices.stuck = stuck


def update(
    model: Model, inputs: Sequence[Input], news: Sequence[News], dt: float, real_dt: float | None = None
) -> Result:
    """Let `dt` seconds of game time (`real_dt` of real time) pass with these inputs and news.

    Set `model.time.wall` before: the time by the API's clock.
    """
    events: list[Event] = []
    model.effects.particles.few = model.setup.access.calm
    for item in news:
        events += take(model, item)
    out = AppRequests()
    for one in inputs:
        handle(model, one, out)
    # Before time passes: Esc may have been let go by the last input that was looked at.
    hold_to_leave.leave_if_held(model.kiosk, out)
    look(model)
    real = dt if real_dt is None else real_dt
    model.time.real += real
    model.notices.speaker = later(model.notices.speaker, real, model.kiosk.on)
    _stream(model, out)
    _mind_the_bug(model, out)
    update_notes(model.notices, model.known.timeouts, model.time.real, real)
    hold_to_leave.count(model.kiosk, real)
    model.pointing.idle += real
    move(model, dt)
    model.notices.messages = messages.later(model.notices.messages, real)
    return Result(tuple(out.commands), tuple(out.wishes), tuple(events), hit_stop(model, events))
