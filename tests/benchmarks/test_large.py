"""The table that `large.py` writes is one that the reader understands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from recurra.data import read_table, understand


def test_every_series_and_column_is_there(script: Callable[[str], ModuleType], tmp_path: Path) -> None:
    script("large").write_csv(tmp_path / "large.csv", rows=300, series=3, seed=0)
    panel, _ = understand(read_table(tmp_path / "large.csv").frame, target="y")
    assert panel.lengths.tolist() == [100, 100, 100]
    assert panel.past.shape == (300, 7)
    assert panel.grid.freq == "h"
