"""`predict` and `evaluate` over a folder of Parquet partitions, as a user calls them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tests.cli.shops import DAYS, Made, shop_sales

from recurra.cli.main import main


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    return int(leaving.value.code or 0)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """A partition for each shop, with later rows."""
    table = shop_sales(DAYS + 28)
    column = next(name for name in table.columns if table[name].nunique() == 2)
    (tmp_path / "rows").mkdir()
    for k, (_shop, part) in enumerate(table.groupby(column)):
        part.to_parquet(tmp_path / "rows" / f"{k}.parquet", index=False)
    return tmp_path / "rows"


def test_a_folder_is_predicted_into_a_folder(
    made: Made, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, out = str(next(made.folder.glob("*.safetensors"))), tmp_path / "out"
    assert run("predict", model, str(rows), "--out", str(out), "--levels", "80") == 0
    assert "rows of 2 partitions" in capsys.readouterr().out
    table = pd.read_parquet(out / "1.parquet")
    assert {"forecast", "lo_80", "hi_80"} <= set(table.columns)
    (tmp_path / "file").touch()
    assert run("predict", model, str(rows), "--out", str(tmp_path / "file")) == 2
    assert "--out is a folder too" in capsys.readouterr().err


@pytest.mark.usefixtures("baselines_here")
def test_a_folder_is_evaluated(made: Made, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(next(made.folder.glob("*.safetensors")))
    assert run("evaluate", model, str(rows), "--out", str(tmp_path / "out")) == 0
    printed = capsys.readouterr().out
    assert "Mean over partitions" in printed
    assert "better than the best baseline in" in printed
    table = pd.read_csv(tmp_path / "out" / "partitions.csv")
    assert set(table["partition"]) == {"0.parquet", "1.parquet"}
