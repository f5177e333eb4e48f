"""The image: pinned, small, not root; and its steps work, in a chroot (tests/image_in_a_chroot.py)."""

from __future__ import annotations

import ast
import fnmatch
import importlib.metadata
import json
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator

import pytest

from api_stub.stack.kustomize import containers_of
from api_stub.stack.manifests import Wanted, container_of, rendered
from tests.image_in_a_chroot import DOCKERFILE, PROGRAMS, Built, Stage, built, stages, why_not
from tests.running import ROOT, free_ports

REQUIREMENTS = ROOT / "configs" / "kubernetes" / "image-requirements.txt"


@pytest.fixture(scope="module")
def dockerfile() -> list[Stage]:
    return stages(DOCKERFILE.read_text(encoding="utf-8"))


def test_every_base_is_pinned_by_its_whole_version(dockerfile: list[Stage]) -> None:
    assert len(dockerfile) == 2, "one to build in, one that ships"
    for stage in dockerfile:
        assert re.fullmatch(r"python:3\.\d+\.\d+-slim-[a-z]+", stage.base), stage.base
    assert len({stage.base for stage in dockerfile}) == 1, "the venv is made for this very Python"


def test_what_ships_runs_as_the_user_of_the_manifests_by_number(dockerfile: list[Stage]) -> None:
    [user] = dockerfile[-1].the("USER")
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)
    for each in rendered(Wanted()):
        if each["kind"] == "Deployment":
            context = each["spec"]["template"]["spec"]["securityContext"]
            assert user == f"{context['runAsUser']}:{context['runAsGroup']}"
    assert dockerfile[-1].steps[-1][0] == "CMD"


def test_no_step_does_what_an_image_should_not_have_done_to_it(dockerfile: list[Stage]) -> None:
    for stage in dockerfile:
        instructions = {name for name, _ in stage.steps}
        assert instructions <= {"COPY", "RUN", "WORKDIR", "ENV", "USER", "EXPOSE", "CMD"}, "no ADD, no ARG"
        for run in stage.the("RUN"):
            assert not re.search(r"sudo|curl|wget|apt|chmod 777|\|", run), run
            assert "pip install" not in run or "--no-cache-dir" in run and "--only-binary=:all:" in run
        for rest in [*stage.the("ENV"), *stage.the("COPY")]:
            assert not re.search(r"KEY|TOKEN|SECRET|PASSW|\.env\b", rest, re.IGNORECASE), rest
        assert all(directory.startswith("/") for directory in stage.the("WORKDIR"))
    assert not dockerfile[-1].the("RUN"), "what ships is only copied"
    assert all("--from=" in rest for rest in dockerfile[-1].the("COPY"))


def test_commands_are_lists_of_words(dockerfile: list[Stage]) -> None:
    [command] = dockerfile[-1].the("CMD")
    assert json.loads(command) == container_of(rendered(Wanted()), "cooks")["command"]


def test_what_is_copied_is_there_and_sent_to_the_build(dockerfile: list[Stage]) -> None:
    rules = [
        line
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    assert rules[0] == "*", "everything is kept out, but for what is named"
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}
    for rest in dockerfile[0].the("COPY"):
        source = rest.split()[0]
        assert (ROOT / source).exists() and source.split("/")[0] in let_in
    assert let_in == {rest.split()[0].split("/")[0] for rest in dockerfile[0].the("COPY")}
    assert any(fnmatch.fnmatch("x.pyc", rule.removeprefix("**/")) for rule in rules[1:])


# What is installed


def lines_of_the_project() -> set[str]:
    """Every requirement of pyproject.toml that a run may need, without its marker."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = [*project["dependencies"], *project["optional-dependencies"]["k8s"]]
    return {line.partition(";")[0].strip() for line in found}


def requirements() -> set[str]:
    text = REQUIREMENTS.read_text(encoding="utf-8")
    return {line for line in text.splitlines() if line and not line.startswith("#")}


def test_the_image_has_the_projects_versions() -> None:
    assert requirements() <= lines_of_the_project()
    assert not any(line.startswith(("pygame", "resvg", "font-", "segno")) for line in requirements())


def test_whatever_worker_and_api_import_is_installed() -> None:
    named = {re.split(r"[~=<>\[]", line)[0].lower() for line in requirements()}
    # They come with one of those, which could not do without them.
    named |= {"starlette", "pydantic-core", "protobuf", "h11", "httpx2", "googleapis-common-protos"}
    distributions = importlib.metadata.packages_distributions()
    for package in ("worker", "api_stub"):
        for file in (ROOT / package).rglob("*.py"):
            for module in imported_by(file.read_text(encoding="utf-8")):
                top = module.partition(".")[0]
                if top in sys.stdlib_module_names or top in ("worker", "api_stub"):
                    continue
                made_by = {name.lower().replace("_", "-") for name in distributions.get(top, [])}
                assert made_by & named, f"{file}: {module}"


def imported_by(text: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


# The steps, done


@pytest.fixture(scope="module")
def image() -> Iterator[Built]:
    if reason := why_not():
        pytest.skip(f"the chroot {reason}")
    with built() as made:
        yield made


@pytest.mark.timeout(1200)
def test_its_programs_run_as_nobody_in_a_tree_that_cannot_be_written(image: Built) -> None:
    for program in PROGRAMS:
        ended = image.run(*program)
        assert (ended.returncode, ended.stderr) == (0, ""), program
    told = image.run("sh", "-c", "id -u; touch /app/x /opt/venv/x; touch /tmp/x && echo written")
    assert told.stdout.split() == ["10001", "written"] and told.stderr.count("Read-only file system") == 2


IMPORT_ALL = """
import importlib, pkgutil, worker, api_stub
for package in (worker, api_stub):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith("__main__") and ".challenges." not in found.name:
            importlib.import_module(found.name)
print("all")
"""


@pytest.mark.timeout(1200)
def test_every_module_finds_what_it_imports_and_no_compiler_is_needed(image: Built) -> None:
    told = image.run("python", "-c", IMPORT_ALL)
    assert told.stdout.strip() == "all", told.stderr
    assert image.run("python", "-c", "import pygame").returncode == 1, "the game is not in it"
    compiled = list((image.tree.top / "app" / "worker").rglob("*.pyc"))
    assert len(compiled) >= len(list((ROOT / "worker").glob("*.py")))


@pytest.mark.timeout(1200)
def test_commands_of_the_manifests_are_in_the_image(image: Built) -> None:
    programs = {container["command"][0] for container in containers_of(rendered(Wanted()))}
    for program in programs:
        assert image.run("sh", "-c", f"command -v {program}").stdout.startswith("/opt/venv/bin/")
    # `test` is what the probes of the cooks run.
    assert image.run("test", "-e", "/app").returncode == 0


SERVING = """
cd /tmp
temporal server start-dev {temporal} >temporal.log 2>&1 & server=$!
(cd /app; exec env {cook} python -m worker --pod) >cook.log 2>&1 & cook=$!
(cd /app; exec env {api} python -m api_stub {args}) >api.log 2>&1 & api=$!
asked="urllib.request.Request('http://127.0.0.1:{port}/healthz', headers={{'Host': '{host}'}})"
for turn in $(seq 300); do
  test -e /run/gopherpizza/ready && python -c "import urllib.request; urllib.request.urlopen($asked)" && break
  sleep 0.2
done 2>/dev/null
test -e /run/gopherpizza/ready && echo polls
python -c "import urllib.request; print(urllib.request.urlopen($asked).status)"
kill -TERM $cook $api; wait $cook; echo cook $?; wait $api; echo api $?
kill $server; wait $server
cat *.log >&2
"""


@pytest.mark.timeout(1200)
def test_what_a_cluster_would_run_serves_as_nobody_in_a_read_only_tree(image: Built) -> None:
    """The commands and settings of the manifests, on ports of this test's own; the API has no cluster."""
    api, grpc, ui = free_ports(3)
    made = rendered(Wanted())
    args = shlex.join(container_of(made, "temporal")["args"])
    args = args.replace("0.0.0.0", "127.0.0.1").replace("7233", str(grpc)).replace("8233", str(ui))
    told = [*container_of(made, "api")["args"], "--checkpoint=1", "--state-dir=/tmp/state", f"--port={api}"]
    values = {each["name"]: each.get("value", "10.1.2.3") for each in container_of(made, "cooks")["env"]}
    settings = " ".join(f"{name}={value}" for name, value in values.items())
    address = f"TEMPORAL_ADDRESS=127.0.0.1:{grpc}"
    script = SERVING.format(
        temporal=args,
        cook=f"{settings} {address}",
        api=f"GOPHERPIZZA_HOSTS=10.1.2.3,api {address}",
        args=" ".join(told),
        port=api,
        host=f"10.1.2.3:{api}",
    )
    ended = image.run("sh", "-c", script)
    assert ended.stdout.split() == ["polls", "200", "cook", "0", "api", "0"], ended.stderr
    assert "Read-only file system" not in ended.stderr and "Permission denied" not in ended.stderr
