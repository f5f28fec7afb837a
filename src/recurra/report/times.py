"""Times as a plot wants them: wall-clock text without a zone, or plain numbers for integer steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Times = npt.NDArray[Any]


def plain_times(times: pd.Series) -> Times:
    """Datetimes as datetime64 [n] on the wall clock of their own zone; numbers as they are."""
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        times = times.dt.tz_localize(None)
    return times.to_numpy()


def are_dates(times: Times) -> bool:
    """Whether these are dates rather than integer steps."""
    return np.issubdtype(times.dtype, np.datetime64)


def time_texts(times: Times) -> list[str]:
    """ISO text, only as fine as the times need: 2026-01-31, or 2026-01-31 06:30."""
    if not are_dates(times):
        return [str(time) for time in times.tolist()]
    return [text.replace("T", " ") for text in np.datetime_as_string(times, unit=_unit(times)).tolist()]


def json_times(times: Times) -> list[str] | list[int] | list[float]:
    """The times for a plot's axis."""
    return time_texts(times) if are_dates(times) else times.tolist()


def _unit(times: Times) -> Any:
    known = times[~np.isnat(times)]
    for unit in ("D", "m", "s"):
        if (known == known.astype(f"datetime64[{unit}]")).all():
            return unit
    return "ms"
