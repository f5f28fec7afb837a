"""Tables with a row per word, of which only the first of a sentence names it."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.data.examples.targets import TAGS

from recurra.data.examples.gathering import gather_examples
from recurra.data.examples.understanding import understand_examples
from recurra.data.examples.word_rows import WordRows, filled_down, find_word_rows


def rows(key: list[object], name: str = "Sent") -> pd.DataFrame:
    words = ["We", "saw", "Riga", "It", "rained", "."]
    return pd.DataFrame({name: key, "Token": words, "POS": list("PVNPV."), "Tag": ["O", "O", "B", "O", "O", "O"]})


@pytest.mark.parametrize("key", [["s1", None, None, "s2", None, None], ["s1", "", " ", "s2", "", ""]])
def test_first_rows_are_filled_down(key: list[object]) -> None:
    frame = rows(key, "Which")
    roles, facts = understand_examples(frame, target=TAGS)
    assert (roles.series, roles.features, roles.label) == ("Which", ("Token",), ("Tag",))
    assert [fact.flag for fact in facts if "filled down" in fact.value] == ["series="]
    found = gather_examples(frame, roles, tags=True)
    assert found.names is not None
    assert found.names.tolist() == ["s1", "s2"]


def test_a_number_on_every_row_is_found_by_its_name() -> None:
    assert find_word_rows(rows([1, 1, 1, 2, 2, 2], "sentence_id"), ["sentence_id", "Token", "Tag"], "Tag") == WordRows(
        "sentence_id", "Token", False
    )
    assert find_word_rows(rows([1, 2, 1, 2, 1, 2], "sentence_id"), ["sentence_id", "Token", "Tag"], "Tag") is None


def test_the_same_name_twice_is_two_sentences() -> None:
    found = filled_down(pd.Series(["s", None, "s", None, "t"], name="key"))
    assert found.tolist() == ["s (row 1)", "s (row 1)", "s (row 3)", "s (row 3)", "t"]


def test_strings_of_residues_are_no_words() -> None:
    frame = pd.DataFrame({"note": ["x", None, None], "residues": ["MKV", "MS", "AAGI"], "dssp": ["HHE", "EE", "HHCC"]})
    assert find_word_rows(frame, list(frame.columns), "dssp") is None
