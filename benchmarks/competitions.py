"""The data and the measures of competitions: M4 Weekly (Makridakis et al. 2020), M1 (Makridakis et al. 1982)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.evaluation.forecast.metrics import mase, naive_scale, smape

# The season of the scaled error of each, as its competition has it.
SEASONS = {"m4-weekly": 1, "m1-monthly": 12, "m1-quarterly": 4, "m1-yearly": 1}
HORIZON = 13  # of M4 Weekly

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Competition:
    """Names [S], the training part of each series, the truth [S, H], and the season of the scaled error."""

    names: tuple[str, ...]
    history: tuple[Floats, ...]
    truth: Floats
    season: int = 1

    @property
    def horizon(self) -> int:
        """Steps to forecast."""
        return self.truth.shape[1]

    def long(self) -> pd.DataFrame:
        """The training part as unique_id, ds (1, 2, ...), y."""
        lengths = [len(values) for values in self.history]
        return pd.DataFrame(
            {
                "unique_id": np.repeat(np.array(self.names, dtype=object), lengths),
                "ds": np.concatenate([np.arange(1, n + 1) for n in lengths]),
                "y": np.concatenate(self.history),
            }
        )

    def aligned(self, forecast: pd.DataFrame, column: str) -> Floats:
        """`column` of a frame with a series name first and H rows in order for each, as [S, H].

        Raises ValueError where a series is missing or a value is not finite: no figure comes from a wrong result.
        """
        groups = {str(name): part[column].to_numpy(float) for name, part in forecast.groupby(forecast.columns[0])}
        values = np.array([groups.get(name, np.zeros(0)) for name in self.names])
        if values.shape != self.truth.shape or not np.isfinite(values).all():
            raise ValueError(f"the column {column} of the forecast is not complete and finite")
        return values

    def score(self, point: Floats) -> tuple[float, float]:
        """sMAPE in per cent and MASE of [S, H], means over series."""
        scale = np.array([naive_scale(values, self.season) for values in self.history])
        return float(smape(self.truth, point).mean()), float(mase(self.truth, point, scale).mean())

    def inside(self, forecast: pd.DataFrame, level: int) -> int:
        """How many truths lie in the interval of a level."""
        low, high = self.aligned(forecast, f"lo_{level}"), self.aligned(forecast, f"hi_{level}")
        return int(((low <= self.truth) & (self.truth <= high)).sum())


def read_competition(folder: Path, name: str = "m4-weekly") -> Competition:
    """Read NAME-train.csv and NAME-test.csv in `folder`: a series a row, its name in the first cell."""
    train = pd.read_csv(folder / f"{name}-train.csv", index_col=0)
    test = pd.read_csv(folder / f"{name}-test.csv", index_col=0).loc[train.index]
    history = tuple(row[~np.isnan(row)] for row in train.to_numpy(float))
    return Competition(tuple(map(str, train.index)), history, test.to_numpy(float), SEASONS[name])
