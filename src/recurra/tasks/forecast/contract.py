"""The contract of estimators with files (`tasks.estimator`) for forecasters."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from torch import nn

from recurra.data import Fact, Panel, build_panel, detect_seasons, join_panels, read_table, understand
from recurra.data.files.table_facts import table_facts
from recurra.data.panel.sums import parse_hierarchy, with_sums
from recurra.data.schema.names import shown
from recurra.deploy.exported import Exported
from recurra.ensemble.members import learning_curves
from recurra.errors import InputError
from recurra.evaluation.forecast.adaptive import RATE
from recurra.evaluation.forecast.backtest import Backtest
from recurra.evaluation.forecast.columns import PRETRAINED
from recurra.formatting import count, percent
from recurra.language import _, mark
from recurra.nn.pretrained import load_network
from recurra.options import option
from recurra.report import ReportContent
from recurra.report.units import step_noun
from recurra.tasks.digests import data_digest
from recurra.tasks.estimator import Done, Estimator, Evaluated, Insight, Later, Prepared, Preview, Scores, nobody
from recurra.tasks.forecast.arguments import Data, as_table, with_target
from recurra.tasks.forecast.covariates import Gain, said, unread
from recurra.tasks.forecast.decided import decided
from recurra.tasks.forecast.exported import exported
from recurra.tasks.forecast.fallback import with_fallback
from recurra.tasks.forecast.horizon import default_horizon
from recurra.tasks.forecast.inspection import findings, memory_sentences, tuned_sentences, usual_explanation
from recurra.tasks.forecast.inspection import now as looked_at
from recurra.tasks.forecast.leaks import allowed_leaks, refuse_leaks
from recurra.tasks.forecast.model import ForecastModel, Recipe
from recurra.tasks.forecast.printed import ForecastPreview, scores_of
from recurra.tasks.forecast.report import ReportedForecasts
from recurra.tasks.forecast.searching import choices_for, loss_of, part_before, settings_of
from recurra.tasks.forecast.slots import ForecastSlots
from recurra.tasks.forecast.streaming import ForecastStream, ForecastStreams, one_name, stream_names
from recurra.tasks.forecast.updating import Updated, updated
from recurra.tasks.forecast.watching import watched
from recurra.tasks.forecast.what_if import parse_changes
from recurra.tasks.opened import Opened
from recurra.tasks.slots import Slots
from recurra.tasks.tuning import Choices
from recurra.tasks.watching import Watched
from recurra.training import Run
from recurra.training.progress import expect
from recurra.training.run import chosen_run

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
    asks = ("what_if", "samples")

    horizon: int
    hierarchy: str | None
    model_: ForecastModel
    gain_: Gain | None = None  # what covariates add, as `study` and `backtest` found
    studied_: Studied
    device: str
    verbose: bool | None
    verdict_: str | None
    updated_: Updated  # what came of the last update
    fallen_back_: Sequence[str] = ()  # series that the best baseline forecasts
    _said: Sequence[str] = ()  # of the last change
    _results: tuple[tuple[float, ...], pd.DataFrame] | None = None  # by levels: a page shows what the file has

    @abstractmethod
    def study(self, data: Any, windows: int | None = None, *, run: Run | None = None) -> Backtest:
        """Train, be evaluated by a backtest, and train again on everything."""

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
        """Evaluate on later data."""

    @abstractmethod
    def explain(self, data: Any = None, *, step: int | None = None, points: int = 64) -> pd.DataFrame:
        """What moved the forecasts."""

    def read_file(self, file: str, reading: Mapping[str, Any], columns: Mapping[str, Any] | None = None) -> Opened:
        """The rows of a file of series, with the remarks of the reader."""
        table = read_table(file, **reading)
        return Opened(
            table.frame, table_facts(table), table.name, Path(table.source).name, reading=reading, table=table
        )

    def prepare(
        self,
        opened: Opened,
        *,
        windows: int | None = None,
        allow_leak: Sequence[str] | None = None,
        fallback: bool = False,
        **columns: Any,
    ) -> Prepared:
        """The panel of a file by its columns; the last `windows` of a series are tested. Without a horizon one is set.

        What tells the future (`tasks.forecast.leaks`) is refused unless `allow_leak` names it. With `fallback` the best
        baseline forecasts the series in which it is better (`tasks.forecast.fallback`).
        """
        panel, understood = understand(opened.table, source=opened.source, **self._grouped(columns))
        given = panel
        if self.hierarchy is not None:
            panel = with_sums(panel)
        reason = _("as asked")
        if self.horizon is None:
            middle = int(sorted(panel.lengths)[len(panel) // 2])
            self.horizon, reason = default_horizon(detect_seasons(panel), middle)
        said = _("{steps} ({reason})", steps=count(self.horizon, step_noun(panel.grid.freq)), reason=reason)
        facts = [*opened.facts, *understood, Fact("horizon", said, option("horizon"))]
        facts += refuse_leaks(given, int(self.horizon), allowed_leaks(allow_leak))
        return Prepared((panel, windows, fallback), facts, data_digest(panel), {"windows": windows})

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
                    "series is {given!r} and the hierarchy {hierarchy!r}: the hierarchy names the "
                    "columns that identify a series, so omit series",
                    given=given,
                    hierarchy=self.hierarchy,
                )
            )
        return {**columns, "series": levels}

    def learn(self, prepared: Prepared, *, run: Run | None = None) -> Backtest:
        """Train and evaluate."""
        panel, windows, fallback = prepared.data
        self._results = None
        backtest = self.study(panel, windows, run=run)
        self.fallen_back_ = []
        if fallback:
            self.model_, self.fallen_back_ = with_fallback(self.model_, backtest)
        self.studied_ = Studied(panel, prepared.facts, backtest)
        return backtest

    def facts(self) -> list[Fact]:
        """How the table was read, what the fitted forecaster decided by itself, and how to decide otherwise."""
        made = decided(self._fitted(), getattr(self, "left_out_", {}))
        return [*getattr(self, "understood_", []), *made, *said(self.gain_)]

    def learning(self) -> pd.DataFrame:
        """The learning curves of the last training: a row per network and validation; that of fine-tuning last."""
        tested, model = getattr(self, "holdout_", None), self._fitted()
        runs = {"backtest": () if tested is None else tested.members, "training": model.members}
        tuned = model.tuned if tested is None else tested.tuned  # of the two, the one that was validated
        return learning_curves(runs | {"fine-tuning": () if tuned is None else (tuned,)})

    def remarks(self) -> list[str]:
        """That training was interrupted, which columns nothing reads, and whose forecast is another's."""
        said = [_(INTERRUPTED)] if self.model_.interrupted else []
        if not self.model_.members and (columns := unread(self.model_)):
            said.append(_("Not read: {columns}.", columns=columns))
        if self.fallen_back_:
            said.append(
                _(
                    "The forecast of {series} is that of {method}, which is clearly better there: {names}.",
                    series=count(len(self.fallen_back_), "series", "series"),
                    method=self.studied_.backtest.verdict.best_baseline,
                    names=shown(self.fallen_back_, 5),
                )
            )
        return said

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
        fresh = self.model_.cold is not None
        table = with_target(opened.frame, schema, fresh=fresh)
        panel, facts = build_panel(table, schema, source=opened.source, empty=fresh)
        if self.model_.recipe.hierarchy and (panel.lengths > 0).all():
            panel = with_sums(panel)
        return Later(panel, [*opened.facts, *facts], opened.name, opened.source)

    def predictions(
        self,
        later: Later | None,
        *,
        done: Done = nobody,
        levels: Sequence[int] = (80, 95),
        what_if: Sequence[str] | None = None,
        samples: int | None = None,
        **shown: Any,
    ) -> Iterator[pd.DataFrame]:
        """A row for each series and step, all at once; `what_if` as in the command ("price=+10%"), `samples` paths."""
        changes = parse_changes(what_if) if what_if else None
        frame, self._said = self._predicted(None if later is None else later.data, levels, changes, samples)
        yield frame

    def learnt_part(self, data: Any, windows: int | None = None, **columns: Any) -> tuple[Panel, str]:
        """The panel before the first test origin of a file that was prepared, or of what `fit` takes."""
        if isinstance(data, Prepared):
            panel, windows, _fallback = data.data
        else:
            panel = self._panel(data, columns)
        part = part_before(panel, int(self.horizon), windows)
        return part, data_digest(part)

    def choices(self, part: Panel) -> Choices:
        """Those of the trained network."""
        return choices_for(part, networks_of_ours=not callable(getattr(self, "network", None)))

    def settings(self, names: Iterable[str]) -> dict[str, Any]:
        """As they are."""
        return settings_of(self, names)

    def held_out_loss(self, part: Panel, run: Run) -> float:
        """The mean pinball loss of one network on the last origins of `part`, in typical changes of each series."""
        return loss_of(replace(self._recipe(part), members=1, method="network"), part, run)

    @abstractmethod
    def _panel(self, data: Any, columns: Any) -> Panel: ...

    @abstractmethod
    def _recipe(self, panel: Panel) -> Recipe: ...

    @property
    def networks(self) -> list[nn.Module]:
        """The trained networks, and the fine-tuned one."""
        return [member.network for member in self.model_.trainings]

    def rounded(self) -> Self:
        """A copy whose weights are those of an export with int8 weights, the pretrained network's among them."""
        from recurra.deploy.graph.rounding import round_network

        found = super().rounded()
        combination = found.model_.combination
        if combination is not None and PRETRAINED in combination.used:
            network = found.model_.pretrained or load_network()
            round_network(network)
            found.model_ = replace(found.model_, pretrained=network)
        return found

    def exported(self, *, network_alone: bool = False) -> Exported:
        """The window in, quantiles out; and the newest row in, quantiles out."""
        return exported(self.model_, network_alone=network_alone)

    def preview(self) -> Preview:
        """The first rows, and what was said of a change."""
        return ForecastPreview(lambda: self._said)

    def evaluated(self, later: Later, *, levels: Sequence[int] = (80, 95), **shown: Any) -> Evaluated:
        """By the rows that come after what it was fitted to."""
        backtest = self.evaluate(later.data)

        content = partial(self.content, later.data, backtest=backtest, levels=levels, facts=later.facts)
        return Evaluated(later.facts, scores_of(backtest), backtest.forecasts, content)

    def watched(self, later: Later | Panel, *, alpha: float = 0.05, rate: float | None = None) -> Watched:
        """Whether the model still holds on later rows: see `tasks.watching.Watched`.

        `alpha` is the probability at most with which a model that holds is ever called broken, `rate` the share of
        false alarms among anomalies (None: these are not looked for).
        """
        model, facts = self._fitted(), [] if isinstance(later, Panel) else later.facts
        data = later if isinstance(later, Panel) else later.data
        run = chosen_run(None, verbose=self.verbose, device="cpu")
        return watched(model, join_panels(model.panel, data), run, alpha=alpha, rate=rate, facts=facts)

    def updated(self, later: Later | Panel, *, run: Run | None = None) -> Updated:
        """Go on learning from newer rows; the fitted model is replaced where the new one is better."""
        model = self._fitted()
        data = later if isinstance(later, Panel) else later.data
        run = chosen_run(run, verbose=self.verbose, device=self.device)
        expect(run.progress, len(model.members))
        found = updated(model, join_panels(model.panel, data), run=run)
        if found.better:
            self.model_, self.verdict_ = found.model, found.sentence
        self.updated_ = found
        return found

    def partial_fit(self, data: Data, *, run: Run | None = None) -> Self:
        """Go on learning from newer rows, with or without the older ones, read as those of the training.

        Both models are evaluated on the newest rows, and on what was known: the old one
        stays if the new one is worse or has forgotten. `updated_` holds the sentence and the table of both. Raises
        InputError where no network was trained, or there are fewer new rows than two horizons.
        """
        panel = data if isinstance(data, Panel) else build_panel(as_table(data), self._fitted().panel.schema)[0]
        self.updated(panel, run=run)
        return self

    def stream(self, *, series: Any = None, rate: float = RATE) -> ForecastStream:
        """A series that goes on a row at a time, from what the model remembers of it: see `ForecastStreams`.

        `series` names it, and may be left out where there is one; a name that the model does not know begins empty.
        `rate` says how fast intervals follow what happens, 0 not at all.

        >>> stream = Forecaster(7).fit(sales).stream()  # doctest: +SKIP
        >>> stream.step(12.0).frame()  # doctest: +SKIP
        """
        model = self._fitted()
        return ForecastStream(model, [one_name(model, series)], rate=rate)

    def streams(self, n: int | Sequence[Any] | None = None, *, rate: float = RATE) -> ForecastStreams:
        """All series of the model, those that `n` names, or `n` new ones, each of which goes on a row at a time."""
        model = self._fitted()
        return ForecastStreams(model, stream_names(model, n), rate=rate)

    def slots(self, count: int, levels: Sequence[float]) -> Slots:
        """Series that begin empty, or as one that the model knows."""
        panel = self._fitted().panel
        return ForecastSlots(self.streams(count), panel.series, panel.schema.target, levels)

    def served(self, levels: Sequence[float]) -> dict[str, Any]:
        """The columns and steps of its forecasts."""
        model = self._fitted()
        schema, grid = model.panel.schema, model.panel.grid
        return {
            "horizon": model.recipe.horizon,
            "target": schema.target,
            "past": [*schema.past, *schema.past_categorical],
            "known": [*schema.known, *schema.known_categorical],
            "freq": grid.freq,
            "series": list(model.panel.series[:1000]),
            "levels": list(levels),
        }

    @abstractmethod
    def _fitted(self) -> ForecastModel: ...

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
            sentences=[*memory_sentences(model, seen), *tuned_sentences(model)],
            findings=list(map(str, findings(model, seen))),
            nothing="",
            tables=[(title, shares.map(percent).rename("share").reset_index())],
            moved=moved,
            strength={name: np.asarray(values) for name, values in usual.strength().items() if values.any()},
            first=1 - usual.window,
            title=_("What usually moves a forecast, share of each step and column"),
            flows=None if shown is None else looks[shown],
            shows=_("network {shown} of {n_members}", shown=shown, n_members=len(model.members)) if several else "",
        )
