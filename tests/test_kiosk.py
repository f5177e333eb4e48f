"""The kiosk's API side: no dead exhibit, its reset, names, the PIN, settings."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api_stub.checkpoint.config import CheckpointConfig
from api_stub.checkpoint.files import ConfigError, LoadedConfig, load
from api_stub.errors import NameRefused
from api_stub.fleet.rules import FleetState, Slot
from api_stub.kiosk.all_cooks_dead import Countdown, KillDebounce, is_dead
from api_stub.kiosk.pin import MAX_WRONG, WITHIN_S, right, wrong_ones
from api_stub.kiosk.round_names import is_rude, normal
from api_stub.kitchen import policy_of
from api_stub.repeated_messages import RepeatedMessages
from api_stub.start_setup import StartSetup
from api_stub.working_copies import WorkingCopies
from tests.running import PATIENCE, as_yaml
from tests.serving import Api, ScriptedHost, api, kitchen_for
from worker.show.challenges import pristine
from worker.show.edited_code import digest_of
from worker.show.spec import Readiness

BUG = "spread_toppings"


def kiosk(**more: Any) -> Any:
    """An API with --kiosk; its config's kiosk section is `more`."""
    host = ScriptedHost()
    start_setup = StartSetup(kiosk=True)
    return api(
        host=host, kitchen=kitchen_for(host=host, start_setup=start_setup, start=2, more={"kiosk": more})
    )


def stood_still(made: Api) -> list[float]:
    """The kiosk's clock from now on, in seconds: it stands still but for whoever turns it."""
    now = [time.monotonic()]
    made.kitchen.kiosk._clock = lambda: now[0]
    return now


def slots(*phases: Any) -> FleetState:
    return FleetState(tuple(Slot(n, 1, phase) for n, phase in enumerate(phases, 1)))


# --- no dead exhibit ---


@pytest.mark.parametrize(
    ("phases", "dead"),
    [
        (("dead", "dead"), True),
        (("dead", "empty"), True),
        (("dead", "ready"), False),
        (("dead", "starting"), False),
        (("stopping", "dead"), False),
        (("dead", "backoff"), False),
    ],
)
def test_dead_is_where_nobody_works_and_nobody_comes_by_himself(phases: Any, dead: bool) -> None:
    assert is_dead(slots(*phases)) is dead


def test_a_countdown_begins_with_the_last_death_and_anew_with_each() -> None:
    countdown = Countdown()
    assert not countdown.look(True, 100.0, 10.0) and countdown.left_s(103.0, 10.0) == 7.0
    assert not countdown.look(False, 104.0, 10.0) and countdown.left_s(104.0, 10.0) is None
    assert not countdown.look(True, 105.0, 10.0) and not countdown.look(True, 114.9, 10.0)
    assert countdown.look(True, 115.0, 10.0) and countdown.left_s(115.0, 10.0) is None
    assert not countdown.look(True, 115.1, 10.0), "it is due once"


def test_a_slots_number_means_nobody_right_after_a_kill_there() -> None:
    debounce = KillDebounce()
    assert debounce.takes(1, 0.0, 0.5)
    debounce.killed(1, 0.0)
    assert not debounce.takes(1, 0.4, 0.5) and debounce.takes(2, 0.4, 0.5) and debounce.takes(1, 0.5, 0.5)


def test_a_kiosk_starts_its_workers_when_all_are_dead_and_tells_when() -> None:
    with kiosk(all_dead_restart_s=4.0) as made:
        now = stood_still(made)
        for slot in (1, 2):
            made.tell(made.host.ready, made.pid(slot))
            assert made("DELETE", f"/fleet/workers/{slot}").status_code == 202
        made.until(lambda: made.kitchen.kiosk.all_dead)
        told = made("GET", "/kiosk").json()["all_dead"]
        left = made("GET", "/fleet").json()["restart_in_s"]
        assert told["workers"] == 2 and told["restart_in_s"] == left == 4
        now[0] += 3.0
        assert made("GET", "/fleet").json()["restart_in_s"] == 1
        now[0] += 1.0
        made.until(lambda: [slot.phase for slot in made.kitchen.fleet.state.slots[:2]] == ["starting"] * 2)
        assert made("GET", "/kiosk").json()["all_dead"] is None
        assert made("GET", "/fleet").json()["restart_in_s"] is None


def test_elsewhere_the_dead_stay_dead() -> None:
    with api() as made:
        made.tell(made.host.ready, made.pid(1))
        made("DELETE", "/fleet/workers/1")
        made.until(lambda: made.kitchen.fleet.state.slot(1).phase == "dead")
        assert "the watch over a dead exhibit" not in made.kitchen.kiosk.watches()
        assert made("GET", "/fleet").json()["restart_in_s"] is None


def test_one_kill_a_workers_lifetime_however_often_a_key_is_pressed() -> None:
    with kiosk(kill_debounce_s=10.0) as made:
        stood_still(made)
        pid = made.pid(1)
        made.tell(made.host.ready, pid)
        answers = made.many(
            *[("DELETE", "/fleet/workers/1", None)] * 5, ("DELETE", "/fleet/workers/w1.1", None)
        )
        assert sorted(answer.status_code for answer in answers) == [202] + [409] * 5
        made.until(lambda: made.kitchen.fleet.state.slot(1).phase == "dead")
        made.post("/fleet/workers", {"slot": 1})
        made.tell(made.host.ready, made.pid(1))
        again = made("DELETE", "/fleet/workers/1")
        assert again.status_code == 409 and "once is enough" in again.json()["detail"]
        assert made.host.signals == [(pid, signal.SIGKILL)]
        assert made("DELETE", "/fleet/workers/w1.2").status_code == 202, "who is named by its id is meant"


# --- the reset ---


@pytest.fixture
def visited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A kiosk with checkpoint 1a's bug and two workers that poll; a reset may take long."""
    for name in ("LIMIT_S", "SHRINK_S"):
        monkeypatch.setattr(f"api_stub.kiosk.reset.{name}", 20 * PATIENCE)
    host = ScriptedHost()
    kitchen = kitchen_for(
        host=host, start_setup=StartSetup(kiosk=True, state=tmp_path), start=2, more={"bug": BUG}
    )
    kitchen.code = WorkingCopies(tmp_path / "challenge")
    kitchen.code.ensured(BUG)
    with api(host=host, kitchen=kitchen) as made:
        for slot in (1, 2):
            made.tell(made.host.ready, made.pid(slot))
        yield made


def reset(made: Api) -> dict[str, Any]:
    """POST /kiosk/reset, while new workers become ready."""

    async def both() -> Any:
        asking = asyncio.ensure_future(made.request("POST", "/kiosk/reset"))
        while not asking.done():
            await asyncio.sleep(0.02)
            await _ready(made)
        return asking.result()

    answer = made.run(both())
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def _ready(made: Api) -> None:
    """Every process that is there polls, with the code that is on disk."""
    code = made.kitchen.code
    source = code.read(BUG) if code is not None else None
    ready = Readiness(digest_of(source)) if source is not None else Readiness()
    for slot in made.kitchen.fleet.state.slots:
        if slot.pid is not None and slot.phase == "starting" and slot.pid in made.host._told:
            made.host._told[slot.pid][0](ready)


def test_a_reset_puts_everything_back_and_says_so(visited: Api, tmp_path: Path) -> None:
    kitchen = visited.kitchen
    assert kitchen.code is not None
    kitchen.code.path(BUG).write_text("def spread(toppings): return []")
    other = CheckpointConfig.model_validate({"checkpoint": "other", "fleet": {"slots": 3, "start": 3}})
    kitchen.put_in_force(LoadedConfig(other, tmp_path / "other.yaml"))
    visited.tell(kitchen.fleet.reshape, policy_of(other))
    visited("DELETE", "/fleet/workers/w1.1")
    assert visited.post("/failures/freeze", {"worker": "w2.1", "seconds": 30}).status_code == 403
    told = reset(visited)
    assert told["not_restored"] == [], told
    assert set(told["restored"]) == {"checkpoint", "code", "failures", "fleet"}
    assert told["checkpoint"] == "test" == kitchen.checkpoint.config.checkpoint
    assert kitchen.code.read(BUG) == pristine(BUG).read_bytes()
    assert kitchen.fleet.ready == 2
    assert told["stream"]["enabled"] is False and told["open_orders"] == 0
    assert visited("GET", "/healthz").json()["problems"] == []


def test_what_a_reset_cannot_put_back_is_told_and_tried_on(
    visited: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api_stub.kiosk.reset.LIMIT_S", 0.3)
    monkeypatch.setattr("api_stub.kiosk.reset.AGAIN_S", 0.1)
    code = visited.kitchen.code
    assert code is not None
    code.path(BUG).write_text("mine")
    whole = code.reset

    def full(bug: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(code, "reset", full)
    told = reset(visited)
    assert {"what": "code", "why": "OSError: [Errno 28] No space left on device"} in told["not_restored"]
    assert any("kiosk reset: code" in one for one in visited("GET", "/healthz").json()["problems"])
    monkeypatch.setattr(code, "reset", whole)

    async def settled() -> bool:
        await _ready(visited)
        return not visited.kitchen.unrestored

    visited.until(settled)
    assert code.read(BUG) == pristine(BUG).read_bytes()
    assert visited("GET", "/healthz").json()["problems"] == []


# --- names and the PIN ---


@pytest.mark.parametrize(
    ("name", "shown"),
    [("ada", "ADA"), ("René", "RENÉ"), ("Rene\u0301", "RENÉ"), ("ЮРИЙ", "ЮРИЙ"), ("王小明", "王小明")],
)
def test_names_are_shown_composed_in_upper_case(name: str, shown: str) -> None:
    assert normal(name) == shown


@pytest.mark.parametrize(
    "name", ["", "ab", "x" * 9, "a b c", "abc1", "ab!", "<b>x", "=SUM", "ab\n", "a\u0335bc", "ß" * 8]
)
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(NameRefused, match="3 to 8 letters"):
        normal(name)


@pytest.mark.parametrize(
    "name",
    [
        "FUCK",
        "fuckyou",
        "FUUUCK",
        "SHIIT",
        "Merde",
        "puta",
        "Fotze",
        "kurwa",
        "хуй",
        "HITLER",
        "NAZI",
        "cunt",
        "fück",
        "FÜÜÜCK",
        "shït",
        "ärsch",
        "ɴᴀᴢɪ",
        "fuȼk",
        "føtze",
        "HÍTLER",
        "ＰＵＴＡ",
        "puſſy",
        "SIEGHEIL",
        "KKK",
        "arschloc",
        "motherfu",
        "操你妈",
    ],
)
def test_rude_words_of_many_languages_are_not_shown(name: str) -> None:
    assert is_rude(name)


@pytest.mark.parametrize(
    "name",
    "ada eva bob anna klaus renee gopher dickson peter maria lasse mama wei amanda cassie zoë søren jürgen "
    "anita fanny johnny mandy mona pelle pippa suki wang "
    "françois łukasz đorđe ağaoğlu nguyễn фёдор Ελένη 山田太郎".split(),
)
def test_names_of_people_are_shown(name: str) -> None:
    assert not is_rude(name)


def test_a_pin_is_compared_and_guessing_is_slow() -> None:
    now = [0.0]
    wrong = RepeatedMessages(WITHIN_S, lambda: now[0], MAX_WRONG)
    assert right(wrong_ones(), None, "1234")
    assert right(wrong, "2468", "2468") and not right(wrong, "2468", "1111")
    for guess in range(MAX_WRONG + 3):
        assert not right(wrong, "2468", f"{guess:04}")
    assert not right(wrong, "2468", "2468"), "too many wrong ones"
    now[0] += WITHIN_S
    assert right(wrong, "2468", "2468")


def test_the_kiosk_tells_its_settings_and_not_its_pin() -> None:
    with kiosk(pin="2468", idle_s=30.0, public_url="https://pizza.example/") as made:
        told = made("GET", "/kiosk").json()
        assert told["on"] and told["has_pin"] and told["idle_s"] == 30.0 and told["round_s"] == 60.0
        assert told["public_url"] == "https://pizza.example/" and "2468" not in str(told)
        assert not told["failures_open"] and told["losses"] == []
        assert made.post("/kiosk/pin", {"pin": "1111"}).json() == {"right": False}
        assert made.post("/kiosk/pin", {"pin": "2468"}).json() == {"right": True}
        for bad in ({"pin": ""}, {"pin": "12ab"}, {"pin": "1" * 9}, {}, {"pin": 2468}):
            assert made.post("/kiosk/pin", bad).status_code == 422


# --- config ---


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kiosk": {"idle": 3}}, ["kiosk.idle", "unknown key"]),
        ({"kiosk": {"idle_s": 1}}, ["kiosk.idle_s", "1"]),
        ({"kiosk": {"all_dead_restart_s": -1}}, ["kiosk.all_dead_restart_s", "-1"]),
        ({"kiosk": {"day_starts_at": "25:00"}}, ["kiosk.day_starts_at", "25:00"]),
        ({"kiosk": {"day_starts_at": 6}}, ["kiosk.day_starts_at", "6"]),
        ({"kiosk": {"pin": "12"}}, ["kiosk.pin"]),
        ({"kiosk": {"pin": 1234}}, ["kiosk.pin", "1234"]),
        ({"kiosk": {"public_url": "javascript:alert(1)"}}, ["kiosk.public_url"]),
        ({"kiosk": {"attract": {"kill_every_s": [5, 1]}}}, ["kiosk.attract.kill_every_s", "5", "1"]),
        ({"kiosk": {"attract": {"panel_s": 0.05}}}, ["kiosk.attract.panel_s", "0.05", "2"]),
        ({"kiosk": {"round_s": 0}}, ["kiosk.round_s"]),
        ({"failures": {"network": "yes"}}, ["failures.network", "'yes'"]),
        ({"failures": {"meteor": True}}, ["failures.meteor", "unknown key"]),
    ],
)
def test_a_wrong_key_of_the_exhibit_is_named(
    tmp_path: Path, change: dict[str, Any], words: list[str]
) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(as_yaml({"checkpoint": "x", **change}), encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load(file)
    assert all(word in str(refused.value) for word in words), str(refused.value)


def test_every_key_of_the_exhibit_may_stand_there(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    plain = CheckpointConfig(checkpoint="x")
    file.write_text(
        as_yaml({"checkpoint": "x", **plain.model_dump(mode="json", include={"kiosk", "failures"})}),
        encoding="utf-8",
    )
    assert load(file).config == plain
