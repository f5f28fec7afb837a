"""From what a task hands back to what a report says."""

from __future__ import annotations

import importlib.metadata
import platform
import shlex
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from recurra import __version__
from recurra.report import ForecastReport

if TYPE_CHECKING:
    from recurra.data import Fact, Panel
    from recurra.evaluation.backtest import Backtest
    from recurra.tasks import Forecaster

PACKAGES = ("torch", "numpy", "pandas", "pyarrow", "statsmodels")


def report_content(
    *,
    title: str,
    arguments: Sequence[str],
    panel: Panel,
    facts: Sequence[Fact],
    forecaster: Forecaster,
    backtest: Backtest,
    forecast: pd.DataFrame,
    levels: tuple[int, ...],
    notes: Sequence[str] = (),
) -> ForecastReport:
    """The report of a forecast.

    `arguments` are those of the command, `panel` is what was forecast, `forecast` a result of `Forecaster.predict`.
    """
    verdict = backtest.verdict
    return ForecastReport(
        title=title,
        target=panel.schema.target,
        horizon=int(forecaster.horizon),
        command=shlex.join(["recurra", *arguments]),
        created=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        verdict=verdict.sentence,
        better=verdict.better,
        history=history(panel),
        forecast=forecast.set_axis(["series", "time", *forecast.columns[2:]], axis="columns"),
        levels=levels,
        facts=[(fact.label, fact.value, fact.flag) for fact in facts],
        backtest=with_bounds(backtest.forecasts, levels),
        baselines=backtest.baselines,
        best_baseline=verdict.best_baseline,
        table=backtest.table,
        by_step=backtest.by_step,
        coverage=backtest.coverage,
        by_series=backtest.by_series,
        learning=forecaster.learning(),
        settings=settings(forecaster),
        versions=versions(),
        notes=list(notes),
        time_name=forecast.columns[1] if panel.schema.time else "step",
    )


def settings(forecaster: Forecaster) -> dict[str, str]:
    """What the forecaster was told, without what it was left to decide itself."""
    return {name: str(value) for name, value in forecaster.get_params(deep=False).items() if value is not None}


def history(panel: Panel) -> pd.DataFrame:
    """The target as a long frame of series, time and y; a category column keeps the names once each."""
    lengths = panel.lengths
    rows = np.arange(len(panel.target)) - np.repeat(panel.offsets[:-1], lengths)
    return pd.DataFrame(
        {
            "series": pd.Categorical.from_codes(np.repeat(np.arange(len(panel)), lengths), pd.Index(panel.series)),
            "time": panel.grid.times(np.repeat(panel.start, lengths) + rows),
            "y": panel.target,
        }
    )


def with_bounds(forecasts: pd.DataFrame, levels: Sequence[int]) -> pd.DataFrame:
    """The backtest's frame with the bounds of each level under a report's names, from the quantile columns."""
    bounds = {}
    for level in levels:
        for side, probability in (("lo", (100 - level) / 200), ("hi", (100 + level) / 200)):
            column = f"q{probability:g}"
            if column in forecasts.columns:
                bounds[f"{side}_{level}"] = forecasts[column]
    return forecasts.assign(**bounds)


def versions() -> dict[str, str]:
    """The versions that a result depends on."""
    return {
        "recurra": __version__,
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in PACKAGES},
    }
