"""Which columns are numbers, and which stay text because as numbers they would lose something."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.files.missing import missing_words
from recurra.data.files.numbers import Numbers, Text, parse_numbers

NAN = float("nan")


def parse(*cells: str, decimal: str = ".") -> Numbers | Text:
    return parse_numbers(pa.array(cells, pa.string()), decimal=decimal, missing=missing_words())


@pytest.mark.parametrize(
    ("cells", "decimal", "values"),
    [
        (("1", "-2", "+3"), ".", [1, -2, 3]),
        (("1.5", ".5", "5.", "1e3"), ".", [1.5, 0.5, 5.0, 1000.0]),
        (("1,5", "-0,25"), ",", [1.5, -0.25]),
        (("1.234,5", "7"), ",", [1234.5, 7.0]),
        (("1,234", "12,345,678", "5"), ".", [1234, 12345678, 5]),
        (("1'234.5", "1"), ".", [1234.5, 1.0]),
        (("1\u00a0234,5", "1"), ",", [1234.5, 1.0]),
        (("NA", "1", "缺失"), ".", [NAN, 1.0, NAN]),
        ((" 1 ", "2"), ".", [1, 2]),
        (("", ""), ".", [NAN, NAN]),
        (("inf", "-Infinity", "1"), ".", [np.inf, -np.inf, 1.0]),
        (("1700000000000000001", "9223372036854775807"), ".", [1700000000000000001, 9223372036854775807]),
        (("0", "05"), ".", [0, 5]),
        (("12.5%", "3 %", "-"), ".", [12.5, 3.0, NAN]),
        (("$1,234.50", "$7"), ".", [1234.5, 7.0]),
    ],
)
def test_numbers(cells: tuple[str, ...], decimal: str, values: list[float]) -> None:
    found = parse(*cells, decimal=decimal)
    assert isinstance(found, Numbers)
    np.testing.assert_array_equal(found.values, values)
    assert found.values.dtype == np.asarray(values).dtype


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (("a", "b"), ""),
        (("NA", "NA"), ""),
        (("01234", "99999"), "begin with 0"),
        (("99999999999999999999", "1"), "beyond 64 bits"),
        (("9007199254740993", "NA"), "too long"),
        (("1", "2", "x"), "1 of 3 cells is not a number, 'x'"),
        (("1,23", "2"), "1 of 2 cells"),
        (("12%", "$5"), "by '%' and the others are not"),
        (("1_000", "x"), ""),
    ],
)
def test_text(cells: tuple[str, ...], reason: str) -> None:
    found = parse(*cells)
    assert isinstance(found, Text)
    assert reason in found.reason
    assert bool(reason) == bool(found.reason)


@given(st.lists(st.integers(-(2**63) + 1, 2**63 - 1), min_size=1, max_size=20))
def test_every_int64_comes_back(values: list[int]) -> None:
    found = parse(*map(str, values))
    assert isinstance(found, Numbers)
    assert found.values.tolist() == values


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=20), st.sampled_from(".,"))
def test_every_float_comes_back(values: list[float], decimal: str) -> None:
    found = parse(*(repr(value).replace(".", decimal) for value in values), decimal=decimal)
    assert isinstance(found, Numbers)
    np.testing.assert_array_equal(found.values, values)


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=20), st.sampled_from([",", "'", " ", "\u202f"]))
def test_thousands_separators_come_back(values: list[int], group: str) -> None:
    found = parse(*(f"{value:,}".replace(",", group) for value in values))
    assert isinstance(found, Numbers)
    assert found.values.tolist() == values
