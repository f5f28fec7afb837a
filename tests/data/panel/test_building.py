from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drawing import examples

from recurra.data.files.read_table import read_table
from recurra.data.panel.building import build_panel, understand
from recurra.data.panel.panel import ARRAYS, Panel, Schema
from recurra.data.schema.facts import Fact
from recurra.errors import InputError

N = 60
DAYS = pd.date_range("2024-01-01", periods=N)


def equal(a: Panel, b: Panel) -> bool:
    a, b = a.packed(), b.packed()
    arrays = all(
        np.array_equal(getattr(a, k), getattr(b, k), equal_nan=getattr(a, k).dtype.kind == "f") for k in ARRAYS
    )
    return arrays and (a.schema, a.grid, a.series) == (b.schema, b.grid, b.series)


def table(seed: int = 0) -> pd.DataFrame:
    """Three series with every kind of column; the target ends ten rows early."""
    rng = np.random.default_rng(seed)
    count = 3 * N
    return pd.DataFrame(
        {
            "day": np.tile(DAYS, 3),
            "shop": np.repeat(["s1", "s10", "s2"], N),
            "y": np.where(np.tile(np.arange(N), 3) < 50, rng.normal(size=count), np.nan),
            "rain": np.where(np.tile(np.arange(N), 3) < 50, rng.normal(size=count), np.nan),
            "sky": pd.Series(rng.choice(["clear", "grey"], count)).where(np.tile(np.arange(N), 3) < 50),
            "price": rng.normal(size=count),
            "event": rng.choice(["none", "fair"], count),
            "size": np.repeat([1.0, 2.0, 3.0], N),
            "town": np.repeat(["X", "Y", "X"], N),
        }
    )


def test_every_column_finds_its_place() -> None:
    panel, _ = understand(table(), target="y")
    schema = panel.schema
    assert panel.series == ("s1", "s2", "s10")
    assert (schema.past, schema.past_categorical) == (("rain",), ("sky",))
    assert (schema.known, schema.known_categorical) == (("price",), ("event",))
    assert (schema.static, schema.static_categorical) == (("size",), ("town",))
    assert schema.categories == {"sky": ("clear", "grey"), "event": ("fair", "none"), "town": ("X", "Y")}
    assert panel.lengths.tolist() == [50, 50, 50]
    assert np.diff(panel.known_offsets).tolist() == [60, 60, 60]
    assert panel.static[:, 0].tolist() == [1.0, 3.0, 2.0]
    assert panel.static_codes[:, 0].tolist() == [0, 0, 1]
    s2 = table().query("shop == 's2'")
    assert np.array_equal(panel.values(1), s2["y"].to_numpy()[:50])
    assert np.array_equal(panel.known[60:120, 0], s2["price"].to_numpy())
    assert [schema.categories["event"][k] for k in panel.known_codes[60:120, 0]] == s2["event"].tolist()


@pytest.mark.slow
@settings(max_examples=examples(20), deadline=None)
@given(st.integers(0, 10**6))
def test_shuffling_the_rows_changes_nothing(seed: int) -> None:
    frame = table()
    shuffled = frame.sample(frac=1.0, random_state=seed)
    assert equal(understand(frame, target="y")[0], understand(shuffled, target="y")[0])


def test_a_cut_leaves_no_trace_of_the_future() -> None:
    frame = table()
    panel, _ = understand(frame, target="y")
    ends = np.array([20, 30, 40])
    before = panel.cut(ends, horizon=5)
    changed = frame.copy()
    at = (changed["day"] - DAYS[0]).dt.days
    end = changed["shop"].map({"s1": 20, "s2": 30, "s10": 40})
    changed.loc[(at >= end) & (at < 50), ["y", "rain"]] = 1e6
    changed.loc[(at >= end) & (at < 50), "sky"] = "tornado"
    changed.loc[at >= end + 5, "price"] = -1e6
    changed.loc[at >= end + 5, "event"] = "flood"
    assert equal(build_panel(changed, replace(panel.schema, categories={}))[0].cut(ends, horizon=5), before)
    assert not equal(understand(changed, target="y")[0], panel)


def test_mended_rows_are_told() -> None:
    frame = pd.DataFrame({"day": DAYS, "y": np.arange(N) % 7.0})
    frame.loc[[4, 5], "y"] = np.nan
    frame = pd.concat([frame.drop(index=[10, 11, 12]), frame.loc[[3]], pd.DataFrame({"day": DAYS[:1], "y": [100.0]})])
    panel, facts = understand(frame)
    said = {fact.label: fact for fact in facts}
    assert len(panel.target) == N
    assert np.isnan(panel.target).sum() == 5
    assert panel.target[0] == 50.0
    assert panel.target[3] == 3.0
    assert said["order"].value == "rows were sorted by time"
    assert said["repeated times"].value == (
        "2 rows with a time that another row has; at 1 time the values differ, and their mean is taken"
    )
    assert said["gaps"] == Fact("gaps", "3 rows that the grid has and the data have not, left missing", "freq=")
    assert said["missing target"].value == "2 rows, left missing"
    assert all(fact.label and fact.value for fact in facts)


def test_rows_that_only_repeat_a_time_are_told_without_a_mean() -> None:
    frame = pd.DataFrame({"day": DAYS, "y": np.arange(N) % 7.0})
    _panel, facts = understand(pd.concat([frame, frame.loc[[3, 8, 9]]]))
    said = {fact.label: fact.value for fact in facts}["repeated times"]
    assert said == "3 rows with a time that another row has, and no other value: each time counts once"


def test_missing_ends_are_cut() -> None:
    values = np.arange(N) * 1.0
    values[:4], values[-6:] = np.nan, np.nan
    panel, _ = understand(pd.DataFrame({"day": DAYS, "y": values}))
    assert panel.lengths.tolist() == [50]
    assert panel.grid.times(panel.start)[0] == DAYS[4]


def test_a_forced_frequency_averages() -> None:
    panel, facts = understand(pd.DataFrame({"day": DAYS, "y": np.arange(N) * 1.0}), freq="W-SUN")
    assert panel.target[:2].tolist() == [3.0, 10.0]  # 2024 began on a Monday
    assert {"off the grid", "repeated times"} <= {fact.label for fact in facts}


def test_a_later_file_is_read_with_the_schema() -> None:
    frame = table()
    panel, _ = understand(frame, target="y")
    later = frame[frame["day"] >= DAYS[30]].assign(event="parade")
    newer, facts = build_panel(later, panel.schema, source="later.csv")
    assert (build_panel(later.assign(y=3.0), panel.schema)[0].target == 3.0).all()
    assert newer.schema == panel.schema
    assert newer.start.tolist() == (panel.start + 30).tolist()
    assert (newer.known_codes == -1).all()
    assert Fact("unseen categories", "event: 90 rows, such as 'parade', taken as missing") in facts
    with pytest.raises(InputError, match=r"column 'price' is not in later.csv"):
        build_panel(later.drop(columns="price"), panel.schema, source="later.csv")
    with pytest.raises(InputError, match=r"column 'price' of later.csv is not numeric: row 1 holds 'dear'"):
        build_panel(later.assign(price="dear"), panel.schema, source="later.csv")
    with pytest.raises(InputError, match=r"are 2 steps of D apart"):
        build_panel(later[later["day"].dt.day % 2 == 0], panel.schema, source="later.csv")


def test_rebuilding_with_the_schema_is_the_same() -> None:
    for frame, overrides in (
        (table(), {"target": "y"}),
        (pd.DataFrame({"t": range(5, 305, 10), "y": np.arange(30.0)}), {}),
    ):
        panel, _ = understand(frame, **overrides)
        assert equal(build_panel(frame, panel.schema)[0], panel)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0] * N, r"target 'y' of x.csv is always 1"),
        ([*range(N - 1), np.inf], r"column 'y' of x.csv is infinite \(inf\) in row 60"),
    ],
)
def test_targets_that_cannot_be_forecast(values: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        understand(pd.DataFrame({"day": DAYS, "y": values}), source="x.csv")


def test_series_without_a_target_or_a_change_are_told() -> None:
    frame = table()
    frame.loc[frame["shop"] == "s1", "y"] = np.nan
    frame.loc[(frame["shop"] == "s2") & frame["y"].notna(), "y"] = 3.0
    panel, facts = understand(frame, target="y")
    assert panel.series == ("s2", "s10")
    assert panel.static[:, 0].tolist() == [3.0, 2.0]
    assert Fact("series without target", "1 ignored: s1") in facts
    assert Fact("constant series", "1: s2") in facts


def test_a_wrong_year_does_not_fill_the_memory() -> None:
    seconds = pd.date_range("2024-01-01", periods=30, freq="s").append(pd.DatetimeIndex(["2034-01-01"]))
    with pytest.raises(
        InputError, match=r"31 rows, which would lie on a grid of .*too fine for it, or a time is wrong"
    ):
        understand(pd.DataFrame({"at": seconds, "y": np.arange(31.0)}))


def test_daylight_saving_round_trip() -> None:
    times = pd.date_range("2021-10-29", periods=120, freq="h", tz="Europe/Berlin")
    written = pd.DataFrame({"at": times.tz_localize(None).strftime("%Y-%m-%d %H:%M"), "y": np.arange(120.0)})
    panel, _ = understand(written, tz="Europe/Berlin")
    assert len(panel.target) == 119  # the hour that the clock showed twice is one step of the wall clock
    rows, found = panel.grid.occurrences(panel.start[0] + np.arange(119))
    assert (found == times).all()
    doubled = int(np.flatnonzero(np.diff(rows) == 0)[0])
    assert panel.target[doubled] == doubled + 0.5
    assert (np.delete(panel.target, doubled) == np.delete(np.arange(120.0), [doubled, doubled + 1])).all()
    naive, facts = understand(written)
    assert len(naive.target) == 119
    assert next(fact for fact in facts if fact.label == "repeated times").flag == "tz="


def test_single_precision_stays() -> None:
    frame = pd.DataFrame({"day": DAYS, "y": np.arange(N, dtype=np.float32), "x": np.arange(N, dtype=np.float32) ** 2})
    panel, _ = understand(frame, target="y")
    assert panel.target.dtype == panel.past.dtype == np.float32


def test_a_schema_by_hand() -> None:
    panel, _ = build_panel(pd.DataFrame({"y": [1.0, 2.0]}), Schema(target="y"))
    assert panel.series == ("y",)
    assert panel.grid.freq is None


@pytest.mark.parametrize(
    ("name", "overrides", "freq", "series", "rows", "missing", "past"),
    [
        ("airpassengers", {}, "MS", 1, 144, 0, 0),
        ("apple-stock", {"target": "AAPL.Close"}, "B", 1, 523, 17, 8),
        ("beijing-pollution", {"target": "pm2.5"}, "h", 1, 43800, 2043, 6),
        ("etth1", {"target": "OT"}, "h", 1, 17420, 0, 6),
        ("exchange-rate", {}, None, 8, 60704, 0, 0),
        ("ilinet", {"target": "% WEIGHTED ILI"}, "W-SUN", 1, 1305, 4, 10),
        ("m4-weekly-train", {}, None, 359, 366912, 0, 0),
        ("m4-weekly-test", {}, None, 359, 4667, 0, 0),
        ("seattle-weather", {"target": "Max_TemperatureC"}, "D", 1, 24837, 456, 2),
        ("taxi-new-york-passengers", {}, "30min", 1, 10320, 0, 0),
    ],
)
def test_real_files(
    shared_data: Path, name: str, overrides: dict, freq: str | None, series: int, rows: int, missing: int, past: int
) -> None:
    panel, facts = understand(read_table(shared_data / "forecasting" / f"{name}.csv").frame, **overrides)
    assert panel.grid.freq == freq
    assert len(panel) == series
    assert len(panel.target) == rows
    assert np.isnan(panel.target).sum() == missing
    assert panel.past.shape[1] == past
    assert {"time", "series", "target", "rows"} <= {fact.label for fact in facts}


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ([f"2024-W{k:02d}" for k in range(1, 41)], "(W-MON, ISO weeks, given back as the dates of their Mondays)"),
        ([f"{2000 + k // 4}-Q{k % 4 + 1}" for k in range(40)], "(QS-JAN, given back as the dates of their first days)"),
        ([f"{day:%d.%m.%Y}" for day in DAYS], "(D, dates written %d.%m.%Y)"),
    ],
)
def test_periods_that_come_back_as_dates_are_told(column: list[str], said: str) -> None:
    _panel, facts = understand(pd.DataFrame({"when": column, "y": np.arange(len(column)) * 1.0}))
    assert {fact.label: fact.value for fact in facts}["time"] == f"when {said}"
