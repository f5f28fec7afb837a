"""Groups that add up: the sums of a panel's series over the columns that tell them apart, as series of their own.

Of series told apart by region and shop there are sums over the shops of each region, and over all. A sum is named as
its series are, with `ALL` in the columns that it is over.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from recurra.data.panel.panel import Panel
from recurra.data.schema.series_names import join_name, series_columns, split_name
from recurra.errors import InputError
from recurra.language import _

ALL = "(all)"

Floats = npt.NDArray[np.floating]


def parse_hierarchy(text: str) -> tuple[str, ...]:
    """The columns of a hierarchy, the widest group first.

    >>> parse_hierarchy("region/shop")
    ('region', 'shop')
    """
    levels = tuple(part.strip() for part in text.split("/"))
    if not all(levels) or len(set(levels)) < len(levels):
        raise InputError(
            _(
                "hierarchy is {text!r}: expected different columns, the widest group first, such as region/shop",
                text=text,
            )
        )
    return levels


def with_sums(panel: Panel) -> Panel:
    """The panel with its sums in front of its series, the total first.

    A series that has not begun, or has ended, counts as nothing; where one of a sum has a missing value, the sum has.
    Covariates of sums are missing. Raises InputError for a single series, and for one that is named as sums are.
    """
    panel = panel.packed()
    count = len(series_columns(panel.schema.series))
    parts = [split_name(name, count) for name in panel.series]
    if len(parts) < 2:
        raise InputError(_("there is one series, {name!r}, and nothing to add up", name=panel.series[0]))
    if any(ALL in part for part in parts):
        name = next(join_name(part) for part in parts if ALL in part)
        raise InputError(_("the series {name!r} is named as a sum is: rename it", name=name))
    groups = sum_groups(panel.series, count)
    sums = [_sum(panel, members) for members in groups.values()]
    lengths = np.concatenate([[len(values) for _start, values in sums], panel.lengths]).astype(np.int64)
    known = np.concatenate([[len(values) for _start, values in sums], panel.known_lengths]).astype(np.int64)
    rows, n = sum(len(values) for _start, values in sums), len(sums)
    return replace(
        panel,
        series=(*groups, *panel.series),
        start=np.concatenate([[start for start, _values in sums], panel.start]).astype(np.int64),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        target=np.concatenate([*(values for _start, values in sums), panel.target]),
        past=_below(panel.past, rows, np.nan),
        past_codes=_below(panel.past_codes, rows, -1),
        known_offsets=np.concatenate([[0], np.cumsum(known)]),
        known=_below(panel.known, rows, np.nan),
        known_codes=_below(panel.known_codes, rows, -1),
        static=_below(panel.static, n, np.nan),
        static_codes=_below(panel.static_codes, n, -1),
    )


def sum_groups(names: tuple[str, ...], count: int) -> dict[str, list[int]]:
    """The sums over series of `count` parts that have no name of a sum: their names, and the numbers of their series.

    >>> sum_groups(("N | a", "N | b", "S | c"), 2)
    {'(all) | (all)': [0, 1, 2], 'N | (all)': [0, 1], 'S | (all)': [2]}
    """
    found: dict[str, list[int]] = {}
    for level in range(count):
        for s, name in enumerate(names):
            part = split_name(name, count)
            if ALL not in part:
                found.setdefault(join_name((*part[:level], *[ALL] * (count - level))), []).append(s)
    return found


def _sum(panel: Panel, members: list[int]) -> tuple[int, Floats]:
    """Where a sum begins, and its values."""
    starts, ends = panel.start[members], (panel.start + panel.lengths)[members]
    first = int(starts.min())
    total = np.zeros(int(ends.max()) - first)
    for s, start in zip(members, starts, strict=True):
        total[int(start) - first : int(start) - first + int(panel.lengths[s])] += panel.values(s)
    return first, total


def _below(array: npt.NDArray, rows: int, value: float) -> npt.NDArray:
    return np.concatenate([np.full((rows, *array.shape[1:]), value, dtype=array.dtype), array])
