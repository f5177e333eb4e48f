"""Who may ask: the Host header is an allow-list on every route, foreign web pages are refused."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from api_stub.checkpoint.config import CheckpointConfig
from api_stub.http.host_headers import MAX_HOSTS, hosts_in, is_ours, is_own_page
from tests.running import PATIENCE, ROOT, eventually, free_ports
from tests.serving import Api, check_problem

OURS = ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "LOCALHOST:8000", "LocalHost:8000"]
FOREIGN = [
    "",
    " ",
    "evil.example",
    "evil.example:8000",
    "localhost",
    "127.0.0.1",
    "localhost:",
    "localhost:8001",
    "localhost:80",
    "localhost:08000",
    "localhost:99999",
    "localhost:8000:8000",
    "localhost.:8000",
    "localhost.evil.example:8000",
    "evil-localhost:8000",
    "user@localhost:8000",
    "localhost:8000@evil.example",
    "localhost:8000, evil.example",
    "localhost:8000/",
    "localhost:8000?",
    "http://localhost:8000",
    "127.0.0.2:8000",
    "127.1:8000",
    "2130706433:8000",
    "0.0.0.0:8000",
    "::1:8000",
    "[::1]",
    "[::]:8000",
    "[::1%25lo]:8000",
    "[evil]:8000",
    "ⓛocalhost:8000",
    "localhost\u00ad:8000",
    "localhost:8000\n",
    "localhost:\u0668000",
    "x" * 10_000,
]


@pytest.mark.parametrize("text", OURS)
def test_the_loopback_names_with_our_port_are_ours(text: str) -> None:
    assert is_ours(text, 8000, ())
    assert is_own_page(f"http://{text}", 8000, ())


@pytest.mark.parametrize("text", FOREIGN, ids=lambda text: repr(text[:20]))
def test_everything_else_is_not(text: str) -> None:
    assert not is_ours(text, 8000, ())
    assert not is_own_page(f"http://{text}", 8000, ())


def test_at_the_default_port_none_is_sent() -> None:
    assert is_ours("localhost", 80, ()) and is_ours("localhost:80", 80, ())


def test_what_the_config_adds() -> None:
    further = ("pizza.local", "booth.example:9000", "[fe80::1]")
    for text in ("pizza.local", "PIZZA.local:8000", "booth.example:9000", "[fe80::1]:8000"):
        assert is_ours(text, 8000, further), text
        assert is_own_page(f"http://{text}", 8000, further), text
    for text in ("pizza.local:8001", "booth.example", "booth.example:8000", "a.pizza.local", "fe80::1"):
        assert not is_ours(text, 8000, further), text
    assert is_own_page("https://pizza.local", 8000, further)


@pytest.mark.parametrize(
    "origin",
    ["null", "", "file://", "http://", "http://localhost:3000", "https://localhost:8000x", "http://[", "ftp://localhost:8000",
     "http://localhost:8000/", "http://evil.example", "http://localhost:8000.evil.example"],
)  # fmt: skip
def test_a_foreign_origin(origin: str) -> None:
    assert not is_own_page(origin, 8000, ())


@pytest.mark.parametrize(
    "entry",
    ["", "*", "*.example.org", "http://pizza.local", "pizza.local/", "pizza local", "pizza.local.", "-a",
     "a:0", "a:65536", "a:x", "[::1", "[x]", "é.example", "a\n", "x" * 300, 7, None],
)  # fmt: skip
def test_a_host_of_a_config_is_checked(entry: object) -> None:
    with pytest.raises(ValidationError):
        CheckpointConfig.model_validate({"checkpoint": "a", "hosts": [entry]})


def test_a_config_names_up_to_20_hosts() -> None:
    names = [f"booth-{n}.example" for n in range(20)]
    assert CheckpointConfig.model_validate({"checkpoint": "a", "hosts": names}).hosts == tuple(names)
    assert CheckpointConfig(checkpoint="a", hosts=("Pizza.Local:80",)).hosts == ("pizza.local:80",)
    with pytest.raises(ValidationError):
        CheckpointConfig.model_validate({"checkpoint": "a", "hosts": [*names, "one.more"]})


# --- the application ---


PATHS = [
    "/healthz", "/menu", "/orders", "/orders/a", "/orders/a/history", "/orders/status", "/fleet",
    "/fleet/workers", "/fleet/workers/1", "/fleet/redeploy", "/checkpoints", "/checkpoint", "/challenge",
    "/challenge/reset", "/stats", "/audit", "/receipts", "/timeouts", "/orderPizza", "/orderStatus",
    "/openapi.json", "/docs", "/nowhere", "/", "//evil.example/",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_foreign_host_is_403_on_every_route_and_method(away: Api, path: str) -> None:
    births = away.kitchen.fleet.state.births
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        headers = {"host": "evil.example", "origin": "http://evil.example"}
        answer = away.run(away.request(method, path, headers=headers))
        assert answer.status_code == 403, method
        assert not [name for name in answer.headers if name.startswith("access-control")]
        if method != "HEAD":
            check_problem(answer)
            assert "evil.example" in answer.json()["detail"]
    assert away.kitchen.fleet.state.births == births, "nothing was done"


def test_a_host_that_is_missing_or_there_twice(away: Api) -> None:
    twice = [("host", "127.0.0.1"), ("host", "127.0.0.1")]
    assert away("GET", "/healthz", headers=twice).status_code == 403


def test_a_page_that_rebinds_its_name_kills_nobody(away: Api) -> None:
    away.pid(1)
    for origin in ({"origin": "http://evil.example:80"}, {}):
        headers = {"host": "evil.example:80", **origin}
        assert away("DELETE", "/fleet/workers/1", headers=headers).status_code == 403
        assert away("POST", "/orderPizza", headers=headers, json={}).status_code == 403
    assert away.kitchen.fleet.state.slot(1).pid is not None


def test_origins(away: Api) -> None:
    for good in ("http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"):
        url = "http://127.0.0.1:8000/healthz"
        assert away("GET", url, headers={"origin": good}).status_code == 200, good
    for bad in ("null", "http://localhost:8001", "http://[", "http://127.0.0.1:8000.evil.example"):
        assert away("DELETE", "/fleet/workers/1", headers={"origin": bad}).status_code == 403, bad
    both = [("origin", "http://127.0.0.1:80"), ("origin", "http://evil.example")]
    assert away("GET", "/healthz", headers=both).status_code == 403


def test_the_hosts_of_the_checkpoint_in_force_count(away: Api) -> None:
    def asked() -> int:
        headers = {"host": "pizza.local:80", "origin": "http://pizza.local"}
        return int(away("GET", "/healthz", headers=headers).status_code)

    assert asked() == 403
    before = away.kitchen.checkpoint
    with_host = before.config.model_copy(update={"hosts": ("pizza.local",)})
    away.kitchen.put_in_force(replace(before, config=with_host))
    assert asked() == 200
    away.kitchen.put_in_force(before)
    assert asked() == 403


def test_the_environment_names_hosts_with_commas() -> None:
    assert hosts_in("") == hosts_in(" , ") == ()
    found = hosts_in("10.1.2.3, api.Gopherpizza.svc,fd00::7,[fd00::8]:9000")
    assert found == ("10.1.2.3", "api.gopherpizza.svc", "[fd00::7]", "[fd00::8]:9000")
    for host in ("10.1.2.3:8000", "[fd00::7]:8000", "[fd00::8]:9000", "api.gopherpizza.svc:8000"):
        assert is_ours(host, 8000, found)
    for host in ("10.1.2.3:8001", "[fd00::8]:8000", "fd00::7:8000", "rebound.example:8000"):
        assert not is_ours(host, 8000, found)


@pytest.mark.parametrize(
    "text",
    ["$(POD_IP)", "http://a", "a b", "*", "a,evil/b", "::g", "x" * 300, ",".join(["a"] * (MAX_HOSTS + 1))],
)
def test_what_is_no_host_is_refused_with_what_is_accepted(text: str) -> None:
    with pytest.raises(ValueError, match="host") as caught:
        hosts_in(text)
    assert len(str(caught.value)) < 300


@pytest.mark.stack
def test_an_api_on_all_addresses_answers_to_the_hosts_of_its_environment_only(tmp_path: Path) -> None:
    [port] = free_ports(1)
    command = [
        sys.executable,
        "-m",
        "api_stub",
        "--host=0.0.0.0",
        f"--port={port}",
        f"--state-dir={tmp_path}",
    ]
    environment = os.environ | {"GOPHERPIZZA_HOSTS": "10.9.8.7,pizza.test", "TEMPORAL_ADDRESS": ""}
    api = subprocess.Popen([*command, "--temporal=127.0.0.1:9"], cwd=ROOT, env=environment)

    def answer(host: str, origin: str | None = None) -> int | None:
        headers = {"Host": host} | ({"Origin": origin} if origin else {})
        try:
            url = f"http://127.0.0.1:{port}/healthz"
            return httpx.get(url, headers=headers, timeout=20 * PATIENCE).status_code
        except httpx.TransportError:
            return None

    try:
        assert eventually(lambda: answer(f"10.9.8.7:{port}")) == 200
        assert answer(f"localhost:{port}") == answer("pizza.test") == 200
        assert answer(f"10.9.8.6:{port}") == answer("evil.example") == 403
        assert answer(f"10.9.8.7:{port}", f"http://10.9.8.7:{port}") == 200
        assert answer(f"10.9.8.7:{port}", "http://evil.example") == 403
    finally:
        api.terminate()
        assert api.wait(20 * PATIENCE) == 0


def test_an_api_with_a_host_that_is_none_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "api_stub", f"--state-dir={tmp_path}", "--temporal=127.0.0.1:9"]
    environment = os.environ | {"GOPHERPIZZA_HOSTS": "$(POD_IP)"}
    told = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120 * PATIENCE
    )
    assert told.returncode == 1 and told.stderr.count("\n") == 1
    assert "GOPHERPIZZA_HOSTS: found '$(POD_IP)'" in told.stderr
