"""Every input has the encoder of its kind, learnt from the training part, and an error names the input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recurra.data.encoders.reader import Fixed, Reader, is_sequence, step_counts, total
from recurra.data.examples.examples import as_examples
from recurra.data.examples.inputs import Array, Events, Series, Static, Symbols, Text
from recurra.data.examples.ragged import Ragged

KINDS = {
    "review": Text(),
    "dna": Symbols(),
    "clicks": Events(),
    "walk": Series(),
    "photo": Array(),
    "call": Array(),
    "facts": Static(("age", "town")),
}


def frame(rows: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "review": ["a fine film", "dull", "fine", "a dull film"][:rows],
            "dna": ["ACGT", "A", "CC", "GTA"][:rows],
            "clicks": [["in", "out"], ["in"], ["buy"], ["in", "in", "in"]][:rows],
            "walk": [rng.normal(size=(k + 1, 2)) for k in range(rows)],
            "photo": [rng.normal(size=(6, 6)) for _ in range(rows)],
            "call": [rng.normal(size=100 * (k + 1)) for k in range(rows)],
            "age": rng.normal(size=rows),
            "town": list("abab")[:rows],
        }
    )


def test_every_kind_is_encoded_in_its_form():
    examples = as_examples(frame(), inputs=KINDS)
    reader = Reader.learn(examples)
    encoded = reader.encode(examples)
    forms = {name: type(column) for name, column in encoded.items()}
    fixed = {"photo", "facts"}
    assert forms == {name: Fixed if name in fixed else Ragged for name in KINDS}
    assert (reader.tokens, reader.series) == ("review", "walk")
    assert reader.sequences == ("review", "dna", "clicks", "walk", "call")
    assert {name for name, encoder in reader.encoders.items() if not is_sequence(encoder)} == fixed
    assert total(encoded) == 4
    assert step_counts(encoded).tolist() == [100, 200, 300, 400]


def test_a_part_is_encoded_as_within_the_whole():
    examples = as_examples(frame(), inputs=KINDS)
    reader = Reader.learn(examples)
    whole, part = reader.encode(examples), reader.encode(examples.take([2, 0]))
    for name, column in whole.items():
        other = part[name]
        if isinstance(column, Ragged):
            np.testing.assert_array_equal(column.take([2, 0]).values, other.values)
        else:
            assert isinstance(other, Fixed)
            np.testing.assert_array_equal(column.values[[2, 0]], other.values)
            np.testing.assert_array_equal(column.there[[2, 0]], other.there)


def test_a_missing_input_is_no_step_and_not_there():
    later = frame(1)
    later["review"], later["photo"], later["walk"] = None, None, None
    optional = ("review", "photo", "clicks", "walk")
    reader = Reader.learn(as_examples(frame(), inputs=KINDS))
    encoded = reader.encode(as_examples(later.drop(columns="clicks"), inputs=KINDS, optional=optional))
    lengths = {name: column.lengths.tolist() for name, column in encoded.items() if isinstance(column, Ragged)}
    assert {name: lengths[name] for name in optional if name != "photo"} == {"review": [0], "clicks": [0], "walk": [0]}
    assert encoded["walk"].values.shape == (0, 2)
    there = {name: column.there.tolist() for name, column in encoded.items() if isinstance(column, Fixed)}
    assert (there["photo"], there["facts"]) == ([False], [True])


def test_without_a_sequence_an_example_has_one_step():
    examples = as_examples(frame(), inputs={"photo": Array(), "facts": Static(("age", "town"))})
    assert step_counts(Reader.learn(examples).encode(examples)).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("kind", "fitted", "later", "message"),
    [
        (Series(), [np.zeros((2, 2))] * 2, [np.zeros((2, 3))], "input 'x': the series have 3 features"),
        (Array(), [np.zeros((4, 4))] * 2, [np.zeros((5, 5))], "input 'x': row 1 holds an image of shape"),
    ],
)
def test_an_error_names_the_input(kind, fitted, later, message):
    reader = Reader.learn(as_examples({"x": fitted}, inputs={"x": kind}))
    with pytest.raises(ValueError, match=message):
        reader.encode(as_examples({"x": later}, inputs={"x": kind}))
