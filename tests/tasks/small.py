"""Small tables and quick forecasters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd

from recurra import Forecaster, NetworkOptions, TrainingOptions
from recurra.evaluation.forecast.baselines import forecast_baselines, methods_for
from recurra.tasks.forecast.model import ForecastModel

SEASON, HORIZON = 7, 5


def quick(horizon: int = HORIZON, *, epochs: float = 2.0, embedding: int = 0, **options: object) -> Forecaster:
    """A forecaster that trains in a fraction of a second; its forecast is the network's unless `method` is given."""
    settings: dict = dict(members=1, season=SEASON, seed=3, method="network") | options
    settings.setdefault("network", NetworkOptions(hidden=8, context=4, series_embedding=embedding))
    settings.setdefault("training", TrainingOptions(epochs=epochs))
    return Forecaster(horizon, **settings)


def shops(days: int = 90, names: Sequence[str] = ("Bonn", "Palermo"), *, seed: int = 0) -> pd.DataFrame:
    """Daily sales with a weekly season; a longer table begins as a shorter one does."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(days, len(names)))
    week = np.array([0.0, 1.0, 2.0, 1.0, 3.0, 9.0, 7.0])
    dates = pd.date_range("2024-01-01", periods=days)
    tables = [
        pd.DataFrame({"day": dates, "shop": name, "units": 40.0 + 20 * s + 2 * week[np.arange(days) % 7] + noise[:, s]})
        for s, name in enumerate(names)
    ]
    return pd.concat(tables, ignore_index=True)


def with_covariates(table: pd.DataFrame, *, ahead: int = 10, seed: int = 1) -> pd.DataFrame:
    """Columns of every kind: past, known ahead (and `ahead` rows more), static, in numbers and in words, with holes."""
    rng = np.random.default_rng(seed)
    days = table["day"].unique()
    dates = pd.date_range(days[0], periods=len(days) + ahead)
    index = pd.MultiIndex.from_product([table["shop"].unique(), dates], names=["shop", "day"])
    result = table.set_index(["shop", "day"]).reindex(index).reset_index()
    n = len(result)
    result["visitors"] = rng.normal(100, 10, n)
    result["weather"] = rng.choice(["sun", "rain", "snow"], n)
    result["price"] = rng.normal(5, 1, n).round(2)
    result["promotion"] = rng.choice(["none", "poster", "radio"], n)
    result["size"] = 10.0 + result["shop"].str.len()
    result["town"] = "town of " + result["shop"]
    result.loc[result["units"].isna(), ["visitors", "weather"]] = None
    result.loc[rng.choice(n, n // 10), "visitors"] = np.nan
    result.loc[rng.choice(n, n // 10), "weather"] = None
    result.loc[rng.choice(n, n // 20), "price"] = np.nan
    result.loc[rng.choice(np.flatnonzero(result["units"].notna()), n // 20), "units"] = np.nan
    return result


def same_model(a: ForecastModel, b: ForecastModel) -> bool:
    """Whether two models hold the same statistics, calibration, shapes and weights, to the bit."""
    for one, other in (
        (a.recipe, b.recipe),
        ((a.scaling.log, a.scaling.season, a.scaling.series), (b.scaling.log, b.scaling.season, b.scaling.series)),
        ((a.calibration.trust, a.calibration.naive), (b.calibration.trust, b.calibration.naive)),
        ([vars(member.shape) for member in a.members], [vars(member.shape) for member in b.members]),
    ):
        if one != other:
            return False
    arrays = [name for name, value in vars(a.scaling).items() if isinstance(value, np.ndarray)]
    same = all(np.array_equal(getattr(a.scaling, name), getattr(b.scaling, name), equal_nan=True) for name in arrays)
    same &= np.array_equal(a.calibration.stretch, b.calibration.stretch)
    for one, other in zip(a.members, b.members, strict=True):
        ours, theirs = one.network.state_dict(), other.network.state_dict()
        same &= ours.keys() == theirs.keys() and all(bool((ours[key] == theirs[key]).all()) for key in ours)
    return same


def file_bytes(forecaster: Forecaster, folder: Path) -> bytes:
    """The bytes of its model file."""
    path = folder / "model.safetensors"
    forecaster.save(path)
    return path.read_bytes()


class BaselinesHere:
    """As `BaselineWorker`, in this process, with the plain baselines and one of the others unless they are named."""

    def __init__(self, histories, origins, horizon, steps, levels, events=None, *, methods=None, needed=(), budget=0.0):
        self.events = events
        self.arguments = histories, origins, horizon, steps
        chosen = methods_for(histories, origins, steps, 0.0)[0]
        self.methods = (*chosen, "AutoTheta", *needed) if methods is None else methods
        self.levels = tuple(levels)
        self.forecasts = sum(len(ends) for ends in origins)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        pass

    def ready(self):
        return True

    def result(self, progress=None, processes=1):
        return forecast_baselines(*self.arguments, levels=self.levels, methods=self.methods, events=self.events)


def baselines_in_process() -> Any:
    """What `baselines_here` does, for as long as one is inside it: for fixtures of more than one test."""
    return patch("recurra.tasks.forecast.rivals.BaselineWorker", BaselinesHere)
