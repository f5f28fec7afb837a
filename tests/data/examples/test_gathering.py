from __future__ import annotations

import pandas as pd
import pytest

from recurra.data.encoders.reader import Reader
from recurra.data.examples.gathering import gather_examples, text_columns
from recurra.data.examples.inputs import Events, Series, Static, Symbols, Text
from recurra.data.examples.understanding import Roles
from recurra.data.labels.labels import LabelSets
from recurra.objectives.labels import LabelObjective

FRAME = pd.DataFrame(
    {
        "review": ["a fine film", "dull"],
        "dna": ["ACGT", "GGTA"],
        "stars": [4, 1],
        "genre": ["drama", "war"],
        "mood": ["+", "-"],
    }
)
ROLES = Roles(
    {"review": Text(), "dna": Symbols(), "static": Static(("stars", "genre"))}, ("mood",), static=("stars", "genre")
)


@pytest.mark.parametrize(("words", "more"), [(True, {"mood"}), (False, set())], ids=["words", "numbers"])
def test_text_stays_text_and_numbers_are_looked_for(words: bool, more: set[str]) -> None:
    reader = Reader.learn(gather_examples(FRAME, ROLES).examples)
    assert text_columns(ROLES, reader, words=words) == {"review", "dna", "genre", *more}


def test_columns_of_a_label_matrix_are_numbers() -> None:
    frame = FRAME.assign(drama=[1, 0], war=[0, 1])
    roles = Roles({"review": Text()}, ("drama", "war"))
    gathered = gather_examples(frame, roles)
    labels = LabelSets.of(gathered.labels)
    words = LabelObjective(labels).has_words
    assert text_columns(roles, Reader.learn(gathered.examples), words=words) == {"review"}


@pytest.mark.parametrize(("values", "text"), [(["a", "b", "a"], {"x"}), ([1.0, 2.0, 3.0], set())])
def test_steps_in_long_format(values: list, text: set[str]) -> None:
    frame = pd.DataFrame({"id": [1, 1, 2], "x": values, "mood": [0, 0, 1]})
    kind = Events() if text else Series(features=("x",))
    roles = Roles({"sequence": kind}, ("mood",), series="id", features=("x",))
    reader = Reader.learn(gather_examples(frame, roles).examples)
    assert text_columns(roles, reader, words=False) - {"sequence"} == text


@pytest.mark.parametrize(
    ("given", "kept"), [([2.0, None, 1.0], [2, 1]), ([2.5, None, 1.0], [2.5, 1.0]), ([2.0, 3.0, 1.0], [2.0, 3.0, 1.0])]
)
def test_whole_labels_stay_whole_where_one_is_missing(given: list, kept: list) -> None:
    frame = pd.DataFrame({"review": ["a", "b", "c"], "stars": given})
    labels = gather_examples(frame, Roles({"review": Text()}, ("stars",))).labels
    assert isinstance(labels, pd.Series)
    assert list(map(repr, labels.dropna().tolist())) == list(map(repr, kept))
