"""What a page asks of a fitted forecaster."""

from __future__ import annotations

from typing import Any, Protocol

import pandas as pd

from recurra.tasks.forecast.model import ForecastModel


class FittedForecaster(Protocol):
    """A forecaster that has learnt."""

    horizon: int
    model_: ForecastModel

    def learning(self) -> pd.DataFrame:
        """The learning curves."""
        ...

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """What it was told."""
        ...
