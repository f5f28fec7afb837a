"""What a fitted forecaster decided by itself, and the options that decide otherwise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from recurra.data import Fact
from recurra.ensemble.members import remarks_of, stopped
from recurra.formatting import percent
from recurra.language import _, counted, listing
from recurra.methods import method_name
from recurra.nn.own import OwnNetwork
from recurra.options import option
from recurra.tasks.forecast.calibration import Calibration
from recurra.tasks.forecast.covariates import unread
from recurra.tasks.forecast.fine_tuning import CONTEXT
from recurra.tasks.forecast.model import ForecastModel
from recurra.tasks.forecast.reconciling import Reconciliation
from recurra.tasks.forecast.short import LEAST_KNOWN


def decided(model: ForecastModel, left_out: Mapping[str, str]) -> list[Fact]:
    """The facts of a model; `left_out` are baselines that a budget left out, and why."""
    seasons = listing(f"{season}" for season in model.recipe.seasons)
    found = [
        Fact("seasons", _("{seasons} (in steps)", seasons=seasons) if seasons else _("none found"), option("season")),
        Fact("forecast", _made_of(model), option("method")),
    ]
    if model.panel.schema.month_ends:
        found.insert(1, Fact("month ends", _("first and last days of months stand out, and are told apart")))
    reasons: dict[str, list[str]] = {}
    for name, why in left_out.items():
        reasons.setdefault(why, []).append(name)
    beside = [
        Fact("left out", _("{names}: {why}", names=listing(map(method_name, names)), why=why))
        for why, names in reasons.items()
    ]
    short = int((model.panel.lengths < LEAST_KNOWN).sum())
    if short:
        series = counted(short, "series", "series")
        beside.append(Fact("remark", _widths(model, series)))
    if model.reconciliation is not None:
        found.append(Fact("hierarchy", _adds_up(model.reconciliation), option("hierarchy")))
    if model.tuned is not None:
        rows = _("all its weights, on windows of at most {rows} rows", rows=CONTEXT)
        found.append(Fact("fine-tuned network", rows, option("fine_tune")))
    elif model.tuned_worse is not None:
        worse = _(
            "left out: what it learnt of these series raised the loss of held-out forecasts by {share}",
            share=percent(model.tuned_worse, 0),
        )
        found.append(Fact("fine-tuned network", worse, option("fine_tune")))
    not_read = unread(model)
    if not_read:
        found.append(Fact("not read", not_read, option("ignore")))
    found += stopped(model.trainings, None)
    if not model.members:
        return [*found, *beside]
    shapes = [member.shape for member in model.members]
    blocks = listing(str(block) for block in dict.fromkeys(shape.block for shape in shapes))
    windows = listing(str(window) for window in dict.fromkeys(shape.window for shape in shapes))
    network = f"{len(shapes)} x {_described(model)}"
    if not model.network_counts:
        network = _("{network}; part of no forecast, and so left as it was evaluated", network=network)
    return [
        *found,
        Fact("block", _("{blocks} steps are one step of the recurrence", blocks=blocks), option("block")),
        Fact("windows", _("{windows} steps before each forecast", windows=windows), option("members")),
        Fact("magnitudes", _magnitudes(model), ""),
        Fact("network", network, option("cell")),
        Fact("trust", trust_of(model.calibration), ""),
        *beside,
        *(Fact("remark", remark) for remark in remarks_of(model.trainings)),
    ]


def _made_of(model: ForecastModel) -> str:
    """What the forecast is made of, in words."""
    if model.combination is None:
        return _("the trained network")
    weights = model.combination.overall
    if len(weights) == 1:
        return _("{name} alone", name=method_name(next(iter(weights))))
    parts = listing(f"{percent(weight, 0)} {method_name(name)}" for name, weight in weights.items())
    differ = len(model.combination.weights) > 1 and bool(np.ptp(model.combination.weights, axis=0).any())
    return _("{parts} (overall; by series where that did better)", parts=parts) if differ else parts


def _widths(model: ForecastModel, series: str) -> str:
    """How wide intervals of `series` of a few rows are."""
    known = {"series": series, "rows": LEAST_KNOWN}
    if model.short is not None:
        return _(
            "{series} of fewer than {rows} rows: their intervals are as wide as forecasts from as few rows of the "
            "longer series were wrong",
            **known,
        )
    if model.widths is not None:
        return _(
            "{series} of fewer than {rows} rows: their intervals are as wide as the mean or the last value of as few "
            "rows was wrong, since the longer series are too few to be forecast from as few rows",
            **known,
        )
    return _("{series} of fewer than {rows} rows: too few to tell how wide their intervals must be", **known)


def _adds_up(of: Reconciliation) -> str:
    sums, series = (
        counted(of.summing.shape[0] - of.summing.shape[1], "sum"),
        counted(of.summing.shape[1], "series", "series"),
    )
    if of.forecasts:
        return _(
            "{sums} of {series}, reconciled by minimum trace: the covariance of errors is that of {n} held-out "
            "forecasts",
            sums=sums,
            series=series,
            n=of.forecasts,
        )
    return _(
        "{sums} of {series}, reconciled by their structure: too few held-out forecasts to tell how errors go together",
        sums=sums,
        series=series,
    )


def _magnitudes(model: ForecastModel) -> str:
    logs = model.scaling.in_logarithms[:-1]
    if logs.all():
        return _("logarithms")
    if not logs.any():
        return _("as they are")
    return _("logarithms in {n} of {all} series, the others as they are", n=int(logs.sum()), all=len(logs))


def trust_of(calibration: Calibration) -> str:
    """How much of the network's correction is made, by what that is measured, and why it is not more."""
    known = {"trust": percent(calibration.trust, 0), "n": f"{calibration.forecasts:,}"}
    if not calibration.forecasts:
        return _("{trust} of the network's correction of the naive forecast: no forecast was held out", **known)
    known |= {"gain": percent(max(calibration.gain, 0.0)), "error": percent(calibration.error)}
    if calibration.trust > 0:
        return _(
            "{trust} of the network's correction of the naive forecast, which lowers the error of {n} held-out "
            "forecasts by {gain} (standard error {error})",
            **known,
        )
    if calibration.gain <= 0:
        return _(
            "{trust}: no share of the network's correction lowers the naive error of {n} held-out forecasts", **known
        )
    return _(
        "{trust}: the network's correction lowers the naive error of {n} held-out forecasts by {gain} at best, which "
        "is within its standard error ({error})",
        **known,
    )


def _described(model: ForecastModel) -> str:
    network = model.members[0].network
    own = isinstance(network, OwnNetwork)
    return (
        _("{network}, your own", network=network.name)
        if own
        else _("{cell}, {hidden} units", cell=model.recipe.cell, hidden=model.recipe.network.hidden)
    )
