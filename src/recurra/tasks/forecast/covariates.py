"""What covariates add: the trained network with them and without, on forecasts that neither has learnt from."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from recurra.data import Fact
from recurra.data.panel.panel import Ints, Panel
from recurra.evaluation.shared.means import mean_of_known
from recurra.evaluation.shared.significance import compare
from recurra.formatting import count, p_text, percent
from recurra.language import _, listing
from recurra.nn.quantiles import MEDIAN
from recurra.options import option
from recurra.tasks.forecast.arguments import ColumnArguments
from recurra.tasks.forecast.fitting import fit_model, recalibrated
from recurra.tasks.forecast.frames import truth_after
from recurra.tasks.forecast.model import ForecastModel, Recipe
from recurra.training import Run

Floats = npt.NDArray[np.floating]

SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class Gain:
    """By which share the error is lower with `columns` than without (negative: higher), and the two-sided p of that."""

    columns: tuple[str, ...]
    share: float
    p_value: float
    windows: int


def columns_of(panel: Panel) -> tuple[str, ...]:
    """The covariates of a panel, holidays among them."""
    schema = panel.schema
    by = () if schema.holidays_by is None else (schema.holidays_by,)
    named = (_("holidays ({countries})", countries=listing((*schema.holidays, *by))),)
    return (
        *(named if schema.holidays or by else ()),
        *((_("ends of months"),) if schema.month_ends else ()),
        *schema.past,
        *schema.past_categorical,
        *schema.known,
        *schema.known_categorical,
        *schema.static,
        *schema.static_categorical,
    )


def unread(model: ForecastModel) -> str:
    """What is to be said of columns that no forecast of the model reads, with the remedy; "" where all are read.

    Holidays and ends of months count for every method, static columns wherever they tell a new series its likes.
    """
    schema = model.panel.schema
    columns = (*schema.past, *schema.past_categorical, *schema.known, *schema.known_categorical)
    if model.cold is None:
        columns += (*schema.static, *schema.static_categorical)
    if not columns or model.reads_covariates:
        return ""
    if model.members:
        return _(
            "{columns}: only the trained network reads covariates, and held-out forecasts gave it no weight",
            columns=listing(columns),
        )
    return _(
        "{columns}: only a trained network reads covariates, and {method} trains none; leave that out for a forecast "
        "that reads them",
        columns=listing(columns),
        method=option("method", model.recipe.method),
    )


def warn_of_unread(model: ForecastModel, columns: ColumnArguments) -> None:
    """Warn the caller of the caller where covariates were named and the method reads none."""
    named = any(columns.get(part) for part in ("past", "known", "static"))
    if named and not model.members and (said := unread(model)):
        warnings.warn(said, stacklevel=3)


def without_covariates(panel: Panel) -> Panel:
    """The series alone."""
    schema = replace(
        panel.schema,
        past=(),
        past_categorical=(),
        known=(),
        known_categorical=(),
        static=(),
        static_categorical=(),
        categories={},
        holidays=(),
        holidays_by=None,
        month_ends=False,
    )
    rows, s = len(panel.target), len(panel)
    return replace(
        panel,
        schema=schema,
        past=np.zeros((rows, 0)),
        past_codes=np.zeros((rows, 0), dtype=np.int32),
        known_offsets=panel.offsets,
        known_ends=panel.ends,
        known=np.zeros((rows, 0)),
        known_codes=np.zeros((rows, 0), dtype=np.int32),
        static=np.zeros((s, 0)),
        static_codes=np.zeros((s, 0), dtype=np.int32),
    )


def measure(model: ForecastModel, before: Panel, panel: Panel, series: Ints, origins: Ints, *, run: Run) -> Gain | None:
    """What the covariates of `panel` add to the first network of `model`, from `origins` [n] of `series` [n] on.

    Another one is trained without them on `before`, the part that the model has learnt from. None where no origin has a
    truth, or the user stops it.
    """
    recipe: Recipe = replace(model.recipe, members=1, method="network")
    plain = fit_model(without_covariates(before), recipe, run=run, name="without covariates")
    if plain.interrupted or not len(series):
        return None
    one = replace(model, recipe=recipe, members=model.members[:1], combination=None, short=None)
    nothing = np.zeros(0, dtype=np.int64)
    one = replace(one, calibration=recalibrated(one, before, nothing, nothing))
    both = (one, panel), (plain, without_covariates(panel))
    losses = [_losses(found, part, panel, series, origins) for found, part in both]
    means = [float(mean_of_known(mean_of_known(part))) for part in losses]
    windows = int(np.isfinite(losses[0]).sum())
    if not windows or not np.isfinite(means).all() or means[1] <= 0:
        return None
    test = compare(losses[0] - losses[1], 0)
    return Gain(columns_of(panel), 1.0 - means[0] / means[1], test.p_value, windows)


def said(gain: Gain | None) -> list[Fact]:
    """What is said of it."""
    if gain is None:
        return []
    names = listing(gain.columns)
    known = {
        "size": percent(abs(gain.share)),
        "windows": count(gain.windows, "test window"),
        "p": p_text(gain.p_value) if np.isfinite(gain.p_value) else _("too few for a test"),
    }
    clear = gain.p_value < SIGNIFICANCE
    if gain.share >= 0:
        text = (
            _("with them the trained network's error is {size} lower on {windows} ({p})", **known)
            if clear
            else _(
                "with them the trained network's error is {size} lower on {windows} ({p}): within chance",
                **known,
            )
        )
    else:
        text = (
            _("with them the trained network's error is {size} higher on {windows} ({p}): leave them out", **known)
            if clear
            else _(
                "with them the trained network's error is {size} higher on {windows} ({p}): within chance",
                **known,
            )
        )
    return [Fact("covariates add", f"{names}: {text}", option("ignore"))]


def _losses(model: ForecastModel, part: Panel, panel: Panel, series: Ints, origins: Ints) -> Floats:
    """Mean scaled error of each window [S, W], side by side and every series' last one in the last column."""
    horizon = model.recipe.horizon
    truth = truth_after(panel, series, origins, horizon).reshape(-1, horizon)
    found = model.network_quantiles(part, series, origins)[..., MEDIAN]
    errors = dict(zip(model.panel.series, model.naive_error, strict=True))
    scale = np.array([errors.get(name, np.nan) for name in panel.series])[series]
    loss = mean_of_known(np.abs(truth - found) / scale[:, None])
    numbers, place = np.unique(series, return_inverse=True)
    most = int(np.bincount(place).max())
    losses = np.full((len(numbers), most), np.nan)
    for s in range(len(numbers)):
        rows = np.flatnonzero(place == s)
        losses[s, most - len(rows) :] = loss[rows[np.argsort(origins[rows])]]
    return losses
