"""Who is in a crowd and what each has on: pictures of a gopher with its pizza, made once and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter, is_

import pygame

from api_stub.schema import OrderStatus
from game.accessibility import Access
from game.drawing.art import GopherPose, PizzaState, Sprite
from game.drawing.kept_pictures import KeptPictures
from game.drawing.picture_limits import CROWD_BYTES, at_scale
from game.simulation.actors import Gopher
from game.simulation.motion import SmoothPoint
from game.theme import ROW_SHADES

SORTED_EVERY = 3
"""Frames in which who walks past whom is looked at once."""


Blit = tuple[pygame.Surface, tuple[int, int]]
Worn = tuple[pygame.Surface, float, float, float, float, Sprite]
"""A picture, its offsets and those of its paws in display pixels, and the figure in it."""
Load = tuple[PizzaState, int, bool]
"""What somebody carries: the state it is in, its size class, and whether its toppings are seen."""


class CrowdPictures:
    """Pictures of a gopher with its pizza in its paws, with premultiplied alpha: small ones are put down in
    half the time.
    """

    def __init__(self, limit_bytes: float = CROWD_BYTES) -> None:
        self.pictures: KeptPictures[Sprite] = KeptPictures(limit_bytes)

    def get(
        self, figure: Sprite, load: Sprite | None = None, flip: bool = False,
        shadow: Sprite | None = None, shade: int = 0,
    ) -> Sprite:  # fmt: skip
        """The figure, mirrored if `flip`, holding `load`, over its `shadow`, in one of `ROW_SHADES`."""
        key = figure.number, load and load.number, shadow and shadow.number, flip, shade
        found = self.pictures.get(key)
        if found is None:
            found = _dressed(figure, load, flip, shadow)
            if shade:
                found.surface.fill(ROW_SHADES[shade], special_flags=pygame.BLEND_RGB_MULT)
            self.pictures.keep(key, found)
        return found


def _dressed(figure: Sprite, load: Sprite | None, flip: bool, shadow: Sprite | None) -> Sprite:
    (ax, ay), (hx, hy) = figure.anchor, figure.hold
    surface = figure.surface
    if flip:
        surface = pygame.transform.flip(surface, True, False)
        ax, hx = surface.get_width() - ax, surface.get_width() - hx
    if load is None and shadow is None:
        return Sprite(surface.premul_alpha(), (ax, ay), (hx, hy))
    parts = [(surface, (0, 0))]
    if shadow is not None:
        parts.insert(0, (shadow.surface, (round(ax - shadow.anchor[0]), round(ay - shadow.anchor[1]))))
    if load is not None:
        parts.append((load.surface, (round(hx - load.anchor[0]), round(hy - load.anchor[1]))))
    whole = surface.get_rect().unionall([part.get_rect(topleft=at) for part, at in parts])
    made = pygame.Surface(whole.size, pygame.SRCALPHA, surface)
    for part, (x, y) in parts:
        made.blit(part.premul_alpha(), (x - whole.x, y - whole.y), special_flags=pygame.BLEND_PREMULTIPLIED)
    return Sprite(made, (ax - whole.x, ay - whole.y), (hx - whole.x, hy - whole.y))


@dataclass(slots=True)
class Member:
    """One gopher of the crowd and the picture it has on; offsets in display pixels, half a one added."""

    gopher: Gopher
    body: SmoothPoint
    y: float
    """Where its feet were when it was drawn last: by this they are sorted, a frame late."""
    blink_from: float
    blink_every: float
    pose: GopherPose | None = None
    height: float = 0.0
    left: bool = False
    status: OrderStatus | None = None
    surface: pygame.Surface | None = None
    dx: float = 0.0
    dy: float = 0.0
    shadow: pygame.Surface | None = None
    shadow_dx: float = 0.0
    shadow_dy: float = 0.0
    kept: dict[tuple[GopherPose, bool], Worn] = field(default_factory=dict)
    """What it has had on since its size changed."""
    size: int = 0
    """The size class of its pictures."""
    shade: int = 0
    """Which of `ROW_SHADES` they are in."""
    figure: Sprite | None = None
    carried: Load | None = None
    """What it carries; None: nothing, or of that there is no picture yet."""
    load: Sprite | None = None
    load_surface: pygame.Surface | None = None
    load_anchor: tuple[float, float] = (0.0, 0.0)
    load_dx: float = 0.0
    load_dy: float = 0.0
    rest: int = 0
    """The number of the rest in which it was last drawn; 0: it was drawn in none."""
    standing: Blit | None = None
    """While it rests: the picture with its shadow, and where."""
    still_until: float = 0.0
    """The model's `now` up to which that picture stays."""
    waits: GopherPose | None = None
    """The pose whose picture has not been made yet."""


@dataclass
class CrowdMembers:
    """Everybody on the floor from back to front, kept from frame to frame: it is nearly in order already."""

    members: list[Member] = field(default_factory=list)
    dressed: CrowdPictures = field(default_factory=CrowdPictures)
    access: Access = field(default_factory=Access)
    """How people want it shown: how they did in the last frame."""
    _turn: int = 0
    """Calls of `gather`, counted from 0 to `SORTED_EVERY`."""
    _last: list[Gopher] = field(default_factory=list)
    """Whom `members` is of."""

    def forget_pictures(self, scale: float) -> None:
        """Other pictures are in use now: another size of the display, whose scale is `scale`."""
        self.members, self._last = [], []
        self.dressed = CrowdPictures(at_scale(CROWD_BYTES, scale))

    def gather(self, gophers: Mapping[str, Gopher]) -> list[Member]:
        """The members for these gophers, from back to front."""
        members, everybody = self.members, list(gophers.values())
        if len(everybody) == len(self._last) and all(map(is_, everybody, self._last)):
            # Nobody has come or gone: they only walk past each other, and nobody sees when exactly.
            self._turn += 1
            if self._turn >= SORTED_EVERY:
                self._turn = 0
                members.sort(key=attrgetter("y"))
            return members
        # By id: those of before are still held by `_last`, so that nobody new has the id of one of them.
        before, now = set(map(id, self._last)), set(map(id, everybody))
        here = members
        if before - now:
            here = [member for member in members if id(member.gopher) in now]
        if now - before:
            new = [gopher for gopher in everybody if id(gopher) not in before]
            here = here + [Member(g, g.body, g.body.y, g.phase * 17.0, 2.6 + 2.4 * g.phase) for g in new]
        self._last = everybody
        here.sort(key=attrgetter("y"))
        self.members = here
        return here
