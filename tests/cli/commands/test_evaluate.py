"""`recurra evaluate`: a model file evaluated on later data."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tests.cli.shops import DAYS, HORIZON, Made, shop_sales

from recurra.cli.main import main


def test_table_verdict_and_files(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    later = shop_sales(DAYS + 3 * HORIZON)
    later.to_csv(tmp_path / "later.csv", index=False)
    out = tmp_path / "evaluated"
    with pytest.raises(SystemExit) as leaving:
        main(["evaluate", str(made.folder / "sales.safetensors"), str(tmp_path / "later.csv"), "--out", str(out)])
    printed = capsys.readouterr().out
    assert leaving.value.code == 0
    assert "VERDICT  " in printed
    assert "Backtest (2 series, 3 windows)" in printed
    assert sorted(path.name for path in out.iterdir()) == ["evaluation.csv", "evaluation.html"]
    frame = pd.read_csv(out / "evaluation.csv", parse_dates=["time"])
    assert len(frame) == 2 * 3 * HORIZON
    truth = later.rename(columns={"shop": "series", "day": "time"}).merge(frame, on=["series", "time"])
    assert len(truth) == len(frame)
    assert (truth["units"] - truth["y"]).abs().max() < 1e-3


def test_data_that_is_not_later_is_refused(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["evaluate", str(made.folder / "sales.safetensors"), str(made.source), "--out", str(tmp_path / "out")])
    assert leaving.value.code == 2
    assert "nothing later" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
