"""`recurra regress`: numbers of sequences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.cli.labelled import QUICK, promoters, run, written


def test_a_number_of_each_sequence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = written(promoters(), tmp_path / "promoters.csv")
    arguments = ["regress", source, "--sequence", "dna", "--target", "expression", *QUICK]
    assert run([*arguments, "--out", str(tmp_path / "out")]) == 0
    frame = pd.read_csv(tmp_path / "out" / "predictions.csv")
    assert list(frame.columns) == ["row", "truth", "predicted", "error"]
    np.testing.assert_allclose(frame["error"], frame["predicted"] - frame["truth"], atol=1e-7)
    np.testing.assert_allclose(frame["truth"], promoters()["expression"].iloc[frame["row"] - 1], atol=1e-7)
    printed = capsys.readouterr().out
    assert "--target" in printed
    assert "Spearman" in printed


@pytest.mark.usefixtures("without_page")
def test_several_numbers_at_once(tmp_path: Path) -> None:
    every = promoters().assign(twice=lambda f: 2 * f["expression"])
    source = written(every, tmp_path / "promoters.csv")
    assert run(["regress", source, "--target", "expression,twice", *QUICK, "--out", str(tmp_path), "--quiet"]) == 0
    frame = pd.read_csv(tmp_path / "predictions.csv")
    assert list(frame.columns)[1:] == ["truth_expression", "truth_twice", "predicted_expression", "predicted_twice"]


@pytest.mark.usefixtures("without_page")
def test_columns_beside_the_sequence(tmp_path: Path) -> None:
    every = promoters().assign(dose=lambda f: f["expression"] * 3 + np.arange(len(f)) % 5)
    source = written(every, tmp_path / "promoters.csv")
    arguments = ["regress", source, "--target", "expression", "--static", "dose", *QUICK]
    assert run([*arguments, "--out", str(tmp_path / "out"), "--quiet"]) == 0
    lone = written(every.drop(columns="dose"), tmp_path / "lone.csv")
    assert run(["predict", str(tmp_path / "out" / "promoters.safetensors"), lone]) == 2
