"""What a Python user gives a forecaster: data as a table, and what is said of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypedDict

import numpy as np
import pandas as pd

from recurra.data.files.arrow import in_pandas
from recurra.data.panel.panel import Panel, Schema
from recurra.errors import InputError
from recurra.language import _


class Streamed(Protocol):
    """A table of another library, such as polars or Arrow."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


Data = pd.DataFrame | pd.Series | np.ndarray | Panel | Streamed


class ColumnArguments(TypedDict, total=False):
    """What a DataFrame's columns are, and how they are read; what is not given is inferred.

    time         the time, or the columns of its parts
    target       what is forecast
    series       the series identifier
    past, known  covariates: past-only, known-future
    static       what does not change within a series
    ignore       columns to ignore
    layout       "long", "wide-rows" or "wide-columns"
    freq, tz     the sampling interval, such as "h", and the time zone, such as "Europe/Berlin"
    day_first    whether 1/2/2026 is the first of February
    time_format  how times are written: "%d.%m.%Y", "week", "excel", ...
    pivot_year   the first of the 100 years that two digits mean
    all_hours    hours and days that never have a row are gaps, not closed
    holidays     countries of holidays known in advance, such as "DE" or ["DE-BY", "AT"], or a column of countries
    allow_leak   columns and series to learn from although they tell the future (`tasks.forecast.leaks`)
    """

    time: str | Sequence[str] | None
    target: str | None
    series: str | None
    past: Sequence[str] | None
    known: Sequence[str] | None
    static: Sequence[str] | None
    ignore: Sequence[str] | None
    layout: str | None
    freq: str | None
    tz: str | None
    day_first: bool | None
    time_format: str | None
    pivot_year: int | None
    all_hours: bool
    holidays: str | Sequence[str] | None
    allow_leak: Sequence[str] | None


def with_target(table: pd.DataFrame, schema: Schema, *, fresh: bool = False) -> pd.DataFrame:
    """A later table; where it has what is known in advance and no target, with an empty one: nothing of it is past.

    With `fresh` static columns are enough: such rows may be of series without any history.
    """
    known = (*schema.known, *schema.known_categorical)
    if fresh and not known:
        known = (*schema.static, *schema.static_categorical) or tuple(
            name for name in (schema.series,) if name is not None
        )
    if schema.layout == "long" and schema.target not in table and known and set(known) <= set(table.columns):
        return table.assign(**{schema.target: np.nan})
    return table


def as_table(data: Any) -> pd.DataFrame:
    """A DataFrame of pandas, as it is, polars or Arrow.

    A Series or an array [n] as the column y, beside its index where that holds times.

    Raises `InputError` for anything else.
    """
    data = in_pandas(data)
    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, pd.Series):
        named = data.rename("y" if data.name is None else str(data.name))
        if isinstance(data.index, pd.DatetimeIndex | pd.PeriodIndex):
            return named.rename_axis(str(data.index.name or "ds")).reset_index()
        return named.to_frame().reset_index(drop=True)
    if isinstance(data, np.ndarray) and data.ndim == 1:
        return pd.DataFrame({"y": data})
    shape = _(" of shape {shape}", shape=data.shape) if isinstance(data, np.ndarray) else ""
    raise InputError(
        _(
            "data is a {name}{shape}: expected a pandas DataFrame, a Series (with its times as the "
            "index), an array of one dimension, or a recurra Panel",
            name=type(data).__name__,
            shape=shape,
        )
    )
