"""A trained forecaster: networks, statistics and intervals, ready to forecast from any origin of any panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from recurra.checking import require, require_floats, require_sizes
from recurra.data.panel.panel import Ints, Panel
from recurra.data.panel.scaling import Scaling, inverse
from recurra.data.panel.windows import WindowReader, WindowShape, batches, naive_count
from recurra.ensemble.members import Member
from recurra.errors import InputError
from recurra.evaluation.forecast.columns import NETWORK, PRETRAINED, TUNED
from recurra.evaluation.forecast.combination import Combination
from recurra.evaluation.forecast.conformal import stretched
from recurra.evaluation.forecast.events import rows_of_effects
from recurra.evaluation.forecast.intermittent import are_intermittent
from recurra.evaluation.forecast.metrics import level_weights
from recurra.evaluation.shared.watching import Promise
from recurra.language import _
from recurra.nn.cell_layer import options_of
from recurra.nn.forecast import ForecastNetwork, NetworkOptions
from recurra.nn.own import OwnNetwork, OwnParts
from recurra.nn.pretrained.network import Pretrained
from recurra.nn.quantiles import MEDIAN, QUANTILES
from recurra.options import option
from recurra.tasks.forecast.calibration import Calibration, HeldOutForecasts
from recurra.tasks.forecast.cold import LEAST_SERIES, ColdStart, fit_cold
from recurra.tasks.forecast.combining import check_method, member_quantiles, pretrained_quantiles, rows_read
from recurra.tasks.forecast.fine_tuning import TunedMember
from recurra.tasks.forecast.frames import truth_after
from recurra.tasks.forecast.paths import correlation_of
from recurra.tasks.forecast.plan import steps_of
from recurra.tasks.forecast.reconciling import Reconciliation, fit_reconciliation
from recurra.tasks.forecast.short import FEW, ShortSeries, fit_short, plain_short
from recurra.training import TrainingOptions
from recurra.training.threads import fitting_threads

_BATCH = 1024
_TAIL = 256  # rows that are kept at least: the baselines of a later evaluation are fitted on them
_OURS = OwnParts()

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Recipe:
    """All that a user can set about the learning of a forecaster."""

    horizon: int
    cell: str
    members: int
    seasons: tuple[int, ...]
    block: int | None
    network: NetworkOptions
    training: TrainingOptions
    seed: int
    method: str = "auto"
    hierarchy: tuple[str, ...] = ()  # columns of groups that add up, the widest first
    fine_tune: bool = True

    def check(self) -> None:
        """Refuse sizes that no forecaster has, and a cell that is not known."""
        require_sizes(self, "horizon", "members")
        require_sizes(self, "seed", least=0, most=(1 << 32) - 1)
        require(all(season > 1 for season in self.seasons), f"seasons of {self.seasons} steps")
        require(self.block is None or self.block >= 1, f"a block of {self.block} steps")
        options_of(self.cell)
        check_method(self.method)

    @property
    def season(self) -> int:
        """The season of the baselines and of scaled errors; 1 where there is none."""
        return self.seasons[0] if self.seasons else 1


class Known(Protocol):
    """Pairs of `series` and `origins` [n], and what some of the combined forecasts say there."""

    @property
    def series(self) -> Ints: ...
    @property
    def origins(self) -> Ints: ...
    @property
    def members(self) -> Mapping[str, Floats]: ...


@dataclass(frozen=True, eq=False)
class WindowMember(Member[ForecastNetwork | OwnNetwork]):
    """A member of the ensemble, and the window that it reads."""

    shape: WindowShape = field(kw_only=True)


@dataclass(frozen=True, eq=False)
class ForecastModel:
    """What was learnt. `naive_error` [S] is the in-sample naive error of each series, the unit of scaled errors.

    Without `members` no network was trained. `combination` says what the forecast is made of; None: of the trained
    network alone. `short` says how wide intervals of series of a few rows are, where the longer ones could tell.
    """

    recipe: Recipe
    scaling: Scaling
    panel: Panel  # what it was trained on, or only its tail after loading
    members: tuple[WindowMember, ...]
    calibration: Calibration
    naive_error: Floats
    combination: Combination | None = None
    promise: Promise | None = None  # of the backtest, which later data are held to
    short: ShortSeries | None = None
    reconciliation: Reconciliation | None = None
    steps_correlation: Floats | None = None  # [H, H] of held-out errors, for sample paths
    cold: ColdStart | None = None  # how a series without any history is forecast
    tuned: TunedMember | None = None  # the pretrained network, fine-tuned on these series
    tuned_worse: float | None = None  # the share by which that raised the held-out loss, where it was left out for it
    pretrained: Pretrained | None = None  # in place of that of the package; not in model files

    def check(self) -> None:
        """Refuse parts out of a file that do not belong together."""
        panel, schema = self.panel, self.panel.schema
        require(len(self.members) <= self.recipe.members, f"{len(self.members)} networks of {self.recipe.members}")
        require(self.window <= int(panel.lengths.max()), "the windows are longer than every stored series")
        for part in ("past", "known", "static"):
            columns, width = getattr(schema, part), getattr(self.scaling, f"{part}_mean").shape
            require(width == (len(columns),), f"statistics of {width} {part} columns, which are {columns}")
        for member in self.members:
            require(member.shape.horizon == self.recipe.horizon, "the horizons differ")
            fits = self.scaling.season <= member.shape.window
            require(fits, "the season of the scaling is longer than a window")
        if self.members:
            deepest = max((member.shape for member in self.members), key=lambda shape: shape.window)
            known = self.calibration.naive < naive_count(deepest.seasons)
            require(known, "the calibration's naive forecast is unknown")
        self._check_combination()
        if self.cold is not None:
            columns = len(schema.static) + len(schema.static_categorical)
            require(self.cold.weights.shape == (columns,), f"weights of {self.cold.weights.shape} static columns")
        if self.steps_correlation is not None:
            require_floats("steps_correlation", self.steps_correlation, (self.recipe.horizon,) * 2)
        errors = self.naive_error
        require(errors.shape == (len(panel),) and errors.dtype.kind == "f", "naive_error is no such array")

    def _check_combination(self) -> None:
        if self.combination is None:
            require(bool(self.members), "there is neither a network nor anything else to forecast with")
            return
        fits = len(self.combination.weights) == len(self.scaling.series) + 1
        require(fits, "the combination is of other series")
        has = NETWORK not in self.combination.used or bool(self.members)
        require(has, "the network that is combined is not there")
        has = TUNED not in self.combination.used or self.tuned is not None
        require(has, "the fine-tuned network that is combined is not there")

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped the training."""
        return any(member.interrupted for member in self.trainings)

    @property
    def trainings(self) -> tuple[WindowMember | TunedMember, ...]:
        """All networks that learnt from these series."""
        return self.members if self.tuned is None else (*self.members, self.tuned)

    @property
    def window(self) -> int:
        """Rows before an origin that the trained network reads."""
        return max((member.shape.window for member in self.members), default=1)

    @property
    def memory(self) -> int:
        """Rows before an origin that a forecast may read, whatever makes it."""
        used = () if self.combination is None else self.combination.used
        steps = steps_of(self.panel, self.recipe.seasons)
        learnt = rows_of_effects(steps) if self.panel.schema.has_events else 0
        return max(self.window, learnt, rows_read(used, steps))

    @property
    def network_counts(self) -> bool:
        """Whether the trained network is part of any forecast."""
        return bool(self.members) and (self.combination is None or NETWORK in self.combination.used)

    @property
    def reads_covariates(self) -> bool:
        """Whether any forecast depends on past, known or static columns: only the trained network's correction does."""
        return self.network_counts and self.calibration.trust > 0

    def trained(self) -> tuple[WindowMember, ...]:
        """The trained networks; raises InputError where there are none."""
        if not self.members:
            raise InputError(
                _(
                    "no network was trained from random weights: method is {method!r}, whose forecasts need none; "
                    "use {method_option} or {method_option2} to look into one",
                    method=self.recipe.method,
                    method_option=option("method", "auto"),
                    method_option2=option("method", "network"),
                )
            )
        return self.members

    def quantiles(self, panel: Panel, series: Ints, origins: Ints, known: Mapping[str, Floats] | None = None) -> Floats:
        """Quantiles [n, H, Q] in the target's units from `origins` [n] of `series` [n] (numbers in `panel`).

        `known` are quantiles that some of the combined forecasts are known to have there.
        """
        if self.combination is None:
            return self._widened(self.network_quantiles(panel, series, origins), panel, series, origins)
        steps, horizon = steps_of(self.panel, self.recipe.seasons), self.recipe.horizon
        parts = member_quantiles(
            self.combination.used,
            panel,
            series,
            origins,
            horizon,
            steps,
            {
                NETWORK: lambda: self.network_quantiles(panel, series, origins),
                TUNED: lambda: self.tuned_quantiles(panel, series, origins),
                PRETRAINED: lambda: pretrained_quantiles(panel, series, origins, horizon, steps, self.pretrained),
            },
            known,
        )
        numbers = self.scaling.number(panel.series)[series]
        found = self.combination.apply(parts, numbers)
        lost = np.isnan(found).any(axis=(1, 2))
        if lost.any() and self.members:  # nothing but the network speaks of a series without a value
            found[lost] = self.network_quantiles(panel, series[lost], origins[lost])
        wide = stretched(found, self.combination.stretch)
        sparse = self.sparse[numbers][:, None, None]
        found = self._widened(np.where(sparse, found, wide), panel, series, origins)
        return never_below(found, panel, series, origins)

    def _widened(self, quantiles: Floats, panel: Panel, series: Ints, origins: Ints) -> Floats:
        """The quantiles, those of series of a few rows as wide as they must be."""
        if not (origins <= FEW).any() or self.widths is None:
            return quantiles
        sparse = self.sparse[self.scaling.number(panel.series)[series]]
        return self.widths.apply(quantiles, panel, series, origins, but=sparse)

    @cached_property
    def widths(self) -> ShortSeries | None:
        """How wide intervals of a few rows are: as the longer series say, or as the rows do that the model remembers.

        None where those are too few, too.
        """
        return self.short or plain_short(self.remembered, self.recipe.horizon)

    @property
    def remembered(self) -> Panel:
        """The last rows of every series, as many as a model file keeps."""
        return self.panel.tail(max(self.memory, _TAIL))

    def with_short(self, panel: Panel, series: Ints, origins: Ints) -> ForecastModel:
        """The model with the intervals of short series, by what it says at pairs [n] whose truths it has not learnt."""
        dense = ~self.sparse[self.scaling.number(panel.series)[series]]
        found = fit_short(
            panel,
            series[dense],
            origins[dense],
            self.recipe.horizon,
            lambda part, numbers, ends: self.quantiles(part, numbers, ends)[..., MEDIAN],
        )
        return replace(self, short=found)

    def forecast(
        self, panel: Panel, series: Ints, origins: Ints, known: Mapping[str, Floats] | None = None
    ) -> tuple[Floats, Floats]:
        """Forecasts [n, H] and quantiles [n, H, Q] as `quantiles` has them.

        The forecast is the median. Of a series that is mostly zero it is the mean, since totals matter there and the
        median is nothing; its quantiles are whole numbers where all its values are.
        """
        points, quantiles = self._alone(panel, series, origins, known)
        if self.reconciliation is None:
            return points, quantiles
        return self.reconciliation.apply(points, quantiles, panel, series, origins)

    def with_paths(self, panel: Panel, seen: Known) -> ForecastModel:
        """The model with how its errors go together from step to step, at pairs whose truths it has not learnt."""
        found = self.quantiles(panel, seen.series, seen.origins, seen.members)
        truth = truth_after(panel, seen.series, seen.origins, self.recipe.horizon).reshape(found.shape[:2])
        return replace(self, steps_correlation=correlation_of(found, truth))

    def with_cold(self, panel: Panel, seen: Known) -> ForecastModel:
        """The model with how series without any history are forecast, by what it says at pairs as in `with_paths`."""
        if len(panel) < LEAST_SERIES or self.recipe.hierarchy:
            return self
        found = self.quantiles(panel, seen.series, seen.origins, seen.members)
        return replace(self, cold=fit_cold(panel, seen.series, seen.origins, found))

    def reconciled(self, panel: Panel, seen: Known) -> ForecastModel:
        """The model whose forecasts add up, by what it says at pairs whose truths it has not learnt."""
        points, _quantiles = self._alone(panel, seen.series, seen.origins, seen.members)
        truth = truth_after(panel, seen.series, seen.origins, self.recipe.horizon).reshape(points.shape)
        found = fit_reconciliation(panel, len(self.recipe.hierarchy), seen.series, seen.origins, points, truth)
        return replace(self, reconciliation=found)

    def _alone(
        self, panel: Panel, series: Ints, origins: Ints, known: Mapping[str, Floats] | None
    ) -> tuple[Floats, Floats]:
        """Forecasts and quantiles of each series by itself."""
        quantiles = self.quantiles(panel, series, origins, known)
        points = quantiles[..., MEDIAN].copy()
        sparse = self.sparse[self.scaling.number(panel.series)[series]]
        if not sparse.any():
            return points, quantiles
        points[sparse] = quantiles[sparse] @ level_weights(QUANTILES)
        for s in np.unique(series[sparse]):
            values = panel.values(int(s))
            if (values[~np.isnan(values)] % 1 == 0).all():
                mine = sparse & (series == s)
                quantiles[mine] = np.round(quantiles[mine])
        return points, quantiles

    @cached_property
    def sparse(self) -> npt.NDArray[np.bool_]:
        """Which series, and whether one never seen [S + 1], are forecast as mostly zero."""
        count = len(self.scaling.series) + 1
        if self.combination is None:
            return np.zeros(count, dtype=bool)
        if self.combination.sparse is not None:
            return self.combination.sparse
        # of a file that does not say: views, so that a large panel is not copied
        return np.full(count, are_intermittent([self.panel.values(s) for s in range(len(self.panel))]))

    def network_quantiles(self, panel: Panel, series: Ints, origins: Ints) -> Floats:
        """The same of the trained network alone."""
        self.trained()
        recoded = panel.recoded(self.panel.schema.categories)
        held = ensemble_forecasts(self.members, self.scaling, recoded, series, origins)
        logs = self.scaling.in_logarithms[self.scaling.number(panel.series)[series]]
        return inverse(self.calibration.apply(held.quantiles, held.naive), logs)

    def tuned_quantiles(self, panel: Panel, series: Ints, origins: Ints) -> Floats:
        """The same of the fine-tuned network alone, NaN where the rows it would read hold no value."""
        if self.tuned is None:
            raise InputError(_("no network was fine-tuned on these series"))
        steps = steps_of(self.panel, self.recipe.seasons)
        return pretrained_quantiles(panel, series, origins, self.recipe.horizon, steps, self.tuned.network)


def never_below(quantiles: Floats, panel: Panel, series: Ints, origins: Ints) -> Floats:
    """The quantiles [n, H, Q], none of them negative where no known value of the series is."""
    lowest = np.full(len(series), -np.inf)
    for s in np.unique(series):
        values = np.asarray(panel.values(int(s)), dtype=np.float64)
        running = np.minimum.accumulate(np.where(np.isnan(values), np.inf, values))
        mine = series == s
        ends = np.asarray(origins)[mine]
        lowest[mine] = np.where(ends > 0, running[np.maximum(ends, 1) - 1], -np.inf)
    floor = np.where(lowest >= 0, 0.0, -np.inf)[:, None, None]
    return np.maximum(quantiles, floor)


def hidden_states(model: ForecastModel, panel: Panel) -> Floats:
    """What the networks remember at the end of each series [S, H], the members side by side."""
    model.trained()
    panel = panel.recoded(model.panel.schema.categories)
    series, origins = torch.arange(len(panel)), torch.from_numpy(np.asarray(panel.lengths, dtype=np.int64))
    found = []
    for member in model.members:
        reader = WindowReader(panel, member.shape, model.scaling)
        with torch.no_grad(), fitting_threads(member.network):
            windows = (reader.read(*pair, truth=False) for pair in batches(series, origins, _BATCH))
            parts = [member.network.hidden(window) for window in windows]
        found.append(torch.cat(parts).double().numpy())
    return np.concatenate(found, axis=1)


def ensemble_forecasts(
    members: list[WindowMember] | tuple[WindowMember, ...], scaling: Scaling, panel: Panel, series: Ints, origins: Ints
) -> HeldOutForecasts:
    """The ensemble's forecasts: quantile by quantile the mean over its members, in u, beside the naive forecasts."""
    pairs = torch.tensor(series, dtype=torch.int64), torch.tensor(origins, dtype=torch.int64)
    naive_from = max(range(len(members)), key=lambda k: members[k].shape.window)
    horizon = members[0].shape.horizon
    quantiles = np.zeros((len(series), horizon, len(QUANTILES)))
    naive, truth, typical = [], [], []
    for k, member in enumerate(members):
        reader = WindowReader(panel, member.shape, scaling)
        done = 0
        for pair in batches(*pairs, _BATCH):
            batch = reader.read(*pair, truth=k == naive_from)
            with torch.no_grad(), fitting_threads(member.network):
                quantiles[done : done + len(batch)] += batch.restored(member.network(batch)[0]).numpy() / len(members)
            done += len(batch)
            if k == naive_from:
                naive.append(batch.restored(batch.naive).numpy())
                truth.append(batch.restored(batch.truth).numpy())
                typical.append((batch.scale / batch.importance).numpy())
    if not len(series):
        return HeldOutForecasts(quantiles, np.zeros((0, horizon, 1)), np.zeros((0, horizon)), np.ones((0, 1)), 1.0)
    overlap = max(1.0, horizon * len(series) / _rows_covered(series, origins, horizon))
    return HeldOutForecasts(quantiles, np.concatenate(naive), np.concatenate(truth), np.concatenate(typical), overlap)


def _rows_covered(series: Ints, origins: Ints, horizon: int) -> int:
    """Rows from the first truth of each series to its last."""
    first, last = np.full(int(np.max(series)) + 1, np.iinfo(np.int64).max), np.full(int(np.max(series)) + 1, -1)
    np.minimum.at(first, series, origins)
    np.maximum.at(last, series, origins)
    present = last >= 0
    return int((last[present] - first[present] + horizon).sum())
