"""What a person wants done: sent, taken, and said; a refusal in the API's words."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import httpx
import pytest

from game.actions import (
    Command,
    KillWorker,
    OpenWebUI,
    Redeploy,
    ResetChallenge,
    StartWorker,
    SwitchCheckpoint,
)
from game.api_state.news import RecordsSeen, Said
from game.network.api_actions import ApiActions, OutsidePrograms, nothing_outside
from game.network.order_sending import reason
from tests.running import PATIENCE, eventually
from tests.standin import CHALLENGE, CHECKPOINT, Line, problem


@dataclass
class Scene(Line):
    """Errands to run; `ui` is what the API has named."""

    ui: str | None = "http://ui:1/"

    outside: OutsidePrograms = field(default_factory=nothing_outside)

    def run(self, command: Command) -> None:
        ApiActions(self.client, self.told.append, self.outside).run(command, self.ui, "n s")


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_kill_and_start(scene: Scene) -> None:
    scene.api.answers["DELETE /fleet/workers/3"] = {}
    scene.api.answers["POST /fleet/workers"] = {}
    scene.run(KillWorker(3))
    scene.run(StartWorker(2))
    assert scene.api.paths() == ["DELETE /fleet/workers/3", "POST /fleet/workers"]
    assert scene.bodies("/fleet/workers") == [{"slot": 2}] and scene.told == []
    scene.run(KillWorker(3, by_house=True))
    assert [request.url.query for request in scene.api.asked[::2]] == [b"", b"by=house"]
    scene.api.answers["DELETE /fleet/workers/3"] = problem(409, "w3.1 is dead already")
    scene.run(KillWorker(3))
    assert scene.told == [Said("w3.1 is dead already")]


def test_the_web_ui_is_opened_at_the_order(scene: Scene) -> None:
    opened: queue.Queue[str] = queue.Queue()
    scene.outside = replace(scene.outside, browse=lambda url, shown, failed: opened.put(url))
    scene.ui = None
    scene.run(OpenWebUI())
    assert isinstance(scene.told[-1], Said) and "not named" in scene.told[-1].text
    scene.ui = "http://ui:1/"
    scene.run(OpenWebUI("manual-1"))
    url = httpx.URL(opened.get(timeout=5 * PATIENCE))
    assert url.host == "ui" and url.path == "/namespaces/n s/workflows"
    assert url.params["query"] == '`WorkflowId` STARTS_WITH "manual-1--"'
    scene.run(OpenWebUI())
    assert opened.get(timeout=5 * PATIENCE) == "http://ui:1/namespaces/n%20s/workflows"


def test_a_browser_is_told_as_opened_only_when_it_is(scene: Scene) -> None:
    answers: list[Callable[[], None]] = []
    scene.outside = replace(scene.outside, browse=lambda url, shown, failed: answers.extend((shown, failed)))
    scene.run(OpenWebUI())
    assert scene.told == [], "nobody knows yet"
    answers[0]()
    assert [n.good for n in scene.told if isinstance(n, Said)] == [True]


def test_no_browser_is_said(scene: Scene) -> None:
    scene.run(OpenWebUI())
    said = eventually(lambda: [n.text for n in scene.told if isinstance(n, Said) and not n.good], 5)
    assert "http://ui:1/namespaces" in said[0]


def test_a_switch_is_sent_taken_and_said(scene: Scene) -> None:
    scene.api.answers["PUT /checkpoint"] = CHECKPOINT
    scene.run(SwitchCheckpoint("1a"))
    assert json.loads(scene.api.asked[0].content) == {"name": "1a"}
    news, said = scene.told
    assert isinstance(news, RecordsSeen) and news.checkpoint and news.checkpoint.bug
    assert isinstance(said, Said) and said.good and "1a" in said.text


def test_redeploy_and_reset_are_sent_and_said(scene: Scene) -> None:
    scene.api.answers |= {"POST /fleet/redeploy": {}, "POST /challenge/reset": CHALLENGE}
    scene.run(Redeploy())
    scene.run(ResetChallenge())
    assert scene.api.paths() == ["POST /fleet/redeploy", "POST /challenge/reset"]
    assert [news.good for news in scene.told if isinstance(news, Said)] == [True, True]
    assert any(isinstance(news, RecordsSeen) and news.challenge for news in scene.told)


@pytest.mark.parametrize("command", [SwitchCheckpoint("9"), Redeploy(), ResetChallenge()], ids=str)
def test_a_refusal_is_said_in_the_apis_words(scene: Scene, command: Command) -> None:
    no = problem(409, "not while the moon is full")
    scene.api.answers |= dict.fromkeys(
        ("PUT /checkpoint", "POST /fleet/redeploy", "POST /challenge/reset"), no
    )
    scene.run(command)
    assert scene.told == [Said("not while the moon is full")] and reason(no) == "not while the moon is full"
