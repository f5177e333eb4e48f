"""What a booth is called, and that it is the same one for as long as a kitchen runs."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_stub.booth import BadBooth, booth_of, kept_name
from api_stub.checkpoint import switching
from api_stub.checkpoint.files import load
from api_stub.checkpoint.remembered_checkpoint import RememberedCheckpoint
from api_stub.gateway import database as database_module
from api_stub.gateway.booths import at_booth
from api_stub.gateway.client import Gateway
from api_stub.gateway.database import is_unfinished
from api_stub.gateway.reading import public_id
from api_stub.state_files import BOOTHS, LEDGER, SETUP
from tests.running import as_yaml
from tests.serving import Api, api, kitchen_for
from worker.connection import Target, connect
from worker.ids import (
    MAX_BOOTH_LENGTH,
    booth_in,
    checked_booth,
    identity_at,
    name_at,
    task_queue_of,
    workflow_id_for,
)
from worker.show.spec import WorkerSpec

BOOTHS_NAMES = st.one_of(
    st.none(), st.from_regex(r"[A-Za-z0-9]{1,5}(?:[._-][A-Za-z0-9]{1,5}){0,3}", fullmatch=True)
)
IDS = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)


# --- names ---


@given(IDS, BOOTHS_NAMES, BOOTHS_NAMES)
def test_the_same_id_at_two_booths_is_two_orders(order_id: str, one: str | None, other: str | None) -> None:
    found = workflow_id_for(order_id, one)
    assert (found == workflow_id_for(order_id, other)) == (one == other)
    assert found == workflow_id_for(order_id, one) and booth_in(found) == one
    assert public_id(found) == order_id


def test_without_a_booth_everything_is_called_as_before() -> None:
    assert workflow_id_for("manual-1") == "manual-1--b9a02e7e-98dc-4d43-9123-6a1b4181c57b"
    assert task_queue_of(None) == "gopherpizza" and identity_at(None, "w1.1") == "w1.1"
    assert name_at(None, "left/w1.1") == "left/w1.1" and name_at(None, "w1.1") == "w1.1"
    client: Any = object()
    assert at_booth(client, None) is client


@given(BOOTHS_NAMES, BOOTHS_NAMES)
def test_an_identity_is_ours_only_if_it_is_of_our_booth(mine: str | None, theirs: str | None) -> None:
    told = identity_at(theirs, "w1.1")
    assert (name_at(mine, told) == "w1.1") == (mine == theirs)


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "a'b", "a/b", "a--b", "-a", "a-", "a\n", "\u00e4", "a" * (MAX_BOOTH_LENGTH + 1)]
)
def test_what_no_booth_can_be_called(name: str) -> None:
    with pytest.raises(ValueError, match="1 to 32"):
        checked_booth(name)


def test_config_comes_before_environment_and_a_name_is_made_up_only_on_a_shared_server(
    tmp_path: Path,
) -> None:
    file, named = tmp_path / "state" / "booth", {"GOPHERPIZZA_BOOTH": "left"}
    assert booth_of("right", True, file, named) == "right"
    assert booth_of(None, False, file, named) == "left"
    assert (
        booth_of(None, False, file, {}) is None
        and booth_of(None, False, file, {"GOPHERPIZZA_BOOTH": ""}) is None
    )
    assert not file.exists()
    name = booth_of(None, True, file, {})
    assert name is not None and booth_of(None, True, file, {}) == name
    with pytest.raises(BadBooth, match="GOPHERPIZZA_BOOTH: found 'a b'.*1 to 32"):
        booth_of(None, True, file, {"GOPHERPIZZA_BOOTH": "a b"})


@pytest.mark.parametrize(
    ("host", "begins"),
    [
        ("Renee's MacBook-Pro.local", "renee-s-macbook-pro-"),
        ("..", "booth-"),
        ("", "booth-"),
        ("\u30d4\u30b6", "booth-"),
        ("x" * 64, "x" * 20 + "-"),
        ("a" * 19 + "-b", "a" * 19 + "-"),
    ],
)
def test_a_made_up_name_is_the_hosts_as_far_as_it_can_be_said(tmp_path: Path, host: str, begins: str) -> None:
    name = kept_name(tmp_path / "booth", host)
    assert name.startswith(begins) and len(name) == len(begins) + 4 and checked_booth(name) == name
    assert kept_name(tmp_path / "booth", "another") == name, "it is the state directory's"
    assert kept_name(tmp_path / "b", host) != name or kept_name(tmp_path / "c", host) != name


def test_where_nothing_can_be_kept_the_name_is_the_same_all_the_same(tmp_path: Path) -> None:
    in_the_way = tmp_path / "state"
    in_the_way.write_text("a file where the directory should be")
    names = {kept_name(in_the_way / "booth", "host") for _ in range(3)}
    assert len(names) == 1 and names != {kept_name(in_the_way / "other", "host")}


@pytest.mark.parametrize("kept", [b"", b"a b\n", b"\xff\xfe", b"x" * 10_000])
def test_a_damaged_name_is_made_anew_once(tmp_path: Path, kept: bytes) -> None:
    (tmp_path / "booth").write_bytes(kept)
    name = kept_name(tmp_path / "booth", "host")
    assert name.startswith("host-") and kept_name(tmp_path / "booth", "host") == name


def test_a_worker_has_the_booth_before_its_name_for_temporal_alone() -> None:
    spec = WorkerSpec(1, 2, Target("127.0.0.1:1", booth="left"), task_queue_of("left"))
    assert spec.identity == "w1.2"
    for target, identity in ((spec.target, "left/w1.2"), (Target("127.0.0.1:1"), "w1.2")):
        assert asyncio.run(connect(target, spec.identity, lazy=True)).identity == identity


def test_the_fleets_workers_get_the_booth() -> None:
    with api(kitchen=at("left")) as made:
        host: Any = made.kitchen.fleet.host
        pid = made.pid(1)
        made.tell(host.ready, pid)
        told = host.specs[pid]
        assert (told.task_queue, told.target.booth) == ("gopherpizza-left", "left")
        (worker, *_) = made("GET", "/fleet").json()["workers"]
        assert (worker["id"], worker["queues"]) == ("w1.1", ["gopherpizza-left"])
        assert made("GET", "/healthz").json()["temporal"]["booth"] == "left"


def at(booth: str | None) -> Any:
    kitchen = kitchen_for()
    kitchen.gateway = Gateway(replace(kitchen.gateway.target, booth=booth))
    kitchen.fleet._setup = replace(kitchen.fleet._setup, target=kitchen.gateway.target)
    return kitchen


def written(directory: Path, name: str, **keys: Any) -> Path:
    file = directory / f"{name}.yaml"
    file.write_text(as_yaml({"checkpoint": name, **keys}), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("here", "wanted", "words"),
    [
        ("left", "right", "booth: found 'right'; this kitchen is booth 'left' .* 'left' or null is accepted"),
        (None, "right", "booth: found 'right'; this kitchen is no booth .* null is accepted"),
    ],
)
def test_a_switch_does_not_change_the_booth(
    tmp_path: Path, here: str | None, wanted: str, words: str
) -> None:
    file = written(tmp_path, "other", booth=wanted)
    with api(kitchen=at(here)) as made:
        answer = made("PUT", "/checkpoint", json={"name": str(file)})
        assert answer.status_code == 422
        detail = answer.json()["detail"]
        assert re.search(words, detail) and str(file) in detail
        assert made("GET", "/checkpoint").json()["name"] == "test"


@pytest.mark.parametrize("wanted", ["left", None])
def test_a_config_of_this_booth_or_of_none_is_taken(tmp_path: Path, wanted: str | None) -> None:
    file = written(tmp_path, "other", booth=wanted)
    with api(kitchen=at("left")) as made:
        assert made("PUT", "/checkpoint", json={"name": str(file)}).status_code == 200


def test_an_edit_does_not_change_the_booth_and_the_list_says_why_it_cannot_be_switched_to(
    tmp_path: Path,
) -> None:
    made: Api
    with api(kitchen=at("left")) as made:
        made.kitchen.put_in_force(load(written(tmp_path, "own")))
        written(tmp_path, "own", booth="right", title="Another")
        made.run(switching.look(made.kitchen))
        told = made("GET", "/checkpoint").json()
        assert "booth: found 'right'" in told["problem"] and told["title"] == ""
        assert made("PUT", "/checkpoint", json={"name": "1"}).status_code == 200
        listed = {one["name"]: one for one in made("GET", "/checkpoints").json()["checkpoints"]}
        assert "booth: found 'right'" in listed["own"]["problem"] and listed["2"]["problem"] is None


def test_an_api_that_is_started_again_in_its_run_is_the_same_booth(tmp_path: Path) -> None:
    """Also after a switch to a checkpoint that names none."""
    first = RememberedCheckpoint(tmp_path / "in-force.json", "run")
    first.booth = "left"
    first.remember(load(written(tmp_path, "other")))
    again = RememberedCheckpoint(tmp_path / "in-force.json", "run")
    assert again.recall() is not None and again.booth == "left"
    another = RememberedCheckpoint(tmp_path / "in-force.json", "another run")
    assert another.recall() is None and another.booth is None


def test_the_orders_of_a_booth_keep_a_database_from_being_taken_for_unfinished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "LOOK_S", 60.0)  # a busy machine may take longer for a look
    database = tmp_path / "temporal.db"
    database.touch()
    (tmp_path / SETUP).touch()
    assert is_unfinished(database)
    (tmp_path / SETUP).unlink()
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE namespaces (id)")
    connection.close()
    assert is_unfinished(database)
    ledger = tmp_path / BOOTHS / "left" / LEDGER
    ledger.parent.mkdir(parents=True)
    ledger.write_text("an order\n")
    assert not is_unfinished(database)
