"""A small Deployment of workers for tests of the host, as the API's own user sees it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.kube.cluster import Cluster

DEPLOYMENT = "cooks"
LABELS = {"app.kubernetes.io/name": "gopherpizza", "app.kubernetes.io/component": "cook"}
VERBS: list[dict[str, Any]] = [
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch", "delete"]},
    {
        "apiGroups": ["apps"],
        "resources": ["deployments"],
        "resourceNames": [DEPLOYMENT],
        "verbs": ["get", "patch"],
    },
]
"""What the API's user may do: all that the host asks for."""


def deployment(temporal: str, replicas: int, **env: str) -> dict[str, Any]:
    """A Deployment of workers at this Temporal."""
    variables: list[dict[str, Any]] = [
        {"name": "GOPHERPIZZA_POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "GOPHERPIZZA_STARTS_FILE", "value": "/run/gopherpizza/starts"},
        {"name": "TEMPORAL_ADDRESS", "value": temporal},
        {"name": "GOPHERPIZZA_DRAIN_S", "value": "0.5"},
        {"name": "GOPHERPIZZA_CONCURRENCY", "value": "4"},
        {"name": "GOPHERPIZZA_LIFESPAN_S", "value": ""},
    ]
    variables += [{"name": name, "value": value} for name, value in env.items()]
    probe = {"exec": {"command": ["test", "-e", "/run/gopherpizza/ready"]}, "periodSeconds": 1}
    container = {
        "name": "worker",
        "image": "gopherpizza:test",
        "command": ["python", "-m", "worker", "--pod"],
        "env": variables,
        "readinessProbe": probe,
        "volumeMounts": [{"name": "run", "mountPath": "/run/gopherpizza"}],
    }
    spec = {
        "containers": [container],
        "volumes": [{"name": "run", "emptyDir": {}}],
        "terminationGracePeriodSeconds": 5,
    }
    return {
        "metadata": {"name": DEPLOYMENT, "labels": LABELS},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": LABELS},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
            "template": {"metadata": {"labels": LABELS}, "spec": spec},
        },
    }


def allow(cluster: Cluster, rules: list[dict[str, Any]] = VERBS) -> None:
    """Give the API's user these rights in the namespace."""
    base = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{cluster.namespace}"
    cluster.admin.post(f"{base}/roles", {"metadata": {"name": "api"}, "rules": rules})
    cluster.admin.post(
        f"{base}/rolebindings",
        {
            "metadata": {"name": "api"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "api"},
            "subjects": [
                {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "gopherpizza-api"}
            ],
        },
    )


def kubeconfig(cluster: Cluster) -> Path:
    """The API's user's way in."""
    return cluster.api_kubeconfig


def deploy(cluster: Cluster, body: dict[str, Any]) -> None:
    """Have it there."""
    cluster.admin.post(f"/apis/apps/v1/namespaces/{cluster.namespace}/deployments", body)
