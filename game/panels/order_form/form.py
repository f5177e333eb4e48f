"""The order form: crust, cheese, toppings, a name, and the gopher that this order will be.

By mouse alone or by keyboard alone, by a finger or a gamepad with the keyboard on the screen. Letters typed
anywhere go to the name; the line at the bottom says so. While an input method composes, every key is the
input method's.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from api_stub.schema import Menu
from game.accessibility import PLAIN, Access
from game.actions import PlaceOrder
from game.drawing.art import Art
from game.drawing.view import View
from game.geometry import Box
from game.inputs import Composing, Device, Input, KeyPress, KeyRelease, PointerPress, TextTyped
from game.panels.order_form.choice import Choice, orderable
from game.panels.order_form.drawing import FormState, cursor_box, draw_form
from game.panels.order_form.layout import (
    CANCEL,
    ORDER,
    SURPRISE,
    layout_for,
    measures_for,
    neighbour,
    next_group,
    pressable,
)
from game.panels.order_form.screen_keyboard import instead_of, is_screen_key, press_screen_key
from game.panels.panel import Close, Outcome, Panel, Stay
from game.panels.widgets import Hit, Sheet, hit_at, press_at
from game.simulation.appearance import look_for

DEAF_SECONDS = 0.12
DEAF_FRAMES = 2
"""How long typed text without a key of its own is not taken: the "n" that opened the form comes late."""
HINT_SECONDS = 3.0
ENDED_BY_ESC_S = 0.5
"""After so long without a word of the input method's, the Esc that was pressed has ended its composition:
some only forget it, and every key would be taken for theirs from then on."""
ENDING_KEYS = frozenset(("return", "escape", "space", "tab", "backspace", "delete"))
"""Keys that end a composition: Backspace in taking away the last of it."""


class OrderForm(Panel):
    """Modal. Enter orders from anywhere but Cancel, Esc cancels."""

    modal = True

    def __init__(
        self,
        menu: Menu,
        next_id: Callable[[], str],
        *,
        art: Art | None,
        dice: random.Random | None = None,
        device: Device = Device.KEYBOARD,
        kiosk: bool = False,
    ) -> None:
        """`next_id` is asked once, now: the gopher shown is the one that will come. `device` was used last.
        In a `kiosk` a mouse may be all there is.
        """
        self._device = device
        self._keyless = {Device.TOUCH, Device.GAMEPAD, *([Device.MOUSE] if kiosk else [])}
        self._screen_keys = False
        """Whether there is a keyboard on the screen."""
        self.order_id = next_id()
        self._look = look_for(self.order_id)
        self.art = art
        self._dice = dice or random.Random()
        self.choice = Choice(orderable(menu))
        self._access = PLAIN
        self._layout = layout_for(self.choice.menu)
        self._focus: tuple[str, int] = ("crust", 0)
        self._sheet = Sheet()
        self._frames = 0
        self._hint_age = 0.0
        self._heard_key: bool | None = None
        self._composing = Composing("")
        self._just_composed = False
        """Whether a composition has ended since the last frame: an Enter that comes now has ended it."""
        self._esc_age: float | None = None
        """Seconds since Esc was pressed in a composition that has not changed since; None: it was not."""

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The boxes that can be pressed now."""
        return self._hits()

    def _hits(self, least: float = 0.0) -> tuple[Hit, ...]:
        found = pressable(self._layout, self.choice, least)
        return instead_of(found, self._layout.measures) if self._screen_keys else found

    def target(self, item: PointerPress) -> Hit | None:
        """What a press on its sheet lands on; a finger's on what is near enough."""
        return press_at(self._hits(item.least), item)

    @property
    def focus(self) -> tuple[str, int]:
        """Group and index of what the keyboard works on."""
        return self._focus

    @property
    def composing(self) -> str:
        """What an input method is working on, shown at the cursor; it is no part of the name yet."""
        return self._composing.text

    @property
    def text_box(self) -> Box:
        """Where text goes that is typed next, in logical pixels: an input method shows its words there."""
        return cursor_box(self._layout.measures, self.choice, self._composing, self._access)

    def sheet_for(self, access: Access) -> Box:
        """Where its paper lies on the canvas, logical pixels."""
        return measures_for(access).frame

    @property
    def wide(self) -> bool:
        """Whether its sheet is about as wide as the canvas: its text is large where that is small."""
        return True

    def handle(self, item: Input) -> Outcome:
        """Take one input."""
        self._sheet.follow(item)
        if isinstance(item, PointerPress | KeyPress):
            self._device = item.device
        if isinstance(item, PointerPress):
            self._heard_key = True
            return self._press(item)
        if isinstance(item, KeyPress):
            # A key that repeats without having gone down here is the one that opened the form.
            self._heard_key = bool(self._heard_key) if item.repeat else True
            return self._pressed(item)
        if isinstance(item, KeyRelease):
            self._heard_key = True
        elif isinstance(item, Composing):
            self._compose(item)
        elif isinstance(item, TextTyped):
            self._end_composing()
            self._type(item.text)
        return Stay()

    def _compose(self, item: Composing) -> None:
        if not item.text:
            self._end_composing()
            return
        self._composing, self._focus, self._heard_key = item, ("name", 0), True
        self._esc_age = None

    def _end_composing(self) -> None:
        self._just_composed = self._just_composed or bool(self._composing.text)
        self._composing, self._esc_age = Composing(""), None

    def _type(self, text: str) -> None:
        if self._takes_text(text):
            self._screen_keys = False
            self._focus = ("name", 0)
            self.choice.type(text)
            self._hint_age = 0.0

    def _pressed(self, item: KeyPress) -> Outcome:
        if item.device is Device.KEYBOARD:
            if self._composing.text:
                # It picks among words, or ends the composition.
                if item.key == "escape" and self._esc_age is None:
                    self._esc_age = 0.0
                return Stay()
            if self._just_composed and item.key in ENDING_KEYS:
                # Of some systems it comes after the text that it has ended.
                self._just_composed = False
                return Stay()
        if item.typed and not item.repeat:
            # It was pressed before text input was on: in the same frame as the key that opened the form.
            self._type(item.typed)
        return self._key(item)

    def _takes_text(self, text: str) -> bool:
        if self._heard_key is None:
            if self._frames < DEAF_FRAMES or self._sheet.age < DEAF_SECONDS:
                return False
        elif not self._heard_key:
            return False
        # Space picks and presses; it is a character only within a name.
        return self._focus[0] == "name" or bool(text.strip())

    def _key(self, item: KeyPress) -> Outcome:
        key, (group, index) = item.key, self._focus
        if item.alt or item.meta:
            # The system's; and what AltGr types comes as text.
            return Stay()
        if item.ctrl:
            if key == "r" and not item.repeat:
                self.choice.surprise(self._dice)
            return Stay()
        if key == "escape" and not item.repeat:
            shown, self._screen_keys = self._screen_keys, False
            return Stay() if shown else Close()
        if key == "return" and not item.repeat:
            return Close() if self._focus == ("buttons", CANCEL) else self._order()
        if key == "tab":
            self._focus = self._entry(next_group(group, -1 if item.shift else 1))
        elif group == "name" and self.choice.edit(key):
            pass
        elif key in ("left", "right", "up", "down"):
            self._focus = neighbour(self._layout, self._focus, key)
        elif key == "space" and group != "name":
            return self._pick(group, index)
        elif key in ("backspace", "delete") and group == "toppings":
            self.choice.remove(self.choice.menu.toppings[index])
        return Stay()

    def _entry(self, group: str) -> tuple[str, int]:
        """What has the focus first in a group: of the radio chips, the picked one."""
        first = {"crust": self.choice.crust, "cheese": self.choice.cheese, "buttons": ORDER}
        if group == "toppings" and not self.choice.menu.toppings:
            return self._entry("name")
        return group, first.get(group, 0)

    def _press(self, item: PointerPress) -> Outcome:
        hit = self.target(item)
        if self._screen_keys and hit is not None and is_screen_key(hit):
            self._focus, self._hint_age = ("name", 0), 0.0
            self._screen_keys = press_screen_key(hit, self.choice)
            return Stay()
        # Who has no other keyboard gets one with the name; whatever else is pressed takes it away.
        self._screen_keys = hit is not None and hit.group == "name" and item.device in self._keyless
        if hit is None:
            return Stay()
        if hit.spot == ("buttons", ORDER) and self._composing.text:
            # The form goes, and the input method with it: what is shown of the name is meant.
            self.choice.type(self._composing.text)
        self._focus = ("toppings", hit.index) if hit.group == "fewer" else hit.spot
        return self._pick(*hit.spot)

    def _pick(self, group: str, index: int) -> Outcome:
        choice = self.choice
        self._hint_age = 0.0
        if group == "crust":
            choice.crust, choice.hint = index, ""
        elif group == "cheese":
            choice.cheese, choice.hint = index, ""
        elif group == "toppings":
            choice.add(choice.menu.toppings[index])
        elif group == "fewer":
            choice.remove(choice.menu.toppings[index])
        elif (group, index) == ("buttons", SURPRISE):
            choice.surprise(self._dice)
        elif (group, index) == ("buttons", CANCEL):
            return Close()
        elif (group, index) == ("buttons", ORDER):
            return self._order()
        return Stay()

    def _order(self) -> Outcome:
        return Close((PlaceOrder(self.choice.request(self.order_id)),))

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        self._sheet.update(dt)
        self._just_composed = False
        self._frames += 1
        self._hint_age += dt
        if self._esc_age is not None:
            self._esc_age += dt
            if self._esc_age >= ENDED_BY_ESC_S:
                self._composing, self._esc_age = Composing(""), None
        if self._hint_age > HINT_SECONDS:
            self.choice.hint = ""

    def _lay_out(self, access: Access) -> None:
        """Have the boxes where they are to be drawn; they are pressed there until it is drawn otherwise."""
        if access != self._access:
            self._access, self._layout = access, layout_for(self.choice.menu, access)

    def draw(self, view: View) -> None:
        """Draw in logical pixels. Of the form only the boxes can change, with how people want it shown."""
        self._lay_out(view.access)
        hits = self.hits
        shown = FormState(
            self.order_id,
            self._look,
            self.choice,
            self._layout,
            self._focus,
            hit_at(hits, *self._sheet.pointer),
            self._sheet.age,
            self._sheet.arrived,
            self._composing,
            self._device,
            hits if self._screen_keys else (),
        )
        draw_form(view, self.art, shown)
