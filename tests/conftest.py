"""Shared fixtures: one real stack a session, for the tests that only need one that runs."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.kube.cluster import FIRST_TIME_S, cluster, kube_admin
from tests.running import RunningStack, eventually, lasting, processes_naming, quick_config, running_stack

if TYPE_CHECKING:
    from tests.serving import Api

# A timing is no test: a busy machine may be slow. With CI set, the examples are the same in each run.
settings.register_profile("any-pace", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-pace")

__all__ = ["cluster", "kube_admin"]
"""Fixtures of other files."""

# As a terminal has it: under `nohup`, or in the background, all that the tests start would ignore these, too.
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_SETMASK, ())

SESSIONS: list[pytest.Session] = []


def leave_with_a_true_status() -> None:
    """The SDK may crash an interpreter that finalizes; the tests are told by then, so leave at once.

    Registered before anything else of a session, hence called after it (temporary directories and all).
    """
    if SESSIONS:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(SESSIONS[0].exitstatus))


atexit.register(leave_with_a_true_status)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Remember the session, whose exit status is known only at its end."""
    SESSIONS.append(session)


LONGEST = (
    "test_chaos.py",
    "test_install.py",
    "test_soak.py",
    "test_soak_kills.py",
    "test_window_checkpoints.py",
    "test_pods_faults.py",
    "test_pods_killed.py",
    "test_pods_window.py",
    "test_records.py",
    "test_records_kept.py",
    "test_stack.py",
    "test_stack_faults.py",
)
"""Files that take a minute or more."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: no process is then left alone with one at the end.

    Whoever needs a cluster may be the first to: then it has to wait until one is built.
    """
    items.sort(key=lambda item: item.path.name not in LONGEST)
    for item in items:
        if "kube_admin" in getattr(item, "fixturenames", ()) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(FIRST_TIME_S + 300))


@pytest.fixture(scope="session")
def session_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """One stack with two slots and one worker, for the whole session."""
    directory = tmp_path_factory.mktemp("stack")
    with running_stack(directory / "state", quick_config(directory), "--no-game") as stack:
        yield stack


@pytest.fixture
def stack(session_stack: RunningStack) -> RunningStack:
    """The session's stack, with its API up and exactly one worker: the one in slot 1."""

    def one_worker() -> bool:
        workers = session_stack.workers()
        if workers[0]["state"] in ("dead", "empty"):
            session_stack.client.post("/fleet/workers", json={"slot": 1})
        if workers[1]["state"] == "ready":
            session_stack.client.delete("/fleet/workers/2")
        return workers[0]["state"] == "ready" and workers[1]["state"] in ("dead", "empty")

    eventually(one_worker)
    return session_stack


@pytest.fixture
def last(stack: RunningStack) -> Iterator[Callable[..., None]]:
    """Call it with names of stages: in the session's stack they last from now until the test's end, long
    enough to kill somebody in them."""
    with ExitStack() as made:
        file = stack.state.parent / "test.yaml"
        yield lambda *stages, **how: made.enter_context(lasting(stack, file, *stages, **how))


@pytest.fixture(scope="module")
def away() -> Iterator[Api]:
    """The API in this process, with a Temporal where nobody listens."""
    from tests.serving import api

    with api() as made:
        yield made


@pytest.fixture(scope="module")
def serving(session_stack: RunningStack) -> Iterator[Api]:
    """The API in this process; its own fleet is made up, the session's worker does the work.

    A worker that is silent for a second is no trouble of its orders: the machine may be busy.
    """
    from tests.serving import api

    with api(session_stack.temporal, more={"timeouts": {"heartbeat_s": 10}}) as made:
        yield made


@pytest.fixture
def house(serving: Api, stack: RunningStack) -> Api:
    """The same, with exactly one worker alive."""
    return serving


@pytest.fixture(scope="session", autouse=True)
def nothing_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """At the end of the session, no process of ours is left (each names a directory of this session)."""
    yield
    base = str(Path(tmp_path_factory.getbasetemp()))
    eventually(lambda: not processes_naming(base), 5)
