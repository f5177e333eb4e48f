"""What goes wrong between the API and the API server costs no news: each birth and death is known, once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.kube.cluster import fresh_namespace
from tests.kube.faults import FAULTS, Fault, Token
from tests.kube.kitchen import PodKitchen, pod_kitchen
from tests.kube.kubeapi import pods_of
from tests.kube.proxy import KubeProxy, proxied
from tests.running import eventually

pytestmark = pytest.mark.stack
COOKS = 3
KNOWN_AGAIN_S = 2.0
"""After a fault's end; a busy machine gets more."""


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Token:
    """The token in force."""
    return Token(tmp_path_factory.mktemp("token") / "token", "first")


@pytest.fixture(scope="module")
def faulty(
    kube_admin: Path, token: Token, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[PodKitchen, KubeProxy]]:
    """A kitchen with three cooks whose API reaches the API server through a proxy."""
    directory = tmp_path_factory.mktemp("faulty")
    with ExitStack() as stack:
        cluster = stack.enter_context(fresh_namespace(kube_admin, directory))
        proxy = stack.enter_context(proxied(cluster.api.access, directory))
        proxy.accept(token.now)
        kubeconfig = cluster.kubeconfig(proxy.access, "through", token_file=token.file)
        yield (
            stack.enter_context(pod_kitchen(cluster, directory, replicas=COOKS, kubeconfig=kubeconfig)),
            proxy,
        )


@pytest.mark.parametrize("fault", [*FAULTS, None], ids=lambda fault: fault.__name__ if fault else "token")
def test_every_birth_and_death_is_known_once(
    faulty: tuple[PodKitchen, KubeProxy], token: Token, fault: Fault | None
) -> None:
    kitchen, proxy = faulty
    admin, space = kitchen.cluster.admin, kitchen.cluster.namespace
    before = set(kitchen.until_ready(COOKS))
    counts = kitchen.fleet()
    deleted, restarted, _ = sorted(name.rpartition(".")[0] for name in before)

    end = (fault or token.expire)(proxy)
    admin.delete(pods_of(space, deleted), grace_s=0)
    kitchen.node.kill_container(restarted)
    eventually(lambda: len(kitchen.node.pids()) == COOKS and deleted not in kitchen.node.pids())
    asked = len(proxy.requests)
    end()

    eventually(kitchen.agrees, KNOWN_AGAIN_S)
    after = set(kitchen.until_ready(COOKS))
    assert len(after & before) == 1
    now = kitchen.fleet()
    assert now["births"] - counts["births"] == 2 and now["deaths"] - counts["deaths"] == 2
    assert now["kills"] == counts["kills"]
    assert len(proxy.requests) - asked < 100, "it asks without a pause"
    eventually(lambda: not problems(kitchen))


def problems(kitchen: PodKitchen) -> list[str]:
    """What /healthz finds wrong with Kubernetes."""
    told = kitchen.stack.client.get("/healthz").json().get("problems", [])
    return [str(problem) for problem in told if "ubernetes" in str(problem) or "API server" in str(problem)]


def test_a_fault_that_lasts_is_told_in_words_and_a_kill_says_that_it_failed(
    faulty: tuple[PodKitchen, KubeProxy],
) -> None:
    kitchen, proxy = faulty
    known = kitchen.until_ready(COOKS)
    slot = next(iter(known.values()))["slot"]
    proxy.be_away(True)
    try:
        assert eventually(lambda: problems(kitchen), 40, 0.1)
        kitchen.stack.client.delete(f"/fleet/workers/{slot}")
        worker = eventually(lambda: _with_trouble(kitchen, slot), 40, 0.1)
        assert "API server" in worker["trouble"] or "ubernetes" in worker["trouble"]
    finally:
        proxy.be_away(False)
    kitchen.until_ready(COOKS)
    eventually(lambda: not problems(kitchen))


def _with_trouble(kitchen: PodKitchen, slot: int) -> dict[str, str] | None:
    worker = kitchen.stack.workers()[slot - 1]
    return worker if worker["trouble"] else None
