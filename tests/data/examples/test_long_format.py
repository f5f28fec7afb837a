from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.examples.inputs import Events, Series, Static
from recurra.data.examples.long_format import group_series
from recurra.errors import InputError


def gestures() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": ["b", "a", "b", "a", "a"],
            "t": [0.5, 3.0, 0.1, 1.0, 2.0],
            "x": [1.0, 2.0, 3.0, np.nan, 5.0],
            "y": [0, 1, 2, 3, 4],
            "kind": ["wave", "nod", "wave", "nod", "nod"],
            "person": [7, 8, 7, 8, 8],
        }
    )


def test_a_row_per_series_in_the_order_of_time() -> None:
    frame, labels, inputs, names = group_series(
        gestures(), series="id", time="t", label="kind", features=["x", "y"], static=["person"]
    )
    assert names.tolist() == ["a", "b"]
    assert np.array_equal(frame["sequence"][0], [[np.nan, 3], [5, 4], [2, 1]], equal_nan=True)
    assert frame["times"][1].tolist() == [0.1, 0.5]
    assert frame["person"].tolist() == [8, 7]
    assert labels is not None
    assert labels.tolist() == ["nod", "wave"]
    assert inputs == {"sequence": Series("times", ("x", "y")), "static": Static(("person",))}


@given(st.permutations(range(5)))
def test_the_order_of_the_rows_does_not_matter(order: list[int]) -> None:
    options: dict[str, Any] = {"series": "id", "time": "t", "label": "kind", "features": ["x", "y"]}
    one, other = (group_series(rows, **options) for rows in (gestures(), gestures().iloc[order]))
    assert one.labels is not None
    assert other.labels is not None
    assert one.labels.tolist() == other.labels.tolist()
    for name in ("sequence", "times"):
        assert all(
            np.array_equal(a, b, equal_nan=True) for a, b in zip(one.frame[name], other.frame[name], strict=True)
        )


def test_dates_are_seconds_and_tags_are_one_per_step() -> None:
    rows = gestures().assign(t=["2024-01-02", "2024-01-03", "2024-01-01", "2024-01-01", "2024-01-02"])
    rows["kind"] = list("vwxyz")
    frame, labels, *_ = group_series(rows, series="id", time="t", label="kind", features=["x"], tags=True)
    assert np.diff(frame["times"][0]).tolist() == [86400.0, 86400.0]
    assert labels is not None
    assert [list(tags) for tags in labels] == [["y", "z", "w"], ["x", "v"]]


@pytest.mark.parametrize("series", ["sequence", "times"])
def test_series_may_be_called_as_their_steps_are(series: str) -> None:
    named, plain = gestures().rename(columns={"id": series}), gestures()
    options: dict[str, Any] = {"time": "t", "label": "kind", "features": ["x", "y"]}
    one, other = group_series(named, series=series, **options), group_series(plain, series="id", **options)
    assert one.names.tolist() == other.names.tolist()
    for name in ("sequence", "times"):
        assert all(
            np.array_equal(a, b, equal_nan=True) for a, b in zip(one.frame[name], other.frame[name], strict=True)
        )
    with pytest.raises(InputError, match=f"column '{series}' of the table .* rename it"):
        group_series(plain.rename(columns={"person": series}), series="id", static=[series], **options)


def test_events_without_a_time() -> None:
    rows = pd.DataFrame({"user": [1, 2, 1], "page": ["home", "shop", "buy"]})
    frame, labels, inputs, _ = group_series(rows, series="user")
    assert [list(pages) for pages in frame["sequence"]] == [["home", "buy"], ["shop"]]
    assert labels is None
    assert inputs == {"sequence": Events()}


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"t": [0.1, 3, 0.1, 1, 2]}, {}, "series 'b' has the t '0.1' twice, in rows 1 and 3"),
        ({"kind": ["wave", "nod", "nod", "nod", "nod"]}, {}, "changes within series 'b': 'wave' in row 1, 'nod' in"),
        ({"person": [7, 8, 7, 9, 8]}, {"static": ["person"]}, "'person' changes within series 'a'.*static="),
        ({"id": ["b", None, "b", "a", "a"]}, {}, "names no series in row 2"),
        ({"t": [1, 2, np.nan, 4, 5]}, {}, "row 3"),
        ({}, {"features": ["z"]}, "column 'z' is not in"), ({}, {"features": ["x", "kind"]}, "'kind' holds text"),
        ({"x": [1, 2, np.inf, 4, 5]}, {}, "infinite .* in row 3"),
    ],
)  # fmt: skip
def test_refusals(change: dict[str, Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        group_series(gestures().assign(**change), **{"series": "id", "time": "t", "label": "kind", **options})
