"""Predictions as rows: forms of cells, and laws of what stands in them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from recurra.cli.flags.values import parse_widths
from recurra.data.examples.understanding import Roles
from recurra.data.files.cells_out import cell_text, json_lines
from recurra.errors import InputError
from recurra.inputs import Static, Symbols, Text
from recurra.objectives.classes import ClassObjective
from recurra.objectives.numbers import NumberObjective
from recurra.objectives.tags import TagObjective
from recurra.tasks.labelled.remarks import title_of


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
    assert title_of(NumberObjective, texts) == "Regression: stars from title, review and age"
    steps = Roles(inputs={}, label=("state",), series="machine", features=("vibration", "temperature"))
    assert title_of(ClassObjective, steps) == "Classification: state from vibration and temperature"
    wide = Roles(inputs={}, label=("a", "b"), features=tuple(f"f{k}" for k in range(300)))
    assert title_of(ClassObjective, wide) == "Classification: a and b from f0, f1, f2 and 297 more"
    assert (
        title_of(TagObjective, Roles(inputs={"residues": Symbols()}, label=("dssp",))) == "Tagging: dssp from residues"
    )
