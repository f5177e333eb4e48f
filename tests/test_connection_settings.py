"""The environment's settings for a Temporal of one's own: what can never work is a sentence, at the start."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from api_stub.gateway.client import Gateway
from api_stub.stack.options import StartError, read
from tests.running import PATIENCE, ROOT, free_ports
from tests.tls_proxy import Certificates
from worker.connection import Target
from worker.connection_settings import BadConnectionSettings, from_environment, is_address

KEY = "key-that-nobody-may-see"
PROFILES = f"""
[profile.default]
address = "cloud.example:7233"
[profile.booth]
address = "booth.example:7233"
namespace = "booth"
api_key = "{KEY}"
[profile.nowhere]
namespace = "x"
"""
BASE = {"TEMPORAL_ADDRESS": "cloud.example:7233"}
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith("TEMPORAL_")}


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Real ones; made once."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    file = tmp_path / "temporal.toml"
    file.write_text(PROFILES, encoding="utf-8")
    return file


def refused(environment: dict[str, str]) -> str:
    """The sentence. The stack refuses to start with the same."""
    with pytest.raises(BadConnectionSettings) as caught:
        from_environment(environment)
    said = str(caught.value)
    with pytest.raises(StartError) as also:
        read(["--no-game"], environment)
    assert str(also.value) == said and also.value.__cause__ is None
    assert "\n" not in said and len(said) < 500 and KEY not in said
    assert KEY not in "".join(traceback.format_exception(caught.value)), "the SDK quotes the file's lines"
    return said


def test_profiles_and_their_files(profiles: Path) -> None:
    file = {"TEMPORAL_CONFIG_FILE": str(profiles)}
    assert from_environment(file)["target_host"] == "cloud.example:7233"
    booth = from_environment({**file, "TEMPORAL_PROFILE": "booth"})
    assert (booth["target_host"], booth["namespace"], booth["tls"]) == ("booth.example:7233", "booth", True)
    options = read(["--no-game"], {**file, "TEMPORAL_PROFILE": "booth", "TEMPORAL_NAMESPACE": ""})
    assert (options.external, options.namespace) == ("booth.example:7233", "booth")
    over = read(["--no-game"], {**file, "TEMPORAL_ADDRESS": "a:1", "TEMPORAL_NAMESPACE": "b"})
    assert (over.external, over.namespace) == ("a:1", "b"), "the variable wins over the file"
    assert read(["--no-game"], {}).external is None
    assert read(["--no-game"], {"TEMPORAL_NAMESPACE": "x", "TEMPORAL_TLS": "maybe"}).external is None


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"TEMPORAL_PROFILE": "boot"}, ("TEMPORAL_PROFILE", "'boot'", "temporal.toml")),
        ({"TEMPORAL_PROFILE": "nowhere"}, ("profile 'nowhere'", "has no address")),
        ({"TEMPORAL_ADDRESS": "http://x:1"}, ("TEMPORAL_ADDRESS", "host:port")),
        ({"TEMPORAL_ADDRESS": "x"}, ("TEMPORAL_ADDRESS", "host:port")),
        ({"TEMPORAL_ADDRESS": "x:99999"}, ("TEMPORAL_ADDRESS", "host:port")),
        ({"TEMPORAL_API_KEY": f"{KEY}\n"}, ("TEMPORAL_API_KEY", "line break")),
        ({"TEMPORAL_API_KEY": f"{KEY} é"}, ("TEMPORAL_API_KEY",)),
        ({"TEMPORAL_TLS": "maybe"}, ("TEMPORAL_TLS", "true or false")),
        ({"TEMPORAL_TLS_CLIENT_CERT_PATH": "/no/c.pem"}, ("TEMPORAL_TLS_CLIENT_CERT", "/no/c.pem", "exist")),
        ({"TEMPORAL_TLS_CLIENT_KEY_PATH": "/dev/zero"}, ("TEMPORAL_TLS_CLIENT_KEY", "no regular file")),
        ({"TEMPORAL_TLS_SERVER_CA_CERT_PATH": "/"}, ("TEMPORAL_TLS_SERVER_CA_CERT", "no regular file")),
        ({"TEMPORAL_TLS_SERVER_CA_CERT_DATA": KEY}, ("TEMPORAL_TLS_SERVER_CA_CERT", "PEM")),
        (
            {"TEMPORAL_TLS_CLIENT_CERT_PATH": "/c", "TEMPORAL_TLS_CLIENT_CERT_DATA": KEY},
            ("TEMPORAL_TLS_CLIENT_CERT_PATH", "TEMPORAL_TLS_CLIENT_CERT_DATA", "not both"),
        ),
    ],
)
def test_what_can_never_work_is_a_sentence(
    profiles: Path, environment: dict[str, str], words: tuple[str, ...]
) -> None:
    said = refused({"TEMPORAL_CONFIG_FILE": str(profiles), **environment})
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f'[profile.default]\napi_key = "{KEY}\n', "line 2, column"),
        (f'[profile.default]\napi_key = ["{KEY}"]\n', "line 2, column"),
        (f'[profile.default]\naddress = "a:1"\napi_key = "{KEY} "\n', "api_key of profile 'default'"),
        (b"\xff\xfe", "UTF-8"),
        (b"x" * 1_000_001, "too large"),
        ("", "TEMPORAL_PROFILE"),
        (f'[profile.default]\naddres = "a:1"\napi_key = "{KEY}"\n', "has no address"),
    ],
)
def test_a_config_file_that_cannot_be_used_is_told_without_its_words(
    tmp_path: Path, content: str | bytes, words: str
) -> None:
    file = tmp_path / "temporal.toml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    said = refused({"TEMPORAL_CONFIG_FILE": str(file), "TEMPORAL_ADDRESS": "", "TEMPORAL_PROFILE": "default"})
    assert words in said and str(file) in said


@pytest.mark.parametrize("make", [lambda file: None, Path.mkdir, os.mkfifo])
def test_a_config_file_that_is_none(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """The SDK takes a missing one for an empty one, and waits for ever at a pipe."""
    make(tmp_path / "x.toml")
    assert "x.toml" in refused({"TEMPORAL_CONFIG_FILE": str(tmp_path / "x.toml")})


def test_certificates_are_looked_at_before_they_are_used(certificates: Certificates, tmp_path: Path) -> None:
    cert, key = str(certificates.cert_file), str(certificates.key_file)
    tls = "TEMPORAL_TLS_CLIENT"
    good = {**BASE, f"{tls}_CERT_PATH": cert, f"{tls}_KEY_PATH": key}
    assert from_environment({**good, "TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(certificates.ca_file)})["tls"]
    assert from_environment({**BASE, f"{tls}_CERT_PATH": "/no", "TEMPORAL_TLS": "false"})["tls"] is False
    assert f"{tls}_KEY_PATH" in refused({**BASE, f"{tls}_CERT_PATH": cert})
    assert f"{tls}_CERT_PATH" in refused({**BASE, f"{tls}_KEY_PATH": key})
    assert "PEM" in refused({**good, f"{tls}_KEY_PATH": cert})
    other = Certificates(tmp_path / "other")
    assert "is not the key of" in refused({**good, f"{tls}_KEY_PATH": str(other.key_file)})
    damaged = tmp_path / "damaged.pem"
    damaged.write_bytes(certificates.key_file.read_bytes().replace(b"M", b"!"))
    assert "damaged" in refused({**good, f"{tls}_KEY_PATH": str(damaged)})
    encrypted = tmp_path / "encrypted.key"
    subprocess.run(
        ["openssl", "pkey", "-in", key, "-aes128", "-passout", "pass:x", "-out", encrypted], check=True
    ) if os.access("/usr/bin/openssl", os.X_OK) else encrypted.write_bytes(damaged.read_bytes())
    assert "encrypted" in refused({**good, f"{tls}_KEY_PATH": str(encrypted)})


def test_addresses() -> None:
    for good in ("localhost:7233", "a.b.tmprl.cloud:7233", "127.0.0.1:1", "[::1]:7233", "my_host:65535"):
        assert is_address(good), good
    for bad in ("", ":1", "a", "a:", "a:0", "a:65536", "::1:7233", "a b:1", "http://a:1", "a:1/x", "u:p@a:1"):
        assert not is_address(bad), bad
    with pytest.raises(BadConnectionSettings, match="host:port"):
        Target("localhost").settings()


def test_a_file_that_vanishes_later_takes_no_page_down(
    certificates: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GET /healthz asked the settings anew at each request."""
    ca = tmp_path / "ca.pem"
    ca.write_bytes(certificates.ca_file.read_bytes())
    monkeypatch.setenv("TEMPORAL_ADDRESS", "localhost:7233")
    monkeypatch.setenv("TEMPORAL_TLS_SERVER_CA_CERT_PATH", str(ca))
    gateway = Gateway(Target())
    ca.unlink()
    assert (gateway.address, gateway.namespace) == ("localhost:7233", "default")


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-m", "api_stub.stack", "--no-game"],
        [sys.executable, "-m", "api_stub", "--log-to-stderr"],
        [sys.executable, "-m", "worker", "--slot", "1"],
    ],
    ids=["stack", "api", "worker"],
)
def test_every_program_says_so_and_ends(command: list[str], tmp_path: Path) -> None:
    """One line, a status that is not 0, no stack trace, and no secret."""
    options = []
    if "worker" not in command:
        port = "--api-port" if "api_stub.stack" in command else "--port"
        options = ["--state-dir", str(tmp_path / "state"), port, str(free_ports(1)[0])]
    done = subprocess.run(
        [*command, *options],
        env={
            **CLEAN,
            **BASE,
            "TEMPORAL_API_KEY": KEY,
            "TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(tmp_path / "gone.pem"),
        },
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=30 * PATIENCE,
    )
    (line,) = done.stderr.strip().splitlines()
    assert "TEMPORAL_TLS_SERVER_CA_CERT_PATH" in line and "gone.pem, which does not exist" in line
    assert done.returncode not in (0, -9) and KEY not in done.stderr + done.stdout
