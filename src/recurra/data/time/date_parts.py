"""The parts of dates that stand in columns of their own: which part a column holds, and the days that they make."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.schema.names import part_of
from recurra.data.time.dates import Stamps
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.options import option, using, ways

_LEAST = {
    "year": 1, "half": 1, "quarter": 1, "month": 1, "week": 1, "day": 1, "dayofyear": 1, "hour": 0, "minute": 0,
    "second": 0,
}  # fmt: skip
_MOST = {
    "year": 9999,
    "half": 2,
    "quarter": 4,
    "month": 12,
    "week": 53,
    "day": 31,
    "dayofyear": 366,
    "hour": 24,
    "minute": 59,
    "second": 60,
}


def part_names(columns: Sequence[str], numeric: Sequence[bool]) -> tuple[str, ...]:
    """What each of several time columns holds: by its name, else by its place (year, month, day, hour, minute, second).

    A first column that is not a number, or not called a part of a date, is a whole date; so is a number that is
    called no part of a date before parts of a day.
    """
    named = [part_of(column) for column in columns]
    before_clock = named[0] is None and all(part in ("hour", "minute", "second") for part in named[1:])
    if named[0] != "year" and (before_clock or not (all(numeric) and None in named)):
        rest = [part if part in ("hour", "minute", "second") else None for part in named[1:]]
        order = iter(part for part in ("hour", "minute", "second") if part not in rest)
        return (
            ("date", *(part or next(order, "second") for part in rest))
            if "year" not in named
            else tuple(map(str, named))
        )
    if None in named or len(set(named)) < len(named):
        return tuple(("year", "month", "day", "hour", "minute", "second")[: len(columns)])
    return tuple(map(str, named))


def period_part(column: pd.Series, part: str, source: str) -> str:
    """What "Q01" and "S01" count in a column that might hold months: quarters, half-years."""
    if part != "month" or pd.api.types.is_numeric_dtype(column.dtype):
        return part
    codes = pd.Series(column.dropna().unique()).astype(str).str.extract(r"^\s*([MQS])\d{2}\s*$")[0]
    if codes.isna().any() or codes.empty:
        return part
    if codes.nunique() > 1:
        raise InputError(
            _(
                "column {column!r} of {source} mixes months, quarters and half-years ({codes}): keep the "
                "rows of one of them",
                column=column.name,
                source=source,
                codes=listing(sorted(set(codes))),
            )
        )
    return {"M": "month", "Q": "quarter", "S": "half"}[codes[0]]


def refuse_missing(column: pd.Series, name: str, source: str) -> None:
    """Raise InputError where a time is missing."""
    missing = column.isna().to_numpy()
    if missing.any():
        raise InputError(
            _(
                "column {name!r} of {source} has no time in row {missing} ({n_missing} of {n_column} rows): {remedy}",
                name=name,
                source=source,
                missing=int(missing.argmax()) + 1,
                n_missing=int(missing.sum()),
                n_column=len(column),
                remedy=ways(_("fill it"), _("remove the row"), using("name another column with {}", "time")),
            )
        )


def checked_part(values: npt.NDArray, column: pd.Series, part: str, source: str) -> npt.NDArray[np.int64]:
    """The values [n] of a part as whole numbers; InputError for the first that is none, or out of range."""
    wrong = ~((values >= _LEAST[part]) & (values <= _MOST[part]) & (values == np.floor(values)))
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            _(
                "column {column!r} of {source} holds {value!r} in row {row}, which is no {part}: expected "
                "whole numbers from {least} to {most}; {remedy}",
                column=column.name,
                source=source,
                value=str(column.iloc[row]),
                row=row + 1,
                part=part,
                least=_LEAST[part],
                most=_MOST[part],
                remedy=ways(_("correct it"), using("name the time columns with {}", "time")),
            )
        )
    return values.astype(np.int64)


def whole_numbers(values: npt.NDArray[np.float64], column: pd.Series, source: str) -> npt.NDArray[np.int64]:
    """The periods [n] of a day as whole numbers; InputError for the first that is none."""
    wrong = values != np.floor(values)
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            _(
                "column {column!r} of {source} holds {value:g} in row {row}, which is no period of a "
                "day: expected whole numbers; {remedy}",
                column=column.name,
                source=source,
                value=values[row],
                row=row + 1,
                remedy=ways(_("correct it"), using("name the time columns with {}", "time")),
            )
        )
    return values.astype(np.int64)


def calendar_days(parts: dict[str, npt.NDArray[np.int64]], columns: dict[str, str], source: str) -> Stamps:
    """The day of every row from its parts [n] by name; `columns` holds the column of each. InputError for no day."""
    if "year" not in parts:
        raise InputError(
            _(
                "time columns {columns} of {source} have no year: add it to {time_option}",
                columns=listing(columns.values()),
                source=source,
                time_option=option("time"),
            )
        )
    if "week" in parts:
        first = (parts["year"] - 1970).astype("datetime64[Y]").astype("datetime64[D]") + 3  # 4 January is in week 1
        monday = first - (first.astype(np.int64) + 3) % 7
        return (monday + 7 * (parts["week"] - 1) + parts.get("day", np.int64(1)) - 1).astype("datetime64[us]")
    if "dayofyear" in parts and "month" not in parts:
        years = (parts["year"] - 1970).astype("datetime64[Y]")
        days = years.astype("datetime64[D]") + parts["dayofyear"] - 1
        if (late := days.astype("datetime64[Y]") != years).any():
            row = int(late.argmax())
            raise InputError(
                _(
                    "{columns} of {source}: row {row} is no day of its year; correct it",
                    columns=listing(columns.values()),
                    source=source,
                    row=row + 1,
                )
            )
        return days.astype("datetime64[us]")
    month = parts.get("month", np.int64(1))
    for part, length in (("quarter", 3), ("half", 6)):
        month = length * (parts[part] - 1) + 1 if part in parts else month
    months = ((parts["year"] - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + parts.get("day", np.int64(1)) - 1
    wrong = days.astype("datetime64[M]") != months
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            _(
                "{columns} of {source}: row {row} is no day of its month; correct it",
                columns=listing(columns.values()),
                source=source,
                row=row + 1,
            )
        )
    return days.astype("datetime64[us]")
