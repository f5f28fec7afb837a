"""What the content refuses."""

from __future__ import annotations

import dataclasses

import pytest

from recurra.errors import InputError
from recurra.report.labelled.content import LabelledReport


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "translation"}, "task is 'translation': expected one of 'classification'"),
        ({"writing": "letters"}, "writing is 'letters'"),
        ({"best_baseline": "other"}, "best_baseline is 'other', which is none of the baselines"),
        ({"leading": "F2"}, "leading is 'F2', which is no score of the table: accuracy"),
    ],
)
def test_unknown_names(sentiment: LabelledReport, changes: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        dataclasses.replace(sentiment, **changes)


def test_absent_columns_and_examples(sentiment: LabelledReport) -> None:
    with pytest.raises(InputError, match="the report's confusion has no column 'count'"):
        dataclasses.replace(sentiment, confusion=sentiment.confusion.drop(columns="count"))
    with pytest.raises(InputError, match="chosen has no row for the explained example 9"):
        dataclasses.replace(sentiment, chosen=sentiment.chosen[:-1])


def test_ours(sentiment: LabelledReport, nothing: LabelledReport) -> None:
    assert (sentiment.ours, nothing.ours) == ("recurra", "")
