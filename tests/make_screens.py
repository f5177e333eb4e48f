"""The README's pictures, from real stacks: `python -m tests.make_screens [NAME …]` writes assets/screens/.

Each picture is a frame of the game itself, at a moment that is waited for and not made up: real orders, real
worker processes, a real SIGKILL. It takes about ten minutes and needs ImageMagick for the small palettes.
The one of Pods needs a Kubernetes API server, as the tests do (tests/kube/cluster.py); else it is left out.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import combinations
from pathlib import Path

os.environ["SDL_VIDEODRIVER"] = "dummy"
os.environ["SDL_AUDIODRIVER"] = "dummy"

import pygame

from api_stub.schema import OrderRequest
from game.actions import PlaceOrder
from game.app import App, GameOptions
from game.desktop.window import Window
from game.drawing.text import Pen
from game.drawing.view import View
from game.network.network import Network
from game.network.records_polling import RecordsThread
from game.simulation.actors import CookPhase, Gopher, Mood
from game.simulation.model import Model
from game.theme import CREAM, INK, NIGHT, SIZE_TITLE, Colour
from tests.kube import cluster
from tests.kube.kitchen import pod_kitchen
from tests.running import ROOT, RunningStack, as_yaml, running_stack

log = logging.getLogger("screens")

SCREENS = ROOT / "assets" / "screens"
WIDE, STRIP_WIDE = 1280, 1600
NAMES = ("Ada", "Grace", "Linus", "Margaret", "Ken", "Barbara", "Dennis", "Radia", "Rob", "Frances")
PIZZAS = (["pepperoni", "olives"], ["mushroom", "basil"], ["ham", "pineapple"], ["chili", "onion", "peppers"])
KILLS = 8
"""So many cooks are killed at most for a picture of a crowd."""
KEYS = {"tab": (pygame.K_TAB, 43)}
"""pygame's code of a key, and its place on the keyboard."""


class Booth:
    """The game's own frames, one after the other, in this process, without a display."""

    def __init__(self, stack: RunningStack) -> None:
        self.stack = stack
        self.window = Window((1920, 1080))
        self.net = Network(stack.api_url, True)
        self.watch = RecordsThread(stack.api_url, self.net.put)
        options = GameOptions(api=stack.api_url, everything=True)
        self.app = App(options, self.window, self.net, self.watch, lambda: False, time.monotonic())
        self.last = time.monotonic()
        self.net.start()
        self.watch.start()

    @property
    def model(self) -> Model:
        """What the window shows."""
        return self.app.model

    def close(self) -> None:
        """End the threads and the window."""
        self.net.stop()
        self.watch.stop()
        self.app.loudspeaker.stop()
        pygame.quit()

    def frame(self) -> None:
        """One frame at the game's own pace."""
        now = time.monotonic()
        self.app.frame(now - self.last)
        self.last = now
        time.sleep(max(0.0, now + 1 / 60 - time.monotonic()))

    def until(self, moment: Callable[[], object], limit_s: float = 60.0) -> None:
        """Play until that moment. Raises TimeoutError where it does not come."""
        deadline = time.monotonic() + limit_s
        while not moment():
            if time.monotonic() > deadline:
                raise TimeoutError("the moment for a picture did not come")
            self.frame()

    def play(self, seconds: float) -> None:
        """Play for so long."""
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= end, seconds + 30.0)

    def picture(self) -> pygame.Surface:
        """The frame as it is now."""
        return self.window.screen.copy()

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        code, place = KEYS[key]
        for kind in (pygame.KEYDOWN, pygame.KEYUP):
            pygame.event.post(pygame.event.Event(kind, key=code, scancode=place, mod=0, unicode=""))

    def click(self, gopher: Gopher) -> None:
        """Click a gopher, which opens its card, and take the pointer away."""
        at = round(gopher.body.x), round(gopher.body.y - gopher.lift - gopher.height * 0.5)
        for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
            pygame.event.post(pygame.event.Event(kind, pos=at, button=1, touch=False))

    def order(self, number: int, name: str | None = None) -> str:
        """Order a pizza as the form does: it is this window's own."""
        order_id = f"manual-5c4ee2-{number}"
        request = OrderRequest(id=order_id, customer=name, toppings=PIZZAS[number % len(PIZZAS)])
        self.net.send(PlaceOrder(request))
        return order_id

    def gopher(self, order_id: str) -> Gopher | None:
        """The order's gopher, if it is on screen."""
        return self.model.gophers.get(order_id)

    def kill(self, slot: int) -> None:
        """SIGKILL to the process in a slot."""
        self.stack.client.delete(f"/fleet/workers/{slot}").raise_for_status()


@contextmanager
def booth(name: str, config: Path | str) -> Iterator[Booth]:
    """A real stack with a window on it, both gone afterwards."""
    state = Path(tempfile.gettempdir()) / f"gopherpizza-screens-{name}"
    with running_stack(state, config, "--no-game", "--fresh") as stack, booth_on(stack) as made:
        yield made


@contextmanager
def booth_on(stack: RunningStack) -> Iterator[Booth]:
    """A window on a stack, gone afterwards."""
    made = Booth(stack)
    try:
        made.until(lambda: made.app.renderer.ready and made.model.cooks, 240.0)
        yield made
    finally:
        made.close()


def written(directory: Path, name: str, slots: int, stages: dict[str, list[float]], **more: object) -> Path:
    """A checkpoint of our own: so many cooks, and how long each stage takes."""
    file = directory / f"{name}.yaml"
    content = {
        "checkpoint": name,
        "title": str(more.pop("title", "Try to lose a pizza")),
        "fleet": {"slots": slots, "start": slots, **more.pop("fleet", {})},  # type: ignore[dict-item]
        "activities": {stage: {"duration_s": seconds} for stage, seconds in stages.items()},
        **more,
    }
    file.write_text(as_yaml(content))
    return file


def keep(picture: pygame.Surface, name: str, wide: int = WIDE) -> None:
    """Write a picture, scaled down to `wide` pixels, with a palette."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    high = round(picture.get_height() * wide / picture.get_width())
    small = pygame.transform.smoothscale(picture, (wide, high))
    file = SCREENS / f"{name}.png"
    pygame.image.save(small, file)
    # A little dithering: none makes bands of the sky, all of it grain on the drawings.
    dither = ["-dither", "FloydSteinberg", "-define", "dither:diffusion-amount=30%"]
    palette = [*dither, "-colors", "255", "-define", "png:compression-level=9"]
    subprocess.run(["convert", str(file), "-strip", *palette, f"PNG8:{file}"], check=True, timeout=60)
    log.info("%s: %d KB", file.name, file.stat().st_size // 1024)


# The pictures


def kitchen(directory: Path) -> None:
    """About ten orders, cooks at work, one of them just taking over."""
    stages = {"prepare": [6.0, 10.0], "bake": [7.0, 12.0], "deliver": [6.0, 10.0]}
    with booth("kitchen", written(directory, "1", 4, stages, title="Kill a cook")) as it:
        for n, name in enumerate(NAMES):
            # One was ordered at this window; the others came in elsewhere.
            if n == 4:
                it.order(n, name)
            else:
                it.stack.order(f"manual-5c4ee2-{n}", customer=name, toppings=PIZZAS[n % len(PIZZAS)])
            it.play(1.6)
        it.play(3.0)
        # One at an edge: who waits beside it does not stand before the others.
        busy = max((it.model.cooks[1], it.model.cooks[4]), key=lambda cook: len(cook.holding))
        it.kill(busy.slot)
        it.until(lambda: busy.phase is CookPhase.GHOST)

        def apart() -> bool:
            """Whether nobody on the floor stands in anybody's way."""
            feet = [(g.body.x, g.body.y) for g in it.model.gophers.values() if g.hop is None]
            return all(abs(x - u) > 70 or abs(y - v) > 40 for (x, y), (u, v) in combinations(feet, 2))

        def hopping() -> bool:
            return any(g.hop and 0.3 < g.hop.arc.flight < 0.75 for g in it.model.gophers.values())

        it.until(lambda: hopping() and apart())
        keep(it.picture(), "kitchen")


def strip(pictures: list[tuple[str, pygame.Surface]], box: pygame.Rect) -> pygame.Surface:
    """The same part of each picture, side by side, each with its words under it."""
    gap, foot = 12, 92
    count = len(pictures)
    made = pygame.Surface((count * box.w + (count - 1) * gap, box.h + foot))
    made.fill(NIGHT)
    view = View(made)
    # Text in pixels of the pictures, which have the canvas's own size.
    view.scale = 1.0
    for n, (words, picture) in enumerate(pictures):
        x = n * (box.w + gap)
        made.blit(picture, (x, 0), box)
        middle = x + box.w / 2, box.h + foot / 2
        colour: Colour = CREAM
        Pen(view).write(words, *middle, SIZE_TITLE, colour, face="display", anchor="center")
        pygame.draw.rect(made, INK, (x + box.w, 0, gap, box.h))
    return made


def kill(directory: Path) -> None:
    """A kill and its takeover in six frames, and the card of the order that it was about."""
    stages = {"prepare": [3.0, 4.0], "bake": [12.0, 14.0], "deliver": [5.0, 6.0]}
    with booth("kill", written(directory, "1-pair", 2, stages, title="Two cooks, kill the busy one")) as it:
        order_id = it.order(1, "Ada")
        it.until(lambda: (g := it.gopher(order_id)) and g.order.status == "ORDER_BAKING" and g.order.worker)
        gopher = it.model.gophers[order_id]
        it.until(lambda: gopher.mood is Mood.WORKED)
        it.play(1.0)
        slot = next(cook.slot for cook in it.model.cooks.values() if cook.holding)
        cook = it.model.cooks[slot]
        found = [("before", it.picture())]
        it.kill(slot)
        it.until(lambda: not cook.living)

        def note(words: str = "") -> None:
            found.append((words or f"+{it.model.time.wall - cook.died_at:.1f} s", it.picture()))

        it.play(0.12)
        note()
        it.until(lambda: cook.phase is CookPhase.GHOST and cook.age > 0.4)
        note()
        it.until(lambda: gopher.hop is not None and gopher.hop.arc.flight > 0.45)
        note()
        it.until(lambda: gopher.hop is not None and gopher.hop.arc.done)
        it.play(0.25)
        note()
        it.until(lambda: gopher.mood is Mood.WORKED)
        it.play(0.7)
        note()
        keep(strip(found, pygame.Rect(650, 372, 620, 640)), "kill", STRIP_WIDE)
        it.until(lambda: gopher.order.status == "ORDER_OUT_FOR_DELIVERY" and gopher.mood is Mood.WORKED)
        it.play(2.0)
        it.click(gopher)
        it.play(1.5)
        keep(it.picture(), "card")


def crowd(name: str, config: Path, open_orders: int, flying: int) -> None:
    """So many orders on their way, some of them just hopping away from a cook that was killed."""
    with booth(name, config) as it:
        it.until(lambda: it.model.outcomes.delivered >= open_orders / 4, 400.0)
        it.order(7, "Ada")
        it.until(lambda: it.model.open_orders >= open_orders, 200.0)
        it.until(lambda: (g := it.gopher("manual-5c4ee2-7")) and g.mood is Mood.WORKED, 60.0)

        def over_the_floor() -> int:
            return sum(g.hop is not None and 0.25 < g.hop.arc.flight < 0.8 for g in it.model.gophers.values())

        for _ in range(KILLS):
            busy = max(it.model.cooks.values(), key=lambda cook: len(cook.holding))
            it.kill(busy.slot)
            try:
                it.until(lambda: over_the_floor() >= flying, 12.0)
            except TimeoutError:
                # Its orders went one by one; the next cook's may go together.
                continue
            return keep(it.picture(), name)
        raise TimeoutError(f"{flying} orders were never in the air at once")


def crowd_100(directory: Path) -> None:
    """A hundred orders: checkpoint 3 at twice its length."""
    stages = {"prepare": [3.0, 9.0], "bake": [6.0, 16.0], "deliver": [4.0, 12.0]}
    config = written(
        directory, "3", 12, stages, title="The stream",
        fleet={"concurrency": 12, "respawn_after_s": [3, 4]},
        timeouts={"heartbeat_s": 2, "start_to_close_s": 30},
        stream={"enabled": True, "every_s": [1.0, 1.0], "burst": 4, "max_open": 500},
    )  # fmt: skip
    crowd("crowd-100", config, 100, 3)


def crowd_500(directory: Path) -> None:
    """Five hundred: pizzas that take two minutes, and cooks with fifty paws."""
    stages = {"prepare": [20.0, 60.0], "bake": [30.0, 90.0], "deliver": [30.0, 90.0]}
    config = written(
        directory, "3", 12, stages, title="The stream",
        fleet={"concurrency": 60, "respawn_after_s": [12, 14]},
        timeouts={"heartbeat_s": 5, "start_to_close_s": 120},
        stream={"enabled": True, "every_s": [1.0, 1.0], "burst": 4, "max_open": 600},
    )  # fmt: skip
    crowd("crowd-500", config, 500, 4)


def stats(directory: Path) -> None:
    """The figures of checkpoint 3, after a minute in which two cooks were killed."""
    with booth("stats", "3") as it:
        it.play(20.0)
        it.kill(3)
        it.play(15.0)
        it.kill(7)
        it.until(lambda: it.model.outcomes.delivered > 40, 120.0)
        it.play(10.0)
        it.press("tab")
        it.play(2.5)
        keep(it.picture(), "stats")


def bug(directory: Path) -> None:
    """Checkpoint 1a: orders that hang on the bug, and the code that is to be fixed."""
    with booth("bug", "1a") as it:
        for n in range(3):
            it.stack.order(f"auto-5c4ee2-{n}", toppings=[] if n else ["basil"])
            it.play(1.0)
        it.order(9, "Ada")
        it.until(lambda: it.model.notices.stuck, 40.0)
        # The slip comes by itself when orders begin to hang.
        it.play(6.0)
        keep(it.picture(), "bug")


def pods(directory: Path) -> None:
    """Checkpoint 3 in Pods: one was killed, a new one takes its place, some of its orders are elsewhere."""
    found = cluster.find()
    if isinstance(found, str):
        log.warning("pods is left out: %s", found)
        return
    way, path = found
    home, kitchen_home = directory / "kube", directory / "pods"
    home.mkdir()
    kitchen_home.mkdir()
    with (
        cluster.shared(path, directory / "server") if way == "program" else nullcontext(path) as admin,
        cluster.fresh_namespace(admin, home) as where,
        pod_kitchen(where, kitchen_home, of="3-kubernetes", replicas=4, slots=6) as kitchen,
        booth_on(kitchen.stack) as it,
    ):
        it.until(lambda: it.model.outcomes.delivered >= 10, 120.0)
        it.until(lambda: any(len(cook.holding) >= 3 for cook in it.model.cooks.values()), 60.0)
        busy = max(it.model.cooks.values(), key=lambda cook: len(cook.holding))
        victim = busy.worker.id if busy.worker else None
        it.kill(busy.slot)

        def replaced() -> bool:
            """Whether another Pod is in its place, and some of its orders are with others."""
            worker = it.model.cooks[busy.slot].worker
            new = worker is not None and worker.id != victim and worker.state in ("starting", "ready")
            told = [one for one in kitchen.stack.client.get("/receipts").json() if one["worker"] == victim]
            return new and any(order["to"] for one in told for order in one["orders"])

        it.until(replaced, 60.0)
        it.play(0.7)
        keep(it.picture(), "pods")


ALL: dict[str, Callable[[Path], None]] = {
    "kitchen": kitchen,
    "kill": kill,
    "crowd-100": crowd_100,
    "crowd-500": crowd_500,
    "stats": stats,
    "bug": bug,
    "pods": pods,
}


def main(names: list[str]) -> None:
    """Make these pictures; all of them where none is named."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for noisy in ("httpx", "game"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    unknown = [name for name in names if name not in ALL]
    if unknown:
        raise SystemExit(f"there is no picture {', '.join(unknown)}; there are {', '.join(ALL)}")
    with tempfile.TemporaryDirectory() as directory:
        for name in names or list(ALL):
            ALL[name](Path(directory))


if __name__ == "__main__":
    main(sys.argv[1:])
