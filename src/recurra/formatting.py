"""How numbers are written, the same in tables, captions, verdicts, on axes and in the terminal.

As many digits as tell the numbers of one quantity apart, thousands in groups, a true minus sign, never a cut exponent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recurra import language
from recurra.language import _, counted

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MISSING = "n/a"
MINUS = "−"
MANY = 10.0  # a ratio beyond it is said as "23 times", since 2,200 % tells nobody anything
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
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

    def text(self, value: float, *, sign: bool = False) -> str:
        """The number as text, `n/a` when it is missing or not finite; `sign` writes the plus too."""
        if not math.isfinite(value):
            return MISSING
        if not self.scientific:
            text = f"{value:{'+' if sign else ''},.{self.decimals}f}"
            zero = not text.strip("+-0.,")
            return text.lstrip("+-") if zero else text.replace("-", MINUS)
        mantissa, exponent = f"{value:{'+' if sign else ''}.{self.decimals}e}".split("e")
        return f"{mantissa.replace('-', MINUS)} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def style_of_range(values: npt.ArrayLike, digits: int = 4) -> NumberStyle:
    """The style that resolves the *spread* of the values to about `digits` digits: 400.12, 400.57 but 1,200, 5,300."""
    values = finite(values)
    largest = float(abs(values).max(initial=0.0))
    spread = float(values.max()) - float(values.min()) if len(values) else 0.0
    if not math.isfinite(spread) or spread <= largest * 1e-12:
        spread = largest
    if largest == 0.0:
        return NumberStyle(0)
    if largest < _TINY or largest >= _HUGE:
        return NumberStyle(min(15, digits - 1 + max(0, exponent_of(largest) - exponent_of(spread))), scientific=True)
    return NumberStyle(min(12, max(0, digits - 1 - exponent_of(spread))))


def style_of_sizes(values: npt.ArrayLike, digits: int = 4) -> NumberStyle:
    """The style that gives the middle one of the values about `digits` digits, for a column of errors.

    Values of less than a millionth of the largest are rounding, and have no say.
    """
    import numpy as np

    sizes = abs(finite(values))
    sizes = sizes[sizes > 1e-6 * sizes.max(initial=0.0)]
    if not len(sizes):
        return NumberStyle(0)
    middle = 2.0 * float(np.median(sizes / 2.0))  # the sum of two large ones would overflow
    if middle < _TINY or middle >= _HUGE or sizes.max() >= _HUGE:
        return NumberStyle(digits - 1, scientific=True)
    return NumberStyle(max(0, digits - 1 - exponent_of(middle)))


def style_of_metric(name: str, values: npt.ArrayLike) -> NumberStyle:
    """The style of a column of one measure of forecasts: MASE to three decimals, sMAPE to two, others by their size."""
    style = style_of_sizes(values)
    decimals = {"MASE": 3, "MSSE": 3, "SPL": 3, "sMAPE": 2}.get(name)
    return style if decimals is None or style.scientific else NumberStyle(decimals)


def significant(value: float, digits: int = 4) -> str:
    """One number by itself with `digits` significant digits.

    Example:
        >>> significant(1234.5678), significant(0.000123456), significant(-0.5), significant(1.2e-14)
        ('1,235', '0.0001235', '−0.5000', '1.200 × 10⁻¹⁴')
    """
    if math.isfinite(value) and value != 0 and 1e-6 <= abs(value) < _TINY:
        return NumberStyle(digits - 1 - exponent_of(abs(value))).text(value)
    return style_of_sizes([value], digits).text(value)


def percent(fraction: float, decimals: int = 1) -> str:
    """0.806 as `80.6 %`.

    Example:
        >>> percent(0.7081), percent(-1e-9), percent(float("nan"))
        ('70.8 %', '0.0 %', 'n/a')
    """
    text = NumberStyle(decimals).text(100 * fraction)
    return text if text == MISSING else f"{text} %"


def span(low: str, high: str) -> str:
    """Two ends, written already, as one range: with a dash, or with a word where a minus stands beside it.

    Example:
        >>> span("61.5", "71.2"), span("−0.017", "0.000"), span("n/a", "1")
        ('61.5–71.2', '−0.017 to 0.000', 'n/a')
    """
    if MISSING in (low, high):
        return MISSING
    signs = MINUS in low + high or "+" in low + high or "×" in low + high
    return _("{low} to {high}", low=low, high=high) if signs else f"{low}–{high}"


def compared(ours: float, other: float) -> str:
    """How one positive number lies to another, up to "than" or "as": `5.0 % lower`, `23 times`, `the same`.

    Example:
        >>> compared(0.95, 1.0), compared(1.2, 1.0), compared(23.0, 1.0), compared(1.0001, 1.0), compared(1.0, 0.0)
        ('5.0 % lower', '20.0 % higher', '23 times', 'the same', 'higher')
    """
    if other <= 0:
        return _("higher") if ours > other else _("the same")
    ratio = ours / other
    if abs(ratio - 1) < 0.0005:
        return _("the same")
    if ratio > MANY:
        return _("{ratio} times", ratio=f"{ratio:,.0f}") if ratio < 1e4 else _("over 10,000 times")
    size = percent(abs(ratio - 1))
    return _("{size} lower", size=size) if ratio < 1 else _("{size} higher", size=size)


def is_same(ours: float, other: float) -> bool:
    """Whether `compared` says that they are the same."""
    return abs(ours / other - 1) < 0.0005 if other > 0 else ours <= other


def is_many(ours: float, other: float) -> bool:
    """Whether `compared` says a number of times."""
    return other > 0 and ours / other > MANY


def compared_with(ours: float, other: float, name: str, *, short: bool = False) -> str:
    """`compared`, and with whose: `5.0 % lower than that of ETS`, `23 times that of ETS`, `the same as that of ETS`.

    `short` leaves "that of" out where it can: `5.0 % lower than ETS`.
    """
    if (other > 0 and abs(ours / other - 1) < 0.0005) or (other <= 0 and ours <= other):
        return _("the same as {method}", method=name) if short else _("the same as that of {method}", method=name)
    if is_many(ours, other):
        return _("{relation} that of {method}", relation=compared(ours, other), method=name)
    if other <= 0:
        return _("higher than {method}", method=name) if short else _("higher than that of {method}", method=name)
    words = {"size": percent(abs(ours / other - 1)), "method": name}
    if ours < other:
        return _("{size} lower than {method}", **words) if short else _("{size} lower than that of {method}", **words)
    return _("{size} higher than {method}", **words) if short else _("{size} higher than that of {method}", **words)


def plain_signs(text: str) -> str:
    """The text with the minus and the powers of ten of a keyboard, for a terminal and for whoever reads it by program.

    Example:
        >>> plain_signs("−1.200 × 10⁻¹⁴ to −3.5")
        '-1.200e-14 to -3.5'
    """
    text = re.sub(" × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda found: f"e{found[1].translate(_PLAIN)}", text)
    return text.replace(MINUS, "-")


def p_text(value: float) -> str:
    """A p-value: `p = 0.032`, `p = 0.83`, `p < 0.001`."""
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}" if value < 0.1 else f"p = {value:.2f}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 series`, `1,024 rows`, in the reader's language."""
    return counted(number, noun, plural)


def joined(parts: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`, in the reader's language."""
    return language.joined(list(parts))


def exponent_of(value: float) -> int:
    """The power of ten of the first digit of a positive number."""
    return math.floor(math.log10(value))


def finite(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The finite ones of the values, flat."""
    import numpy as np  # here: the command line starts without it

    values = np.asarray(values, dtype=np.float64).ravel()
    return values[np.isfinite(values)]
