from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.time.grid import Grid
from recurra.errors import InputError

FREQS = ["s", "30min", "h", "6h", "D", "2D", "B", "W-SUN", "W-WED", "2W-FRI", "MS", "ME", "2MS", "QS-OCT", "QE-DEC",
         "YS-JAN", "YE-JUN"]  # fmt: skip
ZONES = [None, "UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Australia/Lord_Howe", "+02:00"]
grids = st.builds(Grid, st.sampled_from(FREQS), st.sampled_from(ZONES))
numbers = st.lists(st.integers(-2000, 2000), min_size=1, max_size=20).map(lambda xs: np.array(xs, dtype=np.int64))


@given(grids, numbers)
def test_positions_and_times_are_inverse(grid: Grid, positions: np.ndarray) -> None:
    assert np.array_equal(grid.positions(grid.times(positions)), positions)


@given(st.sampled_from(FREQS), st.integers(0, 86_399_999_999), numbers)
def test_a_phase_moves_the_grid_and_keeps_the_inverse(freq: str, phase: int, positions: np.ndarray) -> None:
    grid = Grid(freq, phase=phase % 2 if "S" in freq.split("-")[0] or "E" in freq.split("-")[0] else phase)
    assert np.array_equal(grid.positions(grid.times(positions)), positions)


@given(grids, numbers)
def test_times_rise_with_positions(grid: Grid, positions: np.ndarray) -> None:
    times = grid.times(np.unique(positions))
    assert isinstance(times, pd.DatetimeIndex)
    assert times.is_monotonic_increasing
    assert times.is_unique


@given(st.integers(-1000, 1000), st.integers(1, 50), numbers)
def test_integer_grids(phase: int, step: int, positions: np.ndarray) -> None:
    grid = Grid(None, phase=phase, step=step)
    times = grid.times(positions)
    assert np.array_equal(np.asarray(times), phase + step * positions)
    assert np.array_equal(grid.positions(times), positions)


@pytest.mark.parametrize("freq", ["h", "30min", "D", "B", "W-MON", "MS", "ME", "QS-FEB", "QE-DEC", "YS-APR", "YE-DEC"])
def test_consecutive_times_are_those_of_pandas(freq: str) -> None:
    expected = pd.date_range("1999-12-30", periods=400, freq=freq, unit="s")
    positions = Grid(freq).positions(expected)
    assert (np.diff(positions) == 1).all()
    assert (Grid(freq).times(positions) == expected).all()


def test_a_time_between_steps_goes_to_the_one_it_follows_and_in_weeks_to_the_one_that_ends_next() -> None:
    time = ["2024-05-15 13:40"]  # a Wednesday
    for freq, step in [
        ("h", "2024-05-15 13:00"), ("D", "2024-05-15"), ("B", "2024-05-15"), ("W-SUN", "2024-05-19"),
        ("MS", "2024-05-01"), ("ME", "2024-05-31"), ("QS-OCT", "2024-04-01"), ("QE-DEC", "2024-06-30"),
        ("YS-JAN", "2024-01-01"),
    ]:  # fmt: skip
        assert str(Grid(freq).times(Grid(freq).positions(time))[0]) == str(pd.Timestamp(step)), freq
    assert str(Grid("B").times(Grid("B").positions(["2024-05-18"]))[0])[:10] == "2024-05-17"  # Saturday to Friday


def test_hours_are_counted_through_daylight_saving() -> None:
    times = pd.date_range("2021-10-30", "2021-11-01", freq="h", tz="Europe/Berlin")  # one day of 25 hours
    grid = Grid("h", "Europe/Berlin")
    positions = grid.positions(times)
    assert (np.diff(positions) == 1).all()
    assert (grid.times(positions) == times).all()
    assert len(times) == 50


def test_days_are_counted_on_the_wall_clock() -> None:
    times = pd.date_range("2021-10-30", periods=5, freq="D", tz="Europe/Berlin")
    grid = Grid("D", "Europe/Berlin")
    assert (np.diff(grid.positions(times)) == 1).all()
    assert (grid.times(grid.positions(times)) == times).all()


def test_refusals() -> None:
    with pytest.raises(InputError, match="1 of 2 are missing"):
        Grid("D").positions(pd.DatetimeIndex(["2024-01-01", None]))
    with pytest.raises(InputError, match="the grid has none"):
        Grid("D").positions(pd.DatetimeIndex(["2024-01-01"], tz="UTC"))
    with pytest.raises(InputError, match="'fortnight' is not understood"):
        Grid("fortnight")
    with pytest.raises(InputError, match="without a frequency has no tz"):
        Grid(None, "UTC")
