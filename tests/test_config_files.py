"""Which files are checkpoints, in which order, and what kinds of files can be read at all."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from api_stub.checkpoint import files as configfile
from api_stub.checkpoint.files import (
    CONFIGS,
    MAX_ERROR,
    MAX_LISTED,
    TALKS,
    ConfigError,
    UnknownCheckpoint,
    available,
    checkpoint_files,
    find,
    load,
    name_in,
    named,
    stamp_of,
)
from tests.running import as_yaml
from worker.show.files import read_bounded


def put(directory: Path, *names: str) -> None:
    """Checkpoints of these names, each in its file."""
    directory.mkdir(exist_ok=True)
    for name in names:
        (directory / f"checkpoint-{name}.yaml").write_text(as_yaml({"checkpoint": name}), encoding="utf-8")


def litter(directory: Path) -> None:
    """What editors, file systems and people leave beside the checkpoints."""
    (directory / ".#checkpoint-1.yaml").symlink_to("user@host.1234:5678")
    for name in (
        *("#checkpoint-1.yaml#", "._checkpoint-1.yaml", ".checkpoint-1.yaml", "checkpoint-1.yaml~"),
        *(
            "checkpoint-1.yaml.swp",
            ".checkpoint-1.yaml.swp",
            "checkpoint-1.yaml.bak",
            "checkpoint-1.yaml.new",
        ),
        *("checkpoint-1.yml", "checkpoint.yaml", "mine.yaml", "README.md", "Checkpoint-0.yaml", "4913"),
    ):
        (directory / name).write_bytes(b"\x00\x05\x16\x07 : [")
    (directory / "checkpoint-0.yaml").mkdir()
    os.mkfifo(directory / "checkpoint-00.yaml")
    (directory / "checkpoint-000.yaml").symlink_to("/dev/zero")


# --- which files, in which order ---


def test_the_talks_come_first_in_the_order_of_the_f_keys() -> None:
    assert tuple(checkpoint_files()) == TALKS == tuple(each.config.checkpoint for each in available())


def test_litter_is_no_checkpoint_and_moves_none(tmp_path: Path) -> None:
    directory = tmp_path / "configs"
    put(directory, *TALKS)
    before = list(checkpoint_files(directory))
    litter(directory)
    assert list(checkpoint_files(directory)) == before == list(TALKS)
    assert [each.config.checkpoint for each in available(directory)] == before


def test_own_checkpoints_come_after_the_talks_in_natural_order(tmp_path: Path) -> None:
    directory = tmp_path / "configs"
    put(
        directory, "10", "9", "2b", "2a", "booth-10", "booth-9", "A", "a", "0", "007", "7", "1 (copy)", *TALKS
    )
    assert list(checkpoint_files(directory)) == [
        *TALKS,
        *("0", "2a", "2b", "007", "7", "9", "10", "A", "a", "booth-9", "booth-10", "1 (copy)"),
    ]


def test_a_broken_file_keeps_its_place(tmp_path: Path) -> None:
    directory = tmp_path / "configs"
    put(directory, "1", "2", "3")
    (directory / "checkpoint-2.yaml").write_text("checkpoint: [", encoding="utf-8")
    assert list(checkpoint_files(directory)) == ["1", "2", "3"]
    (directory / "checkpoint-2.yaml").unlink()
    (directory / "checkpoint-2.yaml").symlink_to(directory / "gone.yaml")
    assert list(checkpoint_files(directory)) == ["1", "2", "3"]
    with pytest.raises(ConfigError, match=r"checkpoint-2\.yaml: cannot be read: No such file"):
        named("2", directory)


def test_a_link_to_a_file_is_a_checkpoint(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere", "live")
    directory = tmp_path / "configs"
    directory.mkdir()
    (directory / "checkpoint-live.yaml").symlink_to(tmp_path / "elsewhere" / "checkpoint-live.yaml")
    assert named("live", directory).file == directory / "checkpoint-live.yaml"


def test_so_many_are_listed_and_no_more(tmp_path: Path) -> None:
    put(tmp_path / "configs", *TALKS, *(f"n{n}" for n in range(MAX_LISTED + 50)))
    found = list(checkpoint_files(tmp_path / "configs"))
    assert len(found) == MAX_LISTED and found[: len(TALKS) + 1] == [*TALKS, "n0"]
    with pytest.raises(UnknownCheckpoint) as caught:
        find("nine", tmp_path / "configs")
    assert len(str(caught.value)) <= MAX_ERROR and " more, or name a YAML file" in str(caught.value)


def test_a_checkpoint_is_named_as_its_file_is(tmp_path: Path) -> None:
    directory = tmp_path / "configs"
    put(directory, "1", "2")
    (directory / "checkpoint-2.yaml").write_text('title: T\ncheckpoint: "1"\n', encoding="utf-8")
    words = r"checkpoint-2\.yaml:2: checkpoint: found '1'; in a file of this name it is '2'"
    for refused in (
        lambda: named("2", directory),
        lambda: find(str(directory / "checkpoint-2.yaml"), directory),
    ):
        with pytest.raises(ConfigError, match=words):
            refused()
    assert named("1", directory).config.checkpoint == "1"
    # Elsewhere a file may be called anything.
    assert load(directory / "checkpoint-2.yaml").config.checkpoint == "1"
    assert name_in(directory, directory / "checkpoint-2.yaml") == "2"
    assert name_in(directory, tmp_path / "checkpoint-2.yaml") is None
    assert name_in(directory, directory / "two.yaml") is None
    (tmp_path / "same").symlink_to(directory)
    assert name_in(tmp_path / "same", directory / "checkpoint-2.yaml") == "2"


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no: its checkpoints cannot be listed: No such file"):
        find("1", tmp_path / "no")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnknownCheckpoint, match="no checkpoint '1'; there is none, or name a YAML file"):
        find("1", tmp_path / "empty")


# --- a name or a file ---


def test_a_name_comes_before_a_file_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("1", "1a", "checkpoint-1"):
        (tmp_path / name).touch()
    (tmp_path / "2").mkdir()
    for name in ("1", "1a", "2"):
        assert find(name).file == CONFIGS / f"checkpoint-{name}.yaml"
    with pytest.raises(ConfigError, match="checkpoint-1: a mapping"):
        find("checkpoint-1")


def test_a_path_is_the_callers_and_is_made_whole_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    for file in ("my.yaml", "MY.YML", "plain", "home/own.yaml"):
        (tmp_path / file).write_text("checkpoint: mine", encoding="utf-8")
    for name, file in {
        "my.yaml": "my.yaml",
        "./my.yaml": "my.yaml",
        "MY.YML": "MY.YML",
        "./plain": "plain",
        "plain": "plain",
        "~/own.yaml": "home/own.yaml",
        str(tmp_path / "plain"): "plain",
    }.items():
        assert find(name).file == tmp_path / file, name
    for name in (
        *("no.yaml", "no/such", "~", "~/no.yaml", "~nobody-has-this-name/x.yaml"),
        *("a\0b.yaml", "\udcff.yaml", "\ud800.yaml", "x" * 5000 + "/", "x" * 100_000 + ".yaml"),
    ):
        with pytest.raises(ConfigError) as caught:
            find(name)
        assert str(caught.value).isprintable() and len(str(caught.value)) <= MAX_ERROR


@pytest.mark.parametrize("name", ["", "1-pare", "\0", "\ud800", "x" * 100_000, "a\nb", "checkpoint-1", "*"])
def test_an_unknown_name_is_told_in_one_line(name: str) -> None:
    with pytest.raises(UnknownCheckpoint) as caught:
        find(name)
    text = str(caught.value)
    assert text.isprintable() and len(text) <= MAX_ERROR and "there are 1, 1-pair, 1a, 2, 3" in text
    assert ("did you mean '1-pair'" in text) == (name == "1-pare")


# --- kinds of files ---


def a_directory(file: Path) -> None:
    file.mkdir()


def a_socket(file: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = os.getcwd()
        os.chdir(file.parent)
        try:
            made.bind(file.name)  # a whole path may be too long for a socket
        finally:
            os.chdir(here)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (a_directory, "a directory, not a file"),
        (os.mkfifo, "a pipe, a socket or a device, not a file"),
        (a_socket, "a pipe, a socket or a device, not a file"),
        (lambda file: file.symlink_to("/dev/zero"), "a pipe, a socket or a device, not a file"),
        (lambda file: file.symlink_to("/dev/stdin"), "not a file|found|cannot be read"),
        (lambda file: file.symlink_to("gone"), "No such file"),
        (lambda file: file.symlink_to(file.name), "Too many levels|[Ss]ymbolic"),
        (lambda file: file.symlink_to("x.yaml/y"), "Too many levels|[Ss]ymbolic|Not a directory"),
    ],
)
@pytest.mark.timeout(20)
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, make: Callable[[Path], None], words: str) -> None:
    file = tmp_path / "x.yaml"
    make(file)
    with pytest.raises(ConfigError, match=rf"x\.yaml: .*({words})"):
        load(file)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("checkpoint: x", encoding="utf-8")
    before = stamp_of(file)
    file.chmod(0)
    assert stamp_of(file) != before, "that it was locked away is an edit, too"

    def refused(*arguments: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(configfile.os, "open", refused)  # root may read everything
    with pytest.raises(ConfigError, match="x.yaml: cannot be read: Permission denied"):
        load(file)


def test_a_file_that_grows_while_it_is_read_is_read_to_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("checkpoint: x", encoding="utf-8")
    real = os.fstat

    def grown(descriptor: int) -> os.stat_result:
        file.write_bytes(b"#" * 1_000_000)
        return real(descriptor)

    monkeypatch.setattr(configfile.os, "fstat", grown)
    with pytest.raises(ConfigError, match="65537 bytes; at most 65536"):
        load(file)
    assert len(read_bounded(file, 10)) == 11


def test_a_name_that_is_no_text_is_told_in_text(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"checkpoint-\xff\n.yaml")).write_bytes(b"checkpoint: x")
    except OSError:
        pytest.skip("this file system takes only text")
    (name,) = checkpoint_files(tmp_path)
    with pytest.raises(ConfigError) as caught:
        named(name, tmp_path)
    assert str(caught.value).isprintable()
