"""Numbers come back as they were, and what float64 arithmetic would lose is refused with its row."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.labels.label_values import Origin
from recurra.data.labels.numbers import Numbers
from recurra.errors import InputError


@given(st.lists(st.floats(-1e6, 1e6).filter(lambda x: abs(x) > 1e-3), min_size=1, unique=True))
def test_a_round_trip(values: list[float]) -> None:
    spread = np.ptp(values)
    if len(values) > 1 and spread < 1e-9 * np.abs(values).max():
        return
    numbers = Numbers.of(values)
    assert numbers.decode(numbers.encode(values)).tolist() == values
    table = np.array(values)[:, None]
    assert np.array_equal(Numbers.of(table).decode(Numbers.of(table).encode(table)), table)


@pytest.mark.parametrize(
    "values",
    [
        [0, 0],
        [7.5] * 3,
        [1e300, -1e300],
        [0.0, 1e-304],
        [1e-308, 1e-308],
        [1e6, 1e6 + 1e-5],
        [1e6, 1e6 + 1e-12],  # the same number
        [2**53, None, 2**53 + 10**5],
        np.array([-(2**63), 0]),
        np.array([1, 2], np.float16),
        pd.Series([2**60, None, 2**61], dtype="Int64"),
        [True, False, None],
        [Decimal("0.5"), Decimal(1)],
    ],
    ids=str,
)
def test_what_float64_holds_is_taken(values: Any) -> None:
    expected = [np.nan if pd.isna(value) else float(value) for value in values]
    np.testing.assert_array_equal(Numbers.of(values).encode(values)[:, 0], expected)


LARGE = r"expected numbers up to 1e\+300; divide all by a constant, or take logarithms"
SMALL = r"expected some beyond 1e-305; multiply all by a constant, or take logarithms"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, 1e301, None, -1e301], r"y contains 1e\+301 in row 2 \(2 such rows\): " + LARGE),
        ([-1.7e308, 1.7e308], r"y contains a number beyond 1e\+308 in row 1 \(2 such rows\): " + LARGE),
        ([1, 10**5000], r"y contains a number beyond 1e\+308 in row 2 \(1 such row\): " + LARGE),
        ([[1, 2], [3, 10**302]], r"y contains 1e\+302 in row 2 \(1 such row\): " + LARGE),
        ([Decimal("1e400"), None], r"y contains a number beyond 1e\+308 in row 1 \(1 such row\): " + LARGE),
        ([1, None, -np.inf], r"y contains infinity in row 3 \(1 such row\): correct it"),
        (np.array([1, np.inf], np.float16), r"y contains infinity in row 2 \(1 such row\): correct it"),
        ([2e-310, None, 1e-310], "y goes from 1e-310 in row 3 to 2e-310 in row 1: " + SMALL),
        ([1e6, 1e6 + 1e-9], "y goes from 1000000.0 in row 1 to 1000000.000000001 in row 2, .*: subtract 1000000.0 "),
        ([2**53, 2**53 + 1], "y goes from 9007199254740992 in row 1 to 9007199254740993 in row 2, .*: subtract 900719"),
        (np.array([2**64 - 1, 2**64 - 2], np.uint64), "from 18446744073709551614 in row 2 to 18446744073709551615"),
        (pd.Series([2**60, None, 2**60 + 1], dtype="Int64"), "y goes from 1152921504606846976 in row 1 to"),
    ],
    ids=range(12),
)
def test_what_float64_arithmetic_would_lose_is_refused(values: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Numbers.of(values, what=Origin("y"))


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["1", None, "2", "n/a", "x"], "'x' .str. in row 5: expected numbers; convert them, or"),
        (["4", "n/a"], "'n/a' .str. in row 2: expected numbers; convert them, or"),
        (
            ["0", "1180591620717411303424"],
            "'1180591620717411303424' .str. in row 2: .* write such whole numbers with a ",
        ),
        (["0.5", "1"], "'0.5' .str. in row 1: expected numbers; convert them, or"),
        ([1.0, Decimal(2), "few"], "'few' .str. in row 3: expected numbers; convert them, or"),
    ],
)
def test_of_numbers_that_came_as_text_the_reason_is_named(values: list[Any], found: str) -> None:
    with pytest.raises(InputError, match=f"y holds {found}"):
        Numbers.of(values)


def test_later_numbers_may_be_alike() -> None:
    """One that is evaluated is compared with what was learnt, not with its neighbours."""
    assert Numbers().encode([2**53, 2**53 + 1]).shape == (2, 1)
    with pytest.raises(InputError, match=LARGE):
        Numbers().encode([1e301])
