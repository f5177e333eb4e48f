"""In a cluster the API comes in by its Pod's account: token, authority and namespace as they are mounted."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme
from lightkube.config.kubeconfig import KubeConfig

from api_stub.checkpoint.fleet_section import KubernetesConfig
from api_stub.fleet.kubernetes.client import ApiServer, NoAccess
from tests.kube.stub import Stub, reply
from tests.test_pods import record


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory that a Pod with a service account has; nothing else could be used."""
    real = KubeConfig.from_env
    (tmp_path / "token").write_text("first", encoding="utf-8")
    (tmp_path / "namespace").write_text("theirs", encoding="utf-8")
    monkeypatch.setattr(KubeConfig, "from_env", lambda: real(tmp_path, tmp_path / "none"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    return tmp_path


def test_the_account_of_the_pod_is_used_and_its_token_read_anew(
    account: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.cert_pem.write_to_path(str(account / "ca.crt"))
    authority.issue_cert("127.0.0.1").configure_cert(context)

    async def play() -> None:
        stub = Stub()
        stub.pods["a"] = record("cooks-a")
        listening = await asyncio.start_server(stub.serve, "127.0.0.1", 0, ssl=context)
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(listening.sockets[0].getsockname()[1]))
        server = ApiServer(KubernetesConfig())
        try:
            found, _ = await server.pods()
            assert [one["metadata"]["name"] for one in found] == ["cooks-a"]
            assert stub.asked[-1].headers["authorization"] == "Bearer first"
            assert stub.asked[-1].path == f"/api/v1/namespaces/{server.namespace}/pods"
            (account / "token").write_text("second", encoding="utf-8")
            stub.answers.append(reply(401, {"message": "it has run out"}))
            await server.pods()
            assert stub.asked[-1].headers["authorization"] == "Bearer second"
        finally:
            await server.close()
            listening.close()
            await stub.close()

    asyncio.run(play())


@pytest.mark.parametrize(("named", "used"), [("ours", "ours"), (None, "theirs")])
def test_a_namespace_that_is_named_counts_and_else_the_pods_own(
    account: Path, monkeypatch: pytest.MonkeyPatch, named: str | None, used: str
) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    trustme.CA().cert_pem.write_to_path(str(account / "ca.crt"))
    config = KubernetesConfig() if named is None else KubernetesConfig(namespace=named)
    server = ApiServer(config)
    assert (server.address, server.namespace) == ("https://127.0.0.1:443", used)
    asyncio.run(server.close())


@pytest.mark.parametrize("missing", ["token", "namespace"])
def test_a_pod_without_an_account_has_no_access_and_says_what_was_looked_for(
    account: Path, missing: str
) -> None:
    (account / missing).unlink()
    with pytest.raises(NoAccess, match="the cluster's own access, KUBECONFIG"):
        ApiServer(KubernetesConfig())
