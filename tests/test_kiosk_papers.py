"""The operator's page and the presenter's guide are true, and the units of the autostart can be read."""

from __future__ import annotations

import configparser
import os
import plistlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from api_stub.checkpoint.files import find
from api_stub.schema import Health
from api_stub.stack.options import CONFIGS, parser
from game.api_state.snapshot import Snapshot
from game.kiosk.calm_words import countdown, outage
from tests.running import PATIENCE, ROOT
from tests.telling import staffed, worker

PAPERS = CONFIGS / "kiosk"
UNIT, AGENT = PAPERS / "gopherpizza.service", PAPERS / "io.gopherpizza.kiosk.plist"
OPERATOR, PRESENTER = PAPERS / "operator.md", PAPERS / "presenter.md"
LEAST_WORDS = 4
"""A shorter piece of a sign is found anywhere."""


def code() -> str:
    """All text of the window and the API, as one."""
    files = [*ROOT.glob("game/**/*.py"), *ROOT.glob("api_stub/**/*.py")]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def signs() -> list[str]:
    """The words that the operator's page quotes from the screen: the first column of that table."""
    text = OPERATOR.read_text(encoding="utf-8")
    table = text.partition("## What a sign on the screen means")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    return [sign for row in rows for sign in re.findall(r"`([^`]+)`", row.split("|")[1])]


def test_each_sign_of_the_page_is_on_some_screen() -> None:
    everything, found = code(), signs()
    assert len(found) >= 8
    pieces = [piece.strip() for sign in found for piece in sign.split("…") if len(piece) >= LEAST_WORDS]
    assert [piece for piece in pieces if piece not in everything] == []


def test_a_kiosks_signs_are_on_the_page_and_for_people_who_never_heard_of_servers() -> None:
    away = Health.model_validate(
        {
            "status": "degraded",
            "temporal": {"address": "127.0.0.1:7233", "reachable": False, "ui": None},
            "fleet": {"ready": 1, "slots": 1},
            "checkpoint": "1",
        }
    )
    late = staffed(worker(1, trouble="no memory")).fleet
    calm = [
        outage(Snapshot(), 7.0),
        outage(Snapshot(health=away), None),
        outage(Snapshot(fleet=late), None),
    ]
    assert [sign for sign in signs() if sign in calm] == calm
    assert not re.search("API|Temporal|server|database", "".join(calm))


def test_what_a_kiosk_shows_by_itself_for_a_while_is_on_the_page() -> None:
    """The countdown to new cooks, the end of a reset, and a counter that grows old."""
    dead = Snapshot(
        online=True, fleet=staffed(worker(1, "dead")).fleet.model_copy(update={"restart_in_s": 4.2})
    )
    told = countdown(dead)
    assert told is not None
    shown = [
        re.sub(r"in \d+ seconds", "…", told[0]),
        told[1],
        "The kitchen is being made ready …",
        "COUNTING …",
    ]
    assert [words for words in shown if words not in signs()] == []
    assert "counted … ago" in signs() and "does not add up" in signs()


@pytest.mark.parametrize("paper", [UNIT, AGENT], ids=lambda paper: paper.suffix[1:])
def test_a_unit_is_installed_by_its_first_lines_into_a_home_that_is_new(paper: Path, tmp_path: Path) -> None:
    commands = [
        line.lstrip("# ")
        for line in paper.read_text(encoding="utf-8").splitlines()
        if re.match(r"[# ]+(?:mkdir|cp|sed|systemctl|launchctl) ", line)
    ]
    home, programs = tmp_path / "home", tmp_path / "bin"
    for each in (home, programs):
        each.mkdir()
    for name in ("systemctl", "launchctl"):  # what there is to load it is not the question
        (programs / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    done = subprocess.run(
        ["bash", "-ec", "\n".join(commands)], cwd=ROOT, capture_output=True, text=True,
        env={"HOME": str(home), "PATH": f"{programs}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "") and len(commands) >= 2
    installed = next(home.rglob(paper.name)).read_text(encoding="utf-8")
    assert "HOME_DIRECTORY/" not in installed


@pytest.mark.parametrize("paper", [OPERATOR, PRESENTER], ids=lambda paper: paper.stem)
def test_a_paper_names_what_there_is(paper: Path) -> None:
    text = paper.read_text(encoding="utf-8")
    options = {option for action in parser()._actions for option in action.option_strings}
    named = set(re.findall(r"`\./run_all\.sh ([^`]*)`", text))
    commands = (ROOT / "run_all.sh").read_text(encoding="utf-8")
    for words in named:
        first = words.split()[0]
        assert first.startswith("--") or f"{first})" in commands, words
    own = {"--user", "--now", "--csv"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) <= options | own
    files = re.findall(r"`([\w.-]+\.(?:md|plist|service))`", text)
    assert all((PAPERS / name).exists() for name in files)
    paths = re.findall(r"127\.0\.0\.1:8000(/[a-z/]+)", text)
    routes = code()
    for path in paths:
        assert f'"{path}"' in routes or f'"/{path.rpartition("/")[2]}"' in routes, path


def test_the_guide_has_every_checkpoint_with_minutes_questions_and_a_reset() -> None:
    parts = PRESENTER.read_text(encoding="utf-8").split("\n## Checkpoint ")[1:]
    names = [find(file.stem.removeprefix("checkpoint-")).config.checkpoint for file in CONFIGS.glob("*.yaml")]
    assert len(parts) == len(names)
    for part in parts:
        title = part.splitlines()[0]
        assert re.search(r"\(\d+ minutes\)$", title), title
        assert "| minute | do | say | point at |" in part and "\nReset: " in part
        asked = part.partition("**Likely questions**")[2]
        assert len(re.findall(r"^- \*[^*]+\?\*", asked, re.MULTILINE)) >= 2, title


def test_no_number_of_the_menu_is_pressed_after_a_key_that_closes_it() -> None:
    """`F` opens the menu and closes it again: with the menu shut, a number kills a cook."""
    part = PRESENTER.read_text(encoding="utf-8").partition("\n## Checkpoint failures")[2]
    is_open = False
    for row in re.findall(r"^\| \d+ \| (.*?) \|", part, re.MULTILINE):
        for key in re.findall(r"`(F|\d)`", row):
            if key == "F":
                is_open = not is_open
            else:
                assert is_open, row


def unit() -> str:
    """The unit, for a clone that is this directory."""
    return UNIT.read_text(encoding="utf-8").replace("%h/gopherpizza", str(ROOT))


def test_the_unit_can_be_read_and_starts_the_kiosk_for_ever() -> None:
    found = configparser.ConfigParser(interpolation=None, strict=True)
    found.optionxform = str  # type: ignore[assignment]
    found.read_string(unit())
    service = found["Service"]
    assert service["ExecStart"].split()[:2] == [str(ROOT / "run_all.sh"), "--kiosk"]
    assert parser().parse_args(service["ExecStart"].split()[1:]).kiosk
    assert service["Restart"] == "on-failure" and found["Unit"]["StartLimitIntervalSec"] == "0"
    assert found["Install"]["WantedBy"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    file = tmp_path / UNIT.name
    file.write_text(unit(), encoding="utf-8")
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "LC_ALL": "C"}
    result = subprocess.run(
        ["systemd-analyze", "--user", "--man=no", "verify", str(file)],
        env=environment, capture_output=True, text=True, timeout=60 * PATIENCE,
    )  # fmt: skip
    told = [line for line in result.stderr.splitlines() if UNIT.name in line]
    assert result.returncode == 0 and told == [], result.stderr


def test_the_agent_can_be_read_and_starts_the_same() -> None:
    text = AGENT.read_text(encoding="utf-8").replace("HOME_DIRECTORY/gopherpizza", str(ROOT))
    found = plistlib.loads(text.encode())
    assert "HOME_DIRECTORY" not in str(found) and f"{found['Label']}.plist" == AGENT.name
    shell, script, *options = found["ProgramArguments"]
    assert Path(shell).exists() and script == str(ROOT / "run_all.sh") and parser().parse_args(options).kiosk
    assert found["WorkingDirectory"] == str(ROOT)
    assert found["KeepAlive"] == {"SuccessfulExit": False} and found["RunAtLoad"] is True
    assert options == unit().partition("ExecStart=")[2].splitlines()[0].split()[1:]
