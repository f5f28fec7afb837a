"""The rows of a series of several columns as they are learnt from: numbers, in order, the time beside."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.schema.facts import Fact
from recurra.data.time.times import Times, read_times
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.options import option

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FEWEST = 200  # rows
_SERIES = ("series", "series_id", "unique_id", "id", "image", "sequence", "episode", "machine")


@dataclass(frozen=True, eq=False)
class SeriesRoles:
    """The columns, in order; `time` is one of them or "", `last` its last value and `step` its usual one, in ns.

    `series` is the one that tells series apart, or ""; `written` is how times are, "" where they are no texts.
    """

    names: tuple[str, ...]
    time: str
    last: int
    step: int
    series: str = ""
    first: int = -1  # the number of the first new series, where whole numbers tell them apart
    written: str = ""

    @property
    def numbers(self) -> list[str]:
        """The columns that are learnt."""
        return [each for each in self.names if each not in (self.time, self.series)]


@dataclass(frozen=True, eq=False)
class Rows:
    """Values [N, D], in order, and the number of each one's series [N]: those of one stand together."""

    values: Floats
    series: Ints

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: Ints) -> Self:
        """Some of them."""
        return type(self)(self.values[rows], self.series[rows])

    def digest(self) -> str:
        """Another one wherever a value differs."""
        found = hashlib.sha256(np.ascontiguousarray(self.values).tobytes())
        found.update(np.ascontiguousarray(self.series).tobytes())
        return found.hexdigest()

    @property
    def ends(self) -> Ints:
        """Where series begin and end [S + 1]."""
        return np.array([0, *(np.flatnonzero(np.diff(self.series)) + 1), len(self.series)], dtype=np.int64)


def series_rows(
    frame: pd.DataFrame,
    name: str,
    *,
    time: str | None = None,
    series: str | None = None,
    day_first: bool | None = None,
    roles: SeriesRoles | None = None,
) -> tuple[Rows, SeriesRoles, list[Fact]]:
    """The numbers of a table, missing ones filled in from their neighbours, which is said; of a later one by `roles`.

    Raises InputError for what is no table of numbers.
    """
    names = tuple(map(str, frame.columns)) if roles is None else roles.names
    if missing := [each for each in names if each not in frame]:
        raise InputError(
            _("{name} has no column {missing}: expected the columns fitted to", name=name, missing=listing(missing))
        )
    owner = _series_column(frame, name, series) if roles is None else roles.series
    codes = np.zeros(len(frame), dtype=np.int64)
    if owner:
        codes = pd.factorize(frame[owner])[0].astype(np.int64)
        order = np.argsort(codes, kind="stable")
        frame, codes = frame.iloc[order].reset_index(drop=True), codes[order]
    found, times = _times(frame, name, time, owner, codes, day_first) if roles is None else _later(frame, name, roles)
    numbers = [each for each in names if each not in (found, owner)]
    values = np.empty((len(frame), len(numbers)))
    for k, each in enumerate(numbers):
        column = pd.to_numeric(frame[each], errors="coerce")
        wrong = np.flatnonzero(column.isna().to_numpy() & frame[each].notna().to_numpy())
        if len(wrong):
            raise InputError(
                _(
                    "column {column!r} of {name} holds {value!r} in row {row}: expected numbers; leave the column out, "
                    "or name it with {time} if it holds times, with {series} if it tells series apart",
                    column=each,
                    name=name,
                    value=str(frame[each].iloc[wrong[0]]),
                    row=int(wrong[0]) + 1,
                    time=option("time"),
                    series=option("series"),
                )
            )
        values[:, k] = column.to_numpy(dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    gaps = int(np.isnan(values).sum())
    table = pd.DataFrame(values, columns=numbers)
    if gaps:
        values = table.groupby(codes).transform(lambda part: part.interpolate(limit_direction="both")).to_numpy()
    _check(values, numbers, name, least=FEWEST if roles is None else 3)
    last, step = 0, 0
    facts = [Fact("columns", listing(numbers))]
    if times is not None:
        moments = times.values.astype("datetime64[ns]").astype(np.int64)
        last, step = int(moments.max()), int(np.median(np.diff(moments)[np.diff(codes) == 0]))
        facts += [Fact("time", found, option("time")), *times.facts]
    if owner:
        count = int(codes.max()) + 1
        facts.append(
            Fact("series", _("{count} series by {column}", count=f"{count:,}", column=owner), option("series"))
        )
    if gaps:
        facts.append(Fact("missing", _("{gaps} missing values are filled in from their neighbours", gaps=f"{gaps:,}")))
    whole = bool(owner) and pd.api.types.is_integer_dtype(frame[owner])
    first = int(frame[owner].max()) + 1 if whole else -1
    written = "" if times is None else times.format or ""
    return Rows(values, codes), SeriesRoles(names, found, last, step, owner, first, written), facts


def frame_of(given: Any) -> pd.DataFrame:
    """A table as it is; of an array of series [N, T, D] a row for each step, with a column `series`; or of one [T, D].

    Raises InputError for an array of another shape.
    """
    if isinstance(given, pd.DataFrame):
        return given
    values = np.asarray(given)
    if values.ndim not in (2, 3) or values.dtype.kind not in "fiub":
        raise InputError(
            _(
                "X is an array of shape {shape} and type {dtype}: expected numbers [rows, columns], or several series "
                "[series, rows, columns]",
                shape=values.shape,
                dtype=values.dtype,
            )
        )
    frame = pd.DataFrame(values.reshape(-1, values.shape[-1]), columns=[f"column{k}" for k in range(values.shape[-1])])
    if values.ndim == 3:
        frame.insert(0, "series", np.repeat(np.arange(len(values)), values.shape[1]))
    return frame


def table_of(values: Floats, ends: Ints, roles: SeriesRoles) -> pd.DataFrame:
    """Values of series that begin and end at `ends`, with the names they came with.

    Times go on after the last one, in every series; series are numbered from the first new one, or named.
    """
    frame = pd.DataFrame(values, columns=roles.numbers)
    lengths = np.diff(ends)
    if roles.time:
        times = roles.last + roles.step * np.concatenate([np.arange(1, length + 1) for length in lengths])
        frame[roles.time] = pd.to_datetime(times)
    if roles.series:
        number = np.repeat(np.arange(len(lengths)), lengths)
        frame[roles.series] = number + roles.first if roles.first >= 0 else [f"generated-{k + 1}" for k in number]
    return frame[list(roles.names)]


def _series_column(frame: pd.DataFrame, name: str, given: str | None) -> str:
    """The column that tells series apart: the one named, or one with a usual name; "" for none."""
    if given is None:
        return next((str(each) for each in frame.columns if str(each).strip().lower() in _SERIES), "")
    if given not in frame:
        raise InputError(_("{name} has no column {missing}: expected one of its columns", name=name, missing=given))
    if frame[given].isna().any():
        raise InputError(
            _(
                "column {column!r} of {name} is empty in row {row}: expected the name of a series in each",
                column=given,
                name=name,
                row=int(np.flatnonzero(frame[given].isna())[0]) + 1,
            )
        )
    return given


def _times(
    frame: pd.DataFrame, name: str, given: str | None, owner: str, codes: Ints, day_first: bool | None
) -> tuple[str, Times | None]:
    """The column of times: the one named, else the only one that is none of numbers and reads as times; "" for none."""
    if given is not None:
        if given not in frame:
            raise InputError(_("{name} has no column {missing}: expected one of its columns", name=name, missing=given))
        times = read_times(frame, [given], source=name, day_first=day_first)
        if _in_order(times, codes):
            return given, times
        raise InputError(
            _("column {column!r} of {name} does not hold times in order: sort the rows by it", column=given, name=name)
        )
    for each in map(str, frame.columns):
        if each == owner or pd.api.types.is_numeric_dtype(frame[each].dropna().infer_objects()):
            continue
        try:
            times = read_times(frame, [each], source=name, day_first=day_first)
        except InputError:
            continue
        if _in_order(times, codes):
            return each, times
    return "", None


def _later(frame: pd.DataFrame, name: str, roles: SeriesRoles) -> tuple[str, Times | None]:
    """The times of a later table, read as those learnt."""
    if not roles.time:
        return "", None
    return roles.time, read_times(frame, [roles.time], source=name, format=roles.written or None)


def _in_order(times: Times, codes: Ints) -> bool:
    within = np.diff(codes) == 0
    return times.kind != "integer" and bool((np.diff(times.values)[within] >= np.timedelta64(0)).all())


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
