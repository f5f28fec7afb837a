"""The name of a series that several columns tell apart: one text for tables and plots, and back into the columns."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

_BETWEEN = " | "


def join_name(parts: Sequence[str]) -> str:
    """One name of several parts, from which `split_name` has the parts again, whatever they hold.

    >>> join_name(["1", "BREAD/BAKERY"]), split_name("1 | BREAD/BAKERY", 2)
    ('1 | BREAD/BAKERY', ('1', 'BREAD/BAKERY'))
    """
    return parts[0] if len(parts) == 1 else _BETWEEN.join(part.replace("|", "||") for part in parts)


def split_name(name: str, count: int) -> tuple[str, ...]:
    """The `count` parts of a name that `join_name` made; a name of one part is itself."""
    return (name,) if count == 1 else tuple(part.replace("||", "|") for part in name.split(_BETWEEN))


def series_columns(series: str | None) -> tuple[str, ...]:
    """The columns of a result that name its series: those of the data, "unique_id" where it has none."""
    return tuple(name.strip() for name in series.split(",")) if series else ("unique_id",)


def name_columns(names: pd.Series, series: str | None, whole: Sequence[str]) -> dict[str, pd.Series]:
    """Names of series [n] as the columns of the data, whole numbers as such where they were: results can be merged."""
    columns = series_columns(series)
    codes, distinct = pd.factorize(names)
    parts = [split_name(name, len(columns)) for name in distinct]
    if any(len(part) != len(columns) for part in parts):  # one column whose own name holds a comma
        columns, parts = (series or "unique_id",), [(name,) for name in distinct]
    result = {}
    for k, column in enumerate(columns):
        values = pd.Series([part[k] for part in parts], dtype=object)
        if column in whole and values.str.fullmatch(r"-?\d{1,18}").all():
            values = values.astype("int64")
        result[column] = pd.Series(values.to_numpy()[codes], index=names.index)
    return result
