"""Files of sentences: a word and its tags on each line, a blank line between sentences."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tests.data.examples.targets import TAGS

from recurra.data.examples.conll import read_conll
from recurra.data.examples.files import read_examples_file
from recurra.data.examples.gathering import gather_examples
from recurra.data.examples.understanding import understand_examples

SENTENCES = [
    [("Ana", "B-PER"), ("left", "O"), (",", "O")],
    [("Quito", "B-LOC"), ("#", "O")],
    [("yes", "O"), (".", "O")],
]


def written(sign: str, header: str = "", between: str = "\n") -> str:
    blocks = ["".join(f"{word}{sign}{tag}\n" for word, tag in sentence) for sentence in SENTENCES]
    return header + between.join(blocks)


@pytest.mark.parametrize("text", [
    written(" "), written("\t"), written("\t", "word\ttag\n"), written(" ", "-DOCSTART- O\n\n"),
    written(" ").replace("\n", "\r\n"), written(" ", "", "\n\n\n"),
    written("\t", "# newdoc id = 7\n# text = Ana left ,\n"),
])  # fmt: skip
def test_words_and_sentences_are_read(text: str) -> None:
    frame = read_conll(text)
    assert frame is not None
    found = [list(zip(part["word"], part["tag"], strict=True)) for _, part in frame.groupby("sentence", sort=False)]
    assert found == SENTENCES


@pytest.mark.parametrize("text", [
    "a,b\n1,2\n3,4\n", "a fine film\n\nand a long one that nobody saw\n", "1 2\n3 4\n\n5 6\n7 8\n", "", "\n\n",
    "name,age\nAna Maria,3\n\nBo,4\nCy,5\n",
])  # fmt: skip
def test_other_files_are_none(text: str) -> None:
    assert read_conll(text) is None


def test_universal_dependencies() -> None:
    line = "{}\t{}\t{}\tNOUN\tNN\t_\t0\troot\t_\t_\n"
    text = line.format("1-2", "ab", "_") + line.format(1, "a", "a") + line.format(2, "b", "b")
    text += "\n" + line.format(1, "c", "c")
    frame = read_conll(text)
    assert frame is not None
    assert frame["form"].tolist() == ["a", "b", "c"]
    assert frame["sentence"].tolist() == [1, 1, 2]


def test_a_file_of_sentences_is_tagged_word_by_word(tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    path.write_text(written(" "))
    frame, facts = read_examples_file(path)
    assert "blank lines between sentences" in facts[0].value
    roles, _ = understand_examples(frame, target=TAGS)
    assert (roles.series, roles.features, roles.label) == ("sentence", ("word",), ("tag",))
    gathered = gather_examples(frame, roles, tags=True)
    assert len(gathered.examples) == 3
    assert isinstance(gathered.labels, pd.Series)
    assert [list(tags) for tags in gathered.labels] == [[tag for _, tag in sentence] for sentence in SENTENCES]
