"""Tables with a year in each row and a column for each month, as climate offices publish them, made long."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from recurra.data.schema.column_kinds import kind_of
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import part_of, shown
from recurra.data.time.spellings import month_of
from recurra.language import _
from recurra.options import option

MONTH, VALUE = "month", "value"  # the columns that the twelve become


def unfold_months(
    frame: pd.DataFrame, *, target: str | None = None, keep: Collection[str] = ()
) -> tuple[pd.DataFrame, list[Fact]]:
    """Rows of years with twelve columns of months -> a row a month with columns month and value; others as they are.

    Other numbers of a row (the mean of a year or of a season) are left out unless `keep` names them: they are made of
    the months. Nothing is done where `target` is a column of the table, or a column is called month or value already.

    >>> months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    >>> frame = pd.DataFrame([[1990, *range(12)], [1991, *range(12, 24)]], columns=["Year", *months])
    >>> unfold_months(frame)[0].tail(2).to_numpy().tolist()
    [[1991.0, 11.0, 22.0], [1991.0, 12.0, 23.0]]
    """
    columns = list(frame.columns)
    years = [name for name in columns if part_of(name) == "year"]
    months = {number: name for name in columns if name not in years and (number := month_of(name)) is not None}
    if len(years) != 1 or len(months) != 12 or target in columns or {MONTH, VALUE} & set(columns):
        return frame, []
    if any(kind_of(frame[name]) not in ("number", "empty") for name in months.values()):
        return frame, []
    ordered = [months[number] for number in range(1, 13)]
    others = [name for name in columns if name not in months.values()]
    totals = [n for n in others if n not in (*years, *keep) and kind_of(frame[n]) in ("number", "empty")]
    others = [name for name in others if name not in totals]
    rows = frame[others].loc[frame.index.repeat(12)].reset_index(drop=True)
    rows[MONTH] = np.tile(np.arange(1, 13), len(frame))
    rows[VALUE] = frame[ordered].astype(float).to_numpy().ravel()
    said = _("a column for each month ({first} to {last})", first=ordered[0], last=ordered[-1])
    facts = [Fact("layout", said, option("layout", "wide-columns"))]
    if totals:
        facts.append(Fact("totals", _("{names}: ignored", names=shown(totals)), option("static")))
    return rows, facts
