"""Numbers for the plots of a page."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from recurra.formatting import exponent_of, finite


def json_numbers(values: npt.ArrayLike) -> list[float | int | None]:
    """The numbers for a plot, rounded to 10⁻⁵ of their spread; None for what is missing or infinite."""
    values = np.asarray(values, dtype=np.float64)
    known = finite(values)
    largest = float(np.abs(known).max(initial=0.0))
    spread = float(known.max()) - float(known.min()) if len(known) else 0.0
    alike = spread <= 0.0 or not math.isfinite(spread)
    digits = 17 if alike else min(17, 6 + exponent_of(largest) - exponent_of(spread))
    return [_short(float(f"{value:.{digits}g}")) if math.isfinite(value) else None for value in values.tolist()]


def _short(value: float) -> float | int:
    return int(value) if value.is_integer() and abs(value) < 1e15 else value
