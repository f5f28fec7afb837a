"""Times written as numbers: years, 201407, 20140701, seconds since 1970; or plain integer steps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.schema.names import STEP_WORDS, plain
from recurra.errors import InputError
from recurra.options import option

_EPOCHS = {"epoch s": (1e8, 1e10, 1_000_000), "epoch ms": (1e11, 1e13, 1000), "epoch us": (1e14, 1e16, 1)}
_DIGITS = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_YEARS = (1500, 2200)


def number_format(values: npt.NDArray, name: str) -> str:
    """How finite numbers [n] of a time column are to be read: "%Y", "%Y%m%d", "epoch s", ..., "integer"."""
    low, high = float(values.min()), float(values.max())
    whole = bool((values == np.floor(values)).all())
    if whole and (plain(name) == "time" or plain(name) not in STEP_WORDS):
        digits = len(str(int(high)))
        format = _DIGITS.get(digits)
        if format and len(str(int(low))) == digits and low > 0:
            stamps = _compact(values, format)
            if not np.isnat(stamps).any():
                years = stamps.astype("datetime64[Y]").astype(np.int64) + 1970
                if _YEARS[0] <= years.min() and years.max() <= _YEARS[1]:
                    return format
    for format, (least, most, _) in _EPOCHS.items():
        if least <= low and high < most:
            return format
    if low >= 1e17:
        return "epoch ns"
    if not whole:
        raise InputError(
            f"time column {name!r} holds fractions such as {values[values != np.floor(values)][0]:g}: expected dates, "
            f"whole years, seconds since 1970 or whole steps; convert it, or name another column with {option('time')}"
        )
    return "integer"


def read_numbers(values: npt.NDArray, format: str) -> npt.NDArray:
    """Numbers [n] as datetime64[us] [n] (NaT where they are no time), or as int64 for the format "integer"."""
    if format == "integer":
        return values.astype(np.int64)
    if format == "epoch ns":
        return (values.astype(np.int64) // 1000).astype("datetime64[us]")
    if format in _EPOCHS:
        factor = _EPOCHS[format][2]
        micro = values * factor if values.dtype.kind in "iu" else np.round(values * factor)
        return micro.astype(np.int64).astype("datetime64[us]")
    return _compact(values, format)


def _compact(values: npt.NDArray, format: str) -> npt.NDArray:
    codes, distinct = pd.factorize(values)
    width = next(width for width, name in _DIGITS.items() if name == format)
    text = pd.Series(distinct).astype(np.int64).astype(str).str.zfill(width)
    if format == "%Y":
        stamps = (distinct.astype(np.int64) - 1970).astype("datetime64[Y]").astype("datetime64[us]")
    elif format == "%Y%m":
        stamps = pd.to_datetime(text.str[:4] + "-" + text.str[4:], format="%Y-%m", errors="coerce").to_numpy()
    else:
        stamps = pd.to_datetime(text, format=format, errors="coerce").to_numpy()
    return stamps.astype("datetime64[us]")[codes]
