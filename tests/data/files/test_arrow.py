"""Tables and columns of polars and Arrow are read as those of pandas, by every estimator and by `understand`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.tasks.sequences import SILENT, classifier, reviews, strands, tagger
from tests.tasks.small import quick, shops, with_covariates

from recurra.data import understand
from recurra.data.files.arrow import in_pandas
from recurra.errors import InputError

TEXTS, LABELS = reviews(40)
TABLE = with_covariates(shops(60))


class Streamed:
    """A table that has nothing but the C stream."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.table = pa.Table.from_pandas(frame)
        self.columns = list(frame.columns)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.table.__arrow_c_stream__(requested_schema)


MAKERS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "polars": pl.from_pandas,
    "an Arrow table": pa.Table.from_pandas,
    "a record batch": pa.RecordBatch.from_pandas,
    "a C stream": Streamed,
}


@pytest.mark.parametrize("maker", MAKERS)
def test_a_table_is_understood_as_that_of_pandas(maker: str) -> None:
    ours, facts = understand(TABLE, target="units")
    theirs, told = understand(MAKERS[maker](TABLE), target="units")
    assert (theirs.schema, theirs.series, told) == (ours.schema, ours.series, facts)
    np.testing.assert_array_equal(theirs.target, ours.target)
    np.testing.assert_array_equal(theirs.past, ours.past)
    np.testing.assert_array_equal(theirs.known_codes, ours.known_codes)


def test_a_forecaster_takes_it() -> None:
    ours = quick(epochs=0.1).fit(TABLE, target="units").predict(TABLE)
    frame = pl.from_pandas(TABLE)
    theirs = quick(epochs=0.1).fit(frame, target="units").predict(frame)
    pd.testing.assert_frame_equal(theirs, ours, check_dtype=False)


def test_a_classifier_takes_tables_and_columns() -> None:
    frame = pd.DataFrame({"text": TEXTS, "number": range(40)})
    ours = classifier().fit(frame, LABELS, run=SILENT)
    theirs = classifier().fit(pl.from_pandas(frame), pl.Series("label", LABELS), run=SILENT)
    assert np.array_equal(theirs.predict_proba(pl.from_pandas(frame)), ours.predict_proba(frame))
    assert theirs.score(pl.from_pandas(frame), pl.Series(LABELS)) == ours.score(frame, LABELS)


def test_a_tagger_takes_columns_of_text_and_of_lists() -> None:
    letters, tags = strands(30)
    model = tagger().fit(pl.Series("s", letters), pl.Series(tags), run=SILENT)
    assert model.score(pl.Series("s", letters), pl.Series(tags)) == model.score(letters, tags)
    lists = pl.Series("s", [list(row) for row in letters])
    found = tagger().fit(lists, pl.Series([list(row) for row in tags]), run=SILENT).predict(lists)
    assert [len(row) for row in found] == [len(row) for row in tags]


def test_types_are_those_of_a_parquet_file() -> None:
    frame = pl.DataFrame(
        {
            "whole": [1, 2, None],
            "truth": [True, False, True],
            "day": [date(2024, 1, 1), None, date(2024, 1, 3)],
            "group": pl.Series(["a", None, "b"], dtype=pl.Categorical),
            "price": pl.Series(["1.50", "2.25", None]).cast(pl.Decimal(10, 2)),
        }
    )
    found = in_pandas(frame)
    assert found["whole"].dtype == np.float64
    assert found["truth"].tolist() == [1, 0, 1]
    assert found["day"].dtype.kind == "M"
    assert found["price"].tolist()[:2] == [1.5, 2.25]
    assert found["group"].isna().tolist() == [False, True, False]


def test_what_is_no_table_stays_as_it_is() -> None:
    for data in ([1, 2], "text", np.zeros(3), None, TABLE, TABLE["day"], {"a": [1]}):
        assert in_pandas(data) is data


def test_twice_named_columns_are_refused() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(InputError, match="several columns called 'a'"):
        in_pandas(table)
