"""Texts of one format to times, whatever their year."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd


def parsed(texts: pd.Series, format: str) -> npt.NDArray[np.datetime64]:
    """Times [N] in microseconds of texts of a format of `strptime`, NaT where a text is none.

    pandas before 3 counts nanoseconds, which end in 1677 and 2262; years beyond are read one text at a time.

    >>> parsed(pd.Series(["1066-10-14", "no date"]), "%Y-%m-%d").astype(str).tolist()
    ['1066-10-14T00:00:00.000000', 'NaT']
    """
    found = pd.to_datetime(texts, format=format, errors="coerce").to_numpy()
    stamps = found.astype("datetime64[us]")
    if found.dtype != np.dtype("datetime64[ns]"):
        return stamps
    missed = np.flatnonzero(np.isnat(stamps) & texts.notna().to_numpy())
    if len(missed):
        codes, distinct = pd.factorize(texts.iloc[missed].astype(str))
        times = np.array([_one(text, format) for text in distinct], dtype="datetime64[us]")
        stamps[missed] = times[codes]
    return stamps


def _one(text: str, format: str) -> np.datetime64:
    try:
        return np.datetime64(datetime.strptime(text, format), "us")
    except ValueError:
        return np.datetime64("NaT", "us")
