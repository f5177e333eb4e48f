"""A real stack whose cooks are Pods: what ships, on a real API server and a stand-in node.

Namespace, Temporal's address and the user are the test's; all else is as it stands in configs/kubernetes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.kube.cluster import API_USER, Cluster
from tests.kube.kubeapi import Json
from tests.kube.proxy import KubeProxy
from tests.kube.running_node import RunningNode, running_node
from tests.running import ROOT, RunningStack, as_yaml, eventually, free_ports, processes_naming

BASE = ROOT / "configs" / "kubernetes" / "base"
COOKS = "cooks"
QUICK_S = [1.4, 1.6]
"""How long a stage takes here: long enough to be killed in."""


def shipped(file: str, kind: str, name: str) -> Json:
    """An object of configs/kubernetes/base. Raises StopIteration where there is none."""
    objects = yaml.safe_load_all((BASE / file).read_text(encoding="utf-8"))
    return next(dict(o) for o in objects if o and (o["kind"], o["metadata"]["name"]) == (kind, name))


def rules() -> list[Json]:
    """What the API may do, by the Role that ships."""
    return list(shipped("accounts.yaml", "Role", "api")["rules"])


def allow(cluster: Cluster, what: list[Json]) -> None:
    """Let the API's user do this in the test's namespace, and nothing else."""
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{cluster.namespace}"
    role = f"{path}/roles/api"
    if any(found["metadata"]["name"] == "api" for found in cluster.admin.get(f"{path}/roles")["items"]):
        cluster.admin.patch(role, {"rules": what})
        return
    cluster.admin.post(f"{path}/roles", {"metadata": {"name": "api"}, "rules": what})
    binding = {
        "metadata": {"name": "api"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "api"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": API_USER}],
    }
    cluster.admin.post(f"{path}/rolebindings", binding)


def apply_cooks(cluster: Cluster, temporal: str, replicas: int, **environment: str) -> None:
    """The Deployment that ships, and the address of Temporal that it asks for."""
    space = f"/api/v1/namespaces/{cluster.namespace}"
    data = {"TEMPORAL_ADDRESS": temporal, "TEMPORAL_NAMESPACE": "default"}
    cluster.admin.post(f"{space}/configmaps", {"metadata": {"name": "temporal"}, "data": data})
    cooks = shipped("cooks.yaml", "Deployment", COOKS)
    cooks["metadata"].pop("namespace", None)
    cooks["spec"]["replicas"] = replicas
    for entry in cooks["spec"]["template"]["spec"]["containers"][0]["env"]:
        if entry["name"] in environment:
            entry["value"] = environment[entry["name"]]
    cluster.admin.post(f"/apis/apps/v1/namespaces/{cluster.namespace}/deployments", cooks)


def pods_config(
    directory: Path,
    kubeconfig: Path,
    namespace: str,
    of: str | None = None,
    more: Json | None = None,
    **fleet: Any,
) -> Path:
    """A checkpoint on Kubernetes: `of` one that ships, else one for tests without chance or chaos; with these
    keys `more`."""
    where = {"namespace": namespace, "deployment": COOKS, "kubeconfig": str(kubeconfig)}
    if of is None:
        stage = {"duration_s": QUICK_S}
        data: dict[str, Any] = {
            "checkpoint": "pods",
            "title": "Cooks in Pods, for the tests",
            "fleet": {"slots": 4, "start": 2},
            "activities": {"prepare": stage, "bake": stage, "deliver": stage},
        }
    else:
        text = (ROOT / "configs" / f"checkpoint-{of}.yaml").read_text(encoding="utf-8")
        data = yaml.safe_load(text)
    data |= more or {}
    data["fleet"] = {**data["fleet"], **fleet, "hosted_on": "kubernetes", "kubernetes": where}
    file = directory / "pods.yaml"
    file.write_text(as_yaml(data), encoding="utf-8")
    return file


@dataclass
class PodKitchen:
    """A running one."""

    cluster: Cluster
    node: RunningNode
    stack: RunningStack
    metrics_port: int = 0
    """Where one of the Pods serves the SDK's metrics."""
    proxy: KubeProxy | None = None

    def fleet(self) -> Json:
        """GET /fleet."""
        return dict(self.stack.client.get("/fleet").json())

    def ready(self) -> dict[str, Json]:
        """The workers that are ready by the API's word, by their name."""
        return {w["id"]: w for w in self.fleet()["workers"] if w["state"] == "ready"}

    def until_ready(self, count: int, limit_s: float = 40) -> dict[str, Json]:
        """Wait until exactly so many workers are ready, and those are the ones that the node runs."""

        def look() -> dict[str, Json] | None:
            agreed, told = self.agrees(), self.ready()  # in this order: what is told is not older
            return told if agreed and len(told) == count else None

        return eventually(look, limit_s, 0.1) or {}

    def agrees(self) -> bool:
        """Whether the API tells exactly the Pods that run, each under its name and count of restarts."""
        there = set()
        for pod in self.cluster.admin.pods(self.cluster.namespace):
            for container in pod["status"].get("containerStatuses") or ():
                if "running" in container["state"]:
                    there.add(f"{pod['metadata']['name']}.{container['restartCount']}")
        return {w["id"] for w in self.fleet()["workers"] if w["state"] not in ("dead", "empty")} == there

    def api_pid(self) -> int:
        """The API's process id."""
        return self.stack.pids()["api"]


@contextmanager
def pod_kitchen(
    cluster: Cluster,
    directory: Path,
    *,
    replicas: int = 2,
    of: str | None = None,
    kubeconfig: Path | None = None,
    what: list[Json] | None = None,
    node_options: dict[str, Any] | None = None,
    stack_options: tuple[str, ...] = ("--no-game",),
    wait: bool = True,
    more: Json | None = None,
    **fleet: Any,
) -> Iterator[PodKitchen]:
    """A stack with that many cooks. `kubeconfig`: how the API comes to the API server, where that is not its
    own user's straight way; `what`: the rules for it, where they are not the ones that ship; `more`: keys of
    its config."""
    api, temporal, ui, metrics = free_ports(4)
    allow(cluster, rules() if what is None else what)
    kubeconfig = kubeconfig or cluster.api_kubeconfig
    fleet = {"start": replicas, "slots": replicas + 2, **fleet}
    config = pods_config(directory, kubeconfig, cluster.namespace, of, more, **fleet)
    told = yaml.safe_load(config.read_text(encoding="utf-8"))["fleet"]
    apply_cooks(
        cluster,
        f"127.0.0.1:{temporal}",
        replicas,
        # As the checkpoint has it: else the API would replace the Pods at once.
        GOPHERPIZZA_LIFESPAN_S=",".join(f"{s:g}" for s in told.get("lifespan_s") or ()),
        GOPHERPIZZA_CONCURRENCY=str(told.get("concurrency", 4)),
        # Pods have no addresses of their own here: one of them has the port, and the others work without.
        GOPHERPIZZA_SDK_METRICS=f"127.0.0.1:{metrics}",
    )
    (directory / "node").mkdir()
    with running_node(
        cluster.admin.access, cluster.namespace, directory / "node", **(node_options or {})
    ) as node:
        environment = {key: value for key, value in os.environ.items() if key != "KUBECONFIG"}
        stack = RunningStack(
            directory / "state", config, *stack_options, ports=[api, temporal, ui], environment=environment
        )
        try:
            stack.until_ready()
            kitchen = PodKitchen(cluster, node, stack, metrics)
            if wait:
                kitchen.until_ready(replicas)
            yield kitchen
        finally:
            stack.stop()
    assert stack.process.returncode == 0, stack.errors
    eventually(lambda: not processes_naming(str(directory / "state")), 5)
