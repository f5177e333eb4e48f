"""Springs, arcs and followers arrive, stay finite, and do not depend on the frame rate."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.simulation.motion import Arc, SmoothPoint, Spring, clamp, ease_out, lerp, overshoot

STEPS = (1 / 240, 1 / 60, 1 / 30, 0.1)


@pytest.mark.parametrize("ease", [ease_out, overshoot])
def test_easings_begin_at_0_end_at_1_and_hold_outside(ease: object) -> None:
    assert callable(ease)
    for t, expected in ((0.0, 0.0), (1.0, 1.0), (-3.0, 0.0), (7.0, 1.0)):
        assert math.isclose(ease(t), expected, abs_tol=1e-9)
    assert ease(0.3) != pytest.approx(0.3), "nothing moves linearly"
    assert 1.0 < max(overshoot(n / 100) for n in range(101)) < 1.2


def test_clamp_and_lerp() -> None:
    assert (clamp(5, 0, 3), clamp(-5, 0, 3), clamp(2, 0, 3)) == (3, 0, 2)
    assert (lerp(2, 4, 0), lerp(2, 4, 0.5), lerp(2, 4, 1)) == (2, 3, 4)


@pytest.mark.parametrize("dt", STEPS)
def test_a_spring_comes_to_rest(dt: float) -> None:
    spring = Spring()
    spring.push(-7.0)
    values = []
    for _ in range(math.ceil(4 / dt)):
        spring.update(dt)
        values.append(spring.value)
    assert min(values) < 0 < max(values), "it follows through"
    assert max(map(abs, values)) < 1.0
    assert spring.value == spring.speed == 0.0


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(0, 0.2)), max_size=60))
def test_a_spring_never_runs_away(pushes: list[tuple[float, float]]) -> None:
    spring, sum_of_pushes = Spring(), 0.0
    for speed, dt in pushes:
        spring.push(speed)
        sum_of_pushes += abs(speed)
        spring.update(dt)
        assert abs(spring.value) <= sum_of_pushes / math.sqrt(spring.stiffness) * 1.1 + 1e-6


@pytest.mark.parametrize("dt", STEPS)
def test_a_follower_arrives_and_does_not_pass_its_target(dt: float) -> None:
    body = SmoothPoint(0, 0)
    fastest = farthest = 0.0
    for _ in range(math.ceil(5 / dt)):
        body.update(1000, 0, dt, 0.26, 560)
        fastest, farthest = max(fastest, body.pace), max(farthest, body.x)
    assert math.dist((body.x, body.y), (1000, 0)) < 0.5 and body.pace < 1
    assert farthest < 1002 and fastest < 620


def test_a_follower_is_as_far_whatever_the_frame_rate() -> None:
    for seconds in (0.2, 0.6, 1.2):
        places = []
        for dt in (1 / 120, 1 / 60, 1 / 30, 0.1):
            body = SmoothPoint(0, 0)
            for _ in range(round(seconds / dt)):
                body.update(700, 100, dt, 0.26, 560)
            places.append(body.x)
        assert max(places) - min(places) < 12, places


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.lists(st.floats(0, 0.1), max_size=50))
def test_a_follower_stays_finite(tx: float, ty: float, steps: list[float]) -> None:
    body = SmoothPoint(0, 0)
    for dt in steps:
        body.update(tx, ty, dt)
        assert math.isfinite(body.x) and math.isfinite(body.y)
        assert math.hypot(body.x - tx, body.y - ty) <= math.hypot(tx, ty) * 1.05 + 1


def test_an_arc_crouches_flies_and_lands() -> None:
    arc = Arc(100, 700, 500, 750, duration=0.5, height=120)
    assert arc.flight == 0 and arc.at(arc.flight) == (100, 700, 0) and arc.stretch == 1.0
    arc.update(arc.CROUCH / 2)
    assert arc.flight == 0 and arc.stretch < 1, "anticipation"
    arc.update(arc.CROUCH / 2 + 0.25)
    x, _, lift = arc.at(arc.flight)
    assert 100 < x < 500 and lift == pytest.approx(120) and not arc.done
    arc.update(5)
    assert arc.done and arc.at(arc.flight) == (500, 750, 0)
