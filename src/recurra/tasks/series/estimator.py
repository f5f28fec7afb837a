"""The generator of series of numbers: learns their joint distribution step by step, and makes rows without end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import nn

from recurra.cells import names as cell_names
from recurra.checking import require
from recurra.data.demo.sensors import digit_rows
from recurra.data.schema.facts import Fact
from recurra.errors import InputError
from recurra.evaluation.generation.series import evaluate_series
from recurra.evaluation.shared.evaluation import MODEL, Evaluation
from recurra.formatting import percent
from recurra.language import _, listing, mark
from recurra.nn.density import DensityOptions
from recurra.options import option
from recurra.report.content import ReportContent
from recurra.tasks.estimator import Done, Insight, Later, nobody
from recurra.tasks.fitted import check_share
from recurra.tasks.opened import Opened
from recurra.tasks.parameters import check_options, check_whole, chosen_options
from recurra.tasks.series.baselines import windows_of
from recurra.tasks.series.fitting import fit_series, methods_of
from recurra.tasks.series.known import known_share, prints_of, run_of
from recurra.tasks.series.likelihood import network_of
from recurra.tasks.series.model import SeriesModel
from recurra.tasks.series.printed import RowsPreview
from recurra.tasks.series.recipe import METHODS, Recipe
from recurra.tasks.series.rows import Rows, SeriesRoles, frame_of, series_rows, table_of
from recurra.tasks.series.shown import how_evaluated, made_panel, model_facts
from recurra.tasks.series.windows import Stretches, is_whole, pairs_of
from recurra.tasks.studied import Gathered, Parts, StudiedEstimator, Tested, single_column
from recurra.training import Run, TrainingOptions
from recurra.training.threads import fitting_threads

Ints = npt.NDArray[np.int64]

ROWS, BATCH, RATE = 1000, 12, 4e-3
LIKELIHOOD, ADVERSARY = mark("likelihood, not chosen"), mark("adversary, not chosen")
REFERENCES = (LIKELIHOOD, ADVERSARY)
_WINDOWS, _LEARNT = 600, 4000  # of the test part, and those learnt that they are compared with, at most
_FEWEST = 40  # windows of the test part
_KNOWN = 0.05  # share of rows that were learnt, from which on it is said


class SeriesGenerator(StudiedEstimator):
    """Rows of several columns, learnt and made anew: by likelihood, by an adversary, or by the better of the two.

    method      "likelihood": the density of all columns of the next row, given those before; "gan": the same network
                trained on against a discriminator; "auto": the one that is told apart less on held-out rows
    cell        a registered cell
    network     `nn.density.DensityOptions` (`hidden` units, `components`, `features`), or some of them by name
    window      rows of a window that is evaluated
    training    `TrainingOptions`, or some of them by name

    X is a table, a row for each step, a column `series` (or the one named) telling several series apart; or an array of
    series [N, T, D], or of one, [T, D]. Many short series are generated from their start on, each as its own.

    The last part of every long series is the test part, by windows that go on from real later rows, or the last of
    the short series. A model file keeps no rows, but the ranges of columns, the values of those that have few, the
    last time, how long series are, and hashes by which rows that were learnt are known again.

    >>> import numpy as np, pandas as pd
    >>> t = np.arange(400)
    >>> frame = pd.DataFrame({"a": np.sin(t / 5), "b": np.cos(t / 5)})
    >>> model = SeriesGenerator(method="likelihood", network={"hidden": 8}, training={"epochs": 1}).fit(frame)
    >>> model.sample(3).shape
    (3, 2)
    """

    KIND = "series generator"
    MODEL = SeriesModel
    ROLES = (SeriesRoles,)
    PANELS: ClassVar = ("cards", "made", "methods", "training", "memory")
    UNKEPT = ("members", "learnt", "rival")
    UNIT = "row"
    keeps_data = True
    generates = True
    asks = ("rows", "seed")

    def __init__(
        self,
        *,
        method: Literal["auto", "likelihood", "gan"] = "auto",
        cell: str = "gru",
        network: DensityOptions | Mapping[str, Any] | None = None,
        window: int = 24,
        training: TrainingOptions | Mapping[str, Any] | None = None,
        seed: int = 0,
        device: str = "auto",
        verbose: bool | None = None,
    ) -> None:
        self.method = method
        self.cell = cell
        self.network = network
        self.window = window
        self.training = training
        self.seed = seed
        self.device = device
        self.verbose = verbose

    @property
    def members(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]  # networks to be trained
        """How many networks a training has."""
        return 1 + len(methods_of(self.method, 1))  # likelihood learns twice

    def fit(self, X: Any, y: Any = None, *, series: str | None = None, run: Run | None = None) -> Self:
        """Learn all rows of X. Raises InputError for what is no table of numbers."""
        rows, self.roles_, _facts = series_rows(frame_of(X), "X", series=series)
        return self._fit_ends(self._trained(rows, run=self._run(run, trainings=1), name="training"), rows)

    def study(self, X: Any, *, share: float = 0.2, series: str | None = None, run: Run | None = None) -> Evaluation:
        """Learn a part of X, and be evaluated beside the baselines on the last `share`."""
        check_share(share)
        rows, self.roles_, _facts = series_rows(frame_of(X), "X", series=series)
        parts = self._split(rows, share)
        return self._study(rows.take(parts.train), rows.take(parts.test), parts.test, None, run)

    def sample(self, rows: int = ROWS, *, seed: int = 0) -> pd.DataFrame:
        """Rows made from nothing, with the columns that were learnt; the same seed, the same rows.

        Raises InputError where `rows` is no whole number of at least 1.
        """
        model = self._fitted()
        check_whole(SimpleNamespace(rows=rows), rows=1)
        assert self.roles_ is not None
        values, ends = model.made(int(rows), seed)
        return table_of(values, ends, self.roles_)

    def read_file(self, file: str, reading: Mapping[str, Any], columns: Mapping[str, Any] | None = None) -> Opened:
        """A table; of "demo:digits" the rows of every picture."""
        if file == "demo:digits":
            return Opened(digit_rows(), [], "digits", file, reading=reading)
        return super().read_file(file, reading, columns)

    def _gathered(  # pyright: ignore[reportIncompatibleMethodOverride]  # its columns by name
        self,
        opened: Opened,
        roles: SeriesRoles | None,
        *,
        kind: str | None = None,
        time: Any = None,
        series: Any = None,
        day_first: bool | None = None,
        **columns: Any,
    ) -> Gathered:
        rows, roles, facts = series_rows(
            opened.frame,
            opened.source,
            time=single_column(time, "time"),
            series=single_column(series, "series"),
            day_first=day_first,
            roles=roles,
        )
        if kind == "auto":
            told = _("rows of numbers, one series after the other") if roles.series else _("rows of numbers in order")
            facts.insert(0, Fact("kind", told, option("kind")))
        return Gathered(rows, np.arange(len(rows)), roles, facts)

    def _split(self, data: Rows, share: float) -> Parts:
        self._check_arguments()
        window, lengths = int(self.window), np.diff(data.ends)
        if is_whole(lengths, window):
            cut = int((1 - share) * len(lengths))
            if len(lengths) - cut < _FEWEST or cut < _FEWEST:
                raise InputError(
                    _(
                        "{count} short series leave too few to learn from or to test on: expected at least {least} in "
                        "each part; give more series, or another {share}",
                        count=len(lengths),
                        least=_FEWEST,
                        share=option("share"),
                    )
                )
            told = _(
                "the first {train:,} series are learnt, the last {test:,} are the test part",
                train=cut,
                test=len(lengths) - cut,
            )
            at = int(data.ends[cut])
            return Parts(np.arange(at), np.arange(at, len(data)), [Fact("split", told, option("share"))])
        cuts = data.ends[:-1] + ((1 - share) * lengths).astype(np.int64)
        test = np.concatenate([np.arange(a, b) for a, b in zip(cuts, data.ends[1:], strict=True)])
        train = np.setdiff1d(np.arange(len(data)), test)
        least = 10 * window
        ahead = np.maximum(np.diff(data.take(test).ends) - 2 * window + 1, 0).sum()
        if min(len(train), len(test)) >= least and ahead < _FEWEST:
            raise InputError(
                _(
                    "the test part of {series} series holds {count} windows of {size} rows that follow others: "
                    "expected at least {least}; give longer series, a smaller {window} or a larger {share}",
                    series=len(lengths),
                    count=int(ahead),
                    size=window,
                    least=_FEWEST,
                    window=option("window"),
                    share=option("share"),
                )
            )
        if min(len(train), len(test)) < least:
            raise InputError(
                _(
                    "{rows} rows leave too few to learn from or to test on: expected at least {least} in each part; "
                    "give more rows, a smaller {window} or another {share}",
                    rows=len(data),
                    least=least,
                    window=option("window"),
                    share=option("share"),
                )
            )
        told = _(
            "the first {train:,} rows are learnt, the last {test:,} are the test part", train=len(train), test=len(test)
        )
        if len(lengths) > 1:
            told += _(", in every series")
        return Parts(train, test, [Fact("split", told, option("share"))])

    def _trained(self, data: Rows, *, run: Run, name: str) -> SeriesModel:
        self._check_arguments()
        training = chosen_options(self.training, TrainingOptions(batch_size=BATCH, learning_rate=RATE))
        network = chosen_options(self.network, DensityOptions())
        recipe = Recipe(self.cell, network, int(self.window), training, int(self.seed))
        return fit_series(data, recipe, self.method, run=run, name=name)

    def _with_baselines(self, model: SeriesModel, data: Rows) -> SeriesModel:
        return model.with_baselines(Stretches(model.scaling.scaled(data.values), data.ends))

    def _evaluated(self, model: SeriesModel, data: Rows, rows: Ints, *, done: Done = nobody) -> Tested:
        window, whole, again = model.recipe.window, model.recipe.whole, model.scaling.again
        found = Stretches(model.scaling.scaled(data.values), data.ends)
        histories, real = pairs_of(found, window, _WINDOWS, whole=whole)
        if len(real) < _FEWEST:
            raise InputError(
                _(
                    "{rows} rows hold {count} windows to test on: expected at least {least}",
                    rows=len(data),
                    count=len(real),
                    least=_FEWEST,
                )
            )
        ways = {MODEL: model.go_on}
        if model.rival is not None:
            ways[ADVERSARY if model.rival.recipe.method == "gan" else LIKELIHOOD] = model.rival.go_on
        made = {name: again(way(histories, window, int(self.seed))) for name, way in (ways | model.baselines).items()}
        learnt = None if model.learnt is None else windows_of(model.learnt, window, _LEARNT, whole=whole)
        with fitting_threads(model.members[0].network):  # of classifiers, which are no larger
            evaluation = evaluate_series(
                again(real),
                learnt,
                made,
                seed=int(self.seed),
                references=REFERENCES,
                notes=(*model.said, *self._told_again(model, data), how_evaluated(window, whole=whole)),
            )
        done(len(rows))
        return Tested(model, data, made | {"": again(real)}, evaluation, rows)

    def _seen(self, data: Rows) -> Ints:
        return prints_of(data, run_of(np.diff(data.ends)))

    def _told_again(self, model: SeriesModel, data: Rows) -> list[str]:
        """That rows were learnt, where they were."""
        known = 0.0 if self.seen_ is None else known_share(data, self.seen_, run_of(model.lengths))
        if known < _KNOWN:
            return []
        told = _("About {share} of these rows were learnt: the scores are too good.", share=percent(known, 0))
        return [told]

    def content(self, **head: Any) -> ReportContent:
        """The page; the window is the one that was compared, which is not longer than short series are."""
        found = super().content(**head)
        return replace(found, settings={**found.settings, "window": str(self._fitted().recipe.window)})

    def results(self, **shown: Any) -> pd.DataFrame:
        """The rows that were made."""
        return self.sample(shown.get("rows") or ROWS, seed=int(self.seed))

    def _frame(self, tested: Tested) -> pd.DataFrame:
        return self.sample(len(tested.rows), seed=int(self.seed))

    def predictions(self, later: Later | None, *, done: Done = nobody, **shown: Any) -> Iterator[pd.DataFrame]:
        """Rows made from nothing, or that go on from those of a file."""
        count, seed = shown.get("rows") or ROWS, shown.get("seed")
        seed = int(self.seed if seed is None else seed)
        if later is None:
            yield self.sample(count, seed=seed)
            return
        model, found = self._fitted(), self._later(later)
        if len(found.data.ends) > 2:
            raise InputError(
                _("{name} holds several series: give one to go on from, or none to begin anew", name=later.source)
            )
        z = model.scaling.scaled(found.data.values)[None]
        values = model.scaling.values(model.go_on(z, count, seed)[0])
        yield table_of(values, np.array([0, count]), found.roles)

    def _predicted(self, data: Rows, rows: Ints, done: Done, **shown: Any) -> Iterator[pd.DataFrame]:
        raise AssertionError

    def _panel_data(self, tested: Tested) -> dict[str, Any]:
        assert self.roles_ is not None
        return made_panel(tested, self.roles_)

    def preview(self) -> RowsPreview:
        """The first rows."""
        return RowsPreview()

    def insight(self, later: Later | None, *, step: int | None = None, done: Done = nobody) -> Insight:
        """There is nothing that it looked at."""
        raise InputError(_("a generator of series has nothing to inspect: look at its report"))

    def facts(self) -> list[Fact]:
        """What it decided by itself."""
        return model_facts(self._fitted())

    def _title(self) -> str:
        return _("Synthetic series")

    @classmethod
    def _network(cls, parts: Mapping[str, Any]) -> nn.Module:
        return network_of(parts["recipe"], parts["scaling"])

    def _settings_of(self, model: SeriesModel) -> dict[str, Any]:
        names = ("method", "cell", "network", "window", "training", "seed")
        return {name: getattr(model.recipe, name) for name in names}

    def _check_opened(self, model: SeriesModel) -> None:
        self._check_arguments()
        require(len(model.members) == 1, "it has not one network")

    def _check_arguments(self) -> None:
        check_whole(self, window=4, seed=0)
        for name, known in (("method", ("auto", *METHODS)), ("cell", cell_names())):
            value = getattr(self, name)
            if value not in known:
                raise InputError(_("{name}: expected one of {names}", name=option(name, value), names=listing(known)))
        check_options("network", self.network, DensityOptions)
        check_options("training", self.training, TrainingOptions)
