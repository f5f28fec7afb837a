"""JSON lines as a table of a forecast: the same as the CSV file with the same rows."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest
from tests.cli.shops import shop_sales

from recurra.data import read_table, understand
from recurra.errors import InputError


def test_json_lines_are_the_same_table_as_csv(tmp_path: Path) -> None:
    sales = shop_sales(60).assign(open=True)
    sales.to_csv(tmp_path / "sales.csv", index=False)
    text = sales.to_json(orient="records", lines=True, date_format="iso")
    (tmp_path / "sales.jsonl").write_text(text)
    (tmp_path / "sales.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    expected, _ = understand(read_table(tmp_path / "sales.csv"), target="units", ignore=["open"])
    for name in ("sales.jsonl", "sales.jsonl.gz"):
        table = read_table(tmp_path / name)
        assert (table.name, table.dialect.format) == ("sales", "json")
        panel, _ = understand(table, target="units", ignore=["open"])
        assert panel.series == expected.series
        assert panel.target.tolist() == expected.target.tolist()
        assert panel.grid.freq == "D"


def test_missing_keys_are_missing_values(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        '[{"day": "2024-01-01", "y": 1}, {"day": "2024-01-02"}, {"day": "2024-01-03", "y": null}]'
    )
    frame = read_table(tmp_path / "a.json").frame
    assert frame["y"].isna().tolist() == [False, True, True]
    assert pd.to_datetime(frame["day"]).is_monotonic_increasing


def test_lists_are_refused_with_their_key(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": 1, "steps": [1, 2]}\n')
    with pytest.raises(InputError, match=r"a\.jsonl is JSON whose key 'steps' holds lists"):
        read_table(tmp_path / "a.jsonl")
