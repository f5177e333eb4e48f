"""What every part of the scene draws with: the view, the pictures, the text, and this frame's shake."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pygame

from game.drawing.art import Art, Sprite
from game.drawing.art.sprite import convert
from game.drawing.dirty_tiles import DirtyTiles
from game.drawing.kept_pictures import KeptPictures
from game.drawing.leaning import bands, moved
from game.drawing.picture_limits import BADGE_BYTES, NUMBERED_BYTES, PAINTED_BYTES, at_scale
from game.drawing.shapes import disc
from game.drawing.text import Pen
from game.drawing.view import View
from game.theme import INK, SIZE_LEAST, Colour

STRETCH = 0.06
"""Steps of a figure's height, as a part of it, for which it has a picture."""

Blit = tuple[pygame.Surface, tuple[int, int]]


@dataclass
class Brush:
    """Draws in logical pixels. Sprites are collected, and put down together by `flush`."""

    view: View
    art: Art
    pen: Pen
    dx: float = 0.0
    dy: float = 0.0
    labels: bool = True
    """Whether names, plates and clocks are written: in a small picture of the kitchen they are not."""
    dirty_tiles: DirtyTiles | None = None
    """What of the view is still as it was put down; None: each frame begins with all of the kitchen."""
    blits: list[Blit] = field(default_factory=list)
    """Surfaces and their places in display pixels, until `flush` puts them down."""
    flying: dict[tuple[str, int, int], Sprite] = field(default_factory=dict)
    """Pictures of what flies about, by kind, size and turn."""

    def __post_init__(self) -> None:
        """Room for the pictures that are kept."""
        scale = self.view.scale
        self._badges: KeptPictures[pygame.Surface] = KeptPictures(at_scale(BADGE_BYTES, scale))
        self._numbered: KeptPictures[Sprite] = KeptPictures(at_scale(NUMBERED_BYTES, scale))
        self._painted: KeptPictures[pygame.Surface] = KeptPictures(at_scale(PAINTED_BYTES, scale))

    def watch(self, dirty_tiles: DirtyTiles) -> None:
        """Tell `dirty_tiles` of whatever is drawn from now on: it knows what is still as it was put down."""
        dirty_tiles.spoil()
        self.dirty_tiles = dirty_tiles
        self.view.watched = dirty_tiles.drawn

    @property
    def kept_bytes(self) -> int:
        """Bytes of all pictures that are kept now."""
        return self._badges.bytes + self._numbered.bytes + self._painted.bytes

    def sprite(self, sprite: Sprite, x: float, y: float) -> None:
        """Put a sprite's anchor on (x, y)."""
        # What Sprite.at does, without the call: this runs a thousand times a frame.
        scale, (ax, ay) = self.view.scale, sprite.anchor
        at = round((x + self.dx) * scale - ax), round((y + self.dy) * scale - ay)
        self.blits.append((sprite.surface, at))

    @contextmanager
    def faded(self, share: float) -> Iterator[None]:
        """What is collected meanwhile is put down translucently, `share` 0 to 1. For a few things only."""
        if share >= 1.0:
            yield
            return
        self.flush()
        yield
        for surface, at in self.blits:
            thin = surface.copy()
            thin.fill((255, 255, 255, round(255 * max(0.0, share))), special_flags=pygame.BLEND_RGBA_MULT)
            self.view.surface.blit(thin, at)
            self.view.drawn(*at, *thin.get_size())
        self.blits.clear()

    def flush(self) -> None:
        """Put down everything collected so far, before something that is drawn directly."""
        if self.blits:
            self.view.surface.fblits(self.blits)
            if self.dirty_tiles is not None:
                self.dirty_tiles.drawn_all(self.blits)
            self.blits.clear()

    def pos(self, x: float, y: float) -> tuple[int, int]:
        """A logical point, shaken, in display pixels."""
        return self.view.pos(x + self.dx, y + self.dy)

    def figure(
        self, sprite: Sprite, x: float, y: float, tall: float = 0.0, degrees: float = 0.0
    ) -> tuple[float, float]:
        """A figure over what was collected: its anchor on (x, y), its height times `1 + tall`, leaning
        counter-clockwise by `degrees`. One that does neither is collected like a sprite. Returns where its
        paws are.
        """
        scale = self.view.scale
        if not tall and not degrees:
            self.sprite(sprite, x, y)
            (ax, ay), (hx, hy) = sprite.anchor, sprite.hold
            return x + (hx - ax) / scale, y + (hy - ay) / scale
        self.flush()
        at = (x + self.dx) * scale, (y + self.dy) * scale
        coarse = STRETCH * round(tall / STRETCH)
        if coarse:
            # Squashed, it is wider, and another picture: there are few of them. The rest is done by its rows.
            sprite = self.art.transformed(sprite, 1 - 0.5 * coarse, 1 + coarse, 0.0, False)
            tall = (1 + tall) / (1 + coarse) - 1
        rows = tuple(bands(sprite, *at, tall, degrees))
        self.view.surface.blits(rows, False)
        if self.dirty_tiles is not None:
            (_, (left, top), (_, _, wide, _)), (_, (right, low), (_, _, _, high)) = rows[0], rows[-1]
            self.dirty_tiles.drawn(min(left, right), top, wide + abs(right - left), low + high - top)
        hx, hy = moved(sprite, sprite.hold, tall, degrees)
        return x + hx / scale, y + hy / scale

    def numbered(self, figure: Sprite, number: str) -> Sprite:
        """A cook's picture with a number on its badge; kept."""
        access, scale = self.view.access, self.view.scale
        key = figure.number, number, access
        found = self._numbered.get(key)
        if found is not None:
            return found
        surface = figure.surface.copy()
        view = View(surface, access)
        view.scale = scale
        x, y, radius = figure.badge
        size = max(SIZE_LEAST, radius / scale * 1.45)
        Pen(view).write(
            number, x / scale, y / scale, size, INK, face="display", anchor="center",
            max_width=2.0 * radius / scale,
        )  # fmt: skip
        return self._numbered.keep(key, replace(figure, surface=surface))

    def line(self, points: list[tuple[float, float]], colour: Colour, width: float) -> None:
        """A line through logical points with round ends."""
        pixels = [self.pos(*point) for point in points]
        thick = self.view.px(width)
        pygame.draw.lines(self.view.surface, colour, False, pixels, thick)
        for pixel in (pixels[0], pixels[-1]):
            pygame.draw.circle(self.view.surface, colour, pixel, thick // 2)
        across, down = [x for x, _ in pixels], [y for _, y in pixels]
        left, top, more = min(across) - thick, min(down) - thick, 2 * thick
        self.view.drawn(left, top, max(across) + more - left, max(down) + more - top)

    def discs(
        self,
        places: Sequence[tuple[float, float]],
        radii: Sequence[float],
        colours: Sequence[Colour],
        edge: Colour,
        rim: float,
    ) -> None:
        """As `disc`, many with one edge."""
        scale, access, dx, dy = self.view.scale, self.view.access, self.dx, self.dy
        edge, rim, put = access.shown(edge), rim * access.rim * scale, self.blits.append
        strong = access.strong
        for (x, y), radius, colour in zip(places, radii, colours, strict=True):
            inner = round(radius * scale) or 1
            outer = max(2, round(radius * scale + rim))
            # A disc's surface is square, and its middle is beside this many pixels.
            put((disc(outer, inner, access.shown(colour) if strong else colour, edge),
                 (round((x + dx) * scale) - outer - 1, round((y + dy) * scale) - outer - 1)))  # fmt: skip

    def disc(self, x: float, y: float, radius: float, colour: Colour, edge: Colour, rim: float = 3.0) -> None:
        """A filled circle with an edge, smooth at its rim; collected like a sprite."""
        at, scale, access = self.pos(x, y), self.view.scale, self.view.access
        rim, colour, edge = rim * access.rim, access.shown(colour), access.shown(edge)
        outer, inner = max(2, round((radius + rim) * scale)), max(1, round(radius * scale))
        surface = disc(outer, inner, colour, edge)
        half = surface.get_width() // 2
        self.blits.append((surface, (at[0] - half, at[1] - half)))

    def kept(
        self,
        slot: Hashable,
        key: Hashable,
        size: tuple[float, float],
        paint: Callable[[Brush], None],
        x: float,
        y: float,
        solid: bool = True,
    ) -> None:
        """Put down at (x, y) the picture of a slot, which has a `size`, and which `paint` paints there when
        its key is another than before. Not with `sprite` and what is shaken: those know no other place than
        the display. `solid`: most of it can or cannot be seen through at all.
        """
        self.flush()
        scale, access, at = self.view.scale, self.view.access, self.view.pos(x, y)
        shown, dirty_tiles = (slot, key, size, access), self.dirty_tiles
        surface = self._painted.get(shown)
        if surface is not None:
            pass
        elif dirty_tiles is not None and dirty_tiles.lying(slot) is not None:
            # Another comes a frame later: it need not be painted in this one.
            dirty_tiles.lift(slot)
            return
        else:
            surface = pygame.Surface(
                (math.ceil(size[0] * scale), math.ceil(size[1] * scale)), pygame.SRCALPHA
            )
            view = View(surface, access)
            # A part of the canvas only: what is painted counts from the display's own corner, in its scale.
            view.scale, view.origin = scale, at
            paint(Brush(view, self.art, Pen(view)))
            surface = convert(surface)
            if solid:
                # Run-length encoded: what is empty costs nothing then, and what is solid is only copied.
                surface.set_alpha(255, pygame.RLEACCEL)
            self._painted.keep(shown, surface)
        if dirty_tiles is not None:
            dirty_tiles.lay(slot, surface, at)
        else:
            self.view.surface.blit(surface, at)

    def lay(self, slot: Hashable, sprite: Sprite, x: float, y: float) -> None:
        """Put down at (x, y), over what was collected, a sprite that mostly is the same for some frames."""
        self.flush()
        scale, (ax, ay) = self.view.scale, sprite.anchor
        at = round((x + self.dx) * scale - ax), round((y + self.dy) * scale - ay)
        if self.dirty_tiles is None:
            self.view.surface.blit(sprite.surface, at)
        else:
            self.dirty_tiles.lay(slot, sprite.surface, at)

    def badge(self, x: float, y: float, radius: float, colour: Colour, text: str) -> None:
        """A number on a disc with an edge, as one picture; collected like a sprite. It grows with text."""
        at, scale, access = self.pos(x, y), self.view.scale, self.view.access
        radius *= 1.0 + 0.8 * (access.text - 1.0)
        key = max(1, round(radius * scale)), colour, text, access
        surface = self._badges.get(key)
        if surface is None:
            surface = self._badges.keep(key, self._bake(*key[:3]))
        half = surface.get_width() // 2
        self.blits.append((surface, (at[0] - half, at[1] - half)))

    def _bake(self, inner: int, colour: Colour, text: str) -> pygame.Surface:
        access, scale = self.view.access, self.view.scale
        outer = max(2, inner + round(3.0 * access.rim * scale))
        made = disc(outer, inner, access.shown(colour), access.shown(INK)).copy()
        view = View(made, access)
        # The disc is no canvas: its pen counts in the display's pixels.
        view.scale = scale
        middle = made.get_width() / 2 / scale
        Pen(view).write(text, middle, middle, SIZE_LEAST, INK, face="bold", anchor="center")
        return made
