"""The contract of estimators with files (`tasks.estimator`) for forecasters."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from recurra.data import Fact, Panel, build_panel, detect_seasons, read_table, understand
from recurra.data.files.table_facts import table_facts
from recurra.data.panel.sums import parse_hierarchy, with_sums
from recurra.errors import InputError
from recurra.evaluation.forecast.backtest import Backtest
from recurra.formatting import count
from recurra.language import _, mark
from recurra.options import option
from recurra.report import ReportContent
from recurra.report.units import step_noun
from recurra.tasks.digests import data_digest
from recurra.tasks.estimator import Done, Estimator, Insight, Judged, Later, Prepared, Preview, Scores, nobody
from recurra.tasks.forecast.arguments import with_target
from recurra.tasks.forecast.horizon import default_horizon
from recurra.tasks.forecast.inspection import findings, memory_sentences, usual_explanation
from recurra.tasks.forecast.inspection import now as looked_at
from recurra.tasks.forecast.model import ForecastModel
from recurra.tasks.forecast.printed import ForecastPreview, scores_of
from recurra.tasks.forecast.report import ReportedForecasts
from recurra.tasks.opened import Opened
from recurra.training import Run

INTERRUPTED = mark("Training was interrupted: the best network so far is kept and evaluated.")
_STRONGEST = 12


@dataclass(frozen=True, eq=False)
class Studied:
    """What a page on a study says beside what the forecaster knows."""

    panel: Panel
    facts: list[Fact]
    backtest: Backtest


class FileForecaster(ReportedForecasts, Estimator):
    """Abstract: learns panels, and files of them."""

    KIND: ClassVar[str] = "forecaster"
    keeps_data: ClassVar[bool] = True

    horizon: int
    hierarchy: str | None
    model_: ForecastModel
    studied_: Studied
    _said: Sequence[str] = ()  # of the last change
    _results: tuple[tuple[float, ...], pd.DataFrame] | None = None  # by levels: a page shows what the file has

    @abstractmethod
    def study(self, data: Any, windows: int | None = None, *, run: Run | None = None) -> Backtest:
        """Train, be judged by a backtest, and train again on everything."""

    @abstractmethod
    def predict(self, data: Any = None, *, levels: Sequence[float] = (80, 95), what_if: Any = None) -> pd.DataFrame:
        """The forecasts."""

    @abstractmethod
    def _predicted(
        self, data: Any, levels: Sequence[float], what_if: Any = None, num_samples: int | None = None
    ) -> tuple[pd.DataFrame, list[str]]:
        """The forecasts, and what is to be said of a change."""

    @abstractmethod
    def evaluate(self, data: Any) -> Backtest:
        """Judge on later data."""

    @abstractmethod
    def explain(self, data: Any = None, *, step: int | None = None, points: int = 64) -> pd.DataFrame:
        """What moved the forecasts."""

    def read_file(self, file: str, reading: Mapping[str, Any], columns: Mapping[str, Any] | None = None) -> Opened:
        """The rows of a file of series, with the remarks of the reader."""
        table = read_table(file, **reading)
        return Opened(
            table.frame, table_facts(table), table.name, Path(table.source).name, reading=reading, table=table
        )

    def prepare(self, opened: Opened, *, windows: int | None = None, **columns: Any) -> Prepared:
        """The panel of a file by its columns; `windows` of each series judge. Without a horizon one is chosen."""
        panel, understood = understand(opened.table, source=opened.source, **self._grouped(columns))
        if self.hierarchy is not None:
            panel = with_sums(panel)
        reason = _("as asked")
        if self.horizon is None:
            middle = int(sorted(panel.lengths)[len(panel) // 2])
            self.horizon, reason = default_horizon(detect_seasons(panel), middle)
        said = _("{steps} ({reason})", steps=count(self.horizon, step_noun(panel.grid.freq)), reason=reason)
        facts = [*opened.facts, *understood, Fact("horizon", said, option("horizon"))]
        return Prepared((panel, windows), facts, data_digest(panel), {"windows": windows})

    def _grouped(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """The columns with those of the hierarchy as what tells series apart.

        Raises InputError where another column was named for that, and for a table that has no column of series.
        """
        if self.hierarchy is None:
            return dict(columns)
        levels = ",".join(parse_hierarchy(self.hierarchy))
        given = columns.get("series")
        if given is not None and "".join(str(given).split()) != "".join(levels.split()):
            raise InputError(
                _(
                    "series is {given!r} and the hierarchy {hierarchy!r}: the hierarchy says what tells series apart, "
                    "so leave series out",
                    given=given,
                    hierarchy=self.hierarchy,
                )
            )
        return {**columns, "series": levels}

    def learn(self, prepared: Prepared, *, run: Run | None = None) -> Backtest:
        """Train and judge."""
        panel, windows = prepared.data
        self._results = None
        backtest = self.study(panel, windows, run=run)
        self.studied_ = Studied(panel, prepared.facts, backtest)
        return backtest

    def remarks(self) -> list[str]:
        """That training was interrupted."""
        return [_(INTERRUPTED)] if self.model_.interrupted else []

    def scores(self) -> Scores:
        """Of the backtest."""
        return scores_of(self.studied_.backtest)

    def results(self, *, levels: Sequence[int] = (80, 95), **shown: Any) -> pd.DataFrame:
        """The forecasts from the end of the data."""
        self._results = tuple(levels), self.predict(levels=levels)
        return self._results[1]

    def file_content(
        self, *, arguments: Sequence[str] | None = None, levels: Sequence[int] = (80, 95), **shown: Any
    ) -> ReportContent:
        """The page on a study of a file."""
        studied = self.studied_
        facts = [*studied.facts, *self.facts()]
        known, forecast = self._results or ((), None)
        return self.content(
            backtest=studied.backtest,
            levels=levels,
            facts=facts,
            notes=self.remarks(),
            arguments=arguments,
            forecast=forecast if known == tuple(levels) else None,
        )

    def later(self, opened: Opened) -> Later:
        """Newer rows, with or without the older ones."""
        schema = self.model_.panel.schema
        panel, facts = build_panel(with_target(opened.frame, schema), schema, source=opened.source)
        if self.model_.recipe.hierarchy and (panel.lengths > 0).all():
            panel = with_sums(panel)
        return Later(panel, [*opened.facts, *facts], opened.name, opened.source)

    def predictions(
        self,
        later: Later | None,
        *,
        done: Done = nobody,
        levels: Sequence[int] = (80, 95),
        what_if: Mapping[str, object] | None = None,
        num_samples: int | None = None,
        **shown: Any,
    ) -> Iterator[pd.DataFrame]:
        """A row for each series and step, all at once; `what_if` and `num_samples` as in `predict`."""
        frame, self._said = self._predicted(None if later is None else later.data, levels, what_if, num_samples)
        yield frame

    def preview(self) -> Preview:
        """The first rows, and what was said of a change."""
        return ForecastPreview(lambda: self._said)

    def judged(self, later: Later, *, levels: Sequence[int] = (80, 95), **shown: Any) -> Judged:
        """By the rows that come after what it was fitted to."""
        backtest = self.evaluate(later.data)

        content = partial(self.content, later.data, backtest=backtest, levels=levels, facts=later.facts)
        return Judged(later.facts, scores_of(backtest), backtest.forecasts, content)

    def insight(self, later: Later | None, *, step: int | None = None, done: Done = nobody) -> Insight:
        """Of the forecasts from the end of the file, or of the data that the model keeps."""
        model = self.model_
        moved = self.explain(None if later is None else later.data, step=step)
        seen = looked_at(model)
        size = moved.assign(moved=moved["attribution"].abs()).groupby("feature", sort=False)["moved"].sum()
        size = size.drop(["(baseline)", "(rest)"], errors="ignore").sort_values(ascending=False)
        shares = (size / max(float(size.sum()), 1e-300)).head(_STRONGEST)
        title = (
            _("What moved the forecasts") if step is None else _("What moved the forecasts of step {step}", step=step)
        )
        usual = usual_explanation(model, model.panel)
        looks = {k: watched.flows for k, watched in enumerate(seen, start=1) if watched.flows}
        # Of several networks the one with the longest way through time, as in the report.
        shown = max(looks, key=lambda k: len(looks[k][0].layers[0].gradient), default=None)
        several = shown is not None and len(model.members) > 1
        return Insight(
            facts=[] if later is None else later.facts,
            sentences=memory_sentences(model, seen),
            findings=list(map(str, findings(model, seen))),
            nothing="",
            tables=[(title, shares.map("{:.1%}".format).rename("share").reset_index())],
            moved=moved,
            strength={name: np.asarray(values) for name, values in usual.strength().items() if values.any()},
            first=1 - usual.window,
            title=_("What usually moves a forecast, share of each step and column"),
            flows=None if shown is None else looks[shown],
            shows=_("network {shown} of {n_members}", shown=shown, n_members=len(model.members)) if several else "",
        )
