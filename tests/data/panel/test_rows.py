from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.panel.panel import Schema
from recurra.data.panel.rows import find_positions, read_rows
from recurra.errors import InputError


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30))
def test_without_a_time_the_rows_of_each_series_are_counted(names: list[str]) -> None:
    frame = pd.DataFrame({"id": names, "y": 1.0})
    schema = Schema(target="y", series="id")
    placed = find_positions(read_rows(frame, schema, None, "x.csv"), schema, "x.csv")
    grid, positions, moved = placed.grid, placed.positions, placed.moved
    assert grid.freq is None
    assert moved == 0
    assert positions.tolist() == frame.groupby("id").cumcount().tolist()


def test_rows_off_the_grid_are_counted() -> None:
    frame = pd.DataFrame({"at": ["2024-01-01 00:00", "2024-01-01 01:10", "2024-01-01 02:00"], "y": 1.0})
    schema = Schema(target="y", time=("at",), freq="h")
    placed = find_positions(read_rows(frame, schema, None, "x.csv"), schema, "x.csv")
    positions, moved = placed.positions, placed.moved
    assert np.diff(positions).tolist() == [1, 1]
    assert moved == 1


def test_missing_columns_are_named() -> None:
    frame = pd.DataFrame({"at": ["2024-01-01"], "y": [1.0]})
    with pytest.raises(InputError, match=r"column 'when' is not in x.csv.*time="):
        read_rows(frame, Schema(target="y", time=("when",)), None, "x.csv")
    with pytest.raises(InputError, match=r"column 'z' is not in x.csv.*target="):
        read_rows(frame, Schema(target="z", time=("at",)), None, "x.csv")
    with pytest.raises(InputError, match=r"column 'rain' is not in x.csv"):
        read_rows(frame, Schema(target="y", time=("at",), past=("rain",)), None, "x.csv")
