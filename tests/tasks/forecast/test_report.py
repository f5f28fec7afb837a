"""What a report is given of the data: the series that it can show."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recurra.data import Panel, understand
from recurra.tasks.forecast.report import history


def _panel() -> Panel:
    days = pd.date_range("2024-01-01", periods=5)
    parts = [pd.DataFrame({"shop": s, "day": days[k:], "y": np.arange(5.0 - k) + 10 * k}) for k, s in enumerate("abc")]
    return understand(pd.concat(parts, ignore_index=True), time=("day",), target="y", series="shop")[0]


def test_history_holds_the_named_series_at_their_times() -> None:
    panel = _panel()
    frame = history(panel, ["c", "a"])
    assert frame["series"].tolist() == ["a"] * 5 + ["c"] * 3
    assert frame["y"].tolist() == [0, 1, 2, 3, 4, 20, 21, 22]
    assert frame["time"].iloc[5] == pd.Timestamp("2024-01-03")


def test_history_of_no_series_has_the_same_columns() -> None:
    empty = history(_panel(), [])
    assert empty.columns.tolist() == ["series", "time", "y"]
    assert empty.empty
