"""Which checkpoint is in force, remembered on disk for an API that is started again."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from api_stub.checkpoint.files import MAX_ERROR, NEVER_SEEN, ConfigError, LoadedConfig, load
from api_stub.checkpoint.remembered_checkpoint import MAX_BYTES, RememberedCheckpoint
from api_stub.checkpoint.switching import look
from api_stub.server import home_of
from tests.running import quick_config
from tests.serving import api
from tests.test_config_text import X


def remembered(file: Path) -> RememberedCheckpoint:
    return RememberedCheckpoint(file, "run")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "JSONDecodeError"),
        (b"\xff\xfe", "UnicodeDecodeError"),
        (b"[" * 100_000, "RecursionError"),
        (b'{"run": "run", "file": "/x.yaml", "config": {"checkpoint": "x', "JSONDecodeError"),
        (b'{"run": "run", "file": "/x.yaml", "config": {"checkpoint": "x", "later": 1}}', "ValidationError"),
        (b'{"run": "run", "file": "/x.yaml", "config": [' + b"1," * 20_000 + b"1]}", "ValidationError"),
        (b'{"run": "run", "file": "x.yaml", "config": {"checkpoint": "x"}}', "no absolute path"),
        (b'{"run": "run", "file": 7, "config": {"checkpoint": "x"}}', "TypeError"),
        (b'{"run": "run", "file": "/x.yaml"}', "KeyError"),
        (b'{"run": "run", "seed": ' + b"9" * 5000 + b"}", "ValueError"),
        (b"null", "TypeError"),
        (b" " * (MAX_BYTES + 1), f"more than {MAX_BYTES} bytes"),
    ],
)
def test_a_memory_that_cannot_be_used_is_told_in_one_line_and_ignored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, raw: bytes, words: str
) -> None:
    file = tmp_path / "in-force.json"
    file.write_bytes(raw)
    assert remembered(file).recall() is None
    (said,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert said.startswith(f"{file} is ignored: ") and words in said
    assert said.isprintable() and len(said) <= 600
    remembered(file).remember(load_of(tmp_path))
    recalled = remembered(file).recall()
    assert recalled is not None and recalled.config.checkpoint == "x"


def load_of(directory: Path) -> LoadedConfig:
    (directory / "x.yaml").write_text(X, encoding="utf-8")
    return load(directory / "x.yaml")


@pytest.mark.timeout(20)
def test_a_memory_that_is_no_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "directory").mkdir()
    for name in ("pipe", "directory"):
        assert remembered(tmp_path / name).recall() is None
    assert caplog.text.count("is ignored") == 2
    assert remembered(tmp_path / "none").recall() is None and caplog.text.count("is ignored") == 2


def test_that_nothing_can_be_remembered_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("in the way", encoding="utf-8")
    memory, loaded = remembered(tmp_path / "state" / "in-force.json"), load_of(tmp_path)
    for _ in range(5):
        memory.remember(loaded)
    assert caplog.text.count("cannot be written") == 1
    memory.make_up()
    assert memory.recall() is None
    (tmp_path / "state").unlink()
    memory.make_up()
    assert memory.recall() is not None, "what could not be written is made up for"
    (tmp_path / "state" / "in-force.json").unlink()
    (tmp_path / "state" / "in-force.json").mkdir()
    memory.remember(loaded)
    assert caplog.text.count("cannot be written") == 2, "it is news again"


def test_what_is_remembered_may_lie_anywhere(tmp_path: Path) -> None:
    directory = tmp_path / os.fsdecode("é # ? % ☕".encode())
    directory.mkdir()
    loaded = load_of(directory)
    remembered(tmp_path / "in-force.json").remember(loaded)
    recalled = remembered(tmp_path / "in-force.json").recall()
    assert recalled is not None and recalled.file == loaded.file


def test_a_kiosk_is_itself_again_though_its_file_was_broken_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "home.yaml").write_text("checkpoint: home\nkiosk: { pin: '2468' }\n", encoding="utf-8")
    home, visited = load(tmp_path / "home.yaml"), load_of(tmp_path)
    remembered(tmp_path / "in-force.json").remember(visited, home)
    (tmp_path / "home.yaml").write_text("checkpoint: [", encoding="utf-8")
    memory = remembered(tmp_path / "in-force.json")
    recalled = memory.recall()
    assert recalled is not None and memory.home is not None and recalled.config == visited.config
    found = home_of(str(home.file), memory.home)
    assert (found.file, found.config) == (home.file, home.config)
    home.file.write_text("checkpoint: home\n", encoding="utf-8")
    assert home_of(str(home.file), memory.home).config.kiosk.pin is None


def test_an_error_is_a_line_whatever_it_is_made_of() -> None:
    for words in ("a\nb", "\ud800", "x" * 100_000, "\0" * 400, "\u2028"):
        assert str(ConfigError(words)).isprintable() and len(str(ConfigError(words))) <= MAX_ERROR


def test_after_a_restart_only_an_edit_is_told_as_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    memory = remembered(tmp_path / "in-force.json")
    memory.remember(load_of(tmp_path))
    recalled = memory.recall()
    assert recalled is not None
    caplog.set_level(logging.INFO)
    with api() as house:
        made = house.kitchen
        made.checkpoint, made.seen = recalled, NEVER_SEEN
        house.run(look(made))
        assert "x.yaml says what it said" in caplog.text and "was edited" not in caplog.text
        (tmp_path / "x.yaml").write_text(f"{X}seed: 5\n", encoding="utf-8")
        house.run(look(made))
        assert "x.yaml was edited, and is in force" in caplog.text


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"run": "r", "file": "x", "config": {"seed": "no"}}', "\0"]
)
def test_a_memory_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "in-force.json").write_text(text)
    assert RememberedCheckpoint(tmp_path / "in-force.json", "r").recall() is None
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    RememberedCheckpoint(blocked / "in-force.json", "r").remember(load(quick_config(tmp_path)))
