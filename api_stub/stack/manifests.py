"""`./run_all.sh --kube-manifests`: what `kubectl apply -f -` takes, filled in for a checkpoint, an image, a
namespace and a Temporal. Nothing is asked of a cluster, and no secret is read."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from api_stub.checkpoint.config import CheckpointConfig
from api_stub.checkpoint.files import ConfigError, LoadedConfig, checkpoint_files, find, load
from api_stub.oneline import shown
from api_stub.stack.kustomize import CannotRender, Manifest, built, containers_of, text_of
from api_stub.stack.options import CALLER, CONFIGS, checkpoint
from worker.ids import BOOTH_VARIABLE, checked_booth

OPTION = "--kube-manifests"
OVERLAYS = CONFIGS / "kubernetes" / "overlays"
ELSEWHERE = "temporal-elsewhere"
NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""A DNS label, as RFC 1123 has it."""
IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,254}")
SETTINGS = ("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", BOOTH_VARIABLE)
"""What is taken from the environment for a Temporal elsewhere; none of it is a secret."""
BOOTH_LABEL = "gopherpizza/booth"
"""Tells a booth's Pods from another's in one namespace."""


@dataclass(frozen=True)
class Wanted:
    """What the manifests are filled in with; None: as the files have it."""

    checkpoint: str = "2-kubernetes"
    """A checkpoint's name, or a file's absolute path."""
    overlay: str = "kind"
    image: str | None = None
    namespace: str | None = None
    settings: Mapping[str, str] | None = None
    """Entries of the ConfigMap `temporal`."""


def rendered(wanted: Wanted) -> list[Manifest]:
    """The manifests. Raises CannotRender, ConfigError."""
    chosen = on_kubernetes(find(wanted.checkpoint))
    manifests = built(OVERLAYS / wanted.overlay, wanted.namespace)
    data = object_of(manifests, "ConfigMap", "checkpoints")["data"]
    data[f"checkpoint-{chosen.config.checkpoint}.yaml"] = text_of(chosen.file)
    fill_in(manifests, chosen.config)
    if wanted.image is not None:
        for container in containers_of(manifests):
            container["image"] = wanted.image
    settings = object_of(manifests, "ConfigMap", "temporal")["data"]
    settings.update(wanted.settings or {})
    labels = object_of(manifests, "Deployment", "cooks")["spec"]["template"]["metadata"]["labels"]
    if BOOTH_LABEL in labels:
        labels[BOOTH_LABEL] = settings[BOOTH_VARIABLE]
    return manifests


def on_kubernetes(chosen: LoadedConfig) -> LoadedConfig:
    """The same checkpoint, where it is one for Kubernetes. Raises CannotRender for another, naming those."""
    if chosen.config.fleet.hosted_on == "kubernetes":
        return chosen
    there = ", ".join(name for name, file in checkpoint_files().items() if is_for_kubernetes(file))
    config = chosen.config
    raise CannotRender(
        f"--checkpoint {shown(config.checkpoint)}: found fleet.hosted_on: {config.fleet.hosted_on}; one with "
        f"hosted_on: kubernetes is accepted, for instance {there}"
    )


def is_for_kubernetes(file: Path) -> bool:
    """Whether a file is a checkpoint whose cooks are Pods."""
    try:
        return load(file).config.fleet.hosted_on == "kubernetes"
    except ConfigError:
        return False


def fill_in(manifests: list[Manifest], config: CheckpointConfig) -> None:
    """Have the API begin with this checkpoint, and the cooks be as it wants them."""
    container = container_of(manifests, "api")
    chosen = f"--checkpoint={config.checkpoint}"
    container["args"] = [chosen if each.startswith("--checkpoint=") else each for each in container["args"]]
    object_of(manifests, "Deployment", "cooks")["spec"]["replicas"] = config.fleet.start
    span = config.fleet.lifespan_s
    values = {
        "GOPHERPIZZA_CONCURRENCY": str(config.fleet.concurrency),
        "GOPHERPIZZA_LIFESPAN_S": ",".join(f"{each:g}" for each in span) if span else "",
    }
    for each in container_of(manifests, "cooks")["env"]:
        if each["name"] in values:
            each["value"] = values[each["name"]]


def object_of(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    """The one of this kind and name."""
    [found] = [each for each in manifests if each["kind"] == kind and each["metadata"]["name"] == name]
    return found


def container_of(manifests: list[Manifest], deployment: str) -> Manifest:
    """The only container of this Deployment's Pods."""
    [found] = containers_of([object_of(manifests, "Deployment", deployment)])
    return found


class Dumper(yaml.SafeDumper):
    """Writes text of several lines as it is read, and no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        """Always."""
        return True


def _text(dumper: Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


Dumper.add_representer(str, _text)


def as_text(manifests: list[Manifest]) -> str:
    """All of them as one stream of YAML documents."""
    return yaml.dump_all(manifests, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110)


def parser() -> argparse.ArgumentParser:
    """The command line, with its help."""
    options = argparse.ArgumentParser(
        prog=f"./run_all.sh {OPTION}",
        description="Print the Kubernetes manifests, filled in; pipe them into: kubectl apply -f -",
        epilog=f"With --overlay {ELSEWHERE}, {', '.join(SETTINGS)} are taken from the environment; keys and "
        "certificates are secrets that you make (README).",
    )
    options.add_argument(OPTION, action="store_true", help=argparse.SUPPRESS)
    options.add_argument(
        "--checkpoint",
        default=Wanted.checkpoint,
        metavar="NAME|FILE",
        help="one with hosted_on: kubernetes (default: %(default)s)",
    )
    options.add_argument(
        "--overlay",
        default=Wanted.overlay,
        choices=("kind", ELSEWHERE),
        help="kind: with a Temporal for development in the cluster (the default)",
    )
    options.add_argument("--image", metavar="NAME:TAG", help="default: as the overlay has it")
    options.add_argument("--namespace", metavar="NAME", help="default: gopherpizza")
    return options


def read(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Wanted:
    """The options. Raises CannotRender for what cannot be meant."""
    found = parser().parse_args(arguments)
    if found.namespace is not None and not NAMESPACE.fullmatch(found.namespace):
        raise CannotRender(
            f"--namespace: found {shown(found.namespace)}; up to 63 of a-z 0-9 - are accepted, no - at an end"
        )
    if found.image is not None and not IMAGE.fullmatch(found.image):
        raise CannotRender(
            f"--image: found {shown(found.image)}; a name such as gopherpizza:0.1.0 is accepted"
        )
    settings = {name: environment[name] for name in SETTINGS if environment.get(name)}
    if found.overlay == ELSEWHERE and "TEMPORAL_ADDRESS" not in settings:
        raise CannotRender(
            f"--overlay {ELSEWHERE}: set TEMPORAL_ADDRESS to where your Temporal is (host:port)"
        )
    try:
        checked_booth(settings.get(BOOTH_VARIABLE, "none"))
    except ValueError as error:
        raise CannotRender(f"{BOOTH_VARIABLE}: found {shown(settings[BOOTH_VARIABLE])}; {error}") from None
    settings.setdefault("TEMPORAL_NAMESPACE", "default")  # the SDK's; not the file's example
    caller = Path(environment.get(CALLER) or os.getcwd())
    return Wanted(
        checkpoint(found.checkpoint, caller),
        found.overlay,
        found.image,
        found.namespace,
        settings if found.overlay == ELSEWHERE else None,
    )


def main(arguments: Sequence[str]) -> int:
    """Print the manifests; the exit status: 0, or 1 with one line on stderr that says why not."""
    try:
        text = as_text(rendered(read(arguments)))
    except (CannotRender, ConfigError) as error:
        sys.stderr.write(f"gopherpizza: {error}\n")
        return 1
    sys.stdout.write(text)
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
