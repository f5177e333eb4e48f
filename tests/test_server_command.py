"""The embedded server's command: where its database lies, what it needs around it, what it survives."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from api_stub.gateway import devserver, server_command
from tests.running import PATIENCE, ROOT
from tests.servers import Server, a_server

LIMIT_S = 10 * PATIENCE
ODD = ("a#b?c", "a?mode=memory", "100%41", "two words é", "x" * 150 + "/" + "y" * 150)


@pytest.mark.stack
@pytest.mark.parametrize("name", ODD)
def test_the_database_lies_in_the_state_directory_whatever_its_name(tmp_path: Path, name: str) -> None:
    directory = tmp_path / name
    directory.mkdir(parents=True)
    with a_server(directory) as server:
        order = start(server, "first")
    assert (directory / "temporal.db").stat().st_size > 0
    strays = [file for file in tmp_path.rglob("*") if file.is_file() and file.parent != directory]
    assert not strays
    with a_server(directory) as server:
        assert runs(server, order), "the next server has what the first one took"


@pytest.mark.stack
def test_the_server_needs_nothing_of_the_users(tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = home / ".config" / "temporalio" / "temporal.yaml"
    settings.parent.mkdir(parents=True)
    settings.write_text("\0 : [", encoding="utf-8")
    bad = {
        "no environment at all": {},
        "a home that is no directory": {"HOME": os.devnull},
        "settings that nobody can read": {"HOME": str(home)},
        "settings of another server": {"TEMPORAL_ENV": "cloud", "TEMPORAL_TLS": "maybe"},
    }
    for name, environment in bad.items():
        directory = tmp_path / name
        directory.mkdir()
        with a_server(directory, environment):
            pass


def test_the_environment_is_passed_on_but_for_temporals_own(tmp_path: Path) -> None:
    found = server_command.server_environment(
        tmp_path / "temporal.db", {"PATH": "/bin", "TEMPORAL_ENV": "cloud", "HOME": "/root"}
    )
    assert found["PATH"] == "/bin" and found["TEMPORAL_ENV"] == "" and found["HOME"] == str(tmp_path)


def test_the_program_beside_python_comes_first_then_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("beside", "path"):
        (tmp_path / name).mkdir()
        program = tmp_path / name / "temporal"
        program.write_text("#!/bin/sh\n", encoding="utf-8")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    assert server_command.find_program(tmp_path / "beside") == str(tmp_path / "beside" / "temporal")
    assert server_command.find_program(tmp_path) == str(tmp_path / "path" / "temporal")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert server_command.find_program(tmp_path) is None


def test_without_a_program_the_sdks_download_gets_the_same_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_command, "find_program", lambda: None)
    command = server_command.server_command(1, 2, tmp_path / "a#b" / "temporal.db", "booth")
    assert command[1:3] == ["-m", "api_stub.gateway.devserver"]
    (tmp_path / "a#b").mkdir()
    asked: dict[str, object] = {}

    class Downloaded:
        async def shutdown(self) -> None:
            """It was never there."""

    async def start_local(**options: object) -> Downloaded:
        asked.update(options, where=Path.cwd())
        os.kill(os.getpid(), 15)
        return Downloaded()

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(devserver.WorkflowEnvironment, "start_local", start_local)
    asyncio.run(devserver.serve_downloaded(1, 2, Path(command[5]), "booth"))
    assert asked["where"] == tmp_path / "a#b" and asked["dev_server_database_filename"] == "temporal.db"
    extra = asked["dev_server_extra_args"]
    assert isinstance(extra, list) and "journal_mode=wal" in extra and "synchronous=normal" in extra


def test_the_stack_can_start_the_server_before_the_sdk_is_loaded() -> None:
    code = (
        "import sys, api_stub.gateway.server_command, api_stub.gateway.database;"
        "sys.exit(any(name in sys.modules for name in ('temporalio', 'fastapi', 'pydantic')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0


@pytest.mark.stack
def test_what_a_killed_server_confirmed_is_there_afterwards(tmp_path: Path) -> None:
    dice = random.Random(7)
    confirmed: list[str] = []
    for turn in range(3):
        server = Server(tmp_path)
        try:
            server.until_it_serves()
            confirmed += asyncio.run(start_until_killed(server, turn, dice.randint(20, 150)))
        finally:
            server.kill()
    with a_server(tmp_path) as server:
        gone = [order for order in confirmed if not runs(server, order)]
    assert len(confirmed) >= 60 and not gone


async def start_until_killed(server: Server, turn: int, kill_after: int) -> list[str]:
    """Start 200 workflows, 16 at once, and SIGKILL the server in the middle; those that it confirmed."""
    client = await Client.connect(server.address)
    gate = asyncio.Semaphore(16)
    confirmed: list[str] = []
    killed = asyncio.Event()

    async def one(n: int) -> None:
        async with gate:
            try:
                if server.process.poll() is None:
                    confirmed.append(await _start(client, f"turn-{turn}-{n}"))
            except (RPCError, RuntimeError):
                return
            if len(confirmed) == kill_after:
                server.process.kill()
                killed.set()

    starts = asyncio.gather(*(one(n) for n in range(200)))
    async with asyncio.timeout(4 * LIMIT_S):
        await killed.wait()
    starts.cancel()  # nobody answers them any more, however long they are waited for
    await asyncio.wait([starts])
    return confirmed


async def _start(client: Client, workflow_id: str) -> str:
    limit = timedelta(seconds=LIMIT_S)
    await client.start_workflow("Nobody", id=workflow_id, task_queue="nobody", rpc_timeout=limit)
    return workflow_id


def start(server: Server, name: str) -> str:
    """Start a workflow that nobody works on; its id."""

    async def work() -> str:
        return await _start(await Client.connect(server.address), f"{name}-{uuid.uuid4().hex}")

    return asyncio.run(work())


def runs(server: Server, workflow_id: str) -> bool:
    """Whether the server knows this workflow."""

    async def ask() -> bool:
        client = await Client.connect(server.address)
        try:
            return (await client.get_workflow_handle(workflow_id).describe()).id == workflow_id
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise  # that is no word about the workflow
            return False

    return asyncio.run(ask())
