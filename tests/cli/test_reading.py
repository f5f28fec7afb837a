"""The file that a command was given, as a table and as facts."""

from __future__ import annotations

import inspect
from pathlib import Path

import pandas as pd
import pytest

from recurra import tasks
from recurra.cli.commands import evaluate, learn, predict
from recurra.cli.flags.reading import Reading
from recurra.cli.main import main
from recurra.data import Dialect, Table, read_table
from recurra.data.files.table_facts import table_facts


def test_flags_reach_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("1|void\n2|5,5\n", encoding="utf-16")
    reading = Reading(separator="|", encoding="utf-16", decimal=",", header=False, missing=["void,none"])
    table = read_table(str(path), **reading.arguments())
    assert table.frame.isna().to_numpy().tolist() == [[False, True], [False, False]]
    assert table.frame.iloc[1, 1] == 5.5
    facts = {fact.label: fact for fact in table_facts(table)}
    assert facts["file"].value == "a.txt, 2 rows, 2 columns"
    assert facts["encoding"].flag == "encoding="
    assert facts["separator"].value == "|"
    assert "c1, c2" in facts["first line"].value
    assert "void" in facts["missing values"].value


def test_every_note_is_told() -> None:
    table = Table(
        pd.DataFrame({"y": [1]}), Dialect(separator="\t", missing=("", "NA")), "a", "/tmp/a.tsv", ("odd", "big")
    )
    facts = table_facts(table)
    assert facts[0].value == "a.tsv, 1 row, 1 column"
    assert [fact.value for fact in facts if fact.label == "note"] == ["odd", "big"]
    assert {"tab", "an empty cell, NA"} <= {fact.value for fact in facts}


def test_a_demo_has_no_encoding() -> None:
    table = read_table("demo:co2")
    assert {fact.label for fact in table_facts(table)} <= {"file", "note"}


def test_a_refusal_repeats_what_the_reader_remarked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Report\nday,y\n2024-01-01,1.5\n2024-01-02,none yet\n2024-01-03,2.5\n2024-01-04,3.5\n")
    with pytest.raises(SystemExit):
        main(["forecast", str(path), "--out", str(tmp_path)])
    said = capsys.readouterr().err
    assert "has no numeric column to forecast" in said
    assert "note: column 'y' was read as text: 1 of 4 cells is not a number, 'none yet' (line 4)" in said
    assert "note: skipped above the header: line 1 ('Report')" in said


def test_every_command_that_reads_takes_the_reading_flags() -> None:
    for command in (predict.predict, evaluate.evaluate, *map(learn.command_of, map(tasks.get, tasks.names()))):
        assert {"thousands", "skip_rows", "footer", "header_rows", "sheet"} <= set(
            inspect.signature(command).parameters
        )
