"""A backtest as one long frame, and all that is computed from it: tables, errors by step and series, coverage, verdict.

Only rows count where the truth is known and every method has a forecast, so that all are measured on the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.errors import InputError
from recurra.evaluation.forecast import metrics
from recurra.evaluation.forecast.columns import BASELINES, NETWORKS, quantile_column
from recurra.evaluation.forecast.intermittent import which_intermittent
from recurra.evaluation.forecast.series_verdicts import with_verdicts
from recurra.evaluation.forecast.verdict import Verdict, decide
from recurra.evaluation.shared.means import mean_of_known
from recurra.evaluation.shared.showing import Shown, named_parts
from recurra.evaluation.shared.significance import over_windows
from recurra.language import _, listing
from recurra.language import counted as counted_noun
from recurra.options import offered, option

if TYPE_CHECKING:
    from recurra.report import ReportContent

Floats = npt.NDArray[np.floating]

KEYS = ["series", "origin", "step"]
REQUIRED = [*KEYS, "y", "forecast", "scale"]


@dataclass(frozen=True, eq=False, repr=False)
class Backtest(Shown):
    """Forecasts from past origins beside the truth and the baselines.

    `forecasts` has a row per series, origin and step (1..h), with the columns series, origin (rows known), time,
    step, y, forecast (the model's median), its quantiles `q0.1`, ..., for every baseline its median ("Theta") and
    quantiles ("Theta:q0.1"), and `scale`, the series' `metrics.naive_scale` before its first origin. `model` is the
    name of ours in the tables. Raises InputError for a frame without one of these columns or without a baseline.
    """

    forecasts: pd.DataFrame
    model: str = "Recurra"

    def __post_init__(self) -> None:
        missing = [c for c in REQUIRED if c not in self.forecasts.columns]
        if missing:
            raise InputError(
                _(
                    "the backtest frame lacks the columns {missing}; it has {columns}",
                    missing=missing,
                    columns=list(self.forecasts.columns),
                )
            )
        if not self.baselines:
            raise InputError(
                _(
                    "the backtest frame holds no baseline: at least one column of {baselines} is needed",
                    baselines=BASELINES,
                )
            )

    def _shown(self) -> tuple[str, str, pd.DataFrame, str]:
        verdict = self.verdict
        series, windows = counted_noun(verdict.n_series, "series", "series"), counted_noun(verdict.n_origins, "window")
        windows = listing([series, windows])
        rest = {
            "forecasts": "every forecast beside the truth",
            "by_step": "errors by step ahead",
            "by_series": "errors by series",
        }
        return f"Backtest of {windows}", verdict.sentence, self.table, named_parts(rest)

    def content(self, **head: Any) -> ReportContent:
        """What the page and the picture show: scores, the error by step and by series, coverage."""
        from recurra.report import ReportContent

        verdict = self.verdict
        return ReportContent(
            title=head.pop("title", self._shown()[0]),
            panels=("cards", "methods", "by step", "coverage", "by series"),
            data={
                "table": self.table,
                "leading": self.leading,
                "headline": (self.leading, "sMAPE", "coverage 80 %", "coverage 95 %"),
                "baselines": (*self.baselines, *self.networks),
                "ours": self.model,
                "best_baseline": verdict.best_baseline,
                "ours_called": "this forecast",
                "compared_on": "Every method is evaluated on the same windows, after the data it was fitted to.",
                "by_step": self.by_step,
                "coverage": self.coverage,
                "by_series": self.by_series,
            },
            verdict=verdict.sentence,
            better=None if verdict.tie else verdict.better,
            **head,
        )

    @property
    def baselines(self) -> tuple[str, ...]:
        """The baselines in the frame, from the simplest to the most elaborate."""
        return tuple(name for name in BASELINES if name in self.forecasts.columns)

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks in the frame, whose forecasts are part of the model's: shown beside it, no rivals of it."""
        return tuple(name for name in NETWORKS if name in self.forecasts.columns)

    @property
    def levels(self) -> tuple[float, ...]:
        """The probabilities of the model's quantiles, increasing."""
        names = [c for c in self.forecasts.columns if c.startswith("q") and _is_number(c[1:])]
        return tuple(sorted(float(c[1:]) for c in names))

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The rows that count, and two more columns: `code` (number of the series), `window` (0: a series' last)."""
        frame = self.forecasts
        points = frame[["y", "forecast", *self.baselines]].to_numpy(dtype=np.float64)
        later = frame.groupby("series", observed=True)["origin"].rank(method="dense", ascending=False)
        frame = frame.assign(window=later.astype(np.int64) - 1)[np.isfinite(points).all(axis=1)]
        if frame.empty:
            raise InputError(
                _(
                    "no test window holds an observed value of the target: use more windows "
                    "({windows_option}) or more data",
                    windows_option=option("windows"),
                )
            )
        return frame.assign(code=pd.factorize(frame["series"])[0])

    @cached_property
    def table(self) -> pd.DataFrame:
        """Methods by measures, the lowest MASE first; the model is the row named `model`.

        MASE, SPL (the pinball loss over all quantiles, scaled as MASE is) and sMAPE (percent) are means over series, as
        MSSE is (the squared scaled error, where most values are zero and the verdict is by it); MAE, RMSE and CRPS are
        over all rows, in the target's unit; coverage is a share (0 to 1). A measure that needs quantiles which a method
        does not have is NaN.
        """
        rows = self.rows
        y = rows["y"].to_numpy(dtype=np.float64)
        lines = {}
        for name, column in {**self._columns(), **{name: name for name in self.networks}}.items():
            point = rows[column].to_numpy(dtype=np.float64)
            scaled = metrics.absolute_error(y, point) / rows["scale"].to_numpy()
            lines[name] = {
                **({"MSSE": self._over_series(scaled**2)} if self.leading == "MSSE" else {}),
                "MASE": self._over_series(scaled),
                "SPL": self._scaled_pinball(name),
                "sMAPE": self._over_series(metrics.symmetric_error(y, point)),
                "MAE": float(metrics.mae(y, point)),
                "RMSE": float(metrics.rmse(y, point)),
                "CRPS": self._crps(name),
                "coverage 80 %": self._coverage(name, 0.8),
                "coverage 95 %": self._coverage(name, 0.95),
            }
        table = pd.DataFrame.from_dict(lines, orient="index")
        table.index.name = "method"
        return table.sort_values([self.leading, "MAE"], kind="stable")

    @property
    def leading(self) -> str:
        """The measure of the table that the verdict is by."""
        if not self._has_scale():
            return "MAE"
        return "MSSE" if self.mostly_zero else "MASE"

    @cached_property
    def by_step(self) -> pd.DataFrame:
        """MASE by step ahead, in long form: step, method, mase (mean over series)."""
        rows = self.rows
        scaled = pd.DataFrame({"step": rows["step"], "code": rows["code"]})
        for name, column in self._columns().items():
            scaled[name] = (rows["y"] - rows[column]).abs() / rows["scale"]
        means = scaled.groupby(["step", "code"]).mean().groupby(level="step").mean()
        return means.reset_index().melt("step", var_name="method", value_name="mase")

    @cached_property
    def by_series(self) -> pd.DataFrame:
        """A row per series: its MASE by the model (`ours`), the baseline best over all (`best`), and each baseline.

        `improvement` is the share by which ours is lower than best; `p_value` the two-sided Diebold-Mariano p over the
        series' own origins (NaN with fewer than six), not corrected for the number of series; `origins` their number.
        `verdict` says "better", "worse", "undecided" or "too few windows" with a false-discovery rate of 5 % over the
        series (`q_value`).
        """
        best = self.verdict.best_baseline
        losses = {name: self._losses(name) for name in self._columns()}
        means = {name: mean_of_known(matrix) for name, matrix in losses.items()}
        difference = losses[self.model] - losses[best]
        names = self.rows.groupby("code")["series"].first().to_numpy()
        ours, rival = means[self.model], means[best]
        with np.errstate(divide="ignore", invalid="ignore"):
            frame = pd.DataFrame({"series": names, "ours": ours, "best": rival, "improvement": 1.0 - ours / rival})
        frame["p_value"] = [over_windows(row[~np.isnan(row)], self.overlap).p_value for row in difference]
        frame["origins"] = self.rows.groupby("code")["window"].nunique().to_numpy()
        return with_verdicts(frame).assign(**{name: means[name] for name in self.baselines})

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """Nominal and observed coverage (0 to 1) of every central interval that the model's quantiles hold."""
        nominal = [round(1.0 - 2.0 * q, 10) for q in self.levels if q < 0.5 and round(1.0 - q, 10) in self.levels]
        observed = [self._coverage(self.model, share) for share in nominal]
        return pd.DataFrame({"nominal": nominal, "observed": observed}).sort_values("nominal", ignore_index=True)

    @cached_property
    def verdict(self) -> Verdict:
        """The model against the best baseline, in MASE (in MAE where no series has a scale).

        Where most values are zero it is the squared error: the absolute one is least for a forecast of nothing. Where
        only some series are such, the verdict is about the others.

        What it says to use stands beside the option that forecasts with it.
        """
        squared = self.mostly_zero
        counted = np.ones(len(self.sparse_series), dtype=bool) if squared else ~self.sparse_series

        def losses(name: str) -> Floats:
            return np.where(counted[:, None], self._losses(name, squared=squared), np.nan)

        baselines = {name: losses(name) for name in self.baselines}
        metric = "MASE" if self._has_scale() else "MAE"
        if squared:
            metric = "squared error, most values being zero,"
        found = decide(losses(self.model), baselines, overlap=self.overlap, metric=metric)
        sentence = found.sentence
        if found.use and offered("method"):
            end = _(".")
            sentence = _(
                "{sentence} ({option})", sentence=sentence.removesuffix(end), option=option("method", found.use)
            )
            sentence += end
        if not counted.all():
            sentence += " " + _(
                "Not counted: {series}, mostly zero, for which a forecast of zero has the smallest absolute error.",
                series=counted_noun(int((~counted).sum()), "series", "series"),
            )
        return replace(found, sentence=sentence)

    @cached_property
    def overlap(self) -> int:
        """How many of the following windows of a series share rows with a window; 0 where they lie side by side."""
        origins = self.forecasts[["series", "origin"]].drop_duplicates().sort_values(["series", "origin"])
        strides = origins.groupby("series", observed=True)["origin"].diff().dropna()
        horizon = int(self.forecasts["step"].max())
        return 0 if strides.empty else int(np.ceil(horizon / strides.min())) - 1

    def _columns(self) -> dict[str, str]:
        """The column of each method's median."""
        return {self.model: "forecast", **{name: name for name in self.baselines}}

    def _has_scale(self) -> bool:
        return bool(self.rows["scale"].notna().any())

    @cached_property
    def mostly_zero(self) -> bool:
        """Whether more than half of the series are intermittent demand in the test."""
        return 2 * int(self.sparse_series.sum()) > len(self.sparse_series)

    @cached_property
    def sparse_series(self) -> npt.NDArray[np.bool_]:
        """Which series [S] are intermittent demand in the test."""
        return which_intermittent([part.to_numpy(dtype=np.float64) for _s, part in self.rows.groupby("code")["y"]])

    def _losses(self, name: str, *, squared: bool = False) -> Floats:
        """Mean scaled error of each window [S, W], the last column being every series' last window."""
        rows = self.rows
        error = (rows["y"] - rows[self._columns()[name]]).abs()
        if self._has_scale():
            error = error / rows["scale"]
        if squared:
            error = error**2
        means = error.groupby([rows["code"], rows["window"]]).mean()
        code, window = (means.index.get_level_values(k).to_numpy() for k in (0, 1))
        losses = np.full((int(code.max()) + 1, int(window.max()) + 1), np.nan)
        losses[code, losses.shape[1] - 1 - window] = means.to_numpy()
        return losses

    def _over_series(self, values: npt.ArrayLike) -> float:
        means = pd.Series(np.asarray(values, dtype=np.float64)).groupby(self.rows["code"].to_numpy()).mean()
        return float(means.mean())

    def _quantiles(self, name: str, levels: Sequence[float]) -> Floats | None:
        """Quantiles [n, Q] of a method, or None where the frame lacks one of them."""
        columns = [quantile_column(level, "" if name == self.model else name) for level in levels]
        if not levels or any(c not in self.rows.columns for c in columns):
            return None
        return self.rows[columns].to_numpy(dtype=np.float64)

    def _crps(self, name: str) -> float:
        quantiles = self._quantiles(name, self.levels)
        if quantiles is None:
            return float("nan")
        return float(mean_of_known(metrics.crps(self.rows["y"].to_numpy(), quantiles, self.levels)))

    def _scaled_pinball(self, name: str) -> float:
        quantiles = self._quantiles(name, self.levels)
        if quantiles is None:
            return float("nan")
        loss = metrics.crps(self.rows["y"].to_numpy(), quantiles, self.levels)
        return self._over_series(loss / self.rows["scale"].to_numpy())

    def _coverage(self, name: str, share: float) -> float:
        ends = self._quantiles(name, [round((1.0 - share) / 2.0, 10), round((1.0 + share) / 2.0, 10)])
        if ends is None:
            return float("nan")
        return float(metrics.coverage(self.rows["y"].to_numpy(), ends[:, 0], ends[:, 1]))


def side_by_side(found: Sequence[Backtest]) -> Backtest:
    """Several backtests of the same series as one; baselines that one of them left out are left out of all."""
    shared = set.intersection(*(set(each.forecasts.columns) for each in found))
    names = [name for name in found[-1].forecasts.columns if name in shared]
    frame = pd.concat([each.forecasts[names] for each in found], ignore_index=True)
    scale = frame.groupby("series", sort=False)["scale"].transform("first")
    return Backtest(frame.assign(scale=scale), model=found[-1].model)


def assemble(
    ours: pd.DataFrame,
    baselines: pd.DataFrame,
    *,
    series: Sequence[str],
    scale: Sequence[float],
    model: str = "Recurra",
) -> Backtest:
    """Put the model's forecasts beside those of `forecast_baselines`.

    `ours` has the columns series (names), origin, time, step, y, forecast and quantiles; `baselines` numbers the
    series as they stand in `series` [S]; `scale` [S] is each series' `metrics.naive_scale` before its first origin.
    Rows of `ours` without a baseline stay, with NaN.
    """
    named = baselines.assign(series=np.asarray(series, dtype=object)[baselines["series"].to_numpy()])
    scales = dict(zip(series, scale, strict=True))
    frame = ours.assign(series=ours["series"].astype(object))
    frame = frame.merge(named, on=KEYS, how="left", validate="one_to_one")
    return Backtest(frame.assign(scale=frame["series"].map(scales).astype(np.float64)), model=model)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()
