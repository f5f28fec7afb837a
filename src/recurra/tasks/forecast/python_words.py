"""Data and refusals as Python has them: Series and arrays as tables, arguments instead of flags."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypedDict, TypeVar

import numpy as np
import pandas as pd

from recurra.data.panel.panel import Panel
from recurra.errors import InputError

Result = TypeVar("Result")
Estimator = TypeVar("Estimator")
Given = ParamSpec("Given")
Data = pd.DataFrame | pd.Series | np.ndarray | Panel

_FLAG = re.compile(r"--(no-)?([a-z][a-z-]*)")
_OTHER = {"day-first": "day_first=True", "month-first": "day_first=False", "header": "header=True"}


class ReadingOptions(TypedDict, total=False):
    """How a table is read, as `recurra.data.understand` has it: all that flags of columns can say."""

    layout: str | None
    freq: str | None
    tz: str | None
    day_first: bool | None
    time_format: str | None
    pivot_year: int | None
    all_hours: bool
    ignore: Sequence[str]


def python_words(text: str) -> str:
    """A message with the names of arguments for flags.

    >>> python_words("name it with --time, or say --day-first/--month-first")
    'name it with time=, or say day_first=True/day_first=False'
    """

    def argument(match: re.Match[str]) -> str:
        flag = match[2]
        return _OTHER.get(flag) or f"{flag.replace('-', '_')}="

    return _FLAG.sub(argument, text)


def refusing_in_python(
    method: Callable[Concatenate[Estimator, Given], Result],
) -> Callable[Concatenate[Estimator, Given], Result]:
    """A method of an estimator whose refusals name arguments, unless it was given a Panel, as the command line does."""

    @functools.wraps(method)
    def worded(self: Estimator, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        data = args[0] if args else kwargs.get("data")
        if data is None or isinstance(data, Panel):
            return method(self, *args, **kwargs)
        try:
            return method(self, *args, **kwargs)
        except InputError as error:
            raise type(error)(python_words(str(error))) from None

    return worded


def as_table(data: Any) -> pd.DataFrame:
    """A DataFrame as it is; a Series or an array [n] as the column y, beside its index where that holds times.

    Raises `InputError` for anything else.
    """
    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, pd.Series):
        named = data.rename("y" if data.name is None else str(data.name))
        if isinstance(data.index, pd.DatetimeIndex | pd.PeriodIndex):
            return named.rename_axis(str(data.index.name or "ds")).reset_index()
        return named.to_frame().reset_index(drop=True)
    if isinstance(data, np.ndarray) and data.ndim == 1:
        return pd.DataFrame({"y": data})
    shape = f" of shape {data.shape}" if isinstance(data, np.ndarray) else ""
    raise InputError(
        f"data is a {type(data).__name__}{shape}: expected a pandas DataFrame, a Series (with its times as the index), "
        "an array of one dimension, or a recurra Panel"
    )
