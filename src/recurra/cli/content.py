"""From what a task hands back to what a report says."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from recurra.cli.page_head import command_of, now, settings, versions
from recurra.report import ForecastReport
from recurra.report.content import FRAMES, empty
from recurra.report.units import step_noun
from recurra.report.views import pick_series

if TYPE_CHECKING:
    from recurra.data import Fact, Panel
    from recurra.evaluation.forecast.backtest import Backtest
    from recurra.tasks import Forecaster
    from recurra.tasks.forecast.model import ForecastModel

PACKAGES = ("torch", "numpy", "pandas", "pyarrow", "statsforecast")


def report_content(
    *,
    title: str,
    arguments: Sequence[str],
    panel: Panel,
    facts: Sequence[Fact],
    forecaster: Forecaster,
    backtest: Backtest,
    forecast: pd.DataFrame,
    levels: tuple[int, ...],
    notes: Sequence[str] = (),
) -> ForecastReport:
    """The report of a forecast.

    `arguments` are those of the command, `panel` is what was forecast, `forecast` a result of `Forecaster.predict`.
    """
    from recurra.tasks.forecast.inspection import findings, flow_frame, memory_sentences
    from recurra.tasks.forecast.inspection import now as looked_at

    verdict, model = backtest.verdict, forecaster.model_
    seen = looked_at(model)
    report = ForecastReport(
        title=title,
        target=panel.schema.target,
        horizon=int(forecaster.horizon),
        command=command_of(arguments),
        created=now(),
        verdict=verdict.sentence,
        better=verdict.better,
        history=history(panel, ()),
        forecast=_plain(forecast, panel),
        levels=levels,
        facts=[(fact.label, fact.value, fact.flag) for fact in facts],
        backtest=with_bounds(backtest.forecasts, levels),
        baselines=backtest.baselines,
        best_baseline=verdict.best_baseline,
        table=backtest.table,
        by_step=backtest.by_step,
        coverage=backtest.coverage,
        by_series=backtest.by_series,
        learning=forecaster.learning() if model.members else empty(FRAMES["learning"]),
        flow=flow_frame(model),
        memory=[*memory_sentences(model, seen), *map(str, findings(model, seen))],
        settings=settings(forecaster),
        versions=versions(PACKAGES),
        notes=list(notes),
        time_name=forecast.columns[len(_keys(forecast, panel))] if panel.schema.time else "step",
        unit=step_noun(panel.grid.freq),
    )
    shown = [pick.series for pick in pick_series(report)]
    if not model.network_counts:  # nothing that moves the network moves the forecast
        return replace(report, history=history(panel, shown), memory=[], flow=report.flow[:0])
    moved, usually = insight(model, panel, [str(name) for name in shown])
    return replace(report, history=history(panel, shown), moved=moved, moved_usually=usually)


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


def with_bounds(forecasts: pd.DataFrame, levels: Sequence[int]) -> pd.DataFrame:
    """The backtest's frame with the bounds of each level under a report's names, from the quantile columns."""
    bounds = {}
    for level in levels:
        for side, probability in (("lo", (100 - level) / 200), ("hi", (100 + level) / 200)):
            column = f"q{probability:g}"
            if column in forecasts.columns:
                bounds[f"{side}_{level}"] = forecasts[column]
    return forecasts.assign(**bounds)
