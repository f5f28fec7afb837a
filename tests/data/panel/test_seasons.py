from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.data.panels import make_panel

from recurra.data.files.read_table import read_table
from recurra.data.panel.building import understand
from recurra.data.panel.panel import Panel
from recurra.data.panel.seasons import detect_seasons, season_candidates
from recurra.data.time.grid import Grid


def panel_of(values: np.ndarray, freq: str | None) -> Panel:
    frame = pd.DataFrame({"y": values})
    if freq is not None:
        frame.insert(0, "at", pd.date_range("2020-01-01", periods=len(values), freq=freq))
    return understand(frame, target="y", freq=freq)[0]


@pytest.mark.parametrize(
    ("name", "overrides", "seasons"),
    [
        ("airpassengers", {}, (12,)),
        ("apple-stock", {"target": "AAPL.Close"}, ()),
        ("beijing-pollution", {"target": "pm2.5"}, (24,)),
        ("etth1", {"target": "OT"}, (24,)),
        ("exchange-rate", {}, ()),
        ("ilinet", {"target": "% WEIGHTED ILI"}, (52,)),
        ("m4-weekly-train", {}, ()),
        ("seattle-weather", {"target": "Max_TemperatureC"}, (365,)),
        ("taxi-new-york-passengers", {}, (48, 336)),
    ],
)
def test_real_files(shared_data: Path, name: str, overrides: dict, seasons: tuple[int, ...]) -> None:
    panel, _ = understand(read_table(shared_data / "forecasting" / f"{name}.csv").frame, **overrides)
    assert detect_seasons(panel) == seasons


def test_candidates() -> None:
    expected = {
        "h": (24, 168), "30min": (48, 336), "10min": (6, 144, 1008), "D": (7, 365), "B": (5, 261), "W-SUN": (52,),
        "MS": (12,), "QS-JAN": (4,), "YS-JAN": (), "2h": (12, 84),
    }  # fmt: skip
    assert {freq: season_candidates(Grid(freq)) for freq in expected} == expected


@pytest.mark.parametrize(("freq", "season"), [("h", 24), ("D", 7), ("MS", 12), (None, 17)])
def test_a_season_is_found_through_noise_trend_gaps_and_an_outlier(freq: str | None, season: int) -> None:
    rng = np.random.default_rng(0)
    n = 15 * season
    values = np.tile(rng.normal(size=season), 15) * 2 + 0.05 * np.arange(n) + rng.normal(size=n) * 0.5
    values[rng.integers(1, n - 1, n // 10)] = np.nan
    values[n // 2] = 1e6
    assert detect_seasons(panel_of(values, freq)) == (season,)


@pytest.mark.slow
@pytest.mark.parametrize(("freq", "n"), [("D", 60), ("D", 400), ("MS", 60), ("h", 300), ("QS-JAN", 40), (None, 100)])
def test_chance_is_seldom_taken_for_a_season(freq: str | None, n: int) -> None:
    rng = np.random.default_rng(1)
    panels = [panel_of(values, freq) for k in range(20) for values in (rng.normal(size=n), rng.normal(size=n).cumsum())]
    assert sum(bool(detect_seasons(panel)) for panel in panels) <= 5


def test_a_day_is_found_whose_shape_turns_with_the_year() -> None:
    # from spring to spring: heating in winter mornings and evenings, cooling in summer afternoons, and weeks
    hour = np.arange(13 * 168, 13 * 168 + 366 * 24)
    winter = np.cos(2 * np.pi * hour / (366 * 24))
    heating, cooling = np.cos(4 * np.pi * (hour - 8) / 24), np.cos(2 * np.pi * (hour - 15) / 24)
    load = 100 + 10 * np.where(winter > 0, winter * heating, -winter * cooling) + 8 * (hour // 24 % 7 < 5)
    load += np.random.default_rng(0).normal(0, 3, len(hour))
    assert detect_seasons(panel_of(load, "h")) == (24, 168)


def test_scale_and_level_do_not_matter() -> None:
    values = np.tile([5.0, 7, 6, 4, 9, 12, 2], 10) + np.random.default_rng(0).normal(size=70)
    for changed in (values, 1e-9 * values, 1e12 * values, values - 1e3, -values):
        assert detect_seasons(panel_of(changed, "D")) == (7,)


def test_too_short_to_tell() -> None:
    assert detect_seasons(panel_of(np.array([1.0, 2, 3]), "D")) == ()
    assert detect_seasons(panel_of(np.array([1.0, 2]), None)) == ()


def test_many_series_are_sampled() -> None:
    rng = np.random.default_rng(0)
    shape = np.tile(rng.normal(size=24), 100)
    panel = make_panel([shape + rng.normal(size=2400) for _ in range(300)], freq="h")
    begin = time.perf_counter()
    assert detect_seasons(panel) == (24,)
    assert time.perf_counter() - begin < 2.0
