"""Rows near the steps of a grid belong to the nearest one, where no step then has two of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from recurra.data import understand


def values(times: pd.DatetimeIndex, **overrides: Any) -> tuple[list[float], list[str]]:
    panel, facts = understand(pd.DataFrame({"time": times, "y": np.arange(len(times)) + 0.5}), **overrides)
    return panel.target.tolist(), [fact.label for fact in facts]


@pytest.mark.parametrize("weekday", ["MON", "WED", "SUN"])
@pytest.mark.parametrize("late", [-2, -1, 1, 3])
def test_a_week_keeps_its_own_value(weekday: str, late: int) -> None:
    weeks = pd.date_range("2019-01-01", periods=150, freq=f"W-{weekday}")
    moved = pd.DatetimeIndex([w + pd.Timedelta(days=late) if k % 12 == 5 else w for k, w in enumerate(weeks)])
    found, labels = values(moved)
    assert found == (np.arange(150) + 0.5).tolist()
    assert labels.count("off the grid") == 1
    assert "gaps" not in labels
    assert "repeated times" not in labels


@pytest.mark.parametrize(("freq", "shift"), [("MS", -2), ("MS", 4), ("ME", 3), ("QS", -5), ("QE", 6)])
def test_a_month_keeps_its_own_value(freq: str, shift: int) -> None:
    months = pd.date_range("2000-01-01", periods=60, freq=freq)
    moved = pd.DatetimeIndex([m + pd.Timedelta(days=shift) if k % 9 == 4 else m for k, m in enumerate(months)])
    assert values(moved)[0] == (np.arange(60) + 0.5).tolist()


@pytest.mark.parametrize(("freq", "spread"), [("h", 240), ("15min", 60), ("D", 3000), ("min", 5)])
def test_measurements_a_little_late(freq: str, spread: int) -> None:
    rng = np.random.default_rng(5)
    exact = pd.date_range("2024-01-01 06:00", periods=200, freq=freq)
    late = exact + pd.to_timedelta(rng.integers(-spread, spread, 200), unit="s")
    assert values(late)[0] == (np.arange(200) + 0.5).tolist()


def test_rows_within_their_steps_stay_there() -> None:
    times = pd.date_range("2024-01-01 13:00", periods=40, freq="37h")
    found, labels = values(times, freq="D")
    days = (times.normalize() - times[0].normalize()).days
    assert np.flatnonzero(~np.isnan(found)).tolist() == days.tolist()
    assert "off the grid" in labels
