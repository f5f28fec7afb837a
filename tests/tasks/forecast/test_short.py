"""Series of a few rows among longer ones: intervals that hold, and the words where nobody can tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.data.panels import make_panel
from tests.tasks.small import quick

import recurra as rc
from recurra.tasks.forecast.short import fit_short

HORIZON = 5


def levels(lengths: list[int], seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Series of one process at levels of their own, 20 % noise, and the rows after their ends."""
    rng = np.random.default_rng(seed)
    rows, later = [], []
    for s, n in enumerate(lengths):
        values = 10 ** rng.uniform(0, 3) * (1 + 0.2 * rng.normal(size=n + HORIZON))
        times = pd.date_range("2024-01-01", periods=max(lengths) + HORIZON)[-n - HORIZON :]
        frame = pd.DataFrame({"shop": f"s{s:02}", "day": times, "units": values})
        rows.append(frame[:n])
        later.append(frame[n:])
    return pd.concat(rows, ignore_index=True), pd.concat(later, ignore_index=True)


@pytest.fixture(scope="module")
def studied() -> tuple[rc.Forecaster, pd.DataFrame, pd.DataFrame]:
    table, later = levels([90] * 25 + [1, 2, 3, 4, 5, 6, 7] * 8)
    model = quick(HORIZON, method="fast")
    model.study(table, time="day", target="units", series="shop")
    return model, table, later


def coverage(model: rc.Forecaster, table: pd.DataFrame, later: pd.DataFrame) -> pd.Series:
    found = model.predict().merge(later, on=["shop", "day"])
    rows = table.groupby("shop").size()
    inside = found["units"].between(found["lo_80"], found["hi_80"])
    return inside.groupby(found["shop"].map(rows) < 8).mean()


def test_their_intervals_hold_what_they_promise(studied) -> None:
    found = coverage(*studied)
    assert 0.7 < found[False] < 0.9
    assert 0.7 < found[True] < 0.9


def test_a_new_series_of_three_rows_has_an_interval(studied, tmp_path: Path) -> None:
    studied[0].save(tmp_path / "m.safetensors")
    served = rc.load(tmp_path / "m.safetensors")
    new = pd.DataFrame(
        {"shop": "new", "day": pd.date_range("2024-06-01", periods=3), "units": [5781.8, 5974.9, 5433.9]}
    )
    found = served.predict(new)
    found = found[found["shop"] == "new"]
    assert len(found) == HORIZON
    assert ((found["hi_80"] - found["lo_80"]) > 0.15 * 5700).all()
    pd.testing.assert_frame_equal(found, studied[0].predict(new).query("shop == 'new'"))


def test_the_words(studied) -> None:
    said = [fact.value for fact in studied[0].facts() if fact.label == "remark"]
    assert any("as wide as forecasts from as few rows of the longer series were wrong" in text for text in said)
    for lengths, words in (
        ([60, 3], "as wide as the mean or the last value of as few rows was wrong"),
        ([9, 3], "too few to tell how wide their intervals must be"),
    ):
        few = quick(HORIZON, method="fast")
        few.fit(levels(lengths)[0], time="day", target="units", series="shop")
        said = [fact.value for fact in few.facts() if fact.label == "remark"]
        assert any(words in text for text in said), said


def test_offsets_are_the_errors_in_units_of_the_size() -> None:
    """Levels that double after the origin: the error of the last value is one size, from however many rows."""
    values = [np.r_[np.full(40, 3.0 + s), np.full(10, 2 * (3.0 + s))] for s in range(12)]
    panel = make_panel(values)
    series, origins = np.arange(12), np.full(12, 40)

    def naive(part, numbers, ends):
        return np.array([np.full(4, part.values(int(s))[end - 1]) for s, end in zip(numbers, ends, strict=True)])

    found = fit_short(panel, series, origins, 4, naive)
    assert found is not None
    assert found.rows.tolist() == [1, 2, 3, 4, 5, 6, 7]
    middle = found.offsets.shape[1] // 2
    assert (found.offsets[:, :middle] == 0).all()
    np.testing.assert_allclose(found.offsets[:, middle + 1 :], 1.0)
    assert fit_short(panel, series[:3], origins[:3], 4, naive) is None
