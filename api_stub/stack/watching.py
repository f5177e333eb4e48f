"""Watches a stack that serves: what lives and does nothing is killed, and its keeper does the rest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from api_stub.fleet.frozen import PART_LOOK_EVERY_S, PART_STOPPED_S, FrozenWatch, stopped_of
from api_stub.fleet.processes import used_s
from api_stub.stack.child import Child
from api_stub.stack.health import StartHealth
from api_stub.stack.watchdog import (
    LOOK_EVERY_S,
    NO_FRAME_S,
    SIGNS_EVERY_S,
    FrameWatch,
    LoopWatch,
    Watchdog,
)


class Watching:
    """Three watches over the same children, each to be run for ever, and again where it fails.

    `ask` gets the API's word, in a thread, within so many seconds; `heard` is told each. `began` is what is
    known at first.
    """

    def __init__(
        self,
        children: Mapping[str, Child],
        ask: Callable[[float], StartHealth | None],
        heard: Callable[[StartHealth | None], None],
        say: Callable[[str], None],
        began: StartHealth | None,
    ) -> None:
        self._children, self._ask, self._heard, self._say = children, ask, heard, say
        self._health = began
        self._watchdog, self._frames, self._loop = Watchdog(), FrameWatch(), LoopWatch()

    async def answers(self) -> None:
        """Kill an API that does not answer, and a server of ours that it cannot reach."""
        while True:
            now = time.monotonic()
            pids = {name: child.pid for name, child in self._children.items()}
            for name in self._watchdog.hung(pids, self._health, now, self._loop.moves(now)):
                silent_s = now - self._watchdog.silences[name].since
                self._kill(name, f"has not served for {silent_s:.0f} s")
            await asyncio.sleep(LOOK_EVERY_S)
            self._health = await asyncio.to_thread(self._ask, LOOK_EVERY_S)
            self._heard(self._health)

    async def signs(self) -> None:
        """Kill what gives no sign of life, or one that it hangs."""
        while True:
            await asyncio.sleep(SIGNS_EVERY_S)
            now = time.monotonic()
            game, api = self._children.get("game"), self._children.get("api")
            if game is not None and self._frames.hangs(game.pid, bool(game.signs()), now):
                self._kill("game", f"has drawn nothing for {NO_FRAME_S:.0f} s")
            if api is not None and self._loop.hangs(api.pid, api.signs(), used_s(api.pid), now):
                self._kill("api", "lives, and its loop stands still")

    async def stopped(self) -> None:
        """Kill what stays stopped (SIGSTOP), waiting for nobody's answer."""
        frozen = FrozenWatch(PART_STOPPED_S)
        while True:
            await asyncio.sleep(PART_LOOK_EVERY_S)
            known = {child.pid: name for name, child in self._children.items() if child.pid is not None}
            stopped = await asyncio.to_thread(stopped_of, known)
            for pid in frozen.overdue(stopped, time.monotonic()):
                if self._children[known[pid]].pid == pid:
                    self._kill(known[pid], f"was stopped for {PART_STOPPED_S:.0f} s")

    def _kill(self, name: str, why: str) -> None:
        self._say(f"{name} {why}; it is killed")
        self._children[name].kill()
