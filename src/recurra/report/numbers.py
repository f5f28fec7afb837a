"""How numbers are written: as many digits as tell them apart; the same in tables, on axes and under the cursor."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MISSING = "n/a"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_TINY, _HUGE = 1e-4, 1e13


@dataclass(frozen=True)
class NumberStyle:
    """One way to write the numbers of one quantity: fixed decimals, or powers of ten where those could not be read."""

    decimals: int
    scientific: bool = False

    @property
    def d3(self) -> str:
        """The same style in the notation of d3-format, which Plotly uses."""
        return f".{self.decimals}e" if self.scientific else f",.{self.decimals}f"

    def text(self, value: float) -> str:
        """The number as text, `n/a` when it is missing or not finite."""
        if not math.isfinite(value):
            return MISSING
        if not self.scientific:
            text = f"{value:,.{self.decimals}f}"
            negative_zero = text.startswith("-") and not text.strip("-0.,")
            return (text[1:] if negative_zero else text).replace("-", "−")
        mantissa, exponent = f"{value:.{self.decimals}e}".split("e")
        return f"{mantissa.replace('-', '−')} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def style_of_range(values: npt.ArrayLike, digits: int = 4) -> NumberStyle:
    """The style that resolves the *spread* of the values to about `digits` digits: 400.12, 400.57 but 1,200, 5,300."""
    values = _finite(values)
    largest = float(np.abs(values).max(initial=0.0))
    spread = float(values.max()) - float(values.min()) if len(values) else 0.0
    if not math.isfinite(spread) or spread <= largest * 1e-12:
        spread = largest
    if largest == 0.0:
        return NumberStyle(0)
    if largest < _TINY or largest >= _HUGE:
        return NumberStyle(min(15, digits - 1 + max(0, _exponent(largest) - _exponent(spread))), scientific=True)
    return NumberStyle(min(12, max(0, digits - 1 - _exponent(spread))))


def style_of_sizes(values: npt.ArrayLike, digits: int = 4) -> NumberStyle:
    """The style that gives the middle one of the values about `digits` digits, for a column of errors."""
    sizes = np.abs(_finite(values))
    sizes = sizes[sizes > 0]
    if not len(sizes):
        return NumberStyle(0)
    middle = float(np.median(sizes))
    if middle < _TINY or middle >= _HUGE or sizes.max() >= _HUGE:
        return NumberStyle(digits - 1, scientific=True)
    return NumberStyle(max(0, digits - 1 - _exponent(middle)))


def percent(fraction: float, decimals: int = 1) -> str:
    """0.806 as `80.6 %`."""
    return f"{100 * fraction:.{decimals}f} %".replace("-", "−") if math.isfinite(fraction) else MISSING


def json_numbers(values: npt.ArrayLike) -> list[float | int | None]:
    """The numbers for a plot, rounded to 10⁻⁵ of their spread; None for what is missing or infinite."""
    values = np.asarray(values, dtype=np.float64)
    finite = _finite(values)
    largest = float(np.abs(finite).max(initial=0.0))
    spread = float(finite.max()) - float(finite.min()) if len(finite) else 0.0
    alike = spread <= 0.0 or not math.isfinite(spread)
    digits = 17 if alike else min(17, 6 + _exponent(largest) - _exponent(spread))
    return [_short(float(f"{value:.{digits}g}")) if math.isfinite(value) else None for value in values.tolist()]


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 series`, `1,024 rows`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def joined(parts: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    parts = list(parts)
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def _short(value: float) -> float | int:
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _exponent(value: float) -> int:
    return math.floor(math.log10(value))


def _finite(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    values = np.asarray(values, dtype=np.float64).ravel()
    return values[np.isfinite(values)]
