"""What events do is taken out of the history and put back ahead, as far as it is no chance."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.data.time.holidays import HOLIDAY
from recurra.evaluation.forecast.baselines import forecast_baselines
from recurra.evaluation.forecast.events import without_events
from recurra.evaluation.forecast.steps import Steps

DAYS, AHEAD = 700, 7
STEPS = Steps((7,), 365.25)


def made(effect: float, *, size: float = 100.0, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """A week with noise, and an event every 41 days, one of them ahead; `effect` is a factor."""
    rng = np.random.default_rng(0)
    codes = np.zeros(DAYS + AHEAD, dtype=np.int8)
    codes[DAYS + 2 - 41 * 17 :: 41] = HOLIDAY
    y = size + 10.0 * (np.arange(DAYS) % 7) + rng.normal(0, noise, DAYS)
    return np.where(codes[:DAYS] == HOLIDAY, effect * y, y), codes


@pytest.mark.parametrize("effect", [0.4, 1.5, 0.0])
def test_an_effect_is_found_taken_out_and_put_back(effect: float) -> None:
    y, codes = made(effect)
    clean, shift = without_events(y, codes, AHEAD, STEPS)
    usual = 100.0 + 10.0 * (np.arange(DAYS) % 7)
    assert np.abs(clean - usual).max() < 8.0
    assert np.allclose(shift.ratio, np.where(codes[DAYS:] == HOLIDAY, effect, 1.0), atol=0.03)
    assert (shift.offset == 0).all()


def test_what_may_be_chance_is_left_alone() -> None:
    y, codes = made(1.0, noise=5.0)
    clean, shift = without_events(y, codes, AHEAD, STEPS)
    assert np.abs(clean - y).max() < 3.0
    assert np.abs(shift.ratio - 1.0).max() < 0.02


def test_where_values_are_negative_effects_are_added() -> None:
    y, codes = made(1.0, size=-20.0)
    y[codes[:DAYS] == HOLIDAY] -= 50.0
    clean, shift = without_events(y, codes, AHEAD, STEPS)
    assert (shift.ratio == 1).all()
    assert np.allclose(shift.offset, np.where(codes[DAYS:] == HOLIDAY, -50.0, 0.0), atol=1.5)
    assert clean.min() > -40.0


def test_nothing_after_an_origin_is_looked_at() -> None:
    y, codes = made(0.4)
    other = np.concatenate([y[:600], 1e6 * np.ones(100)])
    ends = [np.array([600])]
    found = [forecast_baselines([v], ends, AHEAD, STEPS, methods=["naive"], events=[codes]) for v in (y, other)]
    assert np.array_equal(found[0]["naive"], found[1]["naive"])


def test_every_method_and_its_quantiles_move() -> None:
    y, codes = made(0.4)
    ends, methods = [np.array([DAYS])], ["seasonal naive", "AutoTheta"]
    with_events = forecast_baselines([y], ends, AHEAD, STEPS, levels=(0.1, 0.9), methods=methods, events=[codes])
    for name in methods:
        on = with_events[name].to_numpy()
        assert on[2] < 0.5 * on[[0, 1, 3, 4, 5, 6]].min()
        assert with_events[f"{name}:q0.9"].to_numpy()[2] < 60.0


def test_a_gap_at_the_end_keeps_the_event_in_its_place() -> None:
    y, codes = made(0.4)
    y[-3:] = np.nan
    found = forecast_baselines([y], [np.array([DAYS])], AHEAD, STEPS, methods=["seasonal naive"], events=[codes])
    assert int(found["seasonal naive"].argmin()) == 2
