"""The stand-in node, against a real API server: it must write what a real node writes."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kube.cluster import Cluster
from tests.kube.container import Restarts
from tests.kube.kubeapi import Json, Refused, pods_of
from tests.kube.running_node import RunningNode, running_node
from tests.processes import runs
from tests.running import eventually

FOREVER = ["python", "-c", "import time; time.sleep(3600)"]
DEAF_CODE = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(3600)
"""
DEAF = ["python", "-c", DEAF_CODE]
TELL_ENVIRONMENT = """
import json, os, time
with open(os.environ["OUT"] + ".new", "w") as file:
    json.dump(dict(os.environ), file)
os.replace(file.name, os.environ["OUT"])
time.sleep(3600)
"""


def pod_of(command: list[str], name: str = "one", **spec: Any) -> Json:
    """A Pod with one container, `worker`."""
    container = {"name": "worker", "image": "x", "command": command, **spec.pop("container", {})}
    return {"metadata": {"name": name, "labels": {"app": "x"}}, "spec": {"containers": [container], **spec}}


def deployment_of(command: list[str], replicas: int) -> Json:
    """A Deployment of such Pods."""
    template = pod_of(command)
    return {
        "metadata": {"name": "cooks"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "x"}},
            "template": {"metadata": {"labels": {"app": "x"}}, "spec": template["spec"]},
        },
    }


@pytest.fixture
def node(cluster: Cluster, tmp_path: Path) -> Iterator[RunningNode]:
    """A node for the test's namespace."""
    with running_node(cluster.admin.access, cluster.namespace, tmp_path) as running:
        yield running


def make(cluster: Cluster, pod: Json) -> str:
    """Create a Pod; its name."""
    return str(cluster.admin.post(pods_of(cluster.namespace), pod)["metadata"]["name"])


def until(cluster: Cluster, name: str, check: Callable[[Json], object]) -> Json:
    """Wait until a Pod is like this."""

    def look() -> Json | None:
        pod = cluster.admin.pod(cluster.namespace, name)
        return pod if pod is not None and check(pod) else None

    return eventually(look) or {}


def worker_of(pod: Json) -> Json:
    """The status of its container; an empty one at the beginning."""
    return dict((pod["status"].get("containerStatuses") or [{"state": {}, "restartCount": 0}])[0])


def waits_for(reason: str) -> Callable[[Json], bool]:
    """Whether the container waits for this reason."""
    return lambda pod: worker_of(pod)["state"].get("waiting", {}).get("reason") == reason


def ready(pod: Json) -> bool:
    """Whether a Pod is ready."""
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", ()))


def test_a_pod_is_bound_runs_and_is_ready(cluster: Cluster, node: RunningNode) -> None:
    name = make(cluster, pod_of(FOREVER))
    pod = until(cluster, name, ready)
    assert pod["spec"]["nodeName"] == node.name
    assert pod["status"]["phase"] == "Running"
    worker = worker_of(pod)
    assert worker["restartCount"] == 0 and worker["ready"] and "startedAt" in worker["state"]["running"]
    assert worker["containerID"] == f"process://{node.pids()[name]}"
    # Pending first, as on any node.
    nodes = cluster.admin.get("/api/v1/nodes/" + node.name)
    assert nodes["status"]["conditions"][0]["status"] == "True"


def test_environment_and_mounts_are_the_pods_own(cluster: Cluster, node: RunningNode) -> None:
    space = f"/api/v1/namespaces/{cluster.namespace}"
    cluster.admin.post(f"{space}/configmaps", {"metadata": {"name": "c"}, "data": {"A": "1", "B": "2"}})
    cluster.admin.post(f"{space}/secrets", {"metadata": {"name": "s"}, "stringData": {"KEY": "k"}})
    env = [
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "APP", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
        {"name": "OUT", "value": "/run/out/it"},
        {"name": "LIKE", "value": "/run/outer"},
        {"name": "TWO", "value": "$(POD)-$(NOT_THERE)"},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "KEY"}}},
        {"name": "NO", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "Z", "optional": True}}},
    ]
    sources = [
        {"configMapRef": {"name": "c"}},
        {"secretRef": {"name": "missing", "optional": True}},
        {"prefix": "P_", "configMapRef": {"name": "c"}},
    ]
    mounts = [{"name": "out", "mountPath": "/run/out"}]
    container = {"env": env, "envFrom": sources, "volumeMounts": mounts}
    name = make(
        cluster,
        pod_of(
            ["python", "-c", TELL_ENVIRONMENT],
            container=container,
            volumes=[{"name": "out", "emptyDir": {}}],
        ),
    )
    until(cluster, name, ready)
    file = next(Path(node.node.directory).glob("*/volumes/out")) / "it"
    seen = eventually(lambda: file.exists() and json.loads(file.read_text()))
    assert (seen["POD"], seen["APP"], seen["KEY"], seen["A"], seen["P_B"]) == (name, "x", "k", "1", "2")
    assert seen["OUT"] == str(file) and seen["LIKE"] == "/run/outer" and seen["TWO"] == f"{name}-$(NOT_THERE)"
    assert "NO" not in seen and "PYTEST_CURRENT_TEST" not in seen


def test_a_missing_config_map_is_told(cluster: Cluster, node: RunningNode) -> None:
    container = {"envFrom": [{"configMapRef": {"name": "later"}}]}
    name = make(cluster, pod_of(FOREVER, container=container))
    pod = until(cluster, name, waits_for("CreateContainerConfigError"))
    assert worker_of(pod)["state"]["waiting"]["message"] == 'configmap "later" not found'
    cluster.admin.post(
        f"/api/v1/namespaces/{cluster.namespace}/configmaps", {"metadata": {"name": "later"}, "data": {}}
    )
    until(cluster, name, ready)


def test_who_panics_is_restarted_in_the_same_pod_later_each_time(cluster: Cluster, node: RunningNode) -> None:
    code = "import os, resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); os.abort()"
    name = make(cluster, pod_of(["python", "-c", code]))
    uid = until(cluster, name, lambda pod: True)["metadata"]["uid"]
    pod = until(
        cluster, name, lambda p: waits_for("CrashLoopBackOff")(p) and worker_of(p)["restartCount"] >= 3
    )
    worker = worker_of(pod)
    assert pod["metadata"]["uid"] == uid and pod["status"]["phase"] == "Running" and not worker["ready"]
    assert worker["lastState"]["terminated"]["exitCode"] == 128 + signal.SIGABRT
    assert worker["lastState"]["terminated"]["reason"] == "Error"
    pause_s = Restarts().pause(worker["restartCount"])  # more often by now, if nobody looked meanwhile
    assert worker["state"]["waiting"]["message"].startswith(
        f"back-off {pause_s:g}s restarting failed container=worker pod="
    )


def test_what_an_empty_dir_has_outlives_a_restart(cluster: Cluster, node: RunningNode) -> None:
    code = "import time; f = open('/run/n/starts', 'a+'); f.write('x'); f.close(); time.sleep(3600)"
    container = {"volumeMounts": [{"name": "n", "mountPath": "/run/n"}]}
    volumes = [{"name": "n", "emptyDir": {}}]
    name = make(cluster, pod_of(["python", "-c", code], container=container, volumes=volumes))
    until(cluster, name, ready)
    starts = next(Path(node.node.directory).glob("*/volumes/n")) / "starts"
    eventually(lambda: starts.exists() and starts.read_text() == "x")
    first = node.pids()[name]
    node.kill_container(name)
    pod = until(cluster, name, lambda p: worker_of(p)["restartCount"] == 1 and ready(p))
    assert worker_of(pod)["lastState"]["terminated"]["exitCode"] == 137
    eventually(lambda: starts.read_text() == "xx")
    assert not runs(first) and node.pids()[name] != first


def test_a_readiness_probe_decides(cluster: Cluster, node: RunningNode) -> None:
    probe = {"exec": {"command": ["test", "-e", "/run/n/up"]}, "periodSeconds": 1, "failureThreshold": 1}
    container = {"volumeMounts": [{"name": "n", "mountPath": "/run/n"}], "readinessProbe": probe}
    name = make(cluster, pod_of(FOREVER, container=container, volumes=[{"name": "n", "emptyDir": {}}]))
    pod = until(cluster, name, lambda p: "running" in worker_of(p)["state"])
    assert pod["status"]["phase"] == "Running" and not ready(pod)
    mark = next(Path(node.node.directory).glob("*/volumes/n")) / "up"
    mark.touch()
    until(cluster, name, ready)
    mark.unlink()
    until(cluster, name, lambda p: not ready(p))


def test_a_failing_liveness_probe_restarts(cluster: Cluster, node: RunningNode) -> None:
    probe = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1}
    name = make(
        cluster,
        pod_of(FOREVER, container={"livenessProbe": probe}, terminationGracePeriodSeconds=1),
    )
    until(cluster, name, lambda p: worker_of(p)["restartCount"] >= 1)


def test_delete_with_grace_0_kills_at_once_and_another_pod_comes(cluster: Cluster, node: RunningNode) -> None:
    cluster.admin.post(
        f"/apis/apps/v1/namespaces/{cluster.namespace}/deployments", deployment_of(DEAF, replicas=2)
    )
    eventually(lambda: len(node.pids()) == 2)
    name, pid = next(iter(node.pids().items()))
    cluster.admin.delete(pods_of(cluster.namespace, name), grace_s=0)
    assert cluster.admin.pod(cluster.namespace, name) is None
    eventually(lambda: not runs(pid))
    eventually(lambda: len(node.pids()) == 2 and name not in node.pids())


def test_delete_with_grace_is_sigterm_then_sigkill(cluster: Cluster, node: RunningNode) -> None:
    polite, deaf = make(cluster, pod_of(FOREVER, "polite")), make(cluster, pod_of(DEAF, "deaf"))
    until(cluster, polite, ready)
    until(cluster, deaf, ready)
    eventually(lambda: "deaf" in node.log(deaf))
    pids = node.pids()
    cluster.admin.delete(pods_of(cluster.namespace, polite), grace_s=600)
    eventually(lambda: cluster.admin.pod(cluster.namespace, polite) is None)
    pod = cluster.admin.delete(pods_of(cluster.namespace, deaf), grace_s=1)
    assert pod["metadata"]["name"] == deaf and "deletionTimestamp" in pod["metadata"], "it is there still"
    eventually(lambda: cluster.admin.pod(cluster.namespace, deaf) is None)
    assert not runs(pids[polite]) and not runs(pids[deaf])


def test_a_forced_delete_overtakes_one_with_grace(cluster: Cluster, node: RunningNode) -> None:
    deaf = make(cluster, pod_of(DEAF, "deaf"))
    until(cluster, deaf, ready)
    eventually(lambda: "deaf" in node.log(deaf))
    pid = node.pids()[deaf]
    cluster.admin.delete(pods_of(cluster.namespace, deaf), grace_s=600)
    assert runs(pid)
    cluster.admin.delete(pods_of(cluster.namespace, deaf), grace_s=0)
    eventually(lambda: not runs(pid))


def test_a_forced_delete_as_a_real_kubelet_does_it(cluster: Cluster, tmp_path: Path) -> None:
    with running_node(cluster.admin.access, cluster.namespace, tmp_path, forced_grace_s=600) as node:
        polite, deaf = make(cluster, pod_of(FOREVER, "polite")), make(cluster, pod_of(DEAF, "deaf"))
        until(cluster, polite, ready)
        until(cluster, deaf, ready)
        eventually(lambda: "deaf" in node.log(deaf))
        pids = node.pids()
        for name in (polite, deaf):
            cluster.admin.delete(pods_of(cluster.namespace, name), grace_s=0)
        eventually(lambda: not runs(pids[polite]))
        assert runs(pids[deaf])
        os.kill(pids[deaf], signal.SIGKILL)
        eventually(lambda: not runs(pids[deaf]))


def test_oom_and_eviction_have_their_reasons(cluster: Cluster, node: RunningNode) -> None:
    name = make(cluster, pod_of(FOREVER))
    until(cluster, name, ready)
    node.oom_kill(name)
    pod = until(cluster, name, lambda p: worker_of(p)["restartCount"] == 1 and ready(p))
    last = worker_of(pod)["lastState"]["terminated"]
    assert (last["reason"], last["exitCode"]) == ("OOMKilled", 137)
    pid = node.pids()[name]
    node.evict(name)
    pod = until(cluster, name, lambda p: p["status"]["phase"] == "Failed")
    assert pod["status"]["reason"] == "Evicted" and "low on resource" in pod["status"]["message"]
    assert not runs(pid)


def test_no_image_no_room_and_not_ready_are_told_and_end(cluster: Cluster, node: RunningNode) -> None:
    node.refuse_images("manifest unknown")
    name = make(cluster, pod_of(FOREVER))
    pod = until(cluster, name, waits_for("ImagePullBackOff"))
    assert pod["status"]["phase"] == "Pending"
    node.refuse_images(None)
    until(cluster, name, ready)

    node.have_room(False)
    second = make(cluster, pod_of(FOREVER, "second"))
    pod = until(cluster, second, lambda p: p["status"].get("conditions"))
    told = pod["status"]["conditions"][0]
    assert (told["type"], told["status"], told["reason"]) == ("PodScheduled", "False", "Unschedulable")
    assert told["message"].startswith("0/1 nodes are available")
    node.have_room(True)
    until(cluster, second, ready)

    node.be_ready(False)
    until(cluster, name, lambda p: not ready(p))
    third = make(cluster, pod_of(FOREVER, "third"))
    pod = until(cluster, third, lambda p: p["status"].get("conditions"))
    assert "not-ready" in pod["status"]["conditions"][0]["message"]
    node.be_ready(True)
    for one in (name, second, third):
        until(cluster, one, ready)


@pytest.mark.parametrize("power", [False, True])
def test_a_lost_node_leaves_its_pods_terminating(
    cluster: Cluster, node: RunningNode, tmp_path: Path, power: bool
) -> None:
    cluster.admin.post(
        f"/apis/apps/v1/namespaces/{cluster.namespace}/deployments", deployment_of(FOREVER, replicas=1)
    )
    name, pid = eventually(lambda: next(iter(node.pids().items()), None))
    until(cluster, name, ready)
    node.lose(power=power)
    assert runs(pid) is power
    pod = cluster.admin.pod(cluster.namespace, name)
    assert pod is not None and "deletionTimestamp" in pod["metadata"] and not ready(pod)
    with running_node(
        cluster.admin.access, cluster.namespace, tmp_path / "2", name=f"{node.name}-2"
    ) as other:
        eventually(lambda: other.pids())
        node.come_back()
        eventually(lambda: cluster.admin.pod(cluster.namespace, name) is None)
        eventually(lambda: not runs(pid))


def test_nothing_is_left_when_a_node_goes(cluster: Cluster, tmp_path: Path) -> None:
    with running_node(cluster.admin.access, cluster.namespace, tmp_path) as node:
        make(cluster, pod_of(DEAF))
        pid = eventually(lambda: next(iter(node.pids().values()), None))
        name = node.name
    assert not runs(pid)
    with pytest.raises(Refused, match="404"):
        cluster.admin.get(f"/api/v1/nodes/{name}")
