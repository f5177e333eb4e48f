"""The API in this process, without a socket: its real gateway, and a fleet whose processes are made up."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from api_stub.app import create_app
from api_stub.background import Troubles
from api_stub.checkpoint.config import CheckpointConfig
from api_stub.checkpoint.files import CONFIGS, LoadedConfig, find
from api_stub.checkpoint.timed_reading import ConfigReader
from api_stub.fleet.events import End
from api_stub.fleet.host import Host, Made, OnExit, OnFailed
from api_stub.fleet.supervisor import FleetSetup, Supervisor
from api_stub.gateway.client import Gateway
from api_stub.kitchen import Kitchen, policy_of
from api_stub.start_setup import StartSetup
from tests.running import free_ports, until
from worker.connection import Target
from worker.show.hints import Hint, OnHint
from worker.show.spec import WorkerSpec

JSON = {"content-type": "application/json"}


class ScriptedHost:
    """A host whose processes a test makes ready, and ends, by hand. `failing` makes spawns fail."""

    def __init__(self) -> None:
        self.specs: dict[int, WorkerSpec] = {}
        self.signals: list[tuple[int, int]] = []
        self.failing: BaseException | None = None
        self.stubborn = False
        self.troubles = Troubles()
        self._told: dict[int, tuple[Callable[[], None], OnExit]] = {}
        self._hinted: dict[int, OnHint] = {}

    async def spawn(
        self,
        spec: WorkerSpec,
        on_ready: Callable[[], None],
        on_exit: OnExit,
        on_hint: OnHint,
    ) -> Made:
        """A pid that no real process has."""
        if self.failing is not None:
            raise self.failing
        pid = 10_000_000 + len(self.specs)
        self.specs[pid] = spec
        self._told[pid] = (on_ready, on_exit)
        self._hinted[pid] = on_hint
        return Made(str(pid), pid)

    def stop(self, handle: str, at_once: bool, on_failed: OnFailed) -> None:
        """SIGKILL or SIGTERM."""
        self.signal(handle, signal.SIGKILL if at_once else signal.SIGTERM)

    def signal(self, handle: str, number: int) -> None:
        """Written down, and obeyed at once, unless the host is stubborn."""
        pid = int(handle)
        self.signals.append((pid, number))
        if not self.stubborn:
            asyncio.get_running_loop().call_soon(self.end, pid, number)

    def ready(self, pid: int) -> None:
        """The process says that it polls."""
        self._told[pid][0]()

    def hint(self, pid: int, hint: Hint) -> None:
        """The process tells that an attempt began or ended in it."""
        self._hinted[pid](hint)

    def end(self, pid: int, number: int | None = None, code: int | None = None) -> None:
        """The process is gone; told once."""
        told = self._told.pop(pid, None)
        if told is not None:
            told[1](End(number, code))

    def open(self) -> None:
        """It needs nothing."""

    def renew(self) -> None:
        """There is no code to load."""

    async def close(self) -> None:
        """Nothing to let go of."""


class Api:
    """A client of the app in this process. Requests run on the app's own loop, which stands still between."""

    def __init__(self, kitchen: Kitchen, host: Any, runner: asyncio.Runner) -> None:
        self.kitchen = kitchen
        self.host = host
        self.app = create_app(kitchen)
        self._runner = runner
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False), base_url="http://127.0.0.1"
        )

    def run(self, work: Any) -> Any:
        """Run a coroutine on the app's loop."""
        return self._runner.run(work)

    def tell(self, call: Callable[..., None], *arguments: Any) -> None:
        """Call something on the app's loop, as the system's own news would come."""

        async def news() -> None:
            call(*arguments)

        self.run(news())

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request. Any answer of status 400 or more must be a problem, told as RFC 9457 wants it."""
        answer: httpx.Response = self.run(self.request(method, path, **options))
        if answer.status_code >= 400:
            check_problem(answer)
        return answer

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request, from a coroutine on the app's loop; its answer is not looked at."""
        return await self._client.request(method, path, **options)

    def post(self, path: str, body: Any = None) -> httpx.Response:
        """POST with a JSON body."""
        return self("POST", path, json=body)

    def raw(self, path: str, body: bytes) -> httpx.Response:
        """POST with these bytes, said to be JSON."""
        return self("POST", path, content=body, headers=JSON)

    def many(self, *requests: tuple[str, str, Any]) -> list[httpx.Response]:
        """Several requests (method, path, JSON) at once."""

        async def together() -> list[httpx.Response]:
            return list(
                await asyncio.gather(
                    *(self.request(method, path, json=body) for method, path, body in requests)
                )
            )

        answers: list[httpx.Response] = self.run(together())
        return answers

    def until(self, check: Callable[[], Any], limit_s: float = 10.0) -> Any:
        """Let the app's loop run until `check` is truthy; its answer. Else AssertionError."""
        try:
            return self.run(until(check, limit_s))
        except TimeoutError as error:
            raise AssertionError(f"not within {limit_s} s; fleet: {self.kitchen.fleet.fleet()}") from error

    def pid(self, slot: int) -> int:
        """The pid of the process in this slot, as soon as it has one."""
        return int(self.until(lambda: self.kitchen.fleet.state.slot(slot).pid))


def check_problem(answer: httpx.Response) -> None:
    """An error is a problem: its own media type, four members, the true status, and no trace of our code."""
    assert answer.headers["content-type"] == "application/problem+json", (answer.status_code, answer.text)
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail"}
    assert body["status"] == answer.status_code and body["type"].startswith("/problems/")
    assert body["title"] and body["detail"]
    assert answer.status_code != 500, "a bug of ours"
    assert "Traceback" not in answer.text and ".py" not in answer.text


def kitchen_for(
    address: str | None = None,
    host: Host | None = None,
    setup: dict[str, Any] | None = None,
    hosts: tuple[str, ...] = (),
    start_setup: StartSetup | None = None,
    more: dict[str, Any] | None = None,
    **fleet: Any,
) -> Kitchen:
    """A kitchen on the Temporal at `address` (None: where nobody listens), with three slots, one started.
    `more`: further keys of its config."""
    target = Target(address or f"127.0.0.1:{free_ports(1)[0]}")
    stage = {"duration_s": (0.3, 0.4)}
    config = CheckpointConfig.model_validate(
        {
            "checkpoint": "test",
            "title": "For the tests",
            "fleet": {"slots": 3, "start": 1, **fleet},
            "activities": {"prepare": stage, "bake": stage, "deliver": stage},
            "hosts": hosts,
            **(more or {}),
        }
    )
    supervisor = Supervisor(host or ScriptedHost(), policy_of(config), FleetSetup(target, **(setup or {})))
    loaded = LoadedConfig(config, find("1").file)
    reader = ConfigReader(CONFIGS, limit_s=60)  # as long as a busy machine takes for a small file
    return Kitchen(
        Gateway(target), supervisor, loaded, reader=reader, start_setup=start_setup or StartSetup()
    )


@contextlib.contextmanager
def api(
    address: str | None = None,
    host: Host | None = None,
    setup: dict[str, Any] | None = None,
    kitchen: Kitchen | None = None,
    **fleet: Any,
) -> Iterator[Api]:
    """The API on the Temporal at `address` (None: where nobody listens), with three slots, one started."""
    host = host or ScriptedHost()
    kitchen = kitchen or kitchen_for(address, host, setup, **fleet)
    with asyncio.Runner() as runner:
        made = Api(kitchen, host, runner)
        life = made.app.router.lifespan_context(made.app)
        runner.run(life.__aenter__())
        try:
            yield made
        finally:
            runner.run(life.__aexit__(None, None, None))
