from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from recurra.data.panel.building import build_panel
from recurra.data.schema.roles import infer_schema, tidy
from recurra.errors import InputError

N = 40
DAYS = pd.date_range("2024-01-01", periods=N)
Y = np.random.default_rng(0).normal(size=N)


def test_the_target_is_the_only_number_or_called_so() -> None:
    assert infer_schema(pd.DataFrame({"day": DAYS, "units": Y})).target == "units"
    assert infer_schema(pd.DataFrame({"day": DAYS, "a": Y, "y": Y})).target == "y"
    assert infer_schema(pd.DataFrame({"No": range(1, N + 1), "day": DAYS, "units": Y})).target == "units"


@pytest.mark.parametrize(
    ("frame", "overrides", "message"),
    [
        (
            pd.DataFrame({"day": DAYS, "a": Y, "b": Y}),
            {},
            r"x.csv has 2 numeric columns .*target=.*Numeric columns: a, b",
        ),
        (pd.DataFrame({"day": DAYS, "s": ["a"] * N}), {}, r"x.csv has no numeric column to forecast"),
        (pd.DataFrame({"day": DAYS, "units": Y}), {"target": "unit"}, r"did you mean 'units'\?"),
        (
            pd.DataFrame({"day": DAYS, "u": ["1", "n/k"] * 20}),
            {"target": "u"},
            r"not numeric: row 2 holds 'n/k' \(20 such rows",
        ),
        (pd.DataFrame({"day": DAYS, "u": [None] * N}), {"target": "u"}, r"target 'u' of x.csv has no value in any row"),
        (
            pd.DataFrame({"day": DAYS, "y": Y}),
            {"layout": "tall"},
            r"layout 'tall' is not known: expected long, wide-rows",
        ),
        (pd.DataFrame({"day": DAYS, "y": Y}), {"target": "y", "past": ["y"]}, r"given as target= and as past="),
        (pd.DataFrame({"y": Y}), {"freq": "D"}, r"freq= needs a time column"),
        (pd.DataFrame({"day": DAYS, "y": Y}), {"time": ["date"]}, r"column 'date' is not in x.csv.*time="),
        (pd.DataFrame({"day": DAYS, "y": Y}), {"series": "id"}, r"column 'id' is not in x.csv.*series="),
        (pd.DataFrame(), {}, r"x.csv has no columns"),
        (pd.DataFrame({"day": [], "y": []}), {}, r"x.csv has no rows"),
        (pd.DataFrame(np.ones((3, 2)), columns=["a", "a"]), {}, r"several columns called 'a'"),
    ],
)
def test_refusals_name_the_remedy(frame: pd.DataFrame, overrides: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        infer_schema(frame, source="x.csv", **overrides)


def test_an_index_of_times_is_a_column() -> None:
    schema = infer_schema(pd.DataFrame({"y": Y}, index=pd.period_range("2020-01", periods=N, freq="M", name="month")))
    assert (schema.time, schema.freq) == (("month",), "MS")
    assert list(tidy(pd.DataFrame({0: Y}), "x").columns) == ["0"]


def test_the_frame_is_left_alone() -> None:
    frame = pd.DataFrame({"day": DAYS.strftime("%d.%m.%Y"), "id": ["a"] * 20 + ["b"] * 20, "y": Y, 3: Y})
    before = frame.copy(deep=True)
    infer_schema(frame, target="y", series="id")
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.slow
def test_layouts() -> None:
    wide = pd.DataFrame({"day": DAYS, "s1": Y, "s2": Y})
    assert infer_schema(wide).layout == "wide-columns"
    assert infer_schema(wide, target="s1").past == ("s2",)
    assert infer_schema(wide.rename(columns={"s1": "AUD"}), layout="wide-columns").layout == "wide-columns"
    rows = pd.DataFrame({"id": ["W1", "W2"], **{f"V{k}": [1.0, k] for k in range(2, 9)}})
    assert infer_schema(rows).layout == "wide-rows"
    assert infer_schema(rows, target="V3").layout == "long"
    years = pd.DataFrame({"Country": ["A", "B"], "Code": ["AA", "BB"], **{str(k): [1.0, k] for k in range(1960, 1970)}})
    schema = infer_schema(years)
    assert (schema.layout, schema.freq, schema.static_categorical) == ("wide-rows", "YS-JAN", ("Code",))


@pytest.mark.slow
def test_wide_rows_may_be_named_by_several_columns() -> None:
    days = [f"{day}/2/21" for day in range(1, 8)]
    frame = pd.DataFrame(
        {"Province": [None, "East", "West"], "Country": ["A", "B", "B"], "Lat": [1.0, 2.0, 3.0]}
        | {day: [k, k + 1.0, k + 3.0] for k, day in enumerate(days)}
    )
    told: dict[str, Any] = {"layout": "wide-rows", "series": "Province,Country"}
    for overrides in ({}, told):
        schema = infer_schema(frame, **overrides)
        assert (schema.layout, schema.series, schema.static) == ("wide-rows", "Province,Country", ("Lat",))
        panel, _ = build_panel(frame, schema)
        assert panel.series == ("A", "East B", "West B")
    with pytest.raises(InputError, match=r"repeats the name 'B' in column 'Country'.*series= A,B"):
        build_panel(frame, infer_schema(frame, layout="wide-rows", series="Country"))


def test_the_guilty_cell_of_a_target_is_the_first_that_is_no_number_to_the_reader() -> None:
    frame = pd.DataFrame({"day": DAYS[:3], "y": ["1,963.85", "(1,025.47)", "none yet"]})
    with pytest.raises(InputError, match=r"row 3 holds 'none yet' \(1 such row\)"):
        infer_schema(frame, target="y")


def test_the_target_is_the_only_column_of_numbers_that_has_no_part() -> None:
    frame = pd.DataFrame({"day": DAYS, "price": Y, "size": 1.5, "units": Y})
    assert infer_schema(frame, known=["price"], static=["size"]).target == "units"
