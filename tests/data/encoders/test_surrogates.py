"""Half of a letter is refused wherever text comes in, with its row: nothing that follows could write it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from recurra.data.examples.examples import as_examples
from recurra.data.examples.files import read_examples_file
from recurra.data.examples.inputs import Events, Static, Symbols, Text
from recurra.data.labels.classes import Classes
from recurra.errors import InputError

HALF = "a \ud83d film"


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["fine \U0001f600", HALF], Text()),
        (["AC", HALF], Symbols()),
        ([["a", "b"], ["b", HALF]], Events()),
        (["town", HALF], Static(("x",))),
    ],
)
def test_inputs(cells: list[object], kind: Text | Symbols | Events | Static) -> None:
    with pytest.raises(InputError, match=r"'x' .*half of a letter, U\+D83D, in row 2 .*remove it"):
        as_examples(pd.DataFrame({"x": pd.Series(cells, dtype=object)}), inputs={"x": kind})


def test_labels() -> None:
    with pytest.raises(InputError, match=r"y holds half of a letter, U\+D83D, in row 3"):
        Classes.of(["fine", None, HALF])


@pytest.mark.parametrize("line", ['{"text": "a \\ud83d film"}', '{"a \\ud83d film": 1}'])
def test_files(tmp_path: Path, line: str) -> None:
    path = tmp_path / "films.jsonl"
    path.write_text(line)
    with pytest.raises(InputError, match=r"films.jsonl holds half of a letter, U\+D83D, in row 1"):
        read_examples_file(path)
