"""Fallback: the best baseline's forecast where it is clearly better, in predictions, streams and files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.tasks.small import quick, shops

import recurra as rc


@pytest.mark.usefixtures("baselines_here")
def test_the_baseline_takes_over_where_it_is_better(tmp_path: Path) -> None:
    table = shops(300)
    week = np.arange(300) % 7
    table.loc[table["shop"] == "Bonn", "units"] = 30.0 + 5.0 * week + np.tile([0.0, 0.01], 150)  # a season to the digit
    table.to_csv(tmp_path / "shops.csv", index=False)
    model = quick(epochs=0.5)
    backtest = model.study_file(tmp_path / "shops.csv", target="units", windows=12, fallback=True)
    told = backtest.by_series.set_index("series")["verdict"]
    assert told["Bonn"] == "worse"
    assert model.fallen_back_ == [name for name in told.index if told[name] == "worse"]
    assert any("clearly better there" in line for line in model.remarks())
    best = backtest.verdict.best_baseline
    plain = quick(method=best).fit(table, target="units").predict()
    ours = model.predict()
    bonn = ours["shop"] == "Bonn"
    np.testing.assert_allclose(ours.loc[bonn, "forecast"], plain.loc[bonn, "forecast"], rtol=1e-6)
    model.save(tmp_path / "shops.safetensors")
    again = rc.load(tmp_path / "shops.safetensors")
    pd.testing.assert_frame_equal(again.predict(), ours)
