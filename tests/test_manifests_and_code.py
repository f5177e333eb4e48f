"""The manifests and the code that they start agree: what cooks are told, what the API then finds of them."""

from __future__ import annotations

from typing import Any

import pytest

from api_stub.checkpoint.files import available, find
from api_stub.checkpoint.fleet_section import KubernetesConfig
from api_stub.fleet.kubernetes.pods import BOOTH_LABEL, CONTAINER, LABELS
from api_stub.fleet.kubernetes.template import change, replicas_of
from api_stub.kitchen import policy_of
from api_stub.stack.kustomize import Manifest
from api_stub.stack.manifests import Wanted, container_of, object_of, rendered
from worker.show.pod import READY, PodSettings
from worker.show.sdk_metrics import VARIABLE, address_of

CHECKPOINTS = [each.config.checkpoint for each in available() if each.config.fleet.hosted_on == "kubernetes"]


def environment_of(made: list[Manifest], deployment: str) -> dict[str, str]:
    """What a container of this Deployment is told, with a name for its Pod."""
    container = container_of(made, deployment)
    found: dict[str, str] = {}
    for source in container["envFrom"]:
        if "configMapRef" in source:
            found |= object_of(made, "ConfigMap", source["configMapRef"]["name"])["data"]
    for each in container["env"]:
        found[each["name"]] = each["value"] if "value" in each else "cooks-5d4-x7"
    return found


def test_there_are_kubernetes_checkpoints() -> None:
    assert CHECKPOINTS == ["2-kubernetes", "3-kubernetes"]


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize("overlay", ["kind", "temporal-elsewhere"])
def test_a_cook_understands_what_it_is_told(checkpoint: str, overlay: str) -> None:
    made = rendered(Wanted(checkpoint, overlay))
    config = find(checkpoint).config
    told = PodSettings.read(environment_of(made, "cooks"))
    assert (told.pod, told.concurrency) == ("cooks-5d4-x7", config.fleet.concurrency)
    assert told.lifespan_s == config.fleet.lifespan_s
    pod = object_of(made, "Deployment", "cooks")["spec"]["template"]["spec"]
    assert told.drain_s < pod["terminationGracePeriodSeconds"], "it drains before it is killed for it"
    mounts = {mount["mountPath"] for mount in container_of(made, "cooks")["volumeMounts"]}
    assert str(told.starts_file.parent) in mounts
    for probe in ("startupProbe", "readinessProbe"):
        command = container_of(made, "cooks")[probe]["exec"]["command"]
        assert command == ["test", "-e", str(told.starts_file.with_name(READY))]
    labels = object_of(made, "Deployment", "cooks")["spec"]["template"]["metadata"]["labels"]
    assert labels.get(BOOTH_LABEL) == told.booth


@pytest.mark.parametrize("deployment", ["cooks", "api"])
def test_prometheus_is_sent_to_a_port_that_is_open(deployment: str) -> None:
    made = rendered(Wanted())
    annotations = object_of(made, "Deployment", deployment)["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/scrape"] == "true" and annotations["prometheus.io/path"] == "/metrics"
    [port] = container_of(made, deployment)["ports"]
    assert annotations["prometheus.io/port"] == str(port["containerPort"])
    [let_in] = object_of(made, "NetworkPolicy", deployment)["spec"]["ingress"]
    [open_port] = let_in["ports"]
    assert open_port["port"] in (port["name"], port["containerPort"])
    assert {"podSelector": {}} in let_in["from"] and len(let_in["from"]) == 2


def test_a_cook_serves_its_metrics_at_its_pods_port() -> None:
    made = rendered(Wanted())
    [port] = container_of(made, "cooks")["ports"]
    told = environment_of(made, "cooks")
    start = PodSettings.read(told).spec(start=3)
    assert address_of(told[VARIABLE], start.slot) == f"0.0.0.0:{port['containerPort']}"


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
def test_an_api_that_starts_finds_nothing_to_change(checkpoint: str) -> None:
    made = rendered(Wanted(checkpoint))
    cooks: dict[str, Any] = object_of(made, "Deployment", "cooks")
    policy = policy_of(find(checkpoint).config)
    assert change(cooks, policy, None) is None and replicas_of(cooks) == policy.start


def test_the_api_looks_for_what_the_manifests_make() -> None:
    made = rendered(Wanted())
    config = KubernetesConfig()
    cooks = object_of(made, "Deployment", config.deployment)
    assert LABELS.items() <= cooks["spec"]["template"]["metadata"]["labels"].items()
    assert container_of(made, config.deployment)["name"] == CONTAINER
    assert find(CHECKPOINTS[0]).config.fleet.kubernetes is None, "its own namespace, whatever that is called"
