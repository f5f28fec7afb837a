"""Several labels in a cell are found where that is certain, and one label in several spellings is said."""

from __future__ import annotations

import pandas as pd
import pytest

from recurra.data.examples.gathering import gather_examples
from recurra.data.examples.understanding import Roles, understand_examples
from recurra.data.labels.cell_labels import find_separator, spelled_alike


@pytest.mark.parametrize(
    ("cells", "sign", "certain"),
    [
        (["oak", "elm,oak", "elm"], ",", True),
        (["oak", "elm; oak", "elm", "ash;oak", "ash"], ";", True),
        (["a|b", "b|c", "a|c", "c|b", "a"], "|", False),  # the parts recur, yet not all stand alone
        (["Paris, Texas", "Rome", "Bonn"], None, None),
        (["Health, Care", "Health", "Food"], None, None),
        (["yes", "no", None], None, None),
        (["a,b"] * 9, None, None),  # one class that has a comma
        ([1, 2, 1], None, None),
    ],
)
def test_what_stands_between_labels(cells: list, sign: str | None, certain: bool | None) -> None:
    found = find_separator(pd.Series(cells, dtype=object))
    assert (None if found is None else found.sign, None if found is None else found.certain) == (sign, certain)


def test_spellings_are_grouped_from_the_commonest_on() -> None:
    assert spelled_alike(["Oak", "oak", "oak ", "ELM", 3, None, "ash  tree", "Ash tree"]) == (
        ("oak", "Oak"),
        ("ash  tree", "Ash tree"),
    )


def trees(labels: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"text": [f"leaf number {k} of a tree" for k in range(len(labels))], "label": labels})


def read_labels(frame: pd.DataFrame, roles: Roles) -> list:
    labels = gather_examples(frame, roles).labels
    assert isinstance(labels, pd.Series)
    return labels.tolist()


@pytest.mark.slow
def test_several_labels_are_read_and_said_unless_refused() -> None:
    frame = trees(["oak", "elm", "elm,oak", "oak"])
    roles, facts = understand_examples(frame)
    assert roles.label_separator == ","
    said = next(fact for fact in facts if fact.label == "several labels")
    assert "1 row hold several with ','" in said.value
    assert "'oak', 'elm'" in said.value
    assert said.flag == "label_separator='none'"
    assert read_labels(frame, roles)[2] == ["elm", "oak"]
    one, _ = understand_examples(frame, label_separator="none")
    assert one.label_separator is None
    assert read_labels(frame, one)[2] == "elm,oak"


@pytest.mark.slow
def test_blanks_are_trimmed_and_case_is_merged_where_asked() -> None:
    frame = trees(["oak", " oak", "Oak", "elm"])
    roles, facts = understand_examples(frame)
    assert read_labels(frame, roles) == ["oak", "oak", "Oak", "elm"]
    assert [fact.flag for fact in facts if "'oak' = 'Oak'" in fact.value] == ["merge_case=True"]
    merged, _ = understand_examples(frame, merge_case=True)
    assert read_labels(frame, merged) == ["oak", "oak", "oak", "elm"]
    later = trees(["OAK"])
    assert read_labels(later, merged) == ["oak"]
