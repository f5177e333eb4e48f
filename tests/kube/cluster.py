"""A real Kubernetes control plane for the tests: API server with RBAC, etcd, controllers; no node.

`GOPHERPIZZA_KUBE_API` names a program that runs one on this machine (`PROGRAM up --dir DIR --port N`, and
`down`); the first time it may have to build it, which takes minutes (`FIRST_TIME_S`). Else
`GOPHERPIZZA_TEST_KUBECONFIG` names the administrator's kubeconfig of one that is up, has no node, and has
`api.kubeconfig` beside it: the user `gopherpizza-api`, who may do nothing yet. With neither the tests are
skipped; with one that does not work they fail.

All processes of a parallel run share one cluster: the first to need it starts it, the last to end stops it.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil
import pytest

from tests.kube.kubeapi import Access, KubeClient
from tests.processes import process_of, runs
from tests.running import free_ports

PROGRAM = "GOPHERPIZZA_KUBE_API"
KUBECONFIG = "GOPHERPIZZA_TEST_KUBECONFIG"
FIRST_TIME_S = 1200
"""How long the program may take the first time on a machine, when it builds what it runs (in CI as well)."""
API_USER = "gopherpizza-api"
"""Whom the API is to the cluster; the administrator gives rights to this user."""
TRIES = 3
STOP_S = 10
"""How long an API server may take to end: it waits for watches."""
_names = itertools.count(1)


@dataclass(frozen=True)
class Cluster:
    """A cluster, and a namespace of it that belongs to one test."""

    admin_kubeconfig: Path
    api_kubeconfig: Path
    """The unprivileged user's."""
    namespace: str
    admin: KubeClient
    api: KubeClient
    directory: Path = field(repr=False)

    def kubeconfig(self, who: Access, name: str, *, token_file: Path | None = None) -> Path:
        """A kubeconfig of this test's own, whose namespace is the test's."""
        return who.write(self.directory / f"{name}.kubeconfig", self.namespace, token_file=token_file)


def find() -> tuple[str, Path] | str:
    """("program" or "kubeconfig", its path), as the environment names it; else why there is none."""
    program, kubeconfig = os.environ.get(PROGRAM), os.environ.get(KUBECONFIG)
    if program:
        return "program", Path(program)
    if kubeconfig:
        return "kubeconfig", Path(kubeconfig)
    return f"needs a Kubernetes API server: {PROGRAM} or {KUBECONFIG}"


def start(program: Path, directory: Path, ports: int = 3) -> Path:
    """Have a cluster on free ports; its administrator's kubeconfig. Raises RuntimeError."""
    said = ""
    for _ in range(TRIES):  # three ports in a row: another program may have one of them
        port = _row_of_ports(ports)
        log = directory / "up.log"
        with log.open("w", encoding="utf-8") as out:
            try:
                code = subprocess.run(
                    [program, "up", "--dir", directory, "--port", str(port)],
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    stdin=subprocess.DEVNULL,
                    timeout=FIRST_TIME_S,
                ).returncode
            except OSError as error:
                raise RuntimeError(f"{PROGRAM}: {program} cannot be run: {error.strerror}") from error
            except subprocess.TimeoutExpired as error:
                stop(program, directory)
                raise RuntimeError(f"{PROGRAM}: {program} was not ready within {FIRST_TIME_S} s") from error
        said = log.read_text(encoding="utf-8")[-2000:]
        if code == 0:
            return directory / "admin.kubeconfig"
        stop(program, directory)
    raise RuntimeError(f"{PROGRAM}: {program} did not start a cluster; it said: {said}")


def stop(program: Path, directory: Path) -> None:
    """Stop what `start` started there; what does not go is killed."""
    pids = [int(file.read_text()) for file in directory.glob("*.pid") if file.read_text().strip()]
    parts = [part for pid in pids if (part := process_of(pid))]
    subprocess.run([program, "down", "--dir", directory], stdin=subprocess.DEVNULL, timeout=60, check=False)
    deadline = time.monotonic() + STOP_S
    while (left := [part for part in parts if runs(part)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    for part in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            part.kill()


def _row_of_ports(count: int) -> int:
    """The first of so many free ports that follow one another."""
    while True:
        ports = free_ports(count)
        if ports == list(range(ports[0], ports[0] + count)):
            return ports[0]


@contextmanager
def shared(program: Path, directory: Path) -> Iterator[Path]:
    """A cluster of all processes that use this directory at the same time; its administrator's kubeconfig.

    Each user holds a shared lock on `users`, for as long as it lives: who can have it alone is the last one.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "users").open("a") as users, (directory / "one-at-a-time").open("a") as turn:
        with _locked(turn):
            if _alone(users):
                start(program, directory)
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield directory / "admin.kubeconfig"
        finally:
            with _locked(turn):
                if _alone(users):
                    stop(program, directory)
                fcntl.flock(users, fcntl.LOCK_UN)


@contextmanager
def _locked(file: IO[str]) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _alone(users: IO[str]) -> bool:
    """Whether nobody else uses it; then nobody else can begin to, while this process holds the turn."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@pytest.fixture(scope="session")
def kube_admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The administrator's kubeconfig of the session's cluster."""
    found = find()
    if isinstance(found, str):
        pytest.skip(found)
    way, path = found
    if way == "kubeconfig":
        if not path.is_file():
            pytest.fail(f"{KUBECONFIG}: there is no file {path}")
        yield path
        return
    base = tmp_path_factory.getbasetemp()
    # A process of a parallel run has a directory of its own inside the run's.
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    try:
        with shared(path, run / "kube") as kubeconfig:
            yield kubeconfig
    except RuntimeError as error:
        pytest.fail(str(error))


@contextmanager
def fresh_namespace(kube_admin: Path, directory: Path) -> Iterator[Cluster]:
    """A namespace of its own, until the block ends; `directory` gets the kubeconfigs."""
    beside = kube_admin.with_name("api.kubeconfig")
    admin, api = KubeClient(Access.of(kube_admin)), KubeClient(Access.of(beside))
    who = os.environ.get("PYTEST_XDIST_WORKER", "one")
    namespace = f"test-{os.getpid()}-{who}-{next(_names)}"
    try:
        admin.post("/api/v1/namespaces", {"metadata": {"name": namespace}})
        yield Cluster(
            admin_kubeconfig=admin.access.write(directory / "admin.kubeconfig", namespace),
            api_kubeconfig=api.access.write(directory / "api.kubeconfig", namespace),
            namespace=namespace,
            admin=admin,
            api=api,
            directory=directory,
        )
        _empty(admin, namespace)
    finally:
        admin.close()
        api.close()


@pytest.fixture
def cluster(kube_admin: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The session's cluster, with a namespace of the test's own."""
    with fresh_namespace(kube_admin, tmp_path_factory.mktemp("cluster")) as made:
        yield made


def _empty(admin: KubeClient, namespace: str) -> None:
    """Delete a namespace and what makes Pods in it; its controller does the rest, later."""
    admin.delete(f"/apis/apps/v1/namespaces/{namespace}/deployments")
    admin.delete(f"/apis/apps/v1/namespaces/{namespace}/replicasets")
    admin.delete(f"/api/v1/namespaces/{namespace}/pods", grace_s=0)
    admin.delete(f"/api/v1/namespaces/{namespace}")
