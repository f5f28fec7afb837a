"""From a forecaster to what its page says."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recurra.data import Panel, build_panel
from recurra.evaluation.forecast.columns import NETWORKS
from recurra.formatting import count
from recurra.language import _, mark
from recurra.report import Card, Deferred, ReportContent
from recurra.report.panels.series import EMBEDDED_SERIES, SeriesData
from recurra.report.times import plain_times, time_texts
from recurra.report.units import step_noun
from recurra.report.views import pick_series
from recurra.tasks.forecast.arguments import Data, as_table
from recurra.tasks.forecast.fitted import FittedForecaster
from recurra.tasks.provenance import command_of, fact_rows, now, settings, versions
from recurra.tasks.reported import ReportedEstimator

if TYPE_CHECKING:
    from recurra.data import Fact
    from recurra.evaluation.forecast.backtest import Backtest
    from recurra.tasks.forecast.model import ForecastModel

PACKAGES = ("torch", "numpy", "pandas", "pyarrow", "statsforecast")
PANELS = (
    "cards",
    "picker",
    "forecast",
    "backtest",
    "moved",
    "methods",
    "by step",
    "coverage",
    "by series",
    "training",
    "memory",
    "moved usually",
)
_HEADLINE = ("sMAPE", "coverage 80 %", "coverage 95 %")


class ReportedForecasts(ReportedEstimator):
    """Base of the forecaster: what its page and its picture show."""

    def content(
        self,
        data: Data | None = None,
        *,
        backtest: Backtest | None = None,
        levels: Sequence[float] = (80, 95),
        facts: Sequence[Fact] | None = None,
        forecast: pd.DataFrame | None = None,
        **head: Any,
    ) -> ReportContent:
        """What the page and the picture show: everything after `study`, history and forecast after `fit`.

        With `data`, the forecasts that `predict(data)` makes; `backtest` is what they are evaluated by, a result of
        `evaluate(data)`; `forecast` is what `predict` said, where that is known. `head` may hold `title` and `notes`;
        `facts` replace those of the forecaster. Raises InputError before `fit`.
        """
        forecaster: Any = self
        panel = forecaster._fitted().panel
        if data is not None:
            panel = data if isinstance(data, Panel) else build_panel(as_table(data), panel.schema)[0]
        if backtest is None and data is None:
            backtest = getattr(forecaster, "backtest_", None)
        return report_content(
            forecaster,
            panel=panel,
            forecast=forecast
            if forecast is not None
            else forecaster.predict(None if data is None else panel, levels=levels),
            levels=levels,
            facts=forecaster.facts() if facts is None else facts,
            backtest=backtest,
            **head,
        )


def report_content(
    forecaster: FittedForecaster,
    *,
    panel: Panel,
    forecast: pd.DataFrame,
    levels: Sequence[float],
    facts: Sequence[Fact],
    backtest: Backtest | None = None,
    title: str | None = None,
    arguments: Sequence[str] | None = None,
    notes: Sequence[str] = (),
) -> ReportContent:
    """The content of a forecast's page.

    `panel` is what was forecast, `forecast` a result of `Forecaster.predict`, `arguments` those of a command.
    """
    model = forecaster.model_
    unit, horizon = step_noun(panel.grid.freq), int(model.recipe.horizon)
    target = panel.schema.target
    time_name = forecast.columns[len(_keys(forecast, panel))] if panel.schema.time else _("step")
    plain = _plain(forecast, panel)
    data: dict[str, Any] = {
        "target": target,
        "horizon": horizon,
        "unit": unit,
        "time_name": time_name,
        "levels": tuple(levels),
        "forecast": plain,
        **({"learning": forecaster.learning()} if model.trainings else {}),
        **_evaluated(backtest, levels),
    }
    data["cards"] = count_cards(plain, data.get("backtest"), horizon, unit, time_name)
    picked = pick_series(SeriesData(history(panel, ()), plain, by_series=data.get("by_series", _no_scores())))
    shown = [pick.series for pick in picked[:EMBEDDED_SERIES]]
    data["history"] = history(panel, shown)
    return ReportContent(
        title=title or _("{target}: the next {horizon}", target=target, horizon=count(horizon, unit)),
        panels=PANELS,
        data=data | (_insight(model, panel, [str(name) for name in shown]) if model.network_counts else {}),
        target=target,
        about=_("Forecast of {target}, {horizon} ahead", target="{target}", horizon=count(horizon, unit)),
        verdict=backtest.verdict.sentence if backtest is not None else _(NOT_COMPARED),
        better=backtest.verdict.better if backtest is not None and not backtest.verdict.tie else None,
        created=now(),
        command=command_of(arguments) if arguments is not None else repr(forecaster),
        facts=fact_rows(facts),
        settings=settings(forecaster),
        versions=versions(PACKAGES),
        notes=list(notes),
    )


NOT_COMPARED = mark("Not compared with baselines: study(...) trains and evaluates, evaluate(...) uses later data.")


def _evaluated(backtest: Backtest | None, levels: Sequence[float]) -> dict[str, Any]:
    """What panels need of a backtest."""
    if backtest is None:
        return {}
    # Beside the forecast stand the baselines, and each network by itself.
    networks = tuple(name for name in NETWORKS if name in backtest.forecasts and name in backtest.table.index)
    return {
        "backtest": with_bounds(backtest.forecasts, levels),
        "baselines": (*backtest.baselines, *networks),
        "best_baseline": backtest.verdict.best_baseline,
        "table": backtest.table,
        "leading": backtest.leading,
        "headline": (backtest.leading, *_HEADLINE),
        "ours": backtest.model,
        "ours_called": mark("this forecast"),
        "compared_on": _(
            "Every method is evaluated on the same windows, after the data it was fitted to. The verdict is by "
            "{metric}.",
            metric=backtest.leading,
        ),
        "by_step": backtest.by_step,
        "coverage": backtest.coverage,
        "by_series": backtest.by_series,
    }


def _insight(model: ForecastModel, panel: Panel, names: list[str]) -> dict[str, Any]:
    """What moves forecasts and what the networks remember, made when a panel asks for it."""
    from recurra.tasks.forecast.inspection import findings, flow_frame, memory_sentences, tuned_sentences
    from recurra.tasks.forecast.inspection import now as looked_at

    def told() -> list[str]:
        seen = looked_at(model)
        return [*memory_sentences(model, seen), *tuned_sentences(model), *map(str, findings(model, seen))]

    def moves() -> dict[str, pd.DataFrame]:
        moved, usually = insight(model, panel, names)
        return {"moved": moved, "moved_usually": usually}

    found = Deferred(moves)
    return {
        "flow": Deferred(lambda: flow_frame(model)),
        "memory": Deferred(told),
        "moved": found.part("moved"),
        "moved_usually": found.part("moved_usually"),
    }


def count_cards(
    forecast: pd.DataFrame, backtest: pd.DataFrame | None, horizon: int, unit: str, time_name: str
) -> list[Card]:
    """What was evaluated on, and how far the forecast reaches; frames as a report has them."""
    made = []
    if backtest is not None and len(backtest):
        origins = len(backtest[["series", "origin"]].drop_duplicates())
        series = count(backtest["series"].nunique(), "series", "series")
        note = _("{series}, {values}", series=series, values=count(len(backtest), "forecast value"))
        made.append(Card(_("evaluated on"), count(origins, "window"), note))
    if len(forecast):
        last = time_texts(plain_times(forecast["time"].sort_values().iloc[-1:]))[0]
        until = _("until {time}", time=last) if horizon > 1 else f"{time_name} {last}"
        made.append(Card(_("forecast"), count(horizon, unit), until))
    return made


def _no_scores() -> pd.DataFrame:
    return pd.DataFrame(columns=["series", "ours", "best"])


def _keys(forecast: pd.DataFrame, panel: Panel) -> list[str]:
    """The columns of a forecast that name its series."""
    from recurra.data.schema.series_names import series_columns

    columns = series_columns(panel.schema.series)
    return list(columns) if columns == tuple(forecast.columns[: len(columns)]) else [str(forecast.columns[0])]


def _plain(forecast: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """A forecast in the columns of a report: the series under the one name that the panel has for it, then the time."""
    from recurra.data.schema.series_names import join_name

    keys = _keys(forecast, panel)
    names = [join_name([str(part) for part in parts]) for parts in zip(*(forecast[key] for key in keys), strict=True)]
    rest = forecast.drop(columns=keys)
    rest = rest.set_axis(["time", *rest.columns[1:]], axis="columns")
    rest.insert(0, "series", names)
    return rest


def insight(model: ForecastModel, panel: Panel, names: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What moved the forecasts of the series in `names`, and what usually moves one, as the report has them."""
    from recurra.tasks.forecast.inspection import last_explanation, usual_explanation

    found, usual = last_explanation(model, panel, list(names)), usual_explanation(model, panel)
    steps = np.arange(1 - found.window, model.recipe.horizon + 1)
    moved = [
        pd.DataFrame({"series": np.repeat(names, len(steps)), "step": np.tile(steps, len(names)), "feature": feature})
        .assign(attribution=values.ravel())
        .query("attribution != 0")
        for feature, values in found.steps.items()
    ]
    usually = [
        pd.DataFrame({"step": steps, "feature": feature, "strength": values})
        for feature, values in usual.strength().items()
    ]
    return pd.concat(moved, ignore_index=True), pd.concat(usually, ignore_index=True)


def history(panel: Panel, names: Sequence[Hashable]) -> pd.DataFrame:
    """The target of the series in `names` as a long frame of series, time and y; a category column keeps the names."""
    wanted = set(names)
    numbers = np.flatnonzero([name in wanted for name in panel.series])
    lengths = panel.lengths[numbers]
    parts = [(np.arange(panel.start[s], panel.start[s] + panel.lengths[s]), panel.values(int(s))) for s in numbers]
    positions, values = zip(*parts, strict=True) if parts else ([panel.start[:0]], [panel.target[:0]])
    return pd.DataFrame(
        {
            "series": pd.Categorical.from_codes(np.repeat(numbers, lengths), pd.Index(panel.series)),
            "time": panel.grid.times(np.concatenate(positions)),
            "y": np.concatenate(values),
        }
    )


def with_bounds(forecasts: pd.DataFrame, levels: Sequence[float]) -> pd.DataFrame:
    """The backtest's frame with the bounds of each level under a report's names, from the quantile columns."""
    bounds = {}
    for level in levels:
        for side, probability in (("lo", (100 - level) / 200), ("hi", (100 + level) / 200)):
            column = f"q{probability:g}"
            if column in forecasts.columns:
                bounds[f"{side}_{level:g}"] = forecasts[column]
    return forecasts.assign(**bounds)
