"""The window's own part of a reset: what a visitor can change in it, put back and looked at. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from api_stub.schema import Checkpoint
from game.accessibility import Access
from game.simulation.model import Model
from game.simulation.model_parts import NOWHERE
from game.simulation.order_stream import OrderStream, configured, rate_of
from game.simulation.speaker_lines import SpeakerLines, told


@dataclass(frozen=True)
class OwnSwitches:
    """How the kiosk itself wants it shown and heard."""

    muted: bool
    access: Access


def _as_configured(stream: OrderStream, checkpoint: Checkpoint | None) -> OrderStream:
    """The stream as the checkpoint has it; what is on its way stays so."""
    if checkpoint is None:
        return replace(stream, running=False, shown=False)
    return configured(replace(stream, source=""), checkpoint.stream, checkpoint.name)


def put_back(model: Model, own: OwnSwitches) -> None:
    """Nothing of the last visitor's is left in the model."""
    checkpoint = model.known.checkpoint
    model.setup.muted, model.setup.access = own.muted, own.access
    model.stream = _as_configured(model.stream, checkpoint)
    model.notices.speaker = (
        told(SpeakerLines(), checkpoint.story) if checkpoint is not None else SpeakerLines()
    )
    model.kiosk.escape_held = None
    model.own.card, model.own.chosen = "", None
    pointing = model.pointing
    pointing.at, pointing.hover, pointing.dragging = NOWHERE, "", False
    model.own.orders.clear()
    model.own.newest_orders = ()
    model.notices.messages = []


def differences(model: Model, own: OwnSwitches, panels: Collection[object]) -> list[str]:
    """What is not as the kiosk has it, each in a word or two."""
    checkpoint = model.known.checkpoint
    stream = model.stream
    settings = checkpoint.stream if checkpoint is not None else None
    wrong = {
        "open panels": bool(panels),
        "sound": model.setup.muted != own.muted,
        "accessibility": model.setup.access != own.access,
        "orders' rate": settings is not None and stream.per_minute != rate_of(settings),
        "orders' stream": settings is not None
        and (stream.shown != settings.enabled or stream.running and not settings.enabled),
        "Esc": model.kiosk.escape_held is not None,
        "pointer": model.pointing.dragging or bool(model.pointing.hover),
        "card": bool(model.own.card),
        "chosen cook": model.own.chosen is not None,
    }
    return [name for name, is_wrong in wrong.items() if is_wrong]
