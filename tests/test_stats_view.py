"""The figures are the API's own, and their plots keep their proportions; the audit can go red."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_stub.schema import Audit, Latency, Stats
from game.accessibility import LARGE, PLAIN, Access
from game.actions import Command, OpenStats
from game.api_state.audit_words import audit_line
from game.api_state.news import OrdersSeen, RecordsSeen
from game.api_state.snapshot import Snapshot
from game.drawing.kept_pictures import KeptSheet
from game.drawing.text import Pen
from game.drawing.view import View
from game.geometry import Box
from game.inputs import KeyPress, PointerPress
from game.panels.panel import Close, Stay
from game.panels.stats.figures import (
    MOST_TICKS,
    KnownFigures,
    bars,
    curve_points,
    nice,
    per_second,
    span_text,
    tiles,
)
from game.panels.stats.layout import FRAME, LARGE_LAYOUT, PLAIN_LAYOUT, SheetLayout, frame_of
from game.panels.stats.panel import StatsPanel
from game.simulation.model import Model
from game.simulation.model_parts import FrameTime
from game.simulation.update import update
from game.theme import SIZE_BODY
from tests.panelling import overlap, pass_time, texts_of
from tests.telling import T0, S, order, seen, tell
from tests.test_records_polling import STATS

NOW = T0.timestamp()


def stats(**more: Any) -> Stats:
    return Stats.model_validate({**STATS, **more})


def audit(lost: int = 0, **more: Any) -> Audit:
    fields = {"started": 1204, "delivered": 1180 - lost, "in_flight": 24, "failed": 0, "lost": lost,
              "balanced": not lost, "counted_at": T0}  # fmt: skip
    return Audit.model_validate({**fields, **more})


MANY = stats(
    orders={"started": 1234567, "open": 500, "delivered": 1234067, "failed": 0, "retries": 456789},
    latency_s={"p50": 118.25, "p95": 121.5, "edges": [n * 10 for n in range(14)], "counts": [9] * 13},
    workers={"ready": 20, "births": 12345, "deaths": 12325, "kills": 1234, "panics": 11000},
    takeover_s={"p50": 12.25, "p95": 13.5, "n": 12345},
    curves={
        "step_s": 5.0,
        "started": [n * 37 % 101 for n in range(60)],
        "delivered": [n * 41 % 97 for n in range(60)],
        "open": [n * 9 for n in range(60)],
        "deaths": [n % 4 for n in range(60)],
        "ready": [20 - n % 4 for n in range(60)],
    },
)
NONE = stats(
    orders={"started": 0, "open": 0, "delivered": 0, "failed": 0, "retries": 0},
    latency_s={},
    workers={"ready": 0, "births": 0, "deaths": 0, "kills": 0},
    takeover_s={},
    curves={"step_s": 5.0},
)


def test_the_tiles_are_the_apis_figures() -> None:
    shown = {tile.label: (tile.value, tile.more) for tile in tiles(stats())}
    assert shown["orders started"] == ("9", "0.5 a second")
    assert shown["delivered"] == ("7", "0.2 a second")
    assert shown["on their way"] == ("2", "0 failed")
    assert shown["retries"][0] == "3"
    assert shown["a pizza takes"] == ("7.5 s", "95 %: 9.0 s")
    assert shown["takeover after"] == ("1.5 s", "95 %: 2.5 s · n 4")
    assert shown["cooks ready"] == ("1", "2 born · 1 died · 1 killed")
    empty = {tile.label: tile.value for tile in tiles(NONE)}
    assert empty["a pizza takes"] == "–" and empty["takeover after"] == "–"


def test_the_audits_sentence_adds_up_and_can_go_red() -> None:
    good = audit_line(audit(), 3.7)
    assert good.text == "1,204 started = 1,180 delivered + 24 on their way + 0 failed"
    assert (good.verdict, good.good) == ("0 lost", True) and good.counted.endswith("3 s ago")
    bad = audit_line(audit(lost=2), 0.0)
    assert (bad.verdict, bad.good) == ("2 lost", False)
    odd = audit_line(audit(balanced=False), 0.0)
    assert (odd.verdict, odd.good) == ("does not add up", False), "not green, though nothing is called lost"


@given(st.floats(0, 1e7))
def test_an_axis_ends_at_a_round_number_not_far_above(top: float) -> None:
    end = nice(top)
    assert end >= top - 1e-6 and end >= 1 and (end <= 2 * max(top, 0.5) + 1e-9)


@given(st.lists(st.integers(0, 500), max_size=80))
def test_curves_stay_in_their_plot(counts: list[int]) -> None:
    rates = per_second(counts, 5.0)
    assert len(rates) == max(0, len(counts) - 1), "the newest step is still being counted"
    points = curve_points(rates, nice(max((*rates, 0.0))))
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in points)
    assert [x for x, _ in points] == sorted(x for x, _ in points)


@given(
    st.lists(st.integers(0, 50), max_size=40),
    st.floats(0, 300),
    st.floats(0.5, 100),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_the_distribution_keeps_its_proportions(
    counts: list[int], low: float, wide: float, half: float, far: float
) -> None:
    edges = [low + wide * n for n in range(len(counts) + 1)]
    span = wide * len(counts)
    latency = Latency(p50=low + span * half, p95=low + span * far, edges=edges, counts=counts)
    found = bars(latency)
    if not any(counts):
        assert found is None
        return
    assert found is not None and max(found.heights) == 1
    assert [round(h * max(counts)) for h in found.heights] == counts
    assert all(0 <= at <= 1 + 1e-6 for at, _ in (*found.ticks, *found.marks)) and len(found.ticks) <= 12


def test_a_histogram_of_another_shape_is_not_drawn() -> None:
    assert bars(Latency(edges=[0, 1], counts=[1, 2])) is None
    assert bars(Latency()) is None
    assert span_text(MANY.curves) == "5 min ago"
    for points, said in ((3, "15 s ago"), (12, "1 min ago"), (18, "1.5 min ago"), (0, "0 s ago")):
        short = MANY.curves.model_copy(update={"open": [1] * points, "step_s": 5.0})
        assert span_text(short) == said


# The big counter


def test_the_counter_counts_until_the_audit_is_there() -> None:
    model = Model(time=FrameTime(wall=NOW))
    tell(model, seen(order("a", S.BAKING)), OrdersSeen((order("a", S.FAILED, last_failure="x"),)))
    assert model.outcomes.lost == 1 and model.pizzas_lost is None, "nobody has counted yet"
    tell(model, RecordsSeen(audit=audit()))
    assert model.pizzas_lost == 0, "the audit recounts; it is the one that is believed"
    model.outcomes.pulse = 0.0
    tell(model, RecordsSeen(audit=audit(lost=3, counted_at=T0 + timedelta(seconds=2))))
    assert model.pizzas_lost == 3 and model.outcomes.pulse == 1.0
    model.outcomes.pulse = 0.0
    tell(model, RecordsSeen(audit=audit(lost=3, counted_at=T0 + timedelta(seconds=4))))
    assert model.outcomes.pulse == 0.0, "it jumps once"


def test_tab_shows_the_figures() -> None:
    assert update(Model(), [KeyPress("tab")], (), 0.0).wishes == (OpenStats(),)


# The panel


def look_at(known: Snapshot, wall: float) -> KnownFigures:
    """What is known, at a Unix time."""
    counted = (known.audit, known.stats)
    return KnownFigures(
        known, *(wall - one.counted_at.timestamp() if one is not None else 0.0 for one in counted)
    )


def panel(known: Snapshot, wall: float = NOW) -> StatsPanel:
    made = StatsPanel(lambda: look_at(known, wall))
    pass_time(made)
    return made


def written(one: StatsPanel, width: int = 1920, access: Access = PLAIN) -> list[tuple[str, Box]]:
    return [(text, box) for text, box, _ in texts_of(one, width, access) if box[2] > 0]


LARGE_TEXT = Access(large=True)


STATES = {
    "nothing known": Snapshot(),
    "nothing happened": Snapshot(stats=NONE, audit=audit(started=0, delivered=0, in_flight=0)),
    "many": Snapshot(
        stats=MANY, audit=audit(started=1234567, delivered=1234000, in_flight=500, failed=61, lost=6)
    ),
    "few": Snapshot(stats=stats(), audit=audit()),
}
ALL = {
    **STATES,
    "differs": Snapshot(
        stats=stats(
            orders={
                "started": 1204,
                "open": 500,
                "delivered": 1180,
                "failed": 31,
                "retries": 90,
                "heartbeat_timeouts": 123,
                "oldest_open_s": 83.0,
            }
        ),
        audit=audit(
            balanced=False,
            temporal={"canceled": 12},
            differences=["the ledger says 1,180 delivered, Temporal counts 1,179 completed"] * 3,
        ),
    ),
}


@pytest.mark.parametrize("access", [PLAIN, LARGE_TEXT], ids=["plain", "large"])
@pytest.mark.parametrize("width", [640, 1280, 1920])
@pytest.mark.parametrize("name", ALL)
def test_every_text_lies_on_the_sheet_and_apart(name: str, width: int, access: Access) -> None:
    x, y, w, h = frame_of(access)
    found = written(panel(ALL[name]), width, access)
    assert found
    for text, box in found:
        assert box[0] >= x + 14 and box[0] + box[2] <= x + w - 14 and box[1] >= y + 10, text
        assert box[1] + box[3] <= y + h - 8, text
    for (one, box), (other, another) in itertools.combinations(found, 2):
        assert overlap(box, another) <= 8, (one, other)


def test_what_does_not_change_is_painted_once_and_what_does_at_once() -> None:
    kept, view, painted = KeptSheet(), View(pygame.Surface((640, 360))), []
    box: Box = (100, 100, 300, 300)

    def draw(key: object, colour: int) -> object:
        view.surface.fill((0, 0, 0))
        kept.draw(view, box, key, lambda: painted.append(view.surface.fill((colour, 9, 9), view.rect(*box))))
        return view.surface.get_at((50, 50))[0]

    assert [draw("a", 10), draw("a", 20), draw("b", 30), draw(None, 40), draw(None, 50)] == [
        10,
        10,
        30,
        40,
        50,
    ]
    assert len(painted) == 4
    view = View(pygame.Surface((1280, 720)))
    assert draw("c", 60) == draw("c", 70) == 0 and view.surface.get_at((200, 200))[0] == 60
    view = View(pygame.Surface((640, 360)))
    assert draw("c", 80) == 80, "a window of another size is another picture"


def test_old_figures_are_said_to_be_old() -> None:
    texts = [text for text, _ in written(panel(STATES["few"], NOW + 12))]
    assert "these figures are 12 s old" in texts
    assert not any("old" in text for text, _ in written(panel(STATES["few"], NOW + 2)))


@pytest.mark.parametrize("plan", [PLAIN_LAYOUT, LARGE_LAYOUT], ids=["plain", "large"])
def test_boxes_do_not_overlap_and_lie_on_the_sheet(plan: SheetLayout) -> None:
    boxes = [plan.audit, *plan.tiles, *plan.plots, plan.close.box]
    for one, other in itertools.combinations(boxes, 2):
        assert overlap(one, other) == 0
    left, top, wide, high = plan.frame
    for x, y, w, h in boxes:
        assert x >= left + 14 and x + w <= left + wide - 14
        assert y >= top + 14 and y + h <= top + high - 14


# Large text


def sizes_of(one: StatsPanel, access: Access) -> list[tuple[str, float, float, float]]:
    """Each text that is shown: what it says, its size, how high its line is, and how high it is plain."""
    found = []
    plain = Pen(View(pygame.Surface((1920, 1080))))
    real = Pen.write

    def recording(self: Pen, text: str, x: float, y: float, size: float, *rest: Any, **more: Any) -> Box:
        box = real(self, text, x, y, size, *rest, **more)
        if box[2]:
            found.append((text, size, box[3], plain.measure(text, size, face=more.get("face", "text"))[1]))
            if access.large:
                whole = self.measure(
                    text, size, face=more.get("face", "text"), tabular=more.get("tabular", False)
                )
                assert box[2] >= whole[0] * box[3] / whole[1] * 0.97, f"{text} is cut"
        return box

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pen, "write", recording)
        one.draw(View(pygame.Surface((1920, 1080)), access))
    return found


@pytest.mark.parametrize("name", STATES)
def test_large_text_is_as_much_larger_here_as_everywhere(name: str) -> None:
    found = sizes_of(panel(STATES[name], NOW + 3599), LARGE_TEXT)
    assert found
    for text, size, high, plain in found:
        assert high >= (0.965 * LARGE if size <= SIZE_BODY else 1) * plain, f"{text}: {high / plain:.2f}"
    if name == "few":
        assert all(high >= 1.25 * plain for *_, high, plain in found)


@pytest.mark.parametrize("name", STATES)
def test_all_that_is_shown_plain_is_shown_large(name: str) -> None:
    wall = NOW + 65
    plain = [text for text, _ in written(panel(STATES[name], wall))]
    large = [text for text, _ in written(panel(STATES[name], wall), access=LARGE_TEXT)]
    said = "How long a pizza takes: the newest deliveries", "How long the newest pizzas took"
    if said[0] in plain:
        plain.remove(said[0])
        large.remove(said[1])

    def parts(texts: list[str]) -> list[str]:
        return sorted(part for text in texts for piece in text.split(" · ") for part in piece.split(", "))

    assert parts(plain) == parts(large)


def test_large_text_leaves_the_cooks_to_be_clicked_and_is_closed_where_it_is_drawn() -> None:
    one = panel(STATES["few"])
    written(one, access=LARGE_TEXT)
    left, top, wide, high = frame_of(LARGE_TEXT)
    assert one.handle(PointerPress(960, top + high - 5)) == Stay()
    assert one.handle(PointerPress(960, top + high + 5)) == Stay(used=False)
    x, y, w, h = LARGE_LAYOUT.close.box
    assert one.handle(PointerPress(x + 1, y + h - 1)) == Close(())
    written(one)
    assert frame_of(PLAIN) == FRAME
    assert one.handle(PointerPress(960, top + high - 5)) == Stay(used=False)
    assert one.handle(PointerPress(x + 1, y + h - 1)) == Stay()


def test_a_switch_of_the_text_shows_at_once_and_the_age_stays() -> None:
    one = panel(STATES["few"], NOW + 12)
    view = View(pygame.Surface((960, 540)))
    pictures = []
    for large in (False, False, True, True):
        view.access = Access(large=large)
        view.surface.fill((9, 9, 9))
        one.draw(view)
        pictures.append(pygame.image.tobytes(view.surface, "RGB"))
    assert pictures[0] == pictures[1] != pictures[2] == pictures[3], "what is kept is what was painted"


def test_it_is_left_by_tab_escape_and_mouse_and_lets_kills_through() -> None:
    one = panel(STATES["few"])
    x, y, w, h = one.hits[0].box
    none: tuple[Command, ...] = ()
    assert one.handle(KeyPress("tab")) == one.handle(KeyPress("escape")) == Close(none)
    assert one.handle(PointerPress(x + w / 2, y + h / 2)) == Close(none)
    assert one.handle(KeyPress("3")) == one.handle(PointerPress(960, 900)) == Stay(used=False)
    assert one.handle(PointerPress(FRAME[0] + 50, FRAME[1] + 400)) == Stay()
    assert not one.modal


@pytest.mark.parametrize(
    ("edges", "counts"),
    [
        ([1e18, 1e18 + 256], [3]),
        ([1e300, 1e308], [1]),
        ([-1e308, 1e308], [1]),
        ([0, 5e-324], [1]),
        ([float(n) for n in range(100_001)], [1] * 100_000),
    ],
    ids=["far away", "farther", "without end", "narrow", "many"],
)
def test_an_odd_distribution_is_drawn_with_few_ticks_or_not_at_all(
    edges: list[float], counts: list[int]
) -> None:
    found = bars(Latency(p50=None, p95=None, edges=edges, counts=counts))
    assert found is None or (len(found.ticks) <= MOST_TICKS and len(found.heights) == len(counts))
