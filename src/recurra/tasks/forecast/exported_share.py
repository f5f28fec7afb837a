"""What of a forecast leaves Python: the share of its networks, all of it or not, and what is left behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.data.panel.panel import Ints, Panel
from recurra.errors import InputError
from recurra.evaluation.forecast.columns import NETWORK, NETWORKS, PRETRAINED
from recurra.evaluation.forecast.combination import weighted_mean
from recurra.language import _, listing
from recurra.methods import method_name
from recurra.nn.forecast import ForecastNetwork
from recurra.nn.pretrained import zero_shot
from recurra.nn.pretrained.network import Pretrained
from recurra.nn.pretrained.weights import shipped
from recurra.nn.quantiles import QUANTILES
from recurra.options import option
from recurra.tasks.forecast.combining import READ, season_read
from recurra.tasks.forecast.model import ForecastModel
from recurra.tasks.forecast.plan import steps_of
from recurra.tasks.forecast.short import ShortSeries

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Share:
    """The networks `names` [M] and their weights [S + 1, M], as in `Combination`; each row sums to one.

    exact   they are the whole forecast, as `predict` gives it
    said    what is exported, in a few words, for the sidecar
    remark  the same as a sentence for the user, with what is left behind; "" where it is exact
    season  that the pretrained network is told of; None: it detects its own
    short   how wide intervals of a few rows are, where it belongs to the forecast
    tuned   the fine-tuned network, where there is one
    pretrained  that which is not
    """

    names: tuple[str, ...]
    weights: Floats
    exact: bool
    said: str
    remark: str
    season: int | None
    short: ShortSeries | None
    tuned: Pretrained | None
    pretrained: Pretrained | None

    @property
    def trained(self) -> bool:
        """Whether the network that was trained on these series takes part."""
        return NETWORK in self.names

    @property
    def reads_all(self) -> bool:
        """Whether a pretrained network takes part, which reads many rows."""
        return any(name != NETWORK for name in self.names)

    @property
    def by_series(self) -> bool:
        """Whether the weights of one series differ from those of another."""
        return bool((self.weights != self.weights[-1]).any())

    def network(self, name: str) -> Pretrained:
        """The pretrained network, as it came or fine-tuned."""
        if name == PRETRAINED:
            return self.pretrained or shipped()
        assert self.tuned is not None
        return self.tuned

    def quantiles(self, model: ForecastModel, panel: Panel, series: Ints, origins: Ints) -> Floats:
        """Quantiles [n, H, Q] of what is exported, from origins of series."""
        if self.exact:
            return model.quantiles(panel, series, origins)
        parts = [
            model.network_quantiles(panel, series, origins)
            if name == NETWORK
            else self._zero_shot(name, panel, series, origins, model.recipe.horizon)
            for name in self.names
        ]
        return weighted_mean(parts, self.weights[model.scaling.number(panel.series)[series]])

    def _zero_shot(self, name: str, panel: Panel, series: Ints, origins: Ints, horizon: int) -> Floats:
        """Those of a pretrained network, which reads values and nothing else."""
        found = np.full((len(series), horizon, len(QUANTILES)), np.nan)
        rows = [panel.values(int(s))[max(0, int(end) - READ) : end] for s, end in zip(series, origins, strict=True)]
        known = np.array([np.isfinite(values).any() for values in rows])
        if known.any():
            given = [values for values, there in zip(rows, known, strict=True) if there]
            found[known] = zero_shot(given, horizon, season=self.season, network=self.network(name))
        return found


def share_of(model: ForecastModel, *, network_alone: bool = False) -> Share:
    """What of the forecasts of a model can be exported.

    Raises InputError where no network takes part, and for a network of the user's own.
    """
    combination = model.combination
    used = (NETWORK,) if combination is None else combination.used
    names = tuple(name for name in used if name in NETWORKS)
    if network_alone and model.members:
        names = (NETWORK,)
    _refuse(model, names, used)
    if combination is None or names == (NETWORK,):
        weights = np.ones((len(model.scaling.series) + 1, len(names)))
    else:
        weights = combination.weights[:, [combination.names.index(name) for name in names]]
    total = weights.sum(axis=1, keepdims=True)
    overall = weights.mean(axis=0) / max(float(weights.mean(axis=0).sum()), 1e-300)
    weights = np.where(total > 0, weights / np.where(total > 0, total, 1.0), overall)
    missing = _missing(model, names, used)
    exact = not missing
    said, remark = "as predict gives it", ""
    if missing:
        said = f"of {' and '.join(names)} alone"
        remark = _(
            "The files hold the forecast of {names} alone, with intervals of its own. Not in them is what is estimated "
            "again from each history: {missing}. predict and recurra serve give the whole forecast.",
            names=_(" and ").join(_("the {network}", network=method_name(name)) for name in names),
            missing=listing(missing),
        )
    return Share(
        names, weights, exact, said, remark, season_read(steps_of(model.panel, model.recipe.seasons)),
        model.widths if exact else None, None if model.tuned is None else model.tuned.network, model.pretrained,
    )  # fmt: skip


def _missing(model: ForecastModel, names: tuple[str, ...], used: tuple[str, ...]) -> list[str]:
    """What belongs to the forecast and cannot be exported."""
    found = [method_name(name) for name in used if name not in names]
    if model.panel.schema.has_events and set(names) - {NETWORK}:
        found.append(_("the effects of holidays and ends of months"))
    if model.sparse.any():
        found.append(_("the rounded mean of series that are mostly zero, in place of the median"))
    if model.reconciliation is not None:
        found.append(_("the sums of groups"))
    return found


def _refuse(model: ForecastModel, names: tuple[str, ...], used: tuple[str, ...]) -> None:
    if NETWORK in names and any(not isinstance(member.network, ForecastNetwork) for member in model.members):
        raise InputError(_("the network is one of your own, whose operations are not known: it cannot be exported"))
    if names:
        return
    if model.members:
        raise InputError(
            _(
                "no network takes part in the forecast, which is that of {used}: such methods are estimated again from "
                "each history, and cannot be exported. Use {alone} to export the trained network's own forecast, train "
                "with {method}, or serve the model with recurra serve",
                used=listing(used),
                alone=option("network_alone", True),
                method=option("method", "network"),
            )
        )
    raise InputError(
        _(
            "no network takes part in the forecast, which is that of {used}: such methods are estimated again from "
            "each history, and cannot be exported. Train with {method} or {other}, or serve the model with recurra "
            "serve",
            used=listing(used),
            method=option("method", "fast"),
            other=option("method", "network"),
        )
    )
