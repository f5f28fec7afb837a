"""Forecasts of series and of their sums that add up: minimum trace reconciliation by `hierarchicalforecast`.

    y~ = S P y^        var(y~) = S P W P' S'

S sums the series of the lowest level to all nodes, P is the library's for the covariance W of forecast errors, shrunk,
from forecasts that were held out; of the structure alone where there are too few. A quantile keeps its distance from
the median in standard deviations, which become those of the reconciled errors.

Sources: Wickramasuriya, Athanasopoulos, Hyndman (2019), "Optimal forecast reconciliation for hierarchical and grouped
time series through trace minimization"; intervals as its normal ones: Olivares et al. (2022), "HierarchicalForecast".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.checking import require, require_floats
from recurra.data.panel.panel import Ints, Panel
from recurra.data.panel.sums import sum_groups
from recurra.extras import require_package
from recurra.nn.quantiles import QUANTILES

Floats = npt.NDArray[np.floating]

_LEAST = 4  # held-out forecasts of all nodes, for their covariance
_LOW, _HIGH, _BETWEEN = QUANTILES.index(0.1), QUANTILES.index(0.9), 2 * 1.2815515655446004


@dataclass(frozen=True, eq=False)
class Reconciliation:
    """Of the nodes `names` [N], the sums first: `summing` [N, L], `projection` [L, N], `correlation` [N, N] of errors.

    `forecasts` held-out ones told the correlation; 0: the structure of the sums is all that is known.
    """

    names: tuple[str, ...]
    summing: Floats
    projection: Floats
    correlation: Floats
    forecasts: int = 0

    def check(self) -> None:
        """Refuse parts out of a file that do not belong together."""
        n = len(self.names)
        require(self.summing.ndim == 2 and self.summing.shape[0] == n, f"sums of shape {self.summing.shape}")
        leaves = self.summing.shape[1]
        require_floats("summing", self.summing, (n, leaves))
        require_floats("projection", self.projection, (leaves, n))
        require_floats("correlation", self.correlation, (n, n))

    def apply(
        self, points: Floats, quantiles: Floats, panel: Panel, series: Ints, origins: Ints
    ) -> tuple[Floats, Floats]:
        """Points [n, H] and quantiles [n, H, Q], reconciled wherever all nodes are forecast from the same moment."""
        points, quantiles = points.copy(), quantiles.copy()
        for rows in _moments(self.names, panel, series, origins):
            points[rows], quantiles[rows] = self._reconciled(
                points[rows], quantiles[rows], _floors(panel, series[rows])
            )
        return points, quantiles

    def _reconciled(self, points: Floats, quantiles: Floats, floors: Floats) -> tuple[Floats, Floats]:
        leaves = np.maximum(self.projection @ points, floors[-self.summing.shape[1] :, None])  # sums still add up
        found = self.summing @ leaves
        both = self.summing @ self.projection
        sd = np.maximum((quantiles[..., _HIGH] - quantiles[..., _LOW]) / _BETWEEN, 0.0)  # [N, H]
        after = np.empty_like(sd)
        for h in range(sd.shape[1]):
            covariance = sd[:, h, None] * self.correlation * sd[:, h]
            after[:, h] = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", both, covariance, both), 0.0))
        ratio = np.divide(after, sd, out=np.ones_like(sd), where=sd > 0)
        wide = found[..., None] + (quantiles - points[..., None]) * ratio[..., None]
        return found, np.maximum(wide, floors[:, None, None])


def fit_reconciliation(
    panel: Panel, count: int, series: Ints, origins: Ints, points: Floats, truth: Floats
) -> Reconciliation:
    """From held-out forecasts `points` [n, H] of pairs of `series` and `origins` [n] beside their `truth` [n, H].

    Names of series have `count` parts. Raises MissingPackageError without `hierarchicalforecast`.
    """
    require_package("hierarchicalforecast")
    from hierarchicalforecast.methods import MinTrace

    groups = sum_groups(panel.series, count)
    leaves = [s for s, name in enumerate(panel.series) if name not in groups]
    names = (*groups, *(panel.series[s] for s in leaves))
    place = {s: k for k, s in enumerate(leaves)}
    summing = np.zeros((len(names), len(leaves)))
    for row, members in enumerate(groups.values()):
        summing[row, [place[s] for s in members]] = 1.0
    summing[len(groups) :] = np.eye(len(leaves))
    moments = list(_moments(names, panel, series, origins))
    errors = [truth[rows] - points[rows] for rows in moments]
    told = np.concatenate(errors, axis=1) if errors else np.zeros((len(names), 0))
    told = told[:, np.isfinite(told).all(axis=0)]
    enough = len(moments) >= _LEAST and bool((told.std(axis=1) > 0).all())
    if enough:
        fitted = MinTrace("mint_shrink").fit(S=summing, y_hat=told[:, :1], y_insample=told, y_hat_insample=0.0 * told)
        covariance = np.asarray(fitted.W, dtype=np.float64)
        spread = np.sqrt(np.diag(covariance))
        correlation = covariance / np.outer(spread, spread)
    else:
        fitted = MinTrace("wls_struct").fit(S=summing, y_hat=np.zeros((len(names), 1)))
        correlation = np.eye(len(names))
    projection = np.asarray(fitted.P, dtype=np.float64)
    return Reconciliation(
        names, summing, projection, np.asarray(correlation, dtype=np.float64), len(moments) if enough else 0
    )


def _moments(names: tuple[str, ...], panel: Panel, series: Ints, origins: Ints) -> list[Ints]:
    """The rows of pairs [n] that hold all `names`, in their order, at one moment each."""
    place = {name: k for k, name in enumerate(names)}
    number = np.array([place.get(name, -1) for name in panel.series], dtype=np.int64)[series]
    at = panel.start[series] + origins
    found = []
    for moment in np.unique(at):
        rows = np.flatnonzero((at == moment) & (number >= 0))
        if len(rows) == len(names) == len(np.unique(number[rows])):
            found.append(rows[np.argsort(number[rows])])
    return found


def _floors(panel: Panel, series: Ints) -> Floats:
    """0 for series that were never negative [n], minus infinity for the others."""
    lowest = [np.nanmin(panel.values(int(s)), initial=np.inf) for s in series]
    return np.where(np.array(lowest) >= 0, 0.0, -np.inf)
