"""The M4 Weekly competition data and its measures (Makridakis et al. 2020): 359 series, 13 weeks ahead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.evaluation.forecast.metrics import mase, naive_scale, smape

HORIZON = 13

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class M4:
    """Names [S], the training part of each series, and the truth [S, 13]."""

    names: tuple[str, ...]
    history: tuple[Floats, ...]
    truth: Floats

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
        """`column` of a frame with a series name first and 13 rows in order for each, as [S, 13].

        Raises ValueError where a series is missing or a value is not finite: no figure comes from a wrong result.
        """
        groups = {str(name): part[column].to_numpy(float) for name, part in forecast.groupby(forecast.columns[0])}
        values = np.array([groups.get(name, np.zeros(0)) for name in self.names])
        if values.shape != self.truth.shape or not np.isfinite(values).all():
            raise ValueError(f"the column {column} of the forecast is not complete and finite")
        return values

    def score(self, point: Floats) -> tuple[float, float]:
        """sMAPE in per cent and MASE (season 1, the competition's for weekly data) of [S, 13], means over series."""
        scale = np.array([naive_scale(values) for values in self.history])
        return float(smape(self.truth, point).mean()), float(mase(self.truth, point, scale).mean())


def read_m4(folder: Path) -> M4:
    """Read m4-weekly-train.csv and m4-weekly-test.csv in `folder`: a series a row, its name in the first cell."""
    train = pd.read_csv(folder / "m4-weekly-train.csv", index_col=0)
    test = pd.read_csv(folder / "m4-weekly-test.csv", index_col=0).loc[train.index]
    history = tuple(row[~np.isnan(row)] for row in train.to_numpy(float))
    return M4(tuple(map(str, train.index)), history, test.to_numpy(float))
