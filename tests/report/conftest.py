"""Reports to try the page on: weekly CO2 with missing values, three hundred series, integer steps, hostile text.

The forecasts are simple ones; only their shape matters here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.report.browsing import opened, tab  # noqa: F401 (fixtures)
from tests.report.making import HOSTILE, changed, forecast_content
from tests.report.sentences import (  # noqa: F401 (fixtures)
    gestures,
    markup,
    nothing,
    promoters,
    protein,
    sentiment,
    topics,
)

from recurra.report.content import ReportContent

METHODS = ("naive", "seasonal naive", "drift", "ETS", "Theta")
WIDTH = {80: 1.2816, 95: 1.96}


@pytest.fixture(scope="session")
def co2() -> ReportContent:
    return co2_report()


@pytest.fixture(scope="session")
def many() -> ReportContent:
    return many_report()


@pytest.fixture(scope="session")
def steps() -> ReportContent:
    return steps_report()


@pytest.fixture(scope="session")
def hostile() -> ReportContent:
    """Eight series whose names, and every other text, try to be markup."""
    report = many_report(len(HOSTILE), names=list(HOSTILE))
    text = HOSTILE[0] + HOSTILE[2] + HOSTILE[3]
    return changed(
        report,
        title=text,
        target=HOSTILE[0],
        time_name=HOSTILE[7],
        command=f"recurra forecast '{HOSTILE[1]}'",
        verdict=text,
        facts=[(text, HOSTILE[1], text)],
        settings={text: HOSTILE[1]},
        versions={text: HOSTILE[1]},
        notes=[*HOSTILE, "half a \ud800 letter"],
    )


@pytest.fixture(scope="session")
def bare() -> ReportContent:
    """A report with a history and a forecast, and nothing else; the third series has no value at all."""
    days = pd.date_range("2026-01-01", periods=12, tz="Europe/Berlin")
    history = pd.DataFrame(
        {"series": np.repeat(["a", "b", "c"], 4), "time": np.tile(days[:4], 3), "y": np.arange(12.0)}
    )
    history.loc[8:, "y"] = np.nan
    forecast = pd.DataFrame(
        {"series": np.repeat(["a", "b", "c"], 2), "time": np.tile(days[4:6], 3), "forecast": [1.0] * 6}
    )
    forecast.loc[3, "forecast"] = np.nan
    return forecast_content(
        title="Bare",
        target="y",
        horizon=2,
        command="rc.Forecaster(2)",
        created="now",
        verdict="Nothing to compare with.",
        better=False,
        history=history,
        forecast=forecast,
        levels=(),
    )


def co2_report() -> ReportContent:
    """One weekly series of 2,284 rows with 59 missing values, 26 steps ahead, 20 windows."""
    from statsmodels.datasets import co2

    frame = pd.DataFrame(co2.load_pandas().data)
    history = pd.DataFrame({"series": "co2", "time": frame.index, "y": frame["co2"].to_numpy()})
    return make_report(
        history,
        horizon=26,
        season=52,
        origins=20,
        title="Forecast of co2",
        target="co2",
        command="recurra forecast demo:co2 --target co2 --horizon 26",
        future=pd.date_range(frame.index[-1], periods=27, freq="W-SAT")[1:],
        better=True,
    )


def many_report(count: int = 300, names: list[str] | None = None) -> ReportContent:
    """Many daily series of unequal length, some with gaps."""
    random = np.random.default_rng(0)
    parts = []
    for s in range(count):
        n = int(random.integers(120, 400))
        level = 10 ** random.uniform(1, 4)
        week = 1 + 0.25 * np.sin(2 * np.pi * np.arange(n) / 7 + random.uniform(0, 6))
        y = level * (week + 0.08 * random.standard_normal(n) + 0.001 * np.arange(n))
        y[random.random(n) < 0.02] = np.nan
        y[-1] = level
        times = pd.date_range("2026-06-30", periods=n, freq="D") - pd.Timedelta(days=n)
        parts.append(pd.DataFrame({"series": names[s] if names else f"store {s:03d}", "time": times, "y": y}))
    return make_report(
        pd.concat(parts, ignore_index=True),
        horizon=14,
        season=7,
        origins=3,
        title="Forecast of units",
        target="units",
        command="recurra forecast sales.csv --target units --horizon 14",
        future=pd.date_range("2026-06-30", periods=14, freq="D"),
        better=True,
    )


def steps_report(scale: float = 1.0, horizon: int = 1) -> ReportContent:
    """A random walk on integer steps, which nothing beats the naive forecast on."""
    y = scale * (100 + np.cumsum(np.random.default_rng(1).standard_normal(500)))
    history = pd.DataFrame({"series": "y", "time": np.arange(500), "y": y})
    return make_report(
        history,
        horizon=horizon,
        season=1,
        origins=50,
        title="Forecast of close",
        target="close",
        command="recurra forecast apple-stock.csv --target close --horizon 1",
        future=np.arange(500, 500 + horizon),
        better=False,
    )


def make_report(
    history: pd.DataFrame,
    *,
    horizon: int,
    season: int,
    origins: int,
    title: str,
    target: str,
    command: str,
    future,
    better: bool,
) -> ReportContent:
    """A report of plausible numbers: ours is the seasonal naive forecast, moved towards the truth when `better`."""
    random = np.random.default_rng(2)
    windows, forecasts = [], []
    for name, rows in history.groupby("series", sort=False):
        y, time = rows["y"].to_numpy(), rows["time"].to_numpy()
        filled = pd.Series(y).ffill().bfill().to_numpy()
        spread = np.nanstd(np.diff(filled)) or 1.0
        for k in range(origins, 0, -1):
            origin = len(y) - k * horizon
            if origin > 2 * season:
                windows.append(_window(name, origin, time, y, filled, horizon, season, spread, better, random))
        steps = np.arange(horizon)
        middle = filled[len(y) - season + steps % season] + 0.0 * steps
        forecasts.append(
            _with_bounds({"series": name, "time": future, "forecast": middle}, spread * np.sqrt(steps + 1))
        )
    backtest = pd.concat(windows, ignore_index=True)
    scale = history.groupby("series")["y"].agg(lambda y: np.nanmean(np.abs(np.diff(y))))
    errors = backtest[["forecast", *METHODS]].sub(backtest["y"], axis=0).abs()
    scaled = errors.div(backtest["series"].map(scale), axis=0).rename(columns={"forecast": "recurra lstm"})
    table = _table(backtest, errors, scaled)
    best = str(table.loc[list(METHODS), "MASE"].idxmin())
    by_series = scaled.groupby(backtest["series"], sort=False).mean()
    gain = 1 - table.loc["recurra lstm", "MASE"] / table.loc[best, "MASE"]
    return forecast_content(
        title=title,
        target=target,
        horizon=horizon,
        command=command,
        created="2026-07-01 09:30",
        verdict=f"Better than the best baseline ({best}) by {100 * gain:.1f} % in MASE (p = 0.003)."
        if better
        else "No better than the naive forecast: use the naive one.",
        better=better,
        facts=[
            ("file", "UTF-8, separator ',', header", "--separator, --encoding"),
            ("time column", "date (daily)", "--time"),
            ("target", target, "--target"),
            ("series", f"{len(by_series)}, one per value of 'store'", "--series"),
            ("rows", f"{len(history):,}, of which {int(history['y'].isna().sum())} without a target", ""),
            ("seasons", str(season), "--season"),
        ],
        history=history,
        forecast=pd.concat(forecasts, ignore_index=True),
        levels=(80, 95),
        backtest=backtest,
        baselines=METHODS,
        best_baseline=best,
        table=table,
        by_step=scaled.groupby(backtest["step"])
        .mean()
        .rename_axis(columns="method")
        .stack()
        .rename("mase")
        .reset_index(),
        coverage=pd.DataFrame({"nominal": [0.5, 0.8, 0.9, 0.95], "observed": [0.52, 0.79, 0.91, 0.94]}),
        by_series=pd.DataFrame(
            {
                "series": by_series.index,
                "ours": by_series["recurra lstm"].to_numpy(),
                "best": by_series[best].to_numpy(),
            }
        ),
        learning=_learning(random),
        settings={"cell": "lstm", "hidden units": "64", "members": "3", "window": "104 steps", "seed": "0"},
        versions={"recurra": "0.1.0", "torch": "2.13.0", "python": "3.11.9"},
        notes=[
            "ETS fell back on a simpler model in 2 of 300 series.",
            "59 missing values were left missing and masked.",
        ],
        time_name="week" if target == "co2" else "step" if history["time"].dtype.kind == "i" else "date",
    )


def _window(name, origin, time, y, filled, horizon, season, spread, better, random) -> pd.DataFrame:
    steps = np.arange(horizon)
    truth = y[origin : origin + horizon]
    last = filled[origin - 1]
    seasonal = filled[origin - season + steps % season]
    known = filled[origin : origin + horizon]
    ours = (
        known + 0.6 * (seasonal - known) + 0.2 * spread * random.standard_normal(horizon)
        if better
        else last + 0.1 * spread * random.standard_normal(horizon)
    )
    noise = 0.1 * spread * random.standard_normal(horizon)
    drift = last + (last - filled[0]) / origin * (steps + 1)
    others = (last + 0 * steps, seasonal, drift, seasonal + noise, seasonal - noise)
    columns = {
        "series": name,
        "origin": origin,
        "time": time[origin : origin + horizon],
        "step": steps + 1,
        "y": truth,
        "forecast": ours,
        **dict(zip(METHODS, others, strict=True)),
    }
    return _with_bounds(columns, spread * np.sqrt(1 + steps / 4))


def _with_bounds(columns: dict, sigma: np.ndarray) -> pd.DataFrame:
    middle = columns["forecast"]
    for level, width in WIDTH.items():
        columns = {**columns, f"lo_{level}": middle - width * sigma, f"hi_{level}": middle + width * sigma}
    return pd.DataFrame(columns)


def _table(backtest: pd.DataFrame, errors: pd.DataFrame, scaled: pd.DataFrame) -> pd.DataFrame:
    sizes = backtest[["forecast", *METHODS]].abs().add(backtest["y"].abs(), axis=0)
    table = pd.DataFrame(
        {
            "MASE": scaled.mean(),
            "sMAPE": (200 * errors / sizes).mean().rename({"forecast": "recurra lstm"}),
            "MAE": errors.mean().rename({"forecast": "recurra lstm"}),
            "RMSE": ((errors**2).mean() ** 0.5).rename({"forecast": "recurra lstm"}),
        }
    )
    table["CRPS"] = 0.7 * table["MAE"]
    table["coverage 80 %"] = np.linspace(0.78, 0.9, len(table))
    table["coverage 95 %"] = [0.941, np.nan, 0.97, 0.96, 0.93, 0.99]
    return table.sort_values("MASE").rename_axis("method")


def _learning(random: np.random.Generator) -> pd.DataFrame:
    parts = []
    for run in ("backtest", "final"):
        for member in range(3):
            step = np.arange(0, 1000, 10)
            loss = 0.4 * np.exp(-step / 200) + 0.1 + 0.01 * random.standard_normal(len(step))
            check = np.where(step % 50 == 0, loss + 0.03, np.nan)
            rate = 1e-3 * np.sin(np.pi * step / 1000)
            columns = {"step": step, "train_loss": loss, "validation_loss": check, "learning_rate": rate}
            parts.append(pd.DataFrame({"run": run, "member": member, **columns}))
    return pd.concat(parts, ignore_index=True)
