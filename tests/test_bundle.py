"""The bundle of logs: it has what helps, it is bounded, and no secret is in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from api_stub.stack import bundle
from api_stub.stack.bundle import MAX_FILE_BYTES, REMOVED, pack, without_secrets
from tests.running import PATIENCE, ROOT

KEY = "tmprl_a1b2c3d4e5f6"


def texts_of(packed: Path) -> dict[str, str]:
    """Every file of a bundle."""
    with tarfile.open(packed) as archive:
        found = {member.name: archive.extractfile(member) for member in archive.getmembers()}
        return {name: file.read().decode() for name, file in found.items() if file is not None}


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {KEY}",
        f"connecting with api_key={KEY}, to x",
        f"https://ada:{KEY}@example.org/",
        f"-----BEGIN PRIVATE KEY-----\n{KEY}\n-----END PRIVATE KEY-----\nrest",
        f"-----BEGIN RSA PRIVATE KEY-----\n{KEY}",
        f"the key {KEY} as the environment has it",
        f"eyJhbGciOiJSUzI1NiJ9.{KEY}.{KEY}",
        f"authorization: Basic {KEY}==",
        f"X-Api-Key: {KEY}",
        f'{{"api_key": "{KEY}", "n": 1}}',
        f"{{'clientSecret': '{KEY}'}}",
        f"https://example.org/?a=1&client_secret={KEY}",
        f"program --api-key {KEY} --verbose",
        f"password: {KEY}",
        f"authorization: bearer {KEY}",
        f"https://{KEY}@example.org/simple",
        f"redis://:{KEY}@example.org/0",
        f'"kiosk": {{"pin": "{KEY}"}}',
        f"mine.yaml:2: kiosk.pin: found '{KEY}'; string should match",
    ],
)
def test_secrets_are_taken_out(text: str) -> None:
    found = without_secrets(text, {"TEMPORAL_API_KEY": KEY if "environment" in text else "", "HOME": "/x"})
    assert KEY not in found
    assert REMOVED in found


def test_secrets_of_profiles_are_taken_out(tmp_path: Path) -> None:
    """The key may stand in a file alone, and metadata may be one by any name."""
    file = tmp_path / "temporal.toml"
    file.write_text(
        f"""[profile.other]
address = "cloud.example:7233"
api_key = "{KEY}-file"
[profile.other.grpc_meta]
x-pass = "{KEY}-meta"
[profile.other.tls]
client_key_path = "{file}"
""",
        encoding="utf-8",
    )
    environment = {"TEMPORAL_CONFIG_FILE": str(file), "TEMPORAL_GRPC_META_X": f"{KEY}-environment"}
    text = f"cloud.example:7233 {file} {KEY}-file {KEY}-meta {KEY}-environment"
    assert without_secrets(text, environment) == f"cloud.example:7233 {file} {REMOVED} {REMOVED} {REMOVED}"
    file.write_text("[profile", encoding="utf-8")
    assert without_secrets("as it is", environment) == "as it is"
    assert without_secrets("as it is", {"TEMPORAL_CONFIG_FILE": "/dev/zero"}) == "as it is"


def test_a_secret_is_found_as_an_address_writes_it_and_the_home_is_told_as_that() -> None:
    environment = {"TEMPORAL_API_KEY": "a/secret=x", "HOME": "/home/ada"}
    text = "?k=a%2Fsecret%3Dx in /home/ada/gopherpizza, not /home/adam or /home/ada.bak, and /home/ada"
    told = without_secrets(text, environment)
    assert told == f"?k={REMOVED} in ~/gopherpizza, not /home/adam or /home/ada.bak, and ~"
    assert without_secrets("in /x", {"HOME": "/"}) == "in /x"


def test_ordinary_words_stay() -> None:
    text = (
        'w1.1 polls gopherpizza; the key is 7; http://127.0.0.1:8000/orders?after=3 {"pin": null, "n": 1} '
        "temporal-killed --api-port 8000; a token is none; me@example.org"
    )
    assert without_secrets(text, {"SECRET": "pizza", "TOKEN": "", "LC_ALL": "C"}) == text


def test_a_bundle_has_logs_and_versions_and_no_orders(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "logs").mkdir(parents=True)
    (state / "logs" / "api.log").write_bytes(b"old\n" + b"x" * MAX_FILE_BYTES + f"\nBearer {KEY}\n".encode())
    (state / "temporal.db").write_bytes(b"SQLite format 3\0Ada's order")
    (state / "ledger.txt").write_text("taken Ada", encoding="utf-8")
    target = tmp_path / "it.tar.gz"
    environment = {"TEMPORAL_API_KEY": KEY, "TEMPORAL_ADDRESS": "x:7233", "HOME": "/home/ada"}
    count = pack(target, state, environment)
    texts = texts_of(target)
    assert len(texts) == count
    assert '"temporalio"' in texts["gopherpizza/versions.json"]
    assert "x:7233" in texts["gopherpizza/environment.json"]
    assert texts["gopherpizza/logs/api.log"].endswith(f"Bearer {REMOVED}\n")
    assert len(texts["gopherpizza/logs/api.log"]) <= MAX_FILE_BYTES
    everything = "".join(texts.values())
    assert KEY not in everything and "Ada" not in everything


def test_a_bundle_has_the_kiosks_own_files_and_nobodys_name(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    rounds = [{"n": 1, "name": "Grace", "kills": 4}, {"n": 2, "name": None, "kills": 2}]
    (tmp_path / "rounds.json").write_text(json.dumps(rounds), encoding="utf-8")
    (tmp_path / "kiosk.json").write_text('{"orders": 7}', encoding="utf-8")
    (tmp_path / "losses.json").write_text('[{"what": "temporal.db is damaged"}]', encoding="utf-8")
    (tmp_path / "failures.json").write_bytes(b"[" * 100_000 + b"Grace")
    (tmp_path / "temporal.db.damaged-1").write_bytes(bytes(9000))
    target = tmp_path / "it.tar.gz"
    pack(target, tmp_path, {})
    texts = {name.rpartition("/")[2]: text for name, text in texts_of(target).items()}
    assert json.loads(texts["rounds.json"]) == [{**rounds[0], "name": REMOVED}, rounds[1]]
    assert json.loads(texts["kiosk.json"]) == {"orders": 7}
    assert "temporal.db is damaged" in texts["losses.json"]
    assert texts["failures.json"] == "100005 characters that are no JSON\n"
    listed = {each["file"]: each["bytes"] for each in json.loads(texts["files.json"])}
    assert listed["temporal.db.damaged-1"] == 9000
    assert "Grace" not in "".join(texts.values())


def test_the_command_writes_where_the_caller_means(tmp_path: Path) -> None:
    command = [str(ROOT / "run_all.sh"), "bundle", "--state-dir", "state"]
    (tmp_path / "state" / "logs").mkdir(parents=True)
    (tmp_path / "state" / "logs" / "api.log").write_text("it began\n", encoding="utf-8")
    environment = {**os.environ, "HOME": str(tmp_path / "home")}
    for name, status in (("it.tar.gz", 0), ("no/such/place.tar.gz", 1)):
        result = subprocess.run(
            [*command, name],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60 * PATIENCE,
            env=environment,
        )
        assert result.returncode == status, result.stderr
        assert (tmp_path / name).exists() is (status == 0)
        assert "Traceback" not in result.stderr


def test_a_bundle_without_logs_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(bundle.CALLER, str(tmp_path))
    monkeypatch.setattr(bundle, "STATE_DIR", tmp_path / "not-yet")
    monkeypatch.setattr(sys, "argv", ["bundle", "it.tar.gz", "--state-dir", "other"])
    assert bundle.main() == 1, "a directory that was named has to be the right one"
    assert not (tmp_path / "it.tar.gz").exists()
    assert f"{tmp_path / 'other'} has no logs; name the --state-dir" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["bundle", "it.tar.gz"])
    assert bundle.main() == 0, "what could not even be installed has no logs but the installer's"
    assert (tmp_path / "it.tar.gz").exists()
    assert "not-yet has no logs" in capsys.readouterr().err
