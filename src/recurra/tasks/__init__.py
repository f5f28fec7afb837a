"""One file per estimator."""

from recurra.tasks.forecaster import Forecaster
from recurra.tasks.loading import load

__all__ = ["Forecaster", "load"]
