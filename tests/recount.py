"""Recounts every receipt from Temporal's own histories, all of them: `python -m tests.recount --help`.

Independent of the API's code: it reads the histories through the SDK and the receipts over HTTP. What it
prints is one JSON object; its exit status is 1 where a receipt says anything else than the histories do.

What no history tells cannot be checked, and is counted apart: an attempt that died before its first heartbeat
(`by_hint`, `untraced`), and whether an attempt before the last but one of a stage failed or was interrupted
(`unsure`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import httpx
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecutionStatus

STAGES = {"PreparePizza": "prepare", "BakePizza": "bake", "Deliver": "deliver"}
QUERY = "WorkflowType = 'PizzaWorkflow'"
AT_ONCE = 16
SAME_MOMENT_S = 1.0
"""A moment that the API noted itself, and not Temporal, may differ by so much."""
CLOCKS_S = 0.5
"""An exit is noticed a moment after it."""
MAX_WRONG = 50


@dataclass(frozen=True)
class Holder:
    """Who had an attempt of a stage, and since when (seconds since 1970)."""

    worker: str
    attempt: int
    began: float


@dataclass
class StageStory:
    """One stage by its history: its chain of custody, oldest first; when it was finished, if it was."""

    stage: str
    chain: list[Holder] = field(default_factory=list)
    finished: bool = False
    timed_out: int | None = None
    """The attempt before the last one, where Temporal had given it up."""


@dataclass
class Verdict:
    """What the recount found. `wrong` are sentences, MAX_WRONG at the most; `wrongs` is how many."""

    orders: int = 0
    delivered: int = 0
    open: int = 0
    receipts: int = 0
    receipt_orders: int = 0
    by_history: int = 0
    """Of them: lost attempt and successor stand in a history as in the receipt."""
    by_hint: int = 0
    """Of them: the receipt names a successor that died before its first heartbeat."""
    untraced: int = 0
    """Of them: the lost attempt stands in no history."""
    unsure: int = 0
    """Attempts on no receipt that a death may have interrupted: what ended them stands nowhere."""
    wrongs: int = 0
    wrong: list[str] = field(default_factory=list)

    def tell(self, sentence: str) -> None:
        """Something that is not as the histories say."""
        self.wrongs += 1
        if len(self.wrong) < MAX_WRONG:
            self.wrong.append(sentence)


def seconds(moment: str | None) -> float | None:
    """RFC 3339 as seconds since 1970."""
    return datetime.fromisoformat(moment).timestamp() if moment else None


def bare(identity: str) -> str:
    """A worker's own name: a kitchen that shares a namespace puts its booth before it."""
    return identity.rpartition("/")[2]


def read_stages(events: Iterable[HistoryEvent]) -> list[StageStory]:
    """An order's stages, in order. The result of each tells its chain of custody; the server itself tells the
    last attempt."""
    found: dict[int, StageStory] = {}
    last: dict[int, Holder] = {}
    for event in events:
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            name = event.activity_task_scheduled_event_attributes.activity_type.name
            if name in STAGES:
                found[event.event_id] = StageStory(STAGES[name])
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            started = event.activity_task_started_event_attributes
            story = found.get(started.scheduled_event_id)
            if story is not None:
                began = event.event_time.ToNanoseconds() / 1e9
                last[started.scheduled_event_id] = Holder(bare(started.identity), started.attempt, began)
                if started.last_failure.HasField("timeout_failure_info"):
                    story.timed_out = started.attempt - 1
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            done = event.activity_task_completed_event_attributes
            story = found.get(done.scheduled_event_id)
            if story is not None:
                story.finished = True
                told = json.loads(done.result.payloads[0].data) if done.result.payloads else {}
                for one in told.get("custody") or []:
                    began_at = seconds(one["started_at"]) or 0.0
                    story.chain.append(Holder(one["worker"], one["attempt"], began_at))
    for number, holder in last.items():
        chain = found[number].chain
        if not chain or (chain[-1].worker, chain[-1].attempt) != (holder.worker, holder.attempt):
            chain.append(holder)
    return list(found.values())


def check(orders: dict[str, list[StageStory]], receipts: Sequence[dict[str, Any]], verdict: Verdict) -> None:
    """Compare receipts with histories, both ways. `orders`: by every name that an order goes by."""
    told: Counter[tuple[str, str, int]] = Counter()
    for receipt in receipts:
        verdict.receipts += 1
        for one in receipt["orders"]:
            verdict.receipt_orders += 1
            told[one["id"], one["stage"], one["attempt"]] += 1
            _check_one(orders, receipt, one, verdict)
    for (order_id, stage, attempt), times in told.items():
        if times > 1:
            verdict.tell(f"{order_id} {stage}: attempt {attempt} stands on {times} receipts")
    died = {receipt["worker"]: _died_between(receipt) for receipt in receipts}
    for order_id, stages in orders.items():
        for story in stages:
            for holder, following in zip(story.chain, story.chain[1:], strict=False):
                death = died.get(holder.worker)
                if death is None or told[order_id, story.stage, holder.attempt]:
                    continue
                earliest, latest = death
                if not (holder.began < latest and earliest < following.began):
                    continue
                if story.timed_out == holder.attempt and following.attempt == holder.attempt + 1:
                    if following.began - earliest > CLOCKS_S:
                        verdict.tell(
                            f"{order_id} {story.stage}: {holder.worker} died in attempt {holder.attempt}, and"
                            " no receipt says so"
                        )
                elif story.chain[-1].attempt > holder.attempt + 1:
                    verdict.unsure += 1


def _died_between(receipt: dict[str, Any]) -> tuple[float, float]:
    """Between which moments it died: one and the same, where its end was seen as it came."""
    observed = seconds(receipt["exit_observed_at"]) or 0.0
    return seconds(receipt.get("unseen_since")) or observed, observed


def _check_one(
    orders: dict[str, list[StageStory]], receipt: dict[str, Any], one: dict[str, Any], verdict: Verdict
) -> None:
    """One line of a receipt."""
    name = f"receipt {receipt['n']}, {one['id']} {one['stage']}, attempt {one['attempt']} of {one['from']}"
    stages = orders.get(one["id"])
    if stages is None:
        verdict.tell(f"{name}: there is no such order")
        return
    place = next((n for n, story in enumerate(stages) if story.stage == one["stage"]), None)
    if place is None:
        verdict.tell(f"{name}: the order never was in that stage")
        return
    story, attempt = stages[place], one["attempt"]
    kept = [earlier.stage for earlier in stages[:place] if earlier.finished]
    if one["kept_stages"] != kept:
        verdict.tell(f"{name}: kept {one['kept_stages']}, by its history {kept}")
    places = [
        n for n, holder in enumerate(story.chain) if (holder.worker, holder.attempt) == (one["from"], attempt)
    ]
    if not places and any(holder.attempt == attempt for holder in story.chain):
        verdict.tell(f"{name}: that attempt was another worker's: {story.chain}")
        return
    following = story.chain[places[-1] + 1 :] if places else [h for h in story.chain if h.attempt > attempt]
    if not following:
        if one["to"] is not None or story.finished:
            verdict.tell(f"{name}: to {one['to']}, by its history to nobody: {story.chain}")
        return
    expected = following[0]
    began = seconds(one["taken_over_at"])
    if one["to"] is None or began is None:
        verdict.tell(f"{name}: to nobody, by its history to {expected}")
    elif attempt < one["to_attempt"] < expected.attempt:
        verdict.by_hint += 1
    elif (one["to"], one["to_attempt"]) != (expected.worker, expected.attempt):
        verdict.tell(f"{name}: to {one['to']} ({one['to_attempt']}), by its history to {expected}")
    elif abs(began - expected.began) > SAME_MOMENT_S:
        verdict.tell(f"{name}: taken over at {began}, by its history {expected}")
    elif expected.began < (seconds(receipt["killed_at"]) or _died_between(receipt)[0]) - CLOCKS_S:
        verdict.tell(f"{name}: {expected} had begun before that death")
    elif places:
        verdict.by_history += 1
    else:
        verdict.untraced += 1


async def read_orders(client: Client, verdict: Verdict) -> dict[str, list[StageStory]]:
    """Every order of the namespace by the names it goes by: its workflow id, and the id that was asked for
    where that is one order's only."""
    found: dict[str, list[StageStory]] = {}
    gate = asyncio.Semaphore(AT_ONCE)

    async def read(workflow_id: str, run_id: str) -> None:
        async with gate:
            history = await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
        found[workflow_id] = read_stages(history.events)

    runs = [execution async for execution in client.list_workflows(QUERY, page_size=1000)]
    verdict.orders = len({execution.id for execution in runs})
    states = Counter(execution.status for execution in runs)
    verdict.delivered = states[WorkflowExecutionStatus.COMPLETED]
    verdict.open = states[WorkflowExecutionStatus.RUNNING]
    newest = {run.id: run for run in sorted(runs, key=lambda run: run.start_time)}
    await asyncio.gather(*(read(run.id, run.run_id) for run in newest.values()))
    asked: dict[str, list[str]] = {}
    for workflow_id in found:
        asked.setdefault(workflow_id.rpartition("--")[0] or workflow_id, []).append(workflow_id)
    by_name = dict(found)
    for name, workflow_ids in asked.items():
        if len(workflow_ids) == 1:
            by_name[name] = by_name.pop(workflow_ids[0])
    return by_name


def read_receipts(api: str) -> list[dict[str, Any]]:
    """Every receipt that is kept, oldest first, page by page from the newest."""
    found: list[dict[str, Any]] = []
    until = 2**53
    with httpx.Client(base_url=api, timeout=30) as client:
        while True:
            answer = client.get("/receipts", params={"until": until})
            answer.raise_for_status()
            page = answer.json()
            if not page:
                return found
            found = page + found
            until = page[0]["n"] - 1


async def recount(api: str, temporal: str, namespace: str = "default") -> Verdict:
    """Read everything and compare."""
    verdict = Verdict()
    receipts = await asyncio.to_thread(read_receipts, api)
    client = await Client.connect(temporal, namespace=namespace)
    orders = await read_orders(client, verdict)
    check(orders, receipts, verdict)
    return verdict


def main() -> int:
    """Recount, and print the verdict; exit status 1 where anything is wrong."""
    options = argparse.ArgumentParser(prog="python -m tests.recount", description=__doc__)
    options.add_argument("--api", default="http://127.0.0.1:8000", help="default: %(default)s")
    options.add_argument("--temporal", default="127.0.0.1:7233", help="default: %(default)s")
    options.add_argument("--namespace", default="default", help="default: %(default)s")
    asked = options.parse_args()
    verdict = asyncio.run(recount(asked.api, asked.temporal, asked.namespace))
    sys.stdout.write(json.dumps(asdict(verdict)) + "\n")
    return 1 if verdict.wrongs else 0


if __name__ == "__main__":
    sys.exit(main())
