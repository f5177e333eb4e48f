"""The kill as one choreography: in whatever order its truths come, each effect happens once, to one end.

Events in, poses, particles and sounds out.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

import pytest

from api_stub.schema import Order, Receipt
from game.api_state.events import Event, OrderTakenOver, WorkerDied
from game.api_state.news import FleetSeen, News, RecordsSeen
from game.simulation.actors import CookPhase, Mood
from game.simulation.model import Model
from game.sound.cues import sounds_for
from tests.telling import S, at, fleet, kitchen_with, order, play, seen, tell, worker

PAIR = (worker(1), worker(2))
DT = 1 / 60


def baking(by: str | None = "w1.1", attempt: int = 1) -> Order:
    return order("a", S.BAKING, attempt, worker=by)


ALIVE = FleetSeen(fleet(*PAIR, births=2))
DEAD = FleetSeen(fleet(worker(1, "dead", since=8), PAIR[1], births=2, deaths=1))
NOBODY = seen(baking(None, 2))
TAKEN = seen(baking("w2.1", 2))
OLD = seen(baking())


def receipt(to: str | None) -> RecordsSeen:
    held = {"id": "a", "stage": "bake", "from": "w1.1", "to": to, "attempt": 2, "kept_stages": ["prepare"],
            "delay_s": 1.8 if to else None}  # fmt: skip
    fields = {"n": 1, "worker": "w1.1", "slot": 1, "cause": "player", "signal": "SIGKILL",
              "exit_observed_at": at(8), "orders": [held]}  # fmt: skip
    return RecordsSeen(receipts=(Receipt.model_validate(fields),))


class Watched:
    """A model that is played, and all that was to be seen and heard of it."""

    def __init__(self) -> None:
        self.model: Model = kitchen_with((), ())
        tell(self.model, ALIVE, OLD)
        play(self.model, 8.0)
        self.events: list[Event] = []
        self.cues: Counter[str] = Counter()
        self.hats = 0
        self.flights = 0
        self.highest = 0.0

    def hear(self, *news: News, seconds: float = 0.5) -> Watched:
        """Hear the news and let time pass."""
        model, told = self.model, news
        for _ in range(max(1, round(seconds / DT))):
            hats, hopping = self._hats(), model.gophers["a"].hop is not None
            model.time.wall += DT
            events = play(model, DT, news=told)
            told = ()
            self.events += events
            self.cues.update(cue.name for cue in sounds_for(events, model))
            self.hats += max(0, self._hats() - hats)
            self.flights += int(model.gophers["a"].hop is not None and not hopping)
            self.highest = max(self.highest, model.gophers["a"].lift)
        return self

    def _hats(self) -> int:
        return sum(1 for particle in self.model.effects.particles.flying if particle.kind == "hat")

    def of(self, kind: type[Event]) -> int:
        """How often such an event was seen."""
        return sum(1 for event in self.events if isinstance(event, kind))


TELLINGS: dict[str, Sequence[News]] = {
    "in order": (DEAD, NOBODY, TAKEN),
    "nobody in between": (DEAD, TAKEN),
    "the takeover first": (NOBODY, TAKEN, DEAD),
    "the takeover alone, the death last": (TAKEN, DEAD),
    "everything twice": (DEAD, DEAD, NOBODY, NOBODY, TAKEN, TAKEN, DEAD),
    "old answers late": (DEAD, OLD, ALIVE, NOBODY, OLD, TAKEN, NOBODY, ALIVE, OLD),
    "the takeover, then what was before": (TAKEN, OLD, NOBODY, DEAD, ALIVE),
    "the receipt before all": (receipt(None), DEAD, receipt("w2.1"), TAKEN),
    "the receipt last": (DEAD, TAKEN, receipt(None), receipt("w2.1"), receipt("w2.1")),
}


@pytest.mark.parametrize("at_once", [False, True], ids=["apart", "in one frame"])
@pytest.mark.parametrize("name", TELLINGS)
def test_each_effect_once_and_one_end(name: str, at_once: bool) -> None:
    told = TELLINGS[name]
    watched = Watched()
    if at_once:
        watched.hear(*told)
    else:
        for news in told:
            watched.hear(news)
    watched.hear(seconds=8.0)
    assert watched.of(WorkerDied) == 1 and watched.of(OrderTakenOver) == 1
    assert watched.hats == 1, "one blow"
    assert watched.cues["poof"] == 1 and watched.cues["hop"] == 1
    assert watched.flights == 1 and watched.highest > 60, "one hop, through the air"
    gopher, model = watched.model.gophers["a"], watched.model
    assert (gopher.mood, gopher.lift, gopher.hop) == (Mood.WORKED, 0.0, None)
    assert model.cooks[1].phase is CookPhase.GHOST and model.cooks[1].fallen == "w1.1"
    assert model.cooks[2].holding == ["a"] and model.cooks[1].waiting == 0
    if any(isinstance(news, RecordsSeen) for news in told):
        assert model.cooks[1].taken_over == 1.8 and len(model.notices.slips) == 1


def test_the_two_clocks_of_a_ghost() -> None:
    watched = Watched().hear(DEAD, seconds=1.0)
    cook = watched.model.cooks[1]
    assert cook.died_at == at(8).timestamp() and cook.waiting == 1 and cook.taken_over is None
    watched.hear(TAKEN)
    assert cook.waiting == 0 and cook.taken_over is None, "how long it took is for the receipt to say"
    watched.hear(receipt("w2.1"))
    assert cook.taken_over == 1.8


def test_a_death_that_is_told_late_counts_from_when_it_happened() -> None:
    late = FleetSeen(fleet(worker(1, "dead", since=3), PAIR[1], births=2, deaths=1))
    watched = Watched().hear(late)
    assert watched.model.cooks[1].died_at == at(3).timestamp() and watched.hats == 1


def heights(watched: Watched, seconds: float) -> list[float]:
    """Its height over the floor, frame by frame."""
    found = []
    for _ in range(round(seconds / DT)):
        watched.hear(seconds=DT)
        found.append(watched.model.gophers["a"].lift)
    return found


@pytest.mark.parametrize("after", [0.05, 0.2, 0.3, 0.45, 0.6, 0.9])
def test_another_takeover_in_the_middle_of_a_hop_goes_on_from_there(after: float) -> None:
    watched = Watched().hear(DEAD, seconds=0.3).hear(TAKEN, seconds=after)
    course = [watched.model.gophers["a"].lift]
    crew = (worker(1, "dead", since=8), worker(2, "dead", since=9))
    watched.hear(FleetSeen(fleet(*crew, worker(3), births=3, deaths=2)), seconds=DT)
    course.append(watched.model.gophers["a"].lift)
    watched.hear(seen(baking("w3.1", 3)), seconds=DT)
    course += [watched.model.gophers["a"].lift, *heights(watched, 6.0)]
    steps = [abs(a - b) for a, b in itertools.pairwise(course)]
    assert max(steps) < 45, "it neither drops to the floor nor leaps off it within a frame"
    gopher = watched.model.gophers["a"]
    assert gopher.lift == 0 and gopher.mood is Mood.WORKED and watched.model.cooks[3].holding == ["a"]


def test_a_takeover_in_the_middle_of_the_startled_jump() -> None:
    watched = Watched().hear(DEAD, seconds=0.15)
    assert watched.model.gophers["a"].lift > 20
    watched.hear(TAKEN, seconds=DT)
    course = heights(watched, 3.0)
    assert max(abs(a - b) for a, b in itertools.pairwise(course)) < 45


def test_a_delivery_in_the_middle_of_a_hop_waits_for_the_landing() -> None:
    watched = Watched().hear(DEAD, seconds=0.3).hear(TAKEN, seconds=0.35)
    watched.hear(seen(order("a", S.DELIVERED)), seconds=0.1)
    assert watched.model.gophers["a"].mood is Mood.HOP and watched.model.outcomes.delivered == 1
    moods = set()
    for _ in range(400):
        if "a" in watched.model.gophers:
            moods.add(watched.model.gophers["a"].mood)
            play(watched.model, DT)
    assert {Mood.JOY, Mood.LEAVE} <= moods
    assert watched.cues["ding"] == 1


def test_a_new_process_in_the_dead_ones_place_takes_over_itself() -> None:
    back = FleetSeen(fleet(worker(1, generation=2, since=9), PAIR[1], births=3, deaths=1))
    watched = Watched().hear(DEAD).hear(back).hear(seen(baking("w1.2", 2))).hear(seconds=6.0)
    assert watched.of(WorkerDied) == 1 and watched.flights == 1 and watched.hats == 1
    assert watched.model.cooks[1].holding == ["a"]
