"""What ships for Kubernetes, applied to a real API server: it takes every object, and the Role gives what the
API needs and no more. What the server is too old for is checked by schema only (tests/test_manifests.py)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from lightkube import Client, KubeConfig
from lightkube.codecs import from_dict
from lightkube.core.exceptions import ApiError
from lightkube.models.authorization_v1 import ResourceAttributes, SubjectAccessReviewSpec
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.authorization_v1 import SubjectAccessReview
from lightkube.resources.core_v1 import Namespace, Pod

from api_stub.stack.manifests import Wanted, object_of, rendered
from tests.running import eventually

TOO_NEW = {"policy/v1": (1, 21)}
"""API groups that came with this version of Kubernetes."""


@pytest.fixture(scope="module")
def admin(kube_admin: Path) -> Iterator[Client]:
    client = Client(config=KubeConfig.from_file(kube_admin), field_manager="gopherpizza-tests")
    yield client
    client._client._client.close()  # it has no way of its own


@pytest.fixture(scope="module", params=["kind", "temporal-elsewhere"])
def applied(admin: Client, request: pytest.FixtureRequest) -> Iterator[Wanted]:
    """What was applied, to a fresh namespace."""
    namespace = f"manifests-{secrets.token_hex(4)}"
    wanted = Wanted(overlay=request.param, namespace=namespace)
    too_new = {group for group, since in TOO_NEW.items() if version_of(admin) < since}
    try:
        for each in rendered(wanted):
            if each["apiVersion"] not in too_new:
                there = admin.apply(from_dict(each))
                assert there.metadata is not None and there.metadata.uid
        yield wanted
    finally:
        admin.delete(Namespace, namespace)


def version_of(client: Client) -> tuple[int, int]:
    """Major and minor version of the server."""
    answer = client._client._client.get("/version").json()
    return int(answer["major"]), int(answer["minor"].rstrip("+"))


def test_the_deployments_make_pods_that_are_labelled_as_ours(admin: Client, applied: Wanted) -> None:
    labels = {"app.kubernetes.io/name": "gopherpizza", "app.kubernetes.io/component": "cook"}

    def cooks() -> list[Pod]:
        found = list(admin.list(Pod, namespace=applied.namespace, labels=dict(labels)))
        return found if len(found) == 4 else []

    for pod in eventually(cooks, 30):
        assert pod.spec is not None
        [container] = pod.spec.containers
        assert (container.name, container.command) == ("worker", ["python", "-m", "worker", "--pod"])


def allowed(admin: Client, namespace: str, verb: str, resource: str, name: str | None, group: str) -> bool:
    """What the server says of a request of the API's account."""
    kind, _, part = resource.partition("/")
    asked = ResourceAttributes(
        namespace=namespace, verb=verb, group=group, resource=kind, subresource=part or None, name=name
    )
    spec = SubjectAccessReviewSpec(user=f"system:serviceaccount:{namespace}:api", resourceAttributes=asked)
    status = admin.create(SubjectAccessReview(spec=spec)).status
    assert status is not None
    return status.allowed


NEEDED = [
    *((verb, "pods", None, "") for verb in ("list", "watch")),
    ("delete", "pods", "cooks-1-2", ""),
    *((verb, "deployments", "cooks", "apps") for verb in ("get", "patch")),
]
REFUSED = [
    *((verb, "secrets", None, "") for verb in ("get", "list", "watch", "create")),
    *((verb, "pods", None, "") for verb in ("create", "patch", "update", "deletecollection")),
    *((verb, f"pods/{part}", None, "") for verb in ("get", "create") for part in ("exec", "log", "attach")),
    *((verb, "deployments", "api", "apps") for verb in ("get", "patch", "delete")),
    *((verb, "deployments", "cooks", "apps") for verb in ("delete", "update")),
    *((verb, "deployments/scale", "cooks", "apps") for verb in ("get", "patch")),
    *((verb, "configmaps", None, "") for verb in ("get", "list", "patch")),
    *((verb, "rolebindings", None, "rbac.authorization.k8s.io") for verb in ("get", "create", "patch")),
    *((verb, "nodes", None, "") for verb in ("get", "list")),
]


def test_the_role_gives_what_is_needed_and_no_more(admin: Client, applied: Wanted) -> None:
    for verb, resource, name, group in NEEDED:
        assert allowed(admin, str(applied.namespace), verb, resource, name, group), (verb, resource)
    for verb, resource, name, group in REFUSED:
        assert not allowed(admin, str(applied.namespace), verb, resource, name, group), (verb, resource, name)


def test_applying_it_again_changes_nothing(admin: Client, applied: Wanted) -> None:
    before = admin.get(Deployment, "cooks", namespace=applied.namespace).metadata
    for each in rendered(applied):
        if (each["kind"], each["metadata"]["name"]) == ("Deployment", "cooks"):
            after = admin.apply(from_dict(each)).metadata
    assert before is not None and after is not None and before.generation == after.generation


def test_what_is_wrong_is_refused_by_this_server(admin: Client, applied: Wanted) -> None:
    """So that the tests above mean something."""
    cooks = object_of(rendered(applied), "Deployment", "cooks")
    cooks["spec"]["selector"] = {"matchLabels": {"another": "label"}}
    with pytest.raises(ApiError):
        admin.apply(from_dict(cooks), force=True)
