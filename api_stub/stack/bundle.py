"""`./run_all.sh bundle FILE`: the logs, the versions and the settings of this place in one file, for whoever
is asked for help. Secrets are taken out, the database and the orders' contents are left out."""

from __future__ import annotations

import argparse
import importlib.metadata
import io
import json
import os
import platform
import re
import sys
import tarfile
import time
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from api_stub.stack.options import CALLER, ROOT, STATE_DIR, at_caller
from api_stub.state_files import FAILURES, LOSSES, ROSTER, ROUNDS, TOTALS

MAX_FILE_BYTES = 1_000_000
"""Of each file its last part: the newest lines."""
MAX_FILES = 200
SMALL_FILES = ("stack.json", "in-force.json", "generations.json", ROSTER)
KIOSK_FILES = (TOTALS, ROUNDS, FAILURES, LOSSES)
"""In them what visitors were called is left out."""
MOST_LISTED = 500
"""Files of the state directory whose names and sizes are told."""
SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH|COOKIE|CERT|GRPC_META", re.IGNORECASE)
LEAST_SECRET = 6
"""A shorter value cannot be looked for: it stands in every text."""
SECRET_TEXT = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\beyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]+){0,2}"
    r"|(?<=://)[^/\s@\"']+(?=@)",
    re.DOTALL,
)
"""Keys, tokens that say what they are, and who logs in by an address."""
NAMED_SECRET = re.compile(
    r"(?P<name>\bauthorization[\"']?\s*[:=]\s*[\"']?(?:\w+ +)?"
    r"|\bbearer\s+(?=\S{8})"
    r"|(?:\bpin|api[_-]?key|token|secret|passw(?:or)?d|passphrase)[\"']?"
    r"(?:\s*[:=]\s*(?:found\s+)?[\"']?))(?!null\b|none\b|true\b|false\b)[^\s\"'&,;}]+"
    r"|(?P<option>--?(?:api-?key|token|secret|password)\s+)[^\s\"'-][^\s\"']*",
    re.IGNORECASE,
)
"""A value after its name, as headers, addresses, JSON, YAML, commands and a config's errors have it; the
kiosk's PIN is one."""
REMOVED = "[removed]"


def without_secrets(text: str, environment: Mapping[str, str]) -> str:
    """The text without what looks like a secret, without the value of any secret in the environment, and with
    ~ for the home's path."""
    values = [
        value
        for name, value in environment.items()
        if SECRET_NAME.search(name) and len(value) >= LEAST_SECRET and not os.path.exists(value)
    ]
    values += secrets_of_profiles(environment)
    values += [quote(value, safe="") for value in values]
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, REMOVED)
    home = environment.get("HOME", "").rstrip("/")
    if home:  # it has the name of whoever set the kiosk up
        text = re.sub(rf"{re.escape(home)}(?![\w.-])", "~", text)
    text = NAMED_SECRET.sub(lambda found: f"{found['name'] or found['option']}{REMOVED}", text)
    return SECRET_TEXT.sub(REMOVED, text)


def secrets_of_profiles(environment: Mapping[str, str]) -> list[str]:
    """Keys, metadata and certificates that stand in the file of Temporal's profiles, where there is one."""
    file = Path(environment.get("TEMPORAL_CONFIG_FILE", ""))
    try:
        if not file.is_file() or file.stat().st_size > MAX_FILE_BYTES:
            return []
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    values: list[str] = []

    def look(part: object, secret: bool) -> None:
        if isinstance(part, dict):
            for name, value in part.items():
                look(value, secret or bool(SECRET_NAME.search(str(name))))
        elif secret and isinstance(part, str) and len(part) >= LEAST_SECRET and not os.path.exists(part):
            values.append(part)

    look(found, False)
    return values


def versions() -> dict[str, object]:
    """What runs here: the system, Python, and every installed package."""
    packages = {str(found.metadata["Name"]): found.version for found in importlib.metadata.distributions()}
    return {
        "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "system": platform.platform(),
        "machine": platform.machine(),
        "python": sys.version,
        "packages": dict(sorted(packages.items())),
    }


def parts(state: Path, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Every file of the bundle: its name and its text, secrets and all."""
    yield "versions.json", json.dumps(versions(), indent=1)
    names = sorted(name for name in environment if name.startswith(("GOPHERPIZZA", "TEMPORAL", "SDL", "LC_")))
    shown = {name: REMOVED if SECRET_NAME.search(name) else environment[name] for name in names}
    yield "environment.json", json.dumps(shown, indent=1)
    logs = sorted(state.glob("logs/*.log*")) + [ROOT / ".venv" / "install.log"]
    for file in [*logs[:MAX_FILES], *(state / name for name in SMALL_FILES)]:
        if file.is_file():
            yield f"{file.parent.name}/{file.name}", tail_of(file)
    for file in (state / name for name in KIOSK_FILES):
        if file.is_file():
            yield f"{file.parent.name}/{file.name}", nameless(tail_of(file))
    yield "files.json", json.dumps(list(sizes(state)), indent=1)


def nameless(text: str) -> str:
    """JSON without what anybody called themselves; what is no JSON is only told as that."""

    def without(part: dict[str, object]) -> dict[str, object]:
        return {key: REMOVED if key == "name" and value else value for key, value in part.items()}

    try:
        return json.dumps(json.loads(text, object_hook=without), indent=1)
    except (ValueError, RecursionError):
        return f"{len(text)} characters that are no JSON\n"


def sizes(state: Path) -> Iterator[dict[str, object]]:
    """Name, bytes and time of what lies in the state directory, MOST_LISTED files at most: what was set aside
    as damaged, or has grown, is seen there."""
    count = 0
    for directory, _, names in os.walk(state):
        for name in sorted(names):
            file = Path(directory, name)
            try:
                about = file.lstat()
            except OSError:
                continue
            count += 1
            if count > MOST_LISTED:
                return
            written = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(about.st_mtime))
            yield {"file": str(file.relative_to(state)), "bytes": about.st_size, "written_at": written}


def tail_of(file: Path) -> str:
    """The last MAX_FILE_BYTES of a file, or why it cannot be read."""
    try:
        with file.open("rb") as opened:
            opened.seek(max(0, file.stat().st_size - MAX_FILE_BYTES))
            return opened.read(MAX_FILE_BYTES).decode("utf-8", "replace")
    except OSError as error:
        return f"{file} cannot be read: {error.strerror}\n"


def pack(target: Path, state: Path, environment: Mapping[str, str] = os.environ) -> int:
    """Write the bundle (a .tar.gz); the number of files in it. Raises OSError."""
    count = 0
    with tarfile.open(target, "w:gz") as archive:
        for name, text in parts(state, environment):
            data = without_secrets(text, environment).encode(errors="backslashreplace")
            about = tarfile.TarInfo(f"gopherpizza/{name}")
            about.size, about.mtime = len(data), int(time.time())
            archive.addfile(about, io.BytesIO(data))
            count += 1
    return count


def main() -> int:
    """The command; its exit status."""
    options = argparse.ArgumentParser(
        prog="./run_all.sh bundle", description="Pack logs and versions, without secrets, into one file."
    )
    options.add_argument("file", metavar="FILE", help="the .tar.gz to write")
    options.add_argument("--state-dir", metavar="DIR", help="default .gopherpizza")
    found = options.parse_args()
    caller = Path(os.environ.get(CALLER) or os.getcwd())
    target = at_caller(found.file, caller)
    state = at_caller(found.state_dir, caller) if found.state_dir else STATE_DIR
    if not any(state.glob("logs/*.log")):
        # Most likely it ran with a directory of its own: whoever gets a file without logs cannot help.
        sys.stderr.write(f"gopherpizza: {state} has no logs; name the --state-dir that the run had\n")
        if found.state_dir:
            return 1
    try:
        count = pack(target, state)
    except OSError as error:
        sys.stderr.write(f"gopherpizza: {target} cannot be written: {error.strerror}\n")
        return 1
    sys.stdout.write(f"{target}: {count} files, secrets removed; look through it before you send it\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
