"""Predictions as rows: forms of cells, and laws of what stands in them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from recurra.cli.flags.values import parse_widths
from recurra.cli.labelled_run import title_of
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.understanding import Roles
from recurra.data.labels.classes import Classes
from recurra.data.labels.label_sets import LabelSets
from recurra.data.labels.tags import Tags
from recurra.errors import InputError
from recurra.inputs import Static, Symbols, Text
from recurra.tasks.labelled.columns import cell_text, json_lines, predicted_columns, right_column, truth_columns
from recurra.tasks.labelled.objective import Objective


def test_the_predicted_class_has_the_largest_probability() -> None:
    classes = Classes(("a", "b", "c"))
    outputs = np.random.default_rng(0).normal(size=(50, 3))
    found = pd.DataFrame(predicted_columns(classes, Objective("classes", 3), outputs, None, ";"))
    assert found["predicted"].tolist() == found[["p_a", "p_b", "p_c"]].idxmax(axis=1).str[2:].tolist()


def test_many_classes_have_no_columns_of_their_own() -> None:
    classes = Classes(tuple(map(str, range(100))))
    found = predicted_columns(classes, Objective("classes", 100), np.zeros((2, 100)), None, ";")
    assert list(found) == ["predicted", "probability"]


def test_sets_are_right_as_a_whole_and_unknown_ones_neither() -> None:
    sets, objective = LabelSets(("a", "b")), Objective("labels", 2)
    outputs, truth = np.array([[1.0, -1], [1, 1], [-1, -1]]), np.array([[1, 0], [0, 1], [-1, -1]])
    assert predicted_columns(sets, objective, outputs, None, "|")["predicted"] == ["a", "a|b", ""]
    assert truth_columns(sets, truth, "|")["truth"] == ["a", "b", None]
    assert right_column(objective, outputs, truth)["right"].tolist() == [True, False, pd.NA]


def test_the_share_of_right_tags_is_of_the_known_ones() -> None:
    tags, truth = Tags(("a", "b")), Ragged(np.array([0, 1, -1, 1]), np.array([0, 3, 4]))
    outputs = np.array([[1.0, 0], [1, 0], [1, 0], [0, 1]])
    objective = Objective("tags", 2)
    assert right_column(objective, outputs, truth)["right"].tolist() == [0.5, 1.0]
    assert predicted_columns(tags, objective, outputs, truth.offsets, ";")["predicted"] == ["aaa", "b"]


def test_lists_in_a_cell() -> None:
    frame = pd.DataFrame({"words": [["D", "N"], ["V"]], "odd": [["a b"], [1, 2]], "n": [1, 2]})
    found = cell_text(frame)
    assert found["words"].tolist() == ["D N", "V"]
    assert [json.loads(cell) for cell in found["odd"]] == [["a b"], [1, 2]]
    rows = [json.loads(line) for line in json_lines(frame.assign(none=np.nan)).splitlines()]
    assert rows == [{"words": ["D", "N"], "odd": ["a b"], "n": 1, "none": None},
                    {"words": ["V"], "odd": [1, 2], "n": 2, "none": None}]  # fmt: skip


@pytest.mark.parametrize("text", ["4", "3,", "x", "3;5", "-3"])
def test_widths_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match=r"--convolution .* is not an odd whole number"):
        parse_widths(text)


def test_a_page_is_named_after_its_task_and_its_inputs() -> None:
    texts = Roles(inputs={"title": Text(), "review": Text(), "static": Static()}, label=("stars",), static=("age",))
    assert title_of("regress", texts) == "Regression: stars from title, review and age"
    steps = Roles(inputs={}, label=("state",), series="machine", features=("vibration", "temperature"))
    assert title_of("classify", steps) == "Classification: state from vibration and temperature"
    wide = Roles(inputs={}, label=("a", "b"), features=tuple(f"f{k}" for k in range(300)))
    assert title_of("classify", wide) == "Classification: a and b from f0, f1, f2 and 297 more"
    assert title_of("tag", Roles(inputs={"residues": Symbols()}, label=("dssp",))) == "Tagging: dssp from residues"
