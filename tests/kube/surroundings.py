"""What a Pod's spec says a container's process finds: its environment, its files, its command."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Read = Callable[[str, str], Awaitable[Json | None]]
"""(`configmaps` or `secrets`, name) → the object, or None where there is none."""
REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")


class CannotStart(Exception):
    """The container's spec cannot be met; the text is the kubelet's (CreateContainerConfigError)."""


@dataclass(frozen=True)
class Process:
    """A process to be started."""

    command: list[str]
    environment: dict[str, str]
    mounts: dict[str, Path]
    """Paths in the container, and the directories that stand for them here."""

    def here(self, text: str) -> str:
        """A text in which paths of the container are this machine's."""
        return replaced(text, self.mounts)


def replaced(text: str, mounts: dict[str, Path]) -> str:
    """The text with each mount's path replaced by its directory; the longest first, each only once."""
    if not mounts:
        return text
    paths = "|".join(re.escape(path) for path in sorted(mounts, key=len, reverse=True))
    return re.sub(rf"(?<![\w./-])({paths})(?=$|[/:\s,;'\"])", lambda found: str(mounts[found[1]]), text)


def expanded(text: str, values: dict[str, str]) -> str:
    """`$(NAME)` as Kubernetes reads it: what is not known stays as it stands, `$$` is a dollar."""

    def one(found: re.Match[str]) -> str:
        return "$" if found[0] == "$$" else values.get(found[1], found[0])

    return REFERENCE.sub(one, text)


def field_of(pod: Json, path: str, node: str) -> str:
    """A fieldRef's value."""
    label = re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path)
    if label:
        return str(pod["metadata"].get(label[1], {}).get(label[2], ""))
    known = {
        "metadata.name": pod["metadata"]["name"],
        "metadata.namespace": pod["metadata"]["namespace"],
        "metadata.uid": pod["metadata"]["uid"],
        "spec.nodeName": node,
        "spec.serviceAccountName": pod["spec"].get("serviceAccountName", "default"),
        "status.podIP": "127.0.0.1",
        "status.hostIP": "127.0.0.1",
    }
    if path not in known:
        raise CannotStart(f"fieldPath {path!r} is not supported")
    return str(known[path])


async def environment(pod: Json, container: Json, node: str, read: Read) -> dict[str, str]:
    """The variables that the container's spec gives it."""
    values: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        for key, kind in (("configMapRef", "configmaps"), ("secretRef", "secrets")):
            if key in source:
                data = await _data(read, kind, source[key])
                values.update({source.get("prefix", "") + name: value for name, value in data.items()})
    for entry in container.get("env", ()):
        origin = entry.get("valueFrom")
        if origin is None:
            values[entry["name"]] = expanded(entry.get("value", ""), values)
        elif "fieldRef" in origin:
            values[entry["name"]] = field_of(pod, origin["fieldRef"]["fieldPath"], node)
        else:
            for key, kind in (("configMapKeyRef", "configmaps"), ("secretKeyRef", "secrets")):
                if key in origin:
                    data = await _data(read, kind, origin[key])
                    if origin[key]["key"] in data:
                        values[entry["name"]] = data[origin[key]["key"]]
                    elif not origin[key].get("optional"):
                        raise CannotStart(f"couldn't find key {origin[key]['key']} in {kind}")
    return values


async def _data(read: Read, kind: str, reference: Json) -> dict[str, str]:
    found = await read(kind, reference["name"])
    if found is None:
        if reference.get("optional"):
            return {}
        raise CannotStart(f'{kind.removesuffix("s")} "{reference["name"]}" not found')
    plain = dict(found.get("data") or {})
    if kind == "secrets":
        import base64

        plain = {name: base64.b64decode(value).decode() for name, value in plain.items()}
    return plain


async def mounted(pod: Json, container: Json, directory: Path, read: Read) -> dict[str, Path]:
    """The container's mounts as directories of this machine, which are the Pod's: they outlive a restart."""
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes", ())}
    found: dict[str, Path] = {}
    for mount in container.get("volumeMounts", ()):
        volume, here = volumes[mount["name"]], directory / "volumes" / mount["name"]
        here.mkdir(parents=True, exist_ok=True)
        for key, kind, name in (("configMap", "configmaps", "name"), ("secret", "secrets", "secretName")):
            if key in volume:
                for file, text in (
                    await _data(read, kind, {**volume[key], "name": volume[key][name]})
                ).items():
                    (here / file).write_text(text, encoding="utf-8")
        found[mount["mountPath"].rstrip("/")] = here / mount.get("subPath", "")
    return found


async def process_of(pod: Json, container: Json, node: str, directory: Path, read: Read) -> Process:
    """What to start for a container. Raises CannotStart."""
    mounts = await mounted(pod, container, directory, read)
    given = await environment(pod, container, node, read)
    words = [*container.get("command", ()), *container.get("args", ())]
    if not words:
        raise CannotStart("no command specified")
    values = {
        # What the image has: the interpreter that runs this is its `python`.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "HOME": str(directory),
        "HOSTNAME": pod["metadata"]["name"],
        **{name: replaced(value, mounts) for name, value in given.items()},
    }
    command = [replaced(expanded(word, given), mounts) for word in words]
    program = shutil.which(command[0], path=values["PATH"])
    if program is None:
        raise CannotStart(f'exec: "{command[0]}": executable file not found in $PATH')
    return Process([program, *command[1:]], values, mounts)
