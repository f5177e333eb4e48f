"""The golden scene of a kitchen whose cooks are Pods: two deaths, told by their moments, and two births."""

from __future__ import annotations

from api_stub.schema import Worker
from game.api_state.news import OrdersSeen, RecordsSeen
from game.simulation.model import Model
from tests.gallery_scenes import Panels, Props, kitchen
from tests.telling import T0, S, at, order, play, staffed, stages, tell, worker
from tests.test_receipt_strip import held, receipt

NAMES = ("cooks-6d4f8b9c7-x2k4q", "cooks-6d4f8b9c7-7h9zp", "cooks-6d4f8b9c7-m5tvw", "cooks-6d4f8b9c7-rn8dl")


def pod(slot: int, state: str = "ready", restarts: int = 0, name: str = "", since: float = 0.0) -> Worker:
    """The worker of a Pod, as the API tells it."""
    full = f"{name or NAMES[slot - 1]}.{restarts}"
    return worker(
        slot, state, slot, since, id=full, label=full.rpartition("-")[2], pid=None, restarts=restarts
    )


def pods(props: Props) -> tuple[Model, Panels]:
    """Cook 1 works; cook 2 was killed and its Pod is gone; cook 3's container starts again in its Pod; cook 4
    had been drained, and a new Pod starts in its place."""
    model = kitchen(props, 0)
    now = model.time.wall - T0.timestamp()
    tell(model, staffed(*(pod(n, since=now - 30.0) for n in range(1, 5))))
    victim, drained = f"{NAMES[1]}.0", f"{NAMES[3]}.0"
    mine = [
        order("manual-ab12-1", S.BAKING, 1, worker=victim, customer="Ada", stages=stages(2)),
        order("manual-ab12-2", S.BAKING, 1, worker=drained, customer="Renée", stages=stages(2)),
    ]
    tell(model, OrdersSeen(tuple(mine)))
    play(model, 3.0)
    now = model.time.wall - T0.timestamp()
    dead = pod(2, "dead", since=now)
    fleet = [pod(1), dead, pod(3, "starting", 1), pod(4, "starting", name="cooks-6d4f8b9c7-b6qkc")]
    play(model, 2.0, news=[staffed(*fleet)])
    taker = f"{NAMES[0]}.0"
    took = [one.model_copy(update={"worker": taker, "attempt": 2}) for one in mine]
    slips = (
        receipt(1, held(mine[1].id, to=taker, **{"from": drained}, delay=1.6), worker=drained, slot=4,
                signal=None, seconds=now + 0.4, killed_at=at(now), container_ended_at=at(now + 0.4),
                pod_gone_at=at(now + 0.9)),
        receipt(2, held(mine[0].id, to=taker, **{"from": victim}, delay=1.9), worker=victim, slot=2,
                signal=None, seconds=now + 0.1, killed_at=at(now), pod_gone_at=at(now + 0.1)),
    )  # fmt: skip
    play(model, 1.5, news=[OrdersSeen(tuple(took)), RecordsSeen(receipts=slips)])
    return model, ()
