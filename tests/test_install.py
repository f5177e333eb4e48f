"""run_all.sh installs what is needed, where it is needed, when it is needed, and starts without a network."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import PATIENCE, ROOT, eventually, processes_naming

pytestmark = pytest.mark.timeout(900)
NEEDED = ("run_all.sh", "pyproject.toml", "README.md", "LICENSE", "api_stub", "worker", "game", "configs")
NO_INDEX = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_EXTRA_INDEX_URL": "", "PIP_NO_CACHE_DIR": "1"}


class Checkout:
    """A copy of the project without a .venv, and what its run_all.sh says."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        for name in NEEDED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, directory / name)

    def help(self, **environment: str) -> str:
        """`./run_all.sh --help`; what it said on stderr. It must have printed the help."""
        result = subprocess.run(
            [str(self.directory / "run_all.sh"), "--help"], capture_output=True, text=True,
            timeout=200 * PATIENCE, env={**os.environ, **environment},
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        assert "--state-dir DIR" in result.stdout
        return result.stderr

    def site_packages(self) -> Path:
        """Where packages are."""
        return next((self.directory / ".venv" / "lib").glob("python3*")) / "site-packages"

    def touch_pyproject(self) -> None:
        """Ask for something that is not installed."""
        file = self.directory / "pyproject.toml"
        text = file.read_text(encoding="utf-8")
        file.write_text(
            text.replace('"segno~=1.6",', '"segno~=1.6",\n  "gopherpizza-no-such-package",'), encoding="utf-8"
        )


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A copy in which the first start has installed everything."""
    made = Checkout(tmp_path_factory.mktemp("install") / "a checkout")
    assert "installed" in made.help()
    yield made


def test_test_tools_are_not_installed_by_a_start(checkout: Checkout) -> None:
    there = {file.name for file in checkout.site_packages().iterdir()}
    assert "temporalio" in there
    assert not there & {"pytest", "hypothesis", "mypy", "ruff"}


def test_the_next_start_installs_nothing(checkout: Checkout) -> None:
    assert checkout.help(**NO_INDEX) == ""


def test_settings_for_other_pythons_are_nothing_to_ours(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('not the json of this Python')", encoding="utf-8")
    assert checkout.help(PYTHONHOME="/no/such/python", PYTHONPATH=str(tmp_path)) == ""


def test_a_package_of_somebody_elses_is_no_reason_to_install(checkout: Checkout) -> None:
    stranger = checkout.site_packages() / "a_debugger.py"
    stranger.touch()
    assert checkout.help(**NO_INDEX) == ""
    stranger.unlink()


def test_without_a_network_what_is_there_is_started_with_one_warning(checkout: Checkout) -> None:
    before = (checkout.directory / "pyproject.toml").read_text(encoding="utf-8")
    checkout.touch_pyproject()
    for _ in range(2):
        said = checkout.help(**NO_INDEX)
        assert said.count("starting what is there") == 1
        assert "Traceback" not in said
    (checkout.directory / "pyproject.toml").write_text(before, encoding="utf-8")
    assert checkout.help(**NO_INDEX) == ""


@pytest.mark.parametrize("gone", ["segno", "bin/temporal"])
def test_what_is_gone_comes_back(checkout: Checkout, gone: str) -> None:
    there = checkout.directory / ".venv" / gone if "/" in gone else checkout.site_packages() / gone
    if there.is_dir():
        shutil.rmtree(there)
    else:
        there.unlink()
    assert "installed" in checkout.help()
    assert there.exists()


def test_a_checkout_that_was_moved_installs_into_its_new_place(checkout: Checkout) -> None:
    moved = checkout.directory.with_name("moved")
    checkout.directory.rename(moved)
    checkout.directory = moved
    assert "making .venv" in checkout.help()
    assert checkout.help(**NO_INDEX) == ""


def test_a_python_that_does_not_run_any_more_is_replaced(checkout: Checkout) -> None:
    for python in (checkout.directory / ".venv" / "bin").glob("python*"):
        python.unlink()
        python.symlink_to("/no/such/python")
    assert "making .venv" in checkout.help()


def bare_checkout(directory: Path) -> Path:
    """A project that needs nothing, with our run_all.sh: its install takes seconds. The script."""
    (directory / "api_stub" / "stack").mkdir(parents=True)
    for package in ("api_stub", "api_stub/stack"):
        (directory / package / "__init__.py").touch()
    (directory / "api_stub" / "stack" / "__main__.py").write_text("print('started')", encoding="utf-8")
    (directory / "pyproject.toml").write_text(
        '[project]\nname = "bare"\nversion = "1"\n[tool.setuptools]\npackages = ["api_stub"]\n',
        encoding="utf-8",
    )
    shutil.copy(ROOT / "api_stub" / "stack" / "install.sh", directory / "api_stub" / "stack")
    return Path(shutil.copy(ROOT / "run_all.sh", directory))


def test_two_first_starts_at_once_install_once(tmp_path: Path) -> None:
    script = bare_checkout(tmp_path)
    starts = [
        subprocess.Popen([script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [start.communicate(timeout=100 * PATIENCE) for start in starts]
    assert [out for out, _ in said] == ["started\n", "started\n"], said
    assert sum("making .venv" in err for _, err in said) == 1


def test_a_stop_while_it_makes_the_venv_leaves_nothing(tmp_path: Path) -> None:
    script, temporary = bare_checkout(tmp_path / "checkout"), tmp_path / "tmp"
    temporary.mkdir()
    start = subprocess.Popen(
        [script], env={**os.environ, "TMPDIR": str(temporary)}, stderr=subprocess.PIPE, text=True
    )
    scratch = tmp_path / "checkout" / ".venv-tmp"
    eventually(lambda: [*scratch.glob("*"), *temporary.iterdir()], 60)  # pip's own installer unpacks itself
    start.send_signal(signal.SIGTERM)
    _, said = start.communicate(timeout=10 * PATIENCE)
    assert start.returncode == 0, said
    eventually(lambda: not processes_naming(str(tmp_path)), 5)
    assert not scratch.exists() and list(temporary.iterdir()) == []


def test_a_stop_while_it_installs_leaves_nothing(tmp_path: Path) -> None:
    script, temporary = bare_checkout(tmp_path / "checkout"), tmp_path / "tmp"
    temporary.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as index:  # takes connections and never answers
        environment = {
            **os.environ,
            "TMPDIR": str(temporary),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": f"http://127.0.0.1:{index.getsockname()[1]}/simple",
            "UV_INDEX_URL": f"http://127.0.0.1:{index.getsockname()[1]}/simple",
            "UV_NO_CACHE": "1",
        }
        for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS"):
            environment.pop(name, None)
        start = subprocess.Popen([script], env=environment, stderr=subprocess.PIPE, text=True)
        index.settimeout(60 * PATIENCE)
        asked, _ = index.accept()  # by the installer of the build's own needs, a grandchild
        start.send_signal(signal.SIGTERM)
        _, said = start.communicate(timeout=10 * PATIENCE)
        asked.close()
    assert start.returncode == 0, said
    eventually(lambda: not processes_naming(str(tmp_path)), 5)
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "checkout" / ".venv-tmp").exists()


def test_a_link_to_another_checkouts_venv_empties_nothing(tmp_path: Path) -> None:
    others = tmp_path / "others"
    others.mkdir()
    (others / "pyvenv.cfg").touch()
    (others / "installed-run").write_text("somewhere else\n", encoding="utf-8")
    script = bare_checkout(tmp_path / "checkout")
    (tmp_path / "checkout" / ".venv").symlink_to(others)
    done = subprocess.run([script], capture_output=True, text=True, timeout=100 * PATIENCE)
    assert done.returncode == 1 and "is a link to a venv that was not made here" in done.stderr
    assert sorted(file.name for file in others.iterdir()) == ["installed-run", "pyvenv.cfg"]
