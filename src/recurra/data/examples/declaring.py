"""Which inputs several columns make: declared by the user or guessed, constants together as one."""

from __future__ import annotations

from typing import Any

import pandas as pd

from recurra.data.examples.columns import cells_array
from recurra.data.examples.guessing import guess_kind
from recurra.data.examples.inputs import Kind, Series, Static
from recurra.errors import InputError
from recurra.language import _

STATIC = "static"  # the name of the constants that nobody named


def guess_kinds(columns: dict[str, Any]) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    static: list[str] = []
    for name, column in columns.items():
        if isinstance(column, pd.DataFrame):
            kinds[name] = Static((name,))
            continue
        kind = guess_kind(column if isinstance(column, pd.Series) else cells_array(column), name)
        if isinstance(kind, Static):
            static.append(name)
        else:
            kinds[name] = kind
    if static:
        if STATIC in kinds:
            raise InputError(
                _(
                    "column {static!r} is {kind}, and the constants need that name: rename it",
                    static=STATIC,
                    kind=kinds[STATIC],
                )
            )
        kinds[STATIC] = Static(tuple(static))
    return kinds


def with_static_columns(columns: dict[str, Any], kinds: dict[str, Kind]) -> dict[str, Kind]:
    """The kinds with the columns of every Static input written out."""
    bare = [name for name, kind in kinds.items() if isinstance(kind, Static) and not kind.columns]
    if not bare:
        return kinds
    used = {name for name in kinds if name in columns}
    for kind in kinds.values():
        used |= set(kind.columns) if isinstance(kind, Static) else {kind.time} if isinstance(kind, Series) else set()
    rest = [name for name in columns if name not in used]
    kinds = dict(kinds)
    for name in bare:
        if name in columns:
            kinds[name] = Static((name,))
            continue
        found = tuple(other for other in rest if _is_static(columns[other], other))
        if not found:
            raise InputError(
                _("input {name!r} is Static() and no column of numbers or categories is left for it", name=name)
            )
        kinds[name] = Static(found)
    return kinds


def _is_static(column: Any, name: str) -> bool:
    if isinstance(column, pd.DataFrame):
        return True
    return isinstance(guess_kind(column if isinstance(column, pd.Series) else cells_array(column), name), Static)
