"""Whether the API is there, and what is asked of it only when it may have changed."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
import pytest

from game.api_state.news import WorldSeen
from game.network.health_and_fleet import HealthAndFleet, describe
from tests.standin import Line
from tests.telling import T0


@dataclass
class Scene(Line):
    """A pulse to feel."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.pulse = HealthAndFleet(self.client, self.told.append)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_the_first_health_sets_the_beginning_by_the_apis_own_clock(scene: Scene) -> None:
    assert scene.pulse.since is None
    scene.pulse.health()
    assert scene.pulse.since == T0
    (told,) = scene.told
    assert isinstance(told, WorldSeen) and told.health and told.checkpoint and told.menu
    assert told.checkpoint.title == "One cook"


def test_checkpoint_and_menu_are_asked_for_once_and_again_after_a_switch(scene: Scene) -> None:
    scene.pulse.health()
    scene.pulse.health()
    assert scene.api.paths() == ["GET /healthz", "GET /checkpoint", "GET /menu", "GET /healthz"]
    scene.api.answers["GET /healthz"] |= {"checkpoint": "2"}
    scene.pulse.health()
    assert scene.api.paths()[-2:] == ["GET /healthz", "GET /checkpoint"]
    assert scene.told[1] == WorldSeen(scene.told[0].health), type(scene.told[1])  # type: ignore[union-attr]


def test_away_is_described_in_a_few_words() -> None:
    request = httpx.Request("GET", "http://api/")
    bad = httpx.HTTPStatusError("x", request=request, response=httpx.Response(500))
    said = {describe(e) for e in (httpx.ConnectError("x"), httpx.ReadTimeout("x"), bad, httpx.ReadError("x"))}
    assert len(said) == 4 and all(0 < len(text) < 40 for text in said) and "it answers 500" in said
