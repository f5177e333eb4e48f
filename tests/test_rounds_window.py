"""A round in the window: the clock between two answers, the name, the table, and what is asked when."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from api_stub.schema import RiskedOrder, Round, RoundKill, RoundTable, Stage
from game.accessibility import Access
from game.actions import FinishRound, OpenRound, StartRound
from game.api_state.failures_and_rounds import FailuresAndRounds, RoundsSeen, with_failures_and_rounds
from game.api_state.snapshot import Snapshot, advance
from game.inputs import Device, KeyPress, PointerPress
from game.network.failures_and_rounds_polling import FailuresAndRoundsPoller, run
from game.panels.panel import Close, Do, Stay
from game.panels.panel_stack import PanelStack
from game.panels.round.keyboard import ERASE, LETTERS
from game.panels.round.round_panel import AGAIN, LEAVE, SEND, SKIP, RoundPanel
from game.panels.round.table import rows_of
from game.panels.widgets import Hit
from game.simulation import round as rules
from game.simulation.display.bottom_strip import strip_for
from game.simulation.round import RoundPhase, RoundPlay, heard, later, risk_of
from game.simulation.update import update
from tests.failures_and_rounds_panels import FAILURE_AND_ROUND_PANELS
from tests.panelling import keys, middle, overlap, pass_time, texts_of
from tests.standin import Line, StandIn, problem
from tests.telling import kitchen_with, worker

T0 = datetime(2026, 5, 1, 12, tzinfo=UTC)


def a_round(n: int = 1, state: Any = "running", left: float = 60.0, **more: Any) -> Round:
    return Round(n=n, state=state, day=date(2026, 5, 1), started_at=T0, left_s=left, **more)


def told(*news: RoundsSeen) -> FailuresAndRounds:
    known = FailuresAndRounds()
    for one in news:
        known = with_failures_and_rounds(known, one)
    return known


class Booth:
    """A panel, and what the API has told it."""

    def __init__(self) -> None:
        self.known = FailuresAndRounds()
        self.panel = RoundPanel(lambda: self.known, 0)

    def tell(self, news: RoundsSeen) -> None:
        self.known = with_failures_and_rounds(self.known, news)
        self.panel.update(0.02)

    def naming(self) -> None:
        self.tell(RoundsSeen(started=a_round()))
        self.tell(RoundsSeen(table=RoundTable(current=a_round(state="done", left=0.0, kills=2, at_risk=3))))

    def press(self, group: str, index: int = 0) -> Any:
        (hit,) = (hit for hit in self.panel.hits if hit.spot == (group, index))
        return self.panel.handle(PointerPress(*middle(hit), Device.TOUCH))


def test_the_clock_goes_on_between_two_answers_and_ends_by_the_record() -> None:
    play = heard(RoundPlay(0), told(RoundsSeen(started=a_round(left=60.0))))
    assert play.phase is RoundPhase.PLAYING and play.seconds == 60
    play = later(play, 59.5)
    assert play.seconds == 1
    play = later(play, 3.0)
    assert play.seconds == 0 and play.phase is RoundPhase.PLAYING, "only the API's record ends it"
    over = told(
        RoundsSeen(started=a_round()), RoundsSeen(table=RoundTable(current=a_round(state="counting")))
    )
    assert heard(play, over).phase is RoundPhase.NAMING


def test_an_answer_sets_the_clock_right() -> None:
    known = told(RoundsSeen(started=a_round(left=60.0)))
    play = later(heard(RoundPlay(0), known), 10.0)
    assert heard(play, known).left == 50.0
    known = with_failures_and_rounds(known, RoundsSeen(table=RoundTable(current=a_round(left=47.0))))
    assert heard(play, known).left == 47.0


def test_a_start_of_before_is_not_this_one() -> None:
    known = told(RoundsSeen(started=a_round(1, "done")))
    assert heard(RoundPlay(known.starts), known).phase is RoundPhase.STARTING


def test_another_rounds_record_is_not_this_one() -> None:
    known = told(RoundsSeen(started=a_round(2)))
    play = heard(RoundPlay(0), known)
    known = with_failures_and_rounds(known, RoundsSeen(table=RoundTable(current=a_round(3, kills=9))))
    assert heard(play, known).told == a_round(2)


def test_without_rounds_that_is_said() -> None:
    lacking = heard(RoundPlay(0), told(RoundsSeen(lacking=True)))
    assert lacking.phase is RoundPhase.REFUSED and "no rounds" in lacking.why_not
    refused = heard(RoundPlay(0), told(RoundsSeen(not_started="the disk is full")))
    assert refused.phase is RoundPhase.REFUSED and refused.why_not == "the disk is full"


def test_a_start_that_nobody_answers_is_given_up() -> None:
    booth = Booth()
    pass_time(booth.panel, 7.0)
    assert booth.panel.play.phase is RoundPhase.REFUSED and booth.panel.modal
    assert keys(booth.panel, "escape") == Close()


def test_a_round_that_an_api_that_began_anew_does_not_know_is_given_up() -> None:
    booth = Booth()
    booth.tell(RoundsSeen(started=a_round(left=2.0)))
    pass_time(booth.panel, 2.0 + rules.TOLD_WITHIN_S - 1.0)
    assert booth.panel.play.phase is RoundPhase.PLAYING, "it may be back in a moment"
    pass_time(booth.panel, 2.0)
    assert booth.panel.play.phase is RoundPhase.REFUSED and booth.panel.modal
    assert keys(booth.panel, "escape") == Close()
    booth = Booth()
    booth.tell(RoundsSeen(started=a_round()))
    keys(booth.panel, "escape")
    booth.tell(RoundsSeen(refused="there is no round 1"))
    assert booth.panel.play.phase is RoundPhase.REFUSED and "no round 1" in booth.panel.play.why_not


def test_while_it_is_on_the_kitchen_has_all_keys_but_esc() -> None:
    booth = Booth()
    booth.tell(RoundsSeen(started=a_round()))
    assert not booth.panel.modal
    assert keys(booth.panel, "2") == Stay(used=False)
    assert booth.panel.handle(PointerPress(800, 900)) == Stay(used=False)
    assert keys(booth.panel, "escape") == Do((FinishRound(1),))


def test_a_name_by_keys() -> None:
    booth = Booth()
    booth.naming()
    assert booth.panel.modal
    assert keys(booth.panel, "a", "return") == Stay() and not booth.panel.play.sending
    keys(booth.panel, "1", "space", "d", "x", "backspace", "a", "ctrl+b")
    assert booth.panel.play.name == "ADA"
    assert keys(booth.panel, "return") == Do((FinishRound(1, "ADA"),))
    assert keys(booth.panel, "return") == Stay(), "once is enough"
    booth.tell(RoundsSeen(named=a_round(state="done", name="ADA")))
    assert booth.panel.play.phase is RoundPhase.TABLE


def test_a_name_is_no_longer_than_the_table_takes() -> None:
    play = RoundPlay(0, RoundPhase.NAMING)
    for letter in "abcdefghijk":
        play = rules.typed(play, letter)
    assert play.name == "ABCDEFGH"
    assert rules.typed(RoundPlay(0, RoundPhase.NAMING, name="ABCDEFG"), "ß").name == "ABCDEFG", "ß becomes SS"
    assert rules.typed(RoundPlay(0, RoundPhase.NAMING), "é").name == "É"


def test_a_name_by_touch() -> None:
    booth = Booth()
    booth.naming()
    for letter in "BOBX":
        booth.press("letter", LETTERS.index(letter))
    booth.press(ERASE)
    assert booth.press("do", SEND) == Do((FinishRound(1, "BOB"),))


def test_a_name_that_is_not_shown_is_told_kindly_and_another_may_be_given() -> None:
    booth = Booth()
    booth.naming()
    keys(booth.panel, "a", "b", "c", "return")
    booth.tell(RoundsSeen(refused="name: this one is not shown; choose another"))
    play = booth.panel.play
    assert play.phase is RoundPhase.NAMING and play.name == "" and "please" in play.refusal
    assert any(play.refusal == text for text, _, _ in texts_of(booth.panel))
    keys(booth.panel, "a", "d", "a")
    assert booth.panel.play.refusal == ""
    assert keys(booth.panel, "return") == Do((FinishRound(1, "ADA"),))


def test_a_name_without_an_answer_may_be_sent_again() -> None:
    booth = Booth()
    booth.naming()
    keys(booth.panel, "a", "d", "a", "return")
    pass_time(booth.panel, rules.ANSWER_S + 0.5)
    assert keys(booth.panel, "return") == Do((FinishRound(1, "ADA"),))


def test_nobody_need_tell_a_name_and_the_table_begins_another_round() -> None:
    booth = Booth()
    booth.naming()
    booth.press("do", SKIP)
    assert booth.panel.play.phase is RoundPhase.TABLE
    assert booth.press("do", AGAIN) == Do((StartRound(),))
    assert booth.panel.play.phase is RoundPhase.STARTING and not booth.panel.modal
    booth.tell(RoundsSeen(started=a_round(2)))
    assert booth.panel.play.told == a_round(2)


def test_the_table_is_left() -> None:
    for leave in ("escape", "space"):
        booth = Booth()
        booth.naming()
        booth.press("do", SKIP)
        assert keys(booth.panel, leave) == Close()
    booth = Booth()
    booth.naming()
    booth.press("do", SKIP)
    assert booth.press("do", LEAVE) == Close()


@pytest.mark.parametrize("phase", [RoundPhase.NAMING, RoundPhase.TABLE])
def test_targets_are_as_large_as_a_finger_and_apart(phase: RoundPhase) -> None:
    booth = Booth()
    booth.naming()
    if phase is RoundPhase.TABLE:
        booth.press("do", SKIP)
    hits: tuple[Hit, ...] = booth.panel.hits
    assert len(hits) == (29 if phase is RoundPhase.NAMING else 2)
    for n, hit in enumerate(hits):
        assert min(hit.box[2:]) >= 80
        assert all(overlap(hit.box, other.box) == 0 for other in hits[:n])


KILLS = [
    RoundKill(
        receipt=1, worker="w2.1", at=T0,
        at_risk=[RiskedOrder(order="a", stage=Stage.BAKE, attempt=1, taken_over_s=1.25)],
    )
]  # fmt: skip


def test_what_is_shown_is_the_record() -> None:
    booth = Booth()
    booth.tell(RoundsSeen(started=a_round(kills=7, at_risk=5, takeovers=4, lost=0, kill_list=KILLS)))
    written = [text for text, _, _ in texts_of(booth.panel)]
    assert {"7", "5", "4", "0", "60"} <= set(written)
    assert "1 at risk (bake), saved in 1.2 s" in written
    booth.tell(RoundsSeen(table=RoundTable(current=a_round(state="done", kills=1, at_risk=5, lost=2))))
    written = [text for text, _, _ in texts_of(booth.panel)]
    assert "2 pizzas lost" in written and any(text.startswith("1 kill  ·  5 pizzas") for text in written)


def test_a_kills_words() -> None:
    def kill(*saved: float | None) -> RoundKill:
        risked = [RiskedOrder(order="o", stage=Stage.BAKE, attempt=1, taken_over_s=one) for one in saved]
        return RoundKill(receipt=1, worker="w1.1", at=T0, at_risk=risked)

    assert risk_of(kill()) == "held no pizza"
    assert risk_of(kill(1.0, None)) == "2 at risk (bake), 1 waiting"


def test_the_key_and_the_kiosks_button_begin_one() -> None:
    model = kitchen_with([worker(1)], settle=1)
    result = update(model, (KeyPress("g"),), (), 1 / 60)
    assert result.commands == (StartRound(),) and result.wishes == (OpenRound(),)
    assert strip_for(False, False, False).round is None
    model.kiosk.on = True
    button = strip_for(False, True, False).round
    assert button is not None
    x, y = button[0] + 20, button[1]
    finger = PointerPress(x, y - 20, Device.TOUCH)
    for press in (PointerPress(x, y + 20), finger):
        assert update(model, (press,), (), 1 / 60).commands == (StartRound(),)


def test_one_round_at_a_time_is_shown() -> None:
    model = kitchen_with([worker(1)], settle=1)
    panel_stack = PanelStack(model, lambda: None)
    panel_stack.open(OpenRound())
    panel_stack.open(OpenRound())
    assert len(panel_stack.panels) == 1 and panel_stack.round_open


# The network


def as_told(one: Round) -> Any:
    return one.model_dump(mode="json")


def test_rounds_are_asked_for_while_somebody_plays_only() -> None:
    it = Line(StandIn({"GET /kiosk/rounds": RoundTable(current=a_round()).model_dump(mode="json")}))
    poller = FailuresAndRoundsPoller(it.client, it.told.append, it.clock)
    poller.ask_due()
    assert it.api.asked == []
    poller.rounds = True
    poller.ask_due()
    assert it.api.paths() == ["GET /kiosk/rounds"]
    assert it.told == [RoundsSeen(table=RoundTable(current=a_round()))]


def test_a_start_a_join_and_a_refusal() -> None:
    it = Line(StandIn({"POST /kiosk/rounds": as_told(a_round())}))
    run(it.client, it.told.append, StartRound())
    assert it.told == [RoundsSeen(started=a_round())]
    table = RoundTable(current=a_round(7)).model_dump(mode="json")
    on = problem(409, "round 7 is on, for another 30 s")
    it = Line(StandIn({"POST /kiosk/rounds": on, "GET /kiosk/rounds": table}))
    run(it.client, it.told.append, StartRound())
    assert it.told == [RoundsSeen(started=a_round(7))]
    it = Line(StandIn({"POST /kiosk/rounds": problem(503, "the disk is full")}))
    run(it.client, it.told.append, StartRound())
    assert it.told == [RoundsSeen(not_started="the disk is full")]


def test_an_older_api_has_no_rounds() -> None:
    it = Line()
    run(it.client, it.told.append, StartRound())
    assert it.told == [RoundsSeen(lacking=True)]


def test_a_name_is_sent_and_its_refusal_told() -> None:
    path = "/kiosk/rounds/3/finish"
    it = Line(StandIn({f"POST {path}": as_told(a_round(3, "done", name="ADA"))}))
    run(it.client, it.told.append, FinishRound(3, "ADA"))
    assert it.bodies(path) == [{"name": "ADA"}]
    assert it.told == [RoundsSeen(named=a_round(3, "done", name="ADA"))]
    it = Line(StandIn({f"POST {path}": problem(409, "name: this one is not shown; choose another")}))
    run(it.client, it.told.append, FinishRound(3, "ASS"))
    assert it.told == [RoundsSeen(refused="name: this one is not shown; choose another")]


def test_what_is_told_comes_into_what_is_known() -> None:
    known = advance(Snapshot(), RoundsSeen(started=a_round()))
    assert known.failures_and_rounds.round == a_round() and known.failures_and_rounds.starts == 1
    known = advance(known, RoundsSeen(table=RoundTable(current=a_round(kills=3))))
    assert known.failures_and_rounds.round == a_round(kills=3)
    # Somebody else's window has begun the next one: this one's is in the table by now.
    done = a_round(state="done", kills=3)
    known = advance(known, RoundsSeen(table=RoundTable(current=a_round(2), today=[done])))
    assert known.failures_and_rounds.round == done


def test_ones_own_round_is_in_the_table_with_its_rank() -> None:
    rounds = [a_round(n, "done") for n in range(1, 21)]
    assert [row[0] for row in rows_of(rounds, 3)] == [1, 2, 3, 4, 5, 6, 7]
    assert [row[0] for row in rows_of(rounds, 12)] == [1, 2, 3, 4, 5, 6, 12]
    assert [row[1].n for row in rows_of(rounds, 99)] == [1, 2, 3, 4, 5, 6, 7]
    assert rows_of([], 1) == []


@pytest.mark.parametrize("name", FAILURE_AND_ROUND_PANELS)
@pytest.mark.parametrize("large", [False, True])
def test_nothing_overlaps_and_all_of_it_is_on_the_canvas(name: str, large: bool) -> None:
    written = texts_of(FAILURE_AND_ROUND_PANELS[name](), access=Access(large=large))
    for n, (text, box, _) in enumerate(written):
        assert box[0] >= 0 and box[0] + box[2] <= 1920 and box[1] + box[3] <= 1080, text
        assert "…" not in text or text.endswith("begins …"), text
        for other, where, _ in written[:n]:
            assert overlap(box, where) <= 12, (text, other)
