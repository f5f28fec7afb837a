from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.time.calendar import calendar_features
from recurra.data.time.grid import Grid


@pytest.mark.parametrize(
    ("freq", "cycles"),
    [
        ("30min", {"hour", "weekday", "yearday"}), ("h", {"hour", "weekday", "yearday"}), ("D", {"weekday", "yearday"}),
        ("B", {"weekday", "yearday"}), ("W-SUN", {"yearday"}), ("MS", {"yearday"}), ("QS-JAN", {"yearday"}),
        ("YS-JAN", set()), (None, set()),
    ],
)  # fmt: skip
def test_cycles_that_a_frequency_can_show(freq: str | None, cycles: set[str]) -> None:
    features, names = calendar_features(Grid(freq), np.arange(10))
    assert {name.split()[0] for name in names} == cycles
    assert features.shape == (10, len(names))
    assert features.dtype == np.float32


@given(st.sampled_from(["30min", "D", "B", "W-SUN", "MS"]), st.lists(st.integers(-5000, 5000), max_size=30))
def test_a_feature_depends_on_its_own_position_alone(freq: str, positions: list[int]) -> None:
    grid = Grid(freq)
    whole, names = calendar_features(grid, np.array(positions, dtype=np.int64))
    assert whole.shape == (len(positions), len(names))
    for row, position in zip(whole, positions, strict=True):
        assert np.array_equal(row, calendar_features(grid, np.array([position]))[0][0])


def test_waves_repeat_with_their_cycle() -> None:
    features, names = calendar_features(Grid("h"), np.arange(24 * 14))
    hour, weekday = (features[:, [name.startswith(word) for name in names]] for word in ("hour", "weekday"))
    assert np.allclose(hour[:24], hour[24:48], atol=1e-6)
    assert len(np.unique(hour[:24].round(4), axis=0)) == 24
    assert (weekday[:24] == weekday[0]).all()
    assert np.allclose(weekday[: 24 * 7], weekday[24 * 7 :], atol=1e-6)
    assert len(np.unique(weekday.round(4), axis=0)) == 7


def test_hours_are_those_of_the_zone() -> None:
    times = pd.DatetimeIndex(["2021-01-05 08:00", "2021-07-06 08:00"], tz="Europe/Berlin")  # two Tuesdays at eight
    grid = Grid("h", "Europe/Berlin")
    features, names = calendar_features(grid, grid.positions(times))
    same = [not name.startswith("yearday") for name in names]
    assert np.allclose(features[0, same], features[1, same], atol=1e-6)
