"""Numbers are written with the digits that tell them apart, at any size."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recurra.formatting import count, joined, percent, style_of_range, style_of_sizes
from recurra.report.numbers import json_numbers


@pytest.mark.parametrize(
    ("values", "value", "text"),
    [
        ([400.12, 405.0], 401.234, "401.234"),
        ([1200, 53000], 1234.5, "1,234"),
        ([1e9, 1e9 + 5], 1e9 + 1.25, "1,000,000,001.250"),
        ([1e-9, 3e-9], 1.5e-9, "1.500 × 10⁻⁹"),
        ([-2e15, 1e15], -2e15, "−2.000 × 10¹⁵"),
        ([0.0], 0.0, "0"),
        ([5.0, 5.0], 5.0, "5.000"),
        ([1.0, 900.0], -0.0, "0.0"),
        ([1.0, 2.0], math.nan, "n/a"),
        ([], math.inf, "n/a"),
    ],
)
def test_text(values: list[float], value: float, text: str) -> None:
    assert style_of_range(values).text(value) == text


def test_the_notation_for_plots_is_the_same_style() -> None:
    assert style_of_range([400.12, 405.0]).d3 == ",.3f"
    assert style_of_range([1e-9, 3e-9]).d3 == ".3e"


def test_a_column_of_errors_has_the_decimals_of_its_middle() -> None:
    assert style_of_sizes([0.622, 1.4, math.nan, 0.5]).text(0.622) == "0.6220"
    assert style_of_sizes([1234.0, 5000.0]).text(1234.4) == "1,234"
    assert style_of_sizes([math.nan]).text(math.nan) == "n/a"


@example([1.7e308, -1.7e308])
@example([1000001.0])
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=64), max_size=30))
def test_json_numbers_keep_values_apart(values: list[float]) -> None:
    out = json_numbers(values)
    assert [number is None for number in out] == [not math.isfinite(value) for value in values]
    finite = [value for value in values if math.isfinite(value)]
    spread = max(finite) - min(finite) if finite else 0.0
    for number, value in zip(out, values, strict=True):
        if number is not None and math.isfinite(spread):
            assert abs(number - value) <= 1e-5 * spread + 1e-15 * abs(value)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=10), st.floats())
def test_any_value_has_a_text(values: list[float], value: float) -> None:
    for style in (style_of_range(values), style_of_sizes(values)):
        text = style.text(value)
        assert text == "n/a" if not math.isfinite(value) else any(letter.isdigit() for letter in text)


def test_small_texts() -> None:
    assert percent(0.8062) == "80.6 %"
    assert percent(math.nan) == "n/a"
    assert [count(1, "row"), count(2000, "row"), count(2, "series", "series")] == ["1 row", "2,000 rows", "2 series"]
    assert [joined([]), joined("a"), joined("ab"), joined("abc")] == ["", "a", "a and b", "a, b and c"]


def test_whole_numbers_are_short() -> None:
    assert [type(number) for number in json_numbers(np.array([1.0, 2.5]))] == [int, float]
