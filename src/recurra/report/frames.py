"""The frames of a report: empty ones, and the refusal of those without their columns."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from recurra.errors import InputError
from recurra.language import _, listing


def empty(columns: Sequence[str]) -> pd.DataFrame:
    """A frame with these columns and no rows."""
    return pd.DataFrame(columns=list(columns))


def check_columns(name: str, frame: pd.DataFrame, wanted: Sequence[str]) -> None:
    """Raise InputError where a frame with rows lacks a column of `wanted`."""
    absent = [column for column in wanted if column not in frame.columns]
    if absent and len(frame):
        raise InputError(
            _(
                "the report's {name} has no column {absent}: expected {wanted}; it has {columns}",
                name=name,
                absent=listing(map(repr, absent)),
                wanted=listing(wanted),
                columns=listing(frame.columns),
            )
        )
