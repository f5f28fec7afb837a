"""Newer data behind what a model remembers of those it was fitted on."""

from __future__ import annotations

from recurra.data import Panel, build_panel, join_panels
from recurra.data.panel.sums import with_sums
from recurra.tasks.forecast.arguments import Data, as_table, with_target
from recurra.tasks.forecast.model import ForecastModel


def continued(model: ForecastModel, data: Data, rows: int | None = None) -> Panel:
    """`data` read as the data of the training was, behind what the model remembers of that.

    Only the last `rows` of it are needed (None: all); without times the beginning is, to see where it belongs.
    """
    if not isinstance(data, Panel):
        data = build_panel(with_target(as_table(data), model.panel.schema), model.panel.schema, fixed=True)[0]
        if model.recipe.hierarchy and (data.lengths > 0).all():  # of what is only known ahead there is no sum
            data = with_sums(data)
    if rows is not None and data.grid.freq is not None and (data.lengths > 0).all():
        data = data.tail(rows)
    return join_panels(model.panel, data)
