"""A kill again, in slow motion, in a picture in the picture, while the live kitchen runs on behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pygame

from api_stub.schema import Receipt
from game.accessibility import PLAIN, Access
from game.api_state.death_moments import asked_before_s
from game.api_state.order_names import short_name
from game.api_state.receipt_words import words_of
from game.api_state.receipts import waits
from game.api_state.worker_names import slot_of
from game.drawing.art import Art
from game.drawing.brush import Brush
from game.drawing.label_placement import Label, placed
from game.drawing.shapes import edged_box, fill_box, shadow
from game.drawing.text import Pen
from game.drawing.view import View
from game.geometry import Box, inside
from game.inputs import Input, PointerPress
from game.panels.panel import Close, Outcome, Panel, Stay
from game.panels.widgets import Hit, Sheet, hit_at, pressed_key
from game.replay.playback import Replay
from game.replay.receipt_facts import held_of, taken_of
from game.replay.recording import Recording
from game.scene.gopher_pictures import GopherPictures
from game.scene.hud.free_room import FreeRoom
from game.scene.kitchen import draw_room
from game.scene.room_figures import room_figures
from game.simulation.actors import colour_of
from game.simulation.motion import clamp
from game.simulation.places.cook_spots import cook_spot
from game.simulation.receipt_layout import frame_of as slips_frame
from game.theme import (
    CANVAS,
    CREAM,
    GLOW,
    INK,
    NIGHT,
    SIZE_BODY,
    SIZE_HEAD,
    SIZE_LEAST,
    SIZE_SMALL,
    TOMATO,
    WOOD_DARK,
)

FRAME: Box = (36, 150, 960, 540)
PICTURE: Box = (46, 212, 940, 400)
TRACK: Box = (60, 622, 912, 8)
CLOSE: Hit = Hit((926, 157, 52, 48), "close")
BOTTOM = 1016.0
"""The picture's lower edge in the kitchen: under the cooks' feet."""
BESIDE_SLIPS = 92.0
"""So far from the receipts messages end: a tab hangs there, to see a kill again."""
LEAST_WIDE = 1480.0
# Room over the gophers for a hop.
MARGIN = 170.0
STILL = 2.5
"""Seconds for which the last picture stands before it closes by itself."""
FRAMES = 1 / 30
"""Seconds between two pictures: in slow motion nobody sees more. Longer on larger displays."""
NAMED = 4


def shot_of(recording: Recording) -> Box:
    """The part of the kitchen that is shown: the cooks it is about and their orders, as near as can be."""
    fleet = recording.frames[0].snapshot.fleet if recording.frames else None
    slots = max(fleet.slots, len(fleet.workers)) if fleet is not None else recording.slot
    cooks = {recording.slot, *(slot_of(taken.worker or "") or recording.slot for taken in recording.taken)}
    xs = [cook_spot(recording.kitchen, slot, slots).x for slot in cooks if slot <= slots]
    xs += [recording.stands[key].x for key in recording.held if key in recording.stands]
    left, right = min(xs, default=960.0) - MARGIN, max(xs, default=960.0) + MARGIN
    wide = clamp(right - left, LEAST_WIDE, float(CANVAS[0]))
    high = wide * PICTURE[3] / PICTURE[2]
    x = clamp((left + right) / 2 - wide / 2, 0.0, CANVAS[0] - wide)
    return x, BOTTOM - high, wide, high


def clock_text(wall: float) -> str:
    """A Unix time as a clock of this place tells it, to the hundredth."""
    at = datetime.fromtimestamp(wall)
    return f"{at:%H:%M:%S}.{at.microsecond // 10_000:02d}"


def since_text(seconds: float) -> str:
    """A moment before or after the kill."""
    return f"{'−' if seconds < 0 else '+'}{abs(seconds):.2f} s"


class ReplayPanel(Panel):
    """Not modal. Esc, K and × close it; after its end it goes by itself."""

    modal = False

    def __init__(
        self,
        recording: Recording,
        receipt: Callable[[], Receipt | None],
        art: Callable[[], Art | None],
        access: Access = PLAIN,
    ) -> None:
        """`receipt`: what the API says of this death by now. `art`: the pictures in use now."""
        self.replay = Replay(recording, access)
        self._receipt = receipt
        self._art = art
        self._shot = shot_of(recording)
        self._sheet = Sheet()
        self._still = 0.0
        self._undrawn = FRAMES
        self._gopher_pictures = GopherPictures()
        self._brush: Brush | None = None
        self._picture: pygame.Surface | None = None

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The boxes that can be pressed."""
        return (CLOSE,)

    @property
    def over(self) -> bool:
        """Whether it has been shown to its end."""
        return self._still >= STILL

    def room_for_messages(self, free: FreeRoom) -> FreeRoom:
        """Between it and the receipts; where nothing is left there, below it."""
        left, slips = FRAME[0] + FRAME[2], slips_frame(Access(large=free.large))[0] - BESIDE_SLIPS
        below = FreeRoom(free.large, right=left + FRAME[0], top=FRAME[1] + FRAME[3] + 12.0)
        return replace(free, left=left, right=min(free.right, slips), instead=below)

    def sheet_for(self, access: Access) -> Box:
        """Where its paper lies on the canvas, logical pixels."""
        return FRAME

    def handle(self, item: Input) -> Outcome:
        """Take one input."""
        self._sheet.follow(item)
        if isinstance(item, PointerPress):
            if self.target(item):
                return Close()
            return Stay(used=inside(FRAME, item.x, item.y))
        return Close() if pressed_key(item) in ("escape", "k") else Stay(used=False)

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass, of which the recording takes its part."""
        self._sheet.update(dt)
        self._undrawn += dt
        if self.replay.over:
            self._still += dt
        self.replay.advance(dt)

    def draw(self, view: View) -> None:
        """Draw in logical pixels; reads only."""
        shadow(view, FRAME, 24)
        edged_box(view, FRAME, NIGHT, GLOW, 24, 4)
        self._scene(view)
        self._head(view)
        self._line(view)
        self._foot(view)

    def _scene(self, view: View) -> None:
        rect = view.rect(*PICTURE)
        art = self._art()
        if self._undrawn >= FRAMES * max(1.0, view.scale) and art is not None:
            self._undrawn = 0.0
            self._shoot(view, art, rect.size)
        if self._picture is not None:
            picture = self._picture
            if picture.get_size() != rect.size:
                picture = pygame.transform.scale(picture, rect.size)
            view.surface.blit(picture, rect)
            self._names(view)

    def _shoot(self, view: View, art: Art, size: tuple[int, int]) -> None:
        brush, model = self._brush, self.replay.model
        if brush is None or brush.art is not art:
            size_of_kitchen = round(CANVAS[0] * art.scale), round(CANVAS[1] * art.scale)
            canvas = View(pygame.Surface(size_of_kitchen).convert(), view.access)
            canvas.scale = art.scale
            self._brush = brush = Brush(canvas, art, Pen(canvas), labels=False)
            self._gopher_pictures.forget_pictures(art.scale)
        brush.view.access = model.setup.access = view.access
        shot = brush.view.rect(*self._shot).clip(brush.view.surface.get_rect())
        brush.view.surface.set_clip(shot)
        draw_room(brush, room_figures(model, labels=False), self._gopher_pictures)
        brush.view.surface.set_clip(None)
        self._picture = pygame.transform.smoothscale(brush.view.surface.subsurface(shot), size)

    def _names(self, view: View) -> None:
        """Who it is about, in letters of the usual size."""
        pen, replay = Pen(view), self.replay
        x, y, wide, _ = self._shot
        zoom, high = PICTURE[2] / wide, pen.pitch(32.0)
        labels, texts = [], {}
        for key in held_of(replay.recording, self._receipt())[:NAMED]:
            gopher = replay.model.gophers.get(key)
            if gopher is None:
                continue
            texts[key] = short_name(key, gopher.order.customer)
            long = min(pen.measure(texts[key], SIZE_LEAST, face="bold")[0], 200.0) + 20
            at = PICTURE[0] + (gopher.body.x - x) * zoom
            head = PICTURE[1] + (gopher.body.y - gopher.lift - gopher.height * 1.04 - y) * zoom
            middle = clamp(at, PICTURE[0] + long / 2, PICTURE[0] + PICTURE[2] - long / 2)
            top = max(PICTURE[1] + 4, head - high)
            labels.append(Label(key, middle, top, long, (gopher.body.y,)))
        tops = placed(labels, high)
        for label in labels:
            if label.key in tops and tops[label.key] >= PICTURE[1]:
                top = tops[label.key]
                fill_box(view, (label.x - label.width / 2, top, label.width, high), CREAM, high / 2)
                pen.write(
                    texts[label.key], label.x, top + high / 2, SIZE_LEAST, INK, face="bold",
                    anchor="center", max_width=label.width - 14,
                )  # fmt: skip

    def _head(self, view: View) -> None:
        pen, middle = Pen(view), FRAME[1] + 32
        fill_box(view, (58, middle - 12, 24, 24), TOMATO, 12)
        used = pen.write("REPLAY", 94, middle, SIZE_HEAD, CREAM, face="display", anchor="midleft")
        speed = f"{self.replay.speed:g}×"
        pen.write(speed, used[0] + used[2] + 20, middle, SIZE_BODY, GLOW, face="bold", anchor="midleft")
        pen.write(
            clock_text(self.replay.wall), 906, middle, SIZE_HEAD, CREAM, face="bold", anchor="midright",
            tabular=True,
        )  # fmt: skip
        hot = hit_at(self.hits, *self._sheet.pointer) is not None
        edged_box(view, CLOSE.box, CREAM if hot else WOOD_DARK, INK, 12, 3)
        x, y, w, h = CLOSE.box
        pen.write(
            "×", x + w / 2, y + h / 2 - 2, SIZE_HEAD, INK if hot else CREAM, face="bold", anchor="center"
        )

    def _line(self, view: View) -> None:
        """Where in the recording it is; the kill and the takeovers are marked on it."""
        recording, (x, y, w, h) = self.replay.recording, TRACK
        long = max(1e-6, recording.end - recording.begin)

        def place(at: float) -> float:
            return x + w * clamp((at - recording.begin) / long, 0.0, 1.0)

        fill_box(view, TRACK, INK, h / 2)
        fill_box(view, (x, y, max(h, place(self.replay.at) - x), h), GLOW, h / 2)
        marks = [(recording.died, TOMATO)]
        marks += [(one.at, colour_of(one.worker or "")) for one in taken_of(recording, self._receipt())]
        for at, colour in marks:
            edged_box(view, (place(at) - 9, y + h / 2 - 9, 18, 18), colour, CREAM, 9, 3)

    def _foot(self, view: View) -> None:
        pen, recording, middle = Pen(view), self.replay.recording, FRAME[1] + 510
        since = self.replay.wall - recording.died_at
        who = f"{recording.worker}: {recording.signal} {clock_text(recording.died_at)}"
        pen.write(
            who, 62, middle, SIZE_SMALL, CREAM, face="bold", anchor="midleft", tabular=True, max_width=400
        )
        pen.write(
            since_text(since), 620, middle, SIZE_BODY, GLOW, face="bold", anchor="midright", tabular=True
        )
        pen.write(
            self.saying(), 640, middle, SIZE_SMALL, CREAM, anchor="midleft", tabular=True, max_width=336
        )

    def saying(self) -> str:
        """What has become of its orders by the moment that is shown."""
        recording, at, receipt = self.replay.recording, self.replay.at, self._receipt()
        if at < recording.died:
            asked_s = asked_before_s(receipt) if receipt is not None else None
            if asked_s is not None and at >= recording.died - asked_s:
                return "asked; its Pod is still there"
            return "before the kill"
        held = held_of(recording, receipt)
        if not held:
            return "it held no order"
        taken = taken_of(recording, receipt)
        to_come = sum(one.at > at for one in taken)
        # Of these nobody had heard when the recording ended, or nobody has to this day.
        waiting = sum(map(waits, receipt.orders)) if receipt is not None else len(held) - len(taken)
        if to_come or waiting:
            if to_come < len(taken):
                return f"{len(taken) - to_come} of {len(taken) + waiting} taken over …"
            return "Temporal takes over …" if self.replay.model.anyone_alive else "they wait for a cook …"
        if receipt is not None:
            return words_of(receipt, max(0.0, at - recording.died)).outcome
        return "taken over"
