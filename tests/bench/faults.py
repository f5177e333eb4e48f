"""What the chaos run breaks: one function a fault. Each breaks something and gives back how to mend it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from temporalio.client import Client

from tests.running import RunningStack, eventually
from worker.shared import TASK_QUEUE, WORKFLOW_TYPE

FIXED = """
from worker.shared import Placement

def spread(toppings):
    return [Placement(word, 360 * n / len(toppings)) for n, word in enumerate(toppings)]
"""
"""The bug of checkpoint 1a, fixed."""

EDITS = {
    "a-long-line": "print('x' * 300_000)",
    "endless-output": "while True: print('y' * 1000)",
    "endless-empty-output": "while True: print(end='')",
    "a-grandchild": "import subprocess; subprocess.Popen(['sleep', '77'])",
    "closed-output": "import os; os.close(1); os.close(2)",
    "sudden-exit": "import os; os._exit(3)",
    "an-endless-thread": "import threading, time; threading.Thread(target=time.sleep, args=(77,)).start()",
}
"""What a visitor may write into the code of checkpoint 1a, by name; each runs at every call."""

Mend = Callable[[], None]


@dataclass
class Scene:
    """A running stack, and what the faults need to know of it."""

    stack: RunningStack
    config: Path
    program: Path
    """The script that runs Temporal; without it, Temporal cannot be started."""
    temporary: Path
    """The TMPDIR of the stack."""
    disk: bool
    """Whether the state directory is on a disk of its own, which may be filled."""
    dice: random.Random = field(default_factory=lambda: random.Random(2022))

    def kill(self, *names: str) -> None:
        """SIGKILL to parts of the stack, by name."""
        pids = self.stack.pids()
        for name in names:
            if name in pids:
                self.send(pids[name], signal.SIGKILL)

    @staticmethod
    def send(pid: int, number: int) -> None:
        """A signal to a process that may be gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    def cooks(self) -> list[int]:
        """The pids of all living workers, as far as the API tells."""
        with contextlib.suppress(httpx.HTTPError):
            return [worker["pid"] for worker in self.stack.workers() if worker["pid"]]
        return []


Fault = Callable[[Scene], Mend | None]


def nothing() -> None:
    """Nothing is to be mended."""


def kill_temporal(scene: Scene) -> None:
    """SIGKILL to the server."""
    scene.kill("temporal")


def kill_api(scene: Scene) -> None:
    """SIGKILL to the API: all cooks end with it."""
    scene.kill("api")


def kill_game(scene: Scene) -> None:
    """SIGKILL to the game."""
    scene.kill("game")


def kill_everything_at_once(scene: Scene) -> None:
    """SIGKILL to the game, the API and the server."""
    scene.kill("game", "api", "temporal")


def kill_a_cook(scene: Scene) -> None:
    """SIGKILL to one worker."""
    pids = scene.cooks()
    if pids:
        scene.send(scene.dice.choice(pids), signal.SIGKILL)


def kill_the_fork_server(scene: Scene) -> None:
    """SIGKILL to whatever makes the workers: a child of the API that is none of them."""
    cooks = scene.cooks()
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(scene.stack.pids()["api"]).children():
            if child.pid not in cooks:
                scene.send(child.pid, signal.SIGKILL)


def frozen(*pids: int) -> Mend:
    """These processes stand still until mended."""
    for pid in pids:
        Scene.send(pid, signal.SIGSTOP)

    def thaw() -> None:
        for pid in pids:
            Scene.send(pid, signal.SIGCONT)

    return thaw


def freeze_the_api(scene: Scene) -> Mend:
    """The API stands still for a while."""
    return frozen(scene.stack.pids()["api"])


def freeze_temporal(scene: Scene) -> Mend:
    """The server stands still for a while."""
    return frozen(scene.stack.pids()["temporal"])


def freeze_a_cook(scene: Scene) -> Mend:
    """One worker stands still for a while: its orders are taken over."""
    pids = scene.cooks()
    return frozen(scene.dice.choice(pids)) if pids else nothing


def take_temporals_program_away(scene: Scene) -> Mend:
    """The server dies, and its program is not there."""
    away = scene.program.with_name("away")
    scene.program.rename(away)
    scene.kill("temporal")

    def mend() -> None:
        away.rename(scene.program)

    return mend


def fill_the_disk(scene: Scene) -> Mend:
    """Not a byte can be written to the state directory."""
    if not scene.disk:
        return nothing
    filler = scene.stack.state / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(65536))

    def mend() -> None:
        filler.unlink()

    return mend


def put_directories_in_the_way(scene: Scene) -> Mend:
    """Small files of the state directory cannot be written, and the API must start without them."""
    there = [scene.stack.state / name for name in ("stack.json.new", "generations.new", "in-force.new")]
    for directory in there:
        with contextlib.suppress(FileExistsError):
            directory.mkdir()
    scene.kill("api")

    def mend() -> None:
        for directory in there:
            directory.rmdir()

    return mend


def remove_the_logs(scene: Scene) -> None:
    """The directory of the logs is gone."""
    shutil.rmtree(scene.stack.state / "logs", ignore_errors=True)


def clean_the_temporary_directory(scene: Scene) -> None:
    """Somebody cleans TMPDIR; the next cook must be made all the same."""
    for found in scene.temporary.iterdir():
        if found.is_dir():
            shutil.rmtree(found, ignore_errors=True)
        else:
            found.unlink()
    kill_a_cook(scene)


def edit_the_code(scene: Scene, code: str) -> None:
    """Write the working copy of 1a, and replace all workers."""
    (scene.stack.state / "challenge" / "spread_toppings.py").write_text(code, encoding="utf-8")
    with contextlib.suppress(httpx.HTTPError):
        scene.stack.client.post("/fleet/redeploy")


def a_visitors_code(scene: Scene) -> Mend:
    """A visitor's edit of 1a does something that nobody expects."""
    edit = scene.dice.choice(list(EDITS.values()))
    edit_the_code(scene, FIXED.replace("    return", f"    {edit}\n    return"))

    def mend() -> None:
        edit_the_code(scene, FIXED)

    return mend


def silent_connections(scene: Scene) -> Mend:
    """Three hundred connections, half of them with a half-sent request."""
    held = []
    for n in range(300):
        with contextlib.suppress(OSError):
            one = socket.create_connection(("127.0.0.1", scene.stack.ports[0]), timeout=2)
            held.append(one)
            if n % 2:
                one.sendall(b"POST /orders HTTP/1.1\r\nHost: 127.0.0.1\r\n")

    def mend() -> None:
        for one in held:
            one.close()

    return mend


def large_bodies(scene: Scene) -> None:
    """Bodies that are far too large."""
    for _ in range(3):
        with contextlib.suppress(httpx.HTTPError):
            answer = httpx.post(f"{scene.stack.api_url}/orders", content=bytes(5_000_000), timeout=5)
            assert answer.status_code == 413


def break_the_config(scene: Scene) -> Mend:
    """The checkpoint's file is edited to something that is no checkpoint."""
    good = scene.config.read_bytes()
    scene.config.write_bytes(
        scene.dice.choice([b"\x00\xff", b"a: &a [*a]", b"[" * 1200, b"title: 2025-02-30\n" * 2, b""])
    )

    def mend() -> None:
        scene.config.write_bytes(good)

    return mend


def odd_workflows(scene: Scene) -> None:
    """Somebody starts workflows of our type by hand, with odd ids and inputs."""

    async def start() -> None:
        client = await Client.connect(scene.stack.temporal)
        mark = scene.dice.randrange(10**9)
        for order_id, argument in (("no suffix é", "text"), ("x" * 500, None), ("a--b", {"id": 7})):
            await client.start_workflow(
                WORKFLOW_TYPE, argument, id=f"{order_id}{mark}", task_queue=TASK_QUEUE
            )

    with contextlib.suppress(Exception):  # the server may be on its way up from the fault before
        asyncio.run(asyncio.wait_for(start(), 10))


def many_orders(scene: Scene) -> None:
    """Sixty orders at once."""
    mark = scene.dice.randrange(10**9)
    with contextlib.suppress(httpx.HTTPError):
        for n in range(60):
            scene.stack.client.post("/orders", json={"id": f"burst-{mark}-{n}"})


def a_foreign_page(scene: Scene) -> None:
    """A web page that has rebound its name to this machine tries to kill a cook."""
    with contextlib.suppress(httpx.TransportError):
        answer = httpx.delete(
            f"{scene.stack.api_url}/fleet/workers/1",
            headers={"host": "evil.example", "origin": "http://evil.example"},
        )
        assert answer.status_code == 403, answer.text


FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        kill_temporal, kill_api, kill_game, kill_everything_at_once, kill_a_cook, kill_the_fork_server,
        freeze_the_api, freeze_temporal, freeze_a_cook, take_temporals_program_away, fill_the_disk,
        put_directories_in_the_way, remove_the_logs, clean_the_temporary_directory, a_visitors_code,
        silent_connections, large_bodies, break_the_config, odd_workflows, many_orders, a_foreign_page,
    )
}  # fmt: skip


@contextlib.contextmanager
def small_disk(directory: Path, megabytes: int) -> Iterator[bool]:
    """This directory as a disk of its own, where this user may mount one; whether it is."""
    directory.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(directory)]
    try:
        mounted = subprocess.run(command, capture_output=True, timeout=10).returncode == 0
    except OSError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:

            def unmounted() -> bool:
                return not subprocess.run(["umount", str(directory)], capture_output=True).returncode

            eventually(unmounted, 10)


def in_use(directory: Path) -> list[str]:
    """What is left in a directory, by name."""
    return sorted(found.name for found in directory.iterdir())
