"""What each order wears and carries; new pictures are made a few a frame, so that a crowd causes no jerk."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from game.drawing.art import Art, GopherPose, PizzaState, Sprite
from game.scene.crowd.members import CrowdMembers
from game.simulation.appearance import GopherLook, look_for

A_FRAME = 8
"""New pictures in a frame at most, while many have none at all; each takes a fifth of a millisecond."""
A_CALM_FRAME = 3
"""As many while nearly everybody has one, and at worst keeps it a little longer."""
MANY_BARE = 40
KEPT = 1000
"""Looks of orders that have gone; they are worked out anew in no time."""
SHADOW = 0.2
"""How high a shadow is, in its gopher's heights."""


@dataclass
class GopherPictures:
    """Looks by order, and the pictures each order was last drawn with, to be worn until the next is made."""

    looks: dict[str, GopherLook] = field(default_factory=dict)
    worn: dict[str, tuple[GopherPose, float, Sprite]] = field(default_factory=dict)
    carried: dict[str, tuple[PizzaState, float, Sprite]] = field(default_factory=dict)
    shadows: dict[int, Sprite] = field(default_factory=dict)
    left: int = A_FRAME
    bare: int = MANY_BARE
    """How many could not be drawn at all in this frame."""
    crowd: CrowdMembers = field(default_factory=CrowdMembers)
    full: bool = False
    """Whether this frame has had news to take in, and nobody of a crowd dresses anew before the next one."""
    _revision: int | None = None

    def begin_frame(self, orders: Collection[str], revision: int = 0) -> None:
        """A new frame with these orders in it, at a revision of the model; the pictures of those that have
        gone are let go.
        """
        # Never two in a row: where there are news all the time they must not undress everybody.
        self.full = not self.full and self._revision is not None and revision != self._revision
        self._revision = revision
        self.left, self.bare = A_FRAME if self.bare >= MANY_BARE else A_CALM_FRAME, 0
        if len(self.worn) > 2 * len(orders) + 64:
            self.worn = {key: worn for key, worn in self.worn.items() if key in orders}
            self.carried = {key: load for key, load in self.carried.items() if key in orders}
        if len(self.looks) > KEPT + len(orders):
            self.looks = {key: look for key, look in self.looks.items() if key in orders}

    def forget_pictures(self, scale: float) -> None:
        """Other pictures are in use now: another size of the display, whose scale is `scale`."""
        self.worn.clear()
        self.carried.clear()
        self.shadows.clear()
        self.crowd.forget_pictures(scale)

    def shadow(self, art: Art, height: float) -> Sprite:
        """The shadow for a gopher of a height. Bounded by the heights there are."""
        key = round(height * SHADOW)
        found = self.shadows.get(key)
        if found is None:
            found = self.shadows[key] = art.prop("shadow", key)
        return found

    def look(self, order: str) -> GopherLook:
        """The look of an order."""
        found = self.looks.get(order)
        if found is None:
            found = self.looks[order] = look_for(order)
        return found

    def figure(self, art: Art, order: str, pose: GopherPose, height: float) -> Sprite | None:
        """The order's gopher; its last picture, or None, where too many new ones are wanted in this frame."""
        worn = self.worn.get(order)
        if worn is not None and worn[0] is pose and worn[1] == height:
            return worn[2]
        look = self.look(order)
        sprite = art.made_gopher(look, pose, height)
        if sprite is None:
            if self.left <= 0:
                self.bare += worn is None
                return worn[2] if worn is not None else None
            self.left -= 1
            sprite = art.gopher(look, pose, height)
        self.worn[order] = pose, height, sprite
        return sprite

    def wears(self, order: str, pose: GopherPose, height: float) -> bool:
        """Whether the picture that `figure` gave is the one that was asked for."""
        worn = self.worn.get(order)
        return worn is not None and worn[0] is pose and worn[1] == height

    def carries(self, order: str, state: PizzaState, height: float) -> bool:
        """Whether the picture that `pizza` gave is the one that was asked for."""
        load = self.carried.get(order)
        return load is not None and load[0] is state and load[1] == height

    def pizza(
        self, art: Art, order: str, state: PizzaState, toppings: Sequence[str], height: float
    ) -> Sprite | None:
        """What the order carries, as `figure`; never the picture of another state."""
        before = self.carried.get(order)
        if before is not None and before[0] is not state:
            before = None
        if before is not None and before[1] == height:
            return before[2]
        sprite = art.made_pizza(state, toppings, height)
        if sprite is None:
            if self.left <= 0:
                return before[2] if before is not None else None
            self.left -= 1
            sprite = art.pizza(state, toppings, height)
        self.carried[order] = state, height, sprite
        return sprite
