"""What breaks at a booth that nobody looks after, beside the faults of `faults.py`: hung and frozen parts,
two at once, strangers on our ports, a state directory that takes nothing, a damaged database."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import shutil
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.faults import Mend, Scene, frozen, nothing
from tests.bench.wrong_clock import WrongClock

HANG = """
import signal

def hang(number, frame):
    while True:
        pass

signal.signal(signal.SIGUSR1, hang)
"""
"""A `sitecustomize` for the stack under test: the main thread of whoever gets SIGUSR1 runs in a circle."""
NOISE = random.Random(18).randbytes(9 * 1024)
WITHOUT_RIGHTS = ("--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all")
"""Root may write where nobody may; a stack that is to meet a read-only directory runs without that."""
HOUR_S = 3600
TAKEN_S = 3.0
"""A stranger tries to have a port for so long."""


@dataclass
class KioskScene(Scene):
    """A kiosk, and which processes must be gone before it counts as mended."""

    doomed: list[int] = field(default_factory=list)
    rights_dropped: bool = False
    """Whether a directory's mode means something to the stack."""
    clock: WrongClock | None = None
    """The stack's wall clock; None: it is the machine's."""

    def one(self, name: str) -> int:
        """The pid of a part; 0 while it has none."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            return self.stack.pids()[name]
        return 0


def without_rights() -> list[str]:
    """The beginning of a command that gives up root's right to write everywhere; empty where it is not there,
    or not needed."""
    program = shutil.which("setpriv")
    return [program, *WITHOUT_RIGHTS] if program and os.geteuid() == 0 else []


def for_good(name: str) -> Callable[[KioskScene], None]:
    """A fault: this part is stopped, and nobody wakes it."""

    def fault(scene: KioskScene) -> None:
        if pid := scene.one(name):
            scene.doomed.append(pid)
            scene.send(pid, signal.SIGSTOP)

    return fault


def kill_the_stack(scene: KioskScene) -> None:
    """SIGKILL to who starts all the others."""
    if pid := scene.one("stack"):
        scene.doomed.append(pid)
        scene.send(pid, signal.SIGKILL)


def hang_the_game(scene: KioskScene) -> None:
    """The game's main thread runs in a circle: it lives, and draws nothing."""
    if pid := scene.one("game"):
        scene.doomed.append(pid)
        scene.send(pid, signal.SIGUSR1)


def the_third_crash_of_the_day(scene: KioskScene) -> None:
    """The game crashes, and twice more as soon as it is there again."""
    for _ in range(3):
        pid = scene.one("game")
        scene.kill("game")
        until = time.monotonic() + 10
        while scene.one("game") in (0, pid) and time.monotonic() < until:
            time.sleep(0.05)


def freeze_a_cook_for_good(scene: KioskScene) -> None:
    """One worker is stopped, and nobody wakes it."""
    if cooks := scene.cooks():
        pid = scene.dice.choice(cooks)
        scene.doomed.append(pid)
        scene.send(pid, signal.SIGSTOP)


def two_at_once(scene: KioskScene) -> Mend:
    """Two parts of four, each killed or frozen for a while."""
    pairs = list(itertools.combinations(("game", "api", "temporal", "a cook"), 2))
    mends = []
    for name in scene.dice.choice(pairs):
        cooks = scene.cooks() if name == "a cook" else []
        pid = scene.dice.choice(cooks) if cooks else scene.one(name)
        if not pid:
            continue
        if scene.dice.random() < 0.5:
            scene.send(pid, signal.SIGKILL)
        else:
            mends.append(frozen(pid))

    def mend() -> None:
        for each in mends:
            each()

    return mend


def a_stranger_on_the_port(which: int, name: str) -> Callable[[KioskScene], Mend]:
    """A fault: this part dies, and somebody else takes a port (`which` of the stack's) before it is back."""

    def fault(scene: KioskScene) -> Mend:
        scene.kill(name)
        stranger = socket.socket()
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        until = time.monotonic() + TAKEN_S
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                stranger.bind(("127.0.0.1", scene.stack.ports[which]))
                stranger.listen()
                return stranger.close
            time.sleep(0.002)
        stranger.close()
        return nothing

    return fault


def make_the_state_directory_read_only(scene: KioskScene) -> Mend:
    """Nothing can be made, renamed or removed in the state directory, and the API must start there."""
    if not scene.rights_dropped:
        return nothing
    directories = [scene.stack.state, *(each for each in scene.stack.state.rglob("*") if each.is_dir())]
    modes = [(each, each.stat().st_mode & 0o777) for each in directories]
    for each, _ in modes:
        each.chmod(0o555)
    scene.kill("api")

    def mend() -> None:
        for each, mode in modes:
            with contextlib.suppress(FileNotFoundError):
                each.chmod(mode)

    return mend


def set_the_clock_off(scene: KioskScene) -> Mend:
    """The wall clock is an hour off, either way, for everybody but Temporal; the API may start like that."""
    clock = scene.clock
    if clock is None:
        return nothing
    clock.set_by(scene.dice.choice((-HOUR_S, HOUR_S)))
    if scene.dice.random() < 0.5:
        scene.kill("api")
    return lambda: clock.set_by(0)


def damage_the_database(scene: KioskScene) -> None:
    """The database is 9 KB of noise: it is set aside, and a new one begun. What was open in it is lost, and
    told; so this one comes last, when nothing is."""
    database, pid = scene.stack.state / "temporal.db", scene.one("temporal")
    if api := scene.one("api"):
        scene.doomed.append(api)
    scene.send(pid, signal.SIGSTOP)
    for ending in ("-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
    database.write_bytes(NOISE)
    scene.send(pid, signal.SIGKILL)


def write_hang(directory: Path) -> None:
    """Put the `sitecustomize` there; PYTHONPATH is to name the directory."""
    (directory / "sitecustomize.py").write_text(HANG, encoding="utf-8")


KioskFault = Callable[[KioskScene], Mend | None]
WATCHDOG_FAULTS: dict[str, KioskFault] = {
    "freeze_the_game_for_good": for_good("game"),
    "freeze_the_api_for_good": for_good("api"),
    "freeze_temporal_for_good": for_good("temporal"),
    "freeze_a_cook_for_good": freeze_a_cook_for_good,
    "freeze_the_stack_for_good": for_good("stack"),
    "kill_the_stack": kill_the_stack,
    "hang_the_game": hang_the_game,
    "the_third_crash_of_the_day": the_third_crash_of_the_day,
    "two_at_once": two_at_once,
    "a_stranger_on_the_apis_port": a_stranger_on_the_port(0, "api"),
    "a_stranger_on_temporals_port": a_stranger_on_the_port(1, "temporal"),
    "a_stranger_on_the_web_uis_port": a_stranger_on_the_port(2, "temporal"),
    "make_the_state_directory_read_only": make_the_state_directory_read_only,
    "set_the_clock_off": set_the_clock_off,
}
NOTICED_S = {
    name: 12.0 if name in ("hang_the_game", "freeze_a_cook_for_good") else 7.0
    for name in WATCHDOG_FAULTS
    if name.startswith(("freeze_", "hang_"))
}
"""So long may it take until a part that lives and does nothing is noticed: its cause is not gone before."""
