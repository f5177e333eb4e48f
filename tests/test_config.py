"""configs/: every shipped file is good, every bad value is told, every key has its effect."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from api_stub.checkpoint.files import CONFIGS, ConfigError, UnknownCheckpoint, available, find, load, stamp_of
from api_stub.checkpoint.switching import view
from api_stub.kitchen import policy_of
from api_stub.schema import StreamSettings
from tests.running import as_yaml
from worker.shared import Stage
from worker.show.challenges import NAMES, pristine

GOOD: dict[str, Any] = {"checkpoint": "x"}


def write(directory: Path, data: Any) -> Path:
    file = directory / "some.yaml"
    file.write_text(data if isinstance(data, str) else as_yaml(data), encoding="utf-8")
    return file


@pytest.mark.parametrize("file", sorted(CONFIGS.glob("*.yaml")), ids=lambda file: file.stem)
def test_shipped_files_are_good_and_named_after_their_checkpoint(file: Path) -> None:
    config = load(file).config
    assert file.stem == f"checkpoint-{config.checkpoint}"
    assert find(config.checkpoint).file == file
    assert config.title and config.story


def test_the_talks_checkpoints_are_there() -> None:
    by_name = {loaded.config.checkpoint: loaded.config for loaded in available()}
    assert by_name["1"].fleet.slots == by_name["1"].fleet.start == 1
    assert by_name["1-pair"].fleet.slots == by_name["1-pair"].fleet.start == 2
    for name in ("1", "1-pair"):
        assert by_name[name].fleet.respawn_after_s is None and by_name[name].fleet.lifespan_s is None


def test_one_shipped_checkpoint_has_all_of_the_failure_menu_and_no_other_pays_for_it() -> None:
    found = {loaded.config.checkpoint: loaded.config.failures for loaded in available()}
    assert found["failures"].network and found["failures"].oven_service
    assert [name for name, one in found.items() if one.network or one.oven_service] == ["failures"]
    assert not any(one.allowed_in_kiosk for one in found.values())


def test_a_large_fleet_is_accepted(tmp_path: Path) -> None:
    fleet = load(write(tmp_path, GOOD | {"fleet": {"slots": 256, "start": 256}})).config.fleet
    assert fleet.slots == fleet.start == 256


def test_every_key_may_stand_there_with_its_default(tmp_path: Path) -> None:
    data = GOOD | {"bug": None, "booth": None, "hosts": [], "title": "", "story": []}
    data |= {"fleet": {"respawn_after_s": None, "lifespan_s": None}, "stream": {"total": None}}
    assert load(write(tmp_path, data)).config == load(write(tmp_path, GOOD)).config


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fleet": {"slotz": 3}}, ["fleet.slotz", "unknown key", "3", "did you mean 'slots'"]),
        ({"activites": {}}, ["activites", "did you mean 'activities'"]),
        ({"fleet": {"slots": "3"}}, ["fleet.slots", "'3'", "integer"]),
        ({"fleet": {"slots": 0}}, ["fleet.slots", "0", "greater than or equal to 1"]),
        ({"fleet": {"slots": 257}}, ["fleet.slots", "257", "less than or equal to 256"]),
        ({"fleet": {"slots": 9, "start": 257}}, ["fleet.start", "257", "less than or equal to 256"]),
        ({"fleet": {"slots": True}}, ["fleet.slots", "True"]),
        ({"fleet": {"start": 3}}, ["fleet", "start: 3 is more than slots: 1"]),
        ({"fleet": {"kubernetes": {}}}, ["fleet", "kubernetes: is accepted with hosted_on: kubernetes"]),
        (
            {"fleet": {"hosted_on": "kubernetes", "respawn_after_s": [1, 2]}},
            ["respawn_after_s", "Kubernetes starts a dead worker again", "null"],
        ),
        (
            {"fleet": {"hosted_on": "kubernetes", "kubernetes": {"namespace": "Kitchen_1"}}},
            ["fleet.kubernetes.namespace", "'Kitchen_1'"],
        ),
        (
            {"fleet": {"hosted_on": "kubernetes"}, "bug": "spread_toppings"},
            ["bug: spread_toppings", "no file of this machine"],
        ),
        (
            {"fleet": {"hosted_on": "kubernetes"}, "failures": {"network": True}},
            ["failures.network: true", "workers of this machine", "false"],
        ),
        (
            {"fleet": {"hosted_on": "kubernetes"}, "failures": {"oven_service": True}},
            ["failures.oven_service: true", "workers of this machine", "false"],
        ),
        ({"fleet": {"hosted_on": "mars"}}, ["fleet.hosted_on", "'mars'", "'processes'"]),
        (
            {"fleet": {"respawn_after_s": [3, 1]}},
            ["fleet.respawn_after_s", "minimum 3 is over the maximum 1"],
        ),
        ({"activities": {"bake": {"duration_s": [-1, 2]}}}, ["activities.bake.duration_s", "-1"]),
        ({"activities": {"bake": {"duration_s": "2"}}}, ["activities.bake.duration_s", "'2'"]),
        ({"activities": {"bake": {"duration_s": [1, "2"]}}}, ["activities.bake.duration_s.1", "'2'"]),
        ({"activities": {"bake": {"failure_rate": 1.5}}}, ["failure_rate", "1.5", "less than 1"]),
        ({"activities": {"deliver": {"duration_s": [1, 20]}}}, ["deliver", "20", "start_to_close_s: 15"]),
        ({"timeouts": {"heartbeat_s": 0.1}}, ["timeouts.heartbeat_s", "0.1", "0.5"]),
        ({"retry": {"initial_s": 5}}, ["retry", "maximum_s: 1 is under initial_s: 5"]),
        ({"checkpoint": 2}, ["checkpoint", "found 2", "string"]),
        ({"checkpoint": None}, ["checkpoint", "None", "string"]),
        ({"activities": {"bake": {"failure_rate": 1}}}, ["failure_rate", "found 1", "less than 1"]),
        ({"activities": {"bake": {"failure_rate": -0.1}}}, ["failure_rate", "-0.1", "equal to 0"]),
        ({"bug": "toppings"}, ["bug", "'toppings'", "'spread_toppings'"]),
        ({"bug": True}, ["bug", "True", "'spread_toppings'"]),
        ({"stream": {"enabled": "yes"}}, ["stream.enabled", "'yes'", "boolean"]),
        ({"stream": {"every_s": [0, 1]}}, ["stream.every_s", "0", "greater than 0"]),
        ({"stream": {"every_s": [2, 1]}}, ["stream.every_s", "minimum 2 is over the maximum 1"]),
        ({"stream": {"burst": 0}}, ["stream.burst", "0", "greater than or equal to 1"]),
        ({"stream": {"max_open": 2001}}, ["stream.max_open", "2001", "less than or equal to 2000"]),
        ({"stream": {"total": 0}}, ["stream.total", "0", "greater than or equal to 1"]),
        ({"stream": {"evry_s": [1, 2]}}, ["stream.evry_s", "unknown key", "did you mean 'every_s'"]),
        ({"seed": 1.5}, ["seed", "1.5", "integer"]),
        ({"retention_s": 59}, ["retention_s", "59", "greater than or equal to 60"]),
        ({"booth": "north pole"}, ["booth", "'north pole'", "1 to 32 of A-Z a-z 0-9"]),
        ({"booth": "it's"}, ["booth", "A-Z a-z 0-9"]),
        ({"booth": "a--b"}, ["booth", "'a--b'", "single . _ -"]),
        ({"booth": "a/b"}, ["booth", "'a/b'", "A-Z a-z 0-9"]),
        ({"booth": ""}, ["booth", "''", "1 to 32"]),
        ({"booth": "n" * 33}, ["booth", "1 to 32"]),
        ({"booth": "north\n"}, ["booth", "1 to 32"]),
        ({"booth": 7}, ["booth", "found 7", "in quotes"]),
        ({"retension_s": 60}, ["retension_s", "did you mean 'retention_s'"]),
    ],
)
def test_a_bad_value_is_told_with_file_key_value_and_what_is_accepted(
    tmp_path: Path, change: dict[str, Any], words: list[str]
) -> None:
    file = write(tmp_path, copy.deepcopy(GOOD) | change)
    with pytest.raises(ConfigError) as caught:
        load(file)
    for word in [str(file), *words]:
        assert word in str(caught.value)


def test_the_line_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"some\.yaml:4: fleet\.slots"):
        load(write(tmp_path, 'checkpoint: "x"\nfleet:\n  start: 1\n  slots: many\n'))


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, {"checkpoint": "x", "titel": "t", "fleet": {"slots": -1}}))
    assert "titel" in str(caught.value) and "fleet.slots" in str(caught.value)


@pytest.mark.parametrize("text", ["", "[1, 2]", "checkpoint: [", "\x00", "1: 2\ncheckpoint: x", "a: &a [*a]"])
def test_what_is_no_config_is_an_error_too(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="some.yaml"):
        load(write(tmp_path, text))


def test_a_file_that_is_not_there_and_one_that_is_too_large(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "no.yaml")
    with pytest.raises(ConfigError, match="at most 65536"):
        load(write(tmp_path, "#" * 70_000))
    with pytest.raises(ConfigError, match="there are .*1-pair.*did you mean '1-pair'"):
        find("1-pare")


def test_each_key_has_its_effect(tmp_path: Path) -> None:
    config = load(
        write(
            tmp_path,
            {
                "checkpoint": "x",
                "title": "T",
                "story": ["s"],
                "fleet": {
                    "slots": 5,
                    "start": 2,
                    "respawn_after_s": [1, 2],
                    "lifespan_s": [3, 4],
                    "concurrency": 7,
                },
                "activities": {
                    "prepare": {"duration_s": [1, 2], "failure_rate": 0.1},
                    "bake": {"duration_s": [3, 4], "failure_rate": 0.2},
                    "deliver": {"duration_s": [5, 6], "failure_rate": 0.3},
                },
                "timeouts": {"heartbeat_s": 2, "start_to_close_s": 9},
                "retry": {"initial_s": 0.3, "backoff": 3, "maximum_s": 4},
                "bug": "spread_toppings",
                "stream": {"enabled": True, "every_s": [0.1, 0.3], "burst": 3, "max_open": 40, "total": 99},
                "seed": 11,
                "retention_s": 120,
            },
        )
    ).config
    policy = policy_of(config)
    assert (policy.slots, policy.start) == (5, 2)
    assert (policy.respawn_after_s, policy.lifespan_s) == ((1, 2), (3, 4))
    assert (policy.concurrency, policy.bug) == (7, "spread_toppings")
    kitchen = config.kitchen()
    assert [kitchen.of(stage).duration_s for stage in Stage] == [(1, 2), (3, 4), (5, 6)]
    assert (kitchen.heartbeat_s, kitchen.start_to_close_s) == (2, 9)
    assert (kitchen.retry_initial_s, kitchen.retry_backoff, kitchen.retry_maximum_s) == (0.3, 3, 4)
    assert [kitchen.of(stage).failure_rate for stage in Stage] == [0.1, 0.2, 0.3]
    assert kitchen.seed == 11
    shown = view(load(tmp_path / "some.yaml"))
    assert (shown.name, shown.title, shown.story, shown.slots) == ("x", "T", ["s"], 5)
    assert shown.bug == "spread_toppings"
    assert shown.stream == StreamSettings(enabled=True, every_s=(0.1, 0.3), burst=3, max_open=40, total=99)
    assert config.retention_s == 120


def test_a_key_left_out_has_its_default(tmp_path: Path) -> None:
    config = load(write(tmp_path, GOOD)).config
    assert config.fleet.slots == config.fleet.start == 1
    assert config.timeouts.heartbeat_s == 1
    assert config.fleet.respawn_after_s is None
    assert config.bug is None and config.seed == 0 and config.retention_s == 3600
    assert view(load(tmp_path / "some.yaml")).stream == StreamSettings()
    kitchen = config.kitchen()
    assert [kitchen.of(stage).failure_rate for stage in Stage] == [0, 0, 0]


def test_every_bug_that_there_is_can_be_put_in_force(tmp_path: Path) -> None:
    for name in NAMES:
        assert load(write(tmp_path, {"checkpoint": "x", "bug": name})).config.bug == name
        assert pristine(name).is_file()


def test_1a_differs_from_1_in_the_bug_alone() -> None:
    plain, buggy = find("1").config, find("1a").config
    as_1 = {"checkpoint": plain.checkpoint, "title": plain.title, "story": plain.story, "bug": None}
    assert buggy.bug == "spread_toppings"
    assert buggy.model_copy(update=as_1) == plain


def test_chaos_comes_with_checkpoint_2_and_the_stream_with_3() -> None:
    chaos, stream = find("2").config, find("3").config
    assert (chaos.fleet.slots, chaos.fleet.start) == (4, 4)
    assert chaos.fleet.respawn_after_s == (0.5, 2) and chaos.fleet.lifespan_s == (20, 60)
    assert {chaos.kitchen().of(stage).failure_rate for stage in Stage} == {0.2}
    assert (stream.fleet.slots, stream.fleet.start) == (12, 12)
    assert stream.fleet.respawn_after_s is not None and stream.fleet.lifespan_s == (40, 120)
    assert {stream.kitchen().of(stage).failure_rate for stage in Stage} == {0.1}
    assert stream.stream.enabled and not chaos.stream.enabled


def test_an_unknown_name_is_told_from_a_broken_file(tmp_path: Path) -> None:
    with pytest.raises(UnknownCheckpoint):
        find("nine")
    with pytest.raises(ConfigError) as caught:
        find(str(write(tmp_path, "checkpoint: [")))
    assert not isinstance(caught.value, UnknownCheckpoint)


def test_the_stamp_of_a_file_tells_an_edit(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD)
    before = load(file).stamp
    assert before is not None and stamp_of(file) == before
    write(tmp_path, {"checkpoint": "xyz"})
    assert stamp_of(file) != before
    file.unlink()
    assert stamp_of(file) is None
