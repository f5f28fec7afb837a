"""The forecaster: from a table of series to quantiles of what comes next, judged against honest baselines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from recurra.data import Fact, Panel, build_panel, detect_seasons, join_panels, understand
from recurra.deploy.model_file import write_model
from recurra.ensemble.members import learning_curves
from recurra.errors import InputError
from recurra.evaluation.forecast.backtest import Backtest, assemble
from recurra.evaluation.forecast.conformal import at_levels
from recurra.evaluation.forecast.metrics import naive_scale
from recurra.evaluation.forecast.origins import choose_calendar_origins, choose_origins
from recurra.evaluation.forecast.worker import BaselineWorker
from recurra.inspect import Finding
from recurra.nn.forecast import NetworkOptions
from recurra.nn.quantiles import MEDIAN, QUANTILES
from recurra.nn.recurrent import RECURRENT
from recurra.options import option
from recurra.tasks.forecast.explanation import explanation_frame
from recurra.tasks.forecast.inspection import findings, flow_frame
from recurra.tasks.forecast.model import ForecastModel, Recipe, fit_model, kept, recalibrated, refit_model
from recurra.tasks.forecast.model_file import to_contents
from recurra.training import Run, TrainingOptions
from recurra.training.progress import default_progress

Data = pd.DataFrame | Panel

_LARGEST_SEED = 2**32 - 1  # torch's generators take 64 bits, and each member and epoch has a seed of its own


class Forecaster(BaseEstimator):
    """A global recurrent forecaster with calibrated quantiles.

    The mean of `members` networks, trained over all series: blocks of steps (a season each) go through an RNN, GRU
    or LSTM, which corrects the naive forecasts of each window in that window's own level and scale, as far as held-out
    forecasts show that it can. Sources: Smyl (2020), Wen et al. (2017), Romano et al. (2019).

    `horizon` counts steps. `season` is a number of steps, several of them, or None to find them; 1 says there is
    none. `block` is the steps per recurrence step, None for the season or, without one, about the horizon. The members
    of the ensemble look back over windows of different lengths.

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
        network: NetworkOptions | None = None,
        training: TrainingOptions | None = None,
        seed: int = 0,
    ) -> None:
        self.horizon = horizon
        self.cell = cell
        self.members = members
        self.season = season
        self.block = block
        self.network = network
        self.training = training
        self.seed = seed

    def fit(
        self,
        data: Data,
        *,
        time: str | Sequence[str] | None = None,
        target: str | None = None,
        series: str | None = None,
        past: Sequence[str] | None = None,
        known: Sequence[str] | None = None,
        static: Sequence[str] | None = None,
        run: Run | None = None,
    ) -> Forecaster:
        """Train on all of `data`: a DataFrame, in which unnamed columns are inferred, or a Panel.

        Trained twice: with the last origins of every series held out, which ends the training and calibrates the
        intervals, then for as long on everything. Raises `InputError` for data that cannot be used.
        """
        panel = self._panel(data, time=time, target=target, series=series, past=past, known=known, static=static)
        run = run or Run(progress=default_progress())
        model = fit_model(panel, self._recipe(panel), run=run, name="validation")
        if not model.interrupted:
            model = refit_model(model, panel, model.calibration, run=run, name="training")
        self.model_ = model
        self.verdict_ = None
        if hasattr(self, "holdout_"):
            del self.holdout_  # of an earlier study: its learning curves are not those of this model
        return self

    def backtest(
        self,
        data: Data,
        windows: int | None = None,
        *,
        time: str | Sequence[str] | None = None,
        target: str | None = None,
        series: str | None = None,
        past: Sequence[str] | None = None,
        known: Sequence[str] | None = None,
        static: Sequence[str] | None = None,
        run: Run | None = None,
    ) -> Backtest:
        """Train a forecaster on what lies before the last `windows` horizons and judge it there, beside the baselines.

        The fitted state of `self` is left alone. Raises `InputError` where the data is too short to be tested.
        """
        panel = self._panel(data, time=time, target=target, series=series, past=past, known=known, static=static)
        return self._backtest(panel, windows, run or Run(progress=default_progress()))[0]

    def study(
        self,
        data: Data,
        windows: int | None = None,
        *,
        time: str | Sequence[str] | None = None,
        target: str | None = None,
        series: str | None = None,
        past: Sequence[str] | None = None,
        known: Sequence[str] | None = None,
        static: Sequence[str] | None = None,
        run: Run | None = None,
    ) -> Backtest:
        """`backtest`, then the same training once more on everything, its intervals calibrated by the backtest too.

        If the user stops the first training, the networks that were tested are kept as they are.
        """
        panel = self._panel(data, time=time, target=target, series=series, past=past, known=known, static=static)
        run = run or Run(progress=default_progress())
        backtest, tested = self._backtest(panel, windows, run)
        keys = backtest.forecasts[["series", "origin"]].drop_duplicates()
        place = {name: s for s, name in enumerate(panel.series)}
        calibration = recalibrated(tested, panel, keys["series"].map(place).to_numpy(), keys["origin"].to_numpy())
        if tested.interrupted:
            self.model_ = kept(tested, panel, calibration)
        else:
            self.model_ = refit_model(tested, panel, calibration, run=run, name="training")
        self.verdict_ = backtest.verdict.sentence
        self.holdout_ = tested
        return backtest

    def predict(self, data: Data | None = None, *, levels: Sequence[float] = (80, 95)) -> pd.DataFrame:
        """Forecast the `horizon` steps after the data it was fitted on, or after `data`, without training.

        `data` holds newer rows, with or without the older ones. Returns a row per series and step: the columns of
        series and time as in the data (`unique_id` and `ds` where they have no name), `forecast` (the median), and
        `lo_80`, `hi_80`, ... for central intervals of `levels` per cent (beyond 95 by the tails of a normal curve).
        """
        model = self._fitted()
        panel = model.panel if data is None else self._continued(data, model.window)
        origins = panel.lengths
        quantiles = model.quantiles(panel, np.arange(len(panel)), origins)
        frame = _frame(panel, np.arange(len(panel)), origins, model.recipe.horizon)
        schema = panel.schema
        names = {"series": schema.series or "unique_id", "time": schema.time[0] if len(schema.time) == 1 else "ds"}
        frame = frame[["series", "time"]].rename(columns=names)
        frame["forecast"] = quantiles[:, :, MEDIAN].ravel()
        return frame.assign(**_bounds(quantiles, levels))

    def evaluate(self, data: Data) -> Backtest:
        """Judge the fitted forecaster on later data, beside the baselines, without training.

        Origins stand every `horizon` steps from the end of the data it was fitted on; for a series that it has never
        seen, from the first full window. Raises `InputError` where `data` holds nothing later.
        """
        model = self._fitted()
        panel = self._continued(data)
        ends = dict(zip(model.panel.series, model.panel.start + model.panel.lengths, strict=True))
        horizon = model.recipe.horizon
        origins = []
        for s, name in enumerate(panel.series):
            first = int(ends.get(name, panel.start[s] + model.window) - panel.start[s])
            origins.append(np.arange(max(first, 1), panel.lengths[s], horizon))
        if not any(len(o) for o in origins):
            raise InputError(
                f"the data holds nothing later than what the model was fitted on (its last row: {self._last_time()}): "
                "give rows that come after it"
            )
        with _baselines(panel, origins, horizon, model.recipe.season) as baselines:
            return self._judge(model, panel, origins, baselines)

    def explain(self, data: Data | None = None, *, step: int | None = None, points: int = 64) -> pd.DataFrame:
        """Which steps and which columns moved the forecasts that `predict(data)` makes.

        Integrated gradients, `points` of the integral, against a window in which nothing happens: the target stays at
        the window's level, covariates at their means, categories, calendar and series are unknown. Explained is the
        forecast at `step` ahead (1 is the first) or, with None, its mean over the horizon.

        Returns a row per series, time and feature: the columns of series and time as in the data, `feature`, and
        `attribution` in the target's units. Features without a time (static ones, and `(baseline)`, the forecast for
        the window in which nothing happens) have none; all rows of a series add up to its forecast.
        """
        model = self._fitted()
        if step is not None and not (_is_whole(step, 1) and step <= model.recipe.horizon):
            raise InputError(f"step is {step!r}: expected a whole number from 1 to the horizon, {model.recipe.horizon}")
        panel = model.panel if data is None else self._continued(data, model.window)
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

        write_model(path, to_contents(self._fitted(), made_by=__version__, verdict=self.verdict_))

    @classmethod
    def restored(cls, model: ForecastModel, verdict: str | None) -> Forecaster:
        """The forecaster of a model file."""
        recipe = model.recipe
        forecaster = cls(
            recipe.horizon,
            cell=recipe.cell,
            members=recipe.members,
            season=recipe.seasons or 1,
            block=recipe.block,
            network=recipe.network,
            training=recipe.training,
            seed=recipe.seed,
        )
        forecaster.model_, forecaster.verdict_ = model, verdict
        return forecaster

    def facts(self) -> list[Fact]:
        """What the fitted forecaster decided by itself, and how to decide otherwise."""
        model = self._fitted()
        seasons = ", ".join(f"{season}" for season in model.recipe.seasons) or "none found"
        shapes = [member.shape for member in model.members]
        blocks = ", ".join(str(block) for block in dict.fromkeys(shape.block for shape in shapes))
        windows = ", ".join(str(window) for window in dict.fromkeys(shape.window for shape in shapes))
        trust = f"{model.calibration.trust:.0%} of the network's correction of the naive forecast"
        return [
            Fact("seasons", f"{seasons} (in steps)" if model.recipe.seasons else seasons, option("season")),
            Fact("block", f"{blocks} steps are one step of the recurrence", option("block")),
            Fact("windows", f"{windows} steps before each forecast", option("members")),
            Fact("magnitudes", "logarithms" if model.scaling.log else "as they are", ""),
            Fact(
                "network", f"{len(shapes)} x {model.recipe.cell}, {model.recipe.network.hidden} units", option("cell")
            ),
            Fact("trust", trust, ""),
        ]

    def learning(self) -> pd.DataFrame:
        """The learning curves of the last training: a row per network and validation."""
        tested = getattr(self, "holdout_", None)
        return learning_curves(
            {"backtest": () if tested is None else tested.members, "training": self._fitted().members}
        )

    def _panel(self, data: Data, **roles: Any) -> Panel:
        self._check()
        if isinstance(data, Panel):
            given = [name for name, value in roles.items() if value is not None]
            if given:
                raise InputError(
                    f"{given[0]} was given, but the data is a Panel, whose columns have their parts already"
                )
            return data
        _check_table(data)
        roles["time"] = () if roles.get("time") is None else roles["time"]
        return understand(data, **roles)[0]

    def _check(self) -> None:
        for name, least in (("horizon", 1), ("members", 1), ("seed", 0)):
            value = getattr(self, name)
            if not _is_whole(value, least):
                raise InputError(f"{name} is {value!r}: expected a whole number of at least {least}")
        if self.seed > _LARGEST_SEED:
            raise InputError(f"seed is {self.seed}: expected a whole number of at most {_LARGEST_SEED}")
        if self.cell not in RECURRENT:
            raise InputError(f"cell is {self.cell!r}: expected one of {', '.join(RECURRENT)}")
        if self.block is not None and not _is_whole(self.block, 1):
            raise InputError(f"block is {self.block!r}: expected a whole number of at least 1, or None")
        if self.season is not None and not all(_is_whole(season, 1) for season in _several(self.season)):
            raise InputError(
                f"season is {self.season!r}: expected a whole number of steps of at least 1, several of them, or None"
            )

    def _recipe(self, panel: Panel) -> Recipe:
        if self.season is None:
            seasons = detect_seasons(panel)
        else:
            seasons = tuple(int(season) for season in _several(self.season) if season > 1)
        return Recipe(
            horizon=int(self.horizon),
            cell=self.cell,
            members=int(self.members),
            seasons=seasons,
            block=self.block,
            network=self.network or NetworkOptions(),
            training=self.training or TrainingOptions(),
            seed=int(self.seed),
        )

    def _fitted(self) -> ForecastModel:
        if not hasattr(self, "model_"):
            raise InputError("this Forecaster is not fitted: call fit first, or read one with recurra.load")
        return self.model_

    def _backtest(self, panel: Panel, windows: int | None, run: Run) -> tuple[Backtest, ForecastModel]:
        origins, known = _origins(panel, int(self.horizon), windows)
        before = panel.cut(known)
        recipe = self._recipe(before)
        with _baselines(panel, origins, recipe.horizon, recipe.season) as baselines:
            model = fit_model(before, recipe, run=run, name="backtest")
            return self._judge(model, panel, origins, baselines), model

    def _judge(
        self, model: ForecastModel, panel: Panel, origins: list[np.ndarray], baselines: BaselineWorker
    ) -> Backtest:
        series = np.repeat(np.arange(len(panel)), [len(o) for o in origins])
        ends = np.concatenate(origins)
        quantiles = model.quantiles(panel, series, ends)
        ours = _frame(panel, series, ends, model.recipe.horizon)
        ours["y"] = _truth(panel, series, ends, model.recipe.horizon)
        ours["forecast"] = quantiles[:, :, MEDIAN].ravel()
        columns = {f"q{level:g}": quantiles[:, :, k].ravel() for k, level in enumerate(QUANTILES)}
        errors = dict(zip(model.panel.series, model.naive_error, strict=True))
        scale = [
            errors[name]
            if name in errors
            else naive_scale(panel.values(s)[: o[0] if len(o) else 0], model.recipe.season)
            for s, (name, o) in enumerate(zip(panel.series, origins, strict=True))
        ]
        return assemble(ours.assign(**columns), baselines.result(), series=panel.series, scale=scale)

    def _continued(self, data: Data, rows: int | None = None) -> Panel:
        """`data` read as the data of the training was, behind what the model remembers of that.

        Only the last `rows` of it are needed (None: all); without times the beginning is, to see where it belongs.
        """
        model = self._fitted()
        if not isinstance(data, Panel):
            _check_table(data)
            data = build_panel(data, model.panel.schema)[0]
        if rows is not None and data.grid.freq is not None and (data.lengths > 0).all():
            data = data.tail(rows)
        return join_panels(model.panel, data)

    def _last_time(self) -> object:
        panel = self._fitted().panel
        return panel.grid.times(np.array([(panel.start + panel.lengths).max() - 1]))[0]


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) >= least


def _several(value: int | Sequence[int]) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, Iterable) else (value,)


def _check_table(data: object) -> None:
    if not isinstance(data, pd.DataFrame):
        raise InputError(f"data is a {type(data).__name__}: expected a pandas DataFrame or a recurra Panel")


def _baselines(panel: Panel, origins: list[np.ndarray], horizon: int, season: int) -> BaselineWorker:
    return BaselineWorker([panel.values(s) for s in range(len(panel))], origins, horizon, season, QUANTILES)


def _origins(panel: Panel, horizon: int, windows: int | None) -> tuple[list[np.ndarray], np.ndarray]:
    """The origins of each series, and how many rows of each [S] to train on.

    Where there are times, all series are tested at the same moments and nothing after the first of them is trained
    on, in any series; where there are none, each is cut at its own first origin.
    """
    if panel.grid.freq is None:
        origins = choose_origins(panel.lengths, horizon, windows)
        return origins, np.array([o[0] if len(o) else n for o, n in zip(origins, panel.lengths, strict=True)])
    origins, first = choose_calendar_origins(panel.start, panel.lengths, horizon, windows)
    return origins, np.clip(first - panel.start, 0, panel.lengths)


def _frame(panel: Panel, series: np.ndarray, origins: np.ndarray, horizon: int) -> pd.DataFrame:
    """A row per (series, origin) and step, with series, origin, step and time."""
    steps = np.tile(np.arange(1, horizon + 1), len(series))
    rows = np.repeat(series, horizon)
    at = np.repeat(origins, horizon)
    names = np.array(panel.series, dtype=object)
    times = panel.grid.times(panel.start[rows] + at + steps - 1)
    return pd.DataFrame({"series": names[rows], "origin": at, "time": times, "step": steps})


def _truth(panel: Panel, series: np.ndarray, origins: np.ndarray, horizon: int) -> np.ndarray:
    rows = origins[:, None] + np.arange(horizon)
    known = rows < panel.lengths[series][:, None]
    at = np.minimum(panel.offsets[series][:, None] + rows, len(panel.target) - 1)
    return np.where(known, panel.target[at].astype(np.float64), np.nan).ravel()


def _bounds(quantiles: np.ndarray, levels: Sequence[float]) -> dict[str, np.ndarray]:
    if not isinstance(levels, Iterable) or isinstance(levels, str):
        raise InputError(f"levels is {levels!r}: expected a list of per cents, such as [80]")
    bounds = {}
    for level in levels:
        if not isinstance(level, Real) or not 0 < level < 100:
            raise InputError(f"levels holds {level!r}: expected per cents between 0 and 100, such as 80")
        ends = at_levels(quantiles, QUANTILES, [(100 - level) / 200, (100 + level) / 200])
        bounds[f"lo_{level:g}"], bounds[f"hi_{level:g}"] = ends[:, :, 0].ravel(), ends[:, :, 1].ravel()
    return bounds
