"""Newer data behind what a model remembers of those it was fitted on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recurra.data import Panel, build_panel, join_panels
from recurra.data.panel.sums import with_sums
from recurra.tasks.forecast.arguments import Data, as_table, with_target
from recurra.tasks.forecast.model import ForecastModel


def read_newer(model: ForecastModel, data: Data) -> Panel:
    """`data` read as the data of the training was, with sums of groups; a panel as it is.

    Series without any value are kept where such can be forecast.
    """
    if isinstance(data, Panel):
        return data
    schema = model.panel.schema
    fresh = model.cold is not None
    panel, _facts = build_panel(with_target(as_table(data), schema, fresh=fresh), schema, fixed=True, empty=fresh)
    sums = model.recipe.hierarchy and (panel.lengths > 0).all()  # of what is only known ahead there is no sum
    return with_sums(panel) if sums else panel


def without_history(model: ForecastModel, newer: Panel) -> npt.NDArray[np.bool_]:
    """Which series of `newer` [S] have neither a value there nor a past in the model, and can be forecast so."""
    if model.cold is None:
        return np.zeros(len(newer), dtype=bool)
    known = set(model.panel.series)
    return (newer.lengths == 0) & np.array([name not in known for name in newer.series])


def continued(model: ForecastModel, data: Data, rows: int | None = None) -> Panel:
    """`data` read as the data of the training was, behind what the model remembers of that.

    Only the last `rows` of it are needed (None: all).
    """
    if not isinstance(data, Panel):
        data = read_newer(model, data)
    return join_panels(model.panel, data, rows)
