from __future__ import annotations

import numpy as np
import pandas as pd

from recurra.data.panel.building import understand

DAYS = pd.date_range("2024-01-01", periods=30)


def said(frame: pd.DataFrame, **overrides: object) -> dict[str, tuple[str, str]]:
    return {fact.label: (fact.value, fact.flag) for fact in understand(frame, **overrides)[1]}  # type: ignore[arg-type]


def test_what_is_said_of_a_tidy_table() -> None:
    facts = said(pd.DataFrame({"day": DAYS.strftime("%Y-%m-%d"), "y": np.arange(30.0)}))
    assert facts == {
        "time": ("day (D, dates written %Y-%m-%d)", "time=, freq="),
        "range": ("2024-01-01 to 2024-01-30", ""),
        "series": ("1", "series="),
        "target": ("y", "target="),
        "rows": ("30", ""),
    }


def test_what_is_said_of_several_series() -> None:
    frame = pd.DataFrame({"day": [*DAYS, *DAYS[:20]], "shop": ["a"] * 30 + ["b"] * 20, "y": np.arange(50.0)})
    facts = said(frame)
    assert facts["series"] == ("2 (column shop)", "series=")
    assert facts["rows"] == ("50 (20 to 30 a series)", "")
    assert said(pd.DataFrame({"y": np.arange(9.0)}))["time"] == ("none: rows are counted", "time=")
    assert said(pd.DataFrame({"t": np.arange(0, 90, 10), "y": np.arange(9.0)}))["time"][0] == "t (steps of 10)"


def test_a_zone_is_said_once() -> None:
    times = pd.date_range("2021-10-30", periods=30, freq="h", tz="Europe/Berlin")
    _, facts = understand(pd.DataFrame({"at": times.map(lambda time: time.isoformat()), "y": np.arange(30.0)}))
    assert [fact.value for fact in facts if fact.label == "time zone"] == [
        "Europe/Berlin, whose clock has these offsets from UTC"
    ]
