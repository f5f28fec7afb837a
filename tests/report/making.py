"""Contents to try pages on, made of frames by name, and changed one by one."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

import pandas as pd

from recurra.report.content import ReportContent
from recurra.report.panels import PANELS, Panel
from recurra.tasks.forecast import report as forecasts
from recurra.tasks.labelled import report as labelled

HOSTILE = (
    "<script>window.hacked = 1</script>",
    "</script><img src=x onerror='window.hacked = 1'>",
    "$\\frac{1}{2}$ %{y} {{ 7 * 7 }}",
    "北京 · 上海 – 日本語 한국어 🌧",
    "long " * 400,
    "line\nbreak\ttab \x00 end",
    "\u202eright to left",
    "&lt;b&gt; <b>bold</b>",
)

Kind = TypeVar("Kind", bound=Panel)
HEAD = {field.name for field in dataclasses.fields(ReportContent)} - {"data"}


def forecast_content(**given: Any) -> ReportContent:
    """The content of a forecast's page; what is no part of the head is data of its panels."""
    data = {name: value for name, value in given.items() if name not in HEAD}
    head = {name: value for name, value in given.items() if name in HEAD}
    data |= {"target": given["target"], "headline": ("MASE", "sMAPE", "coverage 80 %", "coverage 95 %")}
    if "table" in data:
        data["leading"] = "MASE"
    about = f"Forecast of {{target}}, {given['horizon']} steps ahead"
    return ReportContent(panels=forecasts.PANELS, data=_counted(data), about=about, **head)


def labelled_content(task: str, **given: Any) -> ReportContent:
    """The content of the page of a labelled task."""
    words = labelled.PAGES[task]
    data = {name: value for name, value in given.items() if name not in HEAD}
    head = {name: value for name, value in given.items() if name in HEAD}
    data |= {"target": given["target"], "numeric": task == "regression", "steps": task == "tagging"}
    data["mistakes_called"] = words.mistakes
    return ReportContent(panels=labelled.PANELS, data=_counted(data), about=words.about, **head)


def changed(report: ReportContent, **changes: Any) -> ReportContent:
    """The same with some other parts of its head or other data."""
    head = {name: value for name, value in changes.items() if name in HEAD}
    data = {name: value for name, value in changes.items() if name not in HEAD}
    if "target" in head:
        data["target"] = head["target"]
    return dataclasses.replace(report, data=_counted({**report.data, **data}), **head)


def _counted(data: dict[str, Any]) -> dict[str, Any]:
    """The data with the cards that its task makes of it."""
    if "forecast" in data:
        names = ("forecast", "backtest", "horizon", "unit", "time_name")
        given = [data.get(name, other) for name, other in zip(names, (None, None, 1, "step", "time"), strict=True)]
        return {**data, "cards": forecasts.count_cards(*given)}
    sizes = data.get("sizes", pd.DataFrame(columns=["part", "class", "count"]))
    classes, scores = not data["numeric"], data.get("per_class", pd.DataFrame())
    cards = labelled.count_cards(sizes, data.get("examples", {}), scores, tags=data["steps"], classes=classes)
    return {**data, "cards": cards}


def panel(kind: type[Kind], report: ReportContent) -> Kind:
    """The panel with the data of the report."""
    made = kind.of({**_NOTHING.get(kind.__name__, {}), **report.data})
    assert made is not None
    return made


def _empty() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {"Methods": {"table": pd.DataFrame()}}
    for kind in PANELS.values():
        found.setdefault(kind.__name__, {}).update(
            {name: pd.DataFrame(columns=list(columns)) for name, columns in kind.COLUMNS.items()}
        )
    return found


_NOTHING = _empty()
