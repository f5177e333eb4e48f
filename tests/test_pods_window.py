"""The window with cooks that are Pods: a number key deletes one, and Kubernetes brings another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from game.panels.stats.layout import AUDIT
from game.theme import BASIL
from tests.desk import Desk, colours, need_programs, virtual_display, window_on
from tests.kube.cluster import Cluster
from tests.kube.kitchen import PodKitchen, pod_kitchen
from tests.processes import runs
from tests.running import eventually

pytestmark = [pytest.mark.stack, pytest.mark.window]


@pytest.fixture
def display() -> Iterator[str]:
    """A display of our own."""
    need_programs()
    with virtual_display() as number:
        yield number


def near(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    """Whether two colours are the same, but for rounding."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= 6


def holder(kitchen: PodKitchen, order_id: str) -> str | None:
    """The worker that has the order now; None: nobody has."""
    worker = kitchen.stack.status(order_id)["worker"]
    return str(worker) if worker in kitchen.ready() else None


def check_killed_by_key(desk: Desk, kitchen: PodKitchen, order_id: str | None, picture: str) -> str:
    """Press the key of the place of whoever has this order (None: of any cook): its Pod and its process go,
    and another comes. The one that was killed."""

    def look() -> tuple[str, str, int, int] | None:
        """All in one look: between two of them a cook may end by itself."""
        ready, pids = kitchen.ready(), kitchen.node.pids()
        worker = next(iter(ready), "") if order_id is None else holder(kitchen, order_id)
        pod = (worker or "").rpartition(".")[0]
        return (worker, pod, ready[worker]["slot"], pids[pod]) if worker in ready and pod in pids else None

    worker, pod, slot, pid = eventually(look, 60) or ("", "", 0, 0)
    desk.key(str(slot))
    eventually(lambda: kitchen.cluster.admin.pod(kitchen.cluster.namespace, pod) is None)
    eventually(lambda: not runs(pid))
    assert colours(desk.picture(picture)) > 100
    eventually(lambda: worker not in kitchen.ready())
    return worker


def test_checkpoint_2_in_pods(display: str, cluster: Cluster, tmp_path: Path) -> None:
    with (
        # Here no cook ends by itself: it could be the one whose key is about to be pressed.
        pod_kitchen(
            cluster, tmp_path, of="2-kubernetes", replicas=3, slots=4, lifespan_s=[900, 1000]
        ) as kitchen,
        window_on(display, kitchen.stack.api_url, tmp_path) as desk,
    ):
        stack = kitchen.stack
        desk.key("n")
        desk.type("Ada")
        desk.key("Return")
        order = eventually(lambda: next(iter(stack.listed()), None))
        worker = check_killed_by_key(desk, kitchen, order["id"], "pods-killed-by-key")
        stack.until(order["id"], "ORDER_DELIVERED", 60)
        receipts = [r for r in stack.client.get("/receipts").json() if r["worker"] == worker]
        assert [receipt["cause"] for receipt in receipts] == ["player"]
        kitchen.until_ready(3)
        desk.picture("pods-delivered")
        assert desk.game.poll() is None and "Traceback" not in desk.log.read_text()


def test_checkpoint_3_in_pods(display: str, cluster: Cluster, tmp_path: Path) -> None:
    with (
        pod_kitchen(cluster, tmp_path, of="3-kubernetes", replicas=4, slots=6) as kitchen,
        window_on(display, kitchen.stack.api_url, tmp_path) as desk,
    ):
        stack = kitchen.stack
        eventually(lambda: stack.client.get("/stats").json()["orders"]["started"] >= 5, 40, 0.2)
        for n in range(2):
            check_killed_by_key(desk, kitchen, None, f"pods-checkpoint-3-{n}")
        eventually(lambda: stack.client.get("/stats").json()["orders"]["delivered"] >= 3, 60, 0.2)
        desk.key("Tab")
        bar = AUDIT[0] + AUDIT[2] - 8, AUDIT[1] + AUDIT[3] / 2
        eventually(lambda: near(desk.colour_at(*bar), BASIL), 20, 0.2)
        desk.picture("pods-figures")
        assert stack.client.get("/audit").json()["lost"] == 0
        assert stack.client.get("/stats").json()["workers"]["kills"] == 2
        assert desk.game.poll() is None and "Traceback" not in desk.log.read_text()
