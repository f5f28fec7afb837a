from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import DataConversionWarning

from recurra.data.examples.gathering import gather_examples
from recurra.data.examples.inputs import Text
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.understanding import Roles
from recurra.data.labels.labels import Classes, LabelSets, Numbers, Tags, class_labels, restored, stored
from recurra.errors import InputError

WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=3)


@given(st.one_of(st.lists(WORDS), st.lists(st.integers(-5, 5)), st.lists(st.booleans())), st.booleans())
def test_classes_go_round(labels: list[Any], hidden: bool) -> None:
    if len(set(labels)) < 2:
        with pytest.raises(InputError, match="class"):
            Classes.of(labels)
        return
    labels = [*labels, None] if hidden else labels
    classes = Classes.of(labels)
    codes = classes.encode(labels)
    assert classes.decode(codes).tolist() == labels
    assert list(classes.names) == sorted(set(labels) - {None})
    assert restored(json.loads(json.dumps(stored(classes)))) == classes


@pytest.mark.parametrize(
    "labels",
    [np.array([3, 1, 3], dtype=np.int32), np.array(["b", "a"]), np.array([True, False]), np.array([2.0, 1.0])],
)
def test_classes_keep_the_dtype(labels: np.ndarray) -> None:
    classes = Classes.of(labels)
    decoded = classes.decode(classes.encode(labels))
    assert decoded.dtype == labels.dtype
    assert np.array_equal(decoded, labels)
    assert np.array_equal(classes.values, np.unique(labels))


def test_missing_labels() -> None:
    classes = Classes.of(["b", None, np.nan, "", "a"])
    assert classes.encode(["b", None, np.nan, "", pd.NA]).tolist() == [1, -1, -1, -1, -1]
    assert Classes.of(pd.Series([1, None, 2], dtype="Int64")).names == (1, 2)
    assert Classes.of(np.array([1.0, np.nan, 2.0])).encode([np.nan, 2]).tolist() == [-1, 1]
    assert Classes.of(pd.Series(["x", "y"], dtype="category")).encode(["y"]).tolist() == [1]


def test_numbers_and_their_texts_are_the_same_label() -> None:
    assert Classes(("1", "2", "x")).encode([2, 1.0]).tolist() == [1, 0]
    assert Classes((1, 2), "int64").encode(["2", None]).tolist() == [1, -1]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1, 1], "one class only, 1"), ([None, ""], "no label"),
        (None, "requires y to be passed, but the target y is None"),
        ([1.5, 2.0], "Unknown label type: continuous.*1.5 in row 1"), ([1.0, np.inf], "inf in row 2"),
        ([1, "a"], r"'a' \(str\) in row 2 and 1 in row 1"), ("abc", "expected a list"),
    ],
)  # fmt: skip
def test_what_is_no_class(labels: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Classes.of(labels)


def test_an_unseen_class_is_named_with_its_row_and_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"y holds 'c' in row 3 \(2 unseen labels in all\).*'a', 'b'"):
        Classes(("a", "b")).encode(["a", None, "c", "d"])


def test_a_column_vector_is_flattened_as_scikit_learn_does() -> None:
    with pytest.warns(DataConversionWarning, match="column-vector"):
        assert Classes((0, 1), "int64").encode(np.array([[1], [0]])).tolist() == [1, 0]


@given(st.lists(st.one_of(st.none(), st.lists(st.sampled_from("abcd"), unique=True)), max_size=8))
def test_label_sets_go_round(rows: list[list[str] | None]) -> None:
    rows = [*rows, ["a", "b"]]
    sets = LabelSets.of(rows)
    assert sets.decode(sets.encode(rows)) == [None if row is None else tuple(sorted(row)) for row in rows]
    joined = [None if not row else "|".join(sorted(row)) for row in rows]
    texts = LabelSets.of(joined, separator="|")
    assert texts.decode(texts.encode(joined)) == joined
    assert restored(json.loads(json.dumps(stored(texts)))) == texts


def test_forms_of_label_sets() -> None:
    matrix = np.array([[1, 0, 1], [0, 0, 0]])
    assert class_labels(matrix) == class_labels(matrix.tolist()) == LabelSets((0, 1, 2), "int64", "matrix")
    assert np.array_equal(class_labels(matrix).encode(matrix), matrix)
    assert class_labels(pd.DataFrame({"war": [1, 0], "love": [0, 1]})).names == ("war", "love")
    assert class_labels([{3}, {1, 2}]).names == (1, 2, 3)
    assert class_labels(["a;b", "c"]) == Classes(("a;b", "c"))
    assert class_labels(["a; b", "c"], separator=";").names == ("a", "b", "c")
    assert LabelSets.of(["a", "b;a"]).encode(["b", None]).tolist() == [[0, 1], [-1, -1]]


def test_label_sets_refuse() -> None:
    with pytest.raises(InputError, match="2 in row 1, column 2"):
        LabelSets.of(np.array([[1, 2]]))
    with pytest.raises(InputError, match="'z' in row 2"):
        LabelSets(("a", "b")).encode([["a"], ["b", "z"]])
    with pytest.raises(InputError, match="7 in row 2: expected a list or set"):
        LabelSets.of([["a"], 7])
    with pytest.raises(InputError, match="no label"):
        LabelSets.of([[], None])
    with pytest.raises(InputError, match="2 columns of labels: expected 3"):
        LabelSets((0, 1, 2), "int64", "matrix").encode(np.eye(2))


@given(st.lists(st.one_of(st.none(), st.floats(-9, 9)), min_size=1))
def test_numbers_go_round(values: list[float | None]) -> None:
    values = [*values, 1.0]
    numbers = Numbers.of(values)
    decoded = numbers.decode(numbers.encode(values))
    assert [None if np.isnan(v) else v for v in decoded] == values
    assert restored(json.loads(json.dumps(stored(numbers)))) == numbers


def test_several_numbers() -> None:
    frame = pd.DataFrame({"u": [1, 2], "v": [3.0, np.nan]})
    numbers = Numbers.of(frame)
    assert numbers.names == ("u", "v")
    assert numbers.encode(frame).shape == (2, 2)
    assert numbers.decode(np.zeros((3, 2))).shape == (3, 2)
    with pytest.raises(InputError, match="1 column: expected 2"):
        numbers.encode([1, 2])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["1", "2"], r"'1' \(str\) in row 1: expected numbers"), ([1, "x"], "'x'"), ([1, np.inf], "infinity in row 2"),
        ([None], "NaN only"), (None, "requires y to be passed"), ([[1, 2], [3]], "different lengths"),
        (np.zeros((2, 2, 2)), "shape"),
    ],
)  # fmt: skip
def test_what_is_no_number(labels: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Numbers.of(labels)


@given(st.lists(st.text("HEC甲", max_size=5), max_size=6))
def test_tags_in_strings_go_round(rows: list[str]) -> None:
    rows = [*rows, "HE"]
    tags = Tags.of(rows)
    assert tags.decode(tags.encode(rows, [len(row) for row in rows])) == rows
    assert restored(json.loads(json.dumps(stored(tags)))) == tags


@given(st.lists(st.lists(st.one_of(st.none(), st.sampled_from(["N", "V"])), max_size=4), max_size=6))
def test_tags_in_lists_go_round(rows: list[list[str | None]]) -> None:
    rows = [*rows, ["N", "V"]]
    tags = Tags.of(rows)
    assert tags.decode(tags.encode(rows)) == rows


def test_tags_in_arrays_and_missing_rows() -> None:
    rows = [np.array([2, 1]), np.array([1])]
    tags = Tags.of(rows)
    decoded = tags.decode(tags.encode(rows))
    assert [row.tolist() for row in decoded if isinstance(row, np.ndarray)] == [[2, 1], [1]]
    assert Tags(("E", "H")).encode(["HE", None], [2, 3]).values.tolist() == [1, 0, -1, -1, -1]
    assert Tags(("a", "b"), form="list").encode([["a", "", None]]).values.tolist() == [0, -1, -1]
    assert Tags(("E", "H")).decode(Ragged.of([np.array([0, -1])])) == ["E "]


def test_tags_refuse() -> None:
    tags = Tags(("E", "H"))
    with pytest.raises(InputError, match=r"1 tag in row 2, and its sequence has 2 steps \(1 such row\)"):
        tags.encode(["HE", "H"], [2, 2])
    with pytest.raises(InputError, match="3 tags in row 1, and its sequence has 2 steps"):
        tags.encode(["HEH"], [2])
    with pytest.raises(InputError, match="'X' in row 2"):
        tags.encode(["HE", "HX"])
    with pytest.raises(InputError, match="'c' in row 2"):
        Tags(("a", "b"), form="list").encode([["a"], ["b", "c"]])
    with pytest.raises(InputError, match="one class only, 'H'"):
        Tags.of(["HH", "H"])
    with pytest.raises(InputError, match=r"\['a'\] in row 2: expected .* a string in every row"):
        Tags.of(["HE", ["a"]])
    with pytest.raises(InputError, match="1 in row 1"):
        Tags.of([1, 2])


def test_what_is_stored_is_checked() -> None:
    with pytest.raises(InputError, match="kind 'words' are not known"):
        restored({"kind": "words"})
    with pytest.raises(InputError, match="stored classes hold"):
        restored({"kind": "classes", "names": ["a", "b"]})


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ([["a", "b", "c"], ["d"], [1]], r"y holds 1 \(int\) in row 3 and 'a' in row 1"),
        ([[1, 2, 3], [4, 5.5]], r"y holds 5.5 in row 2, which is no class"),
        ([["a", "b"], ["c", ["d"]]], r"y holds \['d'\] within the labels of row 2: .* flatten it"),
    ],
)
def test_what_is_no_set_is_named_by_its_row(sets: list[list[object]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        LabelSets.of(sets)


def test_a_blank_set_is_not_known() -> None:
    sets = LabelSets.of(["a;b", " ", ""])
    assert sets.encode(["", " ", ";"]).tolist() == [[-1, -1], [-1, -1], [0, 0]]
    frame = pd.DataFrame({"text": ["x y", "y z", "z"], "kinds": ["a;b", " ", ""]}, dtype=object)
    found = gather_examples(frame, Roles({"text": Text()}, label=("kinds",), label_separator=";")).labels
    assert LabelSets.of(found).encode(found).tolist() == [[1, 1], [-1, -1], [-1, -1]]
