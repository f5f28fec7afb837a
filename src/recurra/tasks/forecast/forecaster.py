"""The forecaster: from a table of series to quantiles of what comes next, evaluated against honest baselines."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import nn

from recurra.data import Panel, detect_seasons, understand
from recurra.data.panel.sums import parse_hierarchy, with_sums
from recurra.deploy.model_file import Contents
from recurra.errors import InputError
from recurra.evaluation.forecast.backtest import Backtest, side_by_side
from recurra.inspect import Finding
from recurra.language import _
from recurra.nn.forecast import NetworkOptions
from recurra.nn.own import Loss, OwnParts
from recurra.tasks.forecast.arguments import ColumnArguments, Data, as_table
from recurra.tasks.forecast.continuing import continued
from recurra.tasks.forecast.contract import FileForecaster
from recurra.tasks.forecast.covariates import columns_of, measure, warn_of_unread
from recurra.tasks.forecast.explanation import explanation_frame
from recurra.tasks.forecast.fitting import (
    is_trained,
    kept,
    learnt,
    recalibrated,
    refit_model,
    trainings_of,
    untrained_model,
    without_unused,
)
from recurra.tasks.forecast.frames import backtest_origins, later_origins, panels_of_windows
from recurra.tasks.forecast.fresh import predicted_after
from recurra.tasks.forecast.inspection import findings, flow_frame
from recurra.tasks.forecast.leaks import allowed_leaks, refuse_leaks
from recurra.tasks.forecast.levels import checked_levels
from recurra.tasks.forecast.model import ForecastModel, Recipe, hidden_states
from recurra.tasks.forecast.model_file import from_contents, to_contents
from recurra.tasks.forecast.month_ends import with_month_ends
from recurra.tasks.forecast.predicting import predicted
from recurra.tasks.forecast.rivals import awaited, baselines_of
from recurra.tasks.forecast.settings import check_settings, lengths, refuse_short
from recurra.tasks.forecast.short import LEAST_KNOWN
from recurra.tasks.forecast.study import (
    Compared,
    combination_of,
    compared,
    evaluated,
    evaluated_before,
    joined,
    places_in,
    renumbered,
    together,
)
from recurra.tasks.forecast.watching import promise_of
from recurra.tasks.forecast.what_if import changes_for
from recurra.tasks.parameters import chosen_options, is_whole
from recurra.training import Run, TrainingOptions
from recurra.training.progress import expect
from recurra.training.run import chosen_run

Floats = npt.NDArray[np.floating]


class Forecaster(FileForecaster):
    """A global recurrent forecaster with calibrated quantiles.

    The mean of `members` networks, trained over all series: blocks of steps (a season each) go through an RNN, GRU
    or LSTM, which corrects the naive forecasts of each window in that window's own level and scale, as far as held-out
    forecasts show that it can. Sources: Smyl (2020), Wen et al. (2017), Romano et al. (2019).

    `horizon` counts steps. `season` is a number of steps, several of them, or None to find them; 1 says there is
    none. `block` is the steps per recurrence step, None for the season or, without one, about the horizon. The members
    of the ensemble look back over windows of different lengths.

    `network` and `training` are options, all of them or some by name, such as {"hidden": 32}. A `network` of your own
    is a factory, called with `nn.forecast.Inputs`, of modules that make quantiles [B, H, Q] of a batch of windows
    (`data.panel.windows.WindowBatch`); `loss` a function of such quantiles and the truth [B, H], NaN where unknown,
    both in the window's own scale. `device` is "auto" (a GPU where there is one), "cpu" or "cuda"; `verbose` shows a
    bar (True), nothing (False), or a bar where a person watches (None).

    `method` says what the forecast is made of: "auto" combines the trained network, the pretrained one, the same after
    it went on learning from the series (unless `fine_tune` is False, or they are too short), and the baselines as their
    forecasts from held-out origins justify, overall and for each series; "fast" is the pretrained network alone,
    without any training; "fine-tuned" the fine-tuned one alone; "network" the trained one alone; a baseline's name, as
    "AutoETS", that one.

    `hierarchy` names columns of groups that add up, the widest first, as "region/shop": forecasts are also made of the
    sums (of each region, of all), and reconciled, so that they add up too.

    >>> from recurra import Forecaster
    >>> from recurra.data import read_table
    >>> co2 = read_table("demo:co2").frame
    >>> model = Forecaster(horizon=26, cell="gru", members=1).fit(co2, target="co2")  # doctest: +SKIP
    >>> model.predict(levels=[80, 95])  # doctest: +SKIP
    """

    def __init__(
        self,
        horizon: int,
        *,
        cell: str = "lstm",
        members: int = 2,
        season: int | Sequence[int] | None = None,
        block: int | None = None,
        network: NetworkOptions | Mapping[str, Any] | Callable[..., nn.Module] | None = None,
        training: TrainingOptions | Mapping[str, Any] | None = None,
        loss: Loss | None = None,
        seed: int = 0,
        device: str = "auto",
        verbose: bool | None = None,
        method: str = "auto",
        hierarchy: str | None = None,
        fine_tune: bool = True,
    ) -> None:
        self.horizon = horizon
        self.cell = cell
        self.members = members
        self.season = season
        self.block = block
        self.network = network
        self.training = training
        self.loss = loss
        self.seed = seed
        self.device = device
        self.verbose = verbose
        self.method = method
        self.hierarchy = hierarchy
        self.fine_tune = fine_tune

    def fit(
        self,
        data: Data,
        *,
        run: Run | None = None,
        **columns: Unpack[ColumnArguments],
    ) -> Forecaster:
        """Train on all of `data`: a DataFrame, in which unnamed columns are inferred, a Series, an array or a Panel.

        `reading` is what else `recurra.data.understand` takes: layout, freq, tz, day_first, time_format, ...

        `columns` say what columns are, and how they are read: see `ColumnArguments`. Trained twice: with the last
        origins of every series held out, which ends the training and calibrates the intervals, then (what is part of
        the forecast) for as long on everything. Raises `InputError` for data that cannot be used, and for columns and
        series that tell the future unless `allow_leak` names them; a Panel is taken as it is.
        """
        panel = self._panel(data, columns)
        panel = with_month_ends(panel, panel)
        recipe = self._recipe(panel)
        run = self._run(run, recipe, 2)
        if recipe.method == "network":
            model = learnt(panel, recipe, run=run, name="validation", own=self._own())
        else:
            before = evaluated_before(panel, recipe)
            with baselines_of(panel, before, recipe) as baselines:
                model = learnt(panel, recipe, run=run, name="validation", own=self._own())
                frame = awaited(baselines, run)
            seen = compared(model, panel, before, frame, held_out=True)
            model = replace(model, combination=combination_of(model, panel, seen))
            model = model.with_short(panel, seen.series, seen.origins)
            model = model.with_paths(panel, seen).with_cold(panel, seen)
            if recipe.hierarchy:
                model = model.reconciled(panel, seen)
            self.left_out_ = seen.left_out
        model = without_unused(model)
        if model.trainings and not model.interrupted:
            model = refit_model(model, panel, model.calibration, run=run, name="training", own=self._own())
        self.model_ = model
        self.verdict_, self.gain_ = None, None
        if hasattr(self, "holdout_"):
            del self.holdout_, self.backtest_  # of an earlier study: its learning curves are not those of this model
        warn_of_unread(self.model_, columns)
        return self

    def backtest(
        self,
        data: Data,
        windows: int | None = None,
        *,
        run: Run | None = None,
        **columns: Unpack[ColumnArguments],
    ) -> Backtest:
        """Train a forecaster on what lies before the last `windows` horizons, and evaluate it and the baselines there.

        The fitted state of `self` is left alone. Raises `InputError` where the data is too short.
        """
        panel = self._panel(data, columns)
        return self._backtest(panel, windows, self._run(run, self._recipe(panel), 1))[0]

    def cross_validation(
        self,
        data: Data,
        windows: int | None = None,
        *,
        refit: bool = False,
        run: Run | None = None,
        **columns: Unpack[ColumnArguments],
    ) -> Backtest:
        """`backtest`; with `refit` the forecaster is trained anew before each of the windows, on all that lies before.

        Baselines are fitted anew at every origin either way; those that some window left out are left out of all. The
        fitted state of `self` is left alone. Raises `InputError` where the data is too short to be tested.
        """
        panel = self._panel(data, columns)
        if not refit:
            return self._backtest(panel, windows, self._run(run, self._recipe(panel), 1))[0]
        origins, _known = backtest_origins(panel, int(self.horizon), windows)
        run = self._run(run, self._recipe(panel), max(map(len, origins)))
        parts = panels_of_windows(panel, origins, int(self.horizon))
        return side_by_side([self._backtest(part, 1, run)[0] for part in parts])

    def study(
        self,
        data: Data,
        windows: int | None = None,
        *,
        run: Run | None = None,
        **columns: Unpack[ColumnArguments],
    ) -> Backtest:
        """`backtest`, then the same training once more on everything, its intervals calibrated by the backtest too.

        If the user stops the first training, the networks that were tested are kept as they are.
        """
        panel = self._panel(data, columns)
        run = self._run(run, self._recipe(panel), 2)
        backtest, tested, seen = self._backtest(panel, windows, run)
        panel = replace(panel, schema=replace(panel.schema, month_ends=tested.panel.schema.month_ends))
        keys = backtest.forecasts[["series", "origin"]].drop_duplicates()
        at = keys["series"].map({n: s for s, n in enumerate(panel.series)}).to_numpy(), keys["origin"].to_numpy()
        learnt_there = {name: getattr(tested, name) for name in ("calibration", "members", "tuned", "tuned_worse")}
        last = replace(untrained_model(panel, tested.recipe), **learnt_there)
        combination = combination_of(last, panel, seen)
        tested, model = without_unused(replace(tested, combination=combination)), last
        # errors of the model that was tested, whose networks have learnt nothing of these truths
        adding_up = tested.reconciled(panel, seen).reconciliation if tested.recipe.hierarchy else None
        left_out = seen.left_out
        del seen  # the forecasts of every method
        if tested.trainings:
            calibration = recalibrated(tested, panel, *at)
            if tested.interrupted:
                model = kept(tested, panel, calibration)
            else:
                model = refit_model(tested, panel, calibration, run=run, name="training", own=self._own())
        combination = renumbered(combination, panel.series, model.scaling.series)
        self.model_ = replace(
            model,
            combination=combination,
            promise=promise_of(backtest),
            short=tested.short,
            steps_correlation=tested.steps_correlation,
            cold=tested.cold,
            reconciliation=adding_up,
        )
        self.verdict_ = backtest.verdict.sentence
        self.holdout_, self.backtest_, self.left_out_ = tested, backtest, left_out
        warn_of_unread(self.model_, columns)
        return backtest

    def predict(
        self,
        data: Data | None = None,
        *,
        levels: Sequence[float] = (80, 95),
        what_if: Mapping[str, object] | None = None,
        num_samples: int | None = None,
    ) -> pd.DataFrame:
        """Forecast the `horizon` steps after the data it was fitted on, or after `data`, without training.

        `data` holds newer rows, with or without the older ones, and the coming values of known covariates: rows without
        a target, or without its column. `what_if` changes those after the end, as {"price": "+10%"}, {"price": 12.5}
        or {"promotion": "poster"}: the forecast without the change is then in the column `as_is`, and a UserWarning
        says where a value leaves what training has seen. With `num_samples` there are so many columns `sample_1`, ...,
        paths that are distributed as the quantiles say at every step, and joined as held-out errors were.

        Returns a row per series and step (none for a step that the clock of the zone skips, two for one that it shows
        twice): the columns of series and time as in the data (`unique_id` and `ds` where they have no name), `forecast`
        (the median; the mean of what is mostly zero), and `lo_80`, `hi_80`, ... for central intervals of `levels` per
        cent (beyond 95 by the tails of a normal curve). Raises InputError for a level that is not above 1 and below
        100, such as the share 0.8, and for a change of a column that is not known in advance.
        """
        frame, remarks = self._predicted(data, levels, what_if, num_samples)
        for remark in remarks[bool(what_if) :]:  # the first only says how much of the forecast reads covariates
            warnings.warn(remark, stacklevel=2)
        return frame

    def _predicted(
        self,
        data: Data | None,
        levels: Sequence[float],
        what_if: Mapping[str, object] | None = None,
        num_samples: int | None = None,
    ) -> tuple[pd.DataFrame, list[str]]:
        """What `predict` gives, and what is to be said of a change."""
        model, levels = self._fitted(), checked_levels(levels)
        changes = changes_for(model, what_if) if what_if else []
        run = chosen_run(None, verbose=self.verbose, device="cpu")
        if data is None:
            return predicted(model, model.panel.tail(model.memory), levels, changes, num_samples, run)
        return predicted_after(model, data, levels, changes, num_samples, run)

    def evaluate(self, data: Data) -> Backtest:
        """Evaluate the fitted forecaster on later data, against the baselines, without training.

        Origins stand every `horizon` steps from the end of the data it was fitted on; for a series that it has never
        seen, from the first full window. Raises `InputError` where `data` holds nothing later.
        """
        model = self._fitted()
        panel = continued(model, data)
        ends = dict(zip(model.panel.series, model.panel.start + model.panel.lengths, strict=True))
        horizon = model.recipe.horizon
        origins = later_origins(panel, ends, horizon, max(model.window, LEAST_KNOWN))
        if not any(len(o) for o in origins):
            raise InputError(
                _(
                    "the data holds nothing later than what the model was fitted on (its last row: {value}): "
                    "give rows that come after it",
                    value=model.panel.grid.times(np.array([max(ends.values()) - 1]))[0],
                )
            )
        with baselines_of(panel, origins, model.recipe) as baselines:
            frame = awaited(baselines, chosen_run(None, verbose=self.verbose, device="cpu"))
            return evaluated(model, panel, origins, frame, compared(model, panel, origins, frame, held_out=False))

    def explain(self, data: Data | None = None, *, step: int | None = None, points: int = 64) -> pd.DataFrame:
        """Which steps and which columns moved the trained network's forecasts after `data`.

        They are the part of what `predict(data)` gives that reads covariates; `facts()` says how much of it they are.

        Integrated gradients, `points` of the integral, against a window in which nothing happens: the target stays at
        the window's level, covariates at their means, categories, calendar and series are unknown. Explained is the
        forecast at `step` ahead (1 is the first) or, with None, its mean over the horizon.

        Returns a row per series, time and feature: the columns of series and time as in the data, `feature`, and
        `attribution` in the target's units. Features without a time (static ones, and `(baseline)`, the forecast for
        the window in which nothing happens) have none; all rows of a series add up to its forecast.
        """
        model = self._fitted()
        if step is not None and not (is_whole(step, 1) and step <= model.recipe.horizon):
            raise InputError(
                _(
                    "step is {step!r}: expected a whole number from 1 to the horizon, {horizon}",
                    step=step,
                    horizon=model.recipe.horizon,
                )
            )
        panel = model.panel if data is None else continued(model, data, model.window)
        return explanation_frame(model, panel, step=step, points=points)

    def gradient_flow(self) -> pd.DataFrame:
        """How far back in time the gradient of each network reached while it was trained; of a loaded one, now.

        A row per `member`, training `step`, `layer` and step of the recurrence `back` (a block of time steps):
        `gradient`, `cell` and `carried` as in `recurra.inspect.gradient_flow`.
        """
        return flow_frame(self._fitted())

    def diagnose(self) -> list[Finding]:
        """What is wrong with the networks, in words, with a cure; nothing where nothing is."""
        return findings(self._fitted())

    def save(self, path: str | Path) -> None:
        """Write the model file, one `.safetensors`; `recurra.load` reads it."""
        from recurra import __version__

        self._write(path, to_contents(self._fitted(), made_by=__version__, verdict=self.verdict_))

    @classmethod
    def opened(cls, contents: Contents, path: str, network: Callable[..., nn.Module] | None = None) -> Forecaster:
        """The forecaster that wrote the `contents` of the file at `path`; `network` made its networks."""
        return cls.restored(*from_contents(contents, path, network), own=network)

    @classmethod
    def restored(
        cls, model: ForecastModel, verdict: str | None, *, own: Callable[..., nn.Module] | None = None
    ) -> Forecaster:
        """The forecaster of a model file; `own` made its networks."""
        recipe = model.recipe
        forecaster = cls(
            recipe.horizon,
            cell=recipe.cell,
            members=recipe.members,
            season=recipe.seasons or 1,
            block=recipe.block,
            network=own or recipe.network,
            training=recipe.training,
            seed=recipe.seed,
            method=recipe.method,
            hierarchy="/".join(recipe.hierarchy) or None,
            fine_tune=recipe.fine_tune,
        )
        forecaster.model_, forecaster.verdict_ = model, verdict
        return forecaster

    def score(self, data: Data, y: Any = None) -> float:
        """Minus the mean absolute scaled error (MASE) of the forecasts that `evaluate(data)` evaluates.

        0 is perfect, -1 as good as the naive forecast was in training. `y` is ignored, for scikit-learn's sake.
        """
        backtest = self.evaluate(data)
        return -float(backtest.table["MASE"].to_dict()[backtest.model])

    @property
    def module_(self) -> nn.ModuleList:
        """The fitted networks, one per member of the ensemble."""
        if not hasattr(self, "model_"):
            raise AttributeError("this Forecaster is not fitted, and has no module_ yet: call fit first")
        return nn.ModuleList(member.network for member in self.model_.members)

    def transform(self, data: Data | None = None) -> Floats:
        """What the networks remember at the end of each series, as features [S, H] in the order of the series.

        The last hidden states of the members side by side, after the data it was fitted on or after `data`.
        """
        model = self._fitted()
        return hidden_states(model, model.panel if data is None else continued(model, data, model.window))

    def _own(self) -> OwnParts:
        return OwnParts(self.network if callable(self.network) else None, self.loss)

    def _run(self, run: Run | None, recipe: Recipe, times: int) -> Run:
        """The run (checkpoints, progress, device) in which the networks are trained so many times."""
        run = chosen_run(run, verbose=self.verbose, device=self.device)
        expect(run.progress, times * trainings_of(recipe))
        return run

    def _panel(self, data: Data, columns: ColumnArguments) -> Panel:
        check_settings(self)
        if isinstance(data, Panel):
            given = [name for name, value in columns.items() if value is not None]
            if given:
                raise InputError(
                    _(
                        "{given} was given, but the data is a Panel, whose columns have their parts already",
                        given=given[0],
                    )
                )
            self.understood_ = []
            return data
        said = {name: value for name, value in columns.items() if name != "allow_leak"}
        panel, self.understood_ = understand(as_table(data), **self._grouped(said))
        self.understood_ += refuse_leaks(panel, int(self.horizon or 1), allowed_leaks(columns.get("allow_leak")))
        return with_sums(panel) if self.hierarchy is not None else panel

    def _recipe(self, panel: Panel) -> Recipe:
        if self.season is None:
            seasons = detect_seasons(panel)
        else:
            seasons = tuple(int(season) for season in lengths(self.season) if season > 1)
        return Recipe(
            horizon=int(self.horizon),
            cell=self.cell,
            members=int(self.members),
            seasons=seasons,
            block=self.block,
            network=NetworkOptions() if callable(self.network) else chosen_options(self.network, NetworkOptions()),
            training=chosen_options(self.training, TrainingOptions()),
            seed=int(self.seed),
            method=self.method,
            hierarchy=() if self.hierarchy is None else parse_hierarchy(self.hierarchy),
            fine_tune=bool(self.fine_tune),
        )

    def _fitted(self) -> ForecastModel:
        if not hasattr(self, "model_"):
            raise InputError(_("this Forecaster is not fitted: call fit first, or read one with recurra.load"))
        return self.model_

    def _backtest(self, panel: Panel, windows: int | None, run: Run) -> tuple[Backtest, ForecastModel, Compared]:
        """The backtest, the model that it tested, and all forecasts at the origins before the test and in it."""
        if is_trained(self.method) or self.method == "fine-tuned":
            refuse_short(panel, int(self.horizon), windows, lambda: self._recipe(panel).seasons, self.block)
        origins, known = backtest_origins(panel, int(self.horizon), windows)
        panel = with_month_ends(panel, panel.cut(known))
        before = panel.cut(known)
        recipe = self._recipe(before)
        earlier = places_in(evaluated_before(before, recipe), before.series, panel.series)
        with baselines_of(panel, together(earlier, origins), recipe) as baselines:
            model = learnt(before, recipe, run=run, name="backtest", own=self._own())
            frame = awaited(baselines, run)
        seen = compared(model, panel, earlier, frame, held_out=True)
        model = replace(model, combination=combination_of(model, panel, seen))
        if recipe.hierarchy:
            model = model.reconciled(panel, seen)
        tested = compared(model, panel, origins, frame, held_out=False)
        backtest = evaluated(model, panel, origins, frame, tested)
        del frame  # large, and in what was compared
        self.gain_ = None
        if model.members and not model.interrupted and not callable(self.network) and columns_of(panel):
            expect(run.progress, 1)
            self.gain_ = measure(model, before, panel, tested.series, tested.origins, run=run)
        model = model.with_short(panel, tested.series, tested.origins)  # whose truths it has not learnt
        return backtest, model.with_paths(panel, tested).with_cold(panel, tested), joined(seen, tested)
