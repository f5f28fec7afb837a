"""`recurra inspect`: a model file, in words and pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.cli.shops import Made, shop_sales

from recurra.cli.main import main


def run(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


def test_words_and_pictures(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", str(made.folder / "sales.safetensors"), "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "What it remembers" in printed
    assert "its gradient reaches back over" in printed
    assert "units" in printed.split("What moved the forecasts")[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "sales-memory.png",
        "sales-moved.csv",
        "sales-moved.png",
    ]
    moved = pd.read_csv(tmp_path / "sales-moved.csv").groupby("shop")["attribution"].sum()
    forecast = pd.read_csv(made.folder / "forecast.csv").groupby("shop")["forecast"].mean()
    assert np.allclose(moved, forecast, rtol=1e-4)


def test_newer_data_and_one_step(made: Made, tmp_path: Path) -> None:
    shop_sales(150).to_csv(tmp_path / "newer.csv", index=False)
    model = str(made.folder / "sales.safetensors")
    out = tmp_path / "out"
    assert run(["inspect", model, str(tmp_path / "newer.csv"), "--step", "2", "--out", str(out), "--quiet"]) == 0
    assert run(["predict", model, str(tmp_path / "newer.csv"), "--out", str(tmp_path / "f.csv"), "--quiet"]) == 0
    second = pd.read_csv(tmp_path / "f.csv").groupby("shop")["forecast"].nth(1)
    moved = pd.read_csv(out / "sales-moved.csv").groupby("shop")["attribution"].sum()
    assert np.allclose(moved, second, rtol=1e-4)


def test_a_step_that_is_not_forecast(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", str(made.folder / "sales.safetensors"), "--step", "999", "--out", str(tmp_path)]) == 2
    assert "step is 999: expected a whole number from 1 to the horizon" in capsys.readouterr().err


def test_the_report_of_a_forecast_shows_both(made: Made) -> None:
    text = (made.folder / "report.html").read_text(encoding="utf-8")
    assert "What drove this forecast" in text
    assert "What usually drives a forecast" in text
