"""What is printed of forecasts: the table of the backtest, and the first rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from recurra.evaluation.forecast.backtest import Backtest
from recurra.formatting import count, percent, style_of_metric, style_of_range
from recurra.language import _, listing, mark
from recurra.tasks.estimator import Preview, Scores

_IMPORTANCE = ("method", "MSSE", "MASE", "in 80 %", "sMAPE, %", "SPL", "MAE", "in 95 %", "CRPS", "RMSE")


def scores_of(backtest: Backtest) -> Scores:
    """The table of methods as texts."""
    verdict, table = backtest.verdict, backtest.table.copy()
    for name in table.columns:
        share = str(name).startswith("coverage")
        style = style_of_metric(str(name), table[name])
        table[name] = [percent(value) if share else style.text(value) for value in table[name]]
    table.columns = [str(name).replace("coverage", "in").replace("sMAPE", "sMAPE, %") for name in table.columns]
    windows = listing([count(verdict.n_series, "series", "series"), count(verdict.n_origins, "window")])
    return Scores(
        _("Backtest ({windows})", windows=windows),
        verdict.sentence,
        None if verdict.tie else verdict.better,
        table.reset_index(),
        mark=backtest.model,
        importance=_IMPORTANCE,
        numbers=backtest.table,
    )


class ForecastPreview(Preview):
    """The forecasts; their first column, the series, goes without saying where there is only one."""

    title = mark("Forecast")

    def __init__(self, said: Callable[[], Sequence[str]] = tuple) -> None:
        """`said` gives the lines below the table, when all frames have passed."""
        self._frames: list[pd.DataFrame] = []
        self._said = said

    def lines(self) -> list[str]:
        """What was said of them."""
        return list(self._said())

    def add(self, frame: pd.DataFrame) -> None:
        """Take notice of the next frame."""
        self._frames.append(frame)

    def table(self) -> pd.DataFrame:
        """All numbers in one style."""
        forecast = pd.concat(self._frames, ignore_index=True)
        numbers = forecast.select_dtypes("float")
        style = style_of_range(numbers.to_numpy())
        shown = forecast.assign(**{str(name): [style.text(value) for value in numbers[name]] for name in numbers})
        return shown.iloc[:, 1:] if forecast.iloc[:, 0].nunique() == 1 else shown
