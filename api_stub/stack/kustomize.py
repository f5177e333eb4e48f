"""The part of kustomize that configs/kubernetes uses, so that manifests are printed without a kubectl.

What a kustomization has beyond that part is refused by name; `kubectl apply -k` reads the same files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from api_stub.oneline import shown, shown_path
from worker.show.files import read_bounded

Manifest = dict[str, Any]
MAX_FILE_BYTES = 1024 * 1024
FILE = "kustomization.yaml"
KNOWN = (
    *("apiVersion", "kind", "namespace", "resources", "configMapGenerator", "generatorOptions"),
    *("images", "patches"),
)
WITHOUT_NAMESPACE = ("Namespace",)
"""Kinds of ours that stand beside the namespaces, not in one."""


class CannotRender(Exception):
    """The manifests cannot be made; the message says what and why, in one line."""


def built(directory: Path, namespace: str | None = None) -> list[Manifest]:
    """What `kubectl kustomize` makes of this directory; with another namespace where one is given. Raises
    CannotRender."""
    [ours] = documents(directory / FILE)
    if unknown := [key for key in ours if key not in KNOWN]:
        path = shown_path(directory / FILE)
        raise CannotRender(f"{path}: {unknown[0]}: not known here; use kubectl apply -k")
    found: list[Manifest] = []
    for name in ours.get("resources", []):
        there = (directory / name).resolve()
        found += built(there, namespace) if there.is_dir() else documents(there)
    options = ours.get("generatorOptions", {})
    found += [config_map(directory, entry, options) for entry in ours.get("configMapGenerator", [])]
    for patch in ours.get("patches", []):
        apply_patch(found, patch)
    if wanted := namespace or ours.get("namespace"):
        put_into(found, wanted)
    for image in ours.get("images", []):
        for container in containers_of(found):
            container["image"] = renamed(container["image"], image)
    return found


def documents(file: Path) -> list[Manifest]:
    """The objects of a YAML file. Raises CannotRender."""
    try:
        raw = read_bounded(file, MAX_FILE_BYTES)
        found = [each for each in yaml.safe_load_all(raw.decode()) if each is not None]
    except OSError as error:
        raise CannotRender(f"{shown_path(file)}: cannot be read: {error.strerror}") from error
    except (ValueError, yaml.YAMLError) as error:
        raise CannotRender(f"{shown_path(file)}: not YAML: {shown(str(error))}") from error
    if not found or not all(isinstance(each, dict) for each in found):
        raise CannotRender(f"{shown_path(file)}: objects are expected")
    return found


def text_of(file: Path) -> str:
    """A text file's text. Raises CannotRender."""
    try:
        return read_bounded(file, MAX_FILE_BYTES).decode()
    except (OSError, ValueError) as error:
        raise CannotRender(f"{shown_path(file)}: cannot be read: {shown(str(error))}") from error


def config_map(directory: Path, entry: Manifest, options: Manifest) -> Manifest:
    """The ConfigMap of one entry of configMapGenerator."""
    data = {}
    for name in entry.get("files", []):
        key, _, file = name.rpartition("=")
        data[key or Path(file).name] = text_of(directory / file)
    lines = [line for name in entry.get("envs", []) for line in text_of(directory / name).splitlines()]
    for line in [*lines, *entry.get("literals", [])]:
        if line.strip() and not line.startswith("#"):
            key, _, value = line.partition("=")
            data[key] = value
    if not options.get("disableNameSuffixHash"):
        raise CannotRender(
            f"{shown_path(directory / FILE)}: generatorOptions.disableNameSuffixHash is expected"
        )
    metadata = {"name": entry["name"], "labels": dict(options.get("labels", {}))}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def apply_patch(manifests: list[Manifest], patch: Manifest) -> None:
    """Change the objects that a patch (JSON 6902: `add`, `replace`) is for. Raises CannotRender."""
    target = patch["target"]
    hit = [
        each
        for each in manifests
        if each["kind"] == target["kind"] and each["metadata"]["name"] == target["name"]
    ]
    if not hit:
        raise CannotRender(f"patch: there is no {target['kind']} {target['name']}")
    for step in yaml.safe_load(patch["patch"]):
        for each in hit:
            parts = step["path"].removeprefix("/").split("/")
            *parents, last = (part.replace("~1", "/").replace("~0", "~") for part in parts)
            place: Any = each
            for part in parents:
                place = place[int(part)] if isinstance(place, list) else place[part]
            if step["op"] not in ("add", "replace"):
                raise CannotRender(f"patch: {step['op']}: not known here; use kubectl apply -k")
            if isinstance(place, list):
                at = len(place) if last == "-" else int(last)
                place[at : at + (step["op"] == "replace")] = [step["value"]]
            else:
                place[last] = step["value"]


def put_into(manifests: list[Manifest], namespace: str) -> None:
    """Have them all stand in this namespace, and a binding's accounts with them."""
    accounts = {each["metadata"]["name"] for each in manifests if each["kind"] == "ServiceAccount"}
    for each in manifests:
        if each["kind"] in WITHOUT_NAMESPACE:
            each["metadata"]["name"] = namespace
        else:
            each["metadata"]["namespace"] = namespace
        for subject in each.get("subjects", []):
            if subject["kind"] == "ServiceAccount" and subject["name"] in accounts:
                subject["namespace"] = namespace


def containers_of(manifests: list[Manifest]) -> list[Manifest]:
    """Every container of their Pods."""
    pods = [each["spec"]["template"]["spec"] for each in manifests if "template" in each.get("spec", {})]
    return [one for pod in pods for one in [*pod.get("initContainers", []), *pod["containers"]]]


def renamed(image: str, change: Manifest) -> str:
    """An image's name after one entry of `images`."""
    name = image.partition("@")[0]
    if ":" in name.rpartition("/")[2]:
        name = name.rpartition(":")[0]
    if name != change["name"]:
        return image
    new = change.get("newName", name)
    return f"{new}@{change['digest']}" if "digest" in change else f"{new}:{change['newTag']}"
