"""The proxy before the API server: it passes all on, and breaks what it is told to break."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.kube.cluster import Cluster
from tests.kube.kubeapi import Access, AsyncKube, Gone, KubeClient, Refused, pods_of
from tests.kube.proxy import KubeProxy, proxied
from tests.running import PATIENCE

POD = {"spec": {"containers": [{"name": "worker", "image": "x"}]}}


@pytest.fixture
def proxy(cluster: Cluster, tmp_path: Path) -> Iterator[KubeProxy]:
    """A proxy before the session's API server."""
    with proxied(cluster.admin.access, tmp_path) as running:
        yield running


@pytest.fixture
def client(proxy: KubeProxy) -> Iterator[KubeClient]:
    """A client that comes through it."""
    client = KubeClient(proxy.access)
    yield client
    client.close()


def watched(access: Access, namespace: str, act: object) -> list[str]:
    """The names of the Pods that a watch tells, from now until it breaks; `act()` is done once it is open."""

    async def look() -> list[str]:
        kube, names = AsyncKube(access), []
        version = (await kube.call("GET", pods_of(namespace)))["metadata"]["resourceVersion"]
        loop = asyncio.get_running_loop()
        loop.call_later(0.3, lambda: loop.run_in_executor(None, act))  # type: ignore[arg-type]
        try:
            async for _, pod in kube.watch(pods_of(namespace), version):
                names.append(pod["metadata"].get("name", ""))
        except httpx.TransportError:
            names.append("broken")
        except Gone:
            names.append("gone")
        finally:
            await kube.close()
        return names

    return asyncio.run(asyncio.wait_for(look(), 60 * PATIENCE))


def test_what_is_not_broken_passes(cluster: Cluster, client: KubeClient, proxy: KubeProxy) -> None:
    made = client.post(pods_of(cluster.namespace), {"metadata": {"name": "one"}, **POD})
    assert made["metadata"]["name"] == "one"
    assert client.patch(pods_of(cluster.namespace, "one"), {"metadata": {"labels": {"a": "b"}}})
    assert [pod["metadata"]["labels"] for pod in client.pods(cluster.namespace)] == [{"a": "b"}]
    client.delete(pods_of(cluster.namespace, "one"), grace_s=0)
    assert client.pod(cluster.namespace, "one") is None
    assert [request.kind for request in proxy.requests] == ["post", "patch", "list", "delete", "list"]


def test_a_watch_is_cut_in_the_middle_of_a_line(cluster: Cluster, proxy: KubeProxy) -> None:
    def act() -> None:
        proxy.until_watched()
        cluster.admin.post(pods_of(cluster.namespace), {"metadata": {"name": "told"}, **POD})
        proxy.cut_in_mid_line()
        cluster.admin.post(pods_of(cluster.namespace), {"metadata": {"name": "cut"}, **POD})

    assert watched(proxy.access, cluster.namespace, act) in (["told", "broken"], ["broken"])


def test_refusals_come_as_often_as_told(cluster: Cluster, client: KubeClient, proxy: KubeProxy) -> None:
    proxy.answer(429, "list", times=2, retry_after_s=1)
    proxy.answer(500, "delete")
    for _ in range(2):
        with pytest.raises(Refused, match="429 told so: Too Many Requests"):
            client.pods(cluster.namespace)
    assert client.pods(cluster.namespace) == []
    with pytest.raises(Refused, match="500"):
        client.delete(pods_of(cluster.namespace, "none"))
    with pytest.raises(Refused, match="404"):
        client.delete(pods_of(cluster.namespace, "none"))


def test_a_version_expires(cluster: Cluster, proxy: KubeProxy) -> None:
    proxy.expire_watches()
    assert watched(proxy.access, cluster.namespace, lambda: None) == ["gone"]
    proxy.answer(410, "watch")
    assert watched(proxy.access, cluster.namespace, lambda: None) == ["gone"]


def test_tokens_expire(cluster: Cluster, client: KubeClient, proxy: KubeProxy, tmp_path: Path) -> None:
    proxy.accept("new")
    with pytest.raises(Refused, match="401"):
        client.pods(cluster.namespace)
    token = tmp_path / "token"
    token.write_text("new", encoding="utf-8")
    renewed = KubeClient(Access.of(cluster.kubeconfig(proxy.access, "renewed", token_file=token)))
    assert renewed.pods(cluster.namespace) == []
    renewed.close()


def test_away_and_silent(cluster: Cluster, client: KubeClient, proxy: KubeProxy) -> None:
    proxy.be_away(True)
    with pytest.raises(httpx.TransportError):
        client.pods(cluster.namespace)
    proxy.be_away(False)
    assert client.pods(cluster.namespace) == []
    proxy.be_silent(True)
    # Only with the answer: a busy machine may need longer than that to make the connection.
    impatient = httpx.Client(**{**proxy.access.options(), "timeout": httpx.Timeout(20 * PATIENCE, read=0.5)})
    with pytest.raises(httpx.ReadTimeout):
        impatient.get(pods_of(cluster.namespace))
    impatient.close()
    proxy.be_silent(False)
    assert client.pods(cluster.namespace) == []
