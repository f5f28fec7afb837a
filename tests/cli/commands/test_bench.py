"""`recurra bench` at sizes that take milliseconds."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import torch
from tests.bench.wrong import wrong_layer

import recurra.bench
import recurra.nn
from recurra.bench import Case, Comparison
from recurra.cli.main import main

TINY = ["bench", "--cells", "rnn,lstm", "--hidden", "4,8", "--batch", "2", "--steps", "3"]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recurra.cli.commands.bench.SECONDS", 0.0)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main([*TINY, *arguments])
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


def test_a_table_for_each_mode(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines if line.startswith("Times")] == [
        "Times as fast as torch.nn: training",
        "Times as fast as torch.nn: inference",
    ]
    assert sum(line.startswith((" rnn ", " lstm ")) for line in lines) == 8
    assert max(map(len, lines)) <= 80


def test_json_csv_and_plot_hold_the_same_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    csv, plot = tmp_path / "new" / "grid.csv", tmp_path / "grid.png"
    assert run("--json", "--mode", "training", "--csv", str(csv), "--plot", str(plot), "--threads", "1") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["machine"]["threads"] == "1"
    rows = pd.read_csv(csv)
    assert rows["ratio"].tolist() == pytest.approx([row["ratio"] for row in found["rows"]])
    assert rows[["cell", "hidden"]].values.tolist() == [["rnn", 4], ["rnn", 8], ["lstm", 4], ["lstm", 8]]
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_the_backend_asked_for_is_the_one_that_ran(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", "--mode", "inference", "--backend", "reference") == 0
    assert {row["backend"] for row in json.loads(capsys.readouterr().out)["rows"]} == {"reference"}


def test_threads_are_as_before_afterwards() -> None:
    before = torch.get_num_threads()
    run("--threads", str(before + 1), "--quiet")
    assert torch.get_num_threads() == before


def test_ctrl_c_keeps_what_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real, asked = recurra.bench.compare, []

    def interrupted(case: Case, **options: float) -> Comparison:
        asked.append(case)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return real(case, seconds=0)

    monkeypatch.setattr(recurra.bench, "compare", interrupted)
    assert run("--csv", str(tmp_path / "grid.csv")) == 130
    captured = capsys.readouterr()
    assert len(pd.read_csv(tmp_path / "grid.csv")) == 2
    assert "Times as fast as torch.nn: training" in captured.out
    assert captured.err == "interrupted: 2 of 8 sizes are measured\n"


def test_interrupted_before_the_first_there_is_nothing_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(case: Case, **options: float) -> Comparison:
        raise KeyboardInterrupt

    monkeypatch.setattr(recurra.bench, "compare", interrupted)
    assert run("--csv", str(tmp_path / "grid.csv"), "--plot", str(tmp_path / "grid.png")) == 130
    assert list(tmp_path.iterdir()) == []


def test_different_results_have_no_ratio_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = wrong_layer(torch.nn.RNN, lambda outputs, state: (outputs, state * 1.01))
    monkeypatch.setattr(recurra.nn, "RNN", wrong)
    assert run("--mode", "inference") == 1
    captured = capsys.readouterr()
    assert captured.out.count("differs") == 2
    assert "rnn H=4 B=2 T=3 float32 inference: results differ: last h by 1.0e-02" in captured.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cells", "rnn,tcn"], "--cells has 'tcn', expected some of rnn, gru, lstm"),
        (["--hidden", "32,0"], "--hidden has '0', expected whole numbers from 1"),
        (["--steps", "ten"], "--steps has 'ten', expected whole numbers from 1"),
        (["--dtype", "float16"], "--dtype has 'float16', expected some of float32, bfloat16, float64"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    assert capsys.readouterr().err.startswith(f"error: {words}")


def test_a_file_that_cannot_be_written_is_refused_before_measuring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(recurra.bench, "compare", lambda *_, **__: pytest.fail("measured"))
    assert run("--csv", str(tmp_path)) == 2
    assert "it is a folder" in capsys.readouterr().err
