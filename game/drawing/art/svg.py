"""SVG parts to surfaces: `assets/manifest.yaml` says what there is, resvg draws it, a disk cache keeps it."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path

import pygame
import resvg_py
import yaml

from game.drawing.art.disk_cache import DiskCache
from game.drawing.art.sprite import convert

ASSETS = Path(__file__).resolve().parents[3] / "assets"

_VIEWBOX = re.compile(r'viewBox="[^"]*"')


@dataclass(frozen=True)
class SvgPart:
    """One SVG of the manifest. Lengths are units of its viewBox.

    `ink` is the box that its drawing stays within: only that much is rendered. `anchor` is the point
    that stands on the scene. `tinted` parts are white to grey and are multiplied by a colour.
    """

    name: str
    file: str
    kind: str
    view: tuple[float, float]
    anchor: tuple[float, float]
    ink: tuple[int, int, int, int]
    tinted: bool = False


@dataclass(frozen=True)
class Layer:
    """A rendered part: its surface, and where that lies within the part's whole box, in display pixels."""

    surface: pygame.Surface
    offset: tuple[int, int]


def read_manifest(folder: Path = ASSETS) -> dict[str, SvgPart]:
    """Every part by name. Raises OSError or KeyError where the manifest is not as it should be."""
    raw = yaml.load(
        (folder / "manifest.yaml").read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    parts = {}
    for name, entry in raw["parts"].items():
        kind = raw["kinds"][entry["kind"]]
        view = entry.get("view", kind.get("view"))
        anchor = entry.get("anchor", kind.get("anchor"))
        parts[name] = SvgPart(
            name=name,
            file=entry["file"],
            kind=entry["kind"],
            view=(view[0], view[1]),
            anchor=(anchor[0], anchor[1]),
            ink=(entry["ink"][0], entry["ink"][1], entry["ink"][2], entry["ink"][3]),
            tinted=entry.get("tinted", False),
        )
    return parts


class SvgRenderer:
    """Parts rendered at a given number of display pixels per unit, from the disk cache where it can."""

    def __init__(self, cache: DiskCache, folder: Path = ASSETS) -> None:
        self._cache = cache
        self._folder = folder
        self.parts = read_manifest(folder)

    def layer(self, name: str, zoom: float) -> Layer:
        """A part's inked box at `zoom` display pixels per unit. Raises KeyError for an unknown part."""
        part = self.parts[name]
        x, y, w, h = part.ink
        # Whole pixels: a box that begins between two of them would be drawn a little off.
        left, top = int(x * zoom), int(y * zoom)
        width = max(1, -int(-(x + w) * zoom // 1) - left)
        height = max(1, -int(-(y + h) * zoom // 1) - top)
        box = (left / zoom, top / zoom, width / zoom, height / zoom)
        svg = (self._folder / part.file).read_text("utf-8")
        svg = _VIEWBOX.sub(f'viewBox="{box[0]:.5f} {box[1]:.5f} {box[2]:.5f} {box[3]:.5f}"', svg, count=1)
        surface = convert(self._raster(svg, width, height))
        return Layer(surface, (left, top))

    def _raster(self, svg: str, width: int, height: int) -> pygame.Surface:
        # The size is part of the text that is hashed, so one key stands for one picture.
        key = hashlib.blake2b(f"{width}x{height}\n{svg}".encode(), digest_size=16).hexdigest()
        png = self._cache.get(key)
        if png is None:
            png = resvg_py.svg_to_bytes(svg_string=svg, width=width, height=height, skip_system_fonts=True)
            self._cache.put(key, png)
        return pygame.image.load(io.BytesIO(png), "part.png")


def tint(surface: pygame.Surface, colour: tuple[int, int, int]) -> pygame.Surface:
    """A copy whose whites are `colour` and whose greys are its shades; alpha stays."""
    made = surface.copy()
    made.fill((*colour, 255), special_flags=pygame.BLEND_RGBA_MULT)
    return made
