from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.time.grid import Grid
from recurra.data.time.infer_frequency import choose_grid
from recurra.data.time.times import Times
from recurra.errors import InputError


def grid_of(times: pd.DatetimeIndex, *, freq: str | None = None, codes: list[int] | None = None) -> Grid:
    stamps = Times(times.to_numpy().astype("datetime64[us]"), "clock", None)
    numbers = np.zeros(len(times), dtype=int) if codes is None else np.array(codes)
    return choose_grid(stamps, numbers, [f"s{k}" for k in range(numbers.max() + 1)], freq=freq, source="x.csv")


@pytest.mark.parametrize("freq", [
    "s", "90s", "10min", "30min", "h", "6h", "D", "3D", "B", "W-SUN", "W-THU", "2W-MON", "MS", "ME", "2MS", "QS-JAN",
    "QS-FEB", "QE-DEC", "YS-JAN", "YS-APR", "YE-DEC",
])  # fmt: skip
def test_a_regular_index_has_its_own_frequency(freq: str) -> None:
    times = pd.date_range("2001-02-03 04:05", periods=60, freq=freq).normalize()
    if pd.Timedelta(times[1] - times[0]) < pd.Timedelta(days=1):
        times = pd.date_range("2001-02-03", periods=60, freq=freq)
    grid = grid_of(times)
    assert grid.freq == freq
    assert (grid.times(grid.positions(times)) == times).all()
    assert (np.diff(grid.positions(times)) == 1).all()


@given(st.sampled_from(["30min", "h", "D", "W-TUE", "MS"]), st.integers(0, 10**6))
def test_gaps_and_disorder_do_not_matter(freq: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    times = pd.date_range("2001-01-01", periods=200, freq=freq)
    assert grid_of(times[rng.permutation(200)[:150]]).freq == freq


def test_a_time_of_day_or_an_odd_minute_is_kept() -> None:
    for times in (
        pd.date_range("2024-01-01 09:00", periods=30, freq="D"),
        pd.date_range("2024-01-01 16:00", periods=30, freq="B"),
        pd.date_range("2024-01-01 00:07", periods=30, freq="h"),
        pd.date_range("2024-01-01 06:00", periods=30, freq="W-MON"),
    ):
        grid = grid_of(times)
        assert (grid.times(grid.positions(times)) == times).all()


def test_holidays_do_not_hide_business_days_and_saturdays_do() -> None:
    days = pd.bdate_range("2024-01-01", periods=60)
    assert grid_of(days.delete([3, 20, 21])).freq == "B"
    assert grid_of(days.union(pd.DatetimeIndex(["2024-01-06"]))).freq == "D"


def test_irregular_steps_are_refused_with_their_sizes() -> None:
    rng = np.random.default_rng(0)
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.cumsum(rng.integers(1, 10**6, 50)), "s")
    with pytest.raises(
        InputError, match=r"times of x.csv have no regular step: of 49 steps 1 of .* and 45 other sizes.*freq="
    ):
        grid_of(times)
    assert grid_of(times, freq="D") == Grid("D")  # forced: whole days


def test_mixed_frequencies_are_refused() -> None:
    hours, days = pd.date_range("2024-01-01", periods=60, freq="h"), pd.date_range("2024-02-01", periods=30)
    with pytest.raises(InputError, match=r"mixed frequencies \(h and a longer one\)"):
        grid_of(pd.DatetimeIndex([*hours, *days]))
    daily, monthly = pd.date_range("2024-01-01", periods=90), pd.date_range("2024-01-01", periods=20, freq="MS")
    with pytest.raises(InputError, match=r"mixed frequencies \(series 's1' has a step of 31 x D\)"):
        grid_of(pd.DatetimeIndex([*daily, *monthly]), codes=[0] * 90 + [1] * 20)


def test_one_time_tells_no_frequency() -> None:
    with pytest.raises(InputError, match=r"one time in each series.*freq="):
        grid_of(pd.DatetimeIndex(["2024-01-01", "2024-01-02"]), codes=[0, 1])


def test_integer_steps() -> None:
    def grid(values: list[int], freq: str | None = None) -> Grid:
        return choose_grid(
            Times(np.array(values), "integer", None), np.zeros(len(values), int), [""], freq=freq, source="x"
        )

    assert grid([5, 15, 25, 45]) == Grid(None, None, 5, 10)
    assert grid([0, 1, 2, 4]) == Grid(None)
    assert grid([10, 20], freq="1") == Grid(None)
    with pytest.raises(InputError, match="no regular step"):
        grid([1, 3, 7, 20, 21, 90])
    with pytest.raises(InputError, match="counts steps"):
        grid([1, 2], freq="D")
