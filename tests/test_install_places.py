"""run_all.sh installs by whatever shell, uv, pip and settings a stranger's machine has."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import PATIENCE, ROOT
from tests.test_install import bare_checkout

pytestmark = pytest.mark.timeout(900)


def started(script: Path, *shell: str, **environment: str) -> str:
    """What a start said; it must have come to what it is for."""
    done = run(script, *shell, **environment)
    assert (done.returncode, done.stdout) == (0, "started\n"), done.stderr
    return done.stderr


def run(script: Path, *shell: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Start it, as `SHELL script` where a shell is named."""
    return subprocess.run(
        [*shell, str(script)], capture_output=True, text=True, timeout=100 * PATIENCE,
        env={**os.environ, **environment},
    )  # fmt: skip


def program(directory: Path, name: str, text: str) -> dict[str, str]:
    """A shell script of that name, and the PATH that has it first."""
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(text, encoding="utf-8")
    (directory / name).chmod(0o755)
    return {"PATH": f"{directory}:{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script of a small checkout that has its .venv."""
    script = bare_checkout(tmp_path_factory.mktemp("places") / "checkout")
    assert "installed" in started(script)
    return script


@pytest.mark.parametrize("shell", [("sh",), ("bash", "--posix"), ("bash", "-ef")], ids=" ".join)
def test_any_shell_starts_it(installed: Path, shell: tuple[str, ...]) -> None:
    assert started(installed, *shell) == ""


def test_options_of_the_users_shell_are_not_handed_to_a_python_that_is_a_script(
    installed: Path, tmp_path: Path
) -> None:
    path = program(
        tmp_path / "bin", "python3", f'#!/bin/bash\n[ -n "$NOT_SET" ]\nexec {sys.executable} "$@"\n'
    )
    (installed.parent / ".venv" / "installed-run").unlink(missing_ok=True)
    assert "installed" in started(installed, SHELLOPTS="errexit:noglob:noclobber", **path)
    assert started(installed) == ""


def test_a_uv_that_leads_nowhere_is_none(installed: Path, tmp_path: Path) -> None:
    path = program(tmp_path / "bin", "uv", "#!/bin/sh\necho 'pyenv: uv: command not found' >&2\nexit 127\n")
    (installed.parent / ".venv" / "installed-run").unlink(missing_ok=True)
    assert "pyenv" not in started(installed, **path)


def test_uv_is_told_which_python_and_where_it_makes_nothing_python_does(
    installed: Path, tmp_path: Path
) -> None:
    asked = tmp_path / "asked"
    path = program(
        tmp_path / "bin", "uv", f'#!/bin/sh\n[ "$1" = --version ] || {{ echo "$@" >>"{asked}"; exit 2; }}\n'
    )
    (installed.parent / ".venv" / "installed-run").unlink(missing_ok=True)
    assert "with python" in started(installed, **path)
    # "python3" would be any Python 3 to uv: one of its own, which may be too old, before the one on the PATH.
    words = asked.read_text(encoding="utf-8").split()
    assert Path(words[words.index("--python") + 1]).is_absolute()


def test_a_venv_that_uv_made_without_pip_is_kept_up_without_uv(installed: Path) -> None:
    venv = installed.parent / ".venv"
    packages = next(venv.glob("lib/python3*/site-packages"))
    for found in packages.glob("pip*"):
        shutil.rmtree(found)
    stamp, project = venv / "installed-run", installed.with_name("pyproject.toml")
    lines = stamp.read_text(encoding="utf-8").splitlines(keepends=True)
    stamp.write_text("".join(line for line in lines if "/pip" not in line), encoding="utf-8")
    project.write_text(project.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    said = started(installed)
    assert "installed" in said and "cannot" not in said, said
    assert started(installed) == ""


def test_settings_that_say_what_to_install_and_where_to_are_not_ours(installed: Path) -> None:
    (installed.parent / ".venv" / "installed-run").unlink(missing_ok=True)
    said = started(
        installed, PIP_NO_BUILD_ISOLATION="0", PIP_REQUIRE_HASHES="1", PIP_PYTHON="/no/such/python",
        PIP_REQUIREMENT="no-such.txt", PIP_DRY_RUN="1",
    )  # fmt: skip
    assert "installed" in said
    assert started(installed) == ""


def test_a_python_is_named_as_the_caller_sees_it(installed: Path, tmp_path: Path) -> None:
    (installed.parent / ".venv" / "installed-run").unlink(missing_ok=True)
    program(tmp_path / "bin", "mine", f'#!/bin/sh\ntouch "{tmp_path}/used"\nexec {sys.executable} "$@"\n')
    done = subprocess.run(
        [installed], cwd=tmp_path, env={**os.environ, "PYTHON": "bin/mine"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "used").exists()


def test_files_that_the_environment_names_are_the_callers(installed: Path, tmp_path: Path) -> None:
    names = {
        "TEMPORAL_CONFIG_FILE": "talk.toml", "TEMPORAL_TLS_CLIENT_KEY_PATH": "./me.key", "TMPDIR": "tmp",
        "KUBECONFIG": "a/kind.yaml", "PIP_CERT": "ca.pem",
    }  # fmt: skip
    kept = {
        "TEMPORAL_TLS": "true",
        "TEMPORAL_TLS_SERVER_NAME": "a.example",
        "PIP_CONFIG_FILE": "/etc/pip.conf",
    }
    (installed.parent / "api_stub" / "stack" / "told.py").write_text(
        "import json, os\nprint(json.dumps(dict(os.environ)))", encoding="utf-8"
    )
    script = installed.with_name("tell.sh")
    text = installed.read_text(encoding="utf-8")
    script.write_text(text.replace("-m api_stub.stack ", "-m api_stub.stack.told "), encoding="utf-8")
    done = subprocess.run(
        ["bash", script],
        cwd=tmp_path,
        env={**os.environ, **names, **kept, "TOKIO_WORKER_THREADS": "all"},
        capture_output=True,
        text=True,
    )
    told = json.loads(done.stdout)
    assert {name: told[name] for name in names} == {
        name: f"{tmp_path}/{value}" for name, value in names.items()
    }
    assert {name: told[name] for name in kept} == kept
    assert "TOKIO_WORKER_THREADS" not in told, "no number: the SDK's runtime would panic at every call"


@pytest.mark.parametrize("empty", [True, False], ids=["empty", "a directory"])
def test_a_stamp_that_tells_nothing_is_none(installed: Path, empty: bool) -> None:
    stamp = installed.parent / ".venv" / "installed-run"
    stamp.unlink()
    if empty:  # a full disk, or a power cut
        stamp.touch()
    else:
        stamp.mkdir()
    assert "installed" in started(installed)
    assert started(installed) == ""


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_stands_where_the_venv_goes_is_named(tmp_path: Path, kind: str) -> None:
    script = bare_checkout(tmp_path / "checkout")
    venv = script.with_name(".venv")
    if kind == "file":
        venv.touch()
    else:
        venv.symlink_to("/no/such/directory")
    done = run(script)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert str(venv) in last and last.endswith("remove it"), done.stderr


def test_a_venv_that_cannot_be_made_tells_how_much_room_there_is(tmp_path: Path) -> None:
    script = bare_checkout(tmp_path / "checkout")
    # What venv says of a full disk is that another command failed.
    path = program(
        tmp_path / "bin",
        "mine",
        f'#!/bin/sh\n[ "$2" != venv ] || exit 1\ncase $2 in *executable*) echo "$0";; '
        f'*) exec {sys.executable} "$@";; esac\n',
    )
    done = run(script, PYTHON="mine", **path)
    assert done.returncode == 1
    assert re.search(r"\.venv cannot be made with \S+/mine \(\d+ MB are free on its disk\)$", done.stderr)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_line_ends_are_unix_ones_wherever_it_is_checked_out(tmp_path: Path) -> None:
    git = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "core.autocrlf=true"]
    source = tmp_path / "source"
    source.mkdir()
    for name in (".gitattributes", "run_all.sh", "pyproject.toml"):
        shutil.copy(ROOT / name, source)
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *words], cwd=source, check=True, capture_output=True)
    subprocess.run([*git, "clone", "-q", source, tmp_path / "clone"], check=True, capture_output=True)
    assert b"\r" not in (tmp_path / "clone" / "run_all.sh").read_bytes()
