"""The part of each column beside time, series and target: known in advance, seen with the target, constant, or none."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.schema.column_kinds import numbers_of
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import shown
from recurra.data.schema.overrides import ColumnOverrides
from recurra.data.time.times import Times
from recurra.errors import InputError
from recurra.language import _, counted, mark
from recurra.options import option

MOST_CATEGORIES = 50
_CHUNK = 500_000  # rows
_ROLES = ("past", "past_categorical", "known", "known_categorical", "static", "static_categorical")


def find_roles(
    frame: pd.DataFrame,
    kinds: Mapping[str, str],
    target: str,
    codes: npt.NDArray[np.integer],
    count: int,
    times: Times | None,
    overrides: ColumnOverrides,
    source: str,
) -> tuple[dict[str, tuple[str, ...]], list[Fact]]:
    """Fields of a `Schema` for the columns in `kinds`; `codes` [n] numbers the `count` series of the rows.

    A numeric column is known in advance if it has values after the last target in every series that has a target,
    static if it never changes within a series, and else a past covariate; text likewise, if it has few values.
    """
    roles: dict[str, list[str]] = {name: [] for name in _ROLES}
    ignored: list[str] = []
    future = _future_rows(frame[target], codes, count, times)
    for name, kind in kinds.items():
        column = frame[name]
        wish = next((role for role in ("past", "known", "static") if name in getattr(overrides, role)), None)
        if kind == "empty" or (kind == "time" and wish is None):
            why = _("{name} (no value)", name=name) if kind == "empty" else _("{name} (a second time)", name=name)
            ignored.append(why)
            continue
        values = numbers_of(column, source) if kind == "number" else pd.factorize(column)[0]
        missing = np.isnan(values) if kind == "number" else values < 0
        suffix = "" if kind == "number" else "_categorical"
        changes = _changes(values, missing, codes, count)
        if wish == "static" and changes is not None:
            raise InputError(
                _(
                    "column {name!r} of {source} is named with {static_option} but changes within a series "
                    "(row {changes}): name it with {past_option} or {known_option}",
                    name=name,
                    source=source,
                    static_option=option("static"),
                    changes=changes + 1,
                    past_option=option("past"),
                    known_option=option("known"),
                )
            )
        if wish is None and changes is None and (count == 1 or _same(values, missing)):
            same = _("{name} (always the same)", name=name)
            if missing.any():
                same = _("{name} (one value, given in {rows})", name=name, rows=counted(int((~missing).sum()), "row"))
            ignored.append(same)
        elif wish is None and suffix and changes is not None and values.max() >= MOST_CATEGORIES:
            ignored.append(_("{name} (text with {values} values)", name=name, values=values.max() + 1))
        else:
            inferred = "static" if changes is None else "known" if _reaches(missing, codes, count, future) else "past"
            roles[(wish or inferred) + suffix].append(name)
    return {name: tuple(names) for name, names in roles.items()}, _facts(roles, ignored)


def _facts(roles: Mapping[str, list[str]], ignored: list[str]) -> list[Fact]:
    words = (
        ("past", mark("past covariates")),
        ("known", mark("known-future covariates")),
        ("static", mark("static covariates")),
    )
    facts = [
        Fact(
            label,
            shown([*roles[role], *(_("{name} (text)", name=name) for name in roles[f"{role}_categorical"])]),
            option(role),
        )
        for role, label in words
        if roles[role] or roles[f"{role}_categorical"]
    ]
    return [*facts, Fact("ignored", shown(ignored), option("past"))] if ignored else facts


def _future_rows(
    target: pd.Series, codes: npt.NDArray[np.integer], count: int, times: Times | None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]] | None:
    """The rows after the last observed target of their series, and which series have one; None without such rows."""
    observed = target.notna().to_numpy()
    when = np.arange(len(codes)) if times is None else times.values.astype(np.int64)
    if observed.all():
        return None
    last = np.full(count, np.iinfo(np.int64).min)
    np.maximum.at(last, codes[observed], when[observed])
    has_target = last > np.iinfo(np.int64).min
    rows = np.flatnonzero(~observed)
    rows = rows[(when[rows] > last[codes[rows]]) & has_target[codes[rows]]]
    return (rows, has_target) if len(rows) else None


def _reaches(
    missing: npt.NDArray[np.bool_],
    codes: npt.NDArray[np.integer],
    count: int,
    future: tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]] | None,
) -> bool:
    if future is None:
        return False
    rows, has_target = future
    reached = np.bincount(codes[rows[~missing[rows]]], minlength=count) > 0
    return bool(reached[has_target].all())


def _changes(
    values: npt.NDArray, missing: npt.NDArray[np.bool_], codes: npt.NDArray[np.integer], count: int
) -> int | None:
    """A row at which a column changes within its series, None if it never does."""
    first, known = np.zeros(count, dtype=values.dtype), np.zeros(count, dtype=bool)
    for begin in range(0, len(values), _CHUNK):  # most columns change soon, and a chunk takes little memory
        seen = np.flatnonzero(~missing[begin : begin + _CHUNK]) + begin
        owner = codes[seen]
        new = ~known[owner]
        first[owner[new][::-1]] = values[seen[new][::-1]]  # the last assignment stands: the first row of each series
        known[owner] = True
        differs = values[seen] != first[owner]
        if differs.any():
            return int(seen[differs.argmax()])
    return None


def _same(values: npt.NDArray, missing: npt.NDArray[np.bool_]) -> bool:
    seen = values[~missing]
    return bool((seen == seen[0]).all())
