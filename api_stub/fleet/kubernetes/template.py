"""The Deployment: which of its settings are the kitchen's, and the change that makes them so; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api_stub.fleet.kubernetes.pods import CONTAINER, MAX_WORDS
from api_stub.fleet.state import Policy
from worker.show.pod_environment import CONCURRENCY, LIFESPAN

RESTARTED = "gopherpizza/redeployed-at"
"""An annotation of the template: a new value has all Pods replaced."""


def settings_of(policy: Policy) -> dict[str, str]:
    """The environment that workers of this policy have."""
    span = policy.lifespan_s
    return {
        CONCURRENCY: str(policy.concurrency),
        LIFESPAN: "" if span is None else f"{span[0]:g},{span[1]:g}",
    }


def change(deployment: Mapping[str, Any], policy: Policy, anew: str | None) -> dict[str, Any] | None:
    """The patch that has workers made by this policy; `anew`: a moment, to have all replaced. None: all is as
    it is to be."""
    wanted = settings_of(policy)
    if anew is None and all(_setting(deployment, name) == value for name, value in wanted.items()):
        return None
    # Null takes away what the setting may have come from before; both together are refused.
    env = [{"name": name, "value": value, "valueFrom": None} for name, value in wanted.items()]
    template: dict[str, Any] = {"spec": {"containers": [{"name": CONTAINER, "env": env}]}}
    if anew is not None:
        template["metadata"] = {"annotations": {RESTARTED: anew}}
    return _as_of(deployment, {"template": template})


def scaled(deployment: Mapping[str, Any], one_more: bool, at_least: int, most: int) -> dict[str, Any] | None:
    """The patch that has so many replicas; None: there are as many. Never more than `most`."""
    now = replicas_of(deployment)
    wanted = max(now, min(most, max(now + one_more, at_least)))
    return None if wanted == now else _as_of(deployment, {"replicas": wanted})


def replicas_of(deployment: Mapping[str, Any]) -> int:
    """How many it keeps."""
    found = (deployment.get("spec") or {}).get("replicas")
    return found if isinstance(found, int) and found >= 0 else 1


def trouble(deployment: Mapping[str, Any]) -> str | None:
    """Why it has fewer Pods than it is to have, in the API server's words (a quota, a policy …). None:
    nothing is wrong."""
    found = (deployment.get("status") or {}).get("conditions")
    for condition in found if isinstance(found, list) else []:
        if isinstance(condition, dict) and condition.get("type") == "ReplicaFailure":
            if condition.get("status") == "True":
                words = " ".join(str(condition.get("message") or condition.get("reason") or "").split())
                return f"Kubernetes refuses to make its Pod: {words[:MAX_WORDS] or 'it does not say why'}"
    return None


def _as_of(deployment: Mapping[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    """The change, refused by the server if somebody else has changed the Deployment meanwhile."""
    version = (deployment.get("metadata") or {}).get("resourceVersion")
    return {"metadata": {"resourceVersion": version}, "spec": spec}


def _setting(deployment: Mapping[str, Any], name: str) -> str | None:
    template = (deployment.get("spec") or {}).get("template") or {}
    for container in (template.get("spec") or {}).get("containers") or []:
        if container.get("name") == CONTAINER:
            for entry in container.get("env") or []:
                if entry.get("name") == name:
                    return str(entry.get("value") or "") if "valueFrom" not in entry else None
    return None
