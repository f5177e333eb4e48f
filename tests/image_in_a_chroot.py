"""Runs the Dockerfile's steps in a plain chroot, then programs in what came out of it. No container is made.

What is the same: the paths, the commands, the user, a tree that is read-only but for /tmp and /run, no
capabilities. What is not: the base is this machine's own system and Python instead of the one that FROM
names, its packages come from wherever this machine's pip gets them, and nothing limits it but its user.

    python -m tests.image_in_a_chroot        (Linux, as root; it takes a minute)
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.running import ROOT

DOCKERFILE = ROOT / "Dockerfile"
OURS = ("app", "build", "tmp", "run", "opt", "proc", "dev")
"""What the tree has of its own at its top; the rest is the machine's, read-only."""
TOOLS = ("unshare", "chroot", "setpriv", "mount")
APART = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
"""Mounts of its own, and processes that end with it."""
LIBRARIES = "LD_LIBRARY_PATH=/usr/local/lib"
"""This machine's Python finds its own library where it lies here, not another version's of the system."""
LIMIT_S = 900
"""Of one step: pip downloads a hundred megabytes."""


@dataclass
class Stage:
    """One `FROM` and what follows it."""

    base: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)
    """(instruction, the rest of its line)."""

    def the(self, instruction: str) -> list[str]:
        """The rest of the lines of this instruction."""
        return [rest for name, rest in self.steps if name == instruction]


def stages(text: str) -> list[Stage]:
    """A Dockerfile's stages; continued lines are joined, comments dropped."""
    found: list[Stage] = []
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n\s*", "", lines).splitlines():
        if not line.strip():
            continue
        instruction, _, rest = line.partition(" ")
        if instruction == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append(Stage(base, name))
        else:
            found[-1].steps.append((instruction, rest.strip()))
    return found


def why_not() -> str | None:
    """Why this machine cannot do it; None: it can."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "needs Linux, and root"
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        return f"needs {missing[0]}"
    tried = subprocess.run([*APART, "true"], capture_output=True)
    return None if tried.returncode == 0 else "needs namespaces of mounts and of processes"


def ignored(directory: str, names: list[str]) -> set[str]:
    """What .dockerignore keeps out of our packages."""
    return {name for name in names if name == "__pycache__" or name.endswith(".pyc")}


class Tree:
    """A directory that becomes the root of commands."""

    def __init__(self, top: Path) -> None:
        self.top = top
        for name in OURS:
            (top / name).mkdir(parents=True)
        for name in ("usr", "etc", "bin", "sbin", "lib", "lib64"):
            system = Path("/") / name
            if system.is_symlink():
                (top / name).symlink_to(os.readlink(system))
            elif system.is_dir():
                (top / name).mkdir()

    def copied(self, source: Path, target: str) -> None:
        """COPY of a file or a directory."""
        there = self.top / target.lstrip("/")
        there.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            keep_out = ignored if ROOT in source.parents else None
            shutil.copytree(source, there, symlinks=True, ignore=keep_out, dirs_exist_ok=True)
        else:
            shutil.copy(source, there)

    def run(self, command: Sequence[str], *, as_shipped: bool = False) -> subprocess.CompletedProcess[str]:
        """Run a command with this tree as its root; `as_shipped`: read-only but for /tmp and /run."""
        top = shlex.quote(str(self.top))
        lines = ["set -e", f"mount --bind {top} {top}"]
        for name in ("usr", "etc", "bin", "sbin", "lib", "lib64"):
            if (self.top / name).is_dir() and not (self.top / name).is_symlink():
                lines.append(f"mount --rbind /{name} {top}/{name}; mount -o remount,bind,ro {top}/{name}")
        # Where the base image has its Python.
        lines.append(f"mount --bind {shlex.quote(sys.base_prefix)} {top}/usr/local")
        lines += [f"mount -t proc proc {top}/proc", f"mount --rbind /dev {top}/dev"]
        if as_shipped:
            lines.append(f"mount -t tmpfs -o mode=1777 tmpfs {top}/tmp")
            lines.append(f"mount -t tmpfs -o mode=1777 tmpfs {top}/run; mkdir -m 1777 {top}/run/gopherpizza")
            lines.append(f"mount -o remount,bind,ro {top}/usr/local; mount -o remount,bind,ro {top}")
        else:
            # What this machine's pip may be told to look at.
            for each in [one for one in Path("/opt").glob("*") if one.is_dir() and one.name != "venv"]:
                (self.top / "opt" / each.name).mkdir(exist_ok=True)
                lines.append(f"mount --bind {shlex.quote(str(each))} {top}/opt/{shlex.quote(each.name)}")
        lines.append(f"exec chroot {top} env {LIBRARIES} {shlex.join(command)}")
        return subprocess.run(
            [*APART, "sh", "-c", "\n".join(lines)], capture_output=True, text=True, timeout=LIMIT_S
        )


@dataclass(frozen=True)
class Built:
    """The last stage's tree, and what it says of the programs in it."""

    tree: Tree
    environment: dict[str, str]
    user: str
    directory: str
    command: list[str]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program as a Pod of ours does: its user, no capabilities, a read-only tree."""
        user, _, group = self.user.partition(":")
        less = ("--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all")
        words = ["setpriv", f"--reuid={user}", f"--regid={group}", *less, "env", "-i", f"-C{self.directory}"]
        words += [LIBRARIES, *(f"{name}={value}" for name, value in self.environment.items())]
        return self.tree.run([*words, *command], as_shipped=True)


@contextmanager
def built(dockerfile: Path = DOCKERFILE) -> Iterator[Built]:
    """Every step done, each stage in a tree of its own. Raises RuntimeError with what a step said."""
    with tempfile.TemporaryDirectory(prefix="image-") as name:
        directory = Path(name)
        directory.chmod(0o755)  # others than root go through it
        trees: dict[str, Tree] = {}
        for number, stage in enumerate(stages(dockerfile.read_text(encoding="utf-8"))):
            tree = trees[stage.name or str(number)] = Tree(directory / str(number))
            for instruction, rest in stage.steps:
                if instruction == "COPY":
                    *options, source, target = rest.split()
                    origin = ROOT
                    for option in options:
                        origin = trees[option.removeprefix("--from=")].top
                    tree.copied(origin / source.lstrip("/"), target)
                elif instruction == "RUN":
                    ended = tree.run(["sh", "-ec", rest])
                    if ended.returncode != 0:
                        raise RuntimeError(f"RUN {rest}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}")
        words = shlex.split(" ".join(stage.the("ENV")))
        yield Built(
            tree,
            dict(word.split("=", 1) for word in words),
            *stage.the("USER"),
            *stage.the("WORKDIR"),
            json.loads(stage.the("CMD")[0]),
        )


PROGRAMS = (
    ("python", "-m", "worker", "--help"),
    ("python", "-m", "api_stub", "--help"),
    ("temporal", "server", "start-dev", "--help"),
)


def main() -> int:
    """Do the steps, run each program once, and say how it ended."""
    if reason := why_not():
        sys.stderr.write(f"{reason}\n")
        return 1
    failed = False
    with built() as image:
        size = sum(
            file.lstat().st_size for name in ("app", "opt") for file in (image.tree.top / name).rglob("*")
        )
        sys.stdout.write(f"added to the base: {size / 1e6:.0f} MB\n")
        for program in PROGRAMS:
            ended = image.run(*program)
            failed |= ended.returncode != 0
            sys.stdout.write(f"{shlex.join(program)}: exit status {ended.returncode}\n{ended.stderr}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
