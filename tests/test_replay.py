"""Committed histories replay on today's workflow: a change that open orders cannot follow fails here."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from worker.connection import DATA_CONVERTER
from worker.workflow import PizzaWorkflow

FILES = sorted((Path(__file__).parent / "histories").glob("*.json"))


async def replay(text: str) -> None:
    replayer = Replayer(workflows=[PizzaWorkflow], data_converter=DATA_CONVERTER)
    await replayer.replay_workflow(WorkflowHistory.from_json("recorded", text))


def test_there_is_a_history_of_each_kind() -> None:
    names = {file.stem for file in FILES}
    assert names >= {"undisturbed", "killed-in-prepare", "killed-in-bake", "killed-in-deliver"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_recorded_history_replays(file: Path) -> None:
    asyncio.run(replay(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "file", [file for file in FILES if "killed" in file.stem], ids=lambda file: file.stem
)
def test_a_killed_history_holds_a_second_attempt_in_its_stage(file: Path) -> None:
    """The recordings are what their names say: one stage with two attempts, the others with one."""
    events = json.loads(file.read_text(encoding="utf-8"))["events"]
    types = {
        event["eventId"]: event["activityTaskScheduledEventAttributes"]["activityType"]["name"]
        for event in events
        if "activityTaskScheduledEventAttributes" in event
    }
    attempts = {}
    for event in events:
        started = event.get("activityTaskStartedEventAttributes")
        if started is not None:
            attempts[types[started["scheduledEventId"]]] = started["attempt"]
    stage = {"prepare": "PreparePizza", "bake": "BakePizza", "deliver": "Deliver"}[file.stem.split("-")[-1]]
    assert attempts.pop(stage) == 2
    assert set(attempts.values()) == {1} and len(attempts) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"name": "BakePizza"', '"name": "BurnPizza"'),
        ('"name": "Deliver"', '"name": "PreparePizza"'),
    ],
)
def test_a_history_that_the_workflow_cannot_follow_is_refused(old: str, new: str) -> None:
    text = next(file for file in FILES if file.stem == "undisturbed").read_text()
    assert old in text
    with pytest.raises(NondeterminismError):
        asyncio.run(replay(text.replace(old, new)))
