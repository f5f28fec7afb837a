"""Golden forecasters: every cell, and every option that changes what a model file holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
from tests.golden.own import Ahead
from tests.tasks.small import BaselinesHere, quick, shops, with_covariates

from recurra import Forecaster, NetworkOptions, TrainingOptions, cells

TINY = NetworkOptions(hidden=4, context=2)
Case = tuple[Any, pd.DataFrame]  # what was fitted, and later data


def tiny(table: Any, *, columns: Any = None, **options: Any) -> Forecaster:
    settings: dict[str, Any] = dict(horizon=5, network=TINY, epochs=1.0) | options
    how: dict[str, Any] = {} if columns is None else columns
    return quick(**settings).fit(table, **how)


def waves(times: pd.DatetimeIndex, *, period: float = 24.0, level: float = 20.0) -> pd.DataFrame:
    steps = np.arange(len(times))
    return pd.DataFrame({"time": times, "load": (level + 5 * np.sin(steps * 2 * np.pi / period) + steps % 5).round(3)})


def both(make: Callable[[int], pd.DataFrame], short: int, long: int, **settings: Any) -> Case:
    """Fitted to a table of `short` rows, asked with one of `long` that begins alike."""
    return tiny(make(short), **settings), make(long)


def cell(name: str) -> Case:
    return both(lambda days: shops(days, ["Bonn"]), 60, 66, cell=name)


def covariates() -> Case:
    return both(
        lambda days: with_covariates(shops(days)),
        60,
        66,
        columns=dict(target="units"),
        network=NetworkOptions(hidden=4, context=2, series_embedding=2),
        members=2,
    )


def studied() -> Case:
    with patch("recurra.tasks.forecast.rivals.BaselineWorker", BaselinesHere):
        model = quick(network=TINY, epochs=1.0)
        model.study(shops(70), 2)
    return model, shops(80)


def zone(days: int) -> pd.DataFrame:
    return waves(pd.date_range("2024-03-20", periods=24 * days, freq="h", tz="Europe/Berlin"))


def opening(weeks: int) -> pd.DataFrame:
    times = pd.date_range("2023-10-02", periods=24 * 7 * weeks, freq="h")
    return waves(times[(times.hour >= 8) & (times.hour < 12) & (times.day_of_week < 5)], period=4)


def opening_in_a_zone(weeks: int) -> pd.DataFrame:
    times = pd.date_range("2023-10-02", periods=24 * 7 * weeks, freq="h", tz="Europe/Berlin")
    return waves(times[(times.hour >= 8) & (times.hour < 12)], period=4)


def rising(rows: int) -> pd.DataFrame:
    """Changes that grow with the level: logarithms are taken."""
    steps = np.arange(rows)
    values = 10 * np.exp(steps / 25.0) * (1 + 0.2 * np.sin(steps * 2.1) + 0.1 * (steps % 3))
    return pd.DataFrame({"ds": pd.date_range("2010-01-31", periods=rows, freq="ME"), "y": values.round(3)})


def numbered(rows: int) -> pd.DataFrame:
    return pd.DataFrame({"row": np.arange(rows) * 10, "y": np.sin(np.arange(rows)) + np.arange(rows) % 7})


def wide_columns(days: int) -> pd.DataFrame:
    return (
        shops(days).pivot(index="day", columns="shop", values="units").round(3).reset_index().rename_axis(columns=None)
    )


def wide_rows(steps: int) -> pd.DataFrame:
    values = {f"V{k + 1}": [10.0 + k % 7 + s for s in range(2)] for k in range(steps)}
    return pd.DataFrame({"V0": ["W1", "W2"], **values})


def german(days: int) -> pd.DataFrame:
    table = shops(days, ["Köln, West", "北京"]).rename(columns={"day": "Tag", "shop": "Filiale", "units": "Absatz"})
    return table.assign(Tag=table["Tag"].dt.strftime("%d.%m.%Y"), Notiz="x")


def in_parts(days: int) -> pd.DataFrame:
    times = pd.date_range("2024-01-01", periods=24 * days, freq="h")
    table = waves(times).drop(columns="time")
    return table.assign(date=times.strftime("%Y-%m-%d"), hour=times.hour)


def with_holes(days: int) -> pd.DataFrame:
    table = shops(days)
    return table.drop(index=[5, 6, 7, 40]).reset_index(drop=True)


def whole_series(days: int) -> pd.DataFrame:
    return shops(days).replace({"shop": {"Bonn": 7, "Palermo": 12}}).astype({"shop": "int64"})


def plain_array() -> Case:
    values = np.round(np.sin(np.arange(90.0)) + np.arange(90) % 7, 3)
    return tiny(values[:80]), pd.DataFrame({"y": values})


def every() -> dict[str, Callable[[], Case]]:
    day: dict[str, Any] = dict(season=24, horizon=6)
    return {
        **{f"forecast-cell-{name}": lambda name=name: cell(name) for name in cells.names()},
        "forecast-covariates": covariates,
        "forecast-studied": studied,
        "forecast-zone": lambda: both(zone, 8, 12, **day),
        "forecast-opening": lambda: both(opening, 10, 11, season=4),
        "forecast-opening-zone": lambda: both(opening_in_a_zone, 5, 7, season=4),
        "forecast-logarithms": lambda: both(rising, 96, 100, season=12),
        "forecast-seasons": lambda: both(
            lambda days: waves(pd.date_range("2024-01-01", periods=24 * days, freq="h")), 21, 22, season=[24, 168]
        ),
        "forecast-no-season": lambda: both(lambda days: shops(days, ["Bonn"]), 70, 75, season=1, block=5),
        "forecast-numbered": lambda: both(numbered, 70, 75),
        "forecast-wide-columns": lambda: both(wide_columns, 60, 66, columns=dict(layout="wide-columns")),
        "forecast-wide-rows": lambda: both(wide_rows, 60, 66, columns=dict(layout="wide-rows")),
        "forecast-own-names": lambda: both(german, 60, 66, columns=dict(ignore=["Notiz"], day_first=True)),
        "forecast-time-in-parts": lambda: both(in_parts, 8, 9, **day, columns=dict(time=["date", "hour"])),
        "forecast-holes": lambda: both(with_holes, 60, 66),
        "forecast-whole-series": lambda: both(whole_series, 60, 66),
        "forecast-array": plain_array,
        "forecast-training": lambda: both(
            lambda days: shops(days, ["Bonn"]),
            60,
            66,
            network=NetworkOptions(hidden=3, layers=2, context=2, dropout=0.1),
            training=TrainingOptions(
                epochs=1.5, schedule="plateau", weight_decay=0.0, batch_size=32, precision="float32"
            ),
            seed=2**32 - 1,
        ),
        "forecast-own-network": lambda: both(lambda days: shops(days), 60, 66, network=Ahead),
    }
