"""The API beside files that nobody can use: the others are listed, and can be chosen; nothing waits."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api_stub import kitchen
from api_stub.checkpoint import switching, timed_reading
from api_stub.checkpoint.files import MAX_ERROR, TALKS, LoadedConfig, load
from api_stub.checkpoint.switching import look
from api_stub.checkpoint.timed_reading import ConfigReader
from tests.running import PATIENCE, as_yaml, eventually
from tests.serving import Api, api
from tests.test_config_files import litter
from tests.test_config_files import put as put_files
from tests.test_config_text import LAUGHS, X

NASTY = {
    "date": b"checkpoint: nasty\ntitle: 2025-02-30\nseed: 2025-02-30",
    "hex": b"checkpoint: nasty\nseed: 0x_",
    "digits": b"checkpoint: nasty\nseed: " + b"9" * 5000,
    "tag": b'checkpoint: nasty\nstream: {enabled: !!bool "abc"}',
    "object": b"!!python/object/apply:os.abort []",
    "brackets": b"checkpoint: nasty\nfleet: " + b"[" * 1200,
    "laughs": LAUGHS.encode(),
    "title": b"checkpoint: nasty\ntitle: " + b"a" * 60_000,
    "keys": b"".join(b"k%d: 1\n" % n for n in range(5000)),
    "nul": b"\0" * 100,
    "null-title": b'checkpoint: null-title\ntitle: "\\0"',
    "utf16": X.encode("utf-16"),
    "latin1": b"checkpoint: latin1\ntitle: Caf\xe9",
    "surrogate": b'checkpoint: surrogate\ntitle: "\\ud800"',
    "two": b"checkpoint: two\n---\ncheckpoint: two",
    "empty": b"",
    "list": b"- checkpoint: list",
    "other-name": b"checkpoint: other",
    "int": b"checkpoint: 1",
    "nan": b"checkpoint: nan\ntimeouts: {heartbeat_s: .nan}",
    "null": b"checkpoint: 'null'\nfleet:",
    "twice": b"checkpoint: twice\nseed: 1\nseed: 1",
    "cyclic": b"checkpoint: &a [*a]",
    "large": b"#" * 70_000,
    "not a name": b"checkpoint: not a name",
    "x.yaml": b"checkpoint: x.yaml",
}


@pytest.fixture
def made() -> Iterator[Api]:
    with api() as opened:
        yield opened


@pytest.fixture
def configs(tmp_path: Path, made: Api) -> Path:
    """A directory with the talks' checkpoints, from which this API lists."""
    directory = tmp_path / "configs"
    put_files(directory, *TALKS, "own")
    made.kitchen.reader = ConfigReader(directory, limit_s=60)
    return directory


def listed(made: Api) -> dict[str, dict[str, Any]]:
    answer = made("GET", "/checkpoints")
    assert answer.status_code == 200
    found = answer.json()["checkpoints"]
    names = [one["name"] for one in found]
    assert len(set(names)) == len(names), "each name is there once"
    return {one["name"]: one for one in found}


def put(made: Api, name: str) -> Any:
    return made("PUT", "/checkpoint", json={"name": name})


def test_among_files_that_nobody_can_use_all_are_listed_and_the_good_ones_can_be_chosen(
    made: Api, configs: Path
) -> None:
    assert put(made, "1").status_code == 200
    before = list(listed(made))
    litter(configs)
    for name, raw in NASTY.items():
        (configs / f"checkpoint-{name}.yaml").write_bytes(raw)
    (configs / "checkpoint-dangling.yaml").symlink_to("gone.yaml")
    (configs / os.fsdecode(b"checkpoint-\xff\n.yaml")).write_bytes(b"checkpoint: x")
    found = listed(made)
    assert list(found)[: len(TALKS)] == list(TALKS), "no F-key is moved"
    assert set(found) == {*before, *NASTY, "dangling", "\\udcff\\n"}
    for name, one in found.items():
        problem, is_good = one["problem"], name in before
        assert (problem is None) == is_good, (name, problem)
        assert is_good or (len(problem) <= MAX_ERROR and problem.isprintable()), (name, problem)
        answer = put(made, name)
        if is_good:
            assert answer.status_code == 200 and answer.json()["name"] == name
        else:
            assert answer.status_code in (404, 422) and answer.json()["detail"].isprintable()
    assert made("GET", "/checkpoints").json()["current"] == "own"


@pytest.mark.parametrize(
    "name", ["a\0b.yaml", "\0", "x" * 1000 + ".yaml", "~/no.yaml", "~nobody/x.yml", "/.yaml"]
)
def test_a_name_that_can_be_no_file_is_refused(made: Api, name: str) -> None:
    assert put(made, name).status_code in (404, 422)


def test_a_file_of_home_by_its_path(made: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine.yaml").write_text("checkpoint: mine", encoding="utf-8")
    assert put(made, "~/mine.yaml").json()["name"] == "mine"
    assert put(made, "1").status_code == put(made, "mine").status_code == 200


def test_what_was_named_by_its_path_is_listed_as_its_file_is_now(
    made: Api, configs: Path, tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("checkpoint: mine", encoding="utf-8")
    assert put(made, str(file)).status_code == put(made, "1").status_code == 200
    assert listed(made)["mine"]["problem"] is None
    file.write_text("checkpoint: mine\nseed: no", encoding="utf-8")
    assert "mine.yaml:2: seed: found 'no'" in listed(made)["mine"]["problem"]
    assert put(made, "mine").status_code == 422
    file.write_text("checkpoint: another", encoding="utf-8")
    assert listed(made)["mine"]["problem"] is None and put(made, "mine").status_code == 200
    assert "another" in listed(made) and "mine" not in listed(made)


def test_so_many_are_known_by_their_paths_and_no_more(
    made: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kitchen, "MAX_NAMED_BY_PATH", 3)
    for n in range(6):
        (tmp_path / f"n{n}.yaml").write_text(f"checkpoint: n{n}", encoding="utf-8")
        assert put(made, str(tmp_path / f"n{n}.yaml")).status_code == 200
    assert list(made.kitchen.named_by_path) == ["n3", "n4", "n5"]


def test_a_directory_that_is_gone_is_told_once(
    made: Api, configs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    configs.rename(configs.with_name("away"))
    assert list(listed(made)) == list(listed(made)) == ["test"]
    assert caplog.text.count("its checkpoints cannot be listed") == 1
    assert put(made, "1").status_code == 422
    configs.with_name("away").rename(configs)
    assert put(made, "1").status_code == 200


# --- beside the event loop ---


class Stuck:
    """Files that do not answer, by their names, until they are let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
        self.names = {f"checkpoint-{name}.yaml" for name in names}
        self.entered = 0
        self.free = threading.Event()
        monkeypatch.setattr(timed_reading, "load", self.load)

    def load(self, file: Path, named: str | None = None) -> LoadedConfig:
        if file.name in self.names:
            assert threading.current_thread() is not threading.main_thread()
            self.entered += 1
            self.free.wait(60)
        return load(file, named)


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stuck]:
    made = Stuck(monkeypatch, "1a")
    yield made
    made.free.set()


def with_problems(made: Api, *names: str) -> dict[str, dict[str, Any]] | None:
    """The listing, where these have problems and no others. On a busy machine more may be too slow, once."""
    found = listed(made)
    return found if [name for name, one in found.items() if one["problem"]] == list(names) else None


def test_a_disk_that_does_not_answer_holds_up_nobody(made: Api, configs: Path, stuck: Stuck) -> None:
    async def meanwhile() -> bool:
        asked = asyncio.create_task(made.request("GET", "/checkpoints"))
        while not stuck.entered:
            await asyncio.sleep(0.001)
        await made.request("GET", "/fleet")
        waits = not asked.done()
        asked.cancel()
        return waits

    assert made.run(meanwhile()), "and another one was answered before it"
    made.kitchen.reader._limit_s = 0.2
    found = eventually(lambda: with_problems(made, "1a"))
    assert "1a.yaml: cannot be read: it did not answer within 0.2 s" in found["1a"]["problem"]
    assert list(found)[: len(TALKS)] == list(TALKS)
    assert stuck.entered == 1, "who asks again waits for the thread that there is"
    eventually(lambda: put(made, "2").status_code == 200)
    stuck.free.set()
    eventually(lambda: listed(made)["1a"]["problem"] is None, 5)


def test_many_that_do_not_answer_end_in_time(made: Api, configs: Path, stuck: Stuck) -> None:
    made.kitchen.reader = ConfigReader(configs, limit_s=0.15 * PATIENCE)
    more = [f"s{n}" for n in range(40)]
    put_files(configs, *more)
    stuck.names |= {f"checkpoint-{name}.yaml" for name in more}
    eventually(lambda: with_problems(made, "1a", *more))
    threads = [each for each in threading.enumerate() if each.name.startswith("reads ")]
    assert len(threads) <= timed_reading.MAX_THREADS


def test_a_listing_reads_what_was_edited_and_nothing_else(
    made: Api, configs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in configs.iterdir():
        os.utime(file, (1e9, 1e9))
    counted: list[str] = []

    def counting(file: Path, named: str | None = None) -> LoadedConfig:
        counted.append(file.name)
        return load(file, named)

    monkeypatch.setattr(timed_reading, "load", counting)
    first = listed(made)
    assert sorted(counted) == sorted(f"checkpoint-{name}.yaml" for name in (*TALKS, "own"))
    counted.clear()
    assert listed(made) == first and not counted
    (configs / "checkpoint-2.yaml").write_text("checkpoint: '2'\ntitle: New", encoding="utf-8")
    assert listed(made)["2"]["title"] == "New" and counted == ["checkpoint-2.yaml"]
    (configs / "checkpoint-2.yaml").write_text("checkpoint: '2'\ntitle: Two", encoding="utf-8")
    assert listed(made)["2"]["title"] == "Two", "an edit in the same moment, of the same length"


# --- the file in force ---


@pytest.mark.parametrize("name", [name for name in NASTY if name not in ("two", "int")])
def test_an_edit_that_cannot_be_used_is_told_whatever_it_is(made: Api, configs: Path, name: str) -> None:
    assert put(made, "own").status_code == 200
    file = configs / "checkpoint-own.yaml"
    file.write_bytes(NASTY[name])
    made.run(look(made.kitchen))
    shown = made("GET", "/checkpoint").json()
    assert shown["name"] == "own" and "checkpoint-own.yaml" in shown["problem"]
    assert listed(made)["own"]["problem"] == shown["problem"]
    put_files(configs, "own")
    made.run(look(made.kitchen))
    assert made("GET", "/checkpoint").json()["problem"] is None


def test_a_file_in_force_that_cannot_be_read_is_tried_again(
    made: Api, configs: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert put(made, "own").status_code == 200
    file = configs / "checkpoint-own.yaml"
    file.unlink()
    os.mkfifo(file)
    for _ in range(3):
        made.run(look(made.kitchen))
    assert "a pipe, a socket or a device" in (made.kitchen.problem or "")
    assert caplog.text.count("is not taken") == 1

    def broken(*arguments: object) -> LoadedConfig:
        raise RuntimeError("of another kind\nin two lines")

    file.unlink()
    put_files(configs, "own")
    with monkeypatch.context() as patched:
        patched.setattr(timed_reading, "load", broken)
        for _ in range(3):
            made.run(look(made.kitchen))
    assert made.kitchen.problem == "RuntimeError: of another kind in two lines"
    made.run(look(made.kitchen))
    assert made.kitchen.problem is None, "it is readable again, though nobody edited it"


def test_a_file_in_force_that_does_not_answer_is_told_and_another_can_be_chosen(
    made: Api, configs: Path, stuck: Stuck
) -> None:
    assert put(made, "own").status_code == 200
    made.kitchen.reader = ConfigReader(configs, limit_s=0.2)
    stuck.names = {"checkpoint-own.yaml"}
    (configs / "checkpoint-own.yaml").write_text("checkpoint: own\ntitle: Edited", encoding="utf-8")
    made.run(look(made.kitchen))
    made.run(look(made.kitchen))
    assert "did not answer within 0.2 s" in made("GET", "/checkpoint").json()["problem"]
    assert stuck.entered <= 2  # this look's, and that of the kitchen's own watch before it
    made.kitchen.reader._limit_s = 60
    stuck.free.set()
    made.until(lambda: made.kitchen.checkpoint.config.title == "Edited")
    assert made("GET", "/checkpoint").json()["problem"] is None
    assert put(made, "1").status_code == 200


def test_a_switch_during_a_look_is_not_undone_by_it(made: Api, configs: Path, stuck: Stuck) -> None:
    assert put(made, "own").status_code == 200
    stuck.names = {"checkpoint-own.yaml"}
    (configs / "checkpoint-own.yaml").write_text("checkpoint: own\ntitle: Edited", encoding="utf-8")

    async def both() -> bool:
        looking = asyncio.create_task(look(made.kitchen))
        while not stuck.entered:
            await asyncio.sleep(0.001)
        await switching.switch(made.kitchen, "2")
        stuck.free.set()
        return await looking

    assert made.run(both()) is False
    assert made.kitchen.checkpoint.config.checkpoint == "2" and made.kitchen.problem is None


def test_a_link_that_is_put_in_place_of_another_is_an_edit(made: Api, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "live.yaml").write_text(f"checkpoint: live\ntitle: {name}", encoding="utf-8")
    (tmp_path / "now").symlink_to("a")
    assert put(made, str(tmp_path / "now" / "live.yaml")).json()["title"] == "a"
    (tmp_path / "next").symlink_to("b")
    (tmp_path / "next").replace(tmp_path / "now")
    made.run(look(made.kitchen))
    assert made("GET", "/checkpoint").json()["title"] == "b"


def test_the_watch_goes_on_after_any_failure(
    made: Api, configs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert put(made, "own").status_code == 200
    real, failed = made.kitchen.put_in_force, []

    def failing(loaded: LoadedConfig) -> None:
        if not failed:
            failed.append(loaded)
            raise RuntimeError("once")
        real(loaded)

    monkeypatch.setattr(made.kitchen, "put_in_force", failing)
    text = as_yaml({"checkpoint": "own", "title": "Edited"})
    (configs / "checkpoint-own.yaml").write_text(text, encoding="utf-8")
    assert "RuntimeError: once" in made.until(lambda: made.kitchen.problem)
    made.until(lambda: made.kitchen.checkpoint.config.title == "Edited")
    assert failed and made.kitchen.problem is None
