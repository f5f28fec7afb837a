"""The figures of the tables: M4 Weekly and M1 zero shot, and rolling windows of a few well-known sets."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.nn.quantiles import MEDIAN

Floats = npt.NDArray[np.floating]
Zero = Callable[[list[Floats], int], Floats]  # histories, horizon -> quantiles [S, H, Q]
DEFAULT = Path(__file__).resolve().parents[3] / "shared" / "data" / "forecasting"

COMPETITIONS = {"m4-weekly": 1, "m1-monthly": 12, "m1-quarterly": 4, "m1-yearly": 1}
# column, season, horizon, every n-th window of how many from the end
SERIES = {
    "etth1.csv": ("OT", 24, 48),
    "seattle-weather.csv": ("Mean_TemperatureC", 7, 30),
    "beijing-pollution.csv": ("pm2.5", 24, 48),
    "taxi-new-york-passengers.csv": ("#Passengers", 48, 48),
    "apple-stock.csv": ("AAPL.Close", 1, 20),
    "airpassengers.csv": ("#Passengers", 12, 12),
    "exchange-rate.csv": ("0", 1, 30),
    "ilinet.csv": ("% WEIGHTED ILI", 1, 8),
}


def data_folder(given: str | Path | None = None) -> Path:
    folder = Path(given or os.environ.get("RECURRA_DATA") or DEFAULT)
    if not folder.is_dir():
        raise FileNotFoundError(f"no data at {folder}: pass --data or set RECURRA_DATA to the folder of CSV files")
    return folder


def read_competition(folder: Path, name: str) -> tuple[list[Floats], Floats]:
    train = pd.read_csv(folder / f"{name}-train.csv", index_col=0)
    test = pd.read_csv(folder / f"{name}-test.csv", index_col=0).loc[train.index]
    return [row[np.isfinite(row)] for row in train.to_numpy(float)], test.to_numpy(float)


def competition(folder: Path, name: str, zero: Zero) -> dict[str, float]:
    """MASE, sMAPE (per cent) and the share of truths within the 80 % interval, means over series."""
    history, truth = read_competition(folder, name)
    quantiles = zero(history, truth.shape[1])
    season = COMPETITIONS[name]
    scale = np.array([naive_change(past, season) for past in history])
    return measures(quantiles, truth, scale)


def rolling(folder: Path, file: str, zero: Zero, windows: int = 20) -> dict[str, float]:
    """The last `windows` stretches of one horizon each, one after the other; the scale is that of all before them."""
    column, season, horizon = SERIES[file]
    values = pd.read_csv(folder / file)[column].to_numpy(float)
    windows = min(windows, len(values) // (2 * horizon))
    origins = [len(values) - (k + 1) * horizon for k in range(windows)][::-1]
    quantiles = zero([values[:origin] for origin in origins], horizon)
    truth = np.array([values[origin : origin + horizon] for origin in origins])
    return measures(quantiles, truth, np.array([naive_change(values[: origins[0]], season)] * windows))


def naive_change(past: Floats, season: int) -> float:
    """The scale of MASE: the mean absolute change over a season (over one step where there is not one whole season)."""
    lag = season if len(past) > season else 1
    return float(np.nanmean(np.abs(past[lag:] - past[:-lag])))


def measures(quantiles: Floats, truth: Floats, scale: Floats) -> dict[str, float]:
    point = quantiles[:, :, MEDIAN]
    error = np.abs(truth - point)
    smape = 200 * error / (np.abs(truth) + np.abs(point)).clip(min=1e-12)
    inside = (truth >= quantiles[:, :, 2]) & (truth <= quantiles[:, :, -3])
    return {
        "mase": float(np.nanmean(np.nanmean(error, axis=1) / scale)),
        "smape": float(np.nanmean(smape)),
        "cover80": float(inside[np.isfinite(truth)].mean()),
    }
