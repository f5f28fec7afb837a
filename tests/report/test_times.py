"""Times become wall-clock text that is only as fine as it must be."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recurra.report.times import are_dates, json_times, plain_times, time_texts


def texts(times: pd.DatetimeIndex) -> list[str]:
    return time_texts(plain_times(pd.Series(times)))


def test_as_fine_as_needed() -> None:
    assert texts(pd.date_range("2026-01-31", periods=2)) == ["2026-01-31", "2026-02-01"]
    assert texts(pd.date_range("2026-01-31 06:30", periods=1)) == ["2026-01-31 06:30"]
    assert texts(pd.date_range("2026-01-31 06:30:05", periods=1)) == ["2026-01-31 06:30:05"]
    assert texts(pd.date_range("2026-01-31 06:30:05.25", periods=1)) == ["2026-01-31 06:30:05.250"]


def test_a_zone_is_shown_as_its_wall_clock() -> None:
    hours = pd.date_range("2026-03-28 23:00", periods=3, freq="h", tz="UTC").tz_convert("Europe/Berlin")
    assert texts(hours) == ["2026-03-29 00:00", "2026-03-29 01:00", "2026-03-29 03:00"]


def test_steps_stay_numbers() -> None:
    steps = plain_times(pd.Series([1, 2, 3]))
    assert not are_dates(steps)
    assert json_times(steps) == [1, 2, 3]
    assert time_texts(steps) == ["1", "2", "3"]


def test_nothing_and_missing() -> None:
    assert json_times(np.array([], dtype="datetime64[ns]")) == []
    assert time_texts(np.array(["2026-01-01", "NaT"], dtype="datetime64[ns]"))[0] == "2026-01-01"
