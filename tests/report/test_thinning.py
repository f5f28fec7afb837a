"""Thinning keeps the extremes, the ends and the order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recurra.report.thinning import thin

VALUES = st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(np.nan)), min_size=1, max_size=300)


@given(VALUES, st.integers(4, 60))
def test_laws(values: list[float], limit: int) -> None:
    array = np.array(values)
    kept = thin(array, limit)
    assert len(kept) <= limit
    assert (np.diff(kept) > 0).all()
    assert kept[-1] == len(array) - 1
    finite = array[np.isfinite(array)]
    if len(finite):
        assert np.nanmin(array[kept]) == finite.min()
        assert np.nanmax(array[kept]) == finite.max()
    if len(array) <= limit:
        assert len(kept) == len(array)


def test_the_end_is_untouched() -> None:
    kept = thin(np.sin(np.arange(10_000.0)), 300)
    assert kept[-100:].tolist() == list(range(9_900, 10_000))


def test_a_long_gap_stays_a_gap() -> None:
    values = np.arange(10_000.0)
    values[2_000:4_000] = np.nan
    kept = thin(values, 300)
    assert np.isnan(values[kept]).any()


def test_an_infinite_value_hides_no_peak() -> None:
    values = np.zeros(1_000)
    values[100], values[101] = 5.0, np.inf
    assert 100 in thin(values, 30)
