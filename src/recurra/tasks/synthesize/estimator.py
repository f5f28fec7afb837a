"""The generator of rows of numbers: learns their joint distribution step by step, and makes rows without end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.checking import require
from recurra.data.schema.facts import Fact
from recurra.errors import InputError
from recurra.evaluation.generation.series import evaluate_series
from recurra.evaluation.shared.evaluation import MODEL, Evaluation
from recurra.language import _
from recurra.nn.density import DensityNetwork, DensityOptions
from recurra.options import option
from recurra.tasks.estimator import Done, Insight, Later, nobody
from recurra.tasks.fitted import check_share
from recurra.tasks.opened import Opened
from recurra.tasks.parameters import chosen_options
from recurra.tasks.studied import Gathered, Parts, StudiedEstimator, Tested
from recurra.tasks.synthesize.model import Recipe, SeriesModel, VectorAutoregression, fit_rows, network_of
from recurra.tasks.synthesize.printed import RowsPreview
from recurra.tasks.synthesize.rows import Rows, SeriesRoles, series_rows, table_of
from recurra.training import Run, TrainingOptions

Ints = npt.NDArray[np.int64]

ROWS = 1000
_WINDOWS, _LEARNT = 600, 4000  # that judge, and that they are compared with, at most


class SeriesGenerator(StudiedEstimator):
    """Rows of several columns, learnt by likelihood: all columns of the next row together, given those before.

    cell        a registered cell
    network     `nn.density.DensityOptions` (`hidden` units, `components` of the mixture), or some of them by name
    window      rows of a window that is evaluated
    training    `TrainingOptions`, or some of them by name

    The last part of the rows judges: windows that go on from real later rows, beside the real ones. A model file
    keeps no rows, but the ranges of columns, the values of those that have few, and the last time.

    >>> import numpy as np, pandas as pd
    >>> t = np.arange(400)
    >>> frame = pd.DataFrame({"a": np.sin(t / 5), "b": np.cos(t / 5)})
    >>> model = SeriesGenerator(network={"hidden": 8}, training={"epochs": 1}).fit(frame)
    >>> model.sample(3).shape
    (3, 2)
    """

    KIND = "series generator"
    MODEL = SeriesModel
    ROLES = (SeriesRoles,)
    PANELS: ClassVar = ("cards", "methods", "training", "memory")
    PACKAGES = ("torch", "numpy", "pandas", "statsmodels")
    UNKEPT = ("members", "learnt")
    UNIT = "row"
    asks = ("length", "seed")
    members = 1

    def __init__(
        self,
        *,
        cell: str = "gru",
        network: DensityOptions | Mapping[str, Any] | None = None,
        window: int = 24,
        training: TrainingOptions | Mapping[str, Any] | None = None,
        seed: int = 0,
        device: str = "auto",
        verbose: bool | None = None,
    ) -> None:
        self.cell = cell
        self.network = network
        self.window = window
        self.training = training
        self.seed = seed
        self.device = device
        self.verbose = verbose

    def fit(self, X: pd.DataFrame, y: Any = None, *, run: Run | None = None) -> Self:
        """Learn all rows of X. Raises InputError for what is no table of numbers."""
        rows, self.roles_, _facts = series_rows(pd.DataFrame(X), "X")
        return self._fit_ends(self._trained(rows, run=self._run(run, trainings=1), name="training"), rows)

    def study(self, X: pd.DataFrame, *, share: float = 0.2, run: Run | None = None) -> Evaluation:
        """Learn the first rows of X, and be judged beside the baselines on the last `share`."""
        check_share(share)
        rows, self.roles_, _facts = series_rows(pd.DataFrame(X), "X")
        parts = self._split(rows, share)
        return self._study(rows.take(parts.train), rows.take(parts.test), parts.test, None, run)

    def sample(self, rows: int = ROWS, *, seed: int = 0) -> pd.DataFrame:
        """Rows made from nothing, with the columns that were learnt; the same seed, the same rows."""
        model = self._fitted()
        assert self.roles_ is not None
        return table_of(model.made(int(rows), seed), self.roles_)

    def _gathered(  # pyright: ignore[reportIncompatibleMethodOverride]  # its columns by name
        self, opened: Opened, roles: SeriesRoles | None, *, time: Any = None, **columns: Any
    ) -> Gathered:
        named = time if time is None or isinstance(time, str) else str(next(iter(time)))
        rows, roles, facts = series_rows(opened.frame, opened.source, time=named, roles=roles)
        return Gathered(rows, np.arange(len(rows)), roles, facts)

    def _split(self, data: Rows, share: float) -> Parts:
        cut = int((1 - share) * len(data))
        least = 10 * int(self.window)
        if min(cut, len(data) - cut) < least:
            raise InputError(
                _(
                    "{rows} rows leave too few to learn from or to judge on: expected at least {least} in each part; "
                    "give more rows, a smaller {window} or another {share}",
                    rows=len(data),
                    least=least,
                    window=option("window"),
                    share=option("share"),
                )
            )
        told = _("the first {train:,} rows are learnt, the last {test:,} judge", train=cut, test=len(data) - cut)
        return Parts(np.arange(cut), np.arange(cut, len(data)), [Fact("split", told, option("share"))])

    def _trained(self, data: Rows, *, run: Run, name: str) -> SeriesModel:
        self._check_opened(None)
        usual = TrainingOptions(batch_size=32)
        training = chosen_options(self.training, usual)
        recipe = Recipe(
            self.cell, chosen_options(self.network, DensityOptions()), int(self.window), training, int(self.seed)
        )
        return fit_rows(data.values, recipe, run=run, name=name)

    def _with_baselines(self, model: SeriesModel, data: Rows) -> SeriesModel:
        z = model.scaling.scaled(data.values)
        return replace(model, autoregression=VectorAutoregression.learn(z), learnt=z)

    def _evaluated(self, model: SeriesModel, data: Rows, rows: Ints, *, done: Done = nobody) -> Tested:
        window, scaling = model.recipe.window, model.scaling
        z = scaling.scaled(data.values)
        last = len(z) - 2 * window
        if last < 40:
            raise InputError(
                _("{rows} rows are too few to judge on: expected at least {least}", rows=len(z), least=2 * window + 40)
            )
        first = np.arange(0, last + 1, max(1, last // _WINDOWS))
        both = z[first[:, None] + np.arange(2 * window)]
        histories, real = both[:, :window], both[:, window:]
        ways = {MODEL: model.go_on, **model.baselines}
        made = {name: way(histories, window, int(self.seed)) for name, way in ways.items()}
        made = {name: scaling.scaled(scaling.values(each)) for name, each in made.items()}
        real = scaling.scaled(scaling.values(real))
        learnt = None
        if model.learnt is not None:
            starts = np.arange(0, len(model.learnt) - window + 1, max(1, len(model.learnt) // _LEARNT))
            learnt = model.learnt[starts[:, None] + np.arange(window)]
        notes = (
            _(
                "Windows of {window} rows that go on from later real rows are judged beside the real ones; replayed "
                "rows begin elsewhere, so that they also show how far the data have drifted.",
                window=window,
            ),
        )
        evaluation = evaluate_series(real, learnt, made, seed=int(self.seed), notes=notes)
        done(len(rows))
        return Tested(model, data, made, evaluation, rows)

    def results(self, **shown: Any) -> pd.DataFrame:
        """The rows that were made."""
        return self.sample(shown.get("rows") or ROWS, seed=int(self.seed))

    def _frame(self, tested: Tested) -> pd.DataFrame:
        return self.sample(len(tested.rows), seed=int(self.seed))

    def predictions(self, later: Later | None, *, done: Done = nobody, **shown: Any) -> Iterator[pd.DataFrame]:
        """Rows made from nothing, or that go on from those of a file."""
        length, seed = shown.get("length") or ROWS, shown.get("seed")
        seed = int(self.seed if seed is None else seed)
        if later is None:
            yield self.sample(length, seed=seed)
            return
        model, found = self._fitted(), self._later(later)
        z = model.scaling.scaled(found.data.values)[None]
        yield table_of(model.scaling.values(model.go_on(z, length, seed)[0]), found.roles)

    def _predicted(self, data: Rows, rows: Ints, done: Done, **shown: Any) -> Iterator[pd.DataFrame]:
        raise AssertionError

    def preview(self) -> RowsPreview:
        """The first rows."""
        return RowsPreview()

    def insight(self, later: Later | None, *, step: int | None = None, done: Done = nobody) -> Insight:
        """There is nothing that it looked at."""
        raise InputError(_("a generator of series has nothing to inspect: look at its report"))

    def facts(self) -> list[Fact]:
        """What it decided by itself."""
        recipe = self._fitted().recipe
        told = _(
            "{cell}, {units} units; a mixture of {components} Gaussians over all columns",
            cell=recipe.cell,
            units=recipe.network.hidden,
            components=recipe.network.components,
        )
        return [Fact("network", told, option("cell"))]

    def _title(self) -> str:
        return _("Synthetic series")

    @classmethod
    def _network(cls, parts: Mapping[str, Any]) -> DensityNetwork:
        return network_of(parts["recipe"], parts["scaling"])

    def _settings_of(self, model: SeriesModel) -> dict[str, Any]:
        names = ("cell", "network", "window", "training", "seed")
        return {name: getattr(model.recipe, name) for name in names}

    def _check_opened(self, model: SeriesModel | None) -> None:
        if not isinstance(self.window, int) or isinstance(self.window, bool) or self.window < 4:
            raise InputError(
                _(
                    "{name} is {value!r}: expected a whole number of at least {least}",
                    name="window",
                    value=self.window,
                    least=4,
                )
            )
        if model is not None:
            require(len(model.members) == 1, "it has not one network")
