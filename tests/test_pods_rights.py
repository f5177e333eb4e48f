"""What the API may do in a cluster: the Role that ships is enough for it, and none of it is too much."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from copy import deepcopy
from pathlib import Path

import pytest

from tests.kube.cluster import Cluster, fresh_namespace
from tests.kube.kitchen import COOKS, PodKitchen, allow, pod_kitchen, rules
from tests.kube.kubeapi import Json, Refused, pods_of
from tests.kube.proxy import KubeProxy, Request, proxied
from tests.running import eventually

pytestmark = pytest.mark.stack
VERBS = [(rule["resources"][0], verb) for rule in rules() for verb in rule["verbs"]]


@pytest.fixture(scope="module")
def watched(
    kube_admin: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[PodKitchen, KubeProxy]]:
    """A kitchen whose API's requests are all seen."""
    directory = tmp_path_factory.mktemp("rights")
    with ExitStack() as stack:
        cluster = stack.enter_context(fresh_namespace(kube_admin, directory))
        proxy = stack.enter_context(proxied(cluster.api.access, directory))
        kubeconfig = cluster.kubeconfig(proxy.access, "through")
        yield stack.enter_context(pod_kitchen(cluster, directory, kubeconfig=kubeconfig)), proxy


def without(resource: str, verb: str) -> list[Json]:
    """The rules that ship, without this verb on this resource."""
    found = deepcopy(rules())
    for rule in found:
        if resource in rule["resources"]:
            rule["verbs"].remove(verb)
    return [rule for rule in found if rule["verbs"]]


def asked(request: Request) -> tuple[str, str]:
    """(resource, verb) of a request, as a Role has it."""
    words = request.path.strip("/").split("/")
    after = words[words.index("namespaces") + 2 :]
    verb = {"list": "get" if len(after) > 1 else "list"}.get(request.kind, request.kind)
    return "/".join([after[0], *after[2:]]), verb


def test_the_role_is_about_one_namespace_and_no_secrets() -> None:
    resources = {resource for rule in rules() for resource in rule["resources"]}
    assert resources == {"pods", "deployments"}
    assert not any("*" in (*rule["verbs"], *rule["resources"], *rule["apiGroups"]) for rule in rules())
    assert [rule["resourceNames"] for rule in rules() if "deployments" in rule["resources"]] == [[COOKS]]


def test_what_the_api_asks_for_is_what_the_role_gives(watched: tuple[PodKitchen, KubeProxy]) -> None:
    kitchen, proxy = watched
    before = kitchen.until_ready(2)
    kitchen.stack.client.delete(f"/fleet/workers/{next(iter(before.values()))['slot']}")
    eventually(lambda: set(kitchen.ready()) - set(before))
    kitchen.stack.client.post("/fleet/workers", json={})
    kitchen.until_ready(3)
    cooks = f"/apis/apps/v1/namespaces/{kitchen.cluster.namespace}/deployments/{COOKS}"
    kitchen.cluster.admin.patch(cooks, {"spec": {"replicas": 2}})
    kitchen.until_ready(2)
    assert {asked(request) for request in proxy.requests} == set(VERBS)
    spaces = {request.path.split("/namespaces/")[1].split("/")[0] for request in proxy.requests}
    assert spaces == {kitchen.cluster.namespace}


@pytest.mark.parametrize(("resource", "verb"), VERBS)
def test_each_verb_is_needed(watched: tuple[PodKitchen, KubeProxy], resource: str, verb: str) -> None:
    kitchen, proxy = watched
    eventually(lambda: alive(kitchen) == 2, 40, 0.1)  # who is on its way out still has a place
    known = kitchen.until_ready(2)
    slot = next(iter(known.values()))["slot"]
    allow(kitchen.cluster, without(resource, verb))
    try:
        eventually(lambda: not may(kitchen.cluster, resource, verb))
        need(kitchen, proxy, resource, verb, slot)
        words = eventually(lambda: complaint(kitchen), 40, 0.1)
        assert f"we may not {verb}" in words and "Role" in words
        assert set(kitchen.node.pids()) == {name.rpartition(".")[0] for name in known}, "it did it"
    finally:
        allow(kitchen.cluster, rules())
    eventually(lambda: may(kitchen.cluster, resource, verb))
    need(kitchen, proxy, resource, verb, slot)  # now it works, and the trouble is over
    if resource == "deployments":
        kitchen.until_ready(3)
        cooks = f"/apis/apps/v1/namespaces/{kitchen.cluster.namespace}/deployments/{COOKS}"
        kitchen.cluster.admin.patch(cooks, {"spec": {"replicas": 2}})
    elif verb == "delete":
        eventually(lambda: set(known) - set(kitchen.ready()), 40, 0.1)
    kitchen.until_ready(2)
    eventually(lambda: not complaint(kitchen), 40, 0.1)


def alive(kitchen: PodKitchen) -> int:
    """How many places have somebody in them."""
    return sum(worker["state"] not in ("dead", "empty") for worker in kitchen.stack.workers())


def need(kitchen: PodKitchen, proxy: KubeProxy, resource: str, verb: str, slot: int) -> None:
    """Have the API do what it needs this verb for."""
    if verb == "delete":
        kitchen.stack.client.delete(f"/fleet/workers/{slot}")
    elif resource == "deployments":
        kitchen.stack.client.post("/fleet/workers", json={})
    elif verb == "list":
        proxy.expire_watches()
    else:
        proxy.cut()


def may(cluster: Cluster, resource: str, verb: str) -> bool:
    """Whether the API's user may do that, by the API server's own word."""
    group = "apps" if resource == "deployments" else ""
    about = {"namespace": cluster.namespace, "verb": verb, "group": group, "resource": resource}
    if resource == "deployments":
        about["name"] = COOKS
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": about},
    }
    answer = cluster.api.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
    return bool(answer["status"]["allowed"])


def complaint(kitchen: PodKitchen) -> str:
    """What the API says about what it may not do."""
    troubles = [str(worker["trouble"] or "") for worker in kitchen.stack.workers()]
    problems = kitchen.stack.client.get("/healthz").json().get("problems", [])
    return " ".join(text for text in [*troubles, *map(str, problems)] if "may not" in text)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/namespaces/{mine}/secrets"),
        ("GET", "/api/v1/namespaces/{mine}/secrets/temporal"),
        ("GET", "/api/v1/namespaces/{mine}/configmaps"),
        ("GET", "/api/v1/namespaces/{other}/pods"),
        ("DELETE", "/api/v1/namespaces/{other}/pods/x"),
        ("GET", "/api/v1/pods"),
        ("GET", "/api/v1/nodes"),
        ("POST", "/api/v1/namespaces/{mine}/pods"),
        ("DELETE", "/api/v1/namespaces/{mine}/pods"),
        ("POST", "/api/v1/namespaces/{mine}/pods/x/exec"),
        ("GET", "/api/v1/namespaces/{mine}/pods/x/log"),
        ("GET", "/apis/apps/v1/namespaces/{mine}/deployments"),
        ("GET", "/apis/apps/v1/namespaces/{mine}/deployments/api"),
        ("PATCH", "/apis/apps/v1/namespaces/{mine}/deployments/api"),
        ("DELETE", "/apis/apps/v1/namespaces/{mine}/deployments/cooks"),
        ("PATCH", "/apis/apps/v1/namespaces/{mine}/deployments/cooks/scale"),
    ],
)
def test_what_is_outside_the_role_is_refused_by_the_server(cluster: Cluster, method: str, path: str) -> None:
    allow(cluster, rules())
    eventually(lambda: may(cluster, "pods", "list"))
    assert cluster.api.get(pods_of(cluster.namespace))["items"] == []
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    body = {"metadata": {"name": "x"}} if method in ("POST", "PATCH") else None
    with pytest.raises(Refused, match="403"):
        cluster.api.call(method, path.format(mine=cluster.namespace, other="default"), body, kind=kind)
