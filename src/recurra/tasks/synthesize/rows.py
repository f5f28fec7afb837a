"""The rows of a series of several columns as they are learnt from: numbers, in order, the time beside."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.schema.facts import Fact
from recurra.errors import InputError
from recurra.language import _
from recurra.options import option

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FEWEST = 200  # rows


@dataclass(frozen=True, eq=False)
class SeriesRoles:
    """The columns, in order; `time` is one of them or "", `last` its last value and `step` its usual one, in ns."""

    names: tuple[str, ...]
    time: str
    last: int
    step: int


@dataclass(frozen=True, eq=False)
class Rows:
    """Values [N, D], in order."""

    values: Floats

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: Ints) -> Self:
        """Some of them."""
        return type(self)(self.values[rows])

    def digest(self) -> str:
        """Another one wherever a value differs."""
        return hashlib.sha256(np.ascontiguousarray(self.values).tobytes()).hexdigest()


def series_rows(
    frame: pd.DataFrame, name: str, *, time: str | None = None, roles: SeriesRoles | None = None
) -> tuple[Rows, SeriesRoles, list[Fact]]:
    """The numbers of a table, missing ones filled in from their neighbours, which is said; of a later one by `roles`.

    Raises InputError for what is no table of numbers.
    """
    names = tuple(map(str, frame.columns)) if roles is None else roles.names
    if missing := [each for each in names if each not in frame]:
        raise InputError(
            _("{name} has no column {missing}: expected the columns fitted to", name=name, missing=", ".join(missing))
        )
    found = _time_column(frame, name, time) if roles is None else roles.time
    numbers = [each for each in names if each != found]
    values = np.empty((len(frame), len(numbers)))
    for k, each in enumerate(numbers):
        column = pd.to_numeric(frame[each], errors="coerce")
        wrong = np.flatnonzero(column.isna().to_numpy() & frame[each].notna().to_numpy())
        if len(wrong):
            raise InputError(
                _(
                    "column {column!r} of {name} holds {value!r} in row {row}: expected numbers; leave the column out, "
                    "or name it with {time} if it holds times",
                    column=each,
                    name=name,
                    value=str(frame[each].iloc[wrong[0]]),
                    row=int(wrong[0]) + 1,
                    time=option("time"),
                )
            )
        values[:, k] = column.to_numpy(dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    gaps = int(np.isnan(values).sum())
    table = pd.DataFrame(values, columns=numbers)
    if gaps:
        values = table.interpolate(limit_direction="both").to_numpy()
    _check(values, numbers, name, least=FEWEST if roles is None else 3)
    last, step = 0, 0
    if found:
        times = pd.to_datetime(frame[found]).to_numpy().astype("datetime64[ns]").astype(np.int64)
        last, step = int(times[-1]), int(np.median(np.diff(times)))
    facts = [Fact("columns", ", ".join(numbers))]
    if found:
        facts.append(Fact("time", found, option("time")))
    if gaps:
        facts.append(Fact("missing", _("{gaps} missing values are filled in from their neighbours", gaps=f"{gaps:,}")))
    return Rows(values), SeriesRoles(names, found, last, step), facts


def table_of(values: Floats, roles: SeriesRoles) -> pd.DataFrame:
    """Values with the names they came with; times go on after the last one."""
    numbers = [each for each in roles.names if each != roles.time]
    frame = pd.DataFrame(values, columns=numbers)
    if roles.time:
        times = roles.last + roles.step * np.arange(1, len(values) + 1)
        frame[roles.time] = pd.to_datetime(times)
    return frame[list(roles.names)]


def _time_column(frame: pd.DataFrame, name: str, given: str | None) -> str:
    """The column of times: the one named, else the only one that is none of numbers and reads as times; "" for none."""
    if given is not None:
        if given not in frame:
            raise InputError(_("{name} has no column {missing}: expected one of its columns", name=name, missing=given))
        candidates = [given]
    else:
        candidates = [
            str(each)
            for each in frame.columns
            if not pd.api.types.is_numeric_dtype(frame[each].dropna().infer_objects())
        ]
    for each in candidates:
        times = pd.to_datetime(frame[each], errors="coerce", format="mixed")
        if times.notna().all() and times.is_monotonic_increasing:
            return each
    if given is not None:
        raise InputError(
            _("column {column!r} of {name} does not hold times in order: sort the rows by it", column=given, name=name)
        )
    return ""


def _check(values: Floats, names: list[str], name: str, *, least: int) -> None:
    if len(values) < least:
        raise InputError(
            _("{name} holds {rows} rows: expected at least {least}", name=name, rows=len(values), least=least)
        )
    if not names:
        raise InputError(_("{name} holds no column of numbers", name=name))
    for k, each in enumerate(names):
        if np.isnan(values[:, k]).any():
            raise InputError(_("column {column!r} of {name} holds no number", column=each, name=name))
        if least > 3 and np.ptp(values[:, k]) == 0:
            raise InputError(
                _(
                    "column {column!r} of {name} is {value:g} in every row: there is nothing to learn, leave it out",
                    column=each,
                    name=name,
                    value=float(values[0, k]),
                )
            )
