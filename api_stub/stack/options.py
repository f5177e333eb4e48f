"""The options of `./run_all.sh`, checked before anything is started."""

from __future__ import annotations

import argparse
import os
import resource
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
STATE_DIR = ROOT / ".gopherpizza"
CONFIGS = ROOT / "configs"
CALLER = "GOPHERPIZZA_CALLER"
"""The directory that run_all.sh was called from, which it tells in the environment: relative paths are the
caller's."""


LEAST_OPEN_FILES = 64
"""Seen: with 32 a worker never comes to poll."""
ENOUGH_OPEN_FILES = 1024
"""select() takes no descriptor from here on."""


class StartError(Exception):
    """The stack cannot be started, or could not; the message says what and why, in one line."""


@dataclass(frozen=True)
class StackOptions:
    """How to run the stack."""

    checkpoint: str = "1"
    """A checkpoint's name, or a file's absolute path."""
    kiosk: bool = False
    display: int | None = None
    """Which display the window opens on, from 0; None: the first one."""
    headless: bool = False
    no_game: bool = False
    api_port: int = 8000
    temporal_port: int = 7233
    ui_port: int = 8233
    state_dir: Path = STATE_DIR
    fresh: bool = False
    for_seconds: float | None = None
    external: str | None = None
    """Where the Temporal is that the user has configured: then no server is started."""
    namespace: str = "default"
    """Its namespace; only with `external`."""
    again: bool = False
    """A kiosk's guard starts it once more: what cannot be had yet is waited for, with the window up."""


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"found {text[:40]!r}; a port is 1 to 65535")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 31_536_000:
        raise argparse.ArgumentTypeError(f"found {text[:40]!r}; a positive number of seconds is accepted")
    return value


def _display(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 2):
        raise argparse.ArgumentTypeError(f"found {text[:40]!r}; the number of a display is accepted, 0 to 99")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """The command line, with its help (ASCII: it is read in any locale)."""
    options = argparse.ArgumentParser(
        prog="./run_all.sh",
        description="Run GopherPizza: Temporal, the API with its worker fleet, and the game window.",
        epilog="Also: ./run_all.sh test [pytest arguments], ./run_all.sh bench [NAME ...], "
        "./run_all.sh bundle FILE (logs and versions in one file), "
        "./run_all.sh rounds --csv (the rounds that were played), "
        "./run_all.sh --kube-manifests (prints them; with --help, how). "
        "With TEMPORAL_ADDRESS set (or TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE), that Temporal is used "
        "and none is started.",
    )
    options.add_argument(
        "--checkpoint", default="1", metavar="NAME|FILE", help="a checkpoint of configs/, or a YAML file"
    )
    options.add_argument("--kiosk", action="store_true", help="full screen, unattended")
    options.add_argument(
        "--display", type=_display, metavar="N", help="which display the window opens on, from 0"
    )
    options.add_argument("--headless", action="store_true", help="run the game without a display")
    options.add_argument("--no-game", action="store_true", help="Temporal, API and fleet only")
    options.add_argument("--api-port", type=_port, default=8000, metavar="N", help="default 8000")
    options.add_argument("--temporal-port", type=_port, default=7233, metavar="N", help="default 7233")
    options.add_argument("--ui-port", type=_port, default=8233, metavar="N", help="default 8233")
    options.add_argument(
        "--state-dir", default=None, metavar="DIR", help="database, ledger and logs (default .gopherpizza)"
    )
    options.add_argument("--fresh", action="store_true", help="forget the state first")
    options.add_argument(
        "--for", dest="for_seconds", type=_seconds, metavar="SECONDS", help="stop by itself (default: never)"
    )
    return options


def read(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> StackOptions:
    """The options from the command line and the environment. Raises StartError for what cannot work."""
    found = vars(parser().parse_args(arguments))
    caller = Path(environment.get(CALLER) or os.getcwd())
    state_dir = found.pop("state_dir")
    if state_dir == "":
        raise StartError("--state-dir: found an empty name; a directory is accepted")
    address, namespace = elsewhere(environment)
    options = StackOptions(
        **{**found, "checkpoint": checkpoint(found["checkpoint"], caller)},
        state_dir=STATE_DIR if state_dir is None else at_caller(state_dir, caller),
        external=address,
        namespace=namespace,
    )
    ports = [options.api_port]
    if options.external is None:
        ports += [options.temporal_port, options.ui_port]
    if len(set(ports)) < len(ports):
        raise StartError(f"the ports {', '.join(map(str, ports))} must differ")
    if not (options.no_game or options.headless or has_display(environment)):
        raise StartError(
            "no display: neither DISPLAY nor WAYLAND_DISPLAY is set; use --headless, or --no-game"
        )
    return options


def elsewhere(environment: Mapping[str, str]) -> tuple[str | None, str]:
    """Address and namespace of the Temporal that the environment names; None where it names none. Raises
    StartError for settings that can never lead to one."""
    if not any(environment.get(f"TEMPORAL_{name}") for name in ("ADDRESS", "PROFILE", "CONFIG_FILE")):
        return None, "default"
    # The SDK takes a third of a second to load: only where it is needed.
    from api_stub.gateway.users_temporal import BadConnectionSettings, address_and_namespace

    try:
        return address_and_namespace(environment)
    except BadConnectionSettings as error:
        raise StartError(str(error)) from None


def raise_open_files() -> None:
    """Have as many open files as may be had and are of use, for us and our children. Raises StartError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= ENOUGH_OPEN_FILES:
        return
    wanted = ENOUGH_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, ENOUGH_OPEN_FILES)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    had = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if had < LEAST_OPEN_FILES:
        raise StartError(f"ulimit -n: found {had} open files; at least {LEAST_OPEN_FILES} are needed")


def at_caller(text: str, caller: Path) -> Path:
    """A path as the caller means it: `~` is home (shells leave it alone in `--option=~/x`), relative ones are
    relative to the caller's directory."""
    return caller / os.path.expanduser(text)


def checkpoint(text: str, caller: Path, configs: Path = CONFIGS) -> str:
    """A checkpoint's name as it is, or a file's absolute path; a name comes before a file of that name.

    What is neither is left as it is: whoever looks it up says what there is.
    """
    is_path = os.sep in text or text.startswith("~") or text.endswith((".yaml", ".yml"))
    # os.path's own answers no where a name is too long to be asked for.
    if not is_path and os.path.isfile(configs / f"checkpoint-{text}.yaml"):
        return text
    file = at_caller(text, caller)
    return str(file) if is_path or os.path.isfile(file) else text


def has_display(environment: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Whether a window can be expected to open here."""
    if not platform.startswith("linux"):
        return True
    driver = environment.get("SDL_VIDEODRIVER", "")
    named = environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    return bool(named) or driver in ("dummy", "offscreen")
