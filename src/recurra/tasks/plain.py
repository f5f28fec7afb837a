"""JSON to what a model reads, and back: numbers that are none are null."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, np.ndarray):
        return [plain(each) for each in value.tolist()]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    return value if isinstance(value, str | int | bool) else str(value)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table."""
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, map(plain, row), strict=True)) for row in frame.itertuples(index=False, name=None)]


def number(value: Any) -> Any:
    """null is a missing number."""
    return math.nan if value is None else value
