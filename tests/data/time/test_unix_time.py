from __future__ import annotations

import numpy as np
import pytest

from recurra.data.time.unix_time import number_format, read_numbers
from recurra.errors import InputError

NOON = int(np.datetime64("2014-07-01T12:00", "us").astype(int))


@pytest.mark.parametrize(
    ("value", "format", "expected"),
    [
        (1949, "%Y", "1949-01-01"), (194903, "%Y%m", "1949-03-01"), (20140701, "%Y%m%d", "2014-07-01"),
        (2014070112, "%Y%m%d%H", "2014-07-01T12"), (201407011230, "%Y%m%d%H%M", "2014-07-01T12:30"),
        (20140701123045, "%Y%m%d%H%M%S", "2014-07-01T12:30:45"),
        (NOON // 1_000_000, "epoch s", "2014-07-01T12"), (NOON // 1000, "epoch ms", "2014-07-01T12"),
        (NOON, "epoch us", "2014-07-01T12"), (NOON * 1000, "epoch ns", "2014-07-01T12"),
    ],
)  # fmt: skip
def test_numbers_that_are_times(value: int, format: str, expected: str) -> None:
    values = np.array([value])
    assert number_format(values, "time stamp") == format
    assert read_numbers(values, format)[0] == np.datetime64(expected, "us")


def test_steps_stay_steps() -> None:
    assert number_format(np.array([1, 2, 3]), "time") == "integer"
    assert number_format(np.array([1600, 1601]), "t") == "integer"
    assert number_format(np.array([20141399]), "date") == "integer"
    assert read_numbers(np.array([1.0, 2.0]), "integer").dtype == np.int64


def test_fractions_of_a_second_are_kept_and_others_refused() -> None:
    assert read_numbers(np.array([1404172800.25]), "epoch s")[0] == np.datetime64("2014-07-01T00:00:00.25", "us")
    with pytest.raises(InputError, match=r"column 'year' holds fractions such as 1958.2.*time="):
        number_format(np.array([1958.2, 1958.3]), "year")
