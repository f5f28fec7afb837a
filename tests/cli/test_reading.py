"""The file that a command was given, as a table and as facts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from recurra.cli.flags.reading import Reading
from recurra.cli.reading import file_facts, open_table
from recurra.data import Dialect, Table


def test_flags_reach_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("1|void\n2|5,5\n", encoding="utf-16")
    table = open_table(
        str(path), Reading(separator="|", encoding="utf-16", decimal=",", header=False, missing=["void,none"])
    )
    assert table.frame.isna().to_numpy().tolist() == [[False, True], [False, False]]
    assert table.frame.iloc[1, 1] == 5.5
    facts = {fact.label: fact for fact in file_facts(table)}
    assert facts["file"].value == "a.txt, 2 rows, 2 columns"
    assert facts["encoding"].flag == "--encoding"
    assert facts["separator"].value == "|"
    assert "c1, c2" in facts["first line"].value
    assert "void" in facts["missing values"].value


def test_every_note_is_told() -> None:
    table = Table(
        pd.DataFrame({"y": [1]}), Dialect(separator="\t", missing=("", "NA")), "a", "/tmp/a.tsv", ("odd", "big")
    )
    facts = file_facts(table)
    assert facts[0].value == "a.tsv, 1 row, 1 column"
    assert [fact.value for fact in facts if fact.label == "note"] == ["odd", "big"]
    assert {"tab", "an empty cell, NA"} <= {fact.value for fact in facts}


def test_a_demo_has_no_encoding() -> None:
    table = open_table("demo:co2", Reading())
    assert {fact.label for fact in file_facts(table)} <= {"file", "note"}
